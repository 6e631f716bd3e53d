"""Canonical correlations against cca-zoo, google/svcca and SciPy's subspace angles."""

from functools import partial

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from hybridrep.analysis.canonical import canonical_correlations, cca, pwcca, svcca
from tests.analysis.oracle import FIRST, SECOND, SHAPES, TIGHT, related

CCA_ZOO = [
    0.7132182143273259, 0.6890576295041976, 0.5714277807076314, 0.5069464458198437,
    0.38668174333250904, 0.37576533303986004, 0.28290803021194666, 0.21501045437026794,
]  # fmt: skip
"""cca-zoo 4.0.1 and google/svcca with epsilon 0."""


def test_correlations_are_those_of_others() -> None:
    found = canonical_correlations(FIRST, SECOND)
    np.testing.assert_allclose(found, CCA_ZOO, rtol=TIGHT)
    assert cca(FIRST, SECOND).value == pytest.approx(np.mean(np.square(CCA_ZOO)), rel=TIGHT)
    assert cca(FIRST, SECOND, "mean").value == pytest.approx(np.mean(CCA_ZOO), rel=TIGHT)


@pytest.mark.parametrize("shape", ["one dimension", "many items"])
def test_they_are_cosines_of_scipys_angles(shape: str) -> None:
    first, second = (each - each.mean(axis=0) for each in related(*SHAPES[shape]))
    expected = np.sort(np.cos(subspace_angles(first, second)))[::-1]
    np.testing.assert_allclose(canonical_correlations(first, second), expected, rtol=TIGHT)


@pytest.mark.parametrize("measure", [cca, partial(svcca, variance=0.99999), pwcca])
def test_it_refuses_where_correlations_are_1_whatever_the_data(measure) -> None:
    first, second = related(13, 8, 6)
    np.testing.assert_allclose(canonical_correlations(first, second)[:2], 1)
    score = measure(first, second)
    assert np.isnan(score.value)
    assert score.note == "8 + 6 dimensions of 13 items: 2 correlations are 1 whatever the data"
    assert measure(first[:, :4], second).note == "only 13 items for 6 dimensions"


def test_svcca_keeps_components_by_their_share_of_variance() -> None:
    """Whatever the units: ReSi compares a fraction with variance and gives 0.217 for 0.953."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(300, 4)) * [5, 4, 3, 0.01]
    second = np.hstack([first[:, :3] @ rng.normal(size=(3, 3)), rng.normal(size=(300, 1)) * 0.01])
    for scale in (1e-6, 1, 1e6):
        assert svcca(scale * first, second).value == pytest.approx(1, abs=1e-4)
    assert svcca(first, second, variance=1.0).value < 0.9


def test_pwcca_is_its_formula_and_depends_on_the_first_basis() -> None:
    first, second = (each - each.mean(axis=0) for each in related(50, 4, 3))
    left, _, _ = np.linalg.svd(first, full_matrices=False)
    right, _, _ = np.linalg.svd(second, full_matrices=False)
    turn, rho, _ = np.linalg.svd(left.T @ right, full_matrices=False)
    weights = np.abs((left @ turn).T @ first).sum(axis=1)
    value = pwcca(first, second).value
    assert value == pytest.approx(weights @ rho / weights.sum(), rel=TIGHT)
    linear = np.random.default_rng(0).normal(size=(3, 3))
    assert pwcca(first, second @ linear).value == pytest.approx(value, rel=TIGHT)
    assert pwcca(second, first).value != pytest.approx(value, abs=1e-6)


def test_no_share_and_no_summary_are_refused() -> None:
    with pytest.raises(ValueError, match="share above 0"):
        svcca(FIRST, SECOND, 0)
    with pytest.raises(ValueError, match="no summary 'max'"):
        cca(FIRST, SECOND, "max")
