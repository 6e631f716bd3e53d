"""The whole report of one study, or of several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pandas as pd

from hybridrep.reporting.drawing import draw
from hybridrep.reporting.facts import config_value
from hybridrep.reporting.formatting import listed
from hybridrep.reporting.markup import plain
from hybridrep.reporting.report import Draw, Report, labels_of, slugs_of
from hybridrep.studies.hybrid.report.comparison import compare_studies
from hybridrep.studies.hybrid.report.comparison_view import comparison_view
from hybridrep.studies.hybrid.report.figures.catalogue import plan_figures
from hybridrep.studies.hybrid.report.markdown import comparison_markdown, study_markdown
from hybridrep.studies.hybrid.report.page import render_page
from hybridrep.studies.hybrid.report.summary import summarise_study
from hybridrep.studies.hybrid.report.view import study_view
from hybridrep.studies.hybrid.results.result_tables import result_tables
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity.items import ExampleItems

_T = TypeVar("_T")


def build_report(
    studies: Sequence[StudyTables],
    examples: Sequence[ExampleItems | None] = (),
    inference: Sequence[pd.DataFrame | None] = (),
    remarks: Sequence[Sequence[str]] = (),
    draw_plans: Draw | None = None,
) -> Report:
    """Return the report of one study, or of several with a part that compares them.

    Args:
        studies: the studies' tables; of several, the first is what the others are compared with.
        examples: per study its example seed (see `choose_example_seed`), or None; without, its
            figures of single simulations and its interactive views are left out. Its tweets are
            removed unless the study's configuration says `share_text=true`.
        inference: per study its table of `INFERENCE_COLUMNS`, or None.
        remarks: per study what its page must say besides, e.g. what could not be read.
        draw_plans: draws the figures; without, they are drawn here one after the other.

    Raises:
        ValueError: no study is given.
    """
    if not studies:
        raise ValueError("a report needs at least one study")
    count = len(studies)
    several = count > 1
    drawer = draw_plans or draw
    open_ = [_may_share(tables) for tables in studies]
    shown = [
        example if example is None or may else example.without_texts()
        for example, may in zip(_padded(examples, None, count), open_, strict=True)
    ]
    sureness, notes = _padded(inference, None, count), _padded(remarks, (), count)
    labels = labels_of([str(tables.meta["study"]) for tables in studies])
    slugs = slugs_of(labels)
    figures: dict[str, bytes] = {}
    frames: dict[str, pd.DataFrame] = {}
    views, texts = [], []
    for place, tables in enumerate(studies):
        prefix = f"{slugs[place]}-" if several else ""
        mine = shown[place]
        results = result_tables(tables, sureness[place])
        summary = summarise_study(tables)
        drawn = drawer(plan_figures(tables, mine))
        figures |= {prefix + figure.plan.name: figure.png for figure in drawn}
        frames |= {prefix + key: frame for key, frame in results.items()}
        views.append(
            study_view(
                tables, results, summary, drawn, mine, labels[place], prefix,
                texts_shown=open_[place], remarks=notes[place],
            )
        )  # fmt: skip
        texts.append(study_markdown(tables, results, summary, labels[place]))
    comparison = None
    if several:
        compared = compare_studies(studies, labels)
        pictures = drawer(compared.plans)
        figures |= {figure.plan.name: figure.png for figure in pictures}
        frames |= compared.tables
        comparison = comparison_view(compared, pictures)
        texts.insert(0, comparison_markdown(compared))
    title = listed(labels)
    html = render_page(title, views, comparison, shown)
    heading = f"# hybridrep report: {plain(title)}\n\n"
    return Report(html, heading + "\n".join(texts), figures, frames)


def _padded(given: Sequence[_T], missing: _T, count: int) -> list[_T]:
    """Return one entry per study; those that were not given are `missing`."""
    return [*given, *[missing] * (count - len(given))]


def _may_share(tables: StudyTables) -> bool:
    """Say whether a study's tweets may be shown: only if its configuration is known to allow it."""
    return str(config_value(tables.meta, "share_text", False)).lower() in ("true", "1", "yes")
