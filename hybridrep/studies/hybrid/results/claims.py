"""The paper's claims, each tested over seeds by the rule of `verdicts`.

Correlations: test tweets, used epoch; losses: last epoch; both at the first bottleneck size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float64

from hybridrep.analysis.t_tests import varies
from hybridrep.analysis.verdicts import NOT_SUPPORTED, UNCLEAR, Claim, claim_of, part_of
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.names import BASELINE, PAIRS, TRANSFER
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import bottleneck_sizes, rsa_values, transfer_values

WEAK_BELOW = 0.5
"""A correlation below this is "weak": less than what Cohen (1988) calls large."""

SAME_PATTERN_FROM = 0.9
"""Trajectories whose changes over epochs correlate at least this much have one pattern."""

_MOST_R = 1 - 1e-12
"""Correlations are kept this close to 1 before Fisher's z, which is infinite at 1."""


def claims(tables: StudyTables) -> tuple[Claim, ...]:
    """Test all claims on a study, in the order in which the paper makes them."""
    loss = transfer_values(tables, "test_loss").pivot(
        index="seed", columns="representation", values="value"
    )
    loss = loss.reindex(columns=list(TRANSFER)).astype(np.float64)
    others = [name for name in TRANSFER if name != BASELINE]
    return (
        _asymmetry(tables), _forgetting(tables), _signal_left(tables), _size_leaves_pattern(tables),
        _lower_loss(
            "representations_beat_baseline",
            "Every representation has a lower test loss than the baseline.", tables, loss,
            [(name, BASELINE) for name in others],
        ),
        _lower_loss(
            "bert_beats_all", "BERT has a lower test loss than every other representation.", tables,
            loss, [("bert", name) for name in TRANSFER if name != "bert"],
        ),
        *(
            _lower_loss(
                f"bert_to_lstm_{part}_beats_lstm",
                f"The BERT-to-LSTM {part} representation has a lower test loss than the LSTM.",
                tables, loss, [(f"bert_to_lstm_{part}", "lstm")],
            )
            for part in ("bottleneck", "reconstructed")
        ),
    )  # fmt: skip


@report_table(
    "claims",
    "the paper's claims, each with a verdict by a fixed rule",
    tuple(field.name for field in fields(Claim)),
)
def claims_table(found: Sequence[Claim]) -> pd.DataFrame:
    """Return claims as a table, one row each, with the columns of `Claim`."""
    return pd.DataFrame([astuple(c) for c in found], columns=[f.name for f in fields(Claim)])


def _asymmetry(tables: StudyTables) -> Claim:
    pair = "reconstructed_vs_target"
    forth = rsa_values(tables, "bert_to_lstm", pair)
    back = rsa_values(tables, "lstm_to_bert", pair)
    return claim_of(
        "asymmetry", "BERT is transformed into LSTM more faithfully than LSTM into BERT.",
        "r(reconstructed, target), BERT-to-LSTM minus LSTM-to-BERT; claimed above 0",
        [part_of("", forth - back, tables.seeds_wanted)],
    )  # fmt: skip


def _forgetting(tables: StudyTables) -> Claim:
    pair = "bottleneck_vs_input"
    before = rsa_values(tables, "bert_to_lstm", pair, epoch=0)
    after = rsa_values(tables, "bert_to_lstm", pair)
    return claim_of(
        "forgetting_of_input", "Training makes the BERT-to-LSTM bottleneck forget its input, BERT.",
        "r(bottleneck, input) before training minus at the used epoch; claimed above 0",
        [part_of("", before - after, tables.seeds_wanted)],
    )  # fmt: skip


def _signal_left(tables: StudyTables) -> Claim:
    left = rsa_values(tables, "lstm_to_bert", "bottleneck_vs_input")
    claim = claim_of(
        "lstm_signal_left",
        "The trained LSTM-to-BERT bottleneck still holds weak signals of the LSTM.",
        f"r(bottleneck, input) of LSTM-to-BERT; claimed between 0 and {WEAK_BELOW:g}",
        [part_of("", left, tables.seeds_wanted, least=0.0, most=WEAK_BELOW)],
    )
    if claim.low < WEAK_BELOW or claim.verdict != NOT_SUPPORTED:
        return claim
    note = "; ".join(n for n in ("there is a signal, but stronger than weak", claim.note) if n)
    return replace(claim, note=note)


def _lower_loss(
    name: str, sentence: str, tables: StudyTables, loss: pd.DataFrame,
    better_than: Sequence[tuple[str, str]],
) -> Claim:  # fmt: skip
    parts = [
        part_of(f"{better} against {worse}", loss[worse] - loss[better], tables.seeds_wanted)
        for better, worse in better_than
    ]
    statistic = "test loss of the other minus its own, paired by seed; claimed above 0"
    return claim_of(name, sentence, statistic, parts)


def _size_leaves_pattern(tables: StudyTables) -> Claim:
    name = "size_leaves_pattern"
    sentence = "The size of the bottleneck leaves the pattern of the trajectories unchanged."
    statistic = (
        "r between two sizes' trajectories over epochs, each pair's of each direction less its own "
        f"mean (mean of Fisher's z); claimed at least {SAME_PATTERN_FROM:g}"
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
        part = part_of(
            f"{first} against {second}", z, tables.seeds_wanted, math.atanh(SAME_PATTERN_FROM)
        )
        parts.append(part)
    claim = claim_of(name, sentence, statistic, parts)
    return replace(
        claim, estimate=math.tanh(claim.estimate), low=math.tanh(claim.low),
        high=math.tanh(claim.high),
    )  # fmt: skip


def _trajectories_by_size(tables: StudyTables) -> pd.DataFrame:
    """Return (seed, size) x (direction, pair, epoch), without the pair that no size changes.

    Each is less its mean over epochs: levels alone would correlate highly. A flat one is all 0:
    flat at both sizes it adds nothing, at one it lowers r by what it moves at the other.
    """
    rows = tables.rsa[(tables.rsa["item_set"] == "test") & (tables.rsa["pair"] != PAIRS[0])]
    trajectory = ["seed", "bottleneck", "direction", "pair"]
    level = rows.groupby(trajectory)["value"].transform("mean")
    return rows.assign(value=rows["value"] - level).pivot(
        index=trajectory[:2], columns=[*trajectory[2:], "epoch"], values="value"
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
    """Return atanh of Pearson r; NaN when a value is missing or a side is flat throughout."""
    # the values are differences of correlations: rounding is relative to 1, not to them
    flat = not (varies(first, scale=1.0) and varies(second, scale=1.0))
    if flat or not np.isfinite([first, second]).all():
        return math.nan
    r = float(np.corrcoef(first, second)[0, 1])
    return math.atanh(min(max(r, -_MOST_R), _MOST_R))
