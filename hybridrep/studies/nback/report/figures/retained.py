"""How long states hold a stimulus: decoders fitted and tested at the same later frame (Fig. A5)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import number
from hybridrep.reporting.style import light_grid, new_figure, note
from hybridrep.studies.nback.names import UNTRAINED
from hybridrep.studies.nback.report.figures.looks import stroke_of
from hybridrep.studies.nback.results.decoding import WHOLE, decoding_numbers
from hybridrep.studies.nback.results.tables import NBackTables

_PANELS = {"relevant": "what the task asks about", "irrelevant": "what it does not ask about"}


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if networks of all tasks were decoded."""
    found = decoding_numbers(tables)
    found = found[
        found["measure"].str.startswith("retained/") & found["diet"].isin([WHOLE, UNTRAINED])
    ]
    if not (found["diet"] == WHOLE).any():
        return []
    mean: Any = found[found["diet"] == WHOLE].groupby(["name", "measure", "step"])["value"].mean()
    said = "; ".join(
        f"{name} {part} "
        + ", ".join(number(value) for value in mean[name, f"retained/{part}"].sort_index())
        for name in dict.fromkeys(found[found["diet"] == WHOLE]["name"])
        for part in _PANELS
    )
    return [
        Plan(
            "retained", "What states hold over time",
            "Decoders fitted and tested at one frame, by how many frames ago the stimulus was "
            "shown; networks of all tasks, means over tasks and stimuli that were shown so long "
            "ago, a thin line a seed. Dashed: the same networks before training. Left: what the "
            "task asks about; right: what it does not. Grey: chance.",
            f"By age from 0: {said}.", "decoding", partial(draw, found),
        )
    ]  # fmt: skip


def draw(found: pd.DataFrame) -> Figure:
    """Draw accuracy by age, a panel for what is asked and one for what is not."""
    figure = new_figure(8.0, 3.2)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (part, label) in zip(panels, _PANELS.items(), strict=True):
        mine = found[found["measure"] == f"retained/{part}"]
        for (name, diet), one in mine.groupby(["name", "diet"], sort=False):
            stroke = stroke_of(str(name))
            dash = "--" if diet == UNTRAINED else stroke.dash
            for _, seed in one.groupby("seed"):
                axes.plot(seed["step"], seed["value"], color=stroke.colour, linewidth=0.6,
                          alpha=0.5, linestyle=dash)  # fmt: skip
            mean = one.groupby("step")["value"].mean()
            axes.plot(
                mean.index, mean, color=stroke.colour, linestyle=dash, marker=stroke.marker,
                label=f"{name}{', untrained' if diet == UNTRAINED else ''}",
            )  # fmt: skip
        light_grid(axes)
        axes.axhline(0.5, color="#b5bac4", linewidth=1, zorder=0)
        axes.set_title(label, fontsize=9)
        axes.set_xlabel("age: frames since the stimulus")
    panels[0].set_ylabel("balanced accuracy")
    panels[1].legend(loc="upper right")
    note(figure, f"{found['seed'].nunique()} seeds; independent labels")
    return figure
