"""The whole report of one study, or of several side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pandas as pd

from hybridrep.reporting.drawing import draw
from hybridrep.reporting.facts import config_value
from hybridrep.reporting.fonts import letters_line
from hybridrep.reporting.formatting import listed
from hybridrep.reporting.markup import plain
from hybridrep.reporting.report import Draw, Report, labels_of, slugs_of
from hybridrep.studies.hybrid.report.comparison_view import comparison_view
from hybridrep.studies.hybrid.report.figures.catalogue import plan_comparison, plan_figures
from hybridrep.studies.hybrid.report.fusion import map_data
from hybridrep.studies.hybrid.report.markdown import comparison_markdown, study_markdown
from hybridrep.studies.hybrid.report.methods import methods_text
from hybridrep.studies.hybrid.report.page import render_page
from hybridrep.studies.hybrid.report.summary import summarise_study
from hybridrep.studies.hybrid.report.view import study_view
from hybridrep.studies.hybrid.results.comparison import compare_studies
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity.items import ExampleItems

_T = TypeVar("_T")


def build_report(
    studies: Sequence[StudyTables | Results], examples: Sequence[ExampleItems | None] = (),
    inference: Sequence[pd.DataFrame | None] = (), remarks: Sequence[Sequence[str]] = (),
    draw_plans: Draw | None = None, texts: bool = True,
    across: Sequence[Mapping[str, pd.DataFrame]] = (),
) -> Report:  # fmt: skip
    """Return the report of one study, or of several, the first being what others are compared with.

    Args:
        studies: the studies' tables, or their results.
        examples: per study its example seed, or None: no single simulation is shown. Its tweets
            are removed unless the study's configuration says `share_text=true`.
        inference: per study its table of `INFERENCE_COLUMNS`, or None.
        remarks: per study what its page must say besides, e.g. what could not be read.
        draw_plans: draws the figures; without, they are drawn here one after the other.
        across: per study what compares its seeds item by item, by the names of `ACROSS_TABLES`.
        texts: whether tweets may be shown that the studies allow to be shown.

    Raises:
        ValueError: no study is given.
    """
    if not studies:
        raise ValueError("a report needs at least one study")
    count = len(studies)
    several = count > 1
    drawer = draw_plans or draw
    found = [Results.of(study) for study in studies]
    open_ = [texts and _may_share(results.tables) for results in found]
    shown = [
        example if example is None or may else example.without_texts()
        for example, may in zip(_padded(examples, None, count), open_, strict=True)
    ]
    beside, notes = _beside(inference, across, count), _padded(remarks, (), count)
    labels = labels_of([str(results.tables.meta["study"]) for results in found])
    slugs = slugs_of(labels)
    figures: dict[str, bytes] = {}
    frames: dict[str, pd.DataFrame] = {}
    views, briefs, lacking = [], [], set[str]()
    for place, results in enumerate(found):
        prefix = f"{slugs[place]}-" if several else ""
        own, example = {**results.frames, **beside[place]}, shown[place]
        summary = summarise_study(results)
        drawn = drawer(plan_figures(results.tables, example, own))
        boxes = letters_line("".join(figure.lacking for figure in drawn))
        lacking.update(*(figure.lacking for figure in drawn))
        figures |= {prefix + figure.plan.name: figure.png for figure in drawn}
        frames |= {prefix + key: frame for key, frame in own.items()}
        views.append(
            study_view(
                results, own, summary, drawn, example, labels[place], prefix,
                texts_shown=open_[place], remarks=[*notes[place], *filter(None, [boxes])],
            )
        )  # fmt: skip
        briefs.append(study_markdown(results, summary, labels[place]))
    comparison = None
    if several:
        compared = compare_studies(found, labels)
        pictures = drawer(plan_comparison(compared))
        lacking.update(*(figure.lacking for figure in pictures))
        figures |= {figure.plan.name: figure.png for figure in pictures}
        frames |= compared.tables
        comparison = comparison_view(compared, pictures)
        briefs.insert(0, comparison_markdown(compared))
    title = listed(labels)
    html = render_page(
        title, views, comparison, shown, [map_data(results.tables) for results in found]
    )
    heading = f"# hybridrep report: {plain(title)}\n\n"
    remark = letters_line(lacking)
    return Report(html, heading + "\n".join(briefs), figures, frames, methods_text(found), remark)


def _beside(
    inference: Sequence[pd.DataFrame | None], across: Sequence[Mapping[str, pd.DataFrame]],
    count: int,
) -> list[dict[str, pd.DataFrame]]:  # fmt: skip
    """Return per study the tables that its own tables do not give."""
    nothing: Mapping[str, pd.DataFrame] = {}
    both = zip(_padded(inference, None, count), _padded(across, nothing, count), strict=True)
    return [{**more, **({} if sure is None else {"inference": sure})} for sure, more in both]


def _padded(given: Sequence[_T], missing: _T, count: int) -> list[_T]:
    """Return one entry per study; those that were not given are `missing`."""
    return [*given, *[missing] * (count - len(given))]


def _may_share(tables: StudyTables) -> bool:
    """Say whether a study's tweets may be shown: only if its configuration is known to allow it."""
    return str(config_value(tables.meta, "share_text", False)).lower() in ("true", "1", "yes")
