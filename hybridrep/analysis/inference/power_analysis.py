"""What could have been found at all, with how many seeds?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Power:
    """What a design can find. Undefined numbers are NaN, and `note` says why.

    Attributes:
        test: "paired" or "Welch".
        n: seeds of each of both sides; `tests`: size of the family that Holm corrects over.
        alpha: level of the family.
        sd: standard deviation that the pilot gives: of the differences by seed, or of one side's
            values (root mean square of both).
        detectable_80: smallest difference found with 80% power; `detectable_90`: with 90%.
        needed_80: seeds that the difference asked for needs for 80% power; `needed_90`: for 90%.
    """

    test: Literal["paired", "Welch"]
    n: int
    tests: int
    alpha: float
    sd: float
    detectable_80: float
    detectable_90: float
    needed_80: float = math.nan
    needed_90: float = math.nan
    note: str = ""

    @property
    def sentence(self) -> str:
        """What a report says of it."""
        if math.isnan(self.detectable_80):
            return f"What can be detected is not known: {self.note}."
        family = f", Holm over {self.tests} tests" if self.tests > 1 else ""
        return (
            f"With {self.n} seeds, differences from {self.detectable_80:.2g} on can be detected "
            f"with 80% power ({self.detectable_90:.2g} with 90%; "
            f"{'paired t-test' if self.test == 'paired' else 'Welch test'}{family})."
        )


MOST_SEEDS_NEEDED = 1_000_000
"""A difference that needs more seeds than this is said to need an infinite number."""


def power(
    first: Float[np.ndarray, " n_first"], second: Float[np.ndarray, " n_second"], *,
    n: int | None = None, difference: float | None = None, paired: bool = True, tests: int = 1,
    alpha: float = 0.05,
) -> Power:  # fmt: skip
    """Say which difference of means n seeds can detect, from the values of a pilot study's seeds.

    By the noncentral t distribution (statsmodels), two-sided, with the pilot's SDs taken for true;
    a pilot of few seeds knows them badly. For a family of tests it is the level of Holm's first
    step, alpha / tests: what is found by that is found whatever the other tests give.

    Args:
        first: values of one side, a seed each; `second`: of the other, by the same seeds if paired.
        n: seeds that a study is to have; without, as many as the pilot (its smaller side).
        difference: of means, for which the number of seeds is asked.
        paired: whether the test is of differences by seed, or Welch's.
        tests: how many tests Holm corrects over.
        alpha: level of the family.

    Raises:
        ValueError: sides of different lengths that ought to be paired, fewer than two seeds or one
            test, or a level that is none.

    Examples:
        >>> seeds = np.random.default_rng(0).normal(size=(2, 25))
        >>> found = power(*seeds, difference=0.5)
        >>> round(found.detectable_80, 2), found.needed_80
        (0.76, 56.0)
    """
    if paired and len(first) != len(second):
        raise ValueError(f"not paired: {len(first)} values against {len(second)}")
    planned = min(len(first), len(second)) if n is None else n
    if tests < 1 or not 0 < alpha < 1 or (n is not None and n < 2):
        raise ValueError("power needs two seeds, one test and a level between 0 and 1 at least")
    test: Literal["paired", "Welch"] = "paired" if paired else "Welch"
    sides = [first - second] if paired else [first, second]
    note = ""
    if min(len(first), len(second)) < 2:
        note = "fewer than two seeds"
    elif not all(np.isfinite(side).all() for side in sides):
        note = "a value is not finite"
    variances = [math.nan] if note else [float(side.var(ddof=1)) for side in sides]
    if not note and not sum(variances) > 0:
        note = "the values do not vary over seeds"
    sd = math.sqrt(sum(variances) / len(variances))
    if note:
        return Power(test, planned, tests, alpha, sd, math.nan, math.nan, note=note)
    level = alpha / tests
    detectable_80, detectable_90 = (_detectable(planned, variances, level, t) for t in (0.8, 0.9))
    needed_80 = needed_90 = math.nan
    if difference is not None:
        needed_80, needed_90 = (
            _needed(abs(difference), variances, level, target) for target in (0.8, 0.9)
        )
    return Power(
        test, planned, tests, alpha, sd, detectable_80, detectable_90, needed_80, needed_90
    )


def _detectable(n: int, variances: Sequence[float], level: float, target: float) -> float:
    """Return the difference of means that n seeds detect with a probability of `target`."""
    shift = _noncentrality(_freedom(n, variances), level, target)
    return shift * math.sqrt(sum(variances) / n)


def _freedom(n: int, variances: Sequence[float]) -> float:
    """Return Welch and Satterthwaite's degrees of freedom; of one variance they are n - 1."""
    return (n - 1) * sum(variances) ** 2 / sum(v**2 for v in variances)


def _power_of(shift: float, df: float, level: float) -> float:
    """Return the power of a two-sided t-test; `shift`: the difference in standard errors."""
    from statsmodels.stats.power import ttest_power

    found = float(ttest_power(shift, 1, level, df=df))
    if math.isnan(found):  # the far tail is too small for SciPy
        found = float(ttest_power(shift, 1, level / 2, df=df, alternative="larger"))
    return found


@cache
def _noncentrality(df: float, level: float, target: float) -> float:
    """Return the difference, in standard errors, that is detected with that probability."""
    from scipy.optimize import brentq

    def lacking(shift: float) -> float:
        return _power_of(shift, df, level) - target

    high = 1.0
    while lacking(high) < 0:
        high *= 2
    return float(brentq(lacking, 0.0, high, xtol=1e-10))


def _needed(difference: float, variances: Sequence[float], level: float, target: float) -> float:
    """Return the least number of seeds that detects a difference; infinite above a million."""

    def enough(n: int) -> bool:
        shift = difference * math.sqrt(n / sum(variances))
        return _power_of(shift, _freedom(n, variances), level) >= target

    few, many = 1, 2
    while not difference or not enough(many):
        few, many = many, 2 * many
        if many > MOST_SEEDS_NEEDED:
            return math.inf
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return float(many)
