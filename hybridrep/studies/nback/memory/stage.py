"""The trained networks of a seed: one result, and so one task, for each.

They are trained one a process, each on one thread. Several as one stack would take a sixth to a
quarter less at 128 units (and nothing from 256 on), but sums over a stack are rounded otherwise:
a network's last bits would depend on which others were missing when it was trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from hybridrep.randomness import generator, torch_generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.memory import front_end
from hybridrep.studies.nback.memory.model import MemoryConfig, MemoryStack
from hybridrep.studies.nback.memory.networks import NetworkRecipe
from hybridrep.studies.nback.memory.training import Learner, Seen, train_memory
from hybridrep.studies.nback.names import CHECKED, SIMULATION, SPLITS, tasks_in_diet

if TYPE_CHECKING:
    from hybridrep.execution.stored import StoredResult
    from hybridrep.studies.nback.inputs import NBack, Objects

STAGE = Stage("nback_train", module=__name__, noun="networks", title="train")


@declared_once
def node(study: NBack, recipe: NetworkRecipe, seed: int) -> Node:
    """Declare a trained network of a seed."""
    if recipe.front_end == "pca":
        needs: dict[str, Any] = {"components": front_end.node(study)}
    else:
        needs = {split: features.nodes(study, split) for split in SPLITS}
    return STAGE.node(
        make, recipe, study.inputs.stimuli.objects, seed, **needs, name=recipe.label, seed=seed,
        device=study.config.device,
        seconds=recipe.seconds(study.config.components),
        about={"seed": seed, "architecture": recipe.name, "diet": recipe.diet},
    )  # fmt: skip


def make(read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...], seed: int) -> Made:
    """Train it: its weights, its curves and how it does each task."""
    splits = seen(read, recipe, objects)
    _, positions, channels = splits["train"].images.shape
    network = recipe.network(channels, positions)
    (trained,) = train_memory(
        network, recipe.training, splits, [learner(recipe, seed)], recipe.code,
        device=read.device,
    )  # fmt: skip
    return Made(
        arrays={"weights": trained.state},
        tables={
            "curves": trained.curves, "losses": trained.losses, "by_task": trained.by_task,
        },
        meta={
            "iterations": trained.iterations, "total": network.parameters,
            "recurrent": network.recurrent_parameters, "channels": channels,
            "positions": positions,
        },
    )  # fmt: skip


def learner(recipe: NetworkRecipe, seed: int) -> Learner:
    """Return what a network is trained on, with the streams of its own that it draws from."""
    path = recipe.stream

    def numbers(*more: str) -> Any:
        return generator(seed, *path, *more, simulation=SIMULATION)

    return Learner(
        tasks_in_diet(recipe.diet, recipe.n_back),
        torch_generator(seed, *path, "init", simulation=SIMULATION), numbers("trials"),
        torch_generator(seed, *path, "states", simulation=SIMULATION),
        {name: numbers("checks", name) for name in CHECKED},
    )  # fmt: skip


def seen(read: Reader, recipe: NetworkRecipe, objects: tuple[Objects, ...]) -> dict[str, Seen]:
    """Return the splits as a network takes them: components, or maps with their channels last."""
    found: dict[str, Seen] = {}
    components = read["components"].arrays("components") if recipe.front_end == "pca" else {}
    for split, shown in zip(SPLITS, objects, strict=True):
        if recipe.front_end == "pca":
            images = torch.from_numpy(components[split]).unsqueeze(1)
        else:
            maps = features.read_features(read.store, read.keys[split])
            images = torch.tensor(maps).flatten(2).transpose(1, 2).contiguous()
        found[split] = Seen(shown.labels, images)
    return found


def read_network(
    result: StoredResult, recipe: NetworkRecipe, dtype: torch.dtype = torch.float32
) -> tuple[MemoryConfig, MemoryStack]:
    """Read a trained network back, as a stack of one."""
    network = recipe.network(result.meta["channels"], result.meta["positions"])
    state = {name: torch.from_numpy(array) for name, array in result.arrays("weights").items()}
    return network, MemoryStack(network, [state], dtype)
