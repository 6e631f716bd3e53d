"""RSA against SciPy in float64, in every form it is computed in."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr

from hybridrep.analysis import descriptions
from hybridrep.analysis.descriptions import GramSide, TriangleSide, describe
from hybridrep.analysis.representational_similarity import rsa


def scipy_rsa(first: np.ndarray, second: np.ndarray) -> float:
    """The slow, obvious reference: distances and similarities correlate alike."""
    vectors = (pdist(side.astype(np.float64), "cosine") for side in (first, second))
    return float(pearsonr(*vectors).statistic)


def alike(rng: np.random.Generator, items: int, dim: int, mean_cosine: float) -> np.ndarray:
    """Float32 items around one direction, as an encoder gives them."""
    spread = np.sqrt(1 / mean_cosine - 1)
    return (rng.normal(size=dim) + spread * rng.normal(size=(items, dim))).astype(np.float32)


@pytest.fixture(params=["triangles", "gram"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both forms of a description, whatever the number of items."""
    monkeypatch.setattr(descriptions, "GRAM_ABOVE", 10**9 if request.param == "triangles" else 0)
    return request.param


@pytest.mark.parametrize("mean_cosine", [0.5, 0.97, 0.9999])
def test_r_equals_scipy_on_float32_items_that_are_all_alike(form: str, mean_cosine: float) -> None:
    rng = np.random.default_rng(0)
    first = alike(rng, 120, 384, mean_cosine)
    second = first[:, :50] + 0.5 * alike(rng, 120, 50, 0.6)
    assert np.mean(1 - pdist(first, "cosine")) == pytest.approx(mean_cosine, abs=0.02)
    expected = scipy_rsa(first, second)
    assert abs(expected) > 0.02
    assert rsa(first, second).value == pytest.approx(expected, abs=1e-9)


def test_float32_arithmetic_would_not_do() -> None:
    rng = np.random.default_rng(0)
    first, second = alike(rng, 100, 384, 0.9999), alike(rng, 100, 50, 0.6)
    unit = first / np.linalg.norm(first, axis=1, keepdims=True)
    single = (unit @ unit.T)[np.tril_indices(100, -1)]
    in_single = np.corrcoef(single, 1 - pdist(second, "cosine"))[0, 1]
    assert abs(in_single - scipy_rsa(first, second)) > 1e-6


def test_many_items_are_described_without_square_matrices() -> None:
    rng = np.random.default_rng(1)
    few, many = descriptions.GRAM_ABOVE, descriptions.GRAM_ABOVE + 1
    assert isinstance(describe(rng.normal(size=(1, few, 3))), TriangleSide)
    side = describe(rng.normal(size=(1, many, 3)))
    assert isinstance(side, GramSide)
    assert side.rows.shape == (1, many, 3)
    first, second = rng.normal(size=(many, 6)) + 2, rng.normal(size=(many, 4))
    second[:, 0] += first[:, 0]
    expected = scipy_rsa(first, second)
    assert rsa(first, second).value == pytest.approx(expected, abs=1e-9)


def test_the_triangle_is_in_scipys_order_of_the_transposed() -> None:
    matrix = np.arange(16.0).reshape(4, 4)
    symmetric = matrix + matrix.T
    np.testing.assert_array_equal(
        np.sort(descriptions.lower_triangle(symmetric)),
        np.sort(squareform(symmetric, checks=False)),
    )
    np.testing.assert_array_equal(descriptions.lower_triangle(matrix), [4, 8, 9, 12, 13, 14])


@pytest.mark.parametrize(
    "constant",
    [
        np.ones((9, 4), dtype=np.float32) * 0.1,
        np.arange(1, 10, dtype=np.float64)[:, None] * np.array([0.3, -1.7, 0.2]),
        np.zeros((9, 3)),
    ],
    ids=["equal items", "items of one direction", "zeros"],
)
def test_constant_similarities_have_no_r(form: str, constant: np.ndarray) -> None:
    other = np.random.default_rng(6).normal(size=(9, 4))
    assert np.isnan(rsa(constant, other).value)
    assert np.isnan(rsa(other, constant).value)


@pytest.mark.parametrize("items", [0, 1, 2])
def test_too_few_items_have_no_r(items: int) -> None:
    rng = np.random.default_rng(7)
    assert np.isnan(rsa(rng.normal(size=(items, 4)), rng.normal(size=(items, 3))).value)


def test_an_item_that_is_not_finite_gives_no_r(form: str) -> None:
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
    first[2, 1] = np.nan
    assert np.isnan(rsa(first, second).value)


def test_different_items_cannot_be_correlated(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    first, second = describe(rng.normal(size=(1, 5, 2))), describe(rng.normal(size=(1, 6, 2)))
    with pytest.raises(ValueError, match="different numbers"):
        descriptions.correlate(first, second)
    monkeypatch.setattr(descriptions, "GRAM_ABOVE", 0)
    gram = describe(rng.normal(size=(1, 6, 2)))
    with pytest.raises(ValueError, match="different numbers"):
        descriptions.correlate(second, gram)
