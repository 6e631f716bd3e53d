"""Do decoders of one frame read what other frames show (Fig. 4d)?"""

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
from hybridrep.studies.nback.results.decoding import WHOLE, decoding_numbers
from hybridrep.studies.nback.results.tables import NBackTables

_LANES = (
    ("own frame", "validation", Stroke(OKABE_ITO["black"], "-", "o")),
    ("other frames", "generalisation", Stroke(OKABE_ITO["blue"], "-", "s")),
    ("own frame, from the second on", "validation_loaded", Stroke(OKABE_ITO["orange"], "-", "o")),
    ("other frames, from the second on", "generalisation_loaded",
     Stroke(OKABE_ITO["vermillion"], "-", "s")),
)  # fmt: skip


def plans(tables: NBackTables) -> list[Plan]:
    """Return the plan of the figure, if states were decoded."""
    found = decoding_numbers(tables)
    found = found[found["measure"].str.startswith("encoding_shared/")]
    if not len(found):
        return []
    mean: Any = found[found["diet"] == WHOLE].groupby(["name", "measure"])["value"].mean()
    said = "; ".join(
        f"{name} own frame {number(mean[name, 'encoding_shared/validation'])}, others "
        f"{number(mean[name, 'encoding_shared/generalisation'])}"
        for name in dict.fromkeys(found[found["diet"] == WHOLE]["name"])
    )
    return [
        Plan(
            "encoding_shared", "Encoding of different frames",
            "Decoders of what a task asks about, fitted at one frame and tested there and at all "
            "other frames on what is shown there; independent labels. From the second frame on: "
            "without the first, at which nothing has to be remembered. Points are seeds, bars 95% "
            "intervals; untrained networks are the control; grey: chance.",
            f"Networks of all tasks: {said}.", "decoding", partial(draw, found),
        )
    ]  # fmt: skip


def draw(found: pd.DataFrame) -> Figure:
    """Draw a row a network and diet."""
    labelled = found.assign(row=found["name"] + " " + found["diet"])
    rows = list(dict.fromkeys(labelled["row"]))
    figure = new_figure(8.0, 1.0 + 0.4 * len(rows))
    axes = figure.subplots()
    lanes = [(label, stroke) for label, _, stroke in _LANES]
    measure = {label: f"encoding_shared/{name}" for label, name, _ in _LANES}

    def values(row: str, lane: str) -> np.ndarray:
        mine = labelled[(labelled["row"] == row) & (labelled["measure"] == measure[lane])]
        return mine["value"].dropna().to_numpy(float)

    draw_lanes(axes, rows, lanes, values, seeds=True)
    axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
    axes.set_xlim(0.45, 1.02)
    axes.set_xlabel("balanced accuracy")
    label_rows(axes, rows)
    lane_legend(figure, lanes)
    note(figure, f"{counted(found['seed'].nunique(), 'seed')}")
    return figure
