"""A seed's representations of the tweets that measures are computed on, at three epochs.

The models saved at half of the epochs and at the last are applied to them, and the untrained ones,
from the same random streams: nothing is trained. Of tweets that all seeds share, seeds are compared
item by item (`across`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hybridrep.execution.stored import StoredResult
from hybridrep.randomness import torch_generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import SHARED
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.seed_data import data_nodes, seed_data
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.transformation.tracked import half_of, measured_set

if TYPE_CHECKING:
    from hybridrep.transforms.autoencoder import AutoencoderConfig

STAGE = Stage("representations", module=__name__, entry="rsa")
LAYERS = ("diffused", "transformed")


@declared_once
def node(study: Hybrid, seed: int) -> Node:
    """Declare what is kept of a seed: all its autoencoders' representations."""
    variants = tuple(transformation.variants(study))
    return STAGE.node(
        make, variants, seed, study.inputs.config.items_per_emotion,
        autoencoders=[transformation.node(study, variant, seed) for variant in variants],
        **data_nodes(study, seed), seed=seed, seconds=0.3 * len(variants),
        about={"seed": seed},
    )  # fmt: skip


def epochs_of(variant: Variant) -> tuple[int, ...]:
    """Return the epochs whose representations are kept: before training, half, and the last."""
    return tuple(sorted({0, half_of(variant.epochs), variant.epochs}))


def make(read: Reader, variants: tuple[Variant, ...], seed: int, per_emotion: int) -> Made:
    """Apply every autoencoder to the measured tweets, float32.

    `originals` holds `global` and `task_specific` [items, size], `items` (rows of the emotion
    corpus) and `labels` [items]; of each autoencoder there are `diffused_EPOCH` [items, bottleneck]
    and `transformed_EPOCH` [items, size].
    """
    from hybridrep.transforms.stacked import apply_autoencoder

    data = seed_data(read, seed, per_emotion)
    which = measured_set(data.rows.items)
    items = data.rows.items[which]
    originals = {name: every[items] for name, every in data.representations.items()}
    arrays: dict[str, dict[str, np.ndarray]] = {
        "originals": {**originals, "items": items, "labels": data.labels[items]}
    }
    for variant, key in zip(variants, read.keys["autoencoders"], strict=True):
        sources, targets = (side[items] for side in data.sides(variant.direction))
        network = transformation.network(variant, (sources.shape[1], targets.shape[1]))
        states = {0: _untrained(network, variant, seed)}
        stored = read.store.open(key)
        states |= {half_of(variant.epochs): stored.arrays("half")}
        states |= {variant.epochs: stored.arrays("final")}
        kept = arrays[file_of(variant)] = {}
        for epoch, state in states.items():
            for layer, values in zip(
                LAYERS, apply_autoencoder(network, state, sources), strict=True
            ):
                kept[f"{layer}_{epoch}"] = values
    return Made(arrays=arrays, meta={"item_set": which})


def _untrained(network: AutoencoderConfig, variant: Variant, seed: int) -> Mapping[str, np.ndarray]:
    """Return the weights that a training began with."""
    from hybridrep.transforms.autoencoder import build_autoencoder, state_arrays

    stream = ("autoencode", variant.direction, variant.bottleneck, "init")
    return state_arrays(build_autoencoder(network, torch_generator(seed, *stream)))


def file_of(variant: Variant) -> str:
    """Return the name of the arrays of an autoencoder."""
    return f"{variant.direction}_b{variant.bottleneck}"


def of_epoch(stored: StoredResult, variant: Variant, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the bottleneck and the reconstruction that are kept of an epoch."""
    kept = stored.arrays(file_of(variant))
    return kept[f"diffused_{epoch}"], kept[f"transformed_{epoch}"]


def shared(stored: StoredResult) -> bool:
    """Tell whether what is kept is of the tweets that all seeds share."""
    return bool(stored.meta["item_set"] == SHARED)
