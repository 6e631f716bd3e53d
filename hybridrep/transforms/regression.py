"""Ridge regression as a transform: the best linear map from the first side to the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.transforms.ridge import Ridge, fit_ridge, moments
from hybridrep.transforms.transform import Sizes, Transform, check_pairs, split


@dataclass(frozen=True, eq=False)
class RidgeTransform(Transform):
    """Predicts the second side from the first by its `ridge`; float64 throughout.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(100, 8))
        >>> fitted = RidgeTransform.fit(first, first @ rng.normal(size=(8, 3)), rng)
        >>> fitted.sizes
        Sizes(first=8, second=None, output=3)
    """

    method: ClassVar[str] = "ridge"
    ridge: Ridge

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        penalties: Sequence[float] | None = None, held_out: float = 0.1,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says.

        Args:
            penalties: those that are tried, above 0; without, `fit_ridge`'s.
            held_out: share of the rows by whose loss the penalty is chosen.
        """
        first, second = check_pairs(cls.method, first, second)
        train, others = split(cls.method, len(first), held_out, rng)
        known = moments(first[train], second[train])
        return cls(fit_ridge(known, first[others], second[others], penalties))

    @property
    def sizes(self) -> Sizes:
        """The first side alone is read."""
        inputs, targets = self.ridge.weights.shape
        return Sizes(inputs, None, targets)

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        return self.ridge.predict(sides[0])

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        arrays = {name: a for name, a in vars(self.ridge).items() if isinstance(a, np.ndarray)}
        return arrays, {"penalty": self.ridge.penalty}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        return cls(Ridge(penalty=float(settings["penalty"]), **arrays))
