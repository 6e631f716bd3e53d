"""The report of one study: its page, figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from hybridrep.reporting.drawing import Drawn, draw
from hybridrep.reporting.formatting import counted, number
from hybridrep.reporting.html.page import Entry, render
from hybridrep.reporting.html.views import (
    Column,
    Notice,
    TableView,
    intervals,
    numbers,
    picture,
    table_view,
    words,
)
from hybridrep.reporting.report import Draw, Report
from hybridrep.studies.nback.report.figures import Sheet, plans
from hybridrep.studies.nback.report.reproduce import reproduce_command
from hybridrep.studies.nback.results.perceptual import perceptual
from hybridrep.studies.nback.results.performance import (
    performance,
    performance_by_task,
    performance_markdown,
)
from hybridrep.studies.nback.results.tables import NBackTables

PACKAGE = "hybridrep.studies.nback.report"
"""Its folder holds the page's own template."""

_CONTENTS = (
    Entry("stimuli", "Stimuli"), Entry("performance", "Performance"),
    Entry("making", "How it was made"),
)  # fmt: skip


def build_report(
    tables: NBackTables, sheet: Sheet | None = None, draw_plans: Draw | None = None,
    beside: Mapping[str, pd.DataFrame] | None = None,
) -> Report:  # fmt: skip
    """Return a study's report.

    Args:
        tables: of the study.
        sheet: its stimuli, if they are to be shown.
        draw_plans: draws the figures; without, they are drawn here one after the other.
        beside: further tables of the stimuli, by name.
    """
    drawn = (draw_plans or draw)(plans(tables, sheet))
    more = dict(beside or {})
    frames = {
        "performance": performance(tables), "performance_by_task": performance_by_task(tables),
        "perceptual": perceptual(tables), **more,
    }  # fmt: skip
    study = str(tables.meta["study"])
    html = render(
        PACKAGE, "page.html.j2", {}, title=study, contents=[*_CONTENTS], facts=_facts(tables),
        notices=_notices(tables), pictures=_pictures(drawn), command=reproduce_command(tables),
        tables={
            "stimuli": [*_perceptual(frames), *(_plain(n, frame) for n, frame in more.items())],
            "performance": _performance(frames), "making": [_making(tables)],
        },
    )  # fmt: skip
    markdown = f"# {study}\n\n{standing(tables)}\n\n{performance_markdown(frames['performance'])}"
    return Report(html, markdown, {each.plan.name: each.png for each in drawn}, frames)


def standing(tables: NBackTables) -> str:
    """Say on how many seeds the study stands, and what became of the others."""
    complete = len(tables.seeds)
    failed = tables.meta["seeds_failed"]
    text = f"{counted(complete, 'seed')}, each with one network of every architecture and diet."
    if failed:
        listed = "; ".join(f"seed {seed}: {reason}" for seed, reason in failed.items())
        text += f" Not complete: {listed}."
    return text


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
    if tables.meta["seeds_failed"]:
        notices.append(Notice("warning", "Seeds are missing", standing(tables)))
    return notices


def _pictures(drawn: Sequence[Drawn]) -> dict[str, list[object]]:
    groups: dict[str, list[object]] = {"stimuli": [], "performance": []}
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


def _performance(frames: Mapping[str, pd.DataFrame]) -> list[TableView]:
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
                   frames["performance"], columns, _NOTE),
        table_view("performance-by-task", "Performance by task", frames["performance_by_task"],
                   by_task, "Means over seeds."),
    ]  # fmt: skip


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
