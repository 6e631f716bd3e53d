"""t-SNE pictures: tweets as points, coloured and shaped by class (Figs 3, C1 and D1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.reporting.style import class_look, new_figure, note
from hybridrep.studies.hybrid.names import DIRECTIONS, readable
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.similarity.items import Items, Projection


def tsne_grid(
    rows: Sequence[Sequence[Projection]], titles: Sequence[Sequence[str]], remark: str
) -> Figure:
    """Draw rows of projections, all equally long, each with its title; one legend of classes."""
    columns = len(rows[0])
    figure = new_figure(3.5 * columns + 0.2, 3.3 * len(rows) + 0.75)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes_row, projections, names in zip(grid, rows, titles, strict=True):
        for axes, projection, title in zip(axes_row, projections, names, strict=True):
            _scatter(axes, projection)
            axes.set_title(title)
    _legend(figure, rows[0][0].items)
    note(figure, remark)
    return figure


def originals(projections: Sequence[Projection], remark: str) -> Figure:
    """Draw the LSTM beside BERT, as the paper's Fig. 3."""
    found = {p.representation: p for p in projections if not p.direction}
    shown = [found[name] for name in ("task_specific", "global") if name in found]
    return tsne_grid([shown], [[f"{readable(p.representation)} embeddings" for p in shown]], remark)


def autoencoded(projections: Sequence[Projection], bottleneck: int, remark: str) -> Figure:
    """Draw bottleneck and reconstruction, one row per direction, as the paper's Fig. C1."""
    chosen = [p for p in projections if p.bottleneck == bottleneck and p.direction]
    rows = [
        [p for name in ("diffused", "transformed") for p in chosen if _is(p, direction, name)]
        for direction in dict.fromkeys(p.direction for p in chosen)
    ]
    titles = [[f"{readable(p.direction)}: {readable(p.representation)}" for p in r] for r in rows]
    return tsne_grid(rows, titles, remark)


def whole_way(projections: Sequence[Projection], bottleneck: int, remark: str) -> Figure:
    """Draw input, bottleneck and reconstruction, one row per direction, as the paper's Fig. D1."""
    rows, titles = [], []
    for direction in DIRECTIONS:
        source = roles(direction)[0]
        row = [p for p in projections if p.representation == source]
        row += [
            p
            for name in ("diffused", "transformed")
            for p in projections
            if _is(p, direction, name) and p.bottleneck == bottleneck
        ]
        if len(row) == 3:
            rows.append(row)
            titles.append([f"{readable(source)} (input)"])
            titles[-1] += [f"{readable(direction)}: {readable(p.representation)}" for p in row[1:]]
    return tsne_grid(rows, titles, remark)


def _is(projection: Projection, direction: str, representation: str) -> bool:
    return (projection.direction, projection.representation) == (direction, representation)


def _scatter(axes: Axes, projection: Projection) -> None:
    points, labels = np.asarray(projection.points), projection.items.labels
    size = float(np.clip(9000 / max(len(points), 1), 5.0, 16.0))
    for index in range(len(projection.items.label_names)):
        colour, marker = class_look(index)
        mine = points[labels == index]
        axes.scatter(
            mine[:, 0], mine[:, 1], s=size, c=colour, marker=marker, alpha=0.8, linewidths=0
        )
    axes.set(xticks=[], yticks=[], xlabel="t-SNE 1 (no unit)", ylabel="t-SNE 2 (no unit)")
    axes.xaxis.label.set_fontsize(7.5)
    axes.yaxis.label.set_fontsize(7.5)
    axes.spines[["top", "right"]].set_visible(True)


def _legend(figure: Figure, items: Items) -> None:
    looks = map(class_look, range(len(items.label_names)))
    handles = [Line2D([], [], color=c, marker=m, linestyle="", markersize=6) for c, m in looks]
    legend = figure.legend(
        handles, map(str, range(len(handles))), loc="outside upper left",
        ncols=min(len(handles), 8), handletextpad=0.2,
    )  # fmt: skip
    # Put in afterwards: a legend leaves out names that begin with an underscore.
    for text, name in zip(legend.get_texts(), items.label_names, strict=True):
        text.set_text(name)
