"""Perturbed states: moved along a direction, or with one subspace exchanged for another item's.

Whether a network uses what a decoder reads is asked by changing just that and running it on (Lei,
Ito & Bashivan 2024, appendix, "Causal test"). Between two values a and b a linear classifier gives
the unit normal w towards a and the gap, the difference of the two class means along w: a state of
a that is moved by -gap w lies, along w, where those of b do. What such a step does beside, the same
step along a random direction says, or along one to which all known normals are orthogonal.

A long step leaves the set of states that a network ever has. `interchanged` does not: it puts the
part of one item's state that lies in the span of some normals in place of another's (interchange
intervention; Geiger et al. 2021, NeurIPS 34:9574).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.decoders import fit_decoders

_RANK = 1e-9


@dataclass(frozen=True, eq=False)
class Contrast:
    """What tells two values apart.

    Attributes:
        direction: unit normal of the hyperplane, towards the first value.
        gap: difference of the means of both values along it; above 0 where it tells them apart.
    """

    direction: Float64[np.ndarray, " dim"]
    gap: float


def contrast(
    items: Float[np.ndarray, "items dim"], labels: Int[np.ndarray, " items"], first: int,
    second: int, penalty: float,
) -> Contrast:  # fmt: skip
    """Fit a two-way classifier (`fit_decoders`) to the items of two values.

    Args:
        items: centred and scaled as for decoders; the gap is in their unit.
        labels: the value of each; items of further values are left out.
        first, second: the two values.
        penalty: C.

    Example:
        >>> items = np.array([[2.0, 0.0], [2.0, 1.0], [-1.0, 0.0], [-1.0, 1.0]])
        >>> found = contrast(items, np.array([0, 0, 1, 1]), 0, 1, 10.0)
        >>> found.direction.round(6).tolist(), round(found.gap, 6)
        ([1.0, 0.0], 3.0)

    Raises:
        ValueError: one of the values has no item.
    """
    shown = (labels == first) | (labels == second)
    x, is_second = np.asarray(items[shown], dtype=np.float64), labels[shown] == second
    normal = fit_decoders(x, is_second.astype(np.int64), penalty, 2).normals[0]
    direction = normal / np.linalg.norm(normal)
    along = x @ direction
    return Contrast(direction, float(along[~is_second].mean() - along[is_second].mean()))


def shifted(
    items: Float[np.ndarray, "items dim"], steps: Float[np.ndarray, "items dim"],
    amounts: Float[np.ndarray, " amounts"],
) -> Float64[np.ndarray, "amounts items dim"]:  # fmt: skip
    """Return items moved by a multiple of a step, each item's own: items - amount * step.

    Example:
        >>> shifted(np.ones((1, 2)), np.array([[1.0, 0.0]]), np.array([0.0, 2.0])).tolist()
        [[[1.0, 1.0]], [[-1.0, 1.0]]]
    """
    return np.asarray(items - np.asarray(amounts, dtype=np.float64)[:, None, None] * steps)


def span_of(normals: Float[np.ndarray, "values dim"]) -> Float64[np.ndarray, "dim span"]:
    """Return orthonormal axes of the span of some normals.

    Example:
        >>> span_of(np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]])).shape
        (3, 1)
    """
    _, spread, axes = np.linalg.svd(np.asarray(normals, dtype=np.float64), full_matrices=False)
    return np.asarray(axes[spread > _RANK * max(float(spread[0]), 1e-300)].T)


def interchanged(
    items: Float[np.ndarray, "items dim"], donors: Float[np.ndarray, "items dim"],
    axes: Float[np.ndarray, "dim span"],
) -> Float64[np.ndarray, "items dim"]:  # fmt: skip
    """Return items whose part in a span is that of their donors.

    Args:
        items: what is changed.
        donors: one for each of them.
        axes: orthonormal, of the span that is exchanged (`span_of`).

    Example:
        >>> interchanged(np.array([[1.0, 2.0]]), np.array([[5.0, 7.0]]), np.eye(2)[:, :1]).tolist()
        [[5.0, 2.0]]
    """
    x = np.asarray(items, dtype=np.float64)
    return np.asarray(x + ((donors - x) @ axes) @ axes.T)


def random_directions(
    count: int, dim: int, generator: np.random.Generator,
    outside: Float[np.ndarray, "dim span"] | None = None,
) -> Float64[np.ndarray, "count dim"]:  # fmt: skip
    """Draw unit vectors, uniform over the sphere, or over that part orthogonal to some axes.

    Args:
        count: how many.
        dim: of the space.
        generator: what they are drawn from.
        outside: orthonormal axes to which they are orthogonal.

    Example:
        >>> drawn = random_directions(3, 4, np.random.default_rng(0), np.eye(4)[:, :2])
        >>> np.abs(drawn[:, :2]).max() < 1e-12, np.linalg.norm(drawn, axis=1).round(6).tolist()
        (np.True_, [1.0, 1.0, 1.0])

    Raises:
        ValueError: the axes leave no direction.
    """
    drawn = generator.normal(size=(count, dim))
    if outside is not None:
        if outside.shape[1] >= dim:
            raise ValueError(f"{outside.shape[1]} axes leave no direction of {dim}")
        drawn = drawn - (drawn @ outside) @ outside.T
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def share_beyond(
    items: Float[np.ndarray, "... dim"], reference: Float[np.ndarray, "items dim"],
    percentile: float = 99.0,
) -> Float64[np.ndarray, ...]:  # fmt: skip
    """Return the share of states longer than a percentile of the lengths of unperturbed ones.

    The share is over the last axis but one (items); any axes may stand before it.

    Example:
        >>> states = np.random.default_rng(0).normal(size=(100, 3))
        >>> share_beyond(np.stack([states, 99 * states]), states).round(2).tolist()
        [0.01, 1.0]
    """
    longest = np.percentile(np.linalg.norm(reference, axis=1), percentile)
    return np.asarray((np.linalg.norm(items, axis=-1) > longest).mean(axis=-1))
