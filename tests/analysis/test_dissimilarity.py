"""RSA against SciPy in float64, in every form it is computed in."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr

from hybridrep.analysis import descriptions
from hybridrep.analysis import dissimilarity as rsa
from hybridrep.analysis.descriptions import GramSide, TriangleSide, describe
from hybridrep.studies.hybrid import pairs as pairs_
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, REPRESENTATIONS


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
    assert rsa.rsa_correlation(first, second) == pytest.approx(expected, abs=1e-9)


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
    assert rsa.rsa_correlation(first, second) == pytest.approx(expected, abs=1e-9)


def test_batches_over_models_equal_each_model_alone(form: str) -> None:
    rng = np.random.default_rng(2)
    shapes = {"inputs": 20, "targets": 9, "bottleneck": 4, "reconstructed": 9}
    arrays = {k: rng.normal(size=(5, 30, d)).astype(np.float32) for k, d in shapes.items()}
    arrays["reconstructed"] += arrays["targets"]
    fixed = pairs_.fix_sides(arrays["inputs"], arrays["targets"])
    values = fixed.pairs(arrays["bottleneck"], arrays["reconstructed"])
    assert values.shape == (5, 6)
    roles = {
        "input": "inputs",
        "target": "targets",
        "bottleneck": "bottleneck",
        "reconstructed": "reconstructed",
    }
    for model in range(5):
        for column, pair in enumerate(PAIRS):
            first, second = (arrays[roles[role]][model] for role in pair.split("_vs_"))
            assert values[model, column] == pytest.approx(scipy_rsa(first, second), abs=1e-9)


def test_what_stays_fixed_is_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    described = []
    real = rsa.describe
    monkeypatch.setattr(rsa, "describe", lambda x: (described.append(x.shape[-1]), real(x))[1])
    fixed = pairs_.fix_sides(rng.normal(size=(2, 10, 7)), rng.normal(size=(2, 10, 5)))
    for _ in range(3):
        fixed.pairs(rng.normal(size=(2, 10, 2)), rng.normal(size=(2, 10, 6)))
    assert described == [7, 5, *[2, 6] * 3]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_pairs_take_input_and_target_from_the_direction(direction: str) -> None:
    rng = np.random.default_rng(4)
    sizes = dict(zip(REPRESENTATIONS, (8, 5, 3, 6), strict=True))
    given = {name: rng.normal(size=(12, dim)) for name, dim in sizes.items()}
    pairs = pairs_.rsa_pairs(direction, *given.values())
    assert tuple(pairs) == PAIRS
    source, target = ("global", "task_specific")[:: 1 if direction == "bert_to_lstm" else -1]
    expected = {
        "input_vs_target": (source, target),
        "bottleneck_vs_input": ("diffused", source),
        "bottleneck_vs_target": ("diffused", target),
        "reconstructed_vs_input": ("transformed", source),
        "reconstructed_vs_target": ("transformed", target),
        "bottleneck_vs_reconstructed": ("diffused", "transformed"),
    }
    for pair, (first, second) in expected.items():
        assert pairs[pair] == pytest.approx(scipy_rsa(given[first], given[second]), abs=1e-9)


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="no direction 'bert2lstm'"):
        pairs_.roles("bert2lstm")


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
    assert np.isnan(rsa.rsa_correlation(constant, other))
    assert np.isnan(rsa.rsa_correlation(other, constant))


@pytest.mark.parametrize("items", [0, 1, 2])
def test_too_few_items_have_no_r(items: int) -> None:
    rng = np.random.default_rng(7)
    assert np.isnan(rsa.rsa_correlation(rng.normal(size=(items, 4)), rng.normal(size=(items, 3))))


def test_an_item_that_is_not_finite_gives_no_r(form: str) -> None:
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
    first[2, 1] = np.nan
    assert np.isnan(rsa.rsa_correlation(first, second))


def test_different_items_cannot_be_correlated(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    first, second = describe(rng.normal(size=(1, 5, 2))), describe(rng.normal(size=(1, 6, 2)))
    with pytest.raises(ValueError, match="different numbers"):
        descriptions.correlate(first, second)
    monkeypatch.setattr(descriptions, "GRAM_ABOVE", 0)
    gram = describe(rng.normal(size=(1, 6, 2)))
    with pytest.raises(ValueError, match="different numbers"):
        descriptions.correlate(second, gram)
