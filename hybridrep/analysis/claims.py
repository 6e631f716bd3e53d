"""The paper's claims, each tested over seeds by a rule that is fixed here.

Every statistic is one number a seed, so comparisons are paired by seed and stand on the seeds
that have all it needs. With the 95% t interval of its mean over seeds, a claim that the mean lies
in some range is

- supported when the whole interval lies in the range,
- not supported when the whole interval lies outside it,
- unclear otherwise, and whenever there is no interval: one seed, no variance, no values.

A claim with several parts (all representations against the baseline, say) is supported when all
parts are, not supported when any part is not, unclear otherwise (an intersection-union test, which
needs no correction for the number of parts); the statistic shown is that of its weakest part.
Correlations are those of the test tweets at the used epoch (half of all), transfer losses those
of the last epoch, both at the study's first bottleneck size unless a claim is about sizes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float64

from hybridrep.analysis.names import BASELINE, PAIRS, TRANSFER
from hybridrep.analysis.t_tests import one_sample, varies
from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import bottleneck_sizes, rsa_values, transfer_values

SUPPORTED, NOT_SUPPORTED, UNCLEAR = "supported", "not supported", "unclear"

WEAK_BELOW = 0.5
"""A correlation below this is "weak": less than what Cohen (1988) calls large."""

SAME_PATTERN_FROM = 0.9
"""Trajectories that correlate at least this much over pairs and epochs have one pattern."""

_MOST_R = 1 - 1e-12
"""Correlations are kept this close to 1 before Fisher's z, which is infinite at 1."""


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
class _Part:
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


def _part(
    label: str,
    values: pd.Series,
    wanted: Sequence[int],
    least: float = 0.0,
    most: float = math.inf,
) -> _Part:
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
    return _Part(label, test.difference, test.low, test.high, len(finite), least, most, note)


def _claim(name: str, sentence: str, statistic: str, parts: Sequence[_Part]) -> Claim:
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
        name, sentence, statistic, weakest.estimate, weakest.low, weakest.high, weakest.n, verdict,
        note,
    )  # fmt: skip


def claims(tables: StudyTables) -> tuple[Claim, ...]:
    """Test all claims on a study, in the order in which the paper makes them."""
    loss = transfer_values(tables, "test_loss").pivot(
        index="seed", columns="representation", values="value"
    )
    loss = loss.reindex(columns=list(TRANSFER)).astype(np.float64)
    others = [name for name in TRANSFER if name != BASELINE]
    return (
        _asymmetry(tables),
        _forgetting(tables),
        _signal_left(tables),
        _size_leaves_pattern(tables),
        _lower_loss(
            "representations_beat_baseline",
            "Every representation has a lower test loss than the baseline.",
            tables,
            loss,
            [(name, BASELINE) for name in others],
        ),
        _lower_loss(
            "bert_beats_all",
            "BERT has a lower test loss than every other representation.",
            tables,
            loss,
            [("bert", name) for name in TRANSFER if name != "bert"],
        ),
        *(
            _lower_loss(
                f"bert_to_lstm_{part}_beats_lstm",
                f"The BERT-to-LSTM {part} representation has a lower test loss than the LSTM.",
                tables,
                loss,
                [(f"bert_to_lstm_{part}", "lstm")],
            )
            for part in ("bottleneck", "reconstructed")
        ),
    )


def claims_table(found: Sequence[Claim]) -> pd.DataFrame:
    """Return claims as a table, one row each, with the columns of `Claim`."""
    return pd.DataFrame([astuple(c) for c in found], columns=[f.name for f in fields(Claim)])


def _asymmetry(tables: StudyTables) -> Claim:
    pair = "reconstructed_vs_target"
    forth = rsa_values(tables, "bert_to_lstm", pair)
    back = rsa_values(tables, "lstm_to_bert", pair)
    return _claim(
        "asymmetry",
        "BERT is transformed into LSTM more faithfully than LSTM into BERT.",
        "r(reconstructed, target), BERT-to-LSTM minus LSTM-to-BERT; claimed above 0",
        [_part("", forth - back, tables.seeds_wanted)],
    )


def _forgetting(tables: StudyTables) -> Claim:
    pair = "bottleneck_vs_input"
    before = rsa_values(tables, "bert_to_lstm", pair, epoch=0)
    after = rsa_values(tables, "bert_to_lstm", pair)
    return _claim(
        "forgetting_of_input",
        "Training makes the BERT-to-LSTM bottleneck forget its input, BERT.",
        "r(bottleneck, input) before training minus at the used epoch; claimed above 0",
        [_part("", before - after, tables.seeds_wanted)],
    )


def _signal_left(tables: StudyTables) -> Claim:
    left = rsa_values(tables, "lstm_to_bert", "bottleneck_vs_input")
    return _claim(
        "lstm_signal_left",
        "The trained LSTM-to-BERT bottleneck still holds weak signals of the LSTM.",
        f"r(bottleneck, input) of LSTM-to-BERT; claimed between 0 and {WEAK_BELOW:g}",
        [_part("", left, tables.seeds_wanted, least=0.0, most=WEAK_BELOW)],
    )


def _lower_loss(
    name: str,
    sentence: str,
    tables: StudyTables,
    loss: pd.DataFrame,
    better_than: Sequence[tuple[str, str]],
) -> Claim:
    parts = [
        _part(f"{better} against {worse}", loss[worse] - loss[better], tables.seeds_wanted)
        for better, worse in better_than
    ]
    statistic = "test loss of the other minus its own, paired by seed; claimed above 0"
    return _claim(name, sentence, statistic, parts)


def _size_leaves_pattern(tables: StudyTables) -> Claim:
    name = "size_leaves_pattern"
    sentence = "The size of the bottleneck leaves the pattern of the trajectories unchanged."
    statistic = (
        "r between two sizes' trajectories over epochs, pairs and directions (mean of Fisher's "
        f"z); claimed at least {SAME_PATTERN_FROM:g}"
    )
    sizes = bottleneck_sizes(tables)
    if len(sizes) < 2:
        nan = math.nan
        reason = "the study has one bottleneck size" if sizes else "no values"
        return Claim(name, sentence, statistic, nan, nan, nan, 0, UNCLEAR, reason)
    by_size = _trajectories_by_size(tables)
    parts = []
    for first, second in combinations(sizes, 2):
        z = _similarity_of_patterns(by_size, first, second)
        part = _part(
            f"{first} against {second}", z, tables.seeds_wanted, math.atanh(SAME_PATTERN_FROM)
        )
        parts.append(part)
    claim = _claim(name, sentence, statistic, parts)
    return replace(
        claim,
        estimate=math.tanh(claim.estimate),
        low=math.tanh(claim.low),
        high=math.tanh(claim.high),
    )


def _trajectories_by_size(tables: StudyTables) -> pd.DataFrame:
    """Return (seed, size) x (direction, pair, epoch), without the pair that no size changes."""
    rows = tables.rsa[(tables.rsa["item_set"] == "test") & (tables.rsa["pair"] != PAIRS[0])]
    return rows.pivot(
        index=["seed", "bottleneck"], columns=["direction", "pair", "epoch"], values="value"
    )


def _similarity_of_patterns(by_size: pd.DataFrame, first: int, second: int) -> pd.Series:
    """Return Fisher's z of the correlation of two sizes' trajectories, indexed by seed."""
    known = set(by_size.index)
    seeds = sorted(s for s, size in known if size == first and (s, second) in known)
    values = [
        _fisher_z(
            by_size.loc[(seed, first)].to_numpy(dtype=np.float64),
            by_size.loc[(seed, second)].to_numpy(dtype=np.float64),
        )
        for seed in seeds
    ]
    return pd.Series(values, index=seeds, dtype=np.float64)


def _fisher_z(first: Float64[np.ndarray, " n"], second: Float64[np.ndarray, " n"]) -> float:
    """Return atanh of Pearson r; NaN when a value is missing or a side does not vary."""
    if not np.isfinite([first, second]).all() or not (varies(first) and varies(second)):
        return math.nan
    r = float(np.corrcoef(first, second)[0, 1])
    return math.atanh(min(max(r, -_MOST_R), _MOST_R))


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
