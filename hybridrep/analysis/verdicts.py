"""What a study says of a claim: supported, not supported or unclear, by a rule that is fixed here.

Every statistic is one number a seed, so comparisons are paired by seed. With the 95% t interval of
its mean over seeds, a claim that the mean lies in some range is

- supported when the whole interval lies in the range,
- not supported when the whole interval lies outside it,
- unclear otherwise, and whenever there is no interval: one seed, no variance, no values.

A claim with several parts (all representations against the baseline, say) is

- supported when all parts are: an intersection-union test, which needs no correction (Berger 1982),
- not supported when any part is not, by intervals widened to a level of 1 - 5% / parts: with many
  parts one may seem to fail by chance. (Holm's first step; the later ones cannot change "any".)
- unclear otherwise.

The statistic shown is that of its weakest part, with its 95% interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import LEVEL, TTest, one_sample

SUPPORTED, NOT_SUPPORTED, UNCLEAR = "supported", "not supported", "unclear"


@dataclass(frozen=True)
class Claim:
    """A claim and what the study says of it. Undefined numbers are NaN.

    Attributes:
        statistic: what was computed, in words.
        estimate: its mean over seeds, with the 95% interval `low` to `high`.
        n: seeds that it stands on.
        verdict: `supported`, `not supported` or `unclear`.
        note: which part was weakest, which seeds are missing, or why it is unclear.
    """

    name: str
    sentence: str
    statistic: str
    estimate: float
    low: float
    high: float
    n: int
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A statistic with the range that the claim puts it in."""

    label: str
    test: TTest
    n: int
    least: float
    most: float
    note: str

    @property
    def estimate(self) -> float:
        """The statistic's mean over seeds."""
        return self.test.difference

    @property
    def low(self) -> float:
        """Lower end of its 95% interval."""
        return self.test.low

    @property
    def high(self) -> float:
        """Upper end of its 95% interval."""
        return self.test.high

    def verdict(self, parts: int) -> str:
        """Return what this part says of a claim that has so many."""
        if math.isnan(self.low) or math.isnan(self.high):
            return UNCLEAR
        if self.least < self.low and self.high < self.most:
            return SUPPORTED
        half = (self.high - self.low) / 2 * _widening(self.test.df, parts)
        if self.estimate + half <= self.least or self.estimate - half >= self.most:
            return NOT_SUPPORTED
        return UNCLEAR

    @property
    def margin(self) -> float:
        """How far inside the range the interval stays; less is weaker."""
        if math.isnan(self.low):
            return -math.inf
        return min(self.low - self.least, self.most - self.high)


def _widening(df: float, parts: int) -> float:
    """Return by how much intervals for one of several parts are wider than for one alone."""
    from scipy import stats

    tail = (1 - LEVEL) / 2
    return float(stats.t.ppf(1 - tail / parts, df) / stats.t.ppf(1 - tail, df))


def part_of(
    label: str, values: pd.Series, wanted: Sequence[int], least: float = 0.0, most: float = math.inf
) -> Part:
    """Test the mean over seeds of one number a seed.

    Examples:
        >>> part_of("r above 0", pd.Series([0.2, 0.3, 0.25]), [0, 1, 2]).verdict(1)
        'supported'
    """
    finite = values[np.isfinite(values)]
    test = one_sample(finite.to_numpy(dtype=np.float64))
    missing = sorted(set(wanted) - {int(seed) for seed in finite.index})
    notes = ["one seed only: no interval" if len(finite) == 1 else test.note if len(finite) else ""]
    if not len(finite):
        notes = ["no values"]
    elif missing:
        listed = ", ".join(map(str, missing))
        notes.append(f"without seed{'s' if len(missing) > 1 else ''} {listed}")
    note = "; ".join(n for n in notes if n)
    return Part(label, test, len(finite), least, most, note)


def claim_of(name: str, sentence: str, statistic: str, parts: Sequence[Part]) -> Claim:
    """Put parts together by the rule of this module; there is at least one.

    Examples:
        >>> part = part_of("r above 0", pd.Series([0.2, 0.3, 0.25]), [0, 1, 2])
        >>> claim_of("similar", "The two are alike.", "mean r", [part]).verdict
        'supported'
    """
    said = [part.verdict(len(parts)) for part in parts]
    verdicts = set(said)
    verdict = UNCLEAR
    if verdicts == {SUPPORTED}:
        verdict = SUPPORTED
    elif NOT_SUPPORTED in verdicts:
        verdict = NOT_SUPPORTED
    asked = [part for part, own in zip(parts, said, strict=True) if own == verdict]
    weakest = min(asked or list(parts), key=lambda part: part.margin)
    weak_note = f"weakest: {weakest.label}" if len(parts) > 1 else ""
    alone = verdict == UNCLEAR and weakest.verdict(1) == NOT_SUPPORTED
    alone_note = f"fails alone, not as one of {len(parts)}" if alone else ""
    note = "; ".join(n for n in (weak_note, alone_note, weakest.note) if n)
    return Claim(
        name, sentence, statistic, weakest.estimate, weakest.low, weakest.high, weakest.n, verdict,
        note,
    )  # fmt: skip
