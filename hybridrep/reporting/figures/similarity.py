"""Similarity matrices sorted by class, with class borders and one colour scale (Figs 4, E1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from hybridrep.reporting.formatting import shortened
from hybridrep.reporting.items import Items, SimilarityMatrices
from hybridrep.reporting.names import REPRESENTATIONS, readable
from hybridrep.reporting.style import MUTED, SEQUENTIAL, house_style, new_figure, to_png

_PANEL, _GAP, _HEAD, _LEFT, _BOTTOM = 2.3, 0.14, 0.34, 0.8, 0.95
"""Inches: a matrix, the space between two, the title above one, and the margins for names."""


def similarity_grid(rows: Sequence[SimilarityMatrices], remark: str) -> Figure:
    """Draw the four matrices of each record as a row, all on one colour scale.

    Args:
        rows: one record per direction.
        remark: the line under the figure: which seed, how many tweets.
    """
    low, high = shared_scale([m for row in rows for m in row.matrices.values()])
    columns = len(REPRESENTATIONS)
    right = _LEFT + columns * _PANEL + (columns - 1) * _GAP
    bottom = _BOTTOM if len(rows[0].items.label_names) > 2 else _BOTTOM - 0.25
    width = right + 1.0
    height = bottom + len(rows) * (_PANEL + _HEAD) + 0.05
    # laid out by hand: all panels are squares, and a layout engine takes as long as the drawing
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    image: AxesImage | None = None
    for row, record in enumerate(rows):
        base = bottom + (len(rows) - 1 - row) * (_PANEL + _HEAD)
        for column, name in enumerate(REPRESENTATIONS):
            left = _LEFT + column * (_PANEL + _GAP)
            axes = figure.add_axes((left / width, base / height, _PANEL / width, _PANEL / height))
            image = _matrix(axes, record.matrices[name], record.items, low, high)
            axes.set_title(_panel_title(record.direction, name), fontsize=9, pad=4)
            axes.tick_params(labelleft=column == 0, labelbottom=row == len(rows) - 1)
    if image is not None:
        span = len(rows) * (_PANEL + _HEAD) - _HEAD
        side = figure.add_axes(
            ((right + 0.15) / width, (bottom + 0.1 * span) / height, 0.12 / width,
             0.8 * span / height)
        )  # fmt: skip
        bar = figure.colorbar(image, cax=side)
        bar.set_label("cosine similarity (no unit)")
        bar.outline.set_visible(False)
    figure.text(0.1 / width, 0.08 / height, remark, fontsize=8, color=MUTED)
    return figure


def similarity_matrices_picture(
    matrices: Mapping[str, Float[np.ndarray, "items items"]],
    labels: Int[np.ndarray, " items"],
    label_names: Sequence[str],
    direction: str,
    bottleneck: int,
    seed: int,
) -> bytes:
    """Return the four matrices of one seed, direction and bottleneck as a PNG (about 0.2 s).

    Args:
        matrices: `global`, `task_specific`, `diffused`, `transformed` -> cosine similarities.
        labels: class of each item, an index into `label_names`.
        label_names: the classes' names.
        direction: the autoencoder's direction, for the titles.
        bottleneck: its width, for the remark.
        seed: the simulation's seed, for the remark.
    """
    record = SimilarityMatrices(
        direction, bottleneck, matrices, Items(labels, tuple(label_names), None)
    )
    remark = f"Seed {seed}, bottleneck {bottleneck}, {len(labels)} tweets sorted by class"
    with house_style():
        return to_png(similarity_grid([record], remark), dpi=130)


def shared_scale(matrices: Sequence[Float[np.ndarray, "items items"]]) -> tuple[float, float]:
    """Return one colour range for all matrices: from the 0.5% quantile, rounded down, to 1."""
    low = min(float(np.quantile(_thinned(matrix), 0.005)) for matrix in matrices)
    return min(float(np.floor(low * 10) / 10), 0.9), 1.0


def _thinned(matrix: Float[np.ndarray, "items items"]) -> np.ndarray:
    """Return about 100 rows and columns of a matrix: enough for a quantile."""
    step = max(len(matrix) // 100, 1)
    return np.asarray(matrix[::step, ::step], np.float32)


def class_borders(labels: Int[np.ndarray, " items"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where classes meet, their middles and their numbers, for labels in sorted order.

    Returns:
        borders [classes - 1] and middles [classes] in units of rows (a row spans i - 0.5 to
        i + 0.5), and the classes [classes] in their order.
    """
    classes, starts = np.unique(labels, return_index=True)
    edges = np.append(starts, len(labels))
    return edges[1:-1] - 0.5, (edges[:-1] + edges[1:] - 1) / 2, classes


def _matrix(
    axes: Axes, matrix: Float[np.ndarray, "items items"], items: Items, low: float, high: float
) -> AxesImage:
    order = np.argsort(items.labels, kind="stable")
    values = np.asarray(matrix, dtype=np.float32)[np.ix_(order, order)]
    image = axes.imshow(values, cmap=SEQUENTIAL, vmin=low, vmax=high, interpolation="nearest")
    borders, middles, classes = class_borders(items.labels[order])
    for border in borders:
        axes.axhline(border, color="white", linewidth=0.7)
        axes.axvline(border, color="white", linewidth=0.7)
    names = [shortened(items.label_names[index], 12) for index in classes]
    axes.set_xticks(middles, names, rotation=90 if len(names) > 2 else 0, fontsize=7)
    axes.set_yticks(middles, names, fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def _panel_title(direction: str, representation: str) -> str:
    if representation in ("diffused", "transformed"):
        return f"{readable(direction)}: {readable(representation)}"
    source = {"bert_to_lstm": "global", "lstm_to_bert": "task_specific"}.get(direction)
    role = "input" if representation == source else "target"
    return f"{readable(representation)} ({role})"
