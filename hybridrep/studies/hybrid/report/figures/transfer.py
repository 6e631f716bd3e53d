"""Transfer results over seeds: every seed as a point, the mean, and its confidence interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.style import INK, MUTED, light_grid, new_figure, note
from hybridrep.studies.hybrid.names import TRANSFER, TRANSFER_METRICS, readable
from hybridrep.studies.hybrid.report.looks import TRANSFER_STROKES


def transfer_results(
    last: pd.DataFrame, remark: str, published: Mapping[tuple[str, str], float] | None = None
) -> Figure:
    """Draw train loss, test loss and test accuracy of the seven representations.

    `last` are rows of the last epoch and one bottleneck; the paper's means by (representation,
    measure) stand beside them.
    """
    figure = new_figure(11.0, 4.5)
    grid = figure.subplots(1, len(TRANSFER_METRICS), sharey=True)
    shown = [name for name in TRANSFER if name in set(last["representation"])]
    for axes, measure in zip(grid, TRANSFER_METRICS, strict=True):
        for row, name in enumerate(shown):
            values = last[last["representation"] == name].sort_values("seed")[measure]
            _points(axes, row, values.to_numpy(float), name)
            if published and (name, measure) in published:
                axes.plot(
                    published[name, measure], row + 0.3, marker="d", markersize=5.5,
                    markerfacecolor="white", markeredgecolor=MUTED, linestyle="",
                )  # fmt: skip
        baseline = last[last["representation"] == "baseline"][measure].mean()
        if np.isfinite(baseline):
            axes.axvline(baseline, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
        unit = "share of tweets" if measure == "test_accuracy" else "cross-entropy, nats"
        axes.set_title(readable(measure).capitalize())
        axes.set_xlabel(unit)
        light_grid(axes, "x")
    seeds = last.groupby("representation")["seed"].nunique()
    names = [f"{readable(name)}  (n = {seeds[name]})" for name in shown]
    grid[0].set_yticks(range(len(shown)), names)
    grid[0].set_ylim(len(shown) - 0.45, -0.55)
    _legend(figure, published is not None)
    note(figure, remark)
    return figure


def _points(axes: Axes, row: int, values: np.ndarray, name: str) -> None:
    values = values[np.isfinite(values)]
    if not len(values):
        return
    stroke = TRANSFER_STROKES[name]
    # a fixed ladder of heights instead of random jitter: equal input, equal picture
    ladder = (np.arange(len(values)) * 0.618) % 1.0 * 0.3 - 0.15
    axes.scatter(
        values, row + ladder, s=15, color=stroke.colour, marker=stroke.marker or "o", alpha=0.55,
        linewidths=0,
    )  # fmt: skip
    test = one_sample(values)
    if np.isfinite(test.low):
        axes.plot(
            [test.low, test.high], [row - 0.3] * 2, color=INK, linewidth=1.6, solid_capstyle="butt"
        )
    axes.plot(values.mean(), row - 0.3, marker="|", markersize=9, color=INK, markeredgewidth=2)


def _legend(figure: Figure, with_paper: bool) -> None:
    handles = [
        Line2D([], [], marker="o", linestyle="", color=MUTED, alpha=0.6, label="one seed"),
        Line2D([], [], marker="|", markersize=9, markeredgewidth=2, color=INK,
               label="mean and 95% CI"),
        Line2D([], [], color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), label="baseline’s mean"),
    ]  # fmt: skip
    if with_paper:
        handles.append(
            Line2D([], [], marker="d", markerfacecolor="white", markeredgecolor=MUTED,
                   linestyle="", label="mean printed in the paper")
        )  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
