"""What is followed over the epochs of a training beside r: measures that cost next to nothing.

They are part of every training, whatever `measures` asks for, so that no other choice of measures
trains anything again; dearer ones are computed from the models kept (`similarity.measured`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridrep.studies.hybrid.names import FOLLOWED, ITEM_SETS, PAIRS, SHARED

if TYPE_CHECKING:
    from hybridrep.analysis.record import Score

MOST_EPOCHS = 5
"""At the most so many epochs after the start are looked at."""

Point = tuple[int, str, str, float, float]
"""Epoch, pair, measure, value, chance."""


def measured_set(items: Mapping[str, Any]) -> str:
    """Return the set of tweets that measures are computed on: the shared ones, if there are any.

    Else those of each seed that neither model was trained on.
    """
    return SHARED if SHARED in items else ITEM_SETS[1]


def half_of(epochs: int) -> int:
    """Return the epoch whose model is used, of so many epochs (section 3.2.1)."""
    return max(1, epochs // 2)


def followed(epochs: int) -> tuple[int, ...]:
    """Return the epochs that are looked at: evenly spaced, with the first, half and the last.

    Examples:
        >>> followed(20), followed(3)
        ((0, 4, 8, 10, 12, 16, 20), (0, 1, 2, 3))
    """
    spaced = np.linspace(0, epochs, min(epochs, MOST_EPOCHS) + 1).round().astype(int).tolist()
    return tuple(sorted({*spaced, half_of(epochs), epochs}))


class Tracked:
    """The tracked measures of some models' six pairs; inputs and targets are described once."""

    def __init__(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Describe both, [models, items, dim]."""
        from hybridrep.analysis.measures import MEASURES

        self._measures: list[Any] = [MEASURES[key] for key in FOLLOWED[1:]]
        self._fixed = [(each.describe(inputs), each.describe(targets)) for each in self._measures]
        self._constant = [
            each.score(*sides) for each, sides in zip(self._measures, self._fixed, strict=True)
        ]

    def points(
        self, epoch: int, bottleneck: np.ndarray, reconstructed: np.ndarray
    ) -> list[list[Point]]:
        """Return per model its points at an epoch."""
        found: list[list[Point]] = [[] for _ in bottleneck]
        for measure, (inputs, targets), constant in zip(
            self._measures, self._fixed, self._constant, strict=True
        ):
            middle, end = measure.describe(bottleneck), measure.describe(reconstructed)
            of_pairs: list[list[Score]] = [
                constant, measure.score(middle, inputs), measure.score(middle, targets),
                measure.score(end, inputs), measure.score(end, targets), measure.score(middle, end),
            ]  # fmt: skip
            for pair, scores in zip(PAIRS, of_pairs, strict=True):
                for points, score in zip(found, scores, strict=True):
                    points.append((epoch, pair, measure.key, score.value, score.chance))
        return found
