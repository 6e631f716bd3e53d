"""The measures' own parameters, and what items are: their classes, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.record import Measure
from hybridrep.errors import ParameterError
from hybridrep.parameters import shown
from hybridrep.studies.given.aligned import Aligned

_OF_NEIGHBOURS = ("mutual_knn", "jaccard_knn", "cknna", "mle_dimension")


@dataclass(frozen=True, eq=False)
class Settings:
    """Parameters of measures that a key does not spell, and what is known of the items.

    Attributes:
        k: nearest neighbours.
        alpha: of `shape_angle`: 1 compares shapes, 0 after whitening.
        quantiles: of `trsa`: below the first all is near, above the second all is far.
        folds: that items are held out in.
        labels: the class of each item, as numbers; None: not known.
        groups: items of one number are kept together; None: only equal ones are.
    """

    k: int = 10
    alpha: float = 1.0
    quantiles: tuple[float, float] = (0.2, 0.8)
    folds: int = 5
    labels: np.ndarray | None = field(default=None, repr=False)
    groups: np.ndarray | None = field(default=None, repr=False)

    def key(self, name: str) -> str:
        """Spell out the parameters that a name leaves open.

        Example:
            >>> Settings(k=7, alpha=0.5).key("mutual_knn"), Settings(alpha=0.5).key("shape_angle")
            ('mutual_knn.k7', 'shape_angle.a50')
            >>> Settings(k=7).key("mutual_knn.k3"), Settings().key("trsa")
            ('mutual_knn.k3', 'trsa.l20.u80')
        """
        family, *parts = name.split(".")
        if family in _OF_NEIGHBOURS and not any(re.fullmatch(r"k\d+", part) for part in parts):
            return ".".join([family, f"k{self.k}", *parts])
        if name == "shape_angle" and self.alpha != 1:
            return f"shape_angle.a{round(100 * self.alpha)}"
        if name == "trsa":
            low, high = (round(100 * each) for each in self.quantiles)
            return f"trsa.l{low}.u{high}"
        return name

    def usual(self, key: str) -> str:
        """Return the key that stands for a listed one with these settings: of its neighbours."""
        family, *parts = key.split(".")
        if family not in _OF_NEIGHBOURS:
            return key
        return ".".join([family, *(f"k{self.k}" if p == "k10" else p for p in parts)])

    def measure(self, key: str, parameter: str = "measures") -> Measure:
        """Return a measure as these settings have it computed.

        Raises:
            ParameterError: there is none of this key, or it needs labels that are not known.
        """
        try:
            found = MEASURES[self.key(key)]
        except KeyError as error:
            raise ParameterError(f"parameter {parameter}: {error.args[0]}") from None
        given: dict[str, Any] = {}
        if "folds" in found.needs:
            given["folds"] = self.folds
            if self.groups is not None:
                given["groups"] = self.groups
        return replace(found, compute=partial(found.compute, **given)) if given else found

    def identity(self, measure: Measure) -> Mapping[str, Any]:
        """Return what of these a measure's numbers depend on beside its key, in JSON's types."""
        groups = None if self.groups is None else self.groups.tolist()
        return {"folds": self.folds if "folds" in measure.needs else 0, "groups": groups}


USUAL_SETTINGS = Settings()


def column(given: Aligned, name: str, parameter: str) -> np.ndarray | None:
    """Return a column of the items as numbers from 0, one for each value; None: none is asked.

    It is looked for in every representation that has columns of its items; those that have it
    must agree.

    Raises:
        ParameterError: no representation has it, an item has no value, or two differ.
    """
    if not name:
        return None
    found: dict[str, str] = {}
    known: set[str] = set()
    for one in given.representations:
        known |= set(map(str, one.items.columns))
        if name not in one.items.columns:
            continue
        values = one.items[name]
        for item in given.ids:
            value = str(values[item]) if item in values.index else ""
            if value and found.setdefault(item, value) != value:
                raise ParameterError(
                    f"parameter {parameter}: the item {shown(item)} has {name} = "
                    f"{shown(found[item])}, and {shown(value)} in {one.source}"
                )
    if not found:
        there = f"there are {', '.join(sorted(known))}" if known else "none has any columns"
        raise ParameterError(
            f"parameter {parameter}: no representation has the items' column {shown(name)}; {there}"
            " (columns of a .csv or .parquet beside its ids and vectors)"
        )
    if lacking := [item for item in given.ids if item not in found]:
        raise ParameterError(
            f"parameter {parameter}: {len(lacking)} items have no {name}, the first "
            f"{shown(lacking[0])}"
        )
    return numbered([found[item] for item in given.ids])


def numbered(values: Sequence[str]) -> np.ndarray:
    """Return values as numbers from 0, in the order in which they first occur."""
    place = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([place[value] for value in values], dtype=np.int64)
