"""Results side by side: sets of tweets, sizes of the bottleneck, whole studies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hybridrep.analysis.statistics import over_seeds
from hybridrep.reporting.formatting import shortened
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.style import (
    INK,
    OKABE_ITO,
    Stroke,
    class_look,
    keep_in_range,
    light_grid,
    new_figure,
    note,
)
from hybridrep.studies.hybrid.names import (
    PAIRS,
    SHARED,
    SHOWN_ITEM_SETS,
    TRANSFER,
    TRANSFER_METRICS,
    readable,
)
from hybridrep.studies.hybrid.report.looks import PAIR_STROKES

_SET_STROKES = {
    "seen": Stroke(OKABE_ITO["orange"], "-", "^"), "test": Stroke(OKABE_ITO["blue"], "-", "s"),
    "unseen": Stroke(OKABE_ITO["purple"], "-", "o"), SHARED: Stroke(OKABE_ITO["green"], "-", "D"),
}  # fmt: skip
_Known = dict[tuple[str, str, str], np.ndarray]
"""(panel, row, lane) -> values over seeds."""


def item_sets(rsa: pd.DataFrame, directions: Sequence[str], remark: str) -> Figure:
    """Draw mean r (one bottleneck, epoch used) with its 95% CI for every pair and item set."""
    there = set(rsa["item_set"])
    sets = [n for n in (*SHOWN_ITEM_SETS, SHARED) if n != SHARED or n in there]
    lanes = [(name, _SET_STROKES[name]) for name in sets]
    figure = _rsa_lanes(_grouped(rsa, ["direction", "pair", "item_set"]), directions, lanes, 4.1)
    lane_legend(figure, [(readable(name), stroke) for name, stroke in lanes])
    note(figure, remark)
    return figure


def _rsa_lanes(
    known: _Known, directions: Sequence[str], lanes: Sequence[tuple[str, Stroke]], height: float
) -> Figure:
    """Draw mean r of every pair in lanes, one panel per direction."""
    figure = new_figure(10.0, height)
    grid = figure.subplots(1, len(directions), squeeze=False, sharey=True, sharex=True)[0]
    for axes, direction in zip(grid, directions, strict=True):
        draw_lanes(axes, PAIRS, lanes, partial(_values, known, direction))
        axes.axvline(0, color=INK, linewidth=0.6)
        axes.set(title=readable(direction), xlabel="Pearson r, mean and 95% CI over seeds")
    label_rows(grid[0], [readable(pair) for pair in PAIRS])
    keep_in_range(grid[0], "x")
    return figure


def bottleneck_sizes(rsa: pd.DataFrame, directions: Sequence[str], remark: str) -> Figure:
    """Draw mean r (one item set, epoch used) with SD for every pair over the bottleneck's sizes."""
    figure = new_figure(10.0, 4.4)
    grid = figure.subplots(1, len(directions), squeeze=False, sharey=True)[0]
    sizes = sorted(int(b) for b in rsa["bottleneck"].unique())
    for axes, direction in zip(grid, directions, strict=True):
        mine = rsa[rsa["direction"] == direction]
        summary = over_seeds(mine, ["pair", "bottleneck"]).sort_values("bottleneck")
        for lane, pair in enumerate(PAIRS):
            chosen, stroke = summary[summary["pair"] == pair], PAIR_STROKES[pair]
            shift = 2.0 ** (0.05 * (lane - 2.5))
            axes.errorbar(
                chosen["bottleneck"] * shift, chosen["mean"], yerr=chosen["sd"].fillna(0.0),
                color=stroke.colour, linestyle=stroke.dash, marker=stroke.marker or "None",
                elinewidth=1.0, markeredgecolor="white", markeredgewidth=0.5,
                label=readable(pair),
            )  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.set(title=readable(direction), xlabel="bottleneck dimensions")
        light_grid(axes)
    grid[0].set_ylabel("Pearson r, mean and SD over seeds")
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=3)
    note(figure, remark)
    return figure


def studies_transfer(values: pd.DataFrame, studies: Sequence[str], remark: str) -> Figure:
    """Draw the new task's results (study, representation, metric, value) side by side."""
    known = _grouped(values, ["metric", "representation", "study"])
    figure = new_figure(11.0, 3.4 + 0.35 * len(studies))
    grid = figure.subplots(1, len(TRANSFER_METRICS), sharey=True)
    for axes, metric in zip(grid, TRANSFER_METRICS, strict=True):
        draw_lanes(axes, TRANSFER, _study_lanes(studies), partial(_values, known, metric))
        unit = "share of tweets" if metric == "test_accuracy" else "cross-entropy, nats"
        axes.set(title=readable(metric).capitalize(), xlabel=unit)
    label_rows(grid[0], [readable(name) for name in TRANSFER])
    _study_legend(figure, studies)
    note(figure, remark)
    return figure


def studies_rsa(
    values: pd.DataFrame, studies: Sequence[str], directions: Sequence[str], remark: str
) -> Figure:
    """Draw the correlations of studies (study, direction, pair, value) side by side."""
    known = _grouped(values, ["direction", "pair", "study"])
    figure = _rsa_lanes(known, directions, _study_lanes(studies), 3.2 + 0.35 * len(studies))
    _study_legend(figure, studies)
    note(figure, remark)
    return figure


def _grouped(frame: pd.DataFrame, keys: list[str]) -> _Known:
    return {
        (str(panel), str(row), str(lane)): group["value"].to_numpy(dtype=float)
        for (panel, row, lane), group in frame.groupby(keys)
    }


def _values(known: _Known, panel: str, row: str, lane: str) -> np.ndarray:
    return known.get((panel, row, lane), np.empty(0))


def _study_lanes(studies: Sequence[str]) -> list[tuple[str, Stroke]]:
    looks = map(class_look, range(1, len(studies) + 1))
    strokes = [Stroke(colour, "-", marker) for colour, marker in looks]
    return list(zip(studies, strokes, strict=True))


def _study_legend(figure: Figure, studies: Sequence[str]) -> None:
    lane_legend(figure, [(shortened(name, 40), look) for name, look in _study_lanes(studies)])
