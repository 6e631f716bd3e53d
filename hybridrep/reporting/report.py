"""The whole report of one study, or of several side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from hybridrep.analysis.tables import StudyTables
from hybridrep.reporting.comparison import compare_studies
from hybridrep.reporting.drawing import Drawn, draw
from hybridrep.reporting.facts import config_value
from hybridrep.reporting.figures.catalogue import plan_figures
from hybridrep.reporting.figures.plan import Plan
from hybridrep.reporting.html.comparison_view import comparison_view
from hybridrep.reporting.html.page import render_page
from hybridrep.reporting.html.study_view import study_view
from hybridrep.reporting.items import ExampleItems
from hybridrep.reporting.markdown import comparison_markdown, study_markdown
from hybridrep.reporting.markup import plain
from hybridrep.reporting.names import listed
from hybridrep.reporting.result_tables import result_tables
from hybridrep.reporting.summary import summarise_study

Draw = Callable[[Sequence[Plan]], Sequence[Drawn]]
"""Draws figures, in their order."""


@dataclass(frozen=True)
class Report:
    """A finished report.

    Attributes:
        html: one self-contained page.
        markdown: the same in brief, for pasting.
        figures: file name without extension -> PNG of print quality.
        tables: name -> table of numbers.
    """

    html: str
    markdown: str
    figures: dict[str, bytes]
    tables: dict[str, pd.DataFrame]


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
    several = len(studies) > 1
    drawer = draw_plans or draw
    shared = [_may_share(tables) for tables in studies]
    shown = [
        found if found is None or may else found.without_texts()
        for found, may in zip(_padded(examples, None, studies), shared, strict=True)
    ]
    surely, remarked = _padded(inference, None, studies), _padded(remarks, (), studies)
    labels = labels_of(studies)
    slugs = slugs_of(labels)
    figures: dict[str, bytes] = {}
    frames: dict[str, pd.DataFrame] = {}
    views, texts = [], []
    for place, tables in enumerate(studies):
        prefix = f"{slugs[place]}-" if several else ""
        mine = shown[place]
        results = result_tables(tables, surely[place])
        summary = summarise_study(tables)
        drawn = drawer(plan_figures(tables, mine))
        figures |= {prefix + figure.plan.name: figure.png for figure in drawn}
        frames |= {prefix + key: frame for key, frame in results.items()}
        views.append(
            study_view(
                tables, results, summary, drawn, mine, labels[place], prefix,
                texts_shown=shared[place], remarks=remarked[place],
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


_T = TypeVar("_T")


def _padded(given: Sequence[_T], missing: _T, studies: Sequence[StudyTables]) -> list[_T]:
    """Return one entry per study; those that were not given are `missing`."""
    return [*given, *[missing] * (len(studies) - len(given))]


def labels_of(studies: Sequence[StudyTables]) -> list[str]:
    """Return the studies' names, told apart by a number where two have the same."""
    found: list[str] = []
    for tables in studies:
        name = " ".join(str(tables.meta["study"]).split()) or "study"
        candidate, count = name, 1
        while candidate in found:
            count += 1
            candidate = f"{name} ({count})"
        found.append(candidate)
    return found


def slugs_of(labels: Sequence[str]) -> list[str]:
    """Return names fit for files and anchors, all different."""
    found: list[str] = []
    for place, label in enumerate(labels, 1):
        slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "study"
        found.append(f"{slug}-{place}" if slug in found else slug)
    return found


def _may_share(tables: StudyTables) -> bool:
    """Say whether a study's tweets may be shown: only if its configuration is known to allow it."""
    return str(config_value(tables, "share_text", False)).lower() in ("true", "1", "yes")
