"""The vision model's map of every distinct frame, computed once for all seeds.

A split's frames are cut into fixed chunks, each its own result: they run side by side, and a
killed run goes on from the last chunk. On disk float16: maps are at most a few units, so that the
rounding, 5e-4 of a value, is far below what tells two frames apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from hybridrep.execution.store import Store
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.sources.encoders.image import ImageEncoderSource, image_maps
from hybridrep.studies.nback.features import weights
from hybridrep.studies.nback.names import SPLITS, Split
from hybridrep.studies.nback.stimuli import stage as stimuli_stage
from hybridrep.studies.nback.stimuli.backgrounds import canvas
from hybridrep.studies.nback.stimuli.frames import frames

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import Background, NBack

STAGE = Stage("nback_features", module=__name__, noun="frames", entry="nback_stimuli",
              title="features")  # fmt: skip

CHUNK = 128
"""Frames of one result: four batches of 32, some seconds of the default model on one core."""


@declared_once
def nodes(study: NBack, split: Split) -> tuple[Node, ...]:
    """Declare the chunks of a split's maps, in the order of its frames."""
    inputs = study.inputs
    count = len(inputs.stimuli.labels(split))
    patches = stimuli_stage.patches(study, split)
    model = weights.nodes(inputs.backbone)
    return tuple(
        STAGE.node(
            make, inputs.backbone, inputs.background, split, start, min(start + CHUNK, count),
            name=f"{split} {start // CHUNK + 1}", units=min(CHUNK, count - start),
            seconds=min(CHUNK, count - start) * 0.03,
            about={"model": inputs.backbone.description, "split": split},
            reads={"weights": model, "background": _keys(inputs.background)}, patches=patches,
        )
        for start in range(0, count, CHUNK)
    )  # fmt: skip


def every_node(study: NBack) -> list[Node]:
    """Declare the chunks of all splits."""
    return [node for split in SPLITS for node in nodes(study, split)]


def _keys(background: Background) -> tuple[str, ...]:
    return (background.key,) if background.key else ()


def make(
    read: Reader, backbone: ImageEncoderSource, background: Background, split: Split, start: int,
    stop: int,
) -> Made:  # fmt: skip
    """Show the model the frames from `start` up to `stop`: float16 [frames, channels, 7, 7]."""
    numbers = np.arange(start, stop)
    shown = frames(read["patches"].arrays("patches")["rgba"], numbers,
                   canvas(background, read, split))  # fmt: skip
    maps = image_maps(backbone, shown, _weights(read))
    return Made(arrays={"features": {"maps": maps.astype(np.float16)}})


def _weights(read: Reader) -> Callable[[], dict[str, np.ndarray]] | None:
    if not read.keys["weights"]:
        return None
    return lambda: read["weights"].arrays("weights")


def split_features(
    study: NBack, split: Split
) -> Float32[np.ndarray, "images channels rows columns"]:
    """Return the maps of a split's distinct frames; kept in the process, read only."""
    return read_features(study.store, tuple(node.key for node in nodes(study, split)))


@lru_cache(maxsize=3)
def read_features(
    store: Store, keys: tuple[str, ...]
) -> Float32[np.ndarray, "images channels rows columns"]:
    """Return the maps of some chunks, one after the other; kept in the process, read only."""
    parts = [store.open(key).arrays("features")["maps"] for key in keys]
    maps = np.concatenate(parts).astype(np.float32)
    maps.flags.writeable = False
    return maps
