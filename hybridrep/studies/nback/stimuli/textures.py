"""Textures over a whole frame: coloured noise, and quilts of a user's images."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, UInt8

from hybridrep.studies.nback.stimuli.frames import FRAME

BLOCK = 48
"""Pixels along a block of a quilt; a sixth of it overlaps its neighbours."""

OVERLAP = BLOCK // 6
CANDIDATES = 120
"""Places of the image that are tried for each block, drawn anew."""

_TOLERANCE = 1.1
"""A block is drawn among those that fit at most so much worse than the best (the paper's 0.1)."""

_CONTRAST = 42.0


def noise(generator: np.random.Generator) -> UInt8[np.ndarray, "frame frame 3"]:
    """Return coloured noise whose amplitude falls with frequency as 1 / f^b, b from 0.8 to 1.6.

    Three independent fields of random phase, mixed into red, green and blue by a random matrix.
    """
    slope = generator.uniform(0.8, 1.6)
    mixing = generator.normal(size=(3, 3))
    white = generator.normal(size=(3, FRAME, FRAME))
    down, right = np.fft.fftfreq(FRAME)[:, None], np.fft.rfftfreq(FRAME)[None]
    frequency = np.sqrt(down**2 + right**2)
    frequency[0, 0] = np.inf  # no mean
    fields = np.fft.irfft2(np.fft.rfft2(white) * frequency**-slope, s=(FRAME, FRAME))
    fields /= fields.std(axis=(1, 2), keepdims=True)
    mixing /= np.sqrt(np.square(mixing).sum(axis=1, keepdims=True))
    colours = np.einsum("ij,jyx->yxi", mixing, fields)
    return np.clip(np.rint(128 + _CONTRAST * colours), 0, 255).astype(np.uint8)


def quilt(
    image: UInt8[np.ndarray, "rows columns 3"], generator: np.random.Generator, side: int = FRAME
) -> UInt8[np.ndarray, "side side 3"]:
    """Return a square of an image's texture, sewn together from blocks of it.

    Image quilting (Efros & Freeman 2001, SIGGRAPH): row by row, each block is one of those that
    agree best with what is there already where they overlap, and joins it along the path on which
    the two differ least (minimum error boundary cut).

    Args:
        image: at least a block large.
    """
    step = BLOCK - OVERLAP
    count = -(-(side - OVERLAP) // step)
    sewn = np.zeros((count * step + OVERLAP, count * step + OVERLAP, 3))
    source = image.astype(np.float64)
    for down in range(count):
        for right in range(count):
            place = sewn[down * step : down * step + BLOCK, right * step : right * step + BLOCK]
            block = _fitting(source, place, down > 0, right > 0, generator)
            keep = _old(block, place, down > 0, right > 0)
            place[~keep] = block[~keep]
    return sewn[:side, :side].astype(np.uint8)


def _fitting(
    source: np.ndarray, place: np.ndarray, above: bool, left: bool, generator: np.random.Generator
) -> Float64[np.ndarray, "block block 3"]:
    """Return a block that agrees with what is above and to the left of its place."""
    rows = generator.integers(0, source.shape[0] - BLOCK + 1, CANDIDATES)
    columns = generator.integers(0, source.shape[1] - BLOCK + 1, CANDIDATES)
    windows = np.lib.stride_tricks.sliding_window_view(source, (BLOCK, BLOCK), axis=(0, 1))
    blocks = np.moveaxis(windows[rows, columns], 1, -1)
    error = np.zeros(CANDIDATES)
    if above:
        error += np.square(blocks[:, :OVERLAP] - place[:OVERLAP]).sum(axis=(1, 2, 3))
    if left:
        error += np.square(blocks[:, :, :OVERLAP] - place[:, :OVERLAP]).sum(axis=(1, 2, 3))
    good = np.flatnonzero(error <= _TOLERANCE * error.min())
    chosen: np.ndarray = blocks[generator.choice(good)]
    return chosen


def _old(
    block: np.ndarray, place: np.ndarray, above: bool, left: bool
) -> Bool[np.ndarray, "block block"]:
    """Return where what is there already stays: before the cuts."""
    keep = np.zeros((BLOCK, BLOCK), dtype=bool)
    error = np.square(block - place).sum(axis=2)
    if left:
        cut = boundary_cut(error[:, :OVERLAP])
        keep[:, :OVERLAP] |= np.arange(OVERLAP) < cut[:, None]
    if above:
        cut = boundary_cut(error[:OVERLAP].T)
        keep[:OVERLAP] |= np.arange(OVERLAP)[:, None] < cut
    return keep


def boundary_cut(error: Float64[np.ndarray, "length width"]) -> np.ndarray:
    """Return, for each row, the column of the path of least summed error from end to end.

    From one row to the next the path moves by one column at most.
    """
    total = error.copy()
    for row in range(1, len(error)):
        before = np.pad(total[row - 1], 1, constant_values=np.inf)
        total[row] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    path = np.empty(len(error), dtype=np.int64)
    path[-1] = int(np.argmin(total[-1]))
    for row in range(len(error) - 2, -1, -1):
        low = max(path[row + 1] - 1, 0)
        path[row] = low + int(np.argmin(total[row, low : path[row + 1] + 2]))
    return path
