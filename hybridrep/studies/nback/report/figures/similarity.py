"""Measures of similarity: perceptual space, encoding and memory by age; which tells what apart."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.lanes import label_rows
from hybridrep.reporting.style import MUTED, OKABE_ITO, light_grid, new_figure, note
from hybridrep.studies.nback.names import UNTRAINED
from hybridrep.studies.nback.report.figures.looks import in_order, stroke_of
from hybridrep.studies.nback.results.similarity import MEASURE_NAMES, by_seed
from hybridrep.studies.nback.results.tables import NBackTables

SHOWN = "cka"
"""The measure whose values are drawn by age: its chance is 0."""

_PANELS = ("perceptual space and state", "encoding and memory")
"""What is compared with the states of later frames: `first` 0 and 1 of the table."""

_COLOURS = tuple(OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple", "orange"))


def plans(tables: NBackTables, identification: pd.DataFrame) -> list[Plan]:
    """Return the plan of the figure, if networks of all tasks were compared."""
    found = by_seed(tables)
    found = found[
        (found["measure"] == SHOWN) & (found["first"] <= 1)
        & found["diet"].isin(["mtmf", UNTRAINED])
    ]  # fmt: skip
    trained = found[found["diet"] == "mtmf"]
    if not len(trained):
        return []
    n = int(trained["n"].min())
    ends = trained[(trained["n"] == n) & (trained["first"] == 0) & (trained["second"] == 1)]
    said = ", ".join(
        f"{name} {number(float(mine['value'].mean()), 2)}"
        for name, mine in ends.groupby("name", sort=False)
    )
    alternative = f"CKA of perceptual space and encoding: {said}."
    asked = identification[identification["frame"].isin([1, 1 + n])] if len(identification) else (
        identification
    )  # fmt: skip
    caption = (
        "The vision model’s maps of the first frame (left) and the states that encode it (middle) "
        f"against the states of later frames, by debiased CKA (unrelated: 0); tasks of n = {n}, "
        "networks of all tasks, a point a seed. Dashed: before training."
    )
    if len(asked):
        best = asked.sort_values("accuracy", ascending=False, kind="stable").iloc[0]
        caption += (
            " Right: share of networks nearest to their own group in other seeds, with its 95% "
            "interval over seeds; filled at the first frame, hollow when the network is asked "
            "about it; dotted: chance."
        )
        alternative += (
            f" Best told apart: {best['what']} of {best['held']} by "
            f"{MEASURE_NAMES.get(best['measure'], best['measure'])}, "
            f"{number(float(best['accuracy']), 2)} (chance {number(float(best['chance']), 2)})."
        )
    own = found[found["n"] == n]
    return [
        Plan("similarity", "Perceptual space, encoding and memory, by measures of similarity",
             caption, alternative, "similarity", partial(draw, own, asked))
    ]  # fmt: skip


def draw(found: pd.DataFrame, asked: pd.DataFrame) -> Figure:
    """Draw similarity by age, and how well each measure tells groups apart."""
    both = bool(len(asked))
    figure = new_figure(11.5 if both else 8.0, 3.9)
    panels = figure.subplots(1, 3 if both else 2, width_ratios=[1, 1, 1.25] if both else None)
    for first, (axes, label) in enumerate(zip(panels, _PANELS, strict=False)):
        _by_age(axes, found[found["first"] == first], first)
        axes.set_title(label, fontsize=9)
        axes.set_xlabel("age: frames since the stimulus")
    panels[0].set_ylabel("debiased CKA")
    if both:
        _told_apart(panels[2], asked)
    seeds = counted(int(found["seed"].nunique()), "seed")
    figure.legend(handles=_legend(found), loc="outside upper left", ncols=6)
    note(figure, f"{seeds}; the same trials for all networks")
    return figure


def _by_age(axes: Axes, own: pd.DataFrame, first: int) -> None:
    for name in in_order(map(str, own["name"])):
        for diet in ("mtmf", UNTRAINED):
            mine = own[(own["name"] == name) & (own["diet"] == diet)]
            if not len(mine):
                continue
            stroke = stroke_of(name)
            dash = "--" if diet == UNTRAINED else "-"
            mean = mine.groupby("second")["value"].mean()
            axes.plot(mean.index - 1, mean, color=stroke.colour, linestyle=dash, linewidth=1.4)
            axes.plot(
                mine["second"] - 1, mine["value"], stroke.marker, color=stroke.colour,
                markersize=3.5, alpha=0.6, markeredgecolor="none", fillstyle=_filled(diet),
            )  # fmt: skip
    axes.axhline(0, color=MUTED, linewidth=0.8, linestyle=":", zorder=0)
    axes.set_xticks(range(first, int(own["second"].max())))
    light_grid(axes)


def _filled(diet: str) -> str:
    return "none" if diet == UNTRAINED else "full"


def _legend(found: pd.DataFrame) -> list[Line2D]:
    handles = []
    for name in in_order(map(str, found["name"])):
        stroke = stroke_of(name)
        handles.append(Line2D([], [], color=stroke.colour, marker=stroke.marker, label=name))
    if (found["diet"] == UNTRAINED).any():
        handles.append(Line2D([], [], color=MUTED, linestyle="--", label="untrained"))
    return handles


def _told_apart(axes: Axes, asked: pd.DataFrame) -> None:
    keys = [key for key in MEASURE_NAMES if key in set(asked["measure"])]
    groups = list(asked.groupby(["what", "held"], sort=False))
    offsets = np.linspace(-0.3, 0.3, 2 * len(groups))
    for place, ((what, held), mine) in enumerate(groups):
        colour = _COLOURS[place % len(_COLOURS)]
        frames = sorted(set(mine["frame"]))
        for later, frame in enumerate(frames):
            some = mine[mine["frame"] == frame].set_index("measure").reindex(keys)
            at = np.arange(len(keys)) + offsets[2 * place + later]
            axes.hlines(at, some["low"], some["high"], color=colour, linewidth=1)
            axes.plot(some["accuracy"], at, "o", color=colour, markersize=5,
                      fillstyle="none" if later else "full",
                      label="" if later else f"{what}, {held}")  # fmt: skip
        axes.axvline(float(mine["chance"].iloc[0]), color=colour, linewidth=0.9,
                     linestyle=(0, (1, 2)), zorder=0)  # fmt: skip
    label_rows(axes, [MEASURE_NAMES[key] for key in keys])
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("share nearest to their own group")
    axes.set_title("told apart across seeds", fontsize=9)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=7)
    light_grid(axes, "x")
