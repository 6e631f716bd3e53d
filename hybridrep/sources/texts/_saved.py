"""Folders that the `datasets` library wrote with `save_to_disk`: one data set, or one a split."""

from __future__ import annotations

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
    one = (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file()
    return one or (folder / "dataset_dict.json").is_file()


def read_saved(folder: Path, choice: ColumnChoice) -> list[Rows]:
    """Read such a folder: a record per split, training first.

    Raises:
        CorpusError: it is damaged, empty, or its splits or columns are not clear.
    """
    import datasets

    place = escaped(folder)
    try:
        loaded = datasets.load_from_disk(str(folder), keep_in_memory=True)
    except Exception as error:  # of Arrow, JSON and `datasets`: they have no common base
        raise CorpusError(
            f"The folder {str(folder)!r}, of `save_to_disk`, cannot be read "
            f"({type(error).__name__}). Save it anew."
        ) from error
    if isinstance(loaded, datasets.Dataset):
        return rows_of_split(loaded, choice, place, "")
    named = named_splits([*map(str, loaded)], place)
    return [
        rows
        for name, split in named.items()
        if len(loaded[name]) or split == "train"
        for rows in rows_of_split(loaded[name], choice, place, split)
    ]


def named_splits(names: list[str], place: str) -> dict[str, str]:
    """Return which of a corpus' splits are read, and as what, training first.

    Raises:
        CorpusError: none of several is for training, or two are for the same.
    """
    named = {name: SPLIT_WORDS.get(name.lower(), "") for name in names}
    if len(named) > 1:
        for name in [name for name, split in named.items() if not split]:
            _log.warning("%s: its split %r is left out", place, name)
            del named[name]
    if len(set(named.values())) < len(named) or not named:
        raise CorpusError(
            f"{place} has the splits {', '.join(map(escaped, names))}; expected are train and, if "
            "there are any, validation and test."
        )
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
