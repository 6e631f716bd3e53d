"""Perceptual decoding: how well the training frames' maps say what is shown, once for all seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.features.decodability import decodability, mean_colours
from hybridrep.studies.nback.names import LOCATIONS, SIMULATION
from hybridrep.studies.nback.stimuli import stage as stimuli_stage

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import NBack, Objects

STAGE = Stage("nback_perceptual", module=__name__, noun="decodings", entry="nback_stimuli",
              title="perceptual decoding")  # fmt: skip


@declared_once
def node(study: NBack) -> Node:
    """Declare the decoding of the training frames' maps."""
    objects = study.inputs.stimuli.objects[0]
    frames = len(objects.labels)
    return STAGE.node(
        make, objects, study.config.stimulus_seed, seconds=frames * 0.01,
        maps=features.nodes(study, "train"), patches=stimuli_stage.patches(study, "train"),
    )  # fmt: skip


def make(read: Reader, objects: Objects, stimulus_seed: int) -> Made:
    """Decode them: a table as `decodability` returns it."""
    maps = features.read_features(read.store, read.keys["maps"])
    colours = mean_colours(read["patches"].arrays("patches")["rgba"])
    stream = generator(stimulus_seed, "perceptual", simulation=SIMULATION)
    table = decodability(maps, np.repeat(colours, len(LOCATIONS), axis=0), objects.labels, stream)
    return Made(tables={"decodability": table})
