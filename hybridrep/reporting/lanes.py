"""Means with intervals: in lanes, where things stand side by side, and over epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.style import Stroke, light_grid


def draw_lanes(
    axes: Axes, rows: Sequence[str], lanes: Sequence[tuple[str, Stroke]],
    values: Callable[[str, str], np.ndarray], *, seeds: bool = False,
) -> None:  # fmt: skip
    """Draw, for every row from top to bottom, one mean with its 95% interval per lane.

    `values` gives of a row and a lane one value a seed; it may be empty. With `seeds` each of them
    is a point under the mean.
    """
    step = 0.66 / max(len(lanes), 2)
    for place, row in enumerate(rows):
        for lane, (name, stroke) in enumerate(lanes):
            found = np.asarray(values(row, name), dtype=float)
            found = found[np.isfinite(found)]
            if not len(found):
                continue
            height = place + step * (lane - (len(lanes) - 1) / 2)
            test = one_sample(found)
            if seeds:
                axes.scatter(
                    found, np.full(found.size, height), s=9, color=stroke.colour, alpha=0.4,
                    linewidths=0,
                )  # fmt: skip
            if np.isfinite(test.low):
                axes.plot([test.low, test.high], [height] * 2, color=stroke.colour, linewidth=2)
            axes.plot(
                found.mean(), height, marker=stroke.marker, color=stroke.colour, markersize=6,
                markeredgecolor="white", linestyle="",
            )  # fmt: skip
    light_grid(axes, "x")


def mean_line(
    axes: Axes, summary: pd.DataFrame, stroke: Stroke, every: int | tuple[int, int], band: float,
    label: str = "",
) -> None:  # fmt: skip
    """Draw a mean over epochs with a band of one SD (columns epoch, mean, sd)."""
    epochs, mean, sd = (summary[c].to_numpy(float) for c in ("epoch", "mean", "sd"))
    if np.isfinite(sd).any():
        low, high = mean - sd, mean + sd
        axes.fill_between(epochs, low, high, color=stroke.colour, alpha=band, linewidth=0)
    axes.plot(
        epochs, mean, color=stroke.colour, linestyle=stroke.dash, marker=stroke.marker or None,
        markevery=every, markeredgecolor="white", markeredgewidth=0.5, label=label,
    )  # fmt: skip


def label_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows, the first at the top."""
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)


def lane_legend(figure: Figure, lanes: Sequence[tuple[str, Stroke]]) -> None:
    """Put the lanes' legend above the figure."""
    handles = [
        Line2D(
            [], [], color=stroke.colour, marker=stroke.marker, markersize=6,
            markeredgecolor="white", label=name,
        )
        for name, stroke in lanes
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
