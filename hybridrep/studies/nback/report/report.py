"""The report of one study: its page, figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from hybridrep.reporting.drawing import Drawn, draw
from hybridrep.reporting.formatting import number
from hybridrep.reporting.html.page import Entry, render
from hybridrep.reporting.html.views import (
    Column,
    Notice,
    TableView,
    intervals,
    numbers,
    p_values,
    picture,
    table_view,
    words,
)
from hybridrep.reporting.report import Draw, Report
from hybridrep.studies.nback.report.figures.catalogue import plans
from hybridrep.studies.nback.report.figures.stimuli import Sheet
from hybridrep.studies.nback.report.markdown import standing, study_markdown
from hybridrep.studies.nback.report.reproduce import reproduce_command
from hybridrep.studies.nback.report.similarity_views import similarity_views
from hybridrep.studies.nback.report.tested_view import tested_views
from hybridrep.studies.nback.results.claims import claims
from hybridrep.studies.nback.results.compared import statistics_table
from hybridrep.studies.nback.results.decoding_summary import (
    decoding_methods,
    decoding_summary,
    not_fitted,
)
from hybridrep.studies.nback.results.geometry import geometry_table
from hybridrep.studies.nback.results.perceptual import perceptual
from hybridrep.studies.nback.results.performance import (
    detectable,
    performance,
    performance_by_task,
)
from hybridrep.studies.nback.results.similarity import (
    ACROSS_TABLES,
    similarity_summary,
    what_chance_gives,
    what_is_asked,
)
from hybridrep.studies.nback.results.summary import summarise_study
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.results.tested import claims_table

PACKAGE = "hybridrep.studies.nback.report"
"""Its folder holds the page's own template."""

GROUPS = ("design", "stimuli", "performance", "decoding", "geometry", "similarity")
"""The groups of figures."""


def build_report(
    tables: NBackTables, sheet: Sheet | None = None, draw_plans: Draw | None = None,
    beside: Mapping[str, pd.DataFrame] | None = None, explored: str = "",
    across: Mapping[str, pd.DataFrame] | None = None,
) -> Report:  # fmt: skip
    """Return a study's report.

    Args:
        tables: of the study.
        sheet: its stimuli, if they are to be shown.
        draw_plans: draws the figures; without, they are drawn here one after the other.
        beside: further tables of the stimuli, by name.
        explored: JSON of the interactive view; empty: none.
        across: what compares networks of all seeds, by the names of `ACROSS_TABLES`.
    """
    compared = {name: (across or {}).get(name, make([])) for name, make in ACROSS_TABLES.items()}
    drawn = (draw_plans or draw)(plans(tables, sheet, compared["identification"]))
    more = dict(beside or {})
    tested = claims(tables)
    frames = {
        "performance": performance(tables), "performance_by_task": performance_by_task(tables),
        "perceptual": perceptual(tables), "claims": claims_table(tested),
        "statistics": statistics_table(tables), "decoding": decoding_summary(tables),
        "decoding_methods": decoding_methods(tables),
        "geometry": geometry_table(tables), "similarity": similarity_summary(tables), **compared,
        **more,
    }  # fmt: skip
    study, summary = str(tables.meta["study"]), summarise_study(tables, tested)
    pictures = _pictures(drawn)
    shown = {
        "stimuli": [*_perceptual(frames), *(_plain(n, frame) for n, frame in more.items())],
        "performance": _performance(frames, detectable(tables)), "decoding": _decoding(frames),
        "geometry": [_geometry(frames["geometry"])],
        "similarity": similarity_views(tables, frames), "making": [_making(tables)],
    }  # fmt: skip
    html = render(
        PACKAGE, "page.html.j2", {"": explored} if explored else {}, views=("states.js",),
        title=study, contents=_contents(pictures, shown, bool(explored), bool(summary)),
        facts=_facts(tables), notices=_notices(tables), pictures=pictures, tables=shown,
        command=reproduce_command(tables), summary=summary, claims=tested_views(tested),
        explored=tables.seeds[0] if tables.seeds else "",
        similar=[what_chance_gives(tables), what_is_asked(tables, compared["identification"])],
    )  # fmt: skip
    markdown = study_markdown(tables, frames, summary)
    return Report(html, markdown, {each.plan.name: each.png for each in drawn}, frames)


def _contents(
    pictures: Mapping[str, list[object]], shown: Mapping[str, list[TableView]], explored: bool,
    summarised: bool,
) -> list[Entry]:  # fmt: skip
    """Return the page's contents: the sections that there are."""
    found = [
        ("summary", "Summary", summarised), ("claims", "Claims", summarised),
        ("stimuli", "Stimuli and tasks", True), ("performance", "Performance", True),
        ("decoding", "What states hold", bool(pictures["decoding"] or shown["decoding"])),
        ("geometry", "Geometry", bool(pictures["geometry"])),
        ("similarity", "Measures of similarity", bool(shown["similarity"])),
        ("explore", "States of one seed", explored), ("making", "How it was made", True),
    ]  # fmt: skip
    return [Entry(anchor, label) for anchor, label, there in found if there]


def _facts(tables: NBackTables) -> list[tuple[str, str]]:
    meta = tables.meta
    made = [
        ("Seeds", str(len(tables.seeds))), ("Networks", f"{len(tables.networks):,}"),
        ("Stimuli", str(meta["stimuli"]["description"])),
        ("Vision model", str(meta["backbone"]["description"])),
    ]  # fmt: skip
    if meta["components"]:
        kept = f"{meta['components']['components']} components, "
        kept += f"{number(100 * meta['components']['explained'], 1)}% of the variance"
        made.append(("Front end", kept))
    return made


def _notices(tables: NBackTables) -> list[Notice]:
    notices = []
    if tables.meta["stimuli"]["source"] == "shapes":
        notices.append(Notice(
            "note", "Not ShapeNet",
            "The objects are rendered by this project, not taken from ShapeNet as the paper's.",
        ))  # fmt: skip
    if lost := not_fitted(tables):
        notices.append(Notice("warning", "Values that never occurred", lost))
    if len(tables.seeds) == 1:
        notices.append(Notice(
            "note", "One seed", "No interval and no test can stand on a single seed: every claim "
            "is unclear.",
        ))  # fmt: skip
    if tables.meta["seeds_failed"]:
        notices.append(Notice("warning", "Seeds are missing", standing(tables)))
    return notices


def _pictures(drawn: Sequence[Drawn]) -> dict[str, list[object]]:
    groups: dict[str, list[object]] = {group: [] for group in GROUPS}
    for each in drawn:
        groups[each.plan.group].append(picture(each, ""))
    return groups


_NETWORK = [words("architecture", "Network"), numbers("hidden", "Units", 0), words("diet", "Diet"),
            words("split", "Trials")]  # fmt: skip
_NOTE = (
    "Means over seeds; intervals are 95% t intervals over seeds. Accuracy counts all frames, "
    "response accuracy those with a response; chance is 1/3 and 1/2."
)


_DECODED = (
    "Linear decoders on the vision model's maps of the training frames, before any network, in two "
    "folds: drawn at random, as in the paper, and grouped by view. Mean colour is a control: what "
    "the average red, green and blue of a patch give away."
)


def _perceptual(frames: Mapping[str, pd.DataFrame]) -> list[TableView]:
    frame = frames["perceptual"]
    shown = frame.assign(
        space=frame["space"].map({"perceptual": "vision model", "mean_colour": "mean colour"}),
        folds=frame["folds"].map({"images": "at random", "grouped": "by view"}),
    )
    columns: list[Column] = [
        words("space", "Decoded from"), words("folds", "Folds"), words("feature", "Feature"),
        numbers("multiclass", "Right answers", 4), numbers("chance", "Chance", 3),
        numbers("paper", "Paper", 4), numbers("balanced", "Balanced accuracy", 4),
        numbers("within_category", "Within category", 4),
    ]  # fmt: skip
    view = table_view("perceptual", "What can be decoded from the images", shown, columns, _DECODED)
    return [view] if len(frame) else []


def _performance(frames: Mapping[str, pd.DataFrame], found: str) -> list[TableView]:
    columns: list[Column] = [
        *_NETWORK, numbers("accuracy", "Accuracy"),
        intervals("accuracy_low", "accuracy_high", "95% CI"),
        numbers("response_accuracy", "Response accuracy"),
        intervals("response_accuracy_low", "response_accuracy_high", "95% CI"),
        numbers("response_accuracy_least", "Least of a seed"), numbers("total", "Parameters", 0),
        numbers("recurrent", "Recurrent", 0), numbers("iterations", "Iterations", 0),
        numbers("n", "Seeds", 0),
    ]  # fmt: skip
    by_task: list[Column] = [
        *_NETWORK, numbers("task_n", "n", 0), words("task_feature", "Feature"),
        numbers("accuracy", "Accuracy"), numbers("response_accuracy", "Response accuracy"),
    ]  # fmt: skip
    return [
        table_view("performance-table", "Performance by network, diet and split",
                   frames["performance"], columns, f"{_NOTE} {found}".strip()),
        table_view("performance-by-task", "Performance by task", frames["performance_by_task"],
                   by_task, "Means over seeds."),
    ]  # fmt: skip


def _decoding(frames: Mapping[str, pd.DataFrame]) -> list[TableView]:
    """Return the tables of decoding; of a study that was not decoded none."""
    if not len(frames["decoding"]):
        return []
    columns = [
        words("network", "Network"), words("diet", "Diet"), words("measure", "Measure"),
        numbers("step", "Age", 0), numbers("mean", "Mean"), intervals("low", "high", "95% CI"),
        numbers("n", "Seeds", 0),
    ]  # fmt: skip
    tests = [
        words("comparison", "Comparison", wrap=True), words("network", "Network"),
        numbers("first", "First"), numbers("second", "Second"),
        numbers("paper_units", "Units", 0), p_values("paper_p", "Mann-Whitney p"),
        numbers("difference", "Difference"), intervals("low", "high", "95% CI"),
        p_values("p", "Paired p"), p_values("holm_p", "Holm"), numbers("effect_size", "d", 2),
        numbers("seeds", "Seeds", 0),
    ]  # fmt: skip
    methods = [words("what", "What"), words("here", "Here", wrap=True),
               words("paper", "The paper, or its public code", wrap=True)]  # fmt: skip
    return [
        table_view("statistics-table", "The paper’s comparisons, tested both ways",
                   frames["statistics"], tests, "Units: what the paper’s kind of test takes for "
                   "independent samples. Paired p, interval and d: seeds alone."),
        table_view("decoding-table", "What was decoded", frames["decoding"], columns,
                   "Means over seeds; balanced accuracies but for normalised, a share, and "
                   "identity_within_category, the share found (chance 1/2 of two)."),
        table_view("decoding-methods", "How it was decoded", frames["decoding_methods"], methods),
    ]  # fmt: skip


def _geometry(frame: pd.DataFrame) -> TableView:
    columns = [
        words("part", "Part"), words("network", "Space or network"), words("feature", "Feature"),
        words("measure", "Measure"), numbers("mean", "Mean"),
        intervals("low", "high", "95% CI"), numbers("n", "Seeds", 0),
    ]  # fmt: skip
    note = (
        "Of networks of all tasks. Angles: 1 for right angles. Rotations: balanced accuracy at the "
        "later frame, chance 0.5; overlap of spans; mean p of the fit. Causal: probabilities with "
        "the state moved by one gap along the normal, and at random; with the value exchanged, the "
        "share answered with non_match."
    )
    return table_view("geometry-table", "Angles, rotations, causal test", frame, columns, note)


def _plain(name: str, frame: pd.DataFrame) -> TableView:
    columns = [
        numbers(str(column), str(column)) if pd.api.types.is_float_dtype(frame[column])
        else words(str(column), str(column))
        for column in frame.columns
    ]  # fmt: skip
    return table_view(name.replace("_", "-"), name.replace("_", " ").capitalize(), frame, columns)


def _making(tables: NBackTables) -> TableView:
    config = tables.meta["config"]
    rows = pd.DataFrame(
        [(name, _shown(value)) for name, value in config.items()], columns=["parameter", "value"]
    )
    columns = [words("parameter", "Parameter"), words("value", "Value", wrap=True)]
    return table_view("parameters", "Parameters", rows, columns)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
