"""What a sweep chooses from: one point is one kind of autoencoder at one number of epochs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.transformation.stage import Variant

if TYPE_CHECKING:
    import optuna

EPOCH_STEP = 10
"""A grid over a range of epochs takes every tenth, and the last."""


@dataclass(frozen=True)
class Point:
    """One choice of everything that a sweep varies; the fields are Optuna's parameters."""

    bottleneck: int
    epochs: int
    learning_rate: float
    activation: str
    kind: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Point:
        """Return the point in a mapping of names to values, which may hold others as well."""
        return cls(
            bottleneck=int(values["bottleneck"]),
            epochs=int(values["epochs"]),
            learning_rate=float(values["learning_rate"]),
            activation=str(values["activation"]),
            kind=str(values["kind"]),
        )

    def variant(self, direction: str, epochs: int) -> Variant:
        """Return the training, over so many epochs, that shows this point's values."""
        return Variant(
            direction, self.bottleneck, epochs, self.learning_rate, self.activation, self.kind
        )


@dataclass(frozen=True)
class Space:
    """All points that a sweep may choose.

    Attributes:
        bottlenecks: sizes.
        epochs: least and most epochs, every number between them is allowed.
        learning_rates: least and greatest; between them the logarithm is uniform.
        activations: names.
        kinds: names.
    """

    bottlenecks: tuple[int, ...]
    epochs: tuple[int, int]
    learning_rates: tuple[float, float]
    activations: tuple[str, ...]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, config: SweepConfig) -> Space:
        """Return the space that a configuration describes."""
        return cls(
            tuple(sorted(config.bottlenecks)),
            config.autoencoder_epochs,
            config.learning_rates,
            config.activations,
            config.kinds,
        )

    def suggest(self, trial: optuna.Trial) -> Point:
        """Let Optuna choose a point for a trial."""
        return Point(
            bottleneck=int(trial.suggest_categorical("bottleneck", self.bottlenecks)),
            epochs=trial.suggest_int("epochs", *self.epochs),
            learning_rate=trial.suggest_float("learning_rate", *self.learning_rates, log=True),
            activation=str(trial.suggest_categorical("activation", self.activations)),
            kind=str(trial.suggest_categorical("kind", self.kinds)),
        )

    def grid(self) -> list[dict[str, Any]]:
        """Return all points of the grid, as Optuna's parameters, in an order that stays.

        Of a range of epochs every tenth and the last; of a range of learning rates both ends and
        their geometric mean.
        """
        low, high = self.epochs
        epochs = sorted({*range(low, high, EPOCH_STEP), high})
        least, most = self.learning_rates
        rates = sorted({least, math.sqrt(least * most), most}) if least < most else [least]
        axes = (self.kinds, self.activations, rates, self.bottlenecks, epochs)
        names = ("kind", "activation", "learning_rate", "bottleneck", "epochs")
        return [dict(zip(names, point, strict=True)) for point in itertools.product(*axes)]

    @property
    def size(self) -> float:
        """Number of points; infinite with a range of learning rates."""
        if self.learning_rates[0] < self.learning_rates[1]:
            return math.inf
        epochs = self.epochs[1] - self.epochs[0] + 1
        return len(self.bottlenecks) * epochs * len(self.activations) * len(self.kinds)

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of the parameters that have more than one value."""
        counts: Mapping[str, bool] = {
            "bottleneck": len(self.bottlenecks) > 1,
            "epochs": self.epochs[0] < self.epochs[1],
            "learning_rate": self.learning_rates[0] < self.learning_rates[1],
            "activation": len(self.activations) > 1,
            "kind": len(self.kinds) > 1,
        }
        return tuple(name for name, several in counts.items() if several)
