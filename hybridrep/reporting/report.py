"""A finished report, and how several studies in one are told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from hybridrep.execution.workers import Workers
from hybridrep.reporting import drawing
from hybridrep.reporting.drawing import Drawn, Plan

Draw = Callable[[Sequence[Plan]], Sequence[Drawn]]
"""Draws figures, in their order."""


def drawn_on(workers: Workers) -> Draw | None:
    """Return what draws figures on several processes of this machine, where there are some."""
    return partial(workers.map, drawing.draw_one) if workers.several else None


@dataclass(frozen=True)
class Report:
    """A finished report: its page, the same in brief, and figures (PNG) and tables by name.

    `methods` are paragraphs for a paper, as plain text; `remark` is what whoever asked for it must
    be told. Either may be empty.
    """

    html: str
    markdown: str
    figures: dict[str, bytes]
    tables: dict[str, pd.DataFrame]
    methods: str = ""
    remark: str = ""

    @property
    def files(self) -> dict[str, bytes | str]:
        """The artifacts: the page, Markdown, methods, tables as CSV, figures as PNG."""
        files: dict[str, bytes | str] = {
            "report/report.html": self.html, "report/report.md": self.markdown,
        }  # fmt: skip
        if self.methods:
            files["report/methods.txt"] = self.methods
        for name, table in self.tables.items():
            files[f"report/{name}.csv"] = table.to_csv(index=False)
        return files | {f"report/figures/{name}.png": png for name, png in self.figures.items()}


def labels_of(names: Sequence[str]) -> list[str]:
    """Return the studies' names on one line each, told apart by a number where two are the same."""
    labels: list[str] = []
    for text in names:
        name = " ".join(text.split()) or "study"
        candidate, count = name, 1
        while candidate in labels:
            count += 1
            candidate = f"{name} ({count})"
        labels.append(candidate)
    return labels


def slugs_of(labels: Sequence[str]) -> list[str]:
    """Return names fit for files and anchors, all different."""
    slugs: list[str] = []
    for number, label in enumerate(labels, 1):
        slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "study"
        slugs.append(f"{slug}-{number}" if slug in slugs else slug)
    return slugs
