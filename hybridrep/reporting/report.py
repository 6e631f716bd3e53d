"""The whole report of one study, or of several side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from hybridrep.reporting.drawing import Drawn
from hybridrep.reporting.plan import Plan
from hybridrep.studies.hybrid.results.tables import StudyTables

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
