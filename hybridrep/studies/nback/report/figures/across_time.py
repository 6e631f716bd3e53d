"""Decoders of the encoding at later frames, beside what label agreement gives (Fig. 4b, 4c)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.lanes import draw_lanes, label_rows
from hybridrep.reporting.style import OKABE_ITO, SEQUENTIAL, Stroke, new_figure, note
from hybridrep.studies.nback.names import ALL_VALUES, ARCHITECTURES, UNTRAINED
from hybridrep.studies.nback.results.decoding import (
    WHOLE,
    cells_across,
    decoding_numbers,
    feature_values,
)
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.tables import NBackTables

SETS = {
    "paper": "paper’s trials", "predicted": "label agreement",
    "independent": "independent labels",
}  # fmt: skip
_LANES = (
    ("executive, paper’s trials", "executive/paper", Stroke(OKABE_ITO["vermillion"], "-", "o")),
    ("other later frames, paper’s trials", "non_executive/paper",
     Stroke(OKABE_ITO["orange"], "-", "s")),
    ("executive, predicted", "executive/predicted", Stroke(OKABE_ITO["black"], "-", "D")),
    ("executive, independent", "executive/independent", Stroke(OKABE_ITO["blue"], "-", "o")),
    ("other later frames, independent", "non_executive/independent",
     Stroke(OKABE_ITO["sky"], "-", "s")),
)  # fmt: skip


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if networks of all tasks were decoded."""
    own = tables.decoding
    own = own[(own["value"] == ALL_VALUES) & (own["diet"] == WHOLE)]
    if not len(own):
        return []
    cells = with_names(cells_across(own, feature_values(tables)), tables)
    found = dict.fromkeys(cells["name"])
    names = [*(n for n in ARCHITECTURES if n in found), *(n for n in found if "-" in str(n))]
    shown = "gru" if "gru" in names else next(n for n in (*ARCHITECTURES, *names) if n in names)
    numbers = decoding_numbers(tables)
    numbers = numbers[numbers["measure"].str.startswith("across_time/")]
    mean: Any = numbers[numbers["diet"] == WHOLE].groupby(["name", "measure"])["value"].mean()
    said = "; ".join(
        f"{name} paper’s trials {number(mean[name, 'across_time/executive/paper'])}, predicted "
        f"{number(mean[name, 'across_time/executive/predicted'])}, independent "
        f"{number(mean[name, 'across_time/executive/independent'])}"
        for name in names
    )
    own = cells[(cells["feature"] == "identity") & (cells["name"] == shown)]
    return [
        Plan(
            "across_time", "Encoding decoders over time",
            f"Above: decoders of identity fitted at a stimulus’ own frame, read at later frames; "
            f"{shown} of all tasks, identity tasks, mean over seeds. Framed: executive frames, "
            "where the network answers about the stimulus. Below, every network of all tasks and "
            "every feature: at executive and at other later frames; points are seeds. In the "
            "paper’s trials the frame that is shown at recall repeats the recalled value half of "
            "the time, so that a decoder which reads what is shown now seems to find the memory: "
            "the black diamonds say how much that alone gives, and in trials with independent "
            "labels it is gone. Grey: chance.",
            f"At executive frames: {said}.", "decoding", partial(draw, own, numbers, names),
            plain=True,
        )
    ]  # fmt: skip


def draw(cells: pd.DataFrame, numbers: pd.DataFrame, names: list[str]) -> Figure:
    """Draw matrices of stimulus and time by n and set, and below the means over cells."""
    ns = sorted(set(cells["n"]))
    rows = [*names, *(f"{n}, {UNTRAINED}" for n in names if _has(numbers, n, UNTRAINED))]
    low = 1.2 + 0.46 * len(rows)
    figure = new_figure(7.6, 1.75 * len(SETS) + 0.5 + low)
    figure.set_layout_engine("constrained", h_pad=0.12)
    parts: Any = figure.subfigures(2, 1, height_ratios=[1.75 * len(SETS) + 0.5, low])
    above, below = parts
    panels = above.subplots(len(SETS), len(ns), squeeze=False)
    image = None
    for line, (which, said) in zip(panels, SETS.items(), strict=True):
        for axes, n in zip(line, ns, strict=True):
            image = _matrix(axes, cells[cells["n"] == n], which, n)
            if which == next(iter(SETS)):
                axes.set_title(f"n = {n}", fontsize=9)
        line[0].set_ylabel(f"{said}\nstimulus", fontsize=7)
    for axes in panels[-1]:
        axes.set_xlabel("read at frame")
    if image is not None:
        above.colorbar(image, ax=list(panels.ravel()), shrink=0.7, label="balanced accuracy")
    axes = below.subplots()
    lanes = [(label, stroke) for label, _, stroke in _LANES]
    measure = {label: f"across_time/{name}" for label, name, _ in _LANES}

    def values(row: str, lane: str) -> np.ndarray:
        name, _, control = row.partition(", ")
        mine = numbers[
            (numbers["name"] == name) & (numbers["diet"] == (control or WHOLE))
            & (numbers["measure"] == measure[lane])
        ]  # fmt: skip
        return mine["value"].dropna().to_numpy(float)

    draw_lanes(axes, rows, lanes, values, seeds=True)
    axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
    axes.set_xlabel("balanced accuracy")
    label_rows(axes, rows)
    for label, _, stroke in _LANES:
        axes.plot([], [], color=stroke.colour, marker=stroke.marker, linestyle="", label=label)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)
    note(below, f"{counted(numbers['seed'].nunique(), 'seed')}")
    return figure


def _has(numbers: pd.DataFrame, name: str, diet: str) -> bool:
    return bool(((numbers["name"] == name) & (numbers["diet"] == diet)).any())


def _matrix(axes: Axes, cells: pd.DataFrame, which: str, n: int) -> AxesImage:
    steps = int(cells["time"].max())
    whole = np.full((steps - 1, steps - 1), np.nan)
    means: Any = cells.groupby(["stimulus", "time"])[which].mean()
    for (stimulus, time), score in means.items():
        whole[int(stimulus) - 1, int(time) - 2] = score
    image = axes.imshow(whole, vmin=0.45, vmax=0.8, cmap=SEQUENTIAL)
    for stimulus in range(1, steps - n + 1):
        corner = (stimulus + n - 2.5, stimulus - 1.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#D55E00", linewidth=1.6))
    axes.set_xticks(range(steps - 1), [*map(str, range(2, steps + 1))])
    axes.set_yticks(range(steps - 1), [*map(str, range(1, steps))])
    return image
