"""What a file or a hub split holds before it is checked, and which of its columns are used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped

TEXT_COLUMNS = ("text", "tweet", "content", "sentence", "message")
LABEL_COLUMNS = ("label", "emotion", "class", "target", "category")
SPLIT_WORDS = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation",
    "val": "validation", "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip
"""What names of files and cells of a split column say, in lower case."""

Quoting = Literal["", "standard", "none"]
"""How cells of a delimited table are quoted: as is usual (`standard`), or not at all (`none`).
Empty: as is usual, but a quoted cell that seems to hold whole rows is refused."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}|")
"""What is surely a column's name, or none; a first row of data may hold a text instead."""


@dataclass(frozen=True)
class Rows:
    """Texts and labels as one file or hub split gives them, not yet checked.

    Attributes:
        numbers: the line or row that each item starts in, from 1.
        place: the file or hub corpus, for messages.
        unit: what `numbers` counts: "line" (of the file) or "row".
        split: "train", "validation", "test" or "".
        label_names: the names of numbered labels, where the file itself carries them.
        label: the name of the labels' column, where it has one.
    """

    texts: Sequence[object]
    labels: Sequence[object]
    numbers: Sequence[int]
    place: str
    unit: str
    split: str = ""
    label_names: tuple[str, ...] = ()
    label: str = ""

    def where(self, item: int) -> str:
        """Return where an item stands, e.g. "train.csv, line 17"."""
        return f"{self.place}, {self.unit} {self.numbers[item]}"


class Columns(NamedTuple):
    """Positions of the columns that are read; `split` is -1 where none says the split."""

    text: int
    label: int
    split: int


@dataclass(frozen=True)
class ColumnChoice:
    """What the user says of a corpus' columns and cells, and how messages speak of it.

    Attributes:
        columns: "TEXT,LABEL", or "" to find both by name.
        parameter: what `columns` is called, e.g. "x_columns"; its siblings end in other words.
        noun: what a study's texts are called.
        split: the column that says which split a text belongs to; "" for none.
        quoting: how cells of delimited tables are quoted.
    """

    columns: str
    parameter: str
    noun: str = "texts"
    split: str = ""
    quoting: Quoting = ""

    def sibling(self, word: str) -> str:
        """Return the name of another parameter of the same corpus, e.g. `x_quoting`."""
        return f"{self.parameter.removesuffix('_columns')}_{word}"

    def find(self, found: Sequence[str], place: str) -> Columns:
        """Return the positions of text, label and split among the columns `found`.

        Names are compared without regard to case and to spaces around them.
        """
        names = [name.strip().lower() for name in found]
        split = self._find_split(names, place)
        if not self.columns:
            return Columns(
                self._detect(names, TEXT_COLUMNS, "text", place),
                self._detect(names, LABEL_COLUMNS, "label", place),
                split,
            )
        chosen = [name.strip().lower() for name in self.columns.split(",")]
        if len(chosen) != 2 or not all(chosen) or chosen[0] == chosen[1]:
            raise CorpusError(
                f"{self.parameter} names two columns, the text and the label, "
                f'e.g. "text,label"; not {self.columns!r}.'
            )
        for name in chosen:
            self._check_one(
                names, name, place, f'Give {self.parameter}="TEXT,LABEL" with two of them.'
            )
        return Columns(names.index(chosen[0]), names.index(chosen[1]), split)

    def fits(self, found: Sequence[str]) -> bool:
        """Tell whether all columns that are wanted are among those `found`."""
        try:
            self.find(found, "")
        except CorpusError:
            return False
        return True

    def _find_split(self, names: list[str], place: str) -> int:
        if not self.split:
            return -1
        name = self.split.strip().lower()
        self._check_one(names, name, place, f"Give {self.sibling('split')} one of them, or none.")
        return names.index(name)

    def _check_one(self, names: list[str], name: str, place: str, advice: str) -> None:
        if names.count(name) != 1:
            trouble = "several columns" if name in names else "no column"
            raise CorpusError(f"{place} has {trouble} {name!r}. {columns_text(names)} {advice}")

    def _detect(self, names: list[str], known: tuple[str, ...], kind: str, place: str) -> int:
        matches = [position for position, name in enumerate(names) if name in known]
        if len(matches) == 1:
            return matches[0]
        trouble = "several columns that could be" if matches else "no column that looks like"
        raise CorpusError(
            f"{place} has {trouble} the {kind} (it is looked for under {', '.join(known)}). "
            f"{columns_text(names)} "
            f'Say which to use with {self.parameter}="TEXT,LABEL"; '
            "if these are not names at all, add a first line with the names of the columns."
        )


def columns_text(names: Sequence[str], most: int = 12) -> str:
    """Say which columns there are; only how many where a name may be a text."""
    if not all(_NAME.fullmatch(name.strip()) for name in names):
        return f"The first row has {len(names)} cells, which do not look like names of columns."
    shown = ", ".join(repr(name) for name in names[:most])
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"Its columns: {shown}{more}."


def by_split(rows: Rows, splits: Sequence[object], choice: ColumnChoice) -> list[Rows]:
    """Part rows by what their split column says, training first.

    Raises:
        CorpusError: a cell names no split, or the file's own name says one already.
    """
    parameter = choice.sibling("split")
    if rows.split:
        raise CorpusError(
            f"{rows.place} is the {rows.split} split by its name, and {parameter} names a column "
            f"that says it too. Leave {parameter} empty, or give a single file."
        )
    items: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for item, raw in enumerate(splits):
        word = raw.strip().lower() if isinstance(raw, str) else ""
        if word not in SPLIT_WORDS:
            said = f"the split {shown_value(raw)} is unknown" if word or raw else "no split"
            raise CorpusError(
                f"{rows.where(item)}: {said}. The column {choice.split!r} ({parameter}) says one "
                f"of {', '.join(SPLIT_WORDS)}."
            )
        items[SPLIT_WORDS[word]].append(item)
    return [
        replace(
            rows, texts=[rows.texts[n] for n in members], labels=[rows.labels[n] for n in members],
            numbers=[rows.numbers[n] for n in members], split=split,
        )
        for split, members in items.items() if members
    ]  # fmt: skip


def training_first(parts: Sequence[Rows], choice: ColumnChoice) -> list[Rows]:
    """Return the parts of a corpus by split, training first.

    Raises:
        CorpusError: a split column is read, and marks no text for training.
    """
    if choice.split and not any(rows.split == "train" for rows in parts):
        raise CorpusError(
            f"{parts[0].place}: no text is marked `train` in the column {choice.split!r} "
            f"({choice.sibling('split')})."
        )
    order = ("train", "validation", "test", "")
    return sorted(parts, key=lambda rows: order.index(rows.split))


def shown_value(value: object) -> str:
    """Return a cell's value for a message, not endless."""
    text = escaped(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
