"""Relative representations: an item is told by how similar it is to some anchors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.similarity import unit_rows
from hybridrep.networks.checks import check_whole
from hybridrep.transforms.transform import Sizes, Transform, check_pairs


@dataclass(frozen=True, eq=False)
class RelativeRepresentation(Transform):
    """Cosines of an item with the same anchors on both sides, side by side; nothing is trained.

    Where two networks differ by a rotation and a scale only, their relative representations are
    the same (Moschella et al. 2023, ICLR): seeds and sides can be stitched together.

    Attributes:
        anchors: unit rows of both sides, one an anchor.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
        >>> RelativeRepresentation.fit(first, second, rng, anchors=9).apply(first, second).shape
        (50, 18)
    """

    method: ClassVar[str] = "relative"
    anchors: tuple[Float64[np.ndarray, "anchors first"], Float64[np.ndarray, "anchors second"]]

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        anchors: int = 256,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says.

        Args:
            anchors: how many rows are drawn, without replacement; of fewer rows all are taken.
        """
        first, second = check_pairs(cls.method, first, second)
        check_whole(cls.method, "anchors", anchors)
        drawn = np.sort(rng.choice(len(first), min(anchors, len(first)), replace=False))
        return cls((unit_rows(first[drawn]), unit_rows(second[drawn])))

    @property
    def sizes(self) -> Sizes:
        """Both sides are read; the output has two numbers an anchor."""
        one, other = self.anchors
        return Sizes(one.shape[1], other.shape[1], 2 * len(one))

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        parts = zip(sides, self.anchors, strict=True)
        return np.hstack([unit_rows(side) @ anchors.T for side, anchors in parts])

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        return dict(zip(("first", "second"), self.anchors, strict=True)), {}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        return cls((arrays["first"], arrays["second"]))
