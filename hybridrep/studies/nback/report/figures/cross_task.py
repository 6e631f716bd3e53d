"""Decoders of one task on the trials of every other (Fig. 2a, 2c, A2b)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.lanes import draw_lanes, label_rows
from hybridrep.reporting.style import OKABE_ITO, SEQUENTIAL, Stroke, new_figure, note
from hybridrep.studies.nback.names import FEATURES, INITIALS, UNTRAINED
from hybridrep.studies.nback.results.decoding import WHOLE, cross_task
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.tables import NBackTables

_LANES = (
    ("own task", "validation", Stroke(OKABE_ITO["black"], "-", "o")),
    ("same feature, other n", "other_n", Stroke(OKABE_ITO["sky"], "-", "s")),
    ("other feature", "other_feature", Stroke(OKABE_ITO["vermillion"], "-", "^")),
)


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if networks of all tasks were decoded."""
    own = tables.cross_task
    own = own[(own["time"] == 1) & (own["set"] == "independent") & (own["space"] != "z")]
    if not (own["diet"] == WHOLE).any():
        return []
    numbers = with_names(
        pd.concat([cross_task(own, diet).assign(diet=diet) for diet in (WHOLE, UNTRAINED)]), tables
    )
    mean: Any = (
        numbers[numbers["diet"] == WHOLE].groupby(["name", "measure"], sort=False)["value"].mean()
    )
    said = ", ".join(
        f"{name} {number(value)}"
        for (name, measure), value in mean.items()
        if measure == "cross_task/normalised"
    )
    matrices = with_names(own[(own["diet"] == WHOLE) & (own["centring"] == "own")], tables)
    return [
        Plan(
            "cross_task", "Decoders on other tasks",
            "Above: balanced accuracy of decoders of the first frame, mean over seeds, networks of "
            "all tasks (of an LSTM also its cell, c). A column of blocks is the feature that "
            "decoders read and that their own task asks about, a row of blocks the feature that "
            "the tested task asks about; within a block down the n that was fitted, across the n "
            "that is tested. Below: means over blocks, points are seeds; hollow rows are controls: "
            "the fitting task’s mean taken out in place of the tested one’s own (a mere offset "
            "then counts as another subspace), and networks before training.",
            f"Share of accuracy above chance kept on tasks of another feature: {said}.",
            "decoding", partial(draw, matrices, numbers), plain=True,
        )
    ]  # fmt: skip


def draw(matrices: pd.DataFrame, numbers: pd.DataFrame) -> Figure:
    """Draw a matrix a network and space, and below the means over blocks."""
    spaces = list(dict.fromkeys(zip(matrices["name"], matrices["space"], strict=True)))
    rows = _rows(numbers)
    height = 2.5 if len(spaces) < 5 else 2.1
    figure = new_figure(max(7.6, 2.1 * len(spaces)), height + 1.1 + 0.36 * len(rows))
    figure.set_layout_engine("constrained", h_pad=0.12)
    parts: Any = figure.subfigures(2, 1, height_ratios=[height, 1.1 + 0.36 * len(rows)])
    above, below = parts
    panels = above.subplots(1, len(spaces), squeeze=False)[0]
    image = None
    for axes, (name, space) in zip(panels, spaces, strict=True):
        mine = matrices[(matrices["name"] == name) & (matrices["space"] == space)]
        image = _matrix(axes, mine, f"{name}, {space}" if space == "c" else str(name))
    panels[0].set_ylabel("tested task asks about")
    if image is not None:
        above.colorbar(image, ax=list(panels), shrink=0.85, label="balanced accuracy")
    axes = below.subplots()
    lanes = [(label, stroke) for label, _, stroke in _LANES]
    measure = {label: name for label, name, _ in _LANES}

    def values(row: str, lane: str) -> np.ndarray:
        (name, diet, suffix) = rows[row]
        mine = numbers[
            (numbers["name"] == name) & (numbers["diet"] == diet)
            & (numbers["measure"] == f"cross_task/{measure[lane]}{suffix}")
        ]  # fmt: skip
        return mine["value"].dropna().to_numpy(float)

    draw_lanes(axes, list(rows), lanes, values, seeds=True)
    axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
    axes.set_xlim(0.45, 1.02)
    axes.set_xlabel("balanced accuracy")
    label_rows(axes, list(rows))
    for label, _, stroke in _LANES:
        axes.plot([], [], color=stroke.colour, marker=stroke.marker, linestyle="", label=label)
    axes.legend(loc="lower left", fontsize=7.5)
    note(below, f"{counted(numbers['seed'].nunique(), 'seed')}; grey: chance")
    return figure


def _rows(numbers: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """Return the rows of means: what they are of, and how their measures end."""
    suffixes = {"": "", "_uncentred": ", fitting task’s mean", "_cell": ", cell c"}
    rows = {}
    present = {*zip(numbers["name"], numbers["diet"], numbers["measure"], strict=True)}
    for name in dict.fromkeys(numbers["name"]):
        for suffix, said in suffixes.items():
            if (name, WHOLE, f"cross_task/validation{suffix}") in present:
                rows[f"{name}{said}"] = (name, WHOLE, suffix)
        if (name, UNTRAINED, "cross_task/validation") in present:
            rows[f"{name}, {UNTRAINED}"] = (name, UNTRAINED, "")
    return rows


def _matrix(axes: Axes, mine: pd.DataFrame, title: str) -> AxesImage:
    """Draw the blocks of one network: [tested feature, fitted n] x [decoded feature, tested n]."""
    own = mine[mine["decoded"] == mine["fitted_feature"]]
    mean: Any = own.groupby(["tested_feature", "fitted_n", "decoded", "tested_n"])["score"].mean()
    ns = sorted(set(own["fitted_n"]))
    size = len(ns)
    whole = np.full((3 * size, 3 * size), np.nan)
    for (tested, k, decoded, n), score in mean.items():
        row = FEATURES.index(tested) * size + ns.index(k)
        whole[row, FEATURES.index(decoded) * size + ns.index(n)] = score
    image = axes.imshow(whole, vmin=0.5, vmax=1.0, cmap=SEQUENTIAL)
    for edge in (size, 2 * size):
        axes.axhline(edge - 0.5, color="white", linewidth=1.5)
        axes.axvline(edge - 0.5, color="white", linewidth=1.5)
    at = [size * place + (size - 1) / 2 for place in range(3)]
    letters = [INITIALS[feature] for feature in FEATURES]
    axes.set_xticks(at, letters)
    axes.set_yticks(at, letters)
    axes.set_xlabel("decoded")
    axes.set_title(title, fontsize=9)
    return image
