"""How the tables of measures, and of seeds compared, are shown on the page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from hybridrep.reporting.html.views import (
    Column,
    TableView,
    intervals,
    means,
    notes,
    numbers,
    p_values,
    table_view,
    words,
)
from hybridrep.studies.hybrid.names import readable


@cache
def measure_name(key: str) -> str:
    """Return how people call a measure; its key where there is none any more."""
    from hybridrep.analysis.measures import MEASURES

    try:
        return MEASURES[key].name
    except KeyError:
        return key


_SHORT = {
    "rsa.cosine.pearson": "RSA, cosine, r", "rsa.cosine_centred.spearman": "RSA, centred, ranks",
    "cka": "CKA, debiased", "procrustes": "Procrustes", "mutual_knn.k10": "10 nearest neighbours",
    "ridge_r2": "ridge regression, R²",
}  # fmt: skip


def short_name(key: str) -> str:
    """Return a measure's name where there is little room; of others than the core's its key."""
    return _SHORT.get(key, key)


def kind_name(kind: str) -> str:
    """Return a kind of representation as people read it: "BERT → LSTM, bottleneck"."""
    direction, dot, layer = kind.rpartition(".")
    return f"{readable(direction)}, {readable(layer)}" if dot else readable(kind)


def measure_tables(frames: Mapping[str, pd.DataFrame], prefix: str) -> list[TableView]:
    """Return the tables of a study that are there."""
    makers = {
        "identification": identification, "ceiling": ceiling, "retrieval": retrieval,
        "measures": measures,
    }  # fmt: skip
    return [
        make(frames[name], f"{prefix}{name}-table") for name, make in makers.items()
        if name in frames
    ]  # fmt: skip


_KIND = words("kind", "Representation", show=kind_name)
_MEASURE = words("measure", "Measure", show=measure_name)


def measures(frame: pd.DataFrame, key: str) -> TableView:
    """Return what every measure says of every pair."""
    columns = [
        _MEASURE, words("direction", "Direction", show=readable),
        words("pair", "Pair", show=readable), numbers("bottleneck", "b", 0),
        means("mean", "sd", "Mean ± SD"), intervals("low", "high", "95% CI"),
        Column("By chance", _chance, lambda row: float(row["chance"])), numbers("n", "Seeds", 0),
    ]  # fmt: skip
    return table_view(
        key, "Every measure of every pair, at half of the epochs", frame, columns,
        "Over seeds, with Student’s interval of the mean. By chance: the mean under random pairing "
        "of the tweets: exact where there is a formula, of one order a seed; ridge regression’s "
        "is at most 0, over three folds. Of a measure that is not symmetric the first predicts "
        "the second.",
    )  # fmt: skip


def _chance(row: dict[str, object]) -> str:
    from hybridrep.reporting.formatting import number

    return "at most 0" if row["measure"] == "ridge_r2" else number(float(str(row["chance"])), 3)


def identification(frame: pd.DataFrame, key: str) -> TableView:
    """Return the ranking of the measures."""
    columns = [
        _MEASURE, numbers("accuracy", "Accuracy"), intervals("low", "high", "95% CI"),
        numbers("chance", "By chance", 2), p_values("p", "p"), numbers("auc", "AUC"),
        numbers("d_prime", "d’", 2), numbers("seeds", "Seeds", 0),
    ]  # fmt: skip
    columns += notes(frame)
    return table_view(
        key, "Which measure tells the kinds of representation apart", frame, columns,
        "Kinds: task-specific, and bottleneck and reconstruction of each direction; the encoder’s "
        "is the same in every seed and left out. Accuracy: how many are nearest to their own kind "
        "in the other seeds, the own seed left out of all kinds. AUC: how often two of one kind "
        "are more alike than two of different kinds. p: kinds’ names permuted within seeds, the "
        "same permutations for all measures. Dear measures are asked of fewer seeds.",
    )  # fmt: skip


def ceiling(frame: pd.DataFrame, key: str) -> TableView:
    """Return how well the seeds agree, tweet by tweet."""
    columns = [
        _KIND, intervals("lower", "upper", "Noise ceiling"), p_values("p", "p (no agreement)"),
        numbers("seeds", "Seeds", 0),
    ]  # fmt: skip
    columns += notes(frame)
    return table_view(
        key, "Noise ceiling over tweets", frame, columns,
        "Mean r of each seed’s similarities with the mean of the other seeds’ (lower end) and of "
        "all (upper end), on the tweets that all seeds share (Nili et al. 2014): no r with a "
        "seed’s representation can be expected above. p: of a t-test over seeds.",
    )  # fmt: skip


def retrieval(frame: pd.DataFrame, key: str) -> TableView:
    """Return how well tweets are found again in another seed."""
    columns = [
        _KIND, means("reciprocal_rank", "sd", "Mean reciprocal rank"),
        numbers("chance", "By chance"), numbers("items", "Tweets", 0),
        numbers("pairs", "Pairs of seeds", 0),
    ]  # fmt: skip
    return table_view(
        key, "Is a tweet of one seed found among those of another?", frame, columns,
        "By Euclidean distance after the best rotation and scale, fitted on the other folds of the "
        "tweets. 1: always the nearest.",
    )  # fmt: skip
