"""Bootstrap, permutations and noise ceiling against explicit, slow versions."""

import math
from itertools import permutations as all_orders

import numpy as np
import pytest
from scipy.stats import pearsonr, zscore

from hybridrep.analysis import inference
from hybridrep.analysis.ceilings import class_profile, class_similarity, noise_ceiling
from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.similarity import cosine_similarity


def matrices(seed: int, items: int = 14, k: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(items, 6)) + 1
    return np.stack(
        [cosine_similarity(shared + 0.7 * rng.normal(size=(items, 6))) for _ in range(k)]
    )


def explicit_r(first: np.ndarray, second: np.ndarray, drawn: np.ndarray) -> float:
    """Copy rows and columns as drawn, take the triangle, drop pairs of copies of one item."""
    different = drawn[:, None] != drawn
    keep = different & np.tri(len(drawn), k=-1, dtype=bool)
    pair = (matrix[np.ix_(drawn, drawn)][keep] for matrix in (first, second))
    return float(pearsonr(*pair).statistic)


def plain_r(first: np.ndarray, second: np.ndarray) -> float:
    return float(pearsonr(lower_triangle(first), lower_triangle(second)).statistic)


def test_quadratic_forms_equal_explicit_resampling() -> None:
    given = matrices(0)
    rng = np.random.default_rng(1)
    draws = rng.integers(14, size=(40, 14))
    weights = np.stack([np.bincount(drawn, minlength=14) for drawn in draws]).astype(float)
    found = inference.weighted_correlations(given, weights)
    assert found.shape == (40, 3, 3)
    for drawn, r in zip(draws, found, strict=True):
        assert len(set(drawn)) < 14  # there are copies to drop
        for a in range(3):
            for b in range(3):
                expected = 1.0 if a == b else explicit_r(given[a], given[b], drawn)
                assert r[a, b] == pytest.approx(expected, abs=1e-12)


def test_drawing_every_item_once_gives_the_plain_r() -> None:
    given = matrices(2)
    r = inference.weighted_correlations(given, np.ones((1, 14)))[0]
    assert r[0, 1] == pytest.approx(plain_r(given[0], given[1]), abs=1e-13)
    spoiled = given.copy()
    spoiled[:, range(14), range(14)] = 17.0  # diagonals are not looked at
    np.testing.assert_allclose(inference.weighted_correlations(spoiled, np.ones((1, 14)))[0], r)


def test_resamples_without_pairs_or_variance_are_undefined() -> None:
    given = matrices(3, items=5, k=2)
    one_item, two_items = np.array([0.0, 5, 0, 0, 0]), np.array([2.0, 3, 0, 0, 0])
    r = inference.weighted_correlations(given, np.stack([one_item, two_items]))
    assert np.isnan(r).all()
    constant = np.stack([np.full((5, 5), 0.3), given[0]])
    assert np.isnan(inference.weighted_correlations(constant, np.ones((1, 5)))[0, 0, 1])


def test_weights_are_draws_with_replacement() -> None:
    rng = np.random.default_rng(4)
    weights = inference.item_weights(50, 400, rng)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean() == pytest.approx(1)
    assert weights.var() == pytest.approx(1 - 1 / 50, abs=0.03)  # multinomial
    groups = np.array([0] * 20 + [3] * 30)
    stratified = inference.item_weights(50, 200, rng, groups)
    assert (stratified[:, :20].sum(axis=1) == 20).all()
    assert (stratified[:, 20:].sum(axis=1) == 30).all()
    assert len(np.unique(stratified, axis=0)) == 200


def test_the_bootstrap_is_repeatable_and_covers() -> None:
    given = matrices(5, items=60, k=2)
    first = inference.bootstrap_items(given, 500, np.random.default_rng(0))
    again = inference.bootstrap_items(given, 500, np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    r = plain_r(given[0], given[1])
    interval = inference.percentile_interval(r, first[:, 0, 1])
    assert interval.low < r < interval.high
    assert interval.resamples == 500
    assert interval.note == ""
    explicit = [
        explicit_r(given[0], given[1], drawn)
        for drawn in np.random.default_rng(1).integers(60, size=(500, 60))
    ]
    low, high = np.percentile(explicit, [2.5, 97.5])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.03)


def test_undefined_resamples_are_counted() -> None:
    interval = inference.percentile_interval(0.5, np.array([0.4, np.nan, 0.6]))
    assert interval.resamples == 2
    assert interval.note == "1 of 3 resamples are undefined"
    nothing = inference.percentile_interval(0.5, np.array([np.nan]))
    assert math.isnan(nothing.low)


@pytest.mark.parametrize(("seed_sd", "item_sd"), [(0.1, 0.1), (0.1, 0.02), (0.03, 0.1)])
def test_intervals_over_seeds_and_both_count_every_source_once(
    seed_sd: float, item_sd: float
) -> None:
    seeds, studies, resamples = 25, 200, 400
    rng = np.random.default_rng(6)
    truth = math.hypot(seed_sd, item_sd) / math.sqrt(seeds)
    widths, covered = [], []
    for _ in range(studies):
        values = 0.5 + rng.normal(0, seed_sd, seeds) + rng.normal(0, item_sd, seeds)
        items = values[:, None] + rng.normal(0, item_sd, (seeds, resamples))
        found = inference.study_intervals(values, items, rng)
        assert found.both.estimate == found.items.estimate == pytest.approx(values.mean())
        intervals = (found.items, found.seeds, found.both)
        widths.append([(i.high - i.low) / (2 * 1.96) for i in intervals])
        covered.append([i.low < 0.5 < i.high for i in intervals[1:]])
    # resamples of n seeds have (n - 1) / n of their variance, and 400 of them tails of their own
    by_items, by_seeds, by_both = np.mean(widths, axis=0)
    assert by_items == pytest.approx(item_sd / math.sqrt(seeds), rel=0.03)
    assert by_seeds == pytest.approx(truth, rel=0.06)
    assert by_both == pytest.approx(truth, rel=0.06)
    assert (np.mean(covered, axis=0) > 0.88).all()
    assert (np.mean(covered, axis=0) < 0.985).all()


def test_seeds_that_differ_less_than_their_items_keep_the_items_noise() -> None:
    values = np.full(9, 0.4)
    items = values[:, None] + np.random.default_rng(6).normal(0, 0.05, (9, 4000))
    found = inference.study_intervals(values, items, np.random.default_rng(0))
    assert found.both.high - found.both.low == pytest.approx(2 * 1.96 * 0.05 / 3, rel=0.1)
    assert found.seeds.high == found.seeds.low


def test_a_seed_without_a_defined_resample_leaves_intervals_over_both_to_the_others() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(0.4, 0.1, 5)
    items = values[:, None] + rng.normal(0, 0.05, (5, 400))
    items[0] = math.nan
    found = inference.study_intervals(values, items, rng)
    assert found.both.low < values.mean() < found.both.high
    assert "resamples are undefined" in found.both.note
    nothing = inference.study_intervals(values, np.full((5, 400), math.nan), rng)
    assert math.isnan(nothing.both.low)


def test_shared_items_stay_shared() -> None:
    common = np.random.default_rng(7).normal(0, 0.05, size=3000)
    values = np.full(10, 0.4)
    items = values[:, None] + common
    shared = inference.study_intervals(values, items, np.random.default_rng(0), shared_items=True)
    nested = inference.study_intervals(values, items, np.random.default_rng(0))
    assert shared.both.high - shared.both.low == pytest.approx(2 * 1.96 * 0.05, rel=0.1)
    assert nested.both.high - nested.both.low == pytest.approx(
        2 * 1.96 * 0.05 / math.sqrt(10), rel=0.1
    )


def test_one_seed_has_no_interval_over_seeds() -> None:
    found = inference.study_intervals(
        np.array([0.4]),
        np.random.default_rng(8).normal(0.4, 0.1, (1, 100)),
        np.random.default_rng(0),
    )
    assert found.items.low < 0.4 < found.items.high
    for interval in (found.seeds, found.both):
        assert math.isnan(interval.low)
        assert "fewer than two seeds" in interval.note


def test_permuted_correlations_equal_explicit_relabelling() -> None:
    given = matrices(9, items=10)
    null = inference.permutation_null(given[0], given[1:], 30, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    for row in null:
        order = rng.permutation(10)
        moved = given[0][np.ix_(order, order)]
        expected = [plain_r(moved, other) for other in given[1:]]
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_the_permutation_p_approaches_that_of_all_orders() -> None:
    first, second = matrices(10, items=6, k=2)
    r = plain_r(first, second)
    every = np.array([plain_r(first[np.ix_(o, o)], second) for o in all_orders(range(6))])
    null = inference.permutation_null(first, second[None], 4000, np.random.default_rng(0))[:, 0]
    expected = (abs(every) >= abs(r) - 1e-12).mean()
    assert inference.permutation_p(r, null) == pytest.approx(expected, abs=0.02)


def test_p_counts_ties_and_itself() -> None:
    null = np.array([0.1, 0.5, 0.7, -0.9])
    assert inference.permutation_p(0.5, null) == 4 / 5
    assert inference.permutation_p(-0.7, null) == 3 / 5
    assert inference.permutation_p(0.95, null) == 1 / 5
    same = matrices(11, items=9, k=1)[0]
    null = inference.permutation_null(same, same[None], 99, np.random.default_rng(0))[:, 0]
    assert inference.permutation_p(1.0, null) == 1 / 100


def test_constant_matrices_have_no_p() -> None:
    constant = np.full((6, 6), 0.4)
    other = matrices(12, items=6, k=1)[0]
    null = inference.permutation_null(constant, other[None], 20, np.random.default_rng(0))[:, 0]
    assert np.isnan(null).all()
    assert math.isnan(inference.permutation_p(0.5, null))
    assert math.isnan(inference.permutation_p(math.nan, np.zeros(20)))


def test_the_noise_ceiling_equals_its_definition() -> None:
    profiles = np.stack([lower_triangle(m) for m in matrices(13, items=12, k=5)])
    scores = zscore(profiles, axis=1)
    lower = [pearsonr(s, np.delete(scores, i, 0).mean(0)).statistic for i, s in enumerate(scores)]
    upper = [pearsonr(s, scores.mean(axis=0)).statistic for s in scores]
    found = noise_ceiling(profiles)
    assert (found.lower, found.upper) == pytest.approx((np.mean(lower), np.mean(upper)), abs=1e-12)
    assert found.lower < found.upper
    assert (found.seeds, found.note) == (5, "")


@pytest.mark.parametrize(
    ("profiles", "note"),
    [
        (np.ones((1, 4)), "fewer than two seeds"),
        (np.array([[1.0, 2, 3], [0.1, 0.1, 0.1]]), "do not vary"),
        (np.array([[1.0, 2, 3], [1, np.nan, 2]]), "not finite"),
        (np.array([[1.0, 2, 3], [3.0, 2, 1]]), "cancel out"),
    ],
)
def test_without_agreement_to_measure_there_is_no_ceiling(profiles: np.ndarray, note: str) -> None:
    found = noise_ceiling(profiles)
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)
    assert note in found.note


def test_class_similarity_averages_pairs_of_different_items() -> None:
    matrix = matrices(14, items=9, k=1)[0]
    labels = np.array([2, 0, 2, 5, 0, 2, 5, 0, 7])
    found = class_similarity(matrix, labels)
    classes = [0, 2, 5, 7]
    for a, first in enumerate(classes):
        for b, second in enumerate(classes):
            pairs = [
                matrix[i, j]
                for i in np.flatnonzero(labels == first)
                for j in np.flatnonzero(labels == second)
                if i != j
            ]
            expected = np.mean(pairs) if pairs else math.nan
            assert found[a, b] == pytest.approx(expected, nan_ok=True)
    assert math.isnan(found[3, 3])
    assert class_profile(matrix, labels).shape == (10,)
