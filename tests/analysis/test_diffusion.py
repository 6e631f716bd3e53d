"""The ellipse that no representation leaves, and the ceiling inside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from hybridrep.analysis.diffusion import (
    diffusibility,
    diffusibility_ceiling,
    ellipse,
    ellipse_excess,
)


def correlations(*representations):
    """r of the first two, and of the third with either, by SciPy and NumPy."""
    r = np.corrcoef([-pdist(rows, "cosine") for rows in representations])
    return r[0, 1], r[2, 0], r[2, 1]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(3, 30), st.sampled_from(["plain", "shared", "tied"]))
def test_no_three_representations_leave_the_ellipse(seed, items, kind):
    rng = np.random.default_rng(seed)
    first, second, third = (rng.normal(size=(items, rng.integers(2, 9))) for _ in range(3))
    if kind == "shared":
        third = np.hstack([first, rng.uniform(0, 2) * second])
    if kind == "tied":
        third = np.round(first)
        third[np.abs(third).sum(axis=1) == 0] = 1
    rho, x, y = correlations(first, second, third)
    assert not ellipse_excess(x, y, rho) > 1e-9
    assert not diffusibility(x, y) > diffusibility_ceiling(rho) + 1e-9


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.4, 0.9])
def test_the_edge_is_where_the_excess_is_zero_and_its_best_point_the_ceiling(rho):
    edge = ellipse(rho, 3601)
    np.testing.assert_allclose(ellipse_excess(edge[:, 0], edge[:, 1], rho), 0, atol=1e-12)
    best = diffusibility(edge[:, 0], edge[:, 1]).max()
    np.testing.assert_allclose(best, diffusibility_ceiling(rho), atol=2e-3)
    np.testing.assert_allclose(edge[0], edge[-1], atol=1e-12)
    np.testing.assert_allclose(edge[:, 0].max(), 1)
    assert best <= diffusibility_ceiling(rho) + 1e-12


def test_what_is_not_defined_stays_undefined():
    assert np.isnan(diffusibility(np.nan, 0.5))
    assert np.isnan(diffusibility_ceiling(np.nan))
