"""What a representation from a file is: its values, and which items they are of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from hybridrep.errors import RepresentationError
from hybridrep.parameters import shown

Kind = Literal["vectors", "rdm", "similarity", "ratings", "triplets"]
"""What a file holds: a vector an item; dissimilarities or similarities of all pairs of items, of
one or several subjects; judgements about pairs, or which of three items is the odd one."""

KINDS: tuple[str, ...] = get_args(Kind)
NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""What representations and groups may be called."""


@dataclass(frozen=True, eq=False)
class Representation:
    """A representation of items, or judgements about them.

    Attributes:
        name: letters, digits, `_`, `-`, `.`.
        kind: what `values` are.
        values: vectors, items x dimensions; or matrices, subjects x items x items.
        ids: of the items, in the order of the values; empty: it names none.
        judgements: of `ratings` columns first, second, rating, subject; of `triplets` a, b, c, odd,
            subject.
        items: further columns of the items, by id.
        source: where it comes from, for messages and reports.
        digest: SHA-256 of that file.
        group: what it is compared as: all seeds of one model, say.
        seed: the instance of that group; -1: it is none.
        revision: which version of a model made it, as its owner says.
        measurements: of items that were measured repeatedly items x repeats x dimensions; `values`
            are then their means over repeats. Empty: each was measured once.
    """

    name: str
    kind: Kind
    values: np.ndarray
    ids: tuple[str, ...]
    source: str
    digest: str = ""
    group: str = ""
    seed: int = -1
    revision: str = ""
    judgements: pd.DataFrame = field(default_factory=pd.DataFrame)
    items: pd.DataFrame = field(default_factory=pd.DataFrame)
    measurements: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))

    @property
    def repeats(self) -> int:
        """How often each item was measured; 0 of what holds no vectors."""
        if self.kind != "vectors":
            return 0
        return self.measurements.shape[1] if self.measurements.size else 1

    @property
    def size(self) -> int:
        """How many items it is of."""
        return self.values.shape[-2] if self.values.ndim > 1 else 0


def checked_name(name: str, where: str) -> str:
    """Return a name of a representation or group; refuse what it may not be."""
    if not NAME.fullmatch(name):
        raise RepresentationError(
            f"{where}: the name {shown(name)} is not of letters, digits, `_`, `-` and `.`, "
            "at most 64"
        )
    return name


def checked_ids(ids: list[str], where: str) -> tuple[str, ...]:
    """Return the ids of items in their order; refuse empty and repeated ones, naming rows."""
    first: dict[str, int] = {}
    for row, name in enumerate(ids, 1):
        if not name.strip():
            raise RepresentationError(f"{where}: the id of item {row} is empty")
        if name in first:
            raise RepresentationError(
                f"{where}: the id {shown(name)} stands at items {first[name]} and {row}: give "
                "every item an id of its own; one that was measured repeatedly is averaged first, "
                "or, for `measure`, has beside its id the `repeat` that a row is from"
            )
        first[name] = row
    return tuple(ids)


def rows_by_repeat(
    ids: Sequence[str], repeats: Sequence[str], where: str
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return items' ids as they first stand, and the rows that they are in, items x repeats.

    Raises:
        RepresentationError: not every item stands once in each of two repeats or more; it names
            the item and the repeat.

    Examples:
        >>> ids, rows = rows_by_repeat(["a", "b", "b", "a"], ["1", "1", "2", "2"], "x.csv")
        >>> ids, rows.tolist()
        (('a', 'b'), [[0, 3], [1, 2]])
    """
    if len(repeats) != len(ids):
        raise RepresentationError(f"{where}: there are {len(repeats)} repeats for {len(ids)} ids")
    items = {name: at for at, name in enumerate(dict.fromkeys(ids))}
    labels = {label: at for at, label in enumerate(dict.fromkeys(repeats))}
    rows = np.full((len(items), len(labels)), -1)
    for row, (name, label) in enumerate(zip(ids, repeats, strict=True)):
        if not name.strip() or not label.strip():
            lacking = "the repeat" if name.strip() else "the id"
            raise RepresentationError(f"{where}: {lacking} of row {row + 1} is empty")
        place = items[name], labels[label]
        if rows[place] >= 0:
            raise RepresentationError(
                f"{where}: the item {shown(name)} stands twice in repeat {shown(label)}, in rows "
                f"{rows[place] + 1} and {row + 1}: every item stands once in each repeat"
            )
        rows[place] = row
    if len(labels) < 2:
        raise RepresentationError(
            f"{where}: `repeat` is {shown(next(iter(labels), ''))} in every row: give two repeats "
            "or more, or leave `repeat` out where each item was measured once"
        )
    if (lacking_at := np.argwhere(rows < 0)).size:
        item, repeat = (int(at) for at in lacking_at[0])
        more = f" (and {len(lacking_at) - 1} more are)" if len(lacking_at) > 1 else ""
        raise RepresentationError(
            f"{where}: the item {shown(list(items)[item])} is missing in repeat "
            f"{shown(list(labels)[repeat])}{more}: every item stands once in each of the "
            f"{len(labels)} repeats; leave out items that do not"
        )
    return tuple(items), rows


def of_repeats(one: Representation, measurements: np.ndarray, where: str) -> Representation:
    """Return a representation with items x repeats x dimensions, its values their means.

    Raises:
        RepresentationError: these have other axes, fewer than two repeats, or are no numbers.
    """
    if measurements.dtype.kind not in "fiub":
        raise RepresentationError(f"{where}: the values are {measurements.dtype}, not real numbers")
    if measurements.ndim != 3 or not all(measurements.shape) or measurements.shape[1] < 2:
        raise RepresentationError(
            f"{where}: repeated vectors are items x repeats x dimensions, with two repeats or "
            f"more; these are of shape {measurements.shape}"
        )
    with np.errstate(invalid="ignore", over="ignore"):
        means = measurements.mean(axis=1, dtype=np.float64)
    return replace(one, values=means, measurements=measurements)


def _place_of_ids(source: str) -> str:
    path = Path(source)
    if path.suffix.lower() in (".csv", ".parquet"):
        return "give the table a column `id`"
    return f"put them beside it ({path.stem}.ids.txt, one a line)"


def refuse_without_ids(one: Representation, otherwise: str = "") -> None:
    """Refuse a representation that names no ids; `otherwise` is what else could be done."""
    if not one.ids:
        raise RepresentationError(
            f"{one.source}: {one.name} names no ids of its items; {_place_of_ids(one.source)}"
            f"{otherwise}"
        )


def rows_by_name(one: Representation, names: Sequence[Sequence[str]]) -> np.ndarray:
    """Return the row of each item, by the first of its names that is an id; -1: none is.

    Args:
        one: a representation with ids.
        names: of every item the names that it may stand under.
    """
    place = {name: row for row, name in enumerate(one.ids)}
    found = (next((place[n] for n in own if n in place), -1) for own in names)
    return np.fromiter(found, np.int64, len(names))


def checked_vectors(values: np.ndarray, where: str) -> np.ndarray:
    """Return vectors, items x dimensions; refuse other shapes and what is no number."""
    if values.dtype.kind not in "fiub":
        raise RepresentationError(f"{where}: the values are {values.dtype}, not real numbers")
    if values.ndim != 2 or not all(values.shape):
        raise RepresentationError(
            f"{where}: vectors are items x dimensions, none of them 0; these are of shape "
            f"{values.shape}"
        )
    return values


def checked_matrices(values: np.ndarray, kind: str, where: str) -> np.ndarray:
    """Return (dis)similarities, subjects x items x items, from square or condensed ones.

    A condensed matrix is its upper triangle, row by row (as SciPy's and rsatoolbox's). The diagonal
    must be what the kind says: 0 of dissimilarities; of similarities one number, the greatest.
    """
    if values.dtype.kind not in "fiub":
        raise RepresentationError(f"{where}: the values are {values.dtype}, not real numbers")
    square = values.ndim in (2, 3) and values.shape[-1] == values.shape[-2]
    if square:
        matrices = np.array(values, dtype=np.float64).reshape(-1, *values.shape[-2:])
    elif values.ndim in (1, 2):
        matrices = _from_condensed(np.atleast_2d(values).astype(np.float64), kind, where)
    else:
        raise RepresentationError(
            f"{where}: a {kind} matrix is items x items, or its upper triangle; this is of shape "
            f"{values.shape}"
        )
    for subject, matrix in enumerate(matrices):
        of = f"{where}, subject {subject}" if len(matrices) > 1 else where
        _check_matrix(matrix, kind, of)
    return matrices


def _from_condensed(rows: np.ndarray, kind: str, where: str) -> np.ndarray:
    pairs = rows.shape[1]
    items = round((1 + np.sqrt(1 + 8 * pairs)) / 2)
    if items * (items - 1) // 2 != pairs:
        raise RepresentationError(
            f"{where}: {pairs} values are no upper triangle of a matrix (of 4 items they "
            "were 6, of 5 10)"
        )
    matrices = np.zeros((len(rows), items, items))
    above = np.triu_indices(items, 1)
    matrices[:, *above] = rows
    matrices += matrices.transpose(0, 2, 1)
    if kind == "similarity":
        matrices[:, range(items), range(items)] = np.fmax.reduce(rows, axis=1)[:, None]
    return matrices


def _check_matrix(matrix: np.ndarray, kind: str, where: str) -> None:
    size = float(np.nanmax(np.abs(matrix), initial=0.0))
    apart = np.abs(matrix - matrix.T) > 1e-6 * size
    if apart.any():
        row, column = (int(each) for each in np.argwhere(apart)[0])
        raise RepresentationError(
            f"{where}: the matrix is not symmetric: items {row + 1} and {column + 1} have "
            f"{matrix[row, column]:g} and {matrix[column, row]:g}"
        )
    diagonal = np.diagonal(matrix)
    if kind == "rdm":
        if (wrong := np.flatnonzero(np.abs(diagonal) > 1e-6 * size)).size:
            raise RepresentationError(
                f"{where}: the dissimilarity of item {wrong[0] + 1} and itself is "
                f"{diagonal[wrong[0]]:g}, not 0: are these similarities? Then say "
                'kind = "similarity"'
            )
        return
    others = matrix[~np.eye(len(matrix), dtype=bool)]
    if others.size and not np.nanmin(diagonal) >= np.nanmax(others) - 1e-6 * size:
        item = int(np.nanargmin(diagonal)) + 1
        raise RepresentationError(
            f"{where}: item {item} is less like itself ({np.nanmin(diagonal):g}) than two others "
            f'are alike ({np.nanmax(others):g}): are these dissimilarities? Then say kind = "rdm"'
        )
