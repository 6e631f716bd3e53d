"""One look for every figure: colours that colour-blind readers tell apart, and that read in grey.

Figures are drawn on the Agg canvas without pyplot: no window system, no global list of figures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from hybridrep.reporting.fonts import missing_letters, use_fonts_with

PRINT_DPI = 220
"""Dots per inch of the PNG files."""

OKABE_ITO = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
"""Okabe and Ito's palette (2008), told apart with every common colour blindness."""

INK = "#1c1f26"
MUTED = "#5d6472"
RULE = "#d5d8de"

CLASS_COLOURS = tuple(
    OKABE_ITO[name]
    for name in ("vermillion", "blue", "orange", "purple", "sky", "green", "black", "yellow")
)
CLASS_COLOURS_DARK = (
    "#F08A4B", "#4AA3DF", "#E69F00", "#DDA0C4", "#8FD0F5", "#35C79A", "#E8E6E1", "#F0E442",
)  # fmt: skip
"""The same hues on a dark page."""

CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

SEQUENTIAL = "viridis"
"""Colour map of similarities: even in lightness, so it also reads in grey."""


@dataclass(frozen=True)
class Stroke:
    """How one line of a figure is told apart: colour, dash and marker."""

    colour: str
    dash: Literal["-", "--", "-.", ":"]
    marker: str


_RC: dict[Any, Any] = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 9.0,
    "text.color": INK, "text.parse_math": False, "axes.edgecolor": MUTED, "axes.labelcolor": INK,
    "axes.labelsize": 9.0, "axes.linewidth": 0.8, "axes.titlesize": 10.0,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlepad": 7.0,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "grid.color": RULE, "grid.linewidth": 0.6, "xtick.color": MUTED, "ytick.color": MUTED,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0, "legend.frameon": False, "legend.fontsize": 8.5, "lines.linewidth": 1.8,
    "lines.markersize": 4.5, "figure.titlesize": 11.0, "figure.titleweight": "bold",
    "figure.facecolor": "white", "savefig.facecolor": "white",
}  # fmt: skip


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the report's style to figures made and drawn inside the block."""
    with matplotlib.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure in inches, with constrained layout."""
    return Figure(figsize=(width, height), layout="constrained")


def class_look(index: int) -> tuple[str, str]:
    """Return the colour and the marker of a class, by its position; they repeat after eight."""
    return (CLASS_COLOURS[index % len(CLASS_COLOURS)], CLASS_MARKERS[index % len(CLASS_MARKERS)])


def light_grid(axes: Axes, axis: str = "y") -> None:
    """Draw pale grid lines behind the data along one axis ("x", "y" or "both")."""
    axes.grid(visible=True, axis=axis)  # type: ignore[arg-type]


def whole_epochs(axes: Axes) -> None:
    """Put the ticks of an epoch axis on whole numbers."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))


def keep_in_range(axes: Axes, axis: Literal["x", "y"]) -> None:
    """End an axis of correlations where correlations end, though a band may reach further."""
    get, put = (axes.get_xlim, axes.set_xlim) if axis == "x" else (axes.get_ylim, axes.set_ylim)
    low, high = get()
    put(max(low, -1.02), min(high, 1.02))


def note(figure: Figure, text: str) -> None:
    """Write the small line under a figure that says what the numbers stand on."""
    figure.supxlabel(text, fontsize=8.0, color=MUTED, x=0.01, ha="left")


def to_png(figure: Figure, dpi: int = PRINT_DPI) -> bytes:
    """Return the figure as PNG of at most 256 colours; see `encode_png`."""
    return encode_png(to_pixels(figure, dpi)[0], dpi)


def to_pixels(figure: Figure, dpi: int = PRINT_DPI) -> tuple[Image.Image, str]:
    """Draw the figure; return its pixels in RGB, and the letters that no installed font has."""
    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    lacking = _drawn(canvas)
    if lacking and use_fonts_with(figure, lacking):
        lacking = _drawn(canvas)
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # figure and canvas refer to each other, so the pixels would wait for the garbage collector
    FigureCanvasBase(figure)
    return picture, "".join(sorted(lacking))


def _drawn(canvas: FigureCanvasAgg) -> set[str]:
    """Draw; return the letters that its fonts lack."""
    with missing_letters() as lacking:
        canvas.draw()
    return lacking


def encode_png(picture: Image.Image, dpi: int = PRINT_DPI) -> bytes:
    """Return RGB pixels as PNG of at most 256 colours, a third of the size of one with all.

    The file carries no time stamp and no software version, so equal figures have equal bytes.
    """
    stream = io.BytesIO()
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    # white may be rounded to 254, which would show as a grey sheet on a white page
    few.putpalette([255 if part >= 253 else part for part in few.getpalette() or []])
    few.save(stream, format="PNG", dpi=(dpi, dpi))
    return stream.getvalue()


def to_webp(png: bytes, width: int, quality: int) -> bytes:
    """Return a PNG as WebP of at most `width` pixels, a third of its size: for the HTML report."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    if picture.width > width:
        height = round(picture.height * width / picture.width)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, format="WEBP", quality=quality, method=4)
    return stream.getvalue()
