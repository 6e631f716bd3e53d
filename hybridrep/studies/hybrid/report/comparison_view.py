"""How the comparison of studies is shown on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hybridrep.reporting.drawing import Drawn
from hybridrep.reporting.formatting import number
from hybridrep.reporting.html.views import (
    Column,
    Notice,
    Picture,
    TableView,
    intervals,
    means,
    numbers,
    p_values,
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
_EXPLAINED = (
    "Mean ± SD over seeds (number of seeds). Differences from the first study with Welch’s "
    "interval and p; Holm corrects Welch’s p over the rows of a measure; paired: by the seeds that "
    "both studies have (their number)."
)


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
    """Return one row per result, with the studies side by side."""
    long = compared.tables[key]
    keys = list(long.columns[:3])
    wide = long[keys].drop_duplicates()
    columns = list(first)
    for place, name in enumerate(compared.names):
        mine = long[long["study"] == name].drop(columns="study")
        renamed = mine.rename(columns={c: f"{c}_{place}" for c in mine.columns if c not in keys})
        wide = wide.merge(renamed, on=keys, how="left")
        spread = means(f"mean_{place}", f"sd_{place}", name)
        columns.append(_with_count(spread, f"n_{place}"))
    for place, name in enumerate(compared.names[1:], 1):
        columns += [
            numbers(f"difference_{place}", f"{name} minus {compared.names[0]}"),
            intervals(f"low_{place}", f"high_{place}", "95% CI"),
            p_values(f"welch_p_{place}", "p (Welch)"), p_values(f"holm_p_{place}", "p (Holm)"),
            _with_count(p_values(f"paired_p_{place}", "p (paired)"), f"paired_n_{place}"),
        ]  # fmt: skip
    return table_view(key.replace("_", "-"), caption, wide, columns, _EXPLAINED)


def _with_count(column: Column, count: str) -> Column:
    """Return a column whose cells also say on how many seeds they stand."""
    return replace(column, text=lambda row: f"{column.text(row)} ({number(row[count], 0)})")
