"""A sweep in pictures: its course, what mattered, and what can be had at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.reporting.style import (
    MUTED,
    OKABE_ITO,
    class_look,
    light_grid,
    new_figure,
    note,
    whole_epochs,
)
from hybridrep.studies.hybrid.names import readable


def optimisation_history(trials: pd.DataFrame, objective: str, remark: str) -> Figure:
    """Draw every trial's value in the order of the trials, and the best so far.

    Args:
        trials: `direction`, `trial`, `state`, the objective and `OBJECTIVE_sd`.
        objective: name of its column.
        remark: the line under the figure.
    """
    directions = list(dict.fromkeys(trials["direction"]))
    figure = new_figure(5.0 * max(len(directions), 1.4), 3.9)
    grid = figure.subplots(1, len(directions), squeeze=False, sharey=True)[0]
    for axes, direction in zip(grid, directions, strict=True):
        mine = trials[trials["direction"] == direction].sort_values("trial")
        done = mine[mine["state"] == "COMPLETE"]
        pruned = mine[mine["state"] == "PRUNED"]
        axes.errorbar(
            done["trial"], done[objective], yerr=done[f"{objective}_sd"].fillna(0.0),
            linestyle="", marker="o", color=OKABE_ITO["blue"], elinewidth=0.8,
            markeredgecolor="white", label="trial, mean and SD over seeds",
        )  # fmt: skip
        if (trials["state"] == "PRUNED").any():
            axes.plot(
                pruned["trial"], pruned[objective], linestyle="", marker="x", color=MUTED,
                label="pruned, at its last epoch",
            )  # fmt: skip
        axes.step(
            done["trial"], done[objective].cummax(), where="post", color=OKABE_ITO["vermillion"],
            label="best so far",
        )  # fmt: skip
        axes.set(title=readable(direction), xlabel="trial")
        light_grid(axes)
        whole_epochs(axes)
    grid[0].set_ylabel(f"{objective}, Pearson r")
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=3)
    note(figure, remark)
    return figure


def parameter_importance(importance: pd.DataFrame, remark: str) -> Figure:
    """Draw how much each parameter mattered.

    Args:
        importance: `direction`, `objective`, `parameter`, `importance` (a share of 1).
        remark: the line under the figure.
    """
    panels = list(importance.groupby(["direction", "objective"], sort=False))
    figure = new_figure(4.6 * max(len(panels), 1.5), 3.0)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, ((direction, objective), mine) in zip(grid, panels, strict=True):
        ordered = mine.sort_values("importance")
        names = [readable(str(name)) for name in ordered["parameter"]]
        bars = axes.barh(names, ordered["importance"], color=OKABE_ITO["blue"], height=0.6)
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8.0)
        axes.set(title=f"{readable(str(direction))}: {objective}", xlabel="share", xlim=(0, 1.12))
        light_grid(axes, "x")
    note(figure, remark)
    return figure


def pareto_front(trials: pd.DataFrame, remark: str) -> Figure:
    """Draw both objectives against each other; trials that none beats in both are joined.

    Args:
        trials: complete trials: `direction`, `bottleneck`, both objectives, `pareto`.
        remark: the line under the figure.
    """
    directions = list(dict.fromkeys(trials["direction"]))
    sizes = sorted({int(size) for size in trials["bottleneck"]})
    figure = new_figure(5.0 * max(len(directions), 1.4), 4.3)
    grid = figure.subplots(1, len(directions), squeeze=False)[0]
    for axes, direction in zip(grid, directions, strict=True):
        mine = trials[trials["direction"] == direction]
        front = mine[mine["pareto"]].sort_values(["transformability", "diffusibility"])
        axes.plot(
            front["transformability"], front["diffusibility"], color=MUTED, linewidth=1.2, zorder=1
        )
        for place, size in enumerate(sizes):
            chosen = mine[mine["bottleneck"] == size]
            colour, marker = class_look(place)
            axes.scatter(
                chosen["transformability"], chosen["diffusibility"], color=colour, marker=marker,
                s=np.where(chosen["pareto"], 52, 24), edgecolors="white", linewidths=0.6, zorder=2,
            )  # fmt: skip
        axes.set(title=readable(direction), xlabel="transformability, Pearson r")
        light_grid(axes, "both")
    grid[0].set_ylabel("diffusibility, Pearson r")
    figure.legend(handles=_sizes_legend(sizes), loc="outside upper left", ncols=6)
    note(figure, remark)
    return figure


def _sizes_legend(sizes: Sequence[int]) -> list[Line2D]:
    looks = [class_look(place) for place in range(len(sizes))]
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=6, label=f"b = {size}")
        for size, (colour, marker) in zip(sizes, looks, strict=True)
    ]
    return [*handles, Line2D([], [], color=MUTED, linewidth=1.2, label="Pareto front")]
