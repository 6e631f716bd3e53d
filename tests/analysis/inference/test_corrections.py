"""Corrections over many tests, and the level that they keep."""

import inspect
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from hybridrep.analysis.inference.corrections import correct
from hybridrep.analysis.inference.permutations import Permuted, permutation


def made_up(seed: int, tests: int = 6, permutations: int = 300) -> Permuted:
    """Dependent nulls on different scales and positions, a few of the values far out."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(tests, tests))
    null = rng.normal(size=(permutations, tests)) @ mixing * 10.0 ** rng.uniform(-2, 2, tests)
    null += rng.uniform(-1, 1, tests)
    sd = null.std(axis=0, ddof=1)
    values = null.mean(axis=0) + sd * np.linspace(0.2, 3.4, tests)[rng.permutation(tests)]
    return Permuted(values, null, ("greater",) * tests)


def slow_max_t(found: Permuted) -> list[float]:
    """Ge, Dudoit & Speed (2003), box 2: test after test, permutation after permutation."""
    mean, sd = found.null.mean(axis=0), found.null.std(axis=0, ddof=1)
    t, null = (found.values - mean) / sd, (found.null - mean) / sd
    order = sorted(range(len(t)), key=lambda i: -t[i])
    p = []
    for place, test in enumerate(order):
        still = order[place:]
        count = sum(max(row[i] for i in still) >= t[test] for row in null)
        p.append(max([(1 + count) / (1 + len(null)), *p[-1:]]))
    return [p[order.index(i)] for i in range(len(t))]


@pytest.mark.parametrize("seed", range(5))
def test_max_t_is_the_slow_one(seed):
    found = made_up(seed)
    np.testing.assert_allclose(correct(found, "maxt"), slow_max_t(found), rtol=1e-12)


def test_max_t_of_one_test_is_its_own_p_and_corrected_p_keep_the_order():
    found = made_up(3, tests=1)
    assert correct(found, "maxt") == pytest.approx(found.p)
    many = made_up(4)
    corrected, z = correct(many, "maxt"), many.z
    assert (corrected >= many.p).all()
    order = np.argsort(-z)
    assert all(a <= b for a, b in pairwise(corrected[order]))


def test_max_t_asks_less_than_holm_of_tests_that_are_nearly_one():
    rng = np.random.default_rng(0)
    null = rng.normal(size=(999, 1)) + 0.01 * rng.normal(size=(999, 20))
    found = Permuted(np.full(20, 2.8), null, ("two-sided",) * 20)
    assert correct(found, "maxt").max() < 0.02 < 0.05 < correct(found, "holm").min()


@pytest.mark.parametrize(("method", "theirs"), [("holm", "holm"), ("bh", "fdr_bh")])
def test_holm_and_bh_are_those_of_statsmodels(method, theirs):
    p = np.random.default_rng(0).uniform(size=30) ** 2
    np.testing.assert_allclose(correct(p, method), multipletests(p, method=theirs)[1])
    spoiled = np.append(p, math.nan)
    np.testing.assert_allclose(correct(spoiled, method)[:-1], correct(p, method))
    assert math.isnan(correct(spoiled, method)[-1])


def test_what_cannot_be_tested_counts_as_no_test():
    found = made_up(0)
    spoiled = Permuted(
        np.append(found.values, [math.nan, 1.0]),
        np.column_stack([found.null, np.full((300, 2), 1.0)]), ("greater",) * 8,
    )  # fmt: skip
    np.testing.assert_array_equal(correct(spoiled)[:6], correct(found))
    assert np.isnan(correct(spoiled)[6:]).all()


def test_corrections_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="needs the permutations"):
        correct(np.array([0.1]), "maxt")
    with pytest.raises(ValueError, match="write maxt, holm or bh"):
        inspect.unwrap(correct)(np.array([0.1]), "bonferroni")


def null_study(rng: np.random.Generator, permutations: int) -> Permuted:
    """Three unrelated representations of 20 items; all pairs by RSA, CKA and neighbours."""
    forms = []
    for _ in range(3):
        items = rng.normal(size=(20, 6)) * np.arange(1, 7) ** -0.5
        apart = cdist(items, items, "cosine")
        np.fill_diagonal(apart, 0.0)
        away = ~np.eye(20, dtype=bool)
        apart[away] -= apart[away].mean()
        gram = (items - items.mean(axis=0)) @ (items - items.mean(axis=0)).T
        distances = cdist(items, items) + np.diag(np.full(20, np.inf))
        near = (np.argsort(np.argsort(distances, axis=1), axis=1) < 5) * 1.0
        forms.append([form / np.linalg.norm(form) for form in (apart, gram, near)])

    def values(order: np.ndarray) -> list[float]:
        moved = np.ix_(order, order)
        return [
            float(np.vdot(forms[a][kind], forms[b][kind][moved]))
            for a, b in ((0, 1), (0, 2), (1, 2))
            for kind in range(3)
        ]

    kinds = ("two-sided", "greater", "greater") * 3
    return permutation(values, 20, permutations, rng=rng, alternatives=kinds)


def check_level(studies: int, permutations: int) -> None:
    rng = np.random.default_rng(0)
    rejected = dict.fromkeys(("maxt", "holm", "bh"), 0)
    for _ in range(studies):
        found = null_study(rng, permutations)
        for method in rejected:
            rejected[method] += bool((correct(found, method) <= 0.05).any())
    for method, count in rejected.items():
        interval = binomtest(count, studies).proportion_ci()
        said = f"{method}: {count / studies:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        print(said)  # noqa: T201
        assert interval.low <= 0.05, said
        if method == "maxt":  # nor is it idle: what it uses of the dependence keeps it near 5%
            assert interval.high >= 0.05, said


def test_corrected_tests_of_nothing_keep_their_level_in_a_few_studies():
    check_level(25, 199)


@pytest.mark.long
def test_corrected_tests_of_nothing_keep_their_level():
    check_level(400, 199)
