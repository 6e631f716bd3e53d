"""Representations described by the similarities of their items, ready to be correlated.

A description is centred and scaled once and then used in every comparison: as triangles of
similarity matrices or, for many items, in a form without any n x n matrix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float64, Int, Num

from hybridrep.analysis.similarity import unit_rows

GRAM_ABOVE = 700
"""Above this many items no n x n matrix is built (`GramSide`).

At 768 and 300 dimensions both forms take equally long between 1,000 and 1,500 items; above that
time and memory of the triangles grow with the square.
"""

LEAST_SD = 1e-13
"""Similarities that spread less than this are constant up to rounding: their r is NaN."""

Pairs = Float64[np.ndarray, "_"]
"""A number for every pair of items, in the order of `lower_triangle`."""


@dataclass(frozen=True)
class TriangleSide:
    """One side of a comparison as the strictly lower triangles of similarity matrices.

    `vectors` are centred and of length 1; NaN where a triangle is constant.
    """

    vectors: Float64[np.ndarray, "models pairs"]

    @property
    def items(self) -> int:
        """Number of items whose pairs these are."""
        return items_of(self.vectors.shape[1])

    def correlate(self, other: TriangleSide) -> Float64[np.ndarray, " models"]:
        """Return Pearson r with the other side, per model."""
        if not self.vectors.shape[1]:
            return np.full(len(self.vectors), np.nan)
        r: np.ndarray = np.vecdot(self.vectors, other.vectors)
        return r


@dataclass(frozen=True)
class GramSide:
    """One side of a comparison without any n x n matrix, for many items.

    With unit rows a_i = m + u_i (m their mean) and p_i = m.u_i, the similarity a_i.a_j is, but
    for a constant, p_i + p_j + u_i.u_j. As p and u sum to 0 over the items, the sum over all i, j
    of the product of two such matrices is 2n p.q + |U'V|^2 (squared Frobenius norm). Taking the
    mean out of the rows first is what keeps r exact when all items are alike.

    Attributes:
        rows: u, the unit rows less their mean; `offsets`: p, each row's product with the mean.
        diagonals: the self-similarities less the same constant, 2 p_i + u_i.u_i.
        means: mean of the similarities off the diagonal, less the same constant.
        norms: length of the centred triangle; NaN where it is constant.
    """

    rows: Float64[np.ndarray, "models items dim"]
    offsets: Float64[np.ndarray, "models items"]
    diagonals: Float64[np.ndarray, "models items"]
    means: Float64[np.ndarray, " models"]
    norms: Float64[np.ndarray, " models"]

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.offsets.shape[-1])

    def correlate(self, other: GramSide) -> Float64[np.ndarray, " models"]:
        """Return Pearson r with the other side, per model."""
        r: np.ndarray = self.products(other) / (self.norms * other.norms)
        return r

    def products(self, other: GramSide) -> Float64[np.ndarray, " models"]:
        """Return the scalar product of both sides' centred triangles, per model."""
        items = self.offsets.shape[-1]
        cross = np.array(
            [np.sum((u.T @ v) ** 2) for u, v in zip(self.rows, other.rows, strict=True)]
        )
        everywhere = 2 * items * np.vecdot(self.offsets, other.offsets) + cross
        below = (everywhere - np.vecdot(self.diagonals, other.diagonals)) / 2
        products: np.ndarray = below - pair_count(items) * self.means * other.means
        return products


Side = TriangleSide | GramSide
"""A described representation, in the form that suits its number of items."""


def pair_count(items: int) -> int:
    """Number of pairs of different items: entries of a strictly lower triangle."""
    return items * (items - 1) // 2


def items_of(pairs: int) -> int:
    """Number of items that have so many pairs."""
    return (1 + math.isqrt(1 + 8 * pairs)) // 2


@lru_cache(maxsize=8)
def triangle_index(items: int) -> Int[np.ndarray, " pairs"]:
    """Positions of the strictly lower triangle in a raveled items x items matrix, by rows."""
    rows, columns = np.tril_indices(items, -1)
    index = rows * items + columns
    index.flags.writeable = False
    return index


def sampled_pairs(
    items: int, count: int
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Return about so many pairs of different items, the same in every call, none of them twice."""
    drawn = np.unique(np.random.default_rng(items).integers(pair_count(items), size=count))
    later = np.floor((1 + np.sqrt(1 + 8 * drawn.astype(np.float64))) / 2).astype(np.int64)
    later -= later * (later - 1) // 2 > drawn
    later += later * (later + 1) // 2 <= drawn
    return later, drawn - later * (later - 1) // 2


def lower_triangle(matrix: Float[np.ndarray, "items items"]) -> Float[np.ndarray, " pairs"]:
    """Return the strictly lower triangle of a matrix, row by row.

    Examples:
        >>> lower_triangle(np.arange(9.0).reshape(3, 3)).tolist()
        [3.0, 6.0, 7.0]
    """
    return matrix.ravel().take(triangle_index(len(matrix)))


def describe(embeddings: Num[np.ndarray, "models items dim"]) -> Side:
    """Describe one representation, for many models at once, ready to be correlated.

    Sides can be correlated with each other when they hold equally many models and the same items in
    the same order.

    Examples:
        >>> describe(np.random.default_rng(0).normal(size=(5, 20, 8))).vectors.shape  # five models
        (5, 190)
    """
    models, items, _ = embeddings.shape
    if items > GRAM_ABOVE:
        return gram_side(unit_rows(embeddings))
    vectors = np.empty((models, pair_count(items)))
    similarity = np.empty((items, items))  # one model at a time stays in the processor's cache
    for model, vector in zip(embeddings, vectors, strict=True):
        rows = unit_rows(model)
        np.matmul(rows, rows.T, out=similarity)
        similarity.ravel().take(triangle_index(items), out=vector, mode="clip")
        standardise(vector)
    return TriangleSide(vectors)


def standardise(vector: Float64[np.ndarray, " pairs"]) -> None:
    """Centre a vector and scale it to length 1, in place; all NaN if it is constant."""
    if vector.size:
        vector -= vector.mean()
    length = float(np.sqrt(vector @ vector))
    if length <= LEAST_SD * np.sqrt(vector.size):
        vector[:] = np.nan
    else:
        vector /= length


def gram_side(rows: Float64[np.ndarray, "models items dim"]) -> GramSide:
    """Bring unit rows into the form of `GramSide`; reuses the array it is given."""
    models, items, _ = rows.shape
    mean = rows.mean(axis=1, keepdims=True)
    rows -= mean
    offsets = np.vecdot(rows, mean)
    diagonals = 2 * offsets + np.vecdot(rows, rows)
    means = -diagonals.sum(axis=1) / (items * (items - 1))
    side = GramSide(rows, offsets, diagonals, means, norms=np.ones(models))
    squares = side.products(side)
    constant = squares <= LEAST_SD**2 * pair_count(items)
    norms = np.sqrt(np.where(constant, np.nan, squares))
    return GramSide(rows, offsets, diagonals, means, norms)


def correlate(first: Side, second: Side) -> Float64[np.ndarray, " models"]:
    """Return Pearson r of two descriptions, per model.

    NaN where either side's similarities are constant (all items alike, or fewer than three
    items) or not finite.

    Raises:
        ValueError: when the two sides describe different numbers of items.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 8))
        >>> correlate(describe(models), describe(2 * models)).round(6).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    r: np.ndarray
    if isinstance(first, TriangleSide) and isinstance(second, TriangleSide):
        if first.vectors.shape != second.vectors.shape:
            raise ValueError("the two sides hold different numbers of models or items")
        r = first.correlate(second)
    elif isinstance(first, GramSide) and isinstance(second, GramSide):
        if first.offsets.shape != second.offsets.shape:
            raise ValueError("the two sides hold different numbers of models or items")
        r = first.correlate(second)
    else:
        raise ValueError("the two sides hold different numbers of items")
    clipped: np.ndarray = np.clip(r, -1.0, 1.0)
    return clipped
