"""Representations made of two, or squeezed out of one, in closed form: nothing is trained.

The keys say which side is read: the first is the global representation of an item, the second the
one of a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import scipy.linalg
from jaxtyping import Float64, Num

from hybridrep.analysis.similarity import unit_rows
from hybridrep.errors import ParameterError
from hybridrep.networks.checks import check_whole
from hybridrep.transforms.transform import Sizes, Transform, check_pairs

LEAST_SD = 1e-13
"""Cosines that spread less than this are constant up to rounding and carry nothing."""


def cosine_sd(embeddings: Num[np.ndarray, "items dim"]) -> float:
    """Return the SD of the cosines of all pairs of different items, without an n x n matrix.

    With unit rows a_i, the sum over i, j of (a_i . a_j) is |sum of a_i|^2 and that of its square
    the squared Frobenius norm of A'A; the diagonals, |a_i|^2, are taken out. Rows are centred at
    their mean m for the second sum, so that nearly equal items lose no digits:
    a_i . a_j = c + p_i + p_j + u_i . u_j with u_i = a_i - m, p_i = m . u_i.

    Examples:
        >>> from scipy.spatial.distance import pdist
        >>> rows = np.random.default_rng(0).normal(size=(30, 4))
        >>> bool(np.isclose(cosine_sd(rows), np.std(1 - pdist(rows, "cosine"))))
        True
    """
    rows = unit_rows(embeddings)
    count, mean = len(rows), rows.mean(axis=0)
    rows -= mean
    offsets = rows @ mean
    own = np.vecdot(rows, rows)
    diagonal = 2 * offsets + own  # all less the constant m . m
    gram = rows.T @ rows
    pairs = count * (count - 1)
    mean_cosine = -float(diagonal.sum()) / pairs  # p and u sum to 0 over all i, j
    squares = 2 * count * float(offsets @ offsets) + float((gram**2).sum())
    variance = (squares - float(diagonal @ diagonal)) / pairs - mean_cosine**2
    return float(np.sqrt(max(variance, 0.0)))


@dataclass(frozen=True, eq=False)
class Concatenated(Transform):
    """Unit rows of both sides, side by side: it reaches the ceiling of diffusibility.

    Each side is weighted by the root of 1 / SD of its cosines, so that the cosines of the result,
    (cos_first / SD_first + cos_second / SD_second) / (1 / SD_first + 1 / SD_second), hold both in
    equal parts. Their correlation with either is then sqrt((1 + rho) / 2) on the rows of the fit,
    which is the most that both can be at once (`diffusibility_ceiling`).

    Attributes:
        weights: of the first and the second side's unit rows; their squares sum to 1.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
        >>> Concatenated.fit(first, second, rng).apply(first, second).shape
        (50, 11)
    """

    method: ClassVar[str] = "concatenated"
    weights: Float64[np.ndarray, " both"]
    widths: tuple[int, int]

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator
    ) -> Self:
        """Fit as `Transform.fit` says.

        Raises:
            ValueError: also if all pairs of items of a side are equally similar.
        """
        first, second = check_pairs(cls.method, first, second)
        spread = np.array([cosine_sd(first), cosine_sd(second)])
        for name, sd in zip(("first", "second"), spread, strict=True):
            if sd < LEAST_SD:
                raise ValueError(
                    f"{cls.method}: all pairs of items of the {name} side are equally similar"
                )
        shares = (1 / spread) / (1 / spread).sum()
        return cls(np.sqrt(shares), (first.shape[1], second.shape[1]))

    @property
    def sizes(self) -> Sizes:
        """Both sides are read; the output is as wide as both."""
        return Sizes(*self.widths, sum(self.widths))

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        return np.hstack([w * unit_rows(s) for w, s in zip(self.weights, sides, strict=True)])

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        return {"weights": self.weights}, {"widths": list(self.widths)}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        first, second = settings["widths"]
        return cls(arrays["weights"], (int(first), int(second)))


@dataclass(frozen=True, eq=False)
class Ensemble(Transform):
    """`Concatenated` with several networks' vectors for a second side, all in equal parts.

    The second side holds the members' vectors side by side, each as wide as the others. Its
    cosines, the mean of all members' over their SDs, take the place of one network's.

    Attributes:
        weights: of the first side's and each member's unit rows; their squares sum to 1.
        widths: of the first side and of one member.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, members = rng.normal(size=(50, 8)), rng.normal(size=(50, 3 * 4))
        >>> Ensemble.fit(first, members, rng, members=4).apply(first, members).shape
        (50, 20)
    """

    method: ClassVar[str] = "ensemble"
    weights: Float64[np.ndarray, " sides"]
    widths: tuple[int, int]

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        members: int = 1,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says.

        Args:
            members: how many networks' vectors the second side holds.

        Raises:
            ValueError: also if all pairs of items of a side or a member are equally similar.
        """
        first, second = check_pairs(cls.method, first, second)
        check_whole(cls.method, "members", members)
        if second.shape[1] % members:
            raise ParameterError(
                f"{cls.method}: the second side's {second.shape[1]} columns are no {members} "
                "members of equal width"
            )
        sides = [first, *np.split(second, members, axis=1)]
        spread = np.array([cosine_sd(side) for side in sides])
        if spread.min() < LEAST_SD:
            raise ValueError(
                f"{cls.method}: all pairs of items of side {int(spread.argmin()) + 1} are equally "
                "similar"
            )
        parts = np.array([1.0, *np.full(members, 1 / members)]) / spread
        return cls(np.sqrt(parts / parts.sum()), (first.shape[1], second.shape[1] // members))

    @property
    def sizes(self) -> Sizes:
        """Both sides are read; the output is as wide as both."""
        first, member = self.widths
        second = member * (len(self.weights) - 1)
        return Sizes(first, second, first + second)

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        first, second = sides
        parts = [first, *np.split(second, len(self.weights) - 1, axis=1)]
        return np.hstack([w * unit_rows(s) for w, s in zip(self.weights, parts, strict=True)])

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        return {"weights": self.weights}, {"widths": list(self.widths)}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        first, member = settings["widths"]
        return cls(arrays["weights"], (int(first), int(member)))


@dataclass(frozen=True, eq=False)
class TruncatedSVD(Transform):
    """`Concatenated`, projected on its first right singular vectors; uncentred.

    Of all projections on so few dimensions it keeps the inner products best (Eckart & Young 1936).

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
        >>> TruncatedSVD.fit(first, second, rng, size=4).apply(first, second).shape
        (50, 4)
    """

    method: ClassVar[str] = "truncated_svd"
    concatenated: Concatenated
    directions: Float64[np.ndarray, "both size"]

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        size: int | None = None,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says.

        Args:
            size: how many directions, at most the widths of both sides together; without, at
                most 32.
        """
        first, second = check_pairs(cls.method, first, second)
        width = first.shape[1] + second.shape[1]
        size = min(32, width) if size is None else size
        check_size(cls.method, size, width)
        both = Concatenated.fit(first, second, rng)
        rows = both.apply(first, second)
        return cls(both, leading_directions(rows.T @ rows, size))

    @property
    def sizes(self) -> Sizes:
        """Both sides are read."""
        return Sizes(*self.concatenated.widths, self.directions.shape[1])

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        projected: np.ndarray = self.concatenated.apply(*sides) @ self.directions
        return projected

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        arrays, settings = self.concatenated._parts()
        return {**arrays, "directions": self.directions}, settings

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        directions = arrays.pop("directions")
        return cls(Concatenated._from_parts(arrays, settings), directions)


@dataclass(frozen=True, eq=False)
class CanonicalCorrelation(Transform):
    """Mean of both sides' projections in regularised canonical correlation analysis.

    With covariances S_1, S_2 and S_12 of the centred sides, each S shrunk to
    (1 - c) S + c (tr S / dim) I, the directions are S_1^(-1/2) U and S_2^(-1/2) V of the singular
    vectors of S_1^(-1/2) S_12 S_2^(-1/2) (Vinod 1976; Hardoon et al. 2004).

    Attributes:
        means: of the two sides; `directions`: one column a canonical variate.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(50, 8))
        >>> CanonicalCorrelation.fit(first, first[:, :3], rng).apply(first, first[:, :3]).shape
        (50, 3)
    """

    method: ClassVar[str] = "cca"
    means: tuple[Float64[np.ndarray, " first"], Float64[np.ndarray, " second"]]
    directions: tuple[Float64[np.ndarray, "first size"], Float64[np.ndarray, "second size"]]

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        size: int | None = None, shrinkage: float = 0.1,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says.

        Args:
            size: how many variates, at most the narrower side's width; without, at most 32.
            shrinkage: c, from above 0 (none) up to 1.
        """
        first, second = check_pairs(cls.method, first, second)
        narrower = min(first.shape[1], second.shape[1])
        size = min(32, narrower) if size is None else size
        check_size(cls.method, size, narrower)
        if not 0 < shrinkage <= 1:
            raise ParameterError(
                f"{cls.method}: shrinkage must be above 0 and at most 1, got {shrinkage!r}"
            )
        sides = [np.asarray(side, dtype=np.float64) for side in (first, second)]
        means = [side.mean(axis=0) for side in sides]
        centred = [side - mean for side, mean in zip(sides, means, strict=True)]
        roots = [_inverse_root(side.T @ side / len(side), shrinkage) for side in centred]
        cross = centred[0].T @ centred[1] / len(first)
        left, _, right = scipy.linalg.svd(roots[0] @ cross @ roots[1], full_matrices=False)
        signs = _signs(left[:, :size])
        directions = roots[0] @ (left[:, :size] * signs), roots[1] @ (right[:size].T * signs)
        return cls((means[0], means[1]), directions)

    @property
    def sizes(self) -> Sizes:
        """Both sides are read."""
        (first, size), (second, _) = (each.shape for each in self.directions)
        return Sizes(first, second, size)

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        parts = zip(sides, self.means, self.directions, strict=True)
        one, other = ((side - mean) @ directions for side, mean, directions in parts)
        mean: np.ndarray = (one + other) / 2
        return mean

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        means = zip(("means.first", "means.second"), self.means, strict=True)
        directions = zip(("directions.first", "directions.second"), self.directions, strict=True)
        return dict([*means, *directions]), {}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        return cls(
            (arrays["means.first"], arrays["means.second"]),
            (arrays["directions.first"], arrays["directions.second"]),
        )


@dataclass(frozen=True, eq=False)
class GlobalComponents(Transform):
    """Principal components of the first side alone: what compression does by itself.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
        >>> GlobalComponents.fit(first, second, rng, size=4).apply(first).shape
        (50, 4)
    """

    method: ClassVar[str] = "pca_global"
    reads_second: ClassVar[bool] = False
    mean: Float64[np.ndarray, " inputs"]
    directions: Float64[np.ndarray, "inputs size"]

    @classmethod
    def fit(
        cls, first: Num[np.ndarray, ...], second: Num[np.ndarray, ...], rng: np.random.Generator, *,
        size: int | None = None,
    ) -> Self:  # fmt: skip
        """Fit as `Transform.fit` says.

        Args:
            size: how many components, at most the side's width; without, at most 32.
        """
        first, second = check_pairs(cls.method, first, second)
        side = np.asarray(second if cls.reads_second else first, dtype=np.float64)
        size = min(32, side.shape[1]) if size is None else size
        check_size(cls.method, size, side.shape[1])
        mean = side.mean(axis=0)
        centred = side - mean
        return cls(mean, leading_directions(centred.T @ centred, size))

    @property
    def sizes(self) -> Sizes:
        """One side alone is read."""
        inputs, size = self.directions.shape
        return Sizes(None, inputs, size) if self.reads_second else Sizes(inputs, None, size)

    def _map(self, *sides: np.ndarray) -> Float64[np.ndarray, "items output"]:
        components: np.ndarray = (sides[0] - self.mean) @ self.directions
        return components

    def _parts(self) -> tuple[Mapping[str, np.ndarray], Mapping[str, Any]]:
        return {"mean": self.mean, "directions": self.directions}, {}

    @classmethod
    def _from_parts(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> Self:
        return cls(arrays["mean"], arrays["directions"])


class TaskComponents(GlobalComponents):
    """Principal components of the second side alone.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(50, 8)), rng.normal(size=(50, 3))
        >>> TaskComponents.fit(first, second, rng, size=2).apply(second=second).shape
        (50, 2)
    """

    method: ClassVar[str] = "pca_task"
    reads_second: ClassVar[bool] = True


def check_size(method: str, size: int, most: int) -> None:
    """Refuse a size that is no whole number from 1 to what goes in."""
    check_whole(method, "size", size)
    if size > most:
        raise ParameterError(f"{method}: size must be at most {most}, got {size}")


def leading_directions(
    gram: Float64[np.ndarray, "dim dim"], size: int
) -> Float64[np.ndarray, "dim size"]:
    """Return the eigenvectors of the largest eigenvalues, largest first, with fixed signs.

    The entry that is largest in magnitude is positive, so that no library's choice shows.
    """
    dim = len(gram)
    _, vectors = scipy.linalg.eigh(gram, subset_by_index=(dim - size, dim - 1))
    directions: np.ndarray = vectors[:, ::-1]
    return np.ascontiguousarray(directions * _signs(directions))


def _signs(columns: np.ndarray) -> np.ndarray:
    largest = np.abs(columns).argmax(axis=0)
    signs: np.ndarray = np.where(columns[largest, np.arange(columns.shape[1])] < 0, -1.0, 1.0)
    return signs


def _inverse_root(covariance: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return the inverse square root of a covariance, shrunk towards its mean variance."""
    dim = len(covariance)
    mean_variance = np.trace(covariance) / dim
    if mean_variance == 0:
        return np.zeros_like(covariance)  # a side without variance: its projections are 0
    values, vectors = scipy.linalg.eigh(covariance)
    shrunk = (1 - shrinkage) * np.maximum(values, 0) + shrinkage * mean_variance
    root: np.ndarray = (vectors / np.sqrt(shrunk)) @ vectors.T
    return root
