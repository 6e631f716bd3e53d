"""The crossed design: new items and new seeds at once."""

import math

import numpy as np
import pytest
from rsatoolbox.util.inference_util import extract_variances
from scipy.stats import t

from hybridrep.analysis.inference import crossed, dual_variance


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
