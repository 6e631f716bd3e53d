"""The trials that every network of every seed is shown, drawn once for a study.

Representations can only be compared item by item where the items are the same, so these trials
belong to no seed. At every frame each of the distinct frames of `val_angle` stands at most once, in
an order of its own: no two items are alike, and the labels of different frames are independent and
nearly uniform, as in the set `independent` of every task. What task a network is told beside them
is no part of an item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int, Shaped

from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.nback.features import stage as features
from hybridrep.studies.nback.names import SIMULATION, SPLITS

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import NBack

STAGE = Stage("nback_items", module=__name__, noun="sets of trials", entry="nback_geometry",
              title="shared trials")  # fmt: skip

MOST = 200
"""Trials at the most: fewer where there are fewer distinct frames."""

SPLIT = SPLITS[1]
"""Whose frames they show."""


@declared_once
def node(study: NBack) -> Node:
    """Declare the trials, and what the vision model makes of their first frames."""
    images = len(study.inputs.stimuli.labels(SPLIT))
    return STAGE.node(
        make, images, study.config.steps, study.config.stimulus_seed, seconds=1.0,
        maps=features.nodes(study, SPLIT),
    )  # fmt: skip


def make(read: Reader, images: int, steps: int, stimulus_seed: int) -> Made:
    """Draw the trials: `image` [items, steps]; `perceptual` [items, items], see `with_products`."""
    rng = generator(stimulus_seed, "similarity", "items", simulation=SIMULATION)
    image = shared_images(images, steps, rng)
    maps = features.read_features(read.store, read.keys["maps"])
    perceptual = with_products(maps[image[:, 0]].reshape(len(image), -1))
    return Made(arrays={"items": {"image": image, "perceptual": perceptual}})


def shared_images(
    images: int, steps: int, rng: np.random.Generator, most: int = MOST
) -> Int[np.ndarray, "items steps"]:
    """Draw which frame is shown when; at each step no two items show the same one.

    Example:
        >>> shown = shared_images(8, 3, np.random.default_rng(0))
        >>> shown.shape, [len(set(at)) for at in shown.T.tolist()]
        ((8, 3), [8, 8, 8])
    """
    drawn = [rng.permutation(images)[:most] for _ in range(steps)]
    return np.ascontiguousarray(np.stack(drawn, axis=1).astype(np.int64))


def other_order(count: int) -> Int[np.ndarray, " items"]:
    """Return one random order of the items, always the same.

    Where what chance gives has no formula, it is what a measure says of items in this order.
    """
    rng = generator(0, "similarity", "order", simulation=SIMULATION)
    return rng.permutation(count)


def with_products(
    items: Shaped[np.ndarray, "items dim"],
) -> Float64[np.ndarray, "items fewer"]:
    """Return items of few coordinates with the same scalar products: x = r q, q orthonormal.

    Lengths, distances and angles are kept, so no measure that a rotation leaves alone notices.
    """
    x = np.asarray(items, dtype=np.float64)
    if x.shape[1] <= len(x):
        return x
    return np.ascontiguousarray(np.transpose(np.linalg.qr(x.T, mode="r")))
