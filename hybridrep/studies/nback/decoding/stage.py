"""What decoders read from every network of a seed: one result, and so one task, for each.

Filed are the scores as long tables and, of networks of all tasks, the decoders themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hybridrep.analysis.generalisation import StateCentring
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.decoding.network import (
    Decoding,
    FittedDecoders,
    read_network_states,
)
from hybridrep.studies.nback.decoding.states import (
    Analysis,
    analysed_network,
    analysis_of,
    state_needs,
)
from hybridrep.studies.nback.names import FEATURES, tasks_in_diet

if TYPE_CHECKING:
    from hybridrep.execution.stored import StoredResult
    from hybridrep.studies.nback.config import Config
    from hybridrep.studies.nback.inputs import NBack, Objects
    from hybridrep.studies.nback.memory.networks import NetworkRecipe

STAGE = Stage("nback_decode", module=__name__, noun="networks", title="decode")

KEPT_OF = "mtmf"
"""The diet whose networks' decoders are filed, and whose cells are read, too."""

_FIT_SECONDS = 3e-3
"""Of one decoder on 1,200 trials of 128 units, a first guess."""


def decoding_of(config: Config) -> Decoding:
    """Return how a study's decoders are fitted."""
    return Decoding(config.penalty, config.scaling, config.cv)


def spaces_of(recipe: NetworkRecipe, decoding: Decoding) -> tuple[str, ...]:
    """Return the spaces that are read: `h`; of networks of all tasks an LSTM's cell `c`, and `z`.

    `z`, h with each unit by its own SD, is read where both scalings are wanted.
    """
    if recipe.diet != KEPT_OF:
        return ("h",)
    further = {"c": recipe.architecture == "lstm", "z": decoding.scaling == "both"}
    return ("h", *(space for space, there in further.items() if there))


@declared_once
def node(study: NBack, recipe: NetworkRecipe, seed: int) -> Node:
    """Declare what is read from a network of a seed."""
    config = study.config
    analysis, decoding = analysis_of(config), decoding_of(config)
    cells = config.steps * (config.steps + 1) / 2 * len(tasks_in_diet(recipe.diet, recipe.n_back))
    fits = cells * sum(study.inputs.stimuli.labels("val_angle").values(f) for f in FEATURES)
    size = (recipe.hidden / 128) ** 2 * analysis.trials / 1200 * len(spaces_of(recipe, decoding))
    return STAGE.node(
        make, recipe, study.inputs.stimuli.objects, seed, analysis, decoding,
        name=recipe.place, seed=seed, seconds=2 + fits * _FIT_SECONDS * size * (1 + decoding.folds),
        about={"seed": seed, "architecture": recipe.name, "diet": recipe.diet},
        **state_needs(study, recipe, seed),
    )  # fmt: skip


def make(
    read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int,
    analysis: Analysis, decoding: Decoding,
) -> Made:  # fmt: skip
    """Fit and test a network's decoders."""
    network = analysed_network(read, recipe, objects, seed, analysis)
    found = read_network_states(network, decoding, spaces_of(recipe, decoding))
    arrays = {}
    if recipe.diet == KEPT_OF:
        arrays = {space: _arrays(each) for space, each in found.decoders.items()}
    tables = {"decoding": found.decoding}
    if len(found.cross_task):
        tables["cross_task"] = found.cross_task
    return Made(
        arrays=arrays, tables=tables,
        meta={
            "tasks": [task.name for task in network.tasks], "spaces": list(found.decoders),
            "kept": found.kept, "notes": list(found.notes),
            "penalty": {s: each.penalty.tolist() for s, each in found.decoders.items()},
        },
    )  # fmt: skip


def _arrays(fitted: FittedDecoders) -> dict[str, np.ndarray]:
    """Return decoders as they are filed: normals and biases in float32."""
    arrays = {"means": fitted.centring.means, "scale": np.array(fitted.centring.scale),
              "penalty": fitted.penalty}  # fmt: skip
    for name in FEATURES:
        arrays[f"{name}_normals"] = fitted.normals[name].astype(np.float32)
        arrays[f"{name}_biases"] = fitted.biases[name].astype(np.float32)
    return arrays


def read_decoders(result: StoredResult, space: str = "h") -> FittedDecoders:
    """Read the filed decoders of a network of all tasks back, in float64."""
    stored = result.arrays(space)
    found: dict[str, dict[str, np.ndarray]] = {
        kind: {name: stored[f"{name}_{kind}"].astype(np.float64) for name in FEATURES}
        for kind in ("normals", "biases")
    }
    centring = StateCentring(stored["means"], float(stored["scale"]))
    return FittedDecoders(found["normals"], found["biases"], centring, stored["penalty"])
