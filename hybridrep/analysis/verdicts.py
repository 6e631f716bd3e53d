"""What a study says of a claim: supported, not supported or unclear, by a rule that is fixed here.

Every statistic is one number a seed, so comparisons are paired by seed and stand on the seeds
that have all it needs. With the 95% t interval of its mean over seeds, a claim that the mean lies
in some range is

- supported when the whole interval lies in the range,
- not supported when the whole interval lies outside it,
- unclear otherwise, and whenever there is no interval: one seed, no variance, no values.

A claim with several parts (all representations against the baseline, say) is supported when all
parts are, not supported when any part is not, unclear otherwise (an intersection-union test, which
needs no correction for the number of parts); the statistic shown is that of its weakest part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample

SUPPORTED, NOT_SUPPORTED, UNCLEAR = "supported", "not supported", "unclear"


@dataclass(frozen=True)
class Claim:
    """A claim and what the study says of it. Undefined numbers are NaN.

    Attributes:
        name: short name.
        sentence: the claim.
        statistic: what was computed, in words.
        estimate: its mean over seeds.
        low: lower end of its 95% interval.
        high: upper end.
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
    estimate: float
    low: float
    high: float
    n: int
    least: float
    most: float
    note: str

    @property
    def verdict(self) -> str:
        """What this part alone says of the claim."""
        if math.isnan(self.low) or math.isnan(self.high):
            return UNCLEAR
        if self.least < self.low and self.high < self.most:
            return SUPPORTED
        if self.high <= self.least or self.low >= self.most:
            return NOT_SUPPORTED
        return UNCLEAR

    @property
    def margin(self) -> float:
        """How far inside the range the interval stays; less is weaker."""
        if math.isnan(self.low):
            return -math.inf
        return min(self.low - self.least, self.most - self.high)


def part_of(
    label: str,
    values: pd.Series,
    wanted: Sequence[int],
    least: float = 0.0,
    most: float = math.inf,
) -> Part:
    """Test the mean over seeds of one number a seed."""
    finite = values[np.isfinite(values)]
    test = one_sample(finite.to_numpy(dtype=np.float64))
    missing = sorted(set(wanted) - {int(seed) for seed in finite.index})
    notes = ["one seed only: no interval" if len(finite) == 1 else test.note if len(finite) else ""]
    if not len(finite):
        notes = ["no values"]
    elif missing:
        notes.append(f"without seed{'s' if len(missing) > 1 else ''} {_listed(missing)}")
    note = "; ".join(n for n in notes if n)
    return Part(label, test.difference, test.low, test.high, len(finite), least, most, note)


def claim_of(name: str, sentence: str, statistic: str, parts: Sequence[Part]) -> Claim:
    """Put parts together by the rule of this module; there is at least one."""
    verdicts = {part.verdict for part in parts}
    verdict = UNCLEAR
    if verdicts == {SUPPORTED}:
        verdict = SUPPORTED
    elif NOT_SUPPORTED in verdicts:
        verdict = NOT_SUPPORTED
    asked = [p for p in parts if p.verdict == verdict]
    weakest = min(asked or list(parts), key=lambda part: part.margin)
    weak_note = f"weakest: {weakest.label}" if len(parts) > 1 else ""
    note = "; ".join(n for n in (weak_note, weakest.note) if n)
    return Claim(
        name,
        sentence,
        statistic,
        weakest.estimate,
        weakest.low,
        weakest.high,
        weakest.n,
        verdict,
        note,
    )


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
