"""How similarities, and what they tell apart, are shown as tables of the page."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hybridrep.reporting.html.views import (
    TableView,
    intervals,
    notes,
    numbers,
    p_values,
    table_view,
    words,
)
from hybridrep.studies.nback.names import UNTRAINED
from hybridrep.studies.nback.results.similarity import MEASURE_NAMES, standing_of
from hybridrep.studies.nback.results.tables import NBackTables


def measure_name(key: str) -> str:
    """Return how people call a measure; its key where it is none of the study's."""
    return MEASURE_NAMES.get(key, key)


_MEASURE = words("measure", "Measure", show=measure_name)


def similarity_views(tables: NBackTables, frames: Mapping[str, pd.DataFrame]) -> list[TableView]:
    """Return the tables; of a study without similarities none."""
    if not len(frames["similarity"]):
        return []
    n = min(map(int, tables.meta["config"]["n_back"]))
    views = [_within(frames["similarity"], n)]
    if len(frames["identification"]):
        views.insert(0, _told_apart(frames["identification"], n))
    return views


def _told_apart(frame: pd.DataFrame, n: int) -> TableView:
    """Return the ranking at encoding, and when the network is asked about the stimulus."""
    shown = frame[frame["frame"].isin([1, 1 + n])]
    columns = [
        words("what", "Told apart"), words("held", "Of"), words("told", "Groups", wrap=True),
        numbers("frame", "Frame", 0), _MEASURE, numbers("accuracy", "Accuracy"),
        intervals("low", "high", "95% CI"), numbers("chance", "By chance", 2), p_values("p", "p"),
        numbers("auc", "AUC"), numbers("d_prime", "d’", 2), numbers("seeds", "Seeds", 0),
        *notes(shown),
    ]  # fmt: skip
    return table_view(
        "identification-table", "Which measure tells networks apart", shown, columns,
        "Accuracy: how many networks are nearest to their own group in the other seeds, the own "
        "seed left out of all groups. AUC: how often two of one group are more alike than two of "
        "different groups. p: groups’ names permuted within seeds, the same permutations for all "
        f"measures. Frame 1 encodes the first stimulus, at frame {1 + n} the network is asked "
        f"about it; the others are in identification.csv. {standing_of(frame)}.",
    )  # fmt: skip


def _within(frame: pd.DataFrame, n: int) -> TableView:
    """Return what the measures say of networks of all tasks, of the least n."""
    own = frame[frame["diet"].isin(["mtmf", UNTRAINED]) & (frame["n"] == n)]
    asked = own["second"] == 1 + n
    own = own[asked | ((own["first"] == 0) & (own["second"] == 1))]
    shown = own.assign(first=own["first"].map({0: "perceptual", 1: "encoding"}),
                       second=own["second"].map({1: "encoding"}).fillna("memory"))  # fmt: skip
    shown = shown[shown["first"] != shown["second"]]
    columns = [
        words("network", "Network"), words("diet", "Diet"), words("first", "Between"),
        words("second", "and"), _MEASURE, numbers("mean", "Mean"),
        intervals("low", "high", "95% CI"), numbers("chance", "By chance"),
        numbers("seeds", "Seeds", 0),
    ]  # fmt: skip
    return table_view(
        "similarity-table", "Perceptual space, encoding and memory", shown, columns,
        f"Tasks of n = {n}, means over seeds. Perceptual: the vision model’s maps of the first "
        f"frame; encoding: states at that frame; memory: those at frame {1 + n}, when the network "
        "is asked about it. Further ages, n and diets are in similarity.csv, every two frames in "
        "the study’s table similarities.",
    )  # fmt: skip
