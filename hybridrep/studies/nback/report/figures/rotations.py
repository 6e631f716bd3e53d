"""Rotations of decoders over time: reconstructions (Fig. 4f) and swaps (Fig. 4g, A4)."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.style import MUTED, OKABE_ITO, Stroke, light_grid, new_figure, note
from hybridrep.studies.nback.report.figures.looks import FEATURES, in_order, stroke_of
from hybridrep.studies.nback.results.decoding import feature_values
from hybridrep.studies.nback.results.geometry import steps
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.tables import NBackTables

LINES = {
    "fitted": ("fitted", Stroke(OKABE_ITO["black"], "-", "o")),
    "reconstructed": ("reconstructed, own rotation", Stroke(OKABE_ITO["blue"], ":", "s")),
    "permuted": ("the same, values exchanged", Stroke(OKABE_ITO["vermillion"], "--", "^")),
    "joint": ("one rotation for all steps", Stroke(OKABE_ITO["green"], "-.", "D")),
    "random": ("random rotation", Stroke("#8d95a3", "-", "v")),
    "identity": ("not turned", Stroke("#8d95a3", "--", "X")),
}
"""The lines of Fig. 4f: what the paper draws, and its controls."""

ROWS = {
    "fitted": "fitted", "reconstructed": "own rotation R(i,j)",
    "permuted": "values exchanged", "swap_stimulus": "swap stimulus R(i+1,j+1)",
    "swap_time": "swap time R(i,j+1)", "joint": "one R of the others",
    "identity": "not turned", "random": "random R",
}  # fmt: skip
"""The rows of Fig. 4g."""

CONTROLS = ("permuted", "joint", "identity", "random")


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plans of both figures, if there is anything to be drawn."""
    table = steps(tables)
    if not len(table):
        return []
    found = table.groupby("name")[[*ROWS]].mean().loc[in_order(table["name"])]
    cells = table.groupby("name")[["n", "feature", "stimulus", "time"]].apply(
        lambda mine: len(mine.drop_duplicates())
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"{measure} {number(row[measure], 2)}" for measure in ROWS)
        for name, row in found.iterrows()
    )
    return [
        Plan(
            "rotations", "Rotations from frame to frame",
            "Balanced accuracy of decoders that were turned from a frame to the next, by the "
            "stimulus’ age there: mean of the seeds (points) over the steps that there are, as "
            "many as the small numbers say. Only steps at which the stimulus must still be kept. "
            "That turned decoders read well (dotted) says little where those with exchanged values "
            "(dashed) do as well. Independent trials, mtmf networks; grey: chance.",
            f"Means over steps. {said}.", "geometry", partial(draw_rotations, table),
        ),
        Plan(
            "swaps", "Swapped rotations",
            "The same decoders with the rotation of another step put in its place, by feature: "
            "points are seeds, bars 95% intervals. A rotation of another time is applied to a "
            "subspace that it was not fitted to, so swap time fails whether or not the network’s "
            "map changes; whether one map serves for all steps, “one R of the others” says. Right: "
            "how much of a subspace stays from age to age (chance: ticks).",
            f"Means over {', '.join(f'{count} steps ({name})' for name, count in cells.items())}. "
            f"{said}.",
            "geometry", partial(draw_swaps, table, _chances(tables, table)),
        ),
    ]  # fmt: skip


def _chances(tables: NBackTables, table: pd.DataFrame) -> dict[str, float]:
    """Return the overlap of unrelated spans by network: (K - 1) / H, mean over features."""
    networks = with_names(tables.networks, tables).groupby("name")["hidden"].first()
    values = feature_values(tables)
    spans = [values[feature] - 1 for feature in dict.fromkeys(table["feature"])]
    return {name: sum(spans) / len(spans) / int(networks[name]) for name in set(table["name"])}


def draw_rotations(table: pd.DataFrame) -> Figure:
    """Draw Fig. 4f: a panel a network, accuracy over age."""
    names = in_order(table["name"])
    ages = sorted(int(age) for age in set(table["age"]))
    figure = new_figure(3.0 * len(names) + 0.6, 3.6)
    panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        mine = table[table["name"] == name]
        for measure, (_, stroke) in LINES.items():
            seeds = mine.groupby(["seed", "age"])[measure].mean().unstack("age")
            for _, one in seeds.iterrows():
                axes.scatter(one.index, one, s=7, color=stroke.colour, alpha=0.35, linewidths=0)
            mean = seeds.mean()
            axes.plot(
                mean.index, mean, color=stroke.colour, linestyle=stroke.dash, marker=stroke.marker,
                markeredgecolor="white", markeredgewidth=0.5, linewidth=1.6,
            )  # fmt: skip
        _counts(axes, mine, ages)
        axes.axhline(0.5, color="#b5bac4", linewidth=1, zorder=0)
        axes.set_title(name)
        axes.set_xticks(ages)
        axes.set_xlim(ages[0] - 0.4, ages[-1] + 0.4)
        axes.set_ylim(0.4, 1.03)
        axes.set_xlabel("age at which it is read")
        light_grid(axes)
    panels[0].set_ylabel("balanced accuracy")
    handles = [
        Line2D([], [], color=stroke.colour, linestyle=stroke.dash, marker=stroke.marker,
               markeredgecolor="white", label=label)
        for label, stroke in LINES.values()
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    note(figure, f"{counted(table['seed'].nunique(), 'seed')}; means over existing steps")
    return figure


def _counts(axes: Axes, mine: pd.DataFrame, ages: list[int]) -> None:
    """Write how many steps of how many tasks each mean runs over."""
    cells = mine.drop_duplicates(["n", "feature", "stimulus", "time"])
    for age in ages:
        axes.text(age, 0.415, str(int((cells["age"] == age).sum())), ha="center", va="bottom",
                  fontsize=7, color=MUTED)  # fmt: skip


def draw_swaps(table: pd.DataFrame, chances: dict[str, float]) -> Figure:
    """Draw Fig. 4g: a panel a network, a row a rotation; beside them overlaps by age."""
    names = in_order(table["name"])
    features = [(name, stroke) for name, stroke in FEATURES.items() if name in {*table["feature"]}]
    figure = new_figure(2.7 * len(names) + 3.6, 4.4)
    panels = figure.subplots(1, len(names) + 1, width_ratios=[*[1.0] * len(names), 0.8])
    seeds = table.groupby(["name", "feature", "seed"])[[*ROWS]].mean().reset_index()
    for place, (axes, name) in enumerate(zip(panels, names, strict=False)):

        def values(row: str, feature: str, name: str = name) -> np.ndarray:
            mine = seeds[(seeds["name"] == name) & (seeds["feature"] == feature)]
            return mine[row].to_numpy(np.float64)

        draw_lanes(axes, list(ROWS), features, values, seeds=True)
        label_rows(axes, list(ROWS.values()))
        for number_of_row, row in enumerate(ROWS):
            if row in CONTROLS:
                axes.axhspan(number_of_row - 0.5, number_of_row + 0.5, color="#eef0f4", zorder=-1)
        axes.tick_params(labelleft=not place)
        axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
        axes.set_xlim(0.38, 1.03)
        axes.set_title(name)
        axes.set_xlabel("balanced accuracy")
    _overlaps(panels[-1], table, names, chances)
    lane_legend(figure, features)
    note(figure, f"{counted(table['seed'].nunique(), 'seed')}; shaded rows: controls; line: chance")
    return figure


def _overlaps(axes: Axes, table: pd.DataFrame, names: list[str], chances: dict[str, float]) -> None:
    for name in names:
        mine, stroke = table[table["name"] == name], stroke_of(name)
        mean = mine.groupby("age")["overlap"].mean()
        places = [age - 0.5 for age in mean.index]
        axes.plot(places, mean, color=stroke.colour, linestyle=stroke.dash, marker=stroke.marker,
                  markeredgecolor="white", label=name)  # fmt: skip
        for place, (_, some) in zip(places, mine.groupby("age"), strict=True):
            one = some.groupby("seed")["overlap"].mean()
            axes.scatter([place] * len(one), one, s=7, color=stroke.colour, alpha=0.35,
                         linewidths=0)  # fmt: skip
    ages = sorted(int(age) for age in set(table["age"]))
    for name in names:
        axes.plot(ages[-1] - 0.12, chances[name], marker="_", markersize=12,
                  color=stroke_of(name).colour, linestyle="")  # fmt: skip
    axes.set_xlim(ages[0] - 0.9, ages[-1] - 0.05)
    axes.set_xticks([age - 0.5 for age in ages], [f"{age - 1}–{age}" for age in ages])
    axes.set_ylim(0, 1.02)
    axes.set_title("overlap of spans")
    axes.set_xlabel("ages")
    axes.yaxis.tick_right()
    light_grid(axes)
    axes.legend(loc="upper right")
