"""Frames: an object's patch at one of four places, over a background."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Int, UInt8

from hybridrep.studies.nback.names import LOCATIONS
from hybridrep.studies.nback.stimuli.render import SIDE

FRAME = 2 * SIDE
"""Pixels along a frame: 224. The patches' centres are at 56 and 168."""

GREY = 128
"""The plain background."""

Canvas = Callable[[int], UInt8[np.ndarray, "frame frame 3"]]
"""The background of each frame, by the number of its image."""


def plain(image: int) -> UInt8[np.ndarray, "frame frame 3"]:
    """Return the plain background."""
    return np.full((FRAME, FRAME, 3), GREY, dtype=np.uint8)


def frames(
    patches: UInt8[np.ndarray, "patches side side 4"], images: Int[np.ndarray, " images"],
    canvas: Canvas = plain,
) -> UInt8[np.ndarray, "images frame frame 3"]:  # fmt: skip
    """Return frames by the numbers of their images, as `StimulusSet` counts them.

    Args:
        patches: RGBA, all of a split.
        images: `4 * patch + location`.
        canvas: what is behind the objects.
    """
    made = np.empty((len(images), FRAME, FRAME, 3), dtype=np.uint8)
    for row, image in zip(made, images.tolist(), strict=True):
        patch, location = divmod(image, len(LOCATIONS))
        down, right = divmod(location, 2)
        row[:] = canvas(image)
        place = row[down * SIDE : (down + 1) * SIDE, right * SIDE : (right + 1) * SIDE]
        place[:] = over(patches[patch], place)
    return made


def over(
    patch: UInt8[np.ndarray, "side side 4"], behind: UInt8[np.ndarray, "side side 3"]
) -> UInt8[np.ndarray, "side side 3"]:
    """Return a patch laid over what is behind it, by its alpha; rounded, in whole numbers."""
    alpha = patch[..., 3:].astype(np.uint32)
    mixed = alpha * patch[..., :3] + (255 - alpha) * behind
    return ((mixed + 127) // 255).astype(np.uint8)
