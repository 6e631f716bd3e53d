"""Performance by network, diet and split, and learning curves (Fig. A1b, c)."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.style import OKABE_ITO, Stroke, light_grid, new_figure, note
from hybridrep.studies.nback.report.figures.looks import stroke_of
from hybridrep.studies.nback.results.performance import final, with_names
from hybridrep.studies.nback.results.tables import NBackTables

_SPLITS = (
    ("train", Stroke(OKABE_ITO["black"], "-", "o")),
    ("val_angle", Stroke(OKABE_ITO["blue"], "-", "s")),
    ("val_identity", Stroke(OKABE_ITO["vermillion"], "-", "^")),
)
MEASURES = {"accuracy": "accuracy, all frames", "response_accuracy": "response accuracy"}


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plans of both figures, if there is anything to be drawn."""
    if not tables.seeds:
        return []
    found = []
    ends = final(tables)
    seeds = len(tables.seeds)
    mtmf = ends[(ends["diet"] == "mtmf") & (ends["split"] == "val_angle")]
    reached = mtmf.groupby("name", sort=False)["response_accuracy"].mean()
    said = ", ".join(f"{name} {number(value)}" for name, value in reached.items())
    found.append(
        Plan(
            "performance", "Performance",
            f"Accuracy of all frames (left) and of frames with a response (right), by network, "
            f"diet and split: mean of {counted(seeds, 'seed')} (points) with 95% interval. "
            "val_angle: the "
            "trained objects from other sides; val_identity: objects never seen. No-action frames "
            "follow from task code and frame alone. Grey: chance.",
            f"Response accuracy of mtmf networks on val_angle trials: {said}.", "performance",
            partial(draw_performance, ends, seeds),
        )
    )  # fmt: skip
    curves = with_names(tables.curves, tables)
    found.append(
        Plan(
            "learning", "Learning curves",
            "Response accuracy of every mtmf network on val_angle trials during training, a line "
            "a seed; each ends where it stopped.",
            f"Response accuracy at the end: {said}.", "performance",
            partial(draw_learning, curves[curves["diet"] == "mtmf"], seeds),
        )
    )  # fmt: skip
    return found


def draw_performance(ends: pd.DataFrame, seeds: int) -> Figure:
    """Draw both accuracies in lanes, a row a network."""
    labelled = ends.assign(row=ends["name"] + " " + ends["diet"])
    rows = list(dict.fromkeys(labelled["row"]))
    figure = new_figure(8.0, 0.9 + 0.34 * len(rows))
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, (measure, label), chance in zip(panels, MEASURES.items(), (1 / 3, 0.5), strict=True):
        by_lane = labelled.set_index(["row", "split"])[measure].sort_index()

        def values(row: str, split: str, by_lane: pd.Series = by_lane) -> np.ndarray:
            return np.atleast_1d(np.asarray(by_lane.loc[(row, split)], dtype=np.float64))

        draw_lanes(axes, rows, _SPLITS, values, seeds=True)
        axes.axvline(chance, color="#b5bac4", linewidth=1, zorder=0)
        axes.set_xlabel(label)
        axes.set_xlim(0.2, 1.02)
    label_rows(panels[0], rows)
    lane_legend(figure, _SPLITS)
    note(figure, f"{counted(seeds, 'seed')}; 2,000 fresh trials a network and split")
    return figure


def draw_learning(curves: pd.DataFrame, seeds: int) -> Figure:
    """Draw response accuracy on new view angles over iterations, a line a network."""
    figure = new_figure(7.0, 3.4)
    axes = figure.subplots()
    shown = curves[curves["split"] == "val_angle"]
    for name, mine in shown.groupby("name", sort=False):
        stroke = stroke_of(str(name))
        for place, (_, one) in enumerate(mine.groupby("seed")):
            axes.plot(
                one["iteration"], one["response_accuracy"], color=stroke.colour,
                linestyle=stroke.dash, linewidth=1.1, label=str(name) if not place else "_",
            )  # fmt: skip
    light_grid(axes, "both")
    axes.axhline(0.5, color="#b5bac4", linewidth=1, zorder=0)
    axes.set_xlabel("iteration")
    axes.set_ylabel("response accuracy, val_angle")
    axes.legend(loc="lower right")
    note(figure, f"{counted(seeds, 'seed')}; grey: chance")
    return figure
