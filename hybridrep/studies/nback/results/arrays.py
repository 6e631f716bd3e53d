"""The arrays that a seed's run holds of decoding, laid out from its long tables."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.studies.nback.decoding.stage import read_decoders
from hybridrep.studies.nback.names import (
    ALL_VALUES,
    CENTRINGS,
    FEATURES,
    INITIALS,
    ZSCORED,
    tasks_of,
)
from hybridrep.studies.nback.results.decoding import cells_across, feature_values
from hybridrep.studies.nback.results.tables import NBackTables

if TYPE_CHECKING:
    from hybridrep.execution.stored import StoredResult
    from hybridrep.studies.nback.memory.networks import NetworkRecipe


_SUFFIXES = {"h": "", "c": "_cell", "z": ZSCORED}
"""How arrays of a space are called."""


def npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return arrays as a compressed npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _of(table: pd.DataFrame, recipe: NetworkRecipe) -> pd.DataFrame:
    return table[
        (table["architecture"] == recipe.architecture) & (table["hidden"] == recipe.hidden)
        & (table["diet"] == recipe.diet)
    ]  # fmt: skip


def _names(recipe: NetworkRecipe) -> dict[str, np.ndarray]:
    return {
        "tasks": np.array([task.name for task in tasks_of(recipe.n_back)]),
        "features": np.array(FEATURES),
    }  # fmt: skip


def _task_numbers(recipe: NetworkRecipe, n: pd.Series, feature: pd.Series) -> np.ndarray:
    """Return the number of each row's task."""
    known = {(task.n, task.feature): place for place, task in enumerate(tasks_of(recipe.n_back))}
    return np.array([known[int(a), b] for a, b in zip(n, feature, strict=True)], dtype=np.int64)


def _feature_numbers(of: pd.Series) -> np.ndarray:
    return of.map({name: place for place, name in enumerate(FEATURES)}).to_numpy(np.int64)


def cross_task_arrays(tables: NBackTables, recipe: NetworkRecipe) -> dict[str, np.ndarray]:
    """Return M [3, tasks, tasks]: decoded feature, fitted task, tested task, at the first frame.

    `M`, and `M_uncentred` with the fitting task's mean taken out, of independent trials; of an
    LSTM's cell `M_cell`, `M_uncentred_cell`, of z-scored units `M_zscored`, `M_uncentred_zscored`;
    `by_frame` [frames, 3, tasks, tasks] at later frames.
    """
    own = _of(tables.cross_task, recipe)
    own = own[own["set"] == "independent"]
    count = len(tasks_of(recipe.n_back))
    found = _names(recipe)
    for space in dict.fromkeys(own["space"]):
        for centring in CENTRINGS:
            mine = own[(own["space"] == space) & (own["centring"] == centring)]
            matrix = np.full((int(mine["time"].max()), len(FEATURES), count, count), np.nan)
            matrix[
                mine["time"] - 1, _feature_numbers(mine["decoded"]),
                _task_numbers(recipe, mine["fitted_n"], mine["fitted_feature"]),
                _task_numbers(recipe, mine["tested_n"], mine["tested_feature"]),
            ] = mine["score"]  # fmt: skip
            suffix = "" if centring == "own" else "_uncentred"
            suffix += _SUFFIXES[space]
            found[f"M{suffix}"] = matrix[0]
            if not suffix:
                found["by_frame"] = matrix
    return found


def across_time_arrays(tables: NBackTables, recipe: NetworkRecipe) -> dict[str, np.ndarray]:
    """Return scores by stimulus and time, NaN where there is no such cell.

    `across_independent`, `across_paper`, `predicted` [tasks, S, T]: decoders of a stimulus' own
    frame, of the feature that the task asks about, at later frames; `within_SET` [tasks, 3, S, T]:
    decoders fitted at the same time; `current` [tasks, S, S]: those of one stimulus' frame at
    another's, reading that one.
    """
    own = _of(tables.decoding, recipe)
    own = own[(own["value"] == ALL_VALUES) & (own["space"] == "h")]
    count, steps = len(tasks_of(recipe.n_back)), int(own["time"].max())
    found = _names(recipe)
    cells = cells_across(own, feature_values(tables))
    at = (
        _task_numbers(recipe, cells["n"], cells["feature"]), cells["stimulus"] - 1,
        cells["time"] - 1,
    )  # fmt: skip
    for name in ("independent", "paper", "predicted"):
        array = np.full((count, steps, steps), np.nan)
        array[at] = cells[name]
        found[name if name == "predicted" else f"across_{name}"] = array
    for kind, mine in own[own["measure"] == "balanced"].groupby("set", sort=False):
        array = np.full((count, len(FEATURES), steps, steps), np.nan)
        array[
            _task_numbers(recipe, mine["n"], mine["feature"]), _feature_numbers(mine["decoded"]),
            mine["stimulus"] - 1, mine["time"] - 1,
        ] = mine["score"]  # fmt: skip
        found[f"within_{kind}"] = array
    current = own[
        (own["measure"] == "current") & (own["feature"] == own["decoded"])
        & (own["set"] == "independent")
    ]  # fmt: skip
    array = np.full((count, steps, steps), np.nan)
    array[
        _task_numbers(recipe, current["n"], current["feature"]), current["stimulus"] - 1,
        current["time"] - 1,
    ] = current["score"]  # fmt: skip
    return {**found, "current": array}


def decoder_arrays(result: StoredResult) -> dict[str, np.ndarray]:
    """Return a network's decoders: `W_L` [tasks, S, T, K, units], `b_L`, ..., what they take.

    A state h of a task at a time T is read as W (h - mean[task, T]) / scale + b. Of an LSTM also of
    its cell: `W_L_cell`, ...; of z-scored units, in the coordinates of h, `W_L_zscored`, ....
    """
    found = {}
    for space in result.meta["spaces"]:
        fitted, suffix = read_decoders(result, space), _SUFFIXES[space]
        for name in FEATURES:
            found[f"W_{INITIALS[name]}{suffix}"] = fitted.normals[name].astype(np.float32)
            found[f"b_{INITIALS[name]}{suffix}"] = fitted.biases[name].astype(np.float32)
        found[f"mean{suffix}"] = fitted.centring.means
        found[f"scale{suffix}"] = np.array(fitted.centring.scale)
    return {**found, "tasks": np.array(result.meta["tasks"])}
