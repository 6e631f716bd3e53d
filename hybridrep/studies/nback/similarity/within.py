"""What the measures say within a network: perceptual space, encoding, memory, and time by time.

On the trials that all networks share (`similarity.items`). Compared are the vision model's maps of
the first frame with the states at every frame, and the states of every two frames: those of frame 1
encode the first stimulus, those of later frames hold it at ages 1, 2, .... The states of the tasks
of the least n are kept, by which networks are compared with each other (`similarity.across`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Float32, Int

from hybridrep.analysis.centring import taken
from hybridrep.analysis.record import CORE, Measure
from hybridrep.randomness import torch_generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.decoding.states import (
    AnalysedNetwork,
    Analysis,
    analysed_network,
    state_needs,
)
from hybridrep.studies.nback.memory.networks import NetworkRecipe
from hybridrep.studies.nback.names import SIMULATION, UNTRAINED, NBackTask, tasks_in_diet
from hybridrep.studies.nback.similarity import items

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import NBack, Objects

STAGE = Stage("nback_similarity", module=__name__, noun="networks", entry="nback_geometry",
              title="similarity")  # fmt: skip

COMPARED_BY = tuple(key for key in CORE if key != "ridge_r2")
"""The measures: one of each view. Ridge regression takes ten times as long as all the others."""

COLUMNS = ("n", "feature", "first", "second", "measure", "value", "chance")

_SECONDS = 0.1
"""Of a task's states at 256 units, a first guess."""


@declared_once
def node(study: NBack, recipe: NetworkRecipe, seed: int) -> Node:
    """Declare what the measures say of a network of a seed."""
    return STAGE.node(
        make, recipe, study.inputs.stimuli.objects, seed, study.config.steps, name=recipe.place,
        seed=seed, seconds=_SECONDS * recipe.hidden / 256 * len(_told(recipe)),
        about={"seed": seed, "architecture": recipe.name, "diet": recipe.diet},
        shared=items.node(study), **state_needs(study, recipe, seed),
    )  # fmt: skip


def make(
    read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int, steps: int
) -> Made:
    """Measure the states of each task, a table of `COLUMNS`; keep those of the least n.

    Kept are `states`, by task's name: float32 [frames, items, units].
    """
    from hybridrep.analysis.measures import measures_of_two

    network = analysed_network(read, recipe, objects, seed, Analysis(0, steps=steps))
    shared = read["shared"].arrays("items")
    order = items.other_order(len(shared["image"]))
    measures = measures_of_two(COMPARED_BY)
    tables, kept = [], {}
    for task, states in shown_states(network, shared["image"]):
        if task.n == min(recipe.n_back):
            kept[task.name] = states
        for measure in measures:
            found = measured(measure, shared["perceptual"], states, order)
            tables.append(found.assign(n=task.n, feature=task.feature, measure=measure.key))
    table = pd.concat(tables, ignore_index=True)[[*COLUMNS]]
    return Made(arrays={"states": kept} if kept else {}, tables={"similarities": table})


def _told(recipe: NetworkRecipe) -> tuple[NBackTask, ...]:
    """Return the tasks that a network is told; one that was never trained those of the least n."""
    least = min(recipe.n_back)
    every = tasks_in_diet(recipe.diet, recipe.n_back)
    return tuple(task for task in every if recipe.diet != UNTRAINED or task.n == least)


@torch.inference_mode()
def shown_states(
    network: AnalysedNetwork, image: Int[np.ndarray, "items steps"]
) -> list[tuple[NBackTask, Float32[np.ndarray, "steps items units"]]]:
    """Return h at every frame of the shared trials, by the task that the network is told."""
    stack, recipe = network.stack, network.recipe
    part = stack.image_part(network.images)
    seen = torch.from_numpy(np.ascontiguousarray(image.T)).to(stack.device).unsqueeze(0)
    found = []
    for task in _told(recipe):
        codes = torch.from_numpy(recipe.code.of([task] * len(image)))
        first = torch_generator(
            network.seed, *recipe.stream, "similarity", task.name, simulation=SIMULATION
        )
        told = codes.to(stack.device, stack.dtype).unsqueeze(0)
        output = network.hidden(part, seen, told, first).output[0]
        found.append((task, np.ascontiguousarray(output.cpu().numpy(), dtype=np.float32)))
    return found


def measured(
    measure: Measure, perceptual: Float[np.ndarray, "items dim"],
    states: Float[np.ndarray, "steps items units"], order: Int[np.ndarray, " items"],
) -> pd.DataFrame:  # fmt: skip
    """Compare the perceptual space with every frame's states, and every two frames'.

    Args:
        measure: symmetric, with sides that are described once.
        perceptual: of the first frame.
        states: at every frame, of the same items.
        order: of the second side's items, which chance is taken from where it has no formula.

    Returns:
        Columns `first` (0: the perceptual space), `second` (frames, from 1), `value`, `chance`.

    Example:
        >>> from hybridrep.analysis import MEASURES
        >>> rng = np.random.default_rng(0)
        >>> held = np.repeat(rng.normal(size=(1, 30, 5)), 2, axis=0)
        >>> found = measured(MEASURES["cka"], held[0] * 3, held, rng.permutation(30))
        >>> found["value"].round(6).tolist(), found["first"].tolist(), found["second"].tolist()
        ([1.0, 1.0, 1.0], [0, 0, 1], [1, 2, 2])
    """
    assert measure.describe is not None
    assert measure.score is not None
    seen, held = measure.describe(perceptual[None]), measure.describe(states)
    frames = np.arange(len(states))
    one, other = np.triu_indices(len(states), 1)
    pairs = ((taken(seen, np.zeros_like(frames)), frames), (taken(held, one), other))
    scores = [each for side, of in pairs for each in measure.score(side, taken(held, of))]
    value = np.array([each.value for each in scores])
    chance = np.array([each.chance for each in scores])
    if measure.chance == "permutation" and measure.compare is not None:
        moved = measure.describe(states[:, order])
        chance = np.concatenate([measure.compare(side, taken(moved, of)) for side, of in pairs])
    return pd.DataFrame({
        "first": [*np.zeros_like(frames), *(one + 1)], "second": [*(frames + 1), *(other + 1)],
        "value": value, "chance": np.where(np.isfinite(value), chance, np.nan),
    })  # fmt: skip
