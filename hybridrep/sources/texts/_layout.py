"""Which files of a folder make up a corpus: splits and shards by their names, and one task alone.

Several tasks in one folder or repository - a folder each, or files named after them - are never
joined: one is chosen by `#NAME`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped
from hybridrep.sources.texts.rows import SPLIT_WORDS

_log = logging.getLogger(__name__)
_SHARD = re.compile(r"\d+-of-\d+(-[0-9a-f]{8,})?")
_NUMBERED = re.compile(r"\d{4,}")
"""The whole name of a file where the hub has converted a corpus: 0000, 0001, ..."""

_NO_DATA = {"dataset_infos.json", "dataset_info.json", "config.json", "dataset_dict.json",
            "state.json"}  # fmt: skip
"""Files that say something of a corpus and hold none of it."""

_ORDER = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """A file of a folder, by its path there: its split, and the task that it is of.

    Attributes:
        folder: the folders above it that name no split, "" for the top.
        word: what its name says beside split, shard and ending.
    """

    path: PurePath
    split: str
    folder: str
    word: str
    is_shard: bool

    @classmethod
    def of(cls, path: PurePath) -> Part:
        """Take a file's path apart."""
        stem = path.name.partition(".")[0] if path.name.endswith(".gz") else path.stem
        plain = _SHARD.sub("", stem.lower())
        split, rest = _split_and_rest(plain)
        folders = []
        for folder in path.parts[:-1]:
            said, more = _split_and_rest(folder.lower())
            if said:
                split = split or said
            if not said or more:
                folders.append(folder if not said else more)
        numbered = bool(_NUMBERED.fullmatch(stem))
        return cls(
            path, split, "/".join(folders), "" if numbered else rest,
            is_shard=numbered or plain != stem.lower(),
        )  # fmt: skip

    def answers_to(self, name: str) -> bool:
        """Tell whether `#name` means this file: by its path, its task's folder, or its word."""
        names = {self.path.as_posix(), self.folder or ".", self.word}
        names |= {PurePath(self.folder).name, f"{self.folder}/{self.word}".strip("/")}
        return name.strip("/") in names - {""} or name.strip("/").lower() == self.word != ""


def _split_and_rest(name: str) -> tuple[str, str]:
    """Return the split that a name says, "" for none or several, and its other words."""
    words = [word for word in re.split(r"[^a-z]+", name) if word]
    splits = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    if len(splits) != 1:
        return "", name
    rest = [word for word in re.split(r"[^a-z0-9]+", name) if word and word not in SPLIT_WORDS]
    return splits.pop(), "_".join(rest)


def is_data(path: PurePath, endings: Iterable[str]) -> bool:
    """Tell from its name whether a file holds texts."""
    name = path.name.lower()
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return name.endswith(tuple(endings)) and not hidden and name not in _NO_DATA


def arrange(
    files: Sequence[PurePath], place: str, name: str, endings: str, *, of_hub: bool
) -> list[tuple[PurePath, str]]:
    """Return the files that make up the one corpus of a folder, with their splits, training first.

    Args:
        files: its data files, relative to it.
        place: the folder or repository, as the user names it, for messages.
        name: the task that the user chose, "" for none.
        endings: of the files that are read, for messages.
        of_hub: in a repository of the hub a file whose name says no split is of training, and
            shards of one split alone are a corpus.

    Raises:
        CorpusError: it is not clear which files are meant; the message names what there is.
    """
    parts = sorted(map(Part.of, files), key=lambda part: part.path)
    if name:
        parts = _chosen(parts, place, name)
    if any(part.split == "train" for part in parts):
        if others := [part for part in parts if not part.split]:
            _log.warning("%s: left out, for its name says no split: %s", place, _listed(others))
        parts = [part for part in parts if part.split]
    _refuse_several_tasks(parts, place)
    for split in (*_ORDER, ""):
        _refuse_several_files([part for part in parts if part.split == split], place, split, of_hub)
    splits = {part.split for part in parts}
    if "train" in splits or (of_hub and len(splits) == 1):
        default = "train" if of_hub else ""
        return [
            (part.path, part.split or default)
            for part in sorted(parts, key=lambda part: (*_ORDER, "").index(part.split))
        ]
    if len(parts) == 1 and (name or not parts[0].split):
        return [(parts[0].path, "")]
    trouble = f"only {_listed(parts)}" if parts else "no corpus file"
    raise CorpusError(
        f"{place} holds {trouble}. Expected is a training file and, if there "
        f"are any, validation and test files, e.g. train.csv, validation.csv and test.csv "
        f"({endings})."
    )


def several_configurations(place: str, names: Iterable[str]) -> CorpusError:
    """Return the refusal of what holds several corpora, naming them and the way to choose one."""
    found = [escaped(name) for name in names]
    return CorpusError(
        f"{place} has several configurations: {', '.join(found)}. They are not joined. Say which: "
        f"`{place_without_quotes(place)}#{found[0]}`."
    )


def place_without_quotes(place: str) -> str:
    """Return a place as the user would write it: without the words around it."""
    return place.removeprefix("The folder ").strip("'")


def _refuse_several_tasks(parts: Sequence[Part], place: str) -> None:
    folders = sorted({part.folder for part in parts})
    if len(folders) > 1:
        raise several_configurations(place, [folder or "." for folder in folders])


def _refuse_several_files(parts: Sequence[Part], place: str, split: str, of_hub: bool) -> None:
    """Refuse files of one split that are no shards of one another."""
    words = {part.word for part in parts}
    if len(parts) < 2 or (all(part.is_shard for part in parts) and len(words - {""}) < 2):
        return
    if not split and not of_hub:
        return  # said otherwise: there is no training file
    if len(words) == len(parts) and "" not in words:
        raise several_configurations(place, sorted(words))
    raise CorpusError(
        f"{place} has several {f'{split} ' if split else ''}files: {_listed(parts)}. Leave one, or "
        f"say which: `{place_without_quotes(place)}#{escaped(parts[0].path.as_posix())}`."
    )


def _chosen(parts: Sequence[Part], place: str, name: str) -> list[Part]:
    chosen = [part for part in parts if part.answers_to(name)]
    if not chosen:
        there = sorted({part.folder or part.word or part.path.as_posix() for part in parts})
        found = ", ".join(map(escaped, there)) or "no corpus file"
        raise CorpusError(f"{place} has no configuration {name!r}. There is: {found}.")
    return chosen


def _listed(parts: Sequence[Part]) -> str:
    return ", ".join(escaped(part.path.as_posix()) for part in parts)


def data_files(folder: Path, endings: Iterable[str], *, deep: bool) -> list[PurePath]:
    """Return the data files of a folder, relative to it; `deep`: those of its folders too."""
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(
        relative
        for file in found
        if is_data(relative := file.relative_to(folder), endings) and file.is_file()
    )
