"""The diffusion map: what can be carried of both, and where every method lies in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.analysis.diffusion import ellipse
from hybridrep.reporting.style import INK, MUTED, RULE, light_grid, new_figure, note
from hybridrep.studies.hybrid.fusion.methods import COMPARED, title_of
from hybridrep.studies.hybrid.names import readable
from hybridrep.studies.hybrid.report.looks import FUSION_COLOURS, FUSION_MARKERS

_LEAST = -0.25
"""Where the axes begin unless a value lies below: most of what is negative is of no interest."""


def diffusion_map(fusion: pd.DataFrame, item_sets: Sequence[str], remark: str) -> Figure:
    """Draw one panel a set of tweets: r with the global against r with the task-specific.

    Args:
        fusion: rows of one size (and of what has none), every epoch.
        item_sets: the panels.
        remark: the line under the figure.
    """
    figure = new_figure(5.1 * len(item_sets), 5.9)
    grid = figure.subplots(1, len(item_sets), squeeze=False)[0]
    shown = [name for name in COMPARED if name in set(fusion["method"])]
    values = fusion[["vs_global", "vs_task_specific"]].to_numpy(np.float64)
    least = min(_LEAST, float(np.nanmin(values)) - 0.05) if np.isfinite(values).any() else _LEAST
    for axes, item_set in zip(grid, item_sets, strict=True):
        rows = fusion[fusion["item_set"] == item_set]
        _possible(axes, float(rows["between"].mean()))
        for name in shown:
            _method(axes, name, rows[rows["method"] == name])
        axes.set(
            xlim=(least, 1.04), ylim=(least, 1.04), aspect="equal", xlabel="r with BERT",
            ylabel="r with LSTM", title=readable(item_set).partition(" (")[0] + " tweets",
        )  # fmt: skip
        light_grid(axes, "both")
    handles = [
        Line2D([], [], linestyle="", color=FUSION_COLOURS["light"][COMPARED.index(name)],
               marker=FUSION_MARKERS[COMPARED.index(name)], markersize=6, label=title_of(name))
        for name in shown
    ]  # fmt: skip
    handles.append(Line2D([], [], color=INK, linewidth=1.2, label="the most that is possible"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3 if len(item_sets) > 1 else 2)
    note(figure, remark)
    return figure


def _possible(axes: Axes, between: float) -> None:
    """Draw the edge of what is possible, equal amounts of both, and where these meet."""
    if not np.isfinite(between):
        return
    edge = ellipse(between, 361)
    axes.fill(edge[:, 0], edge[:, 1], color=RULE, alpha=0.35, linewidth=0, zorder=0)
    axes.plot(edge[:, 0], edge[:, 1], color=INK, linewidth=1.2, zorder=1)
    axes.plot([-1, 1], [-1, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    corner = float(np.sqrt((1 + between) / 2))
    axes.plot(corner, corner, marker="o", markersize=9, markerfacecolor="none", color=INK, zorder=3)
    axes.annotate(
        f"ceiling {corner:.2f}", (corner, corner), xytext=(8, 6), textcoords="offset points",
        fontsize=8, color=INK,
    )  # fmt: skip


def _method(axes: Axes, name: str, rows: pd.DataFrame) -> None:
    """Draw a method's seeds at its last epoch, and the way of their mean there."""
    place = COMPARED.index(name)
    colour, marker = FUSION_COLOURS["light"][place], FUSION_MARKERS[place]
    path = rows.groupby("epoch")[["vs_global", "vs_task_specific"]].mean().to_numpy(np.float64)
    if len(path) > 1:
        axes.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.1, alpha=0.8, zorder=2)
        axes.plot(*path[0], marker="o", markersize=2.5, color=colour, zorder=2)
    last = rows[rows["epoch"] == rows["epoch"].max()]
    axes.plot(
        last["vs_global"].to_numpy(np.float64), last["vs_task_specific"].to_numpy(np.float64),
        linestyle="", marker=marker, markersize=6, color=colour, markeredgecolor="white",
        markeredgewidth=0.5, alpha=0.9, zorder=4,
    )  # fmt: skip


def fusion_front(trials: pd.DataFrame, seeds: pd.DataFrame, remark: str) -> Figure:
    """Draw a sweep's trials inside what is possible, and which no other beats in both objectives.

    Args:
        trials: complete or not, with `trial`, `method`, `size`, `transfer` and `pareto`.
        seeds: the values of every seed: `trial`, `seed`, `measure`, `value`.
        remark: the line under the figure.
    """
    wide = seeds.pivot_table(index="trial", columns="measure", values="value", aggfunc="mean")
    done = trials[trials["state"] == "COMPLETE"].set_index("trial").join(
        wide[["vs_global", "vs_task_specific", "between"]]
    )  # fmt: skip
    figure = new_figure(7.2, 6.4)
    axes = figure.subplots()
    _possible(axes, float(done["between"].mean()))
    drawn = axes.scatter(
        done["vs_global"], done["vs_task_specific"], c=-done["transfer"], cmap="viridis_r", s=42,
        edgecolors="white", linewidths=0.6, zorder=3,
    )  # fmt: skip
    front = done[done["pareto"]].sort_values("diffusibility")
    axes.plot(
        front["vs_global"], front["vs_task_specific"], color=INK, linewidth=1, marker="o",
        markersize=11, markerfacecolor="none", zorder=4, label="no other is better in both",
    )  # fmt: skip
    for _, row in front.iterrows():
        label = f"{title_of(str(row['method']))}, {row['size']}"
        axes.annotate(label, (row["vs_global"], row["vs_task_specific"]), xytext=(9, -10),
                      textcoords="offset points", fontsize=7.5, color=INK)  # fmt: skip
    axes.set(xlim=(_LEAST, 1.04), ylim=(_LEAST, 1.04), aspect="equal", xlabel="r with BERT",
             ylabel="r with LSTM")  # fmt: skip
    light_grid(axes, "both")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.7)
    bar.set_label("loss on held-out tweets of the new task (lower is better)", fontsize=8)
    figure.legend(loc="outside upper left")
    note(figure, remark)
    return figure
