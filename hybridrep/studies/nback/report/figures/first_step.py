"""What the first frame leaves in a state: asked for, not asked for (Fig. 2b, A2a)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hybridrep.reporting.drawing import Plan
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.style import OKABE_ITO, Stroke, new_figure, note
from hybridrep.studies.nback.names import DIET_GROUPS, UNTRAINED
from hybridrep.studies.nback.results.decoding import WHOLE, decoding_numbers
from hybridrep.studies.nback.results.tables import NBackTables

_LANES = (
    ("asked for", "relevant", Stroke(OKABE_ITO["black"], "-", "o")),
    ("not asked for", "irrelevant", Stroke(OKABE_ITO["orange"], "-", "s")),
    ("not asked for, not nested", "irrelevant_crossed", Stroke(OKABE_ITO["vermillion"], "-", "^")),
    ("identity within its category", "identity_within_category",
     Stroke(OKABE_ITO["blue"], "-", "D")),
)  # fmt: skip
_ORDER = (*DIET_GROUPS, UNTRAINED)


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if states were decoded."""
    found = decoding_numbers(tables)
    found = found[found["measure"].str.startswith("first_step/")]
    if not len(found):
        return []
    mtmf: Any = (
        found[found["diet"] == WHOLE].groupby(["name", "measure"], sort=False)["value"].mean()
    )
    said = "; ".join(
        f"{name} {measure.partition('/')[2].replace('_', ' ')} {number(value)}"
        for (name, measure), value in mtmf.items()
    )
    return [
        Plan(
            "first_step", "The first frame in states",
            "How well decoders read the first frame from the state right after it, of what a task "
            "asks about and of what it does not, by network and diet; tasks of the least n. Points "
            "are seeds, bars 95% intervals over seeds. Controls: networks before training in rows "
            "of their own; “not nested” leaves out categories in identity tasks and identities in "
            "category tasks; identities are also told from the other ones of their category, "
            "because a state that holds the category alone reads identities at 0.93 (0.88 raw). "
            "Dotted: the paper’s 0.85; grey: chance.",
            f"Networks of all tasks: {said}.", "decoding", partial(draw, found),
        )
    ]  # fmt: skip


def draw(found: pd.DataFrame) -> Figure:
    """Draw a row a network and kind of diet."""
    kind = found["diet"].str.partition("_")[0]
    labelled = found.assign(row=found["name"] + " " + kind, kind=kind)
    order = labelled[["name", "kind", "row"]].drop_duplicates()
    order = order.assign(place=[_ORDER.index(each) for each in order["kind"]])
    names = list(dict.fromkeys(order["name"]))
    order = order.assign(first=[names.index(each) for each in order["name"]])
    rows = list(order.sort_values(["first", "place"])["row"])
    figure = new_figure(8.0, 1.0 + 0.42 * len(rows))
    axes = figure.subplots()
    lanes = [(label, stroke) for label, _, stroke in _LANES]
    measure = {label: f"first_step/{name}" for label, name, _ in _LANES}

    def values(row: str, lane: str) -> np.ndarray:
        mine = labelled[(labelled["row"] == row) & (labelled["measure"] == measure[lane])]
        return mine.groupby("seed")["value"].mean().to_numpy(float)

    draw_lanes(axes, rows, lanes, values, seeds=True)
    axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
    axes.axvline(0.85, color="#b5bac4", linewidth=1, linestyle=":", zorder=0)
    axes.set_xlim(0.45, 1.02)
    axes.set_xlabel("balanced accuracy; of identity within its category, share found")
    label_rows(axes, rows)
    lane_legend(figure, lanes)
    note(figure, f"{counted(found['seed'].nunique(), 'seed')}; independent labels, views apart")
    return figure
