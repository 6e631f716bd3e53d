"""Values and what they become in resamples of their items: intervals, and differences of two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from hybridrep.analysis.inference.intervals import (
    FEW_ITEMS,
    FEWEST_ITEMS,
    Interval,
    percentile_interval,
)
from hybridrep.analysis.t_tests import LEVEL

Method = Literal["pair weights", "half samples", "held-out items"]
"""How the items were resampled."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """Values and what they become in resamples of their items, the same ones for all of them.

    Attributes:
        values: of all items.
        resamples: of every resample; NaN where one has none.
        method: how the items were resampled.
        items: how many items, or groups of items that stay together, there are.
        factor: the SD of the resamples times this is the standard error.

    Examples:
        >>> found = Resampled(np.array([0.5]), np.array([[0.4], [0.5], [0.6]]), "half samples", 40)
        >>> found.se.round(3).tolist(), round(found.interval(0).low, 3)
        ([0.1], 0.07)
    """

    values: Float64[np.ndarray, " values"]
    resamples: Float64[np.ndarray, "resamples values"]
    method: Method
    items: int
    factor: float = 1.0

    @property
    def se(self) -> Float64[np.ndarray, " values"]:
        """The standard error of every value; NaN where there is none."""
        return np.array([self._spread(column) for column in self.resamples.T])

    def interval(self, index: int, low: float = -math.inf, high: float = math.inf) -> Interval:
        """Return the 95% interval of one value, clipped to the range of its measure.

        By weights of pairs or held-out items it is the percentile interval. Halves are centred on
        what half of the items give, which is another value for many measures, so only their SD is
        used: value +- t SE, with one degree of freedom less than there are items or halves.
        """
        return self._interval(float(self.values[index]), self.resamples[:, index], low, high)

    def _spread(self, distribution: Float64[np.ndarray, " resamples"]) -> float:
        defined = distribution[np.isfinite(distribution)]
        if self.items < FEWEST_ITEMS or 2 * len(defined) < len(distribution) or len(defined) < 2:
            return math.nan
        return self.factor * float(defined.std(ddof=1))

    def _interval(
        self, estimate: float, distribution: Float64[np.ndarray, " resamples"], low: float,
        high: float,
    ) -> Interval:  # fmt: skip
        nothing = Interval(estimate, math.nan, math.nan, 0)
        if self.items < FEWEST_ITEMS:
            return _noted(nothing, f"fewer than {FEWEST_ITEMS} items: no interval")
        defined = int(np.isfinite(distribution).sum())
        if 2 * defined < len(distribution):
            lost = f"{len(distribution) - defined} of {len(distribution)} {self.method}"
            return _noted(nothing, f"undefined in {lost}: too few items for an interval")
        if self.method != "half samples":
            found = percentile_interval(estimate, distribution)
        else:
            from scipy.stats import t

            df = min(self.items, defined) - 1
            reach = float(t.ppf((1 + LEVEL) / 2, df)) * self._spread(distribution)
            left_out = len(distribution) - defined
            note = f"{left_out} of {len(distribution)} halves are undefined" if left_out else ""
            found = Interval(estimate, estimate - reach, estimate + reach, defined, note)
        least, most = (float(np.clip(end, low, high)) for end in (found.low, found.high))
        found = Interval(estimate, least, most, found.resamples, found.note)
        few = f"fewer than {FEW_ITEMS} items: a rough interval" if self.items < FEW_ITEMS else ""
        return _noted(found, few)


def _noted(interval: Interval, note: str) -> Interval:
    """Return an interval with one more note."""
    notes = "; ".join(filter(None, (interval.note, note)))
    return Interval(interval.estimate, interval.low, interval.high, interval.resamples, notes)


@dataclass(frozen=True)
class Difference:
    """How much two values differ, from the same resamples. Undefined numbers are NaN.

    `difference` is the first less the second, with its 95% interval and a two-sided `p`.
    """

    difference: float
    low: float
    high: float
    p: float
    note: str = ""


def difference(found: Resampled, first: int, second: int) -> Difference:
    """Say whether one value is higher than another, by the resamples that both share.

    So it is with "is A closer to C than B is?": both agreements are of the same items, which two
    separate intervals do not know. p is twice the smaller share of resamples on either side of 0
    plus 1 / (B + 1) for the B resamples, at most 1. Halves are first moved to the difference that
    all items give, and their spread brought to that of all items, as in `Resampled.interval`.

    Args:
        found: values with their resamples.
        first: which value; `second`: which other.

    Examples:
        >>> from hybridrep.analysis import bootstrap
        >>> rng = np.random.default_rng(0)
        >>> items, noise = rng.normal(size=(2, 40, 5))
        >>> sides = items, items + noise / 2, items + 3 * noise
        >>> found = bootstrap(np.stack([np.corrcoef(side) for side in sides]), rng=rng)
        >>> difference(found, 0, 1).p < 0.01  # (0, 1) against (0, 2)
        True
    """
    estimate = float(found.values[first] - found.values[second])
    distribution = found.resamples[:, first] - found.resamples[:, second]
    interval = found._interval(estimate, distribution, -math.inf, math.inf)
    defined = distribution[np.isfinite(distribution)]
    if math.isnan(interval.low) or math.isnan(estimate):
        return Difference(estimate, math.nan, math.nan, math.nan, interval.note)
    if found.method == "half samples":
        defined = estimate + found.factor * (defined - defined.mean())
    share = min(np.mean(defined <= 0), np.mean(defined >= 0))
    p = min(1.0, 2 * float(share) + 1 / (len(defined) + 1))
    return Difference(estimate, interval.low, interval.high, p, interval.note)
