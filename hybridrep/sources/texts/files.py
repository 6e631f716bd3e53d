"""Corpora in local files and folders: tables, lines, JSON, Parquet, Excel, `save_to_disk`."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath

import pyarrow as pa
import pyarrow.parquet as pq

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.parameters import where_looked
from hybridrep.sources.texts._card import CARD, Card, check_card
from hybridrep.sources.texts._json import json_line_items, json_parts
from hybridrep.sources.texts._layout import Part, arrange, data_files
from hybridrep.sources.texts._lines import numbered_lines, text_of
from hybridrep.sources.texts._saved import is_saved, read_saved
from hybridrep.sources.texts._tables import Item, table_items
from hybridrep.sources.texts.rows import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    ColumnChoice,
    Rows,
    by_split,
    training_first,
)

LARGEST = 2 << 30
"""Bytes of a corpus file, unpacked: it is read into memory, where strings and rows take more."""


@dataclass(frozen=True)
class CorpusFile:
    """A file to read.

    Attributes:
        place: what messages call it.
        split: what its name says, "" for nothing.
        sheet: of an Excel file, the sheet that the user chose, "" for none.
    """

    path: Path
    place: str
    split: str = ""
    sheet: str = ""


_Reader = Callable[[CorpusFile, ColumnChoice], list[Rows]]
_Items = Callable[[str, str, ColumnChoice], Iterator[Item]]


def read_path(path: str, choice: ColumnChoice) -> list[Rows]:
    """Read a corpus from a file, or from a folder with training, validation and test files.

    A folder's files are told apart by a word in their names (`SPLIT_WORDS`); shards such as
    `train-00000-of-00002.parquet` are joined. A folder may also hold a single file without such a
    word, which then is the corpus, or be one of `save_to_disk`. One record per file comes back,
    or per split of a file with a split column, the training first.

    Args:
        path: a file that ends in one of `ENDINGS`, or a folder of such files; `#NAME` behind it
            chooses a sheet of an Excel file, or one of a folder's configurations. `~` is the home
            folder.
        choice: the columns to read. Text files of `text;label` lines have none to choose.

    Raises:
        CorpusError: something is missing, empty, unreadable or malformed; the message says where.
    """
    if "\0" in path:
        raise CorpusError(f"The path {path!r} holds a NUL character.")
    try:
        place, name = _existing(path)
        if place.is_dir():
            return training_first(_read_folder(place, choice, name), choice)
        if not place.is_file():
            raise CorpusError(
                f"{path!r} is no regular file but, for example, a pipe or a device, which may "
                "never end. Save what it gives to a file."
            )
        parts = read_file(CorpusFile(place, escaped(place), sheet=name), choice)
        return training_first(parts, choice)
    except (OSError, RuntimeError) as error:  # RuntimeError: a `~user` without a home folder
        raise CorpusError(f"The corpus {path!r} cannot be read: {error}.") from error


def _existing(path: str) -> tuple[Path, str]:
    """Return the file or folder of a path, and the name behind `#` where one stands there."""
    place = Path(path).expanduser()
    if place.exists():
        return place, ""
    before, sign, name = path.rpartition("#")
    if sign and before and Path(before).expanduser().exists():
        if not name.strip():
            raise CorpusError(f"{path!r} names nothing behind `#`. Name a part, or leave # out.")
        return Path(before).expanduser(), name.strip()
    raise CorpusError(
        f"There is no corpus file or folder {path!r}.{where_looked(place)} Give the path of "
        "one, `sample` for the synthetic corpus, or `hub:ID` for one of the Hugging Face hub."
    )


def _read_folder(folder: Path, choice: ColumnChoice, name: str) -> list[Rows]:
    """Read a folder: of `save_to_disk`, of files, or a copy of a hub repository."""
    if is_saved(folder) and not name:
        return read_saved(folder, choice)
    if name and ".." not in PurePath(name).parts and (folder / name).is_dir():
        return _read_folder(folder / name, choice, "")
    place = f"The folder {str(folder)!r}"
    files = data_files(folder, ENDINGS, deep=False)
    card = Card(folder, (), "") if files and not name else _local_card(folder, place)
    if name in card.configurations or (card.configurations and not files):
        return _read_configuration(card, choice, name, place)
    arranged = arrange(
        files or data_files(folder, ENDINGS, deep=True), place, name, _LISTED, of_hub=False
    )
    if not (files or name):
        _refuse_deeper([file for file, _ in arranged], folder)
    return read_files(folder, arranged, choice)


def _refuse_deeper(files: Sequence[PurePath], folder: Path) -> None:
    """Refuse a folder whose only corpus lies in one of its folders, which is not named by split."""
    for inner in sorted({Part.of(file).folder for file in files} - {""}):
        raise CorpusError(
            f"The folder {str(folder)!r} holds no corpus file itself, but its folder {inner!r} "
            f"does. Give that: {escaped(folder / inner)}"
        )


def _local_card(folder: Path, place: str) -> Card:
    """Return the card of a local copy of a repository; nothing else of a README counts."""
    try:
        check_card(folder, place)
        return Card.of(folder)
    except CorpusError:
        raise
    except Exception as error:  # of YAML and `datasets`: they have no common base
        raise CorpusError(
            f"{place}: its card, {CARD}, cannot be read ({type(error).__name__}). Mend it or take "
            "it away."
        ) from error


def _read_configuration(card: Card, choice: ColumnChoice, name: str, place: str) -> list[Rows]:
    chosen = card.choose(name, place)
    try:
        files, names = card.files(chosen, place), card.class_names(chosen)
    except CorpusError:
        raise
    except Exception as error:  # of `datasets`
        raise CorpusError(
            f"{place}: the files of its configuration {chosen!r} cannot be found "
            f"({type(error).__name__}); see {CARD} there."
        ) from error
    return with_class_names(read_files(card.root, files, choice), names)


def read_files(
    folder: Path, files: Sequence[tuple[PurePath, str]], choice: ColumnChoice, described: str = ""
) -> list[Rows]:
    """Read files of a folder, each of a split; messages call them by their path, or `described`.

    Where a column says the split, a repository's only split, `train`, says nothing.
    """
    if choice.split and {split for _, split in files} == {"train"}:
        files = [(file, "") for file, _ in files]
    return [
        rows
        for file, split in files
        for rows in read_file(
            CorpusFile(
                folder / file,
                f"{described}, {escaped(file.as_posix())}" if described else escaped(folder / file),
                split,
            ),
            choice,
        )
    ]


def with_class_names(parts: Sequence[Rows], names: Mapping[str, Sequence[str]]) -> list[Rows]:
    """Name numbered labels as a card does, where the files themselves do not."""
    return [
        rows if rows.label_names else replace(rows, label_names=tuple(names.get(rows.label, ())))
        for rows in parts
    ]


def read_file(file: CorpusFile, choice: ColumnChoice) -> list[Rows]:
    """Read one file, as its ending says; what a split column parts it into, training first.

    Raises:
        CorpusError: it is of no known format, too large, malformed, or without texts.
    """
    name = file.path.name.lower()
    ending = next((known for known in ENDINGS if name.endswith(known)), "")
    if not ending:
        raise CorpusError(
            f"The corpus file '{file.place}' ends in {file.path.suffix or 'nothing'!r}, "
            f"which is not a known format ({_LISTED})."
        )
    if file.sheet and ending != ".xlsx":
        raise CorpusError(
            f"{file.place} has no parts to choose by `#{escaped(file.sheet)}`: leave that out."
        )
    _check_size(file.place, file.path.stat().st_size)
    parts = _READERS[ending](file, choice)
    if not any(len(rows.texts) for rows in parts):
        raise CorpusError(f"The corpus file '{file.place}' has no {choice.noun}.")
    return [rows for rows in parts if len(rows.texts)]


def _check_size(place: str, size: int) -> None:
    if size > LARGEST:
        raise CorpusError(
            f"The corpus file '{place}' has {size:,} bytes; at most {LARGEST:,} are read. "
            "Take a sample of it."
        )


def _content(file: CorpusFile) -> str:
    """Return a file's text, unpacked where its name ends in .gz, and no more than `LARGEST`."""
    if not file.path.name.lower().endswith(".gz"):
        return text_of(file.path.read_bytes(), file.place)
    try:
        with gzip.open(file.path) as opened:
            content = opened.read(LARGEST + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            f"{file.place} cannot be unpacked by gzip ({error}). Is it complete, and packed at "
            "all? Fetch or pack it anew."
        ) from error
    if len(content) > LARGEST:
        raise CorpusError(
            f"The corpus file '{file.place}' holds more than {LARGEST:,} bytes unpacked, which is "
            "the most that is read. Take a sample of it."
        )
    if content.startswith(b"\x1f\x8b"):
        raise CorpusError(f"{file.place} is packed by gzip twice. Unpack it once.")
    return text_of(content, file.place)


def _rows(
    items: Sequence[Item], file: CorpusFile, choice: ColumnChoice, place: str, unit: str,
    split: str = "",
) -> list[Rows]:  # fmt: skip
    """Make rows of items, parted by their split column where one is read."""
    numbers, texts, labels, splits = zip(*items, strict=True) if items else ((), (), (), ())
    said = file.split or split
    rows = Rows(texts, labels, numbers, place, unit, said)
    if split and file.split and split != file.split:
        raise CorpusError(
            f"{place} holds the split {split!r}, but the file's name says {file.split!r}."
        )
    return by_split(rows, splits, choice) if choice.split and items else [rows]


def _by_lines(items: _Items) -> _Reader:
    """Return a reader of what `items` finds in the lines of a file."""

    def read(file: CorpusFile, choice: ColumnChoice) -> list[Rows]:
        found = list(items(_content(file), file.place, choice))
        return _rows(found, file, choice, file.place, "line")

    return read


def _read_json(file: CorpusFile, choice: ColumnChoice) -> list[Rows]:
    unit, parts = json_parts(_content(file), file.place, choice)
    return [
        rows
        for split, items in parts.items()
        for rows in _rows(
            items, file, choice, f"{file.place} ({split})" if split else file.place, unit, split
        )
    ]


def _read_sheets(file: CorpusFile, choice: ColumnChoice) -> list[Rows]:
    from hybridrep.sources.texts._sheets import sheet_parts, unpacked_size

    if not file.path.stat().st_size:
        raise CorpusError(f"The corpus file '{file.place}' is empty.")
    _check_size(file.place, unpacked_size(file.path, file.place))
    return [
        rows
        for (place, split), items in sheet_parts(file.path, file.place, choice, file.sheet).items()
        for rows in _rows(items, file, choice, place, "row", split)
    ]


def _txt_items(text: str, place: str, choice: ColumnChoice) -> Iterator[Item]:
    """Read lines of `text;label`; the label stands behind the last semicolon."""
    if choice.columns or choice.split:
        given = choice.sibling("split") if choice.split else choice.parameter
        raise CorpusError(
            f"{place} has no named columns: its lines are `text;label`. Leave {given} empty."
        )
    for number, line in numbered_lines(text):
        if not line.strip():
            continue
        said, semicolon, label = line.rpartition(";")
        if not semicolon:
            raise CorpusError(
                f"{place}, line {number}: no semicolon. Every line is `text;label`, "
                "with the label behind the last semicolon."
            )
        if number > 1 or not _is_header(said, label):
            yield number, said, label, None


def _is_header(text: str, label: str) -> bool:
    return text.strip().lower() in TEXT_COLUMNS and label.strip().lower() in LABEL_COLUMNS


def _read_parquet(file: CorpusFile, choice: ColumnChoice) -> list[Rows]:
    """Read two or three columns; names of numbered labels come from the hub's metadata if there."""
    if not file.path.stat().st_size:
        raise CorpusError(f"The corpus file '{file.place}' is empty.")
    try:
        with pq.ParquetFile(file.path) as parquet:
            schema = parquet.schema_arrow
            groups = range(parquet.metadata.num_row_groups)
            _check_size(
                file.place, sum(parquet.metadata.row_group(n).total_byte_size for n in groups)
            )
            columns = choice.find(schema.names, file.place)
            names = [schema.names[column] for column in columns if column >= 0]
            table = parquet.read(columns=[*dict.fromkeys(names)])
        values = [table[name].to_pylist() for name in names]
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{file.place} cannot be read as Parquet: {str(error).rstrip('.')}."
        ) from error
    numbers = range(1, len(values[0]) + 1)
    rows = Rows(
        values[0], values[1], numbers, file.place, "row", file.split,
        _hub_label_names(schema, names[1]), names[1],
    )  # fmt: skip
    return by_split(rows, values[2], choice) if len(values) > 2 and values[0] else [rows]


def _hub_label_names(schema: pa.Schema, label: str) -> tuple[str, ...]:
    """Return the class names that the `datasets` library wrote beside a column, or none."""
    try:
        described = json.loads((schema.metadata or {})[b"huggingface"])
        return tuple(str(name) for name in described["info"]["features"][label]["names"])
    except (KeyError, TypeError, ValueError):
        return ()


_commas = _by_lines(partial(table_items, delimiter=","))
_tabs = _by_lines(partial(table_items, delimiter="\t"))
_lines_of_json = _by_lines(json_line_items)
_READERS: dict[str, _Reader] = {
    ".txt": _by_lines(_txt_items), ".csv": _commas, ".csv.gz": _commas, ".tsv": _tabs,
    ".tsv.gz": _tabs, ".json": _read_json, ".json.gz": _read_json, ".jsonl": _lines_of_json,
    ".jsonl.gz": _lines_of_json, ".ndjson": _lines_of_json, ".parquet": _read_parquet,
    ".xlsx": _read_sheets,
}  # fmt: skip
ENDINGS = tuple(_READERS)
"""What names of corpus files end in."""
_LISTED = ", ".join(ENDINGS)
