"""Are the directions that tell values apart at right angles? The orthogonalisation index.

Decoders of K values give K normals w_i. With c_ij the absolute cosine of two of them, the index of
Lei, Ito & Bashivan (2024), Eq. 1, is the mean of 1 - c_ij over i < j: 1 where all are orthogonal.
Two things move it that are no geometry of what is read:

- K. One-vs-rest normals of equally frequent values nearly sum to zero. Those of K equidistant means
  (a simplex) have c_ij = 1 / (K - 1), so that the index is 1 - 1 / (K - 1): 0.667 of four values,
  0.857 of eight. 1 is out of reach, and indices of different K do not compare.
- Noise. Normals of a noisy fit are orthogonal to each other as any directions of a large space.

So decoders are fitted twice, on halves that share nothing, with c_ij between a normal of one half
and one of the other. The diagonal says how alike two fits of the same normal are, the `floor` is
what noise alone leaves of orthogonality, and dividing by the roots of both diagonals takes the
noise out: Spearman's correction for attenuation (1904, Am. J. Psychol. 15:72) of cosines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

_LEAST_RELIABILITY = 1e-6
"""Cosine of two fits of one normal below which nothing of it can be told."""


@dataclass(frozen=True)
class Orthogonality:
    """The index of some normals that were fitted on two halves. NaN where it is not defined.

    Attributes:
        index: mean of 1 - c_ij over i < j, between the halves: Eq. 1 with fresh noise.
        floor: mean of 1 - c_ii: how far two fits of the same normal are apart, from noise alone.
        corrected: mean of 1 - min(1, c_ij / sqrt(c_ii c_jj)) over i < j.
        same: Eq. 1 within one fit, mean of both halves: the literal reading.
        frobenius: |C - I| / sqrt(K (K - 1)) within one fit, mean of both halves: the text's words,
            the root mean square of the cosines; 0 where all are orthogonal.
        simplex: 1 - 1 / (K - 1): the index of K equidistant values without noise.
    """

    index: float
    floor: float
    corrected: float
    same: float
    frobenius: float
    simplex: float


def simplex_value(values: int) -> float:
    """Return the index of equidistant values without noise.

    Example:
        >>> round(simplex_value(4), 3), round(simplex_value(8), 3)
        (0.667, 0.857)

    Raises:
        ValueError: fewer than two values.
    """
    if values < 2:
        raise ValueError(f"angles need two values at least, not {values}")
    return 1 - 1 / (values - 1)


def cosines(
    first: Float[np.ndarray, "values dim"], second: Float[np.ndarray, "values dim"]
) -> Float64[np.ndarray, "values values"]:
    """Return c: absolute cosines of the normals of two halves, the mean of c_ij and c_ji.

    A normal of no length, or one that is not finite, has none: NaN.

    Example:
        >>> cosines(np.eye(2), np.array([[1.0, 0.0], [1.0, 1.0]])).round(3).tolist()
        [[1.0, 0.354], [0.354, 0.707]]
    """
    found = np.abs(_unit(first) @ _unit(second).T)
    return np.asarray((found + found.T) / 2)


def disattenuated(
    found: Float64[np.ndarray, "values values"],
) -> Float64[np.ndarray, "values values"]:
    """Return cosines between halves without the noise of the fits, at most 1.

    c_ij / sqrt(c_ii c_jj); NaN where one of the two normals has no reliability at all.
    """
    reliability = np.diagonal(found)
    roots = np.sqrt(np.where(reliability > _LEAST_RELIABILITY, reliability, np.nan))
    return np.asarray(np.minimum(found / np.outer(roots, roots), 1.0))


def orthogonality_index(
    first: Float[np.ndarray, "values dim"], second: Float[np.ndarray, "second_values second_dim"]
) -> Orthogonality:
    """Return the index of the normals of the same values, fitted on two halves.

    Args:
        first: a normal a value, in the coordinates of the space; `second`: of the other half.

    Example:
        >>> means = np.eye(4) - 1 / 4
        >>> found = orthogonality_index(means, means)
        >>> round(found.index, 3), round(found.corrected, 3), abs(found.floor) < 1e-9
        (0.667, 0.667, True)

    Raises:
        ValueError: different shapes, or fewer than two values.
    """
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(f"the halves have normals of {first.shape} and {second.shape}")
    values = len(first)
    least = simplex_value(values)
    between = cosines(first, second)
    upper = np.triu_indices(values, 1)
    within = [cosines(half, half)[upper] for half in (first, second)]
    return Orthogonality(
        index=float(1 - between[upper].mean()),
        floor=float(1 - np.diagonal(between).mean()),
        corrected=float(1 - disattenuated(between)[upper].mean()),
        same=float(1 - np.mean(within)),
        frobenius=float(np.mean([math.sqrt(float(np.square(c).mean())) for c in within])),
        simplex=least,
    )


def between_sets(
    first: Float[np.ndarray, "values dim"], second: Float[np.ndarray, "values dim"],
    sets: Int[np.ndarray, " values"],
) -> dict[tuple[int, int], tuple[float, float]]:  # fmt: skip
    """Return index and corrected index between the normals of every two sets of values.

    Args:
        first: normals of one half; `second`: of the other.
        sets: the set of each value, e.g. the feature that it is a value of.

    Returns:
        (set, larger set) -> mean of 1 - c_ij over i of one and j of the other, and the same of
        the disattenuated cosines. Unrelated sets have about 1; values that nest in the other set's
        (objects in categories) have less.

    Example:
        >>> between_sets(np.eye(3), np.eye(3), np.array([0, 0, 1]))
        {(0, 1): (1.0, 1.0)}
    """
    between = cosines(first, second)
    corrected = disattenuated(between)
    found = {}
    every = [int(each) for each in np.unique(sets)]
    for place, one in enumerate(every):
        for other in every[place + 1 :]:
            block = np.ix_(sets == one, sets == other)
            found[one, other] = (
                float(1 - between[block].mean()), float(1 - corrected[block].mean())
            )  # fmt: skip
    return found


def _unit(normals: Float[np.ndarray, "values dim"]) -> Float64[np.ndarray, "values dim"]:
    rows = np.asarray(normals, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, np.nan))
