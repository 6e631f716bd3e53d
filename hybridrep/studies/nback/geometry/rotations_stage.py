"""Rotations of decoders over time, of every network on both analysis sets (Fig. 4f, 4g, A4).

Of each task its own feature is followed, as long as it must be kept: up to an age of n frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.analysis.generalisation import StateCentring, centring_of
from hybridrep.analysis.rotations import Cell, DecodersAt, rotation_scores
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.decoding.network import Decoding, FittedDecoders, centred
from hybridrep.studies.nback.decoding.states import (
    AnalysedNetwork,
    Analysis,
    TaskStates,
    analysed_network,
)
from hybridrep.studies.nback.geometry.decoders import decoders_by_space, node_of_decoders
from hybridrep.studies.nback.geometry.trajectories import trajectories
from hybridrep.studies.nback.memory.networks import NetworkRecipe
from hybridrep.studies.nback.names import SIMULATION
from hybridrep.studies.nback.tasks.trials import MATCH_SHARES, AnalysisSet

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import NBack, Objects

STAGE = Stage("nback_rotations", module=__name__, noun="networks", entry="nback_geometry",
              title="rotations")  # fmt: skip


@declared_once
def node(study: NBack, recipe: NetworkRecipe, seed: int) -> Node:
    """Declare the rotations of a network's decoders, and its trajectories."""
    return node_of_decoders(STAGE, make, study, recipe, seed)


def make(
    read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int,
    analysis: Analysis, decoding: Decoding,
) -> Made:  # fmt: skip
    """Score turned decoders: a row a space, set, task, stimulus, time and measure."""
    network = analysed_network(read, recipe, objects, seed, analysis)
    rows: list[dict[str, object]] = []
    fitted = decoders_by_space(read, network, decoding)
    shown: dict[str, np.ndarray] = {}
    for which in MATCH_SHARES:
        tested = network.states(which, "test")
        shown = shown or trajectories(tested)
        for space, decoders in fitted.items():
            stream = generator(seed, *recipe.stream, "rotations", space, which,
                               simulation=SIMULATION)  # fmt: skip
            centring = _centring(network, which, space, decoders)
            for number in range(len(tested.tasks)):
                rows += [
                    {"space": space, "set": which, **each}
                    for each in _of_task(tested, decoders, centring, space, number, stream)
                ]
    return Made(tables={"rotations": pd.DataFrame(rows)}, arrays={"trajectories": shown})


def _centring(
    network: AnalysedNetwork, which: AnalysisSet, space: str, fitted: FittedDecoders
) -> StateCentring:
    """Return the means of a set's own trials, and the scale of the decoders."""
    if which == "independent":
        return fitted.centring
    means = centring_of(network.states(which, "fit").of(space)).means
    return StateCentring(means, fitted.centring.scale)


def _of_task(
    tested: TaskStates, fitted: FittedDecoders, centring: StateCentring, space: str, number: int,
    stream: np.random.Generator,
) -> list[dict[str, object]]:  # fmt: skip
    """Return the scores of one task; frames are counted from 1."""
    task = tested.tasks[number]
    labels = tested.labels[number, :, :, task.feature_number]
    x = centred(tested.of(space), number, centring)
    steps, found = x.shape[1], fitted.of(number, task.feature)
    reads: dict[Cell, DecodersAt] = {
        (i, j): DecodersAt(found.normals[i, j], found.biases[i, j], x[:, j], labels[:, i])
        for i in range(steps)
        for j in range(i, min(steps, i + task.n + 1))
        if _has_shape(found.normals[i, j])
    }
    return [
        {
            "n": task.n, "feature": task.feature, "stimulus": each.stimulus + 1,
            "time": each.time + 1, "measure": each.measure, "score": each.score,
        }
        for each in rotation_scores(reads, steps, task.n, stream)
    ]  # fmt: skip


def _has_shape(normals: np.ndarray) -> bool:
    """Tell whether all values were decoded, and not all alike."""
    return bool(np.isfinite(normals).all() and np.ptp(normals, axis=0).any())
