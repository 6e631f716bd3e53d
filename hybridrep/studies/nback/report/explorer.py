"""What the interactive view of the page draws from: one seed's decoding and trajectories."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.reporting.style import CLASS_COLOURS, CLASS_COLOURS_DARK
from hybridrep.studies.nback.geometry import rotations_stage
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipes
from hybridrep.studies.nback.names import ALL_VALUES, LOCATIONS, UNTRAINED, NBackTask, tasks_in_diet
from hybridrep.studies.nback.results.tables import NBackTables

KINDS = (
    ("within", "decoders fitted at the same frame"),
    ("across", "decoders of the stimulus’ own frame"),
)
"""Matrices that can be chosen, and how they are called."""

SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "star")
"""plotly's names of the markers of values."""


def explorer_data(study: NBack, tables: NBackTables) -> str:
    """Return the JSON that the interactive view draws from; empty where there is nothing.

    It is of the first complete seed, and holds every trained network.
    """
    if not tables.seeds or not len(tables.rotations):
        return ""
    seed, objects = tables.seeds[0], study.inputs.stimuli.objects[1]
    networks = [
        _network(study, tables, recipe, seed)
        for recipe in recipes(study.config)
        if recipe.diet != UNTRAINED
    ]
    return json.dumps(
        {
            "seed": seed, "steps": study.config.steps, "networks": networks, "kinds": KINDS,
            "values": {
                "location": [name.replace("_", " ") for name in LOCATIONS],
                "identity": list(objects.identities), "category": list(objects.categories),
            },
            "symbols": SYMBOLS,
            "colours": {"light": CLASS_COLOURS, "dark": CLASS_COLOURS_DARK},
        },
        separators=(",", ":"),
    )  # fmt: skip


def _network(study: NBack, tables: NBackTables, recipe: NetworkRecipe, seed: int) -> dict[str, Any]:
    drawn = study.open(rotations_stage.node(study, recipe, seed)).arrays("trajectories")
    own = tables.decoding
    own = own[
        (own["seed"] == seed) & (own["architecture"] == recipe.architecture)
        & (own["hidden"] == recipe.hidden) & (own["diet"] == recipe.diet) & (own["space"] == "h")
        & (own["value"] == ALL_VALUES) & (own["set"] == "independent")
        & (own["feature"] == own["decoded"])
    ]  # fmt: skip
    steps = study.config.steps
    return {
        "name": recipe.place, "label": f"{recipe.name}, {recipe.diet}",
        "tasks": [
            {
                "name": task.name, "label": f"{task.n}-back {task.feature}", "n": task.n,
                "feature": task.feature, **_matrices(own, task, steps),
                **{
                    name: _rounded(drawn[f"{task.name}/{name}"])
                    for name in ("means", "points", "labels", "variance")
                },
            }
            for task in tasks_in_diet(recipe.diet, recipe.n_back)
        ],
    }  # fmt: skip


def _matrices(own: pd.DataFrame, task: NBackTask, steps: int) -> dict[str, Any]:
    """Return balanced accuracies by stimulus and frame, of both kinds of decoder."""
    mine = own[(own["n"] == task.n) & (own["feature"] == task.feature)]
    found = {}
    for kind, _ in KINDS:
        cells = np.full((steps, steps), np.nan)
        encoding = (mine["measure"] == "balanced") & (mine["stimulus"] == mine["time"])
        shown = mine["measure"] == ("balanced" if kind == "within" else "across")
        some = mine[shown | encoding]
        cells[some["stimulus"] - 1, some["time"] - 1] = some["score"]
        found[kind] = _rounded(cells)
    return found


def _rounded(values: np.ndarray) -> Any:
    """Return an array as nested lists in thousandths; what is not there is null."""
    if values.dtype.kind == "i":
        return values.tolist()

    def plain(part: Any) -> Any:
        if isinstance(part, list):
            return [plain(each) for each in part]
        return round(part, 3) if math.isfinite(part) else None

    return plain(np.asarray(values, dtype=np.float64).tolist())
