"""Excel files: the sheet that holds the corpus, or a sheet for each split."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts._tables import Item
from hybridrep.sources.texts.rows import SPLIT_WORDS, ColumnChoice, Columns

_log = logging.getLogger(__name__)
_TITLE_ROWS = 20
"""Rows of titles and remarks in which the names of the columns are looked for, for a message."""


def unpacked_size(path: Path, place: str) -> int:
    """Return how many bytes an Excel file holds unpacked, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise CorpusError(
            f"{place} cannot be read as .xlsx ({error}). Save it as `Excel workbook (.xlsx)`, "
            "without a password, or as `CSV UTF-8`."
        ) from error


def sheet_parts(
    path: Path, place: str, choice: ColumnChoice, sheet: str
) -> dict[tuple[str, str], list[Item]]:
    """Return the items of a workbook by place and split ("": none).

    The first row that is not empty names the columns; empty rows are left out. Sheets that are
    named train, validation or test are the splits; else one sheet alone may hold anything, unless
    a `sheet` is named.

    Raises:
        CorpusError: it is no Excel file, or it is not clear which sheet is meant.
    """
    try:
        sheets = pd.read_excel(
            path, sheet_name=None, header=None, dtype=object, keep_default_na=False,
            na_values=[""], engine="openpyxl",
        )  # fmt: skip
    except Exception as error:  # of openpyxl, ZIP and XML: they have no common base
        raise CorpusError(
            f"{place} cannot be read as .xlsx ({type(error).__name__}). Save it anew, or as "
            "`CSV UTF-8`."
        ) from error
    filled = {str(name): frame for name, frame in sheets.items() if frame.notna().to_numpy().any()}
    chosen = _chosen(filled, [*map(str, sheets)], place, sheet)
    return {
        (f"{place}, sheet {escaped(name)}", split): _items(
            filled[name], f"{place}, sheet {escaped(name)}", choice
        )
        for name, split in chosen.items()
    }


def _chosen(
    filled: dict[str, pd.DataFrame], names: list[str], place: str, sheet: str
) -> dict[str, str]:
    """Return the sheets to read, with their splits, training first."""
    listed = ", ".join(map(escaped, names))
    if sheet:
        if sheet not in filled:
            trouble = "is empty" if sheet in names else "is not there"
            raise CorpusError(f"{place}: the sheet {sheet!r} {trouble}. Its sheets: {listed}.")
        return {sheet: ""}
    if not filled:
        raise CorpusError(f"The corpus file '{place}' is empty.")
    if len(filled) == 1:
        return dict.fromkeys(filled, "")
    splits = {name: SPLIT_WORDS.get(name.strip().lower(), "") for name in filled}
    named = [name for name, split in splits.items() if split]
    if "train" in splits.values() and len({splits[name] for name in named}) == len(named):
        order = ("train", "validation", "test")
        for name in filled.keys() - named:
            _log.warning("%s: its sheet %r is left out", place, name)
        return {name: splits[name] for name in sorted(named, key=lambda n: order.index(splits[n]))}
    raise CorpusError(
        f"{place} has several sheets: {listed}. Say which: `{place}#{escaped(next(iter(filled)))}`."
    )


def _items(frame: pd.DataFrame, place: str, choice: ColumnChoice) -> list[Item]:
    header: list[str] | None = None
    items: list[Item] = []
    columns = None
    for number, cells in enumerate(frame.itertuples(index=False, name=None), 1):
        values = [_plain(cell) for cell in cells]
        if all(value is None for value in values):
            continue
        if header is None or columns is None:
            header = ["" if value is None else str(value) for value in values]
            columns = _find(header, frame, number, f"{place}, row {number},", choice)
            continue
        split = values[columns.split] if columns.split >= 0 else None
        items.append((number, values[columns.text], values[columns.label], split))
    return items


def _find(
    header: list[str], frame: pd.DataFrame, number: int, place: str, choice: ColumnChoice
) -> Columns:
    """Find the columns; where a row further down names them, say so."""
    try:
        return choice.find(header, place)
    except CorpusError as error:
        for below in range(number, min(number + _TITLE_ROWS, len(frame))):
            if choice.fits([str(cell) for cell in frame.iloc[below]]):
                raise CorpusError(
                    f"{place} does not name the columns, but row {below + 1} does: remove the rows "
                    "above that."
                ) from error
        raise


def _plain(cell: Any) -> Any:
    """Return an empty cell as None; spaces alone are a text."""
    return None if cell is None or (isinstance(cell, float) and cell != cell) else cell
