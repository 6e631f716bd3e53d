"""What the page's template draws: tables with sortable cells, figures, notices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hybridrep.reporting.drawing import Drawn
from hybridrep.reporting.formatting import counted, interval, number, p_value
from hybridrep.reporting.html.packing import data_address

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """How one column of a table is made from a row: its header, its cells, and what they sort by.

    Columns of words have no `value` and sort by their text; a flagged cell stands out.
    """

    label: str
    text: Callable[[Row], str]
    value: Callable[[Row], float] | None = None
    wrap: bool = False
    flag: Callable[[Row], bool] | None = None


@dataclass(frozen=True)
class Cell:
    """One cell: its text, what it sorts by ("" = nothing, None = its text), and its looks."""

    text: str
    value: str | None
    wrap: bool
    flag: bool


@dataclass(frozen=True)
class TableView:
    """A table as the template draws it."""

    identifier: str
    caption: str
    note: str
    headers: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A figure as the template draws it; `source` is a data address."""

    name: str
    title: str
    caption: str
    alternative: str
    source: str
    width: int
    height: int
    plain: bool


@dataclass(frozen=True)
class Notice:
    """Something a reader must know before the numbers: "warning" or "note"."""

    kind: str
    title: str
    text: str


def records(frame: pd.DataFrame) -> list[Row]:
    """Return a table's rows as mappings from column to value."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def words(name: str, label: str, wrap: bool = False, *, show: Callable[[str], str] = str) -> Column:
    """Return a column of words, by default as they stand in the table."""
    return Column(label, lambda row: show(str(row[name])), wrap=wrap)


def numbers(name: str, label: str, digits: int = 3) -> Column:
    """Return a column of numbers."""
    return Column(label, lambda row: number(row[name], digits), lambda row: float(row[name]))


def p_values(name: str, label: str) -> Column:
    """Return a column of p values."""
    return Column(label, lambda row: p_value(row[name]), lambda row: float(row[name]))


def intervals(low: str, high: str, label: str, digits: int = 3) -> Column:
    """Return a column of intervals, which sort by their lower end."""
    return Column(
        label, lambda row: interval(row[low], row[high], digits), lambda row: float(row[low])
    )


def means(mean: str, sd: str, label: str, digits: int = 3) -> Column:
    """Return a column of means with their SDs, which sort by the mean."""

    def text(row: Row) -> str:
        spread = f" ± {number(row[sd], digits)}" if math.isfinite(row[sd]) else ""
        return number(row[mean], digits) + spread

    return Column(label, text, lambda row: float(row[mean]))


NOTE = words("note", "Note", wrap=True)
"""The column of what a table's rows say beside their numbers."""


def notes(frame: pd.DataFrame) -> list[Column]:
    """Return the column of notes, where any row has one."""
    return [NOTE] if frame["note"].astype(bool).any() else []


def table_view(
    identifier: str, caption: str, frame: pd.DataFrame, columns: Sequence[Column], note: str = ""
) -> TableView:
    """Return a table as the template draws it, one row per row of `frame`."""
    rows = tuple(tuple(_cell(column, row) for column in columns) for row in records(frame))
    headers = tuple((column.label, column.value is not None) for column in columns)
    return TableView(identifier, caption, note, headers, rows)


def _cell(column: Column, row: Row) -> Cell:
    value = None
    if column.value is not None:
        order = column.value(row)
        value = repr(float(order)) if math.isfinite(order) else ""
    return Cell(column.text(row), value, column.wrap, column.flag is not None and column.flag(row))


_SIGNS = {
    "supported": "✓", "not supported": "✕", "unclear": "?",
    "planted and found": "✓", "planted and missed": "✕", "not planted": "–",
}  # fmt: skip


@dataclass(frozen=True)
class ClaimView:
    """A claim as the template draws it; `value` is "" where nothing could be computed."""

    sentence: str
    value: str
    statistic: str
    verdict: str
    css: str
    sign: str


def claim_views(claims: pd.DataFrame, show: Callable[[str], str] = str) -> list[ClaimView]:
    """Return claims, one a row, with statistic, interval and note as `show` words them."""
    views = []
    for claim in records(claims):
        value = ""
        if math.isfinite(claim["estimate"]):
            bounds = interval(claim["low"], claim["high"])
            value = (
                f"{number(claim['estimate'])}, 95% CI {bounds}, n = {counted(claim['n'], 'seed')}. "
            )
        parts = [str(claim["statistic"]), *str(claim["note"]).split("; ")]
        verdict = str(claim["verdict"])
        views.append(
            ClaimView(
                sentence=str(claim["sentence"]), value=value,
                statistic=" ".join(_sentence(show(part)) for part in parts if part),
                verdict=verdict, css=verdict.replace(" ", "-"), sign=_SIGNS.get(verdict, "?"),
            )
        )  # fmt: skip
    return views


def _sentence(text: str) -> str:
    """Return words as a sentence; a statistic that starts with its symbol keeps it."""
    start = text if text.startswith(("r(", "r ")) else text[:1].upper() + text[1:]
    return f"{start}."


def picture(figure: Drawn, prefix: str) -> Picture:
    """Return a drawn figure as the template shows it."""
    plan = figure.plan
    source = data_address(figure.webp, "image/webp")
    return Picture(
        prefix + plan.name, plan.title, plan.caption, plan.alternative, source,
        figure.width, figure.height, plan.plain,
    )  # fmt: skip
