"""Users' picture files: read whole, checked, brought to the size that is asked for."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from hybridrep.errors import StimuliError
from hybridrep.messages import escaped

ENDINGS = (".png", ".jpg", ".jpeg")
_MODES = ("L", "LA", "P", "RGB", "RGBA")


def read_patch(file: Path, side: int, where: str = "") -> UInt8[np.ndarray, "side side 4"]:
    """Return a picture as a square patch: padded with nothing, resized with antialiasing, RGBA.

    Args:
        file: PNG or JPEG.
        side: of the patch, in pixels.
        where: what names the file, for messages, e.g. "metadata.csv, row 3, column file".

    Raises:
        StimuliError: it is missing, no PNG or JPEG, damaged, or of another colour mode.
    """
    picture = _opened(file, where).convert("RGBA")
    longest = max(picture.size)
    square = Image.new("RGBA", (longest, longest), (0, 0, 0, 0))
    square.paste(picture, ((longest - picture.width) // 2, (longest - picture.height) // 2))
    if longest != side:
        square = square.resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(square)


def read_texture(file: Path, least: int, most: int) -> UInt8[np.ndarray, "rows columns 3"]:
    """Return a picture as RGB, its shorter side at most `most` pixels.

    Raises:
        StimuliError: as for `read_patch`; or a side is shorter than `least`.
    """
    picture = _opened(file, "").convert("RGB")
    shorter = min(picture.size)
    if shorter < least:
        raise StimuliError(
            f"{file} is {picture.width} x {picture.height} pixels; a texture to be quilted needs "
            f"{least} x {least} at least."
        )
    if shorter > most:
        size = (round(picture.width * most / shorter), round(picture.height * most / shorter))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _opened(file: Path, where: str) -> Image.Image:
    said = f"{where}: " if where else ""
    name = escaped(str(file))
    if not file.is_file():
        raise StimuliError(f"{said}there is no file {name}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=("PNG", "JPEG")) as picture:
                picture.load()
                mode = picture.mode
                read = picture.copy()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError,
            Image.DecompressionBombError, Image.DecompressionBombWarning) as error:  # fmt: skip
        raise StimuliError(
            f"{said}the image {name} cannot be read ({error}): give a whole PNG or JPEG."
        ) from error
    if mode not in _MODES:
        raise StimuliError(
            f"{said}the image {name} has the colour mode {mode}: give RGB or RGBA with 8 bits a "
            "channel."
        )
    return read
