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
from hybridrep.sweeping.tables import Terms


def optimisation_history(trials: pd.DataFrame, objective: str, terms: Terms, remark: str) -> Figure:
    """Draw every trial's value in the order of the trials, and the best so far."""
    parts = list(dict.fromkeys(trials[terms.part]))
    figure = new_figure(5.0 * max(len(parts), 1.4), 3.9)
    grid = figure.subplots(1, len(parts), squeeze=False, sharey=True)[0]
    for axes, part in zip(grid, parts, strict=True):
        mine = trials[trials[terms.part] == part].sort_values("trial")
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
        axes.set(title=terms.readable(part), xlabel="trial")
        light_grid(axes)
        whole_epochs(axes)
    grid[0].set_ylabel(f"{objective}, {terms.unit}")
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=3)
    note(figure, remark)
    return figure


def parameter_importance(importance: pd.DataFrame, terms: Terms, remark: str) -> Figure:
    """Draw how much each parameter mattered."""
    panels = list(importance.groupby([terms.part, "objective"], sort=False))
    figure = new_figure(4.6 * max(len(panels), 1.5), 3.0)
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, ((part, objective), mine) in zip(grid, panels, strict=True):
        ordered = mine.sort_values("importance")
        names = [terms.readable(str(name)) for name in ordered["parameter"]]
        bars = axes.barh(names, ordered["importance"], color=OKABE_ITO["blue"], height=0.6)
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8.0)
        title = f"{terms.readable(str(part))}: {objective}"
        axes.set(title=title, xlabel="share", xlim=(0, 1.12))
        light_grid(axes, "x")
    note(figure, remark)
    return figure


def pareto_front(
    trials: pd.DataFrame, coloured: tuple[str, str], terms: Terms, remark: str
) -> Figure:
    """Draw both objectives against each other; trials that none beats in both are joined.

    `coloured` names an axis whose values have a colour each, and its symbol.
    """
    axis, symbol = coloured
    parts = list(dict.fromkeys(trials[terms.part]))
    values = sorted(set(trials[axis].tolist()))
    across, up = terms.objectives
    figure = new_figure(5.0 * max(len(parts), 1.4), 4.3)
    grid = figure.subplots(1, len(parts), squeeze=False)[0]
    for axes, part in zip(grid, parts, strict=True):
        mine = trials[trials[terms.part] == part]
        front = mine[mine["pareto"]].sort_values([across, up])
        axes.plot(front[across], front[up], color=MUTED, linewidth=1.2, zorder=1)
        for place, value in enumerate(values):
            chosen = mine[mine[axis] == value]
            colour, marker = class_look(place)
            axes.scatter(
                chosen[across], chosen[up], color=colour, marker=marker,
                s=np.where(chosen["pareto"], 52, 24), edgecolors="white", linewidths=0.6, zorder=2,
            )  # fmt: skip
        axes.set(title=terms.readable(part), xlabel=f"{across}, {terms.unit}")
        light_grid(axes, "both")
    grid[0].set_ylabel(f"{up}, {terms.unit}")
    names = [f"{symbol} = {value}" for value in values]
    figure.legend(handles=_legend(names), loc="outside upper left", ncols=6)
    note(figure, remark)
    return figure


def _legend(names: Sequence[str]) -> list[Line2D]:
    looks = [class_look(place) for place in range(len(names))]
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, markersize=6, label=name)
        for name, (colour, marker) in zip(names, looks, strict=True)
    ]
    return [*handles, Line2D([], [], color=MUTED, linewidth=1.2, label="Pareto front")]
