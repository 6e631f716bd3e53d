"""Delimited tables: the separator is found from the first line, and quoting is doubted.

A table that was written without quoting may hold a text that begins with a quote; read as usual,
the cell goes on to the next text that ends with one, and swallows the rows between them.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hybridrep.errors import CorpusError
from hybridrep.sources.texts._lines import table_lines
from hybridrep.sources.texts.rows import ColumnChoice, Columns, columns_text

Item = tuple[int, object, object, object]
"""Number of the line or row, text, label, split (None where no column says it)."""

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_ADVICE = {
    "field larger": "No cell may be so long. Is the quote that closes one missing? Else shorten "
    "the text, or give the corpus as .jsonl or .parquet.",
    "new-line": "A carriage return (CR) stands alone there, where other lines end with a line feed "
    "(LF). Save the file with one kind of line ends, or quote the cell that holds it.",
}
"""What to do about what `csv` says, by a piece of its words."""

_MANY_INNER = 5
"""Lines inside a cell from which on most of them must be rows to doubt it; of fewer, all."""
_MOST_INNER = 0.8
_REPEATED = 3
"""A word that stands so often where rows have their label is taken for one."""


@dataclass(frozen=True)
class _Record:
    """One row of a table, and the lines of the file that it takes, from 1."""

    first: int
    last: int
    cells: list[str]


def table_items(text: str, place: str, choice: ColumnChoice, delimiter: str) -> Iterator[Item]:
    """Read a table whose first line names the columns; cells may be quoted and hold line ends.

    Args:
        text: all of it.
        place: the file, for messages.
        choice: the columns, and how cells are quoted.
        delimiter: what the file's ending stands for; another that the first line is parted by is
            used where it names the columns that are wanted.

    Raises:
        CorpusError: the table is malformed, or a quoted cell seems to hold whole rows.
    """
    lines = table_lines(text)
    delimiter, skipped = _delimiter(lines, choice, delimiter)
    records = _records(lines, place, choice, delimiter, skipped)
    header = next(records, None)
    if header is None:
        return
    columns = choice.find(header.cells, f"{place}, line {header.first},")
    rows = []
    for record in records:
        if len(record.cells) != len(header.cells):
            raise CorpusError(_wrong_length(record, header.cells, place, choice, delimiter, lines))
        rows.append(record)
    if not choice.quoting:
        _Doubt(lines, rows, columns, len(header.cells), delimiter).check(place, choice)
    for record in rows:
        split = record.cells[columns.split] if columns.split >= 0 else None
        yield record.first, record.cells[columns.text], record.cells[columns.label], split


def _delimiter(lines: Sequence[str], choice: ColumnChoice, usual: str) -> tuple[str, int]:
    """Return what parts the cells, and how many first lines only say so (Excel's `sep=;`)."""
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    said = lines[first].rstrip("\r\n")
    if said.lower().startswith("sep=") and len(said) == 5:
        return said[4], first + 1
    for delimiter in dict.fromkeys([usual, *DELIMITERS]):
        try:
            header = next(csv.reader([lines[first]], delimiter=delimiter), [])
        except csv.Error:
            continue
        if choice.fits(header):
            return delimiter, 0
    return usual, 0


def _records(
    lines: Sequence[str], place: str, choice: ColumnChoice, delimiter: str, skipped: int
) -> Iterator[_Record]:
    quoting: Literal[0, 3] = csv.QUOTE_NONE if choice.quoting == "none" else csv.QUOTE_MINIMAL
    reader = csv.reader(iter(lines[skipped:]), delimiter=delimiter, strict=True, quoting=quoting)
    first = 1 + skipped
    try:
        for cells in reader:
            last = reader.line_num + skipped
            if cells:
                yield _Record(first, last, cells)
            first = last + 1
    except csv.Error as error:
        quotes = (
            "A cell with a double quote must stand in double quotes, with the quote doubled; if "
            f"the file is written without quoting, give {choice.sibling('quoting')}=none."
        )
        advice = next((text for sign, text in _ADVICE.items() if sign in str(error)), quotes)
        raise CorpusError(
            f"{place}, line {first}: the row that starts here is malformed ({error}). {advice}"
        ) from error


def _wrong_length(
    record: _Record, header: Sequence[str], place: str, choice: ColumnChoice, delimiter: str,
    lines: Sequence[str],
) -> str:  # fmt: skip
    """Return what is said of a row with more or fewer cells than there are columns."""
    advice = "Put double quotes around cells that hold the separator."
    if record.last > record.first:
        advice = (
            f"The row goes on to line {record.last}, since a quote opens a cell; if the file is "
            f"written without quoting, give {choice.sibling('quoting')}=none."
        )
    line = lines[record.first - 1].rstrip("\r\n")
    for other, name in DELIMITERS.items():
        if len(record.cells) == 1 and other != delimiter and len(line.split(other)) == len(header):
            advice = f"It seems to be parted by {name}, the first line by {_name(delimiter)}."
    return (
        f"{place}, line {record.first}: {len(record.cells)} cells, but the first line names "
        f"{len(header)} columns. {columns_text(header)} {advice}"
    )


def _name(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, repr(delimiter))


@dataclass(frozen=True)
class _Doubt:
    """Looks for quoted cells that seem to hold rows: lines with all columns and a known label."""

    lines: Sequence[str]
    rows: Sequence[_Record]
    columns: Columns
    width: int
    delimiter: str

    def check(self, place: str, choice: ColumnChoice) -> None:
        """Refuse the first such cell, naming its first and last line and the way out."""
        labels = {
            row.cells[self.columns.label].strip() for row in self.rows if row.first == row.last
        } - {""}
        for row in self.rows:
            if row.last > row.first and self._holds_rows(row, labels):
                parameter = choice.sibling("quoting")
                raise CorpusError(
                    f"{place}, lines {row.first} to {row.last}: they are one quoted cell, but each "
                    "line within would be a row of the table: a text begins with a quote there, "
                    "and a later one ends with one. If the file is written without quoting, give "
                    f"{parameter}=none; if the cell is right as it is, {parameter}=standard."
                )

    def _holds_rows(self, row: _Record, labels: set[str]) -> bool:
        lines = [line for line in self.lines[row.first - 1 : row.last] if line.strip()]
        own = row.cells[self.columns.label].strip()
        inner = [self._label(line) for line in lines[1:-1]]
        if not inner:  # two rows: the one that opens the cell and the one that closes it
            return all(self._label(line) in labels for line in lines)
        times = Counter(label for label in inner if label)
        often = {label for label, n in times.items() if n >= _REPEATED}
        known = labels | often | ({own} if own else set())
        whole = sum(label in known for label in inner)
        return whole >= (_MOST_INNER * len(inner) if len(inner) >= _MANY_INNER else len(inner))

    def _label(self, line: str) -> str:
        """Return the label of a line as a row without quoting; "" where it would be none."""
        cells = line.rstrip("\r\n").split(self.delimiter)
        if len(cells) != self.width or not cells[self.columns.text].strip():
            return ""
        return cells[self.columns.label].strip()
