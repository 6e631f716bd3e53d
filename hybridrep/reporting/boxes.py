"""Boxes and arrows for the two drawings of the study itself."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from hybridrep.reporting.style import INK, MUTED, RULE, new_figure


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure with one bare axes whose units are tenths of an inch."""
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width * 10), ylim=(0, height * 10), aspect="equal")
    axes.set_axis_off()
    return figure, axes


def box(
    axes: Axes, at: tuple[float, float], size: tuple[float, float], title: str, lines: str = "",
    colour: str = RULE,
) -> None:  # fmt: skip
    """Draw a rounded box with a bold title and smaller lines; `at` is its lower left corner."""
    x, y = at
    width, height = size
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle="round,pad=0,rounding_size=1.0",
            facecolor=_pale(colour), edgecolor=colour, linewidth=1.2,
        )
    )  # fmt: skip
    rows = lines.count("\n") + 1 if lines else 0
    top = y + height / 2 + (1.9 + 1.55 * rows) / 2
    axes.text(
        x + width / 2, top, title, ha="center", va="top", fontsize=9, fontweight="bold", color=INK
    )
    if lines:
        axes.text(
            x + width / 2, top - 2.2, lines, ha="center", va="top", fontsize=7.5, color=INK,
            linespacing=1.35,
        )  # fmt: skip


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], *, dashed: bool = False
) -> None:
    """Draw an arrow between two points."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, color=MUTED, linewidth=1.1,
            shrinkA=2, shrinkB=2, linestyle=(0, (3, 2)) if dashed else "-",
        )
    )  # fmt: skip


def heading(axes: Axes, at: tuple[float, float], text: str) -> None:
    """Write the heading of a step."""
    axes.text(*at, text, ha="left", va="center", fontsize=10, fontweight="bold", color=INK)


def _pale(colour: str) -> str:
    """Return a colour mixed with white, one part in eight."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * 0.12):02x}" for part in (red, green, blue))
