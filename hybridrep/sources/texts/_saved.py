"""Folders that the `datasets` library wrote with `save_to_disk`: one data set, or one a split."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts.rows import SPLIT_WORDS, ColumnChoice, Rows, by_split

if TYPE_CHECKING:
    from datasets import Dataset

_log = logging.getLogger(__name__)
_ORDER = ("", "train", "validation", "test")


def is_saved(folder: Path) -> bool:
    """Tell whether a folder is what `save_to_disk` leaves."""
    names = {file.name for file in folder.iterdir()}
    of_arrow = any(name.endswith(".arrow") for name in names)
    signs = ("dataset_info.json" in names, "state.json" in names, of_arrow)
    return "dataset_dict.json" in names or sum(signs) > 1  # one may be lost: then it is damaged


def read_saved(folder: Path, choice: ColumnChoice) -> list[Rows]:
    """Read such a folder: a record per split, training first.

    Raises:
        CorpusError: it is damaged, empty, or its splits or columns are not clear.
    """
    place = escaped(folder)
    if not (folder / "dataset_dict.json").is_file():
        return rows_of_split(_load(folder), choice, place, "")
    try:
        names = [*map(str, json.loads((folder / "dataset_dict.json").read_bytes())["splits"])]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error
    named = named_splits(names, place)
    if choice.split and set(named.values()) == {"train"}:  # says nothing: the column does
        named = dict.fromkeys(named, "")
    return [
        rows
        for name, split in named.items()
        if split in ("train", "") or not _is_empty(folder / name)
        for rows in rows_of_split(_load(folder / name), choice, place, split)
    ]


def _load(folder: Path) -> Dataset:
    import datasets

    if _is_empty(folder):
        raise CorpusError(
            f"The folder {str(folder)!r}, of `save_to_disk`, holds an empty data set."
        )
    try:
        return datasets.Dataset.load_from_disk(str(folder), keep_in_memory=True)
    except Exception as error:  # of Arrow, JSON and `datasets`: they have no common base
        raise _damaged(folder, error) from error


def _is_empty(folder: Path) -> bool:
    """Tell whether a data set was saved without rows, which `datasets` cannot read back."""
    try:
        files = json.loads((folder / "state.json").read_bytes())["_data_files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error
    return not files


def _damaged(folder: Path, error: Exception) -> CorpusError:
    return CorpusError(
        f"The folder {str(folder)!r}, of `save_to_disk`, cannot be read "
        f"({type(error).__name__}). Save it anew."
    )


def named_splits(names: list[str], place: str) -> dict[str, str]:
    """Return which of a corpus' splits are read, and as what, training first.

    Raises:
        CorpusError: none of several is for training, or two are for the same.
    """
    named = {name: SPLIT_WORDS.get(name.lower(), "") for name in names}
    left_out = [name for name, split in named.items() if not split and len(named) > 1]
    for name in left_out:
        del named[name]
    if len(set(named.values())) < len(named) or not named:
        raise CorpusError(
            f"{place} has the splits {', '.join(map(escaped, names))}; expected are train and, if "
            "there are any, validation and test. Name them so, or save one of them alone."
        )
    for name in left_out:
        _log.warning("%s: its split %r is left out", place, name)
    return {name: named[name] for name in sorted(named, key=lambda n: _ORDER.index(named[n]))}


def rows_of_split(rows: Dataset, choice: ColumnChoice, where: str, split: str) -> list[Rows]:
    """Read the columns of a data set of the `datasets` library."""
    place = f"{where} ({split})" if split else where
    if not len(rows):
        raise CorpusError(f"{place} has no {choice.noun}.")
    columns = choice.find(rows.column_names, place)
    names = [rows.column_names[column] for column in columns if column >= 0]
    values = rows.select_columns([*dict.fromkeys(names)]).to_dict()
    found = Rows(
        values[names[0]], values[names[1]], range(1, len(rows) + 1), place, "row", split,
        tuple(getattr(rows.features[names[1]], "names", None) or ()), names[1],
    )  # fmt: skip
    return by_split(found, _said(rows, names[2], values), choice) if len(names) > 2 else [found]


def _said(rows: Dataset, column: str, values: dict[str, list[object]]) -> list[object]:
    """Return a split column's values, numbered ones by their names."""
    names = getattr(rows.features[column], "names", None)
    if not names:
        return values[column]
    return [names[n] if isinstance(n, int) and 0 <= n < len(names) else n for n in values[column]]
