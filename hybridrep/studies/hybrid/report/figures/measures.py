"""Measures beside r: over epochs, against each other, and what they make of seeds and kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.analysis.statistics import over_seeds
from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, listed, number
from hybridrep.reporting.lanes import label_rows, mean_line
from hybridrep.reporting.style import (
    INK,
    MUTED,
    OKABE_ITO,
    SEQUENTIAL,
    Stroke,
    light_grid,
    new_figure,
    note,
    whole_epochs,
)
from hybridrep.studies.hybrid.names import PAIRS, readable
from hybridrep.studies.hybrid.report.looks import PAIR_STROKES
from hybridrep.studies.hybrid.report.measure_views import kind_name, measure_name, short_name
from hybridrep.studies.hybrid.results.tables import StudyTables

_COLUMNS = 3
"""Measures side by side."""

_KINDS = {
    "global": Stroke(INK, "-", "*"), "task_specific": Stroke(OKABE_ITO["vermillion"], "-", "o"),
    "bert_to_lstm.diffused": Stroke(OKABE_ITO["sky"], "--", "D"),
    "bert_to_lstm.transformed": Stroke(OKABE_ITO["green"], "-", "^"),
    "lstm_to_bert.diffused": Stroke(OKABE_ITO["orange"], "--", "v"),
    "lstm_to_bert.transformed": Stroke(OKABE_ITO["purple"], "-", "P"),
}  # fmt: skip
"""Kind of representation -> its look, as in the new task's figures."""


def measure_plans(
    tables: StudyTables, sizes: Sequence[int], frames: Mapping[str, pd.DataFrame]
) -> Iterator[Plan]:
    """Plan what the study's measures, and its seeds compared, allow."""
    table = tables.measures
    for place, size in enumerate(sizes):
        mine = table[(table["bottleneck"] == size) & table["pair"].isin(PAIRS)]
        for direction in dict.fromkeys(mine["direction"]):
            own = mine[mine["direction"] == direction]
            seeds = counted(own["seed"].nunique(), "seed")
            tweets = f"{readable(str(own['item_set'].iloc[0])).partition(' ')[0]} tweets"
            yield Plan(
                name=f"measures_{direction}_b{size}",
                title=f"Other measures over epochs, {readable(direction)}, bottleneck {size}",
                caption="The same six pairs by other measures, mean over seeds with a band of ± 1 "
                "SD; dotted lines: what chance gives, where it is not 0. Those that take long are "
                "there before training, at half of the epochs and at the last, ridge regression at "
                "half alone.",
                alternative=f"{counted(own['measure'].nunique(), 'panel')} of six lines over "
                f"epochs. {_levels(own, tables.half_epoch)}",
                group="measures" if place == 0 else "appendix",
                draw=partial(over_epochs, own, f"n = {seeds}, {tweets}, bottleneck {size}"),
            )  # fmt: skip
    agreement = frames.get("measures_agreement", pd.DataFrame())
    if len(agreement) and agreement["rho"].notna().any():
        n = counted(int(agreement["n"].max()), "seed")
        pairs = counted(int(agreement["pairs"].max()), "pair")
        yield Plan(
            name="measures_agreement", title="Do the measures order the pairs alike?",
            caption="Spearman’s rho of every two measures over the pairs of a seed’s "
            f"representations at epoch {tables.half_epoch}, mean over seeds. Distances are turned "
            "around.",
            alternative=f"An annotated matrix. {_extremes(agreement)}", group="measures",
            draw=partial(agreement_matrix, agreement, f"n = {n}, {pairs} each"), plain=True,
        )  # fmt: skip
    ranked = frames.get("identification", pd.DataFrame())
    if len(ranked) and ranked["accuracy"].notna().any():
        best = ranked.iloc[0]
        yield Plan(
            name="identification", title="Which measure tells the kinds apart?",
            caption="Share of representations that are nearest to their own kind in other seeds, "
            "with its 95% interval over seeds; the line is chance. The number at the right is AUC: "
            "how often two of one kind are more alike than two of different kinds.",
            alternative=f"A ranking of {counted(len(ranked), 'measure')}; first "
            f"{measure_name(str(best['measure']))} with {number(best['accuracy'], 2)}.",
            group="measures",
            draw=partial(identification_ranking, ranked, _seeds_of(ranked)),
        )  # fmt: skip
    space = frames.get("space", pd.DataFrame())
    if len(space) > 2:
        stress = number(float(space["stress"].iloc[0]), 2)
        shown = space.loc[space["seed"] >= 0, "seed"].nunique()
        yield Plan(
            name="space", title="The space of representations",
            caption="Every representation of the shared tweets as a point: the angles between "
            "their shapes, which are a metric, scaled to the plane. Lines go from before training "
            "over half of the epochs to the last, which is large. Stress, the share of the angles "
            f"that the plane loses, is {stress}: above 0.2 only the coarse picture counts.",
            alternative="A scatter plot of representations by kind, a line for each seed’s epochs.",
            group="measures",
            draw=partial(
                space_map, space, f"{counted(int(shown), 'seed')}, stress {stress}, no unit"
            ),
        )  # fmt: skip


def _levels(measures: pd.DataFrame, epoch: int) -> str:
    """Return what the measures say of what matters most, for texts that replace a picture."""
    chosen = measures[
        (measures["pair"] == "reconstructed_vs_target") & (measures["epoch"] == epoch)
    ]
    means = chosen.groupby("measure", sort=False)["value"].mean()
    said = [f"{number(value, 2)} by {measure_name(str(key))}" for key, value in means.items()]
    return f"Reconstruction and target: {listed(said)}." if said else ""


def _extremes(agreement: pd.DataFrame) -> str:
    known = agreement.dropna(subset="rho").sort_values("rho")
    parts = []
    for word, row in (("most", known.iloc[-1]),
                      ("least", known.iloc[0])):  # fmt: skip
        names = [measure_name(str(row[side])) for side in ("first", "second")]
        parts.append(f"{listed(names)} agree {word} (rho = {number(row['rho'], 2)})")
    return f"{parts[0]}; {parts[1]}."


def _seeds_of(ranked: pd.DataFrame) -> str:
    low, high = int(ranked["seeds"].min()), int(ranked["seeds"].max())
    groups = int(ranked["groups"].max())
    return f"{groups} kinds, {low}–{high} seeds" if low < high else f"{groups} kinds, {high} seeds"


def over_epochs(measures: pd.DataFrame, remark: str) -> Figure:
    """Draw every measure of one direction and size over epochs, a panel each."""
    keys = list(dict.fromkeys(measures["measure"]))
    rows = -(-len(keys) // _COLUMNS)
    figure = new_figure(10.0, 0.9 + 2.6 * rows)
    grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True).ravel()
    for axes, key in zip(grid, keys, strict=False):
        _panel(axes, measures[measures["measure"] == key])
        axes.set_title(short_name(key), fontsize=9)
    for axes in grid[len(keys) :]:
        axes.set_axis_off()
    for place, axes in enumerate(grid[: len(keys)]):
        if place + _COLUMNS >= len(keys):
            axes.set_xlabel("epoch (0 = before training)")
            axes.tick_params(labelbottom=True)
    handles = [
        Line2D([], [], color=PAIR_STROKES[p].colour, linestyle=PAIR_STROKES[p].dash,
               marker=PAIR_STROKES[p].marker or None, markeredgecolor="white",
               markeredgewidth=0.5, label=readable(p))
        for p in PAIRS
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    note(figure, remark)
    return figure


def _panel(axes: Axes, measure: pd.DataFrame) -> None:
    values = over_seeds(measure, ["pair", "epoch"], "value")
    chance = over_seeds(measure, ["pair", "epoch"], "chance")
    for pair in PAIRS:
        mine = values[values["pair"] == pair].sort_values("epoch")
        if not len(mine) or not np.isfinite(mine["mean"].to_numpy(float)).any():
            continue
        mean_line(axes, mine, PAIR_STROKES[pair], (0, max(len(mine) // 5, 1)), 0.16)
        by_chance = chance[chance["pair"] == pair].sort_values("epoch")
        levels = by_chance["mean"].to_numpy(float)
        if np.isfinite(levels).any() and np.nanmax(np.abs(levels)) > 0:
            axes.plot(by_chance["epoch"], levels, ":", color=PAIR_STROKES[pair].colour, lw=1.0)
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=0)
    axes.margins(x=0.02)
    light_grid(axes)
    whole_epochs(axes)


def agreement_matrix(agreement: pd.DataFrame, remark: str) -> Figure:
    """Draw the rank correlations between measures as an annotated matrix."""
    keys = list(dict.fromkeys([*agreement["first"], *agreement["second"]]))
    place = {key: index for index, key in enumerate(keys)}
    matrix = np.full((len(keys), len(keys)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for row in agreement.to_dict("records"):
        one, other = place[row["first"]], place[row["second"]]
        matrix[one, other] = matrix[other, one] = row["rho"]
    cell = 0.78 if len(keys) < 12 else 0.5
    figure = new_figure(max(3.0 + cell * len(keys), 7.2), 1.3 + cell * len(keys))
    axes = figure.subplots()
    low = min(0.0, float(np.nanmin(matrix)))
    image = axes.imshow(matrix, cmap=SEQUENTIAL, vmin=low, vmax=1.0)
    names = [short_name(key) for key in keys]
    axes.set_xticks(range(len(keys)), names, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(keys)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for i, j in np.argwhere(np.isfinite(matrix)):
        bright = (matrix[i, j] - low) / (1.0 - low) > 0.55
        axes.text(
            j, i, number(matrix[i, j], 2), ha="center", va="center", fontsize=9,
            color=INK if bright else "white",
        )  # fmt: skip
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=26, pad=0.02)
    bar.set_label("Spearman’s rho")
    bar.outline.set_visible(False)
    note(figure, remark)
    return figure


def identification_ranking(ranked: pd.DataFrame, remark: str) -> Figure:
    """Draw the measures by how well they tell the kinds apart, the best at the top."""
    known = ranked[ranked["accuracy"].notna()].reset_index(drop=True)
    figure = new_figure(8.0, 1.3 + 0.36 * len(known))
    axes = figure.subplots()
    colour = OKABE_ITO["blue"]
    for place, row in enumerate(known.to_dict("records")):
        if np.isfinite(row["low"]):
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2)
        axes.plot(row["accuracy"], place, "o", color=colour, markersize=6, markeredgecolor="white")
        axes.text(1.03, place, f"AUC {number(row['auc'], 2)}", va="center", fontsize=8, color=MUTED)
    axes.axvline(float(known["chance"].iloc[0]), color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
    axes.set_xlim(0, 1.16)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_xlabel("share of representations nearest to their own kind")
    label_rows(axes, [short_name(str(key)) for key in known["measure"]])
    light_grid(axes, "x")
    note(figure, remark)
    return figure


def space_map(space: pd.DataFrame, remark: str) -> Figure:
    """Draw representations of seeds and epochs in the plane, by kind."""
    figure = new_figure(8.0, 5.6)
    axes = figure.subplots()
    kinds = [kind for kind in _KINDS if kind in set(space["kind"])]
    for kind in kinds:
        stroke = _KINDS[kind]
        for _, path in space[space["kind"] == kind].groupby("seed"):
            ordered = path.sort_values("epoch")
            x, y = ordered["x"].to_numpy(float), ordered["y"].to_numpy(float)
            axes.plot(x, y, color=stroke.colour, linestyle=stroke.dash, linewidth=0.9, alpha=0.6)
            sizes = np.linspace(14, 60, len(x)) if len(x) > 1 else [90]
            axes.scatter(
                x, y, s=sizes, marker=stroke.marker, color=stroke.colour, edgecolors="white",
                linewidths=0.6, zorder=3,
            )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("first axis (radians)")
    axes.set_ylabel("second axis (radians)")
    light_grid(axes, "both")
    handles = [
        Line2D([], [], color=_KINDS[k].colour, marker=_KINDS[k].marker, linestyle=_KINDS[k].dash,
               markersize=7, markeredgecolor="white", label=kind_name(k))
        for k in kinds
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    note(figure, remark)
    return figure
