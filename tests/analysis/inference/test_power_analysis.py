"""What a design can find: against statsmodels' own solver and against simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from hybridrep.analysis.inference.power_analysis import power


def pilot(seeds: int = 25) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, seeds)) * [[1.0], [2.0]]


def test_paired_is_what_statsmodels_solves():
    first, second = pilot()
    sd = (first - second).std(ddof=1)
    found = power(first, second, n=40, difference=1.5, tests=7)
    for target, detectable, needed in (
        (0.8, found.detectable_80, found.needed_80), (0.9, found.detectable_90, found.needed_90),
    ):  # fmt: skip
        solve = TTestPower().solve_power
        effect = solve(nobs=40, alpha=0.05 / 7, power=target)
        assert detectable == pytest.approx(effect * sd, rel=1e-6)
        seeds = solve(effect_size=1.5 / sd, alpha=0.05 / 7, power=target)
        assert needed == math.ceil(seeds)


def test_welch_of_equal_spreads_is_what_statsmodels_solves_for_student():
    first = pilot()[0]
    found = power(first, first[::-1] + 3, n=30, paired=False)
    effect = TTestIndPower().solve_power(nobs1=30, alpha=0.05, power=0.8)
    assert found.detectable_80 == pytest.approx(effect * first.std(ddof=1), rel=1e-5)
    assert found.sd == pytest.approx(first.std(ddof=1))


@pytest.mark.parametrize("paired", [True, False])
def test_simulated_studies_find_what_they_should(paired):
    """With the detectable difference, 80 of 100 studies of 12 seeds reject at Holm's first step."""
    first, second = pilot()
    found = power(first, second, n=12, tests=5, paired=paired)
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(2, 20_000, 12))
    if paired:
        differences = found.detectable_80 + drawn[0] * (first - second).std(ddof=1)
        p = stats.ttest_1samp(differences, 0, axis=1).pvalue
    else:
        one = found.detectable_80 + drawn[0] * first.std(ddof=1)
        p = stats.ttest_ind(one, drawn[1] * second.std(ddof=1), axis=1, equal_var=False).pvalue
    assert np.mean(p < 0.05 / 5) == pytest.approx(0.8, abs=0.015)


def test_more_seeds_find_less_and_less_needs_more():
    first, second = pilot()
    found = [power(first, second, n=n).detectable_80 for n in (2, 5, 25, 100, 1000)]
    assert found == sorted(found, reverse=True)
    needed = [power(first, second, difference=d).needed_80 for d in (-4.0, 2.0, 0.5, 1e-6, 0.0)]
    assert needed[:3] == sorted(needed[:3])
    assert needed[3:] == [math.inf, math.inf]
    assert power(first, second, n=int(needed[2])).detectable_80 <= 0.5
    assert power(first, second, n=int(needed[2]) - 1).detectable_80 > 0.5


def test_the_sentence_says_it():
    found = power(*pilot(), tests=6)
    assert found.sentence.startswith("With 25 seeds, differences from ")
    assert "on can be detected with 80% power" in found.sentence
    assert "Holm over 6 tests" in found.sentence


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [
        ([1.0], [2.0], "fewer than two seeds"),
        ([1.0, 2.0], [2.0, 3.0], "do not vary"),
        ([1.0, math.nan], [2.0, 3.0], "not finite"),
    ],
)
def test_pilots_that_say_nothing(first, second, note):
    found = power(np.array(first), np.array(second))
    assert math.isnan(found.detectable_80)
    assert note in found.note
    assert note in found.sentence


def test_what_is_no_design_is_refused():
    with pytest.raises(ValueError, match="3 values against 2"):
        power(np.zeros(3), np.zeros(2))
    for wrong in ({"tests": 0}, {"alpha": 0.0}, {"n": 1}):
        with pytest.raises(ValueError, match="two seeds, one test and a level"):
            power(*pilot(), **wrong)
