"""Similarity matrices sorted by class, with class borders (Figs 4, E1).

Colours span each matrix's own range: Pearson r compares patterns and not levels, and on a common
scale the pattern of a representation whose items are all alike cannot be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.reporting.formatting import number, shortened
from hybridrep.reporting.style import MUTED, SEQUENTIAL, house_style, new_figure, to_png
from hybridrep.studies.hybrid.names import SHOWN_REPRESENTATIONS, readable
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.similarity.items import Items, SimilarityMatrices

_PANEL, _GAP, _HEAD, _LEFT, _BOTTOM = 2.3, 0.14, 0.48, 0.8, 0.95
"""Inches: a matrix, the space between two, the titles above one, and the margins for names."""

_QUANTILES = (0.01, 0.99)
"""The colours span the similarities of different items between these quantiles."""


def similarity_grid(rows: Sequence[SimilarityMatrices], remark: str) -> Figure:
    """Draw the four matrices of each record as a row, each in the colours of its own range."""
    columns = len(SHOWN_REPRESENTATIONS)
    right = _LEFT + columns * _PANEL + (columns - 1) * _GAP
    bottom = _BOTTOM if len(rows[0].items.label_names) > 2 else _BOTTOM - 0.25
    width = right + 1.1
    height = bottom + len(rows) * (_PANEL + _HEAD) + 0.05
    # laid out by hand: all panels are squares, and a layout engine takes as long as the drawing
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    for row, record in enumerate(rows):
        base = bottom + (len(rows) - 1 - row) * (_PANEL + _HEAD)
        for column, name in enumerate(SHOWN_REPRESENTATIONS):
            left = _LEFT + column * (_PANEL + _GAP)
            axes = figure.add_axes((left / width, base / height, _PANEL / width, _PANEL / height))
            shown = (row == len(rows) - 1, column == 0)
            low, high = _matrix(axes, record.matrices[name], record.items, shown)
            axes.set_title(_panel_title(record.direction, name), fontsize=9, pad=14)
            axes.text(
                0, 1.02, f"{number(low, 2)} to {number(high, 2)}", transform=axes.transAxes,
                fontsize=7.5, color=MUTED,
            )  # fmt: skip
    span = len(rows) * (_PANEL + _HEAD) - _HEAD
    side = figure.add_axes(
        ((right + 0.15) / width, (bottom + 0.1 * span) / height, 0.12 / width,
         0.8 * span / height)
    )  # fmt: skip
    bar = figure.colorbar(ScalarMappable(cmap=SEQUENTIAL), cax=side, ticks=[0, 1])
    bar.ax.set_yticklabels(["low", "high"])
    first, last = (f"{100 * quantile:.0f}%" for quantile in _QUANTILES)
    bar.set_label(
        f"cosine similarity,\nthe panel’s {first} to {last} quantile", labelpad=0, fontsize=8
    )
    bar.outline.set_visible(False)
    figure.text(0.1 / width, 0.08 / height, remark, fontsize=8, color=MUTED)
    return figure


def similarity_matrices_picture(
    matrices: Mapping[str, Float[np.ndarray, "items items"]], labels: Int[np.ndarray, " items"],
    label_names: Sequence[str], direction: str, bottleneck: int, seed: int,
) -> bytes:  # fmt: skip
    """Return the four matrices of one seed, direction and bottleneck as a PNG (about 0.2 s)."""
    record = SimilarityMatrices(
        direction, bottleneck, matrices, Items(labels, tuple(label_names), None)
    )
    remark = f"Seed {seed}, bottleneck {bottleneck}, {len(labels)} tweets sorted by class"
    with house_style():
        return to_png(similarity_grid([record], remark), dpi=130)


def colour_range(matrix: Float[np.ndarray, "items items"]) -> tuple[float, float]:
    """Return where a matrix's colours begin and end: quantiles of what is off the diagonal.

    Matrices of many items are thinned first, to some 100 rows, which is enough for quantiles.
    """
    step = max(len(matrix) // 100, 1)
    values = lower_triangle(np.asarray(matrix[::step, ::step], dtype=np.float64))
    low, high = np.quantile(values, _QUANTILES) if len(values) else (0.0, 1.0)
    least = 0.005  # a matrix without any pattern shows none, not the noise of its rounding
    return float(min(low, high - least)), float(high)


def class_borders(labels: Int[np.ndarray, " items"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where classes meet, their middles and their numbers, for labels in sorted order.

    Borders [classes - 1] and middles [classes] are in rows; a row spans i - 0.5 to i + 0.5.
    """
    classes, starts = np.unique(labels, return_index=True)
    edges = np.append(starts, len(labels))
    return edges[1:-1] - 0.5, (edges[:-1] + edges[1:] - 1) / 2, classes


def _matrix(
    axes: Axes, matrix: Float[np.ndarray, "items items"], items: Items, named: tuple[bool, bool]
) -> tuple[float, float]:
    """Draw one matrix, classes named below and at the left or not; return its colours' range."""
    low, high = colour_range(matrix)
    order = np.argsort(items.labels, kind="stable")
    values = np.asarray(matrix, dtype=np.float32)[np.ix_(order, order)]
    axes.imshow(values, cmap=SEQUENTIAL, vmin=low, vmax=high, interpolation="nearest")
    borders, middles, classes = class_borders(items.labels[order])
    ends = (-0.5, len(order) - 0.5)
    axes.hlines(borders, *ends, color="white", linewidth=0.7)
    axes.vlines(borders, *ends, color="white", linewidth=0.7)
    names = [shortened(items.label_names[index], 12) for index in classes]
    below, left = named  # names that are not shown would take half of the time
    axes.set_xticks(middles if below else [])
    axes.set_yticks(middles if left else [])
    if below:
        axes.set_xticklabels(names, rotation=90 if len(names) > 2 else 0, fontsize=7)
    if left:
        axes.set_yticklabels(names, fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return low, high


def _panel_title(direction: str, representation: str) -> str:
    if representation in ("diffused", "transformed"):
        return f"{readable(direction)}: {readable(representation)}"
    role = "input" if representation == roles(direction)[0] else "target"
    return f"{readable(representation)} ({role})"
