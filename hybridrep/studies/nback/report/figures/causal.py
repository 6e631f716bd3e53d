"""The causal test (Fig. A7): what networks answer when the first stimulus' state is changed."""

from __future__ import annotations

from functools import partial
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.style import MUTED, OKABE_ITO, light_grid, new_figure, note
from hybridrep.studies.nback.names import FEATURES, RESPONSES
from hybridrep.studies.nback.report.figures.looks import in_order
from hybridrep.studies.nback.results.geometry import effects
from hybridrep.studies.nback.results.tables import NBackTables

_COLOURS = {"match": OKABE_ITO["blue"], "non_match": OKABE_ITO["vermillion"],
            "no_action": OKABE_ITO["black"]}  # fmt: skip
_DASHES: dict[str, tuple[str, Literal["-", "--", ":"]]] = {
    "decoder": ("along the normal", "-"), "random": ("random direction", ":"),
    "outside": ("outside all normals", "--"),
}  # fmt: skip


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if there is anything to be drawn."""
    table = effects(tables)
    if not len(table):
        return []
    moved = table[(table["direction"] == "decoder") & (table["alpha"] == 1)]
    exchanged = table[(table["direction"] == "interchange") & (table["other"] == table["feature"])]
    means: pd.DataFrame = moved.groupby("name")[[*RESPONSES]].mean()
    success = exchanged.groupby("name")["non_match"].mean().to_dict()
    said = "; ".join(
        f"{name}: P(match) {number(row['match'], 2)}, P(no_action) {number(row['no_action'], 2)}, "
        f"P(non_match) {number(row['non_match'], 2)}, exchanged "
        f"{number(success.get(name), 2)}"
        for name, row in means.iterrows()
    )
    return [
        Plan(
            "causal", "Causal test",
            "Trials that match: the state after the first frame is moved by alpha times the gap "
            "between two values, and the network goes on. Thick: mean of the seeds (thin) along "
            "the decoders’ normal; dotted: the same length in random directions; dashed: outside "
            "the span of all normals. Right of the line: the part of the state in the span of the "
            "normals exchanged for that of a trial with another value, where the right answer is "
            "non_match; open: another feature’s part exchanged, where it is still match. Grey "
            "steps: share of moved states longer than 99% of the unmoved.",
            f"At alpha 1, mean over features. {said}.", "geometry", partial(draw, table),
        )
    ]  # fmt: skip


def draw(table: pd.DataFrame) -> Figure:
    """Draw a row a feature, a column a network."""
    names = in_order(table["name"])
    features = [each for each in FEATURES if each in {*table["feature"]}]
    figure = new_figure(2.9 * len(names) + 0.8, 2.1 * len(features) + 1.0)
    panels = figure.subplots(len(features), len(names), sharex=True, sharey=True, squeeze=False)
    for row, feature in zip(panels, features, strict=True):
        for axes, name in zip(row, names, strict=True):
            _panel(axes, table[(table["feature"] == feature) & (table["name"] == name)], feature)
        row[0].set_ylabel(f"{feature}\nprobability")
    for axes, name in zip(panels[0], names, strict=True):
        axes.set_title(name)
    for axes in panels[-1]:
        axes.set_xlabel("moved by alpha gaps")
    handles = [Line2D([], [], color=colour, label=response)
               for response, colour in _COLOURS.items()]  # fmt: skip
    handles += [Line2D([], [], color=MUTED, linestyle=dash, label=label)
                for label, dash in _DASHES.values()]  # fmt: skip
    handles += [
        Line2D([], [], color=MUTED, marker="D", linestyle="", label="exchanged"),
        Line2D([], [], color=MUTED, marker="D", markerfacecolor="none", linestyle="",
               label="another feature exchanged"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=4)
    note(figure, f"{counted(table['seed'].nunique(), 'seed')}; mean over n and pairs of values")
    return figure


def _panel(axes: Axes, mine: pd.DataFrame, feature: str) -> None:
    for direction, (_, dash) in _DASHES.items():
        some = mine[mine["direction"] == direction]
        if not len(some):
            continue
        for response, colour in _COLOURS.items():
            seeds = some.pivot(index="alpha", columns="seed", values=response)
            if direction == "decoder":
                axes.plot(seeds.index, seeds, color=colour, linewidth=0.6, alpha=0.4)
            axes.plot(seeds.index, seeds.mean(axis=1), color=colour, linestyle=dash,
                      linewidth=2.0 if direction == "decoder" else 1.2)  # fmt: skip
    far = mine[mine["direction"] == "decoder"].groupby("alpha")["beyond"].mean()
    axes.fill_between(far.index, far, step="mid", color="#d5d8de", alpha=0.6, linewidth=0, zorder=0)
    end = float(mine["alpha"].max())
    axes.axvline(end + 0.25, color="#b5bac4", linewidth=0.8)
    exchanged = mine[mine["direction"] == "interchange"]
    for place, (own, fill) in enumerate(((True, True), (False, False))):
        some = exchanged[(exchanged["other"] == feature) == own]
        if feature != "location" and not own:  # categories nest identities: location alone is other
            some = some[some["other"] == "location"]
        for response, colour in _COLOURS.items():
            each = some.groupby("seed")[response].mean()
            x = end + 0.55 + 0.4 * place
            axes.scatter([x] * len(each), each, s=7, color=colour, alpha=0.4, linewidths=0)
            axes.plot(x, each.mean(), marker="D", markersize=5, color=colour, linestyle="",
                      markerfacecolor=colour if fill else "none")  # fmt: skip
    axes.set_xticks([0, 1, 2, 3])
    axes.set_xlim(-0.1, end + 1.25)
    axes.set_ylim(-0.02, 1.02)
    light_grid(axes)
