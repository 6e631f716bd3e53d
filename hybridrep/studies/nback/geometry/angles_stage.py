"""Orthogonalisation of a seed: of the perceptual space once, and of what each network makes of it.

All spaces of a seed are read from the same trials.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from hybridrep.analysis.decoders import in_own_span
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.decoding.stage import KEPT_OF
from hybridrep.studies.nback.decoding.states import (
    AnalysedNetwork,
    Analysis,
    analysed_network,
    analysis_of,
    state_needs,
)
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.geometry.angles import (
    Angle,
    Half,
    Settings,
    angles,
    angles_by_unit,
    halves,
)
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipes
from hybridrep.studies.nback.names import (
    FEATURES,
    SIMULATION,
    SPLITS,
    UNTRAINED,
    NBackTask,
    tasks_in_diet,
)
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

if TYPE_CHECKING:
    from hybridrep.studies.nback.config import Config
    from hybridrep.studies.nback.inputs import NBack, Objects

STAGE = Stage("nback_angles", module=__name__, noun="spaces", entry="nback_geometry",
              title="angles")  # fmt: skip

_SECONDS = 1e-3
"""Of a decoder, of a resampling and a task."""


def settings_of(config: Config) -> Settings:
    """Return how a configuration takes the index."""
    return Settings(config.analysis_trials, config.bootstraps, config.penalty, config.scaling)


@declared_once
def perceptual_node(study: NBack, seed: int) -> Node:
    """Declare the orthogonalisation of the vision model's maps, also at each network's size."""
    config = study.config
    sizes = {min(r.hidden, config.analysis_trials // 2 - 1) for r in recipes(config)}
    return STAGE.node(
        make_perceptual, study.inputs.stimuli.objects, seed, settings_of(config),
        tuple(sorted(sizes)), name="perceptual", seed=seed,
        seconds=_SECONDS * 400 * config.bootstraps, maps=features.nodes(study, "val_angle"),
    )  # fmt: skip


def make_perceptual(
    read: Reader, objects: tuple[Objects, ...], seed: int, settings: Settings,
    dimensions: tuple[int, ...],
) -> Made:  # fmt: skip
    """Take the index of the maps of the first frames; a table as `Angle`, `n` 0."""
    stimuli = objects[SPLITS.index("val_angle")].labels
    maps = features.read_features(read.store, read.keys["maps"])
    states = in_own_span(maps.reshape(len(maps), -1))
    found = angles(states, stimuli, settings, FEATURES, _drawn(stimuli, settings, seed), dimensions)
    return Made(tables={"orthogonality": _table(found, 0)})


@declared_once
def node(study: NBack, recipe: NetworkRecipe, seed: int) -> Node:
    """Declare the orthogonalisation of what a network makes of what it sees."""
    config = study.config
    tasks = _tasks(recipe)
    return STAGE.node(
        make, recipe, study.inputs.stimuli.objects, seed, settings_of(config), analysis_of(config),
        name=recipe.place, seed=seed,
        seconds=_SECONDS * recipe.hidden / 10 * config.bootstraps * len(tasks),
        about={"seed": seed, "architecture": recipe.name, "diet": recipe.diet},
        **state_needs(study, recipe, seed),
    )  # fmt: skip


def make(
    read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int,
    settings: Settings, analysis: Analysis,
) -> Made:  # fmt: skip
    """Take the index of the states after one frame, of each task's own feature."""
    network = analysed_network(read, recipe, objects, seed, analysis)
    stimuli = network.stimuli
    drawn = _drawn(stimuli, settings, seed)
    size = min(recipe.hidden, settings.trials // 2 - 1)
    tables = []
    for task in _tasks(recipe):
        states = first_states(network, task)
        found = [*angles(states, stimuli, settings, (task.feature,), drawn, (size,))]
        if recipe.diet == KEPT_OF:
            found += angles_by_unit(states, stimuli, settings, (task.feature,), drawn)
        tables.append(_table(found, task.n))
    return Made(tables={"orthogonality": pd.concat(tables, ignore_index=True)})


@torch.inference_mode()
def first_states(network: AnalysedNetwork, task: NBackTask) -> np.ndarray:
    """Return h after one frame of every distinct image, from a state of zeros: [images, hidden]."""
    stack = network.stack
    part = stack.image_part(network.images)
    count = part.shape[1]
    code = torch.from_numpy(network.recipe.code.of([task] * count)).to(stack.dtype).unsqueeze(0)
    frames = stack.frames(part, torch.arange(count).view(1, 1, count), code)
    return np.asarray(stack.recur(frames).output[0, 0].numpy())


def _tasks(recipe: NetworkRecipe) -> tuple[NBackTask, ...]:
    """Return the tasks that are read: of a network that was never trained those of the least n."""
    tasks = tasks_in_diet(recipe.diet, recipe.n_back)
    least = min(task.n for task in tasks)
    return tuple(task for task in tasks if recipe.diet != UNTRAINED or task.n == least)


def _drawn(stimuli: StimulusSet, settings: Settings, seed: int) -> Sequence[tuple[Half, Half]]:
    """Draw the resamplings of a seed, the same for all spaces; the first is for choosing C."""
    stream = generator(seed, SIMULATION, "orthogonality", simulation=SIMULATION)
    return [halves(stimuli, settings.trials, stream) for _ in range(settings.resamplings + 1)]


def _table(found: Iterable[Angle], n: int) -> pd.DataFrame:
    return pd.DataFrame([asdict(each) for each in found]).assign(n=n)
