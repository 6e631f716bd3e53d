"""The report of a small study whose tweets try to break the page, drawn once for all tests."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.testing.made_once import made_once
from hybridrep.testing.reporting_fixtures import example_items, seeds_compared, study_tables


class SmallReport(NamedTuple):
    """What tests look at.

    Attributes:
        html: the page.
        figures: file name without extension -> PNG of print quality.
    """

    html: str
    figures: dict[str, bytes]


def small_report(factory: pytest.TempPathFactory) -> SmallReport:
    """Return the report; the first process that asks draws it."""
    place = made_once(factory, "small-report", _draw)
    figures = {path.stem: path.read_bytes() for path in sorted(place.glob("*.png"))}
    return SmallReport((place / "report.html").read_text("utf-8"), figures)


def _draw(folder: Path) -> None:
    report = build_report(
        [study_tables(seeds=3, epochs=4, fused=True)],
        [example_items(12, nasty=True)],
        across=[seeds_compared(3, 4)],
    )
    (folder / "report.html").write_text(report.html, "utf-8")
    for name, png in report.figures.items():
        (folder / f"{name}.png").write_bytes(png)
