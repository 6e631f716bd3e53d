"""The report of a comparison of studies: what differs in their making, and in what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hybridrep.reporting.drawing import Plan, draw
from hybridrep.reporting.formatting import counted, listed, number
from hybridrep.reporting.html.page import Entry, render
from hybridrep.reporting.html.side_by_side import EXPLAINED, side_by_side
from hybridrep.reporting.html.views import Notice, numbers, picture, table_view, words
from hybridrep.reporting.lanes import draw_lanes, label_rows, lane_legend
from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.report import Draw, Report
from hybridrep.reporting.style import OKABE_ITO, Stroke, new_figure, note
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.report.report import PACKAGE, standing
from hybridrep.studies.nback.results.performance import NETWORK, final
from hybridrep.studies.nback.results.tables import NBackTables

_CONTENTS = (Entry("making", "How they differ"), Entry("performance", "Performance"))
_COLOURS = ("blue", "vermillion", "green", "purple", "orange", "sky", "black")
_MARKERS = ("s", "^", "o", "D", "v", "P", "X")


def comparison_report(
    studies: Sequence[NBackTables], names: Sequence[str], made: Mapping[str, pd.DataFrame],
    draw_plans: Draw | None = None,
) -> Report:  # fmt: skip
    """Return the report of several studies, of which others are compared with the first.

    Args:
        studies: their tables.
        names: all different, in the same order.
        made: the tables `compare_made` and `compare_performance`.
        draw_plans: draws the figures; without, they are drawn here.
    """
    drawn = (draw_plans or draw)(_plans(studies, names))
    differing = made["compare_made"]
    making = table_view(
        "compare-made", "Parameters and data that are not the same", differing,
        [words(str(name), str(name), wrap=True) for name in differing.columns],
    )  # fmt: skip
    network = [words("architecture", "Network"), numbers("hidden", "Units", 0),
               words("diet", "Diet"), words("split", "Trials")]  # fmt: skip
    results = side_by_side(
        "compare-performance", "Response accuracy", made["compare_performance"],
        [*NETWORK, "split"], network, names, EXPLAINED.replace("a measure", "an architecture"),
    )  # fmt: skip
    notices = [
        Notice("warning", f"Seeds of {name} are missing", standing(each))
        for name, each in zip(names, studies, strict=True)
        if each.meta["seeds_failed"]
    ]
    facts = [
        (name, f"{counted(len(each.seeds), 'seed')}, {len(each.networks):,} networks")
        for name, each in zip(names, studies, strict=True)
    ]
    lede = f"{listed(names)} side by side: {_lede(differing)}."
    html = render(
        PACKAGE, "comparison.html.j2", {}, title=f"Comparison of {listed(names)}",
        contents=_CONTENTS, lede=lede, facts=facts, notices=notices,
        pictures=[picture(each, "") for each in drawn],
        tables={"making": [making] if len(differing) else [], "performance": [results]},
    )  # fmt: skip
    text = "\n\n".join(f"## {name}\n\n{as_markdown(table)}" for name, table in made.items())
    markdown = f"# Comparison of {listed(names)}\n\n{lede}\n\n{text}\n"
    return Report(html, markdown, {each.plan.name: each.png for each in drawn}, dict(made))


def _lede(differing: pd.DataFrame) -> str:
    names = [str(name) for name in differing["parameter"]]
    return f"they differ in {listed(names)}" if names else "they were made alike"


def _plans(studies: Sequence[NBackTables], names: Sequence[str]) -> list[Plan]:
    every = [final(each).assign(study=name) for each, name in zip(studies, names, strict=True)]
    ends = pd.concat(every, ignore_index=True)
    if not len(ends):
        return []
    mtmf = ends[(ends["diet"] == "mtmf") & (ends["split"] == "val_angle")]
    means = mtmf.groupby(["study", "name"], sort=False)["response_accuracy"].mean()
    said = ", ".join(
        f"{row['study']} {row['name']} {number(row['response_accuracy'])}"
        for row in means.reset_index().to_dict("records")
    )
    return [Plan(
        "compare_performance", "Response accuracy",
        "Frames with a response, by network and diet, a panel a set of trials: mean over seeds "
        "with 95% interval. Grey: chance.",
        f"Response accuracy of mtmf networks on val_angle trials: {said}.", "performance",
        partial(draw_comparison, ends, tuple(names)),
    )]  # fmt: skip


def draw_comparison(ends: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Draw response accuracies in lanes: a panel a split, a row a network, a lane a study."""
    labelled = ends.assign(
        row=[f"{a}-{h} {d}" for a, h, d in zip(*(ends[each] for each in NETWORK), strict=True)]
    )
    rows = list(dict.fromkeys(labelled["row"]))
    lanes = [
        (name, Stroke(OKABE_ITO[_COLOURS[n % len(_COLOURS)]], "-", _MARKERS[n % len(_MARKERS)]))
        for n, name in enumerate(names)
    ]
    figure = new_figure(10.0, 0.9 + 0.2 * len(rows) * max(2, len(names)))
    panels = figure.subplots(1, len(SPLITS), sharey=True)
    for axes, split in zip(panels, SPLITS, strict=True):
        mine = labelled[labelled["split"] == split]
        known = {
            key: group["response_accuracy"].to_numpy(np.float64)
            for key, group in mine.groupby(["row", "study"])
        }

        def values(row: str, name: str, known: Mapping[Any, np.ndarray] = known) -> np.ndarray:
            return known.get((row, name), np.empty(0))

        draw_lanes(axes, rows, lanes, values)
        axes.axvline(0.5, color="#b5bac4", linewidth=1, zorder=0)
        axes.set(title=split, xlabel="response accuracy", xlim=(0.4, 1.02))
    label_rows(panels[0], rows)
    lane_legend(figure, lanes)
    note(figure, "mean and 95% interval over seeds")
    return figure
