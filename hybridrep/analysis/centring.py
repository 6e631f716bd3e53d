"""Representations with their mean taken out, many models at once, ready for any product.

Everything is float64 from the first step on, and every model is first multiplied by a power of two
that brings its largest value near 1: that changes no digit, and no product over- or underflows
whatever the units are. What has no values to speak of (one that is not finite, no variance) becomes
zeros with a note, so that one bad model among many stops nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float64, Int, Num

from hybridrep.analysis.record import Score

LEAST_SPREAD = 1e-13
"""A side whose distance from its mean is less than this share of its length has no variance."""

NOT_FINITE = "a value is not finite"
NO_VARIANCE = "no variance"

AnySide = TypeVar("AnySide")


@dataclass(frozen=True)
class Centred:
    """Many models' items less their mean, each model in units of its own.

    Attributes:
        rows: the items, centred; zeros where there is a note.
        traces: sum of all squares, t.
        units: what the rows have been divided by.
        notes: per model why nothing can be computed of it, or "".
    """

    rows: Float64[np.ndarray, "models items dim"]
    traces: Float64[np.ndarray, " models"]
    units: Float64[np.ndarray, " models"]
    notes: tuple[str, ...]

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.rows.shape[1])

    def unit(self) -> Float64[np.ndarray, "models items dim"]:
        """Return the items scaled to a sum of squares of 1; zeros where there is a note."""
        lengths = np.sqrt(np.where(self.traces > 0, self.traces, 1.0))
        return self.rows / lengths[:, None, None]


def plain(embeddings: Num[np.ndarray, "models items dim"]) -> Centred:
    """Return items in float64 and safe units, their mean left in; zeros where not finite."""
    rows, units, finite = _scaled(embeddings)
    notes = tuple("" if ok else NOT_FINITE for ok in finite)
    return Centred(rows, _squares(rows), units, notes)


def centred(embeddings: Num[np.ndarray, "models items dim"]) -> Centred:
    """Return items less their mean, in float64 and safe units.

    Without variance is what lies within 1e-13 of its length around its mean: t <= 1e-26 sum |x|^2.

    Examples:
        >>> centred(np.array([[[1e150], [3e150]], [[5.0], [5.0]]])).notes
        ('', 'no variance')
    """
    rows, units, finite = _scaled(embeddings)
    lengths = _squares(rows)
    for _ in range(2 if rows.shape[1] else 0):  # the second takes the first mean's rounding out
        rows -= rows.mean(axis=1, keepdims=True)
    traces = _squares(rows)
    varies = traces > LEAST_SPREAD**2 * lengths
    rows[~varies] = 0.0
    reasons = zip(finite, varies, strict=True)
    notes = tuple(NOT_FINITE if not ok else "" if some else NO_VARIANCE for ok, some in reasons)
    return Centred(rows, np.where(varies, traces, 0.0), units, notes)


def _scaled(
    embeddings: Num[np.ndarray, "models items dim"],
) -> tuple[
    Float64[np.ndarray, "models items dim"], Float64[np.ndarray, " models"],
    Bool[np.ndarray, " models"],
]:  # fmt: skip
    """Return each model over a power of two, that power, and whether all values are finite."""
    rows = np.array(embeddings, dtype=np.float64)
    largest = np.maximum(rows.max(axis=(1, 2), initial=0.0), -rows.min(axis=(1, 2), initial=0.0))
    finite = np.isfinite(largest)
    rows[~finite] = 0.0
    _, exponents = np.frexp(np.where(finite, largest, 1.0))
    for model, exponent in zip(rows, exponents, strict=True):
        if exponent:
            np.ldexp(model, -exponent, out=model)
    return rows, np.ldexp(1.0, exponents), finite


def _squares(rows: Float64[np.ndarray, "models items dim"]) -> Float64[np.ndarray, " models"]:
    flat = rows.reshape(len(rows), rows.shape[1] * rows.shape[2])
    squares: np.ndarray = np.vecdot(flat, flat)
    return squares


def one_model(
    array: Num[np.ndarray, ...], *, repeats: bool = False
) -> Num[np.ndarray, "1 items *repeats dim"]:
    """Return a representation as the only one of its models.

    Args:
        array: items x dimensions, or items x repeats x dimensions.
        repeats: whether each item was measured repeatedly.

    Raises:
        ValueError: when it has other axes.
    """
    axes = "items x repeats x dims" if repeats else "items x dims"
    if array.ndim != (3 if repeats else 2):
        raise ValueError(f"a representation is an array of {axes}, not {array.shape}")
    return array[None]


def pair_notes(
    first: Sequence[str], second: Sequence[str], items: int, least: int
) -> tuple[str, ...]:
    """Return per model why two sides cannot be compared, or ""."""
    if items < least:
        return (f"fewer than {least} items",) * len(first)
    return tuple(
        f"the first: {one}" if one else f"the second: {other}" if other else ""
        for one, other in zip(first, second, strict=True)
    )


def check_same_items(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """Refuse two sides, given as (models, items), that cannot be compared.

    Raises:
        ValueError: when they hold different numbers of models or items.
    """
    if first != second:
        raise ValueError(
            "the two sides hold different numbers of models or items: "
            f"{first[0]} x {first[1]} and {second[0]} x {second[1]}"
        )


def scores(
    values: Float64[np.ndarray, " models"], notes: Sequence[str], items: int,
    chance: float | Float64[np.ndarray, " models"] = np.nan,
    chance_sd: float | Float64[np.ndarray, " models"] = np.nan, best: float = 1.0,
) -> list[Score]:  # fmt: skip
    """Return a `Score` per model; what has no value has no chance either."""
    chances, sds = (np.broadcast_to(each, values.shape) for each in (chance, chance_sd))
    defined = np.isfinite(values)
    return [
        Score(float(value), float(mean) if ok else np.nan, float(sd) if ok else np.nan,
              items, note, best)
        for value, mean, sd, ok, note in zip(values, chances, sds, defined, notes, strict=True)
    ]  # fmt: skip


def taken(side: AnySide, index: int | Int[np.ndarray, " some"]) -> AnySide:
    """Return a described side with only some of its models, or with one of them alone."""
    where = np.atleast_1d(index)
    given: Any = side
    picked: dict[str, Any] = {}
    for name in (field.name for field in fields(given)):
        part = getattr(side, name)
        if isinstance(part, np.ndarray):
            picked[name] = part[where]
        elif isinstance(part, tuple):
            picked[name] = tuple(part[i] for i in where)
        elif is_dataclass(part):
            picked[name] = taken(part, where)
    smaller: AnySide = replace(given, **picked)
    return smaller
