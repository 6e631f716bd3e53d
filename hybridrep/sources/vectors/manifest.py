"""Which representations there are: a folder, a manifest, or a list of names and files.

A manifest is TOML with one table each; `{seed}` in a file's name stands for the seeds' numbers:

    [[representation]]
    name = "lstm"
    file = "lstm_{seed}.npz"
    key = "hidden"
    seeds = "0-24"
    group = "task_specific"

Items that were measured repeatedly have ids that repeat, and beside them a column or key `repeat`;
or their arrays are items x repeats x dimensions, with `axis = "repeats"`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from hybridrep.errors import RepresentationError
from hybridrep.parameters import parse_seeds, shown, user_path, where_looked
from hybridrep.sources.digest import sha256_file
from hybridrep.sources.vectors.files import ENDINGS, REPEAT, Content, read_file
from hybridrep.sources.vectors.judgements import checked_judgements
from hybridrep.sources.vectors.records import (
    KINDS,
    Kind,
    Representation,
    checked_ids,
    checked_matrices,
    checked_name,
    checked_vectors,
    of_repeats,
    refuse_without_ids,
    rows_by_repeat,
)

FIELDS = ("name", "file", "kind", "key", "group", "seeds", "revision", "axis")
AXES = {"layers": "layer", "time": "t", "repeats": ""}
"""What the middle axis of a three-dimensional array is -> what its parts are called; "": repeats
are no parts, but of one representation."""


@dataclass(frozen=True)
class Listed:
    """One file that holds a representation, as it is listed."""

    name: str
    path: Path
    kind: str = "vectors"
    key: str = ""
    group: str = ""
    seed: int = -1
    revision: str = ""
    axis: str = "layers"


def listed(text: str) -> list[Listed]:
    """Return the files that `representations` names: a folder, a `.toml` file or `name=file`s.

    Raises:
        RepresentationError: nothing is there, or an entry is not as it should be.
    """
    if "=" in text:
        return list(_pairs(text))
    path = user_path(text)
    if path.is_dir():
        manifests = sorted(path.glob("*.toml"))
        if len(manifests) > 1:
            names = ", ".join(each.name for each in manifests)
            raise RepresentationError(f"{path}: holds several manifests ({names}): name one")
        if manifests:
            return _manifest(manifests[0])
        files = sorted(each for each in path.iterdir() if each.suffix.lower() in ENDINGS)
        files = [each for each in files if not each.name.endswith(".ids.csv")]
        if not files:
            raise RepresentationError(
                f"{path}: holds no manifest (.toml) and no file of {', '.join(sorted(ENDINGS))}"
            )
        return [Listed(checked_name(each.stem, str(each)), each) for each in files]
    if path.suffix == ".toml":
        return _manifest(path)
    if not path.exists():
        raise RepresentationError(
            f"{path}: there is no such folder, manifest or file.{where_looked(path)}"
        )
    return [Listed(checked_name(path.stem, str(path)), path)]


def _pairs(text: str) -> Iterator[Listed]:
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, sign, place = part.partition("=")
        if not sign or not place:
            raise RepresentationError(
                f"{shown(part)} is not NAME=FILE or NAME=FILE:KEY, e.g. bert=bert.npz:features"
            )
        path, key = file_and_key(place)
        yield Listed(checked_name(name.strip(), shown(part)), path, key=key)


def file_and_key(place: str) -> tuple[Path, str]:
    """Return a file and the array of it that `FILE` or `FILE:KEY` names; "" names none."""
    file, colon, key = place.rpartition(":")
    if not colon or "/" in key or "\\" in key:
        file, key = place, ""
    return user_path(file), key


def _manifest(path: Path) -> list[Listed]:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise RepresentationError(f"{path}: is no manifest that can be read: {error}") from None
    tables = content.get("representation")
    if not isinstance(tables, list) or not tables or set(content) != {"representation"}:
        raise RepresentationError(f"{path}: a manifest holds tables [[representation]] alone")
    found = [each for n, table in enumerate(tables, 1) for each in _entry(path, n, table)]
    return found


def _entry(path: Path, number: int, table: Mapping[str, Any]) -> Iterator[Listed]:
    where = f"{path}, representation {number}"
    if wrong := [name for name in table if name not in FIELDS]:
        raise RepresentationError(
            f"{where}: unknown field {shown(wrong[0])}; the fields are {', '.join(FIELDS)}"
        )
    for name in ("name", "file"):
        if not isinstance(table.get(name), str) or not table[name]:
            raise RepresentationError(f"{where}: has no `{name}`")
    kind = str(table.get("kind", "vectors"))
    if kind not in KINDS:
        raise RepresentationError(f"{where}: kind = {shown(kind)} is none of {', '.join(KINDS)}")
    axis = str(table.get("axis", "layers"))
    if axis not in AXES:
        raise RepresentationError(f"{where}: axis = {shown(axis)} is none of {', '.join(AXES)}")
    name = checked_name(table["name"], where)
    group = checked_name(str(table.get("group", name)), where)
    one = Listed(
        name, path.parent / user_path(table["file"]), kind, str(table.get("key", "")), group,
        revision=str(table.get("revision", "")), axis=axis,
    )  # fmt: skip
    if ("{seed}" in table["file"]) != ("seeds" in table):
        raise RepresentationError(f"{where}: `seeds` and {{seed}} in `file` belong together")
    if "seeds" not in table:
        yield one
        return
    try:
        seeds = parse_seeds(table["seeds"])
    except ValueError as error:
        raise RepresentationError(f"{where}: seeds = {shown(table['seeds'])}: {error}") from None
    for seed in seeds:
        file = path.parent / user_path(table["file"].replace("{seed}", str(seed)))
        yield replace(one, name=f"{name}.s{seed}", path=file, seed=seed)


def load(text: str, seed_column: str = "") -> list[Representation]:
    """Read all representations that `representations` names, in their order.

    A three-dimensional array of vectors, items x layers x dimensions, is one representation a
    layer, called `NAME.layer0` and so on; with `axis = "time"` one a time, `NAME.t0`. A table with
    the column `seed_column` is one representation for each of its numbers, `NAME.s0`. Rows that
    `repeat` tells apart, or an array with `axis = "repeats"`, are one with repeats.

    Raises:
        RepresentationError: naming the file, and the row or id where there is one.
    """
    found = [each for entry in listed(text) for each in _read(entry, seed_column)]
    refuse_namesakes(found)
    return found


def refuse_namesakes(found: Sequence[Representation]) -> None:
    """Refuse two representations of one name."""
    seen: dict[str, str] = {}
    for each in found:
        if each.name in seen:
            raise RepresentationError(
                f"two representations are called {shown(each.name)}: {seen[each.name]} and "
                f"{each.source}"
            )
        seen[each.name] = each.source


def load_vectors(place: str) -> Representation:
    """Read the vectors that `FILE` or `FILE:KEY` names, with the ids of their items.

    Raises:
        RepresentationError: as `load`, and when it holds several layers, repeats, or no ids.
    """
    path, key = file_and_key(place)
    content = read_file(path, key)
    if content.repeats is not None:
        raise RepresentationError(
            f"{path}: holds repeats of its items (`{REPEAT}`), where one vector each is wanted: "
            f"take the mean over repeats first, and leave `{REPEAT}` out"
        )
    found = list(_records(Listed(path.name, path, key=key), content))
    if len(found) > 1:
        raise RepresentationError(
            f"{path}: holds {len(found)} layers, items x layers x dimensions, where one is wanted: "
            "save it as items x dimensions"
        )
    refuse_without_ids(found[0])
    return found[0]


def _read(entry: Listed, seed_column: str = "") -> Iterator[Representation]:
    judgements = entry.kind in ("ratings", "triplets")
    yield from _records(entry, read_file(entry.path, entry.key, judgements=judgements), seed_column)


def _records(entry: Listed, content: Content, seed_column: str = "") -> Iterator[Representation]:
    where = str(entry.path)
    kind = cast("Kind", entry.kind)
    one = Representation(
        entry.name, kind, np.empty((0, 0)), (), where, sha256_file(entry.path),
        entry.group or entry.name, entry.seed, entry.revision,
    )  # fmt: skip
    if content.table is not None:
        yield replace(one, judgements=checked_judgements(content.table, entry.kind, where))
        return
    if kind == "vectors":
        if seed_column == REPEAT and content.repeats is not None:
            content = replace(
                content, items=content.items.assign(**{REPEAT: content.repeats}), repeats=None
            )
        if seed_column and seed_column in content.items.columns:
            yield from _by_seed(one, content, seed_column, where)
        else:
            yield from _vectors(one, content, where, entry.axis)
        return
    if content.repeats is not None:
        raise RepresentationError(
            f"{where}: `{REPEAT}` says which repeat a vector is from, and with kind = "
            f"{shown(kind)} there are none: leave it out"
        )
    values = checked_matrices(content.values, entry.kind, where)
    yield replace(one, values=values, ids=_ids(content.ids, values.shape[-1], where))


def _by_seed(
    one: Representation, content: Content, column: str, where: str
) -> Iterator[Representation]:
    """Part a table by a column of seeds."""
    told = content.items[column].astype(str)
    for row, text in enumerate(told, 1):
        if not re.fullmatch(r"\d{1,9}", text):
            raise RepresentationError(
                f"{where}, row {row}, column {column}: {shown(text)} is no seed, a whole number "
                "from 0 on"
            )
    for seed in sorted(set(map(int, told))):
        rows = np.flatnonzero(told.astype(int) == seed)
        ids, repeats = (
            None if names is None else [names[row] for row in rows]
            for names in (content.ids, content.repeats)
        )
        items = content.items.iloc[rows].drop(columns=column).reset_index(drop=True)
        own = replace(one, name=f"{one.name}.s{seed}", seed=seed)
        part = Content(content.values[rows], ids, items, repeats=repeats)
        yield from _vectors(own, part, f"{where}, seed {seed}", "layers")


def _vectors(
    one: Representation, content: Content, where: str, axis: str
) -> Iterator[Representation]:
    """Return the representations of an array: one, or one a layer or time; with their repeats."""
    if content.repeats is not None:
        yield from _repeated(one, content, where, axis)
        return
    values = content.values
    if axis == "repeats":
        measured = of_repeats(one, values, where)
        yield _named(measured, content.ids, content.items, where)
        return
    layers = [values] if values.ndim != 3 else [values[:, at] for at in range(values.shape[1])]
    for layer, each in enumerate(layers):
        checked = checked_vectors(np.asarray(each), where)
        part = f".{AXES[axis]}{layer}" if values.ndim == 3 else ""
        yield _named(replace(one, values=checked), content.ids, content.items, where, part)


def _repeated(
    one: Representation, content: Content, where: str, axis: str
) -> Iterator[Representation]:
    """Return the representations of rows that `repeat` tells apart, as `_vectors`."""
    if axis == "repeats":
        raise RepresentationError(
            f'{where}: repeats are named twice, by axis = "repeats" and by `{REPEAT}`'
        )
    if content.ids is None:
        raise RepresentationError(
            f"{where}: has `{REPEAT}`, but no ids that say which item was repeated"
        )
    values = content.values
    if values.ndim not in (2, 3) or not all(values.shape):
        checked_vectors(values, where)
    if len(content.ids) != len(values):
        raise RepresentationError(
            f"{where}: there are {len(content.ids)} ids for {len(values)} rows"
        )
    ids, rows = rows_by_repeat(content.ids, content.repeats or (), where)
    items = _of_items(content.items, rows)
    layers = [values] if values.ndim == 2 else [values[:, at] for at in range(values.shape[1])]
    for layer, each in enumerate(layers):
        part = f".{AXES[axis]}{layer}" if values.ndim == 3 else ""
        yield _named(of_repeats(one, each[rows], where), list(ids), items, where, part)


def _of_items(columns: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Return the columns that say the same of an item in all its repeats, one row an item."""
    if not len(columns.columns):
        return columns
    first = columns.iloc[rows[:, 0]].reset_index(drop=True)
    same = [
        name
        for name in columns.columns
        if (columns[name].to_numpy()[rows] == first[name].to_numpy()[:, None]).all()
    ]
    return first[same]


def _named(
    one: Representation, ids: list[str] | None, items: pd.DataFrame, where: str, part: str = ""
) -> Representation:
    """Return a representation, or a part of it, with the ids and columns of its items."""
    names = _ids(ids, one.size, where)
    indexed = items.set_axis(list(names)) if names and len(items.columns) else pd.DataFrame()
    return replace(one, name=one.name + part, group=one.group + part, ids=names, items=indexed)


def _ids(ids: list[str] | None, items: int, where: str) -> tuple[str, ...]:
    if ids is None:
        return ()
    if len(ids) != items:
        raise RepresentationError(f"{where}: there are {len(ids)} ids for {items} items")
    return checked_ids(ids, where)
