"""RSA over the autoencoder's epochs, mean and band over seeds (Figs 6, A1-A4 and B1-B4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.analysis.statistics import over_seeds
from hybridrep.reporting.lanes import mean_line
from hybridrep.reporting.style import (
    MUTED,
    keep_in_range,
    light_grid,
    new_figure,
    note,
    whole_epochs,
)
from hybridrep.studies.hybrid.names import PAIRS, pair_in, readable
from hybridrep.studies.hybrid.report.looks import PAIR_STROKES


def trajectories(
    rsa: pd.DataFrame, directions: Sequence[str], used_epoch: int, remark: str,
    linear: pd.DataFrame | None = None,
) -> Figure:  # fmt: skip
    """Draw r over epochs for every pair, one panel per direction, sharing the scale.

    Args:
        rsa: rows of one bottleneck and one item set; epoch 0 is before training.
        directions: the panels: both for Fig. 6, one for each of Figs A1-A4 and B1-B4.
        used_epoch: the epoch whose model RSA and transfer use; marked.
        remark: the line under the figure.
        linear: per seed and direction ridge regression's r; a mark at the right edge.
    """
    width = 5.0 * len(directions) if len(directions) > 1 else 7.0
    figure = new_figure(width, 4.9)
    grid = figure.subplots(1, len(directions), squeeze=False, sharey=True)[0]
    with_ridge = False
    for column, (axes, direction) in enumerate(zip(grid, directions, strict=True)):
        mine = rsa[rsa["direction"] == direction]
        _lines(axes, mine)
        _used(axes, used_epoch)
        if linear is not None:
            with_ridge |= _ridge(axes, linear[linear["direction"] == direction]["value"].mean())
        seeds = mine["seed"].nunique()
        axes.set_title(f"{readable(direction)}  (n = {seeds} seed{'s' * (seeds != 1)})")
        axes.set_xlabel("epoch (0 = before training)")
        if column == 0:
            axes.set_ylabel("Pearson r with SD over seeds (no unit)")
        light_grid(axes)
        whole_epochs(axes)
    keep_in_range(grid[0], "y")
    _legend(figure, directions, with_ridge)
    note(figure, remark)
    return figure


def _lines(axes: Axes, rsa: pd.DataFrame) -> None:
    summary = over_seeds(rsa, ["pair", "epoch"], "value")
    for offset, pair in enumerate(p for p in PAIRS if p in set(rsa["pair"])):
        mine = summary[summary["pair"] == pair].sort_values("epoch")
        step = max(len(mine) // 7, 1)
        mean_line(axes, mine, PAIR_STROKES[pair], (offset * step // 6, step), 0.16)
    axes.margins(x=0.02)


def _used(axes: Axes, epoch: int) -> None:
    axes.axvline(epoch, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
    axes.annotate(
        f"epoch used: {epoch}", (epoch, 1.0), xycoords=("data", "axes fraction"),
        xytext=(3, -2), textcoords="offset points", va="top", fontsize=7.5, color=MUTED,
    )  # fmt: skip


def _ridge(axes: Axes, value: float) -> bool:
    """Mark ridge regression's r; say whether there is one."""
    known = bool(np.isfinite(value))
    if known:
        axes.axhline(value, xmin=0.93, color=PAIR_STROKES["reconstructed_vs_target"].colour, lw=3.2)
    return known


def _legend(figure: Figure, directions: Sequence[str], with_ridge: bool) -> None:
    handles = []
    for pair in PAIRS:
        stroke = PAIR_STROKES[pair]
        name = pair_in(directions[0], pair) if len(directions) == 1 else readable(pair)
        handles.append(
            Line2D([], [], color=stroke.colour, linestyle=stroke.dash, marker=stroke.marker or None,
                   markeredgecolor="white", markeredgewidth=0.5, label=name)
        )  # fmt: skip
    if with_ridge:
        handles.append(
            Line2D([], [], color=PAIR_STROKES["reconstructed_vs_target"].colour, lw=3.2,
                   label="ridge regression: reconstructed – target")
        )  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=2 if len(directions) == 1 else 3)
