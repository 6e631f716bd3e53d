"""The bootstrap by weights of pairs, and differences within shared resamples."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, rankdata, spearmanr

from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.inference.intervals import percentile_interval
from hybridrep.analysis.inference.pair_weights import (
    bootstrap,
    bootstrap_items,
    item_weights,
    weighted_correlations,
)
from hybridrep.analysis.inference.resamples import Resampled, difference
from hybridrep.analysis.representational_similarity import compare_dissimilarities
from tests.analysis.oracle import plain_r, similarities


def dissimilarities(seed: int, items: int = 16, k: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(items, 5))
    return np.stack(
        [squareform(pdist(shared + rng.normal(size=(items, 5)))) for _ in range(k)]
    )  # fmt: skip


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / math.sqrt((first @ first) * (second @ second)))


def rho_a(first: np.ndarray, second: np.ndarray) -> float:
    """By its definition, from ranks of the full set; of a resample their covariance instead."""
    count = len(first)
    centred = rankdata(first) - (count + 1) / 2, rankdata(second) - (count + 1) / 2
    return float(12 * (centred[0] @ centred[1]) / (count**3 - count))


PLAIN = {
    "pearson": lambda x, y: pearsonr(x, y).statistic,
    "cosine": cosine,
    "spearman": lambda x, y: spearmanr(x, y).statistic,
    "rho_a": rho_a,
}


@pytest.mark.parametrize("comparator", PLAIN)
def test_values_are_those_of_all_pairs(comparator):
    given = dissimilarities(0)
    found = bootstrap(given, 5, rng=np.random.default_rng(0), comparator=comparator)
    pairs = [(0, 1), (0, 2), (1, 2)]
    lower = [matrix[np.tril_indices(16, -1)] for matrix in given]
    expected = [PLAIN[comparator](lower[a], lower[b]) for a, b in pairs]
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)


@pytest.mark.parametrize("comparator", ["pearson", "cosine", "spearman"])
def test_resamples_are_those_with_rows_copied_and_copies_left_out(comparator):
    given = dissimilarities(1)
    found = bootstrap(given, 30, rng=np.random.default_rng(7), comparator=comparator)
    drawn = np.random.default_rng(7).integers(16, size=(30, 16))  # as `item_weights` draws
    if comparator == "spearman":  # pairs keep the ranks of the full set
        given = np.stack([squareform(rankdata(squareform(matrix))) for matrix in given])
    plain = PLAIN["pearson" if comparator == "spearman" else comparator]
    for row, items in zip(found.resamples, drawn, strict=True):
        keep = (items[:, None] != items) & np.tri(16, k=-1, dtype=bool)
        sides = [matrix[np.ix_(items, items)][keep] for matrix in given]
        expected = [plain(sides[a], sides[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
        np.testing.assert_allclose(row, expected, rtol=1e-10)


def test_the_spread_over_new_items_is_that_of_resamples():
    """RSA of new items from one population varies as its bootstrap says, within a tenth."""
    rng = np.random.default_rng(3)

    def sample() -> np.ndarray:
        shared = rng.normal(size=(60, 4))
        return np.stack([squareform(pdist(shared + rng.normal(size=(60, 4)))) for _ in range(2)])

    values = [bootstrap(sample(), 1, rng=rng).values[0] for _ in range(400)]
    errors = [bootstrap(sample(), 200, rng=rng).se[0] for _ in range(25)]
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.1)


def test_the_difference_of_what_shares_its_items_is_surer_than_two_intervals():
    rng = np.random.default_rng(0)
    items = rng.normal(size=(60, 5))
    near, far = items + 0.5 * rng.normal(size=items.shape), items + rng.normal(size=items.shape)
    found = bootstrap(
        np.stack([squareform(pdist(side)) for side in (items, near, far)]), 999, rng=rng
    )
    apart = difference(found, 0, 1)
    assert apart.difference == pytest.approx(found.values[0] - found.values[1], abs=1e-15)
    resampled = found.resamples[:, 0] - found.resamples[:, 1]
    np.testing.assert_allclose((apart.low, apart.high), np.percentile(resampled, [2.5, 97.5]))
    separate = math.hypot(*found.se[:2])
    assert resampled.std(ddof=1) < separate
    assert apart.p == pytest.approx(2 * np.mean(resampled <= 0) + 1 / 1000)


def test_p_of_a_difference_is_never_0_and_never_above_1():
    values = np.array([1.0, 0.0, 0.0])
    resamples = np.tile(values, (99, 1))
    found = Resampled(values, resamples, "pair weights", items=30)
    assert difference(found, 0, 1).p == 0.01
    assert difference(found, 1, 0).p == 0.01
    assert difference(found, 1, 2).p == 1.0


def test_too_few_items_have_no_interval_and_few_a_warning():
    for items, words in ((4, "fewer than 5 items: no"), (12, "fewer than 20 items: a rough")):
        found = bootstrap(dissimilarities(0, items), 50, rng=np.random.default_rng(0))
        interval = found.interval(0)
        assert words in interval.note
        assert words in difference(found, 0, 1).note
        assert math.isnan(interval.low) == (items == 4)
        assert math.isnan(found.se[0]) == (items == 4)


def test_a_constant_side_has_no_value():
    given = dissimilarities(0)
    given[1] = 1.0
    found = bootstrap(given, 20, rng=np.random.default_rng(0))
    assert np.isnan(found.values).tolist() == [True, False, True]
    interval = found.interval(0)
    assert math.isnan(interval.low)
    assert "undefined in 20 of 20" in interval.note
    assert math.isnan(difference(found, 0, 1).p)


def explicit_r(first: np.ndarray, second: np.ndarray, drawn: np.ndarray) -> float:
    """Copy rows and columns as drawn, take the triangle, drop pairs of copies of one item."""
    different = drawn[:, None] != drawn
    keep = different & np.tri(len(drawn), k=-1, dtype=bool)
    pair = (matrix[np.ix_(drawn, drawn)][keep] for matrix in (first, second))
    return float(pearsonr(*pair).statistic)


def test_quadratic_forms_equal_explicit_resampling() -> None:
    given = similarities(0)
    rng = np.random.default_rng(1)
    draws = rng.integers(14, size=(40, 14))
    weights = np.stack([np.bincount(drawn, minlength=14) for drawn in draws]).astype(float)
    found = weighted_correlations(given, weights)
    assert found.shape == (40, 3, 3)
    for drawn, r in zip(draws, found, strict=True):
        assert len(set(drawn)) < 14  # there are copies to drop
        for a in range(3):
            for b in range(3):
                expected = 1.0 if a == b else explicit_r(given[a], given[b], drawn)
                assert r[a, b] == pytest.approx(expected, abs=1e-12)


def test_drawing_every_item_once_gives_the_plain_r() -> None:
    given = similarities(2)
    r = weighted_correlations(given, np.ones((1, 14)))[0]
    assert r[0, 1] == pytest.approx(plain_r(given[0], given[1]), abs=1e-13)
    spoiled = given.copy()
    spoiled[:, range(14), range(14)] = 17.0  # diagonals are not looked at
    np.testing.assert_allclose(weighted_correlations(spoiled, np.ones((1, 14)))[0], r)


def test_resamples_without_pairs_or_variance_are_undefined() -> None:
    given = similarities(3, items=5, k=2)
    one_item, two_items = np.array([0.0, 5, 0, 0, 0]), np.array([2.0, 3, 0, 0, 0])
    r = weighted_correlations(given, np.stack([one_item, two_items]))
    assert np.isnan(r).all()
    constant = np.stack([np.full((5, 5), 0.3), given[0]])
    assert np.isnan(weighted_correlations(constant, np.ones((1, 5)))[0, 0, 1])


def test_weights_are_draws_with_replacement() -> None:
    rng = np.random.default_rng(4)
    weights = item_weights(50, 400, rng)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean() == pytest.approx(1)
    assert weights.var() == pytest.approx(1 - 1 / 50, abs=0.03)  # multinomial
    groups = np.array([0] * 20 + [3] * 30)
    stratified = item_weights(50, 200, rng, groups)
    assert (stratified[:, :20].sum(axis=1) == 20).all()
    assert (stratified[:, 20:].sum(axis=1) == 30).all()
    assert len(np.unique(stratified, axis=0)) == 200


def test_the_bootstrap_is_repeatable_and_covers() -> None:
    given = similarities(5, items=60, k=2)
    first = bootstrap_items(given, 500, np.random.default_rng(0))
    again = bootstrap_items(given, 500, np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    r = plain_r(given[0], given[1])
    interval = percentile_interval(r, first[:, 0, 1])
    assert interval.low < r < interval.high
    assert interval.resamples == 500
    assert interval.note == ""
    explicit = [
        explicit_r(given[0], given[1], drawn)
        for drawn in np.random.default_rng(1).integers(60, size=(500, 60))
    ]
    low, high = np.percentile(explicit, [2.5, 97.5])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.03)


@pytest.mark.parametrize("comparator", ["spearman", "rho_a"])
def test_what_is_equal_up_to_rounding_is_one_rank_as_in_the_value_itself(comparator):
    rng = np.random.default_rng(3)
    sides = [rng.integers(0, 2, size=(40, 5)).astype(float) + 0.1 for _ in range(2)]
    sides[1][:, :2] = sides[0][:, :2]
    matrices = np.stack([squareform(pdist(each, "cosine")) for each in sides])
    pairs = [lower_triangle(matrix) for matrix in matrices]
    assert len({*pairs[0]}) > len({*pairs[0].round(12)}), "there are ties that rounding hides"
    found = bootstrap(matrices, 200, rng=rng, comparator=comparator)
    expected = compare_dissimilarities(*pairs, comparator).value
    assert found.values[0] == pytest.approx(expected, rel=1e-9)
    assert found.interval(0).low < expected < found.interval(0).high
