"""Percentile intervals, and how many items one needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST_ITEMS, FEW_ITEMS = 5, 20
"""Below the first no resampling says anything; below the second its intervals are rough."""


@dataclass(frozen=True)
class Interval:
    """A 95% percentile interval. Undefined numbers are NaN, and `note` says why.

    `estimate` is the value without resampling; so many `resamples` had a defined value.
    """

    estimate: float
    low: float
    high: float
    resamples: int
    note: str = ""


def percentile_interval(estimate: float, distribution: Float[np.ndarray, " resamples"]) -> Interval:
    """Return the 95% percentile interval of a bootstrap distribution, leaving NaN out.

    Examples:
        >>> percentile_interval(0.5, np.linspace(0, 1, 41))
        Interval(estimate=0.5, low=0.025, high=0.9750000000000001, resamples=41, note='')
    """
    defined = distribution[np.isfinite(distribution)]
    left_out = len(distribution) - len(defined)
    note = f"{left_out} of {len(distribution)} resamples are undefined" if left_out else ""
    if not len(defined):
        return Interval(estimate, math.nan, math.nan, 0, note or "no resamples")
    low, high = np.percentile(defined, [2.5, 97.5])
    return Interval(estimate, float(low), float(high), len(defined), note)
