"""Intervals over seeds, over items, and over new items and new seeds at once."""

import math

import numpy as np
import pytest
from rsatoolbox.util.inference_util import extract_variances
from scipy.stats import t

from hybridrep.analysis.inference.seeds import crossed, dual_variance, study_intervals


@pytest.mark.parametrize("seed", range(20))
def test_the_variance_is_that_of_rsatoolbox(seed):
    both, of_seeds, of_items = np.random.default_rng(seed).uniform(0.2, 1, 3) * (2.2, 1, 1)
    variances = np.array([both, of_seeds, of_items])[:, None, None] * np.eye(3)
    theirs = extract_variances(variances, nc_included=False, n_rdm=7, n_pattern=30)[0][0]
    assert dual_variance(both, of_seeds, of_items, 7, 30) == pytest.approx(theirs, rel=1e-12)


def simulate(rng: np.random.Generator, seeds: int, items: int, resamples: int) -> tuple:
    """A mean over items of effects of seeds, items and both, with its item resamples."""
    noise = rng.normal(size=(seeds, items)) * 0.5
    table = 0.3 + 0.2 * rng.normal(size=(seeds, 1)) + 0.6 * rng.normal(size=items) + noise
    drawn = rng.integers(items, size=(resamples, items))
    return table.mean(axis=1), table[:, drawn].mean(axis=2)


def test_its_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    seeds, items, studies = 8, 25, 150
    found = [
        crossed(*simulate(rng, seeds, items, 300), items, rng) for _ in range(studies)
    ]  # fmt: skip
    truth = 0.2**2 / seeds + 0.6**2 / items + 0.5**2 / (seeds * items)
    assert np.mean([each.se**2 for each in found]) == pytest.approx(truth, rel=0.15)
    covered = np.mean([each.low <= 0.3 <= each.high for each in found])
    assert 0.9 <= covered <= 1.0


def test_either_source_alone_is_too_sure():
    rng = np.random.default_rng(1)
    found = crossed(*simulate(rng, 8, 25, 500), 25, rng)
    assert found.se > max(found.se_items, found.se_seeds)
    assert found.se < math.hypot(found.se_items, found.se_seeds) + 1e-12
    reach = t.ppf(0.975, found.df) * found.se
    assert (found.df, found.high) == (7, pytest.approx(found.estimate + reach))
    assert found.p == pytest.approx(2 * t.sf(found.estimate / found.se, 7))


@pytest.mark.parametrize(
    ("seeds", "items", "note"),
    [(1, 25, "fewer than two seeds"), (8, 4, "fewer than 5 items"), (8, 10, "rough interval")],
)
def test_what_is_too_small_is_refused_or_warned_of(seeds, items, note):
    rng = np.random.default_rng(0)
    found = crossed(*simulate(rng, seeds, items, 50), items, rng)
    assert note in found.note
    assert math.isnan(found.low) == ("rough" not in note)


def test_resamples_without_a_value_are_left_out_or_too_many():
    rng = np.random.default_rng(0)
    values, resamples = simulate(rng, 5, 30, 100)
    resamples[0, :10] = math.nan
    assert crossed(values, resamples, 30, rng).se > 0
    resamples[:, :60] = math.nan
    assert "undefined in 60 of 100" in crossed(values, resamples, 30, rng).note


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
        found = study_intervals(values, items, rng)
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
    found = study_intervals(values, items, np.random.default_rng(0))
    assert found.both.high - found.both.low == pytest.approx(2 * 1.96 * 0.05 / 3, rel=0.1)
    assert found.seeds.high == found.seeds.low


def test_a_seed_without_a_defined_resample_leaves_intervals_over_both_to_the_others() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(0.4, 0.1, 5)
    items = values[:, None] + rng.normal(0, 0.05, (5, 400))
    items[0] = math.nan
    found = study_intervals(values, items, rng)
    assert found.both.low < values.mean() < found.both.high
    assert "resamples are undefined" in found.both.note
    nothing = study_intervals(values, np.full((5, 400), math.nan), rng)
    assert math.isnan(nothing.both.low)


def test_shared_items_stay_shared() -> None:
    common = np.random.default_rng(7).normal(0, 0.05, size=3000)
    values = np.full(10, 0.4)
    items = values[:, None] + common
    shared = study_intervals(values, items, np.random.default_rng(0), shared_items=True)
    nested = study_intervals(values, items, np.random.default_rng(0))
    assert shared.both.high - shared.both.low == pytest.approx(2 * 1.96 * 0.05, rel=0.1)
    assert nested.both.high - nested.both.low == pytest.approx(
        2 * 1.96 * 0.05 / math.sqrt(10), rel=0.1
    )


def test_one_seed_has_no_interval_over_seeds() -> None:
    found = study_intervals(
        np.array([0.4]),
        np.random.default_rng(8).normal(0.4, 0.1, (1, 100)),
        np.random.default_rng(0),
    )
    assert found.items.low < 0.4 < found.items.high
    for interval in (found.seeds, found.both):
        assert math.isnan(interval.low)
        assert "fewer than two seeds" in interval.note
