"""What decoding says of a network in single numbers: the metrics of a seed's run.

Everything within a seed is averaged here: tasks, values, stimuli, times. Of decoders of a feature
the mean over its values counts; where one could not be computed, neither could the mean (NaN).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from hybridrep.analysis.generalisation import label_agreement, normalised, predicted_accuracy
from hybridrep.studies.nback.names import ALL_VALUES, LOCATIONS, ZSCORED
from hybridrep.studies.nback.results.performance import NETWORK, with_names
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.tasks.trials import MATCH_SHARES

NETWORKS = ["seed", *NETWORK]

FOUND = (*NETWORKS, "name", "measure", "step", "value")
"""Columns of numbers of seeds: which network, by its name, which number, and of which step."""

WHOLE = "mtmf"
"""The diet of all tasks."""

SUFFIXES = {
    ("h", "own"): "", ("h", "fitting"): "_uncentred", ("c", "own"): "_cell",
    ("c", "fitting"): "_uncentred_cell",
}  # fmt: skip
"""How names end, by the space and by whose mean is taken out of another task's states."""


@lru_cache(maxsize=2)  # two studies are compared most often
def decoding_numbers(tables: NBackTables) -> pd.DataFrame:
    """Return the numbers of every seed and network, columns `FOUND`; computed once a study."""
    return _numbers(tables.decoding, tables.cross_task, tables)


def zscored_numbers(tables: NBackTables) -> pd.DataFrame:
    """Return the same numbers of decoders of z-scored units, each named `..._zscored`.

    They are there beside those of the main scaling, with `scaling=both`.
    """
    both = (tables.decoding, tables.cross_task)
    own, crossed = (each[each["space"] == "z"].assign(space="h") for each in both)
    if not len(own):
        return pd.DataFrame(columns=list(FOUND))
    found = _numbers(own, crossed, tables)
    return found.assign(measure=found["measure"].astype(str) + ZSCORED)


@lru_cache(maxsize=2)
def every_number(tables: NBackTables) -> pd.DataFrame:
    """Return the numbers of both scalings, where both were wanted; else those that there are."""
    both = (decoding_numbers(tables), zscored_numbers(tables))
    return pd.concat([each for each in both if len(each)] or both[:1], ignore_index=True)


def _numbers(
    decoding: pd.DataFrame, crossed: pd.DataFrame, tables: NBackTables
) -> pd.DataFrame:  # fmt: skip
    own = decoding[decoding["value"] == ALL_VALUES]
    parts = [
        first_step(own), cross_task(crossed), across_time(own, feature_values(tables)),
        encoding_shared(own), retained(own),
    ]  # fmt: skip
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(FOUND))
    found = pd.concat(filled, ignore_index=True).assign(step=lambda t: t["step"].fillna(0))
    return with_names(found.astype({"step": int}), tables)[list(FOUND)]


def strict_mean(values: pd.Series) -> float:
    """Return the mean; NaN if a value is, or if there is none."""
    return float(values.mean(skipna=False)) if len(values) else float("nan")


def _means(table: pd.DataFrame, measure: str, by: list[str] | None = None) -> pd.DataFrame:
    """Return the mean score of each network (and each of `by`) under the name of a measure."""
    keys = [*NETWORKS, *(by or [])]
    grouped = table.groupby(keys, sort=False)["score"].agg(["mean", "count", "size"])
    value = grouped["mean"].where(grouped["count"] == grouped["size"])
    return value.rename("value").reset_index().assign(measure=measure, step=0)


def first_step(table: pd.DataFrame) -> pd.DataFrame:
    """6.2: how well the first frame is read at once, for tasks of the network's least n.

    `irrelevant_crossed` leaves out categories read in identity tasks and identities in category
    tasks, which nest; `identity_within_category` is of tasks that do not ask for the identity.
    """
    at = table[
        (table["space"] == "h") & (table["set"] == "independent") & (table["stimulus"] == 1)
        & (table["time"] == 1)
    ]  # fmt: skip
    at = at[at["n"] == at.groupby(NETWORKS)["n"].transform("min")]
    balanced = at[at["measure"] == "balanced"]
    asked = balanced["feature"] == balanced["decoded"]
    nested = balanced["feature"].isin(["identity", "category"]) & balanced["decoded"].isin(
        ["identity", "category"]
    )
    within = at[(at["measure"] == "within_category") & (at["feature"] != "identity")]
    return pd.concat(
        [
            _means(balanced[asked], "first_step/relevant"),
            _means(balanced[~asked], "first_step/irrelevant"),
            _means(balanced[~asked & ~nested], "first_step/irrelevant_crossed"),
            _means(within, "first_step/identity_within_category"),
        ]
    )  # fmt: skip


def cross_task(table: pd.DataFrame, diet: str = WHOLE) -> pd.DataFrame:
    """6.3: decoders of the first frame on other tasks, of networks of a diet of all tasks.

    Decoders of the feature that their own task asks about; `validation` on that task, `other_n` on
    those that ask about the same feature further or less far back, `other_feature` on the rest.
    """
    at = table[
        (table["diet"] == diet) & (table["set"] == "independent") & (table["time"] == 1)
        & (table["decoded"] == table["fitted_feature"])
    ]  # fmt: skip
    parts: list[pd.DataFrame] = []
    for (space, centring), suffix in SUFFIXES.items():
        mine = at[(at["space"] == space) & (at["centring"] == centring)]
        alike = mine["tested_feature"] == mine["fitted_feature"]
        same = alike & (mine["tested_n"] == mine["fitted_n"])
        found = {
            name: _means(mine[rows], f"cross_task/{name}{suffix}")
            for name, rows in (
                ("validation", same), ("other_n", alike & ~same), ("other_feature", ~alike),
            )
        }  # fmt: skip
        parts += found.values()
        share = found["validation"].merge(found["other_feature"], on=NETWORKS)
        value = [normalised(o, v) for o, v in zip(share["value_y"], share["value_x"], strict=True)]
        parts.append(
            share[NETWORKS].assign(value=value, measure=f"cross_task/normalised{suffix}", step=0)
        )
    return pd.concat(parts)


Where = Callable[[pd.DataFrame], pd.Series]

CELLS: dict[str, Where] = {
    "executive": lambda t: t["time"] == t["stimulus"] + t["n"],
    "non_executive": lambda t: t["time"] != t["stimulus"] + t["n"],
    "waiting": lambda t: t["time"] < t["stimulus"] + t["n"],
    "after": lambda t: t["time"] > t["stimulus"] + t["n"],
}
"""Cells of a stimulus and a later time: at which the network answers about it, and the others."""


def feature_values(tables: NBackTables) -> dict[str, int]:
    """Return how many values each feature has in a study."""
    config = tables.meta["config"]
    kinds, each = int(config["categories"]), int(config["identities"])
    return {"location": len(LOCATIONS), "identity": kinds * each, "category": kinds}


def cells_across(table: pd.DataFrame, values: Mapping[str, int]) -> pd.DataFrame:
    """6.5: of decoders fitted at a stimulus' own frame, what they read of it later, and why.

    One row a network, task (of what it asks about), stimulus and later time: columns
    `independent`, `paper`, and `predicted`, what the agreement of the labels of the `paper` set
    alone gives a decoder that reads what is shown now as well as this one does.
    """
    own = table[(table["space"] == "h") & (table["feature"] == table["decoded"])]
    keys = [*NETWORKS, "n", "feature", "stimulus", "time"]
    across = own[own["measure"] == "across"]
    wide = across.pivot(index=keys, columns="set", values="score")
    current = own[(own["measure"] == "current") & (own["set"] == "independent")]
    read = current.set_index(keys)["score"].reindex(wide.index)
    found = wide.assign(read=read).reset_index()
    match = MATCH_SHARES["paper"]
    found["predicted"] = [
        _predicted(lag, n, values[feature], read, float(match))
        for lag, n, feature, read in zip(
            found["time"] - found["stimulus"], found["n"], found["feature"], found["read"],
            strict=True,
        )
    ]  # fmt: skip
    return found


def _predicted(lag: int, n: int, values: int, read: float, match: float) -> float:
    if lag % n:
        return 0.5  # labels that no match connects are independent
    return predicted_accuracy(label_agreement(match, values, lag // n), values, read)


def across_time(table: pd.DataFrame, values: Mapping[str, int]) -> pd.DataFrame:
    """6.5 in numbers: means over tasks and cells, of both sets and as predicted."""
    if not len(table):
        return pd.DataFrame(columns=list(FOUND))
    cells = cells_across(table, values)
    parts = []
    for name, where in CELLS.items():
        some = cells[where(cells)]
        for kind in ("paper", "independent", "predicted"):
            scores = some[[*NETWORKS, kind]].rename(columns={kind: "score"})
            parts.append(_means(scores, f"across_time/{name}/{kind}"))
    return pd.concat(parts)


def encoding_shared(table: pd.DataFrame) -> pd.DataFrame:
    """6.6: decoders of one frame's stimulus on their own frame, and on what others show.

    `loaded`: without the first frame, when nothing has to be remembered yet.
    """
    own = table[
        (table["space"] == "h") & (table["feature"] == table["decoded"])
        & (table["set"] == "independent")
    ]  # fmt: skip
    kinds = {
        "validation": own[(own["measure"] == "balanced") & (own["stimulus"] == own["time"])],
        "generalisation": own[own["measure"] == "current"],
    }
    parts = []
    for name, some in kinds.items():
        parts.append(_means(some, f"encoding_shared/{name}"))
        loaded = some[(some["stimulus"] > 1) & (some["time"] > 1)]
        parts.append(_means(loaded, f"encoding_shared/{name}_loaded"))
    return pd.concat(parts)


def retained(table: pd.DataFrame) -> pd.DataFrame:
    """A5: decoders fitted and tested at one time, by how old the stimulus is (the step)."""
    own = table[
        (table["space"] == "h") & (table["measure"] == "balanced")
        & (table["set"] == "independent")
    ]  # fmt: skip
    own = own.assign(step=own["time"] - own["stimulus"])
    asked = own["feature"] == own["decoded"]
    parts = []
    for name, rows in (("relevant", asked), ("irrelevant", ~asked)):
        found = _means(own[rows].rename(columns={"step": "age"}), f"retained/{name}", ["age"])
        parts.append(found.assign(step=found["age"]).drop(columns="age"))
    return pd.concat(parts)


def metric_keys(found: pd.DataFrame) -> pd.Series:
    """Return the name of each number among a run's metrics: `first_step/gru/mtmf/relevant`."""
    part = found["measure"].str.partition("/")
    diet = np.where(part[0] == "cross_task", "", "/" + found["diet"])
    return part[0] + "/" + found["name"] + diet + "/" + part[2]


def values_of(
    found: pd.DataFrame, measure: str, name: str, diet: str = WHOLE, step: int = 0
) -> pd.Series:
    """Return one number a seed of a network, indexed by seed; empty where there is none."""
    mine = found[
        (found["measure"] == measure) & (found["name"] == name) & (found["diet"] == diet)
        & (found["step"] == step)
    ]  # fmt: skip
    return mine.set_index("seed")["value"].astype(np.float64)
