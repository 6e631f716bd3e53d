"""How the comparison of studies is shown on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridrep.reporting.drawing import Drawn
from hybridrep.reporting.html.side_by_side import side_by_side
from hybridrep.reporting.html.views import (
    Column,
    Notice,
    Picture,
    TableView,
    numbers,
    picture,
    table_view,
    words,
)
from hybridrep.studies.hybrid.report.table_views import names
from hybridrep.studies.hybrid.results.comparison import Comparison


@dataclass(frozen=True)
class ComparisonView:
    """The part of the page that puts studies side by side."""

    lede: str
    notices: list[Notice]
    tables: list[TableView]
    pictures: list[Picture]


_SIZE = numbers("bottleneck", "b", 0)


def comparison_view(compared: Comparison, drawn: Sequence[Drawn]) -> ComparisonView:
    """Return the comparison as the page's template draws it."""
    made, verdicts = compared.tables["compare_made"], compared.tables["compare_claims"]
    views: list[TableView] = [
        table_view(
            "compare-made", "What differs in how they were made", made,
            [words(name, name, wrap=True) for name in made.columns],
        ),
        _results(compared, "compare_transfer", "The new task",
                 [names("representation", "Representation"), names("metric", "Measure"), _SIZE]),
        _results(compared, "compare_rsa", "Correlations of similarity matrices",
                 [names("pair", "Pair"), names("direction", "Direction"), _SIZE]),
        table_view(
            "compare-claims", "Verdicts on the paper’s claims", verdicts,
            [words(n, n, wrap=n == "claim") for n in verdicts.columns],
        ),
    ]  # fmt: skip
    notices = [Notice("note", "Standing", text) for text in compared.standings]
    return ComparisonView(
        compared.lede, notices, [view for view in views if view.rows],
        [picture(figure, "") for figure in drawn],
    )  # fmt: skip


def _results(compared: Comparison, key: str, caption: str, first: list[Column]) -> TableView:
    long = compared.tables[key]
    return side_by_side(
        key.replace("_", "-"), caption, long, list(long.columns[:3]), first, compared.names
    )
