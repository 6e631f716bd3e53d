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
from hybridrep.reporting.style import new_figure, note
from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.report.figures import across_studies
from hybridrep.studies.nback.report.report import PACKAGE, standing
from hybridrep.studies.nback.results.across_studies import KEYS
from hybridrep.studies.nback.results.performance import NETWORK, final
from hybridrep.studies.nback.results.tables import NBackTables

_CONTENTS = (Entry("making", "How they differ"), Entry("performance", "Performance"))
_REPRESENTATIONS = Entry("representations", "Representations")


def comparison_report(
    studies: Sequence[NBackTables], names: Sequence[str], made: Mapping[str, pd.DataFrame],
    draw_plans: Draw | None = None, sheets: Mapping[str, bytes] | None = None,
) -> Report:  # fmt: skip
    """Return the report of several studies, of which others are compared with the first.

    Args:
        studies: their tables.
        names: all different, in the same order.
        made: the tables `compare_made`, `compare_performance` and `compare_representations`.
        draw_plans: draws the figures; without, they are drawn here.
        sheets: contact sheets of the studies' stimuli as PNG, by name.
    """
    wanted = [*_plans(studies, names), *across_studies.plans(studies, names, sheets)]
    drawn = (draw_plans or draw)(wanted)
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
    representations = side_by_side(
        "compare-representations", "Decoders on other tasks, and turned to other times",
        made["compare_representations"], KEYS,
        [words("name", "Network"), words("diet", "Diet"), words("measure", "Measure")], names,
        EXPLAINED.replace("a measure", "a network"),
    )  # fmt: skip
    compared = bool(len(made["compare_representations"]))
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
        contents=[*_CONTENTS, *([_REPRESENTATIONS] if compared else [])], lede=lede, facts=facts,
        notices=notices,
        pictures={
            group: [picture(each, "") for each in drawn if each.plan.group == group]
            for group in ("performance", "representations")
        },
        tables={
            "making": [making] if len(differing) else [], "performance": [results],
            "representations": [representations] if compared else [],
        },
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
    lanes = across_studies.study_lanes(names)
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
