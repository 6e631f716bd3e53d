"""A report's tables, each declared beside the function that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import pandas as pd

_Maker = TypeVar("_Maker", bound=Callable[..., pd.DataFrame])


@dataclass(frozen=True)
class ReportTable:
    """One CSV file of a report; a table with a column a study has these columns first."""

    name: str
    meaning: str
    columns: tuple[str, ...]


def report_table(
    name: str, meaning: str, columns: tuple[str, ...], *further: tuple[str, str]
) -> Callable[[_Maker], _Maker]:
    """Declare the table that a function makes; the function stays as it is.

    `further` are ending and meaning of files with the same columns beside the first.
    """
    table = ReportTable(name, meaning, columns)
    more = [replace(table, name=name + end, meaning=said) for end, said in further]

    def declare(maker: _Maker) -> _Maker:
        maker.__dict__["report_tables"] = (table, *more)
        return maker

    return declare


def declared(makers: Iterable[Callable[..., pd.DataFrame]]) -> tuple[ReportTable, ...]:
    """Return what `report_table` says of these functions' tables."""
    return tuple(table for maker in makers for table in vars(maker)["report_tables"])


def table_name(maker: Callable[..., pd.DataFrame]) -> str:
    """Return the name of the table that a function makes."""
    return declared([maker])[0].name
