"""What a search chooses from: axes, each declared once, and the space that they span.

All else (trials, tables, runs, figures) knows a point only as a mapping of names to values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna

EPOCHS = "epochs"
"""The axis that every searched space has: a training over many epochs passes through the models
of all fewer, and so shows the values of all trials that differ in nothing else."""
Point = dict[str, Any]
"""One value of every axis, by name; those that Optuna chose stand in the axes' order."""


@dataclass(frozen=True)
class Axis:
    """One parameter that a search chooses. Make it with `choice`, `whole` or `magnitude`."""

    name: str  # of Optuna's parameter, of the parameter of a trial's run, and of the tables' column
    grid: tuple[Any, ...]  # the values of a grid, each once, in its order
    size: float  # how many values Optuna can choose; may be infinite
    suggest: Callable[[optuna.Trial], Any]
    read: Callable[[Any], Any]  # a value as it was chosen, from a trial's parameters or a table

    @property
    def title(self) -> str:
        """How its name is shown."""
        return self.name.replace("_", " ")

    @property
    def varies(self) -> bool:
        """Whether there is more than one value."""
        return self.size > 1

    @classmethod
    def choice(cls, name: str, values: tuple[Any, ...]) -> Axis:
        """One of some values, all of one type; Optuna learns no order among them."""
        kind = type(values[0])
        return cls(
            name, values, len(values), lambda t: kind(t.suggest_categorical(name, values)), kind
        )

    @classmethod
    def whole(cls, name: str, low: int, high: int, step: int = 1) -> Axis:
        """A whole number from `low` to `high`; a grid takes every `step`th, and the last."""
        grid = (*range(low, high, step), high)
        return cls(name, grid, high - low + 1, lambda t: t.suggest_int(name, low, high), int)

    @classmethod
    def magnitude(cls, name: str, low: float, high: float) -> Axis:
        """A number whose logarithm is uniform; a grid takes both ends and their geometric mean."""
        grid = tuple(sorted({low, math.sqrt(low * high), high})) if low < high else (low,)
        size = math.inf if low < high else 1
        return cls(name, grid, size, lambda t: t.suggest_float(name, low, high, log=True), float)


@dataclass(frozen=True)
class Space:
    """All points that a search may choose."""

    axes: tuple[Axis, ...]  # in the order in which Optuna chooses
    nesting: tuple[str, ...]  # the axes' names in the order of a grid; the last varies fastest

    @property
    def names(self) -> tuple[str, ...]:
        """The axes' names, in their order."""
        return tuple(axis.name for axis in self.axes)

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of the axes that have more than one value."""
        return tuple(axis.name for axis in self.axes if axis.varies)

    @property
    def size(self) -> float:
        """Number of points that Optuna can choose; may be infinite."""
        return math.prod(axis.size for axis in self.axes)

    def suggest(self, trial: optuna.Trial) -> Point:
        """Let Optuna choose a point for a trial."""
        return {axis.name: axis.suggest(trial) for axis in self.axes}

    def point(self, values: Mapping[str, Any]) -> Point:
        """Return the point in a mapping of names to values, which may hold others as well."""
        return {axis.name: axis.read(values[axis.name]) for axis in self.axes}

    def grid(self) -> list[Point]:
        """Return all points of the grid, as Optuna's parameters, in an order that stays."""
        grids = {axis.name: axis.grid for axis in self.axes}
        every = itertools.product(*(grids[name] for name in self.nesting))
        return [dict(zip(self.nesting, values, strict=True)) for values in every]
