"""Perceptual representations: a frozen vision model's map of every frame.

The map is the model's last hidden state, channels x rows x columns, in evaluation mode; it is
never pooled, for that would forget where in a frame an object is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, UInt8

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._image_source import (
    PACKAGED,
    ImageEncoderSource,
    local_folder,
    packaged_weights,
    resolve_image_encoder,
)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "BATCH", "PACKAGED", "ImageEncoderSource", "forget_image_encoder", "image_maps",
    "packaged_weights", "resolve_image_encoder",
]  # fmt: skip

BATCH = 4
"""Frames that run through a model at once: with more, the activations of the packaged model leave
the processor's cache, and it takes half as long again (32: 1.5 times)."""

Maps = Callable[[Sequence[np.ndarray]], "Tensor"]


def image_maps(
    encoder: ImageEncoderSource, images: UInt8[np.ndarray, "images side side 3"],
    weights: Callable[[], Mapping[str, np.ndarray]] | None = None,
) -> Float32[np.ndarray, "images channels rows columns"]:  # fmt: skip
    """Return a vision model's maps of some RGB images.

    The model stays loaded for the next call. Which images run together may change a map's last
    bits: whoever wants the same bits gives the same images, in the same order.

    Args:
        encoder: from `resolve_image_encoder`.
        images: of the side that the encoder was resolved for.
        weights: of a packaged model, asked for them where it is not loaded yet; without, they come
            from its package. A folder's are read from there.

    Raises:
        EncoderError: the model cannot be loaded, or gives a map that is not finite, or of another
            shape than it should.
    """
    maps = _loaded(encoder, _Weights(weights or packaged_weights))
    made = np.empty((len(images), *encoder.map_shape), dtype=np.float32)
    for start in range(0, len(images), BATCH):
        batch = maps(list(images[start : start + BATCH])).numpy()
        if batch.shape[1:] != encoder.map_shape or not np.isfinite(batch).all():
            raise EncoderError(
                f"The vision model {encoder.description} gives maps that are not finite, or of the "
                f"shape {batch.shape[1:]}: its weights are damaged."
            )
        made[start : start + BATCH] = batch
    return made


def forget_image_encoder() -> None:
    """Free the memory of the model that `image_maps` keeps loaded."""
    _loaded.cache_clear()


class _Weights:
    """How weights are had; equal to any other, for it is the encoder that says which they are."""

    def __init__(self, have: Callable[[], Mapping[str, np.ndarray]]) -> None:
        self.have = have

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Weights)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1)
def _loaded(encoder: ImageEncoderSource, weights: _Weights) -> Maps:
    from hybridrep.sources.encoders import _image_model

    if encoder.kind == "packaged":
        return _image_model.packaged(weights.have())
    return _image_model.of_folder(local_folder(encoder))
