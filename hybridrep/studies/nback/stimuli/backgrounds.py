"""What is behind the objects: plain grey, noise, or quilts of a user's images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hybridrep.randomness import generator
from hybridrep.running.stage import Reader
from hybridrep.studies.nback.names import SIMULATION, Split
from hybridrep.studies.nback.stimuli.frames import Canvas, plain
from hybridrep.studies.nback.stimuli.textures import noise, quilt

if TYPE_CHECKING:
    from hybridrep.studies.nback.inputs import Background

PLAIN, TEXTURE = "plain", "texture"


def canvas(background: Background, read: Reader, split: Split) -> Canvas:
    """Return the background of each frame of a split.

    Each is drawn from a stream of its own, so that it depends neither on the chunk it is in nor on
    the frames beside it.
    """
    if background.source == PLAIN:
        return plain
    images = _images(read) if background.key else []

    def drawn(image: int) -> np.ndarray:
        stream = generator(
            background.seed, "stimuli", "background", split, image, simulation=SIMULATION
        )
        return quilt(images[int(stream.integers(len(images)))], stream) if images else noise(stream)

    return drawn


def _images(read: Reader) -> list[np.ndarray]:
    return [image for _, image in sorted(read["background"].arrays("images").items())]
