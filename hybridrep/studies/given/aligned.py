"""The same items of every representation, matched by id, never by position unless asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hybridrep.errors import RepresentationError
from hybridrep.parameters import shown, user_path
from hybridrep.randomness import generator
from hybridrep.sources.vectors.records import Representation, refuse_without_ids
from hybridrep.studies.given.config import FEWEST_ITEMS

SIMULATION = "given"


@dataclass(frozen=True, eq=False)
class Aligned:
    """Representations of the same items in the same order.

    Attributes:
        representations: with the values of these items only.
        ids: of the items; of rows by position their numbers.
        lost: representation -> how many of its items are not among them.
        notes: what a reader must know of it.
    """

    representations: tuple[Representation, ...]
    ids: tuple[str, ...]
    lost: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names in their order."""
        return [each.name for each in self.representations]

    def digest(self, name: str) -> str:
        """SHA-256 of the values of one of them."""
        return digest_of(self.representations[self.names.index(name)])


def digest_of(one: Representation) -> str:
    """SHA-256 of a representation's values, of those of all its repeats where it has some."""
    values = one.measurements if one.repeats > 1 else one.values
    head = f"{one.kind} {values.shape} {values.dtype}".encode()
    return hashlib.sha256(head + np.ascontiguousarray(values).tobytes()).hexdigest()


def aligned(
    representations: Sequence[Representation], items: str = "common", max_items: int = 5000,
    labels: str = "", fewest: int = 2,
) -> Aligned:  # fmt: skip
    """Return the items that all representations have, in the order of the first.

    Items of which any has a value that is not finite are left out of all. Of more than `max_items`
    so many are drawn, by one stream whatever the representations.

    Args:
        representations: of vectors or matrices.
        items: `common`, `position`, or a file of ids.
        max_items: the most that are kept.
        fewest: representations that are needed: one where judgements stand beside it.
        labels: column of the items by whose classes they are drawn; "": all alike.

    Raises:
        RepresentationError: no ids and not asked to go by position, fewer than 5 items in common,
            or an id of the file that a representation lacks.
    """
    if len(representations) < fewest:
        needed = "two representations are" if fewest > 1 else "a representation is"
        raise RepresentationError(f"{needed} needed to be compared")
    notes = []
    if items == "position":
        counts = {one.name: one.size for one in representations}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise RepresentationError(f"items=position needs as many items of each: {told}")
        ids = [str(row) for row in range(1, representations[0].size + 1)]
        rows = {one.name: np.arange(one.size) for one in representations}
        notes.append("Items are matched by their position, as asked: no id says that they belong.")
    else:
        ids = _shared_ids(representations, items)
        rows = {}
        for one in representations:
            place = {name: row for row, name in enumerate(one.ids)}
            rows[one.name] = np.array([place[name] for name in ids], dtype=np.int64)
    finite = np.ones(len(ids), dtype=bool)
    for one in representations:
        finite &= _finite(one)[rows[one.name]] if len(ids) else finite
    if dropped := int((~finite).sum()):
        first = ids[int(np.flatnonzero(~finite)[0])]
        notes.append(f"{dropped} items have a value that is not finite, the first {shown(first)}.")
    kept = np.flatnonzero(finite)
    if len(kept) > max_items:
        drawn = generator(0, "measure", "items", simulation=SIMULATION)
        classes = _classes(representations, [ids[row] for row in kept], labels)
        if classes is None:
            kept = np.sort(drawn.choice(kept, max_items, replace=False))
        else:
            kept = np.sort(kept[drawn_by_class(classes, max_items, drawn)])
        by = f", by {labels}" if classes is not None else ""
        notes.append(f"{max_items} of {int(finite.sum())} common items are drawn at random{by}.")
    if len(kept) < FEWEST_ITEMS:
        counts = {one.name: one.size for one in representations}
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise RepresentationError(
            f"only {len(kept)} items are in all representations, {FEWEST_ITEMS} are needed; they "
            f"hold: {told}. Are their ids spelled alike? "
            + "; ".join(f"{o.name}: {shown(o.ids[0])}" for o in representations if o.ids)
        )
    chosen = tuple(_taken(one, rows[one.name][kept]) for one in representations)
    lost = {one.name: one.size - len(kept) for one in representations}
    notes.extend(
        f"{one.name} has the same vector for all items: no measure tells anything of it."
        for one in chosen
        if one.kind == "vectors" and (one.values == one.values[0]).all()
    )
    return Aligned(chosen, tuple(ids[row] for row in kept), lost, tuple(notes))


def _classes(
    representations: Sequence[Representation], ids: Sequence[str], labels: str
) -> list[str] | None:
    """Return the class of some items, "" of those that have none."""
    for one in representations:
        if labels and labels in one.items.columns:
            column = one.items[labels]
            return [str(column[name]) if name in column.index else "" for name in ids]
    return None


def drawn_by_class(classes: Sequence[str], count: int, rng: np.random.Generator) -> np.ndarray:
    """Return so many places, drawn so that each class keeps its share.

    Example:
        >>> drawn = drawn_by_class(["a"] * 8 + ["b"] * 4, 6, np.random.default_rng(0))
        >>> int((drawn < 8).sum()), int((drawn >= 8).sum())
        (4, 2)
    """
    order = np.lexsort((rng.random(len(classes)), np.unique(classes, return_inverse=True)[1]))
    evenly = np.floor((np.arange(count) + 0.5) * len(classes) / count).astype(np.int64)
    found: np.ndarray = np.sort(order[evenly])
    return found


def _shared_ids(representations: Sequence[Representation], items: str) -> list[str]:
    for one in representations:
        refuse_without_ids(one, ", or say items=position to take rows as they stand")
    if items == "common":
        others = [set(one.ids) for one in representations[1:]]
        return [name for name in representations[0].ids if all(name in each for each in others)]
    path = user_path(items)
    try:
        wanted = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise RepresentationError(f"{path}: is no file of ids that can be read: {error}") from None
    for one in representations:
        have = set(one.ids)
        for line, name in enumerate(wanted, 1):
            if name not in have:
                raise RepresentationError(
                    f"{path}, line {line}: {one.name} has no item {shown(name)}"
                )
    if len(set(wanted)) < len(wanted):
        twice = next(name for name in wanted if wanted.count(name) > 1)
        raise RepresentationError(f"{path}: names the item {shown(twice)} twice")
    return wanted


def _finite(one: Representation) -> np.ndarray:
    if one.kind == "vectors":
        finite: np.ndarray = np.isfinite(one.values).all(axis=1)
        return finite
    missing = ~np.isfinite(one.values).all(axis=0)
    finite = np.ones(len(missing), dtype=bool)
    while (missing & finite & finite[:, None]).any():  # the worst items first, not all at once
        finite[int((missing & finite & finite[:, None]).sum(axis=1).argmax())] = False
    return finite


def _taken(one: Representation, rows: np.ndarray) -> Representation:
    ids = tuple(one.ids[row] for row in rows) if one.ids else ()
    if one.repeats > 1:
        chosen = np.asarray(one.measurements[rows], dtype=np.float64)
        return replace(one, values=one.values[rows], measurements=chosen, ids=ids)
    if one.kind == "vectors":
        return replace(one, values=np.asarray(one.values[rows], dtype=np.float64), ids=ids)
    return replace(one, values=one.values[:, rows][:, :, rows], ids=ids)
