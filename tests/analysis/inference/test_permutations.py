"""Random pairings of the items, against SciPy and all orders."""

import math
from itertools import permutations as all_orders

import numpy as np
import pytest
from scipy.stats import permutation_test

from hybridrep.analysis.inference.permutations import (
    permutation,
    permutation_null,
    permutation_p,
)
from tests.analysis.oracle import plain_r, similarities


def related(seed: int, n: int = 12, strength: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    return first, strength * first + rng.normal(size=n)


def test_p_and_null_are_those_of_scipy():
    first, second = related(0)
    found = permutation(
        lambda order: np.corrcoef(first, second[order])[0, 1], 12, 1999,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    scipy = permutation_test(
        (second,), lambda y: np.corrcoef(first, y)[0, 1], permutation_type="pairings",
        n_resamples=1999, rng=np.random.default_rng(5),
    )  # fmt: skip
    assert found.p[0] == pytest.approx(scipy.pvalue, abs=0.01)
    assert found.chance[0] == pytest.approx(0, abs=0.03)
    assert found.chance_sd[0] == pytest.approx(scipy.null_distribution.std(ddof=1), rel=0.06)
    assert found.z[0] == pytest.approx((found.values[0] - found.chance[0]) / found.chance_sd[0])


def test_p_comes_near_that_of_all_orders():
    first, second = related(1, 6)
    observed = first @ second
    exact = np.mean([first @ second[list(o)] >= observed - 1e-12 for o in all_orders(range(6))])
    found = permutation(
        lambda order: first @ second[order], 6, 4000, rng=np.random.default_rng(0),
        alternatives="greater",
    )  # fmt: skip
    assert found.p[0] == pytest.approx(exact, abs=0.02)


def test_every_order_is_shared_and_every_alternative_kept():
    first, second = related(2)
    r = lambda order: np.corrcoef(first, second[order])[0, 1]  # noqa: E731
    found = permutation(
        lambda order: [r(order), r(order), -r(order), 1.0], 12, 99, rng=np.random.default_rng(0),
        alternatives=("two-sided", "greater", "less", "greater"),
    )  # fmt: skip
    assert (found.null[:, 0] == -found.null[:, 2]).all()
    assert found.p[1] == found.p[2]
    assert found.p[1] <= found.p[0]
    assert found.p[3] == 1.0
    assert math.isnan(found.z[3])


def test_the_least_p_is_one_in_b_and_one():
    first = np.arange(20.0)
    found = permutation(lambda o: first @ first[o], 20, 19, rng=np.random.default_rng(0))
    assert found.p[0] == 0.05
    undefined = permutation(lambda o: [math.nan, 1.0], 20, 19, rng=np.random.default_rng(0))
    assert math.isnan(undefined.p[0])


def test_permuted_correlations_equal_explicit_relabelling() -> None:
    given = similarities(9, items=10)
    null = permutation_null(given[0], given[1:], 30, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    for row in null:
        order = rng.permutation(10)
        moved = given[0][np.ix_(order, order)]
        expected = [plain_r(moved, other) for other in given[1:]]
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_the_permutation_p_approaches_that_of_all_orders() -> None:
    first, second = similarities(10, items=6, k=2)
    r = plain_r(first, second)
    every = np.array([plain_r(first[np.ix_(o, o)], second) for o in all_orders(range(6))])
    null = permutation_null(first, second[None], 4000, np.random.default_rng(0))[:, 0]
    expected = (abs(every) >= abs(r) - 1e-12).mean()
    assert permutation_p(r, null) == pytest.approx(expected, abs=0.02)


def test_p_counts_ties_and_itself() -> None:
    null = np.array([0.1, 0.5, 0.7, -0.9])
    assert permutation_p(0.5, null) == 4 / 5
    assert permutation_p(-0.7, null) == 3 / 5
    assert permutation_p(0.95, null) == 1 / 5
    same = similarities(11, items=9, k=1)[0]
    null = permutation_null(same, same[None], 99, np.random.default_rng(0))[:, 0]
    assert permutation_p(1.0, null) == 1 / 100


def test_constant_matrices_have_no_p() -> None:
    constant = np.full((6, 6), 0.4)
    other = similarities(12, items=6, k=1)[0]
    null = permutation_null(constant, other[None], 20, np.random.default_rng(0))[:, 0]
    assert np.isnan(null).all()
    assert math.isnan(permutation_p(0.5, null))
    assert math.isnan(permutation_p(math.nan, np.zeros(20)))
