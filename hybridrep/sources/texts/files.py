"""Corpora in local files: `text;label` lines, CSV, TSV, JSON lines, Parquet; a file or a folder."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts._lines import numbered_lines, table_lines
from hybridrep.sources.texts.rows import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    ColumnChoice,
    Rows,
    columns_text,
)

SPLIT_WORDS = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation",
    "val": "validation", "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip
LARGEST = 2 << 30
"""Bytes of a corpus file, unpacked: it is read into memory, where strings and rows take more."""
_CSV_ADVICE = {
    "field larger": "No cell may be so long. Is the quote that closes one missing? Else shorten "
    "the text, or give the corpus as .jsonl or .parquet.",
    "new-line": "A carriage return (CR) stands alone there, where other lines end with a line feed "
    "(LF). Save the file with one kind of line ends, or quote the cell that holds it.",
}
"""What to do about what `csv` says, by a piece of its words."""
_QUOTES = "A cell with a double quote must stand in double quotes, with the quote doubled."
_Reader = Callable[[Path, ColumnChoice, str], Rows]
_Item = tuple[int, object, object]  # number of the line, text, label
_Items = Callable[[Path, ColumnChoice], Iterator[_Item]]
_SHARD = re.compile(r"\d+-of-\d+")


def read_path(path: str, choice: ColumnChoice) -> list[Rows]:
    """Read a corpus from a file, or from a folder with training, validation and test files.

    A folder's files are told apart by a word in their names (`SPLIT_WORDS`); shards such as
    `train-00000-of-00002.parquet` are joined. A folder may also hold a single file without such a
    word, which then is the corpus. One record per file comes back, the training files first.

    Args:
        path: a file that ends in .txt, .csv, .tsv, .jsonl, .ndjson or .parquet, or a folder of
            such files. `~` is the home folder.
        choice: the columns to read. Text files of `text;label` lines have none to choose.

    Raises:
        CorpusError: something is missing, empty, unreadable or malformed; the message says where.
    """
    if "\0" in path:
        raise CorpusError(f"The path {path!r} holds a NUL character.")
    try:
        place = Path(path).expanduser()
        if place.is_dir():
            return [_read_file(file, choice, split) for file, split in _files_of(place)]
        if not place.exists():
            raise CorpusError(
                f"There is no corpus file or folder {path!r}. Give the path of one, `sample` for "
                "the synthetic corpus, or `hub:ID` for one of the Hugging Face hub."
            )
        if not place.is_file():
            raise CorpusError(
                f"{path!r} is no regular file but, for example, a pipe or a device, which may "
                "never end. Save what it gives to a file."
            )
        return [_read_file(place, choice, split="")]
    except (OSError, RuntimeError) as error:  # RuntimeError: a `~user` without a home folder
        raise CorpusError(f"The corpus {path!r} cannot be read: {error}.") from error


def _files_of(folder: Path) -> list[tuple[Path, str]]:
    """Return the files that make up a corpus folder, with their splits."""
    files = sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in _READERS and not file.name.startswith(".") and file.is_file()
    )
    named = {file: _split_of(file) for file in files}
    by_split = {
        split: [file for file in files if named[file] == split]
        for split in ("train", "validation", "test")
    }
    for split, members in by_split.items():
        if len(members) > 1 and not all(_SHARD.search(file.stem) for file in members):
            raise CorpusError(
                f"The folder {str(folder)!r} has several {split} files: {_names(members)}. "
                "Leave one, or give a single file."
            )
    if by_split["train"]:
        return [(file, split) for split, members in by_split.items() for file in members]
    if len(files) == 1:
        return [(files[0], "")]
    trouble = f"only {_names(files)}" if files else "no corpus file"
    raise CorpusError(
        f"The folder {str(folder)!r} holds {trouble}. Expected is a training file and, if there "
        f"are any, validation and test files, e.g. train.csv, validation.csv and test.csv "
        f"({_ENDINGS})."
    )


def _names(files: list[Path]) -> str:
    return ", ".join(escaped(file.name) for file in files)


def _split_of(file: Path) -> str:
    words = re.split(r"[^a-z]+", file.stem.lower())
    splits = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    return splits.pop() if len(splits) == 1 else ""


def _read_file(file: Path, choice: ColumnChoice, split: str) -> Rows:
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise CorpusError(
            f"The corpus file {str(file)!r} ends in {file.suffix or 'nothing'!r}, "
            f"which is not a known format ({_ENDINGS})."
        )
    _check_size(file, file.stat().st_size)
    rows = reader(file, choice, split)
    if not rows.texts:
        raise CorpusError(f"The corpus file {str(file)!r} has no {choice.noun}.")
    return rows


def _check_size(file: Path, size: int) -> None:
    if size > LARGEST:
        raise CorpusError(
            f"The corpus file {str(file)!r} has {size:,} bytes; at most {LARGEST:,} are read. "
            "Take a sample of it."
        )


def _by_lines(items: _Items) -> _Reader:
    """Return a reader of what `items` finds in the lines of a file."""

    def read(file: Path, choice: ColumnChoice, split: str) -> Rows:
        found = list(items(file, choice))
        numbers, texts, labels = zip(*found, strict=True) if found else ((), (), ())
        return Rows(texts, labels, numbers, escaped(file), "line", split)

    return read


def _txt_items(file: Path, choice: ColumnChoice) -> Iterator[_Item]:
    """Read lines of `text;label`; the label stands behind the last semicolon."""
    if choice.columns:
        raise CorpusError(
            f"{escaped(file)} has no named columns: its lines are `text;label`. "
            f"Leave {choice.parameter} empty."
        )
    for number, line in numbered_lines(file):
        if not line.strip():
            continue
        text, semicolon, label = line.rpartition(";")
        if not semicolon:
            raise CorpusError(
                f"{escaped(file)}, line {number}: no semicolon. Every line is `text;label`, "
                "with the label behind the last semicolon."
            )
        if number > 1 or not _is_header(text, label):
            yield number, text, label


def _is_header(text: str, label: str) -> bool:
    return text.strip().lower() in TEXT_COLUMNS and label.strip().lower() in LABEL_COLUMNS


def _table_items(delimiter: str, file: Path, choice: ColumnChoice) -> Iterator[_Item]:
    """Read a table whose first line names the columns; cells may be quoted and hold line ends."""
    reader = csv.reader(table_lines(file), delimiter=delimiter, strict=True)
    header: list[str] = []
    text_column = label_column = -1
    start = 1  # the line that the row being read starts in
    place = escaped(file)
    try:
        for row in reader:
            number, start = start, reader.line_num + 1
            if not row:
                continue
            if not header:
                header = row
                text_column, label_column = choice.find(header, f"{place}, line {number},")
                continue
            if len(row) != len(header):
                raise CorpusError(
                    f"{place}, line {number}: {len(row)} cells, but the first line names "
                    f"{len(header)} columns. {columns_text(header)} "
                    "Put double quotes around cells that hold the separator."
                )
            yield number, row[text_column], row[label_column]
    except csv.Error as error:
        advice = next((text for sign, text in _CSV_ADVICE.items() if sign in str(error)), _QUOTES)
        raise CorpusError(
            f"{place}, line {start}: the row that starts here is malformed ({error}). {advice}"
        ) from error


def _json_items(file: Path, choice: ColumnChoice) -> Iterator[_Item]:
    """Read one JSON object per line; the first one's keys are the columns."""
    text_key = label_key = ""
    for number, line in numbered_lines(file):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{escaped(file)}, line {number}: not JSON ({error}).") from error
        if not isinstance(record, dict):
            raise CorpusError(
                f"{escaped(file)}, line {number}: not a JSON object such as "
                '{"text": "...", "label": "..."}.'
            )
        if not text_key:
            keys = list(record)
            text_column, label_column = choice.find(keys, f"{escaped(file)}, line {number},")
            text_key, label_key = keys[text_column], keys[label_column]
        for key in (text_key, label_key):
            if key not in record:
                raise CorpusError(
                    f"{escaped(file)}, line {number}: no {key!r}, which other lines have."
                )
        yield number, record[text_key], record[label_key]


def _read_parquet(file: Path, choice: ColumnChoice, split: str) -> Rows:
    """Read two columns; names of numbered labels are taken from the hub's metadata if there."""
    if not file.stat().st_size:
        raise CorpusError(f"The corpus file {str(file)!r} is empty.")
    try:
        with pq.ParquetFile(file) as parquet:
            schema = parquet.schema_arrow
            groups = range(parquet.metadata.num_row_groups)
            _check_size(file, sum(parquet.metadata.row_group(n).total_byte_size for n in groups))
            text_column, label_column = choice.find(schema.names, escaped(file))
            text_name, label_name = schema.names[text_column], schema.names[label_column]
            table = parquet.read(columns=[text_name, label_name])
        texts, labels = table[text_name].to_pylist(), table[label_name].to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, TypeError) as error:
        raise CorpusError(f"{escaped(file)} cannot be read as Parquet: {error}.") from error
    numbers = range(1, len(texts) + 1)
    names = _hub_label_names(schema, label_name)
    return Rows(texts, labels, numbers, escaped(file), "row", split, names)


def _hub_label_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Return the class names that the `datasets` library wrote beside a column, or none."""
    try:
        described = json.loads((schema.metadata or {})[b"huggingface"])
        return tuple(str(name) for name in described["info"]["features"][label]["names"])
    except (KeyError, TypeError, ValueError):
        return ()


_READERS: dict[str, _Reader] = {
    ".txt": _by_lines(_txt_items), ".csv": _by_lines(partial(_table_items, ",")),
    ".tsv": _by_lines(partial(_table_items, "\t")), ".jsonl": _by_lines(_json_items),
    ".ndjson": _by_lines(_json_items), ".parquet": _read_parquet,
}  # fmt: skip
_ENDINGS = ", ".join(_READERS)
