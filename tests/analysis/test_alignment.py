"""CKA against other packages, its plain formulas, and 4,000 permutations."""

import jaxtyping
import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from hybridrep.analysis import alignment
from hybridrep.analysis.alignment import cka, cka_rbf
from tests.analysis.oracle import FIRST, SECOND, SHAPES, TIGHT, integers, related


def plain_cka(first: np.ndarray, second: np.ndarray, debiased: bool) -> float:
    """The formula by whole Gram matrices (Kornblith et al.; Song et al.)."""
    return kernel_cka(first @ first.T, second @ second.T, debiased)


def kernel_cka(k: np.ndarray, l: np.ndarray, debiased: bool) -> float:  # noqa: E741
    n = len(k)
    if debiased:
        k, l = (m - np.diag(np.diag(m)) for m in (k, l))  # noqa: E741

        def product(p: np.ndarray, q: np.ndarray) -> float:
            total = p.sum() * q.sum() / ((n - 1) * (n - 2))
            return float(np.trace(p @ q) + total - 2 / (n - 2) * (p @ q).sum())
    else:
        centre = np.eye(n) - 1 / n

        def product(p: np.ndarray, q: np.ndarray) -> float:
            return float(np.trace(p @ centre @ q @ centre))

    return product(k, l) / np.sqrt(product(k, k) * product(l, l))


@pytest.fixture(params=["triangles", "features"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(alignment, "GRAM_ABOVE", 10**9 if request.param == "triangles" else 0)
    monkeypatch.setattr(alignment, "BLOCK", 7)
    return request.param


def test_it_equals_other_packages(form: str) -> None:
    """Kornblith's demo and ckatorch 1.0.3; debiased also pytorch-cka 1.1.3 and cka-pytorch."""
    assert cka(FIRST, SECOND, debiased=False).value == pytest.approx(0.1649026543489609, rel=TIGHT)
    assert cka(FIRST, SECOND).value == pytest.approx(-0.031719883362370756, rel=TIGHT)


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_equals_its_formula_in_either_form(form: str, shape: str, debiased: bool) -> None:
    first, second = related(*SHAPES[shape])
    expected = plain_cka(first, second, debiased)
    assert cka(first, second, debiased).value == pytest.approx(expected, rel=TIGHT)
    for scale in (1e-150, 1e150):
        assert cka(first * scale, second, debiased).value == pytest.approx(expected, rel=TIGHT)
    first, second = first + 1e3, second - 1e3
    assert cka(first, second, debiased).value == pytest.approx(expected, rel=TIGHT, abs=1e-10)


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("fraction", [0.5, 1.0])
def test_the_gaussian_kernel_is_as_wide_as_the_median_distance(
    form: str, fraction: float, debiased: bool
) -> None:
    for first, second in (related(20, 6, 3), integers()):
        kernels = []
        for side in (first, second):
            squares = squareform(pdist(side, "sqeuclidean"))
            width = fraction * np.median(pdist(side))
            kernels.append(np.exp(-squares / (2 * width**2)))
        expected = kernel_cka(*kernels, debiased)
        score = cka_rbf(first, second, fraction, debiased)
        assert score.value == pytest.approx(expected, rel=TIGHT)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["biased", "debiased", "gaussian"])
def test_chance_and_its_sd_are_those_of_4000_permutations(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    rng = np.random.default_rng(3)
    first = rng.normal(size=(30, 10)) * np.linspace(0.1, 2, 10)
    second = rng.standard_t(4, size=(30, 4))
    measure = {
        "biased": lambda x, y: cka(x, y, debiased=False),
        "debiased": cka,
        "gaussian": cka_rbf,
    }[kind]
    null = [measure(first[rng.permutation(30)], second).value for _ in range(4000)]
    score = measure(first, second)
    assert score.chance == pytest.approx(np.mean(null), rel=0.03, abs=0.03 * np.std(null))
    assert score.chance_sd == pytest.approx(np.std(null), rel=0.03)


def test_self_terms_are_never_negative() -> None:
    """Squares of U-centred matrices; subtracting the diagonal by broadcasting gives -53,501."""
    for seed in range(20):
        first, second = related(5, 30, 2, seed)
        assert -1 <= cka(first, second).value <= 1
        assert cka(first, 3 * first).value == pytest.approx(1)


def test_equal_products_of_all_items_leave_nothing_without_the_diagonal() -> None:
    score = cka(np.eye(9), SECOND[:9])
    assert np.isnan(score.value)
    assert score.note == "the first: no variance"
    assert np.isfinite(cka(np.eye(9), SECOND[:9], debiased=False).value)


def test_a_width_needs_different_items() -> None:
    mostly_equal = np.zeros((20, 3))
    mostly_equal[0] = 1
    assert cka_rbf(mostly_equal, SECOND[:20]).note == "the first: the median distance is 0"
    with pytest.raises(ValueError, match="positive share"):
        cka_rbf(FIRST, SECOND, fraction=0)
