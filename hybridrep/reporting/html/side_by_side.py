"""Results of several studies in one table of the page: a row a result, the studies beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from hybridrep.reporting.formatting import number
from hybridrep.reporting.html.views import (
    Column,
    TableView,
    intervals,
    means,
    numbers,
    p_values,
    table_view,
)

EXPLAINED = (
    "Mean ± SD over seeds (number of seeds). Differences from the first study with Welch’s "
    "interval and p; Holm corrects Welch’s p over the rows of a measure; paired: by the seeds that "
    "both studies have (their number)."
)


def side_by_side(
    identifier: str, caption: str, long: pd.DataFrame, keys: Sequence[str],
    first: Sequence[Column], names: Sequence[str], explained: str = EXPLAINED,
) -> TableView:  # fmt: skip
    """Return one row a result, with the studies side by side.

    Args:
        identifier: of the table on the page.
        caption: above it.
        long: as `analysis.statistics.against_first` returns it.
        keys: what names a result; `first`: the columns that show it.
        names: the studies, the reference first.
        explained: below the table.
    """
    named = [*keys]
    wide = long[named].drop_duplicates()
    columns = list(first)
    for place, name in enumerate(names):
        mine = long[long["study"] == name].drop(columns="study")
        renamed = mine.rename(columns={c: f"{c}_{place}" for c in mine.columns if c not in named})
        wide = wide.merge(renamed, on=named, how="left")
        spread = means(f"mean_{place}", f"sd_{place}", name)
        columns.append(_with_count(spread, f"n_{place}"))
    for place, name in enumerate(names[1:], 1):
        columns += [
            numbers(f"difference_{place}", f"{name} minus {names[0]}"),
            intervals(f"low_{place}", f"high_{place}", "95% CI"),
            p_values(f"welch_p_{place}", "p (Welch)"), p_values(f"holm_p_{place}", "p (Holm)"),
            _with_count(p_values(f"paired_p_{place}", "p (paired)"), f"paired_n_{place}"),
        ]  # fmt: skip
    return table_view(identifier, caption, wide, columns, explained)


def _with_count(column: Column, count: str) -> Column:
    """Return a column whose cells also say on how many seeds they stand."""
    return replace(column, text=lambda row: f"{column.text(row)} ({number(row[count], 0)})")
