"""What a file or a hub split holds before it is checked, and which of its columns are used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hybridrep.errors import CorpusError

TEXT_COLUMNS = ("text", "tweet", "content", "sentence", "message")
LABEL_COLUMNS = ("label", "emotion", "class", "target", "category")
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
    """

    texts: Sequence[object]
    labels: Sequence[object]
    numbers: Sequence[int]
    place: str
    unit: str
    split: str = ""
    label_names: tuple[str, ...] = ()

    def where(self, item: int) -> str:
        """Return where an item stands, e.g. "train.csv, line 17"."""
        return f"{self.place}, {self.unit} {self.numbers[item]}"


@dataclass(frozen=True)
class ColumnChoice:
    """The user's choice of columns, "TEXT,LABEL" or "" to find them by name.

    It is made by a `parameter`, and a study's texts are called by a `noun`, for messages.
    """

    columns: str
    parameter: str
    noun: str = "texts"

    def find(self, found: Sequence[str], place: str) -> tuple[int, int]:
        """Return the positions of the text and the label among the columns `found`.

        Names are compared without regard to case and to spaces around them.
        """
        names = [name.strip().lower() for name in found]
        if not self.columns:
            return (
                self._detect(names, TEXT_COLUMNS, "text", place),
                self._detect(names, LABEL_COLUMNS, "label", place),
            )
        chosen = [name.strip().lower() for name in self.columns.split(",")]
        if len(chosen) != 2 or not all(chosen) or chosen[0] == chosen[1]:
            raise CorpusError(
                f"{self.parameter} names two columns, the text and the label, "
                f'e.g. "text,label"; not {self.columns!r}.'
            )
        for name in chosen:
            if names.count(name) != 1:
                trouble = "several columns" if name in names else "no column"
                raise CorpusError(
                    f"{place} has {trouble} {name!r}. {columns_text(names)} "
                    f'Give {self.parameter}="TEXT,LABEL" with two of them.'
                )
        return names.index(chosen[0]), names.index(chosen[1])

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
