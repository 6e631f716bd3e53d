"""Rotations of decoders: does turning those of one time give those of the next?

K decoders of a time are K normals, the rows of W [K, H]; their shape is what is left when their
mean and their size are taken out: W' = (W - mean) / |W - mean|, |.| the Frobenius norm (Lei, Ito &
Bashivan 2024, Eqs. 5 and 6). A source's shape is turned into a target's by orthogonal Procrustes
(Gower & Dijksterhuis 2004): with U S V' = svd(W'_source' W'_target) and r = K - 1,

    R = U_r V_r',   s = trace(S),
    reconstructed = s |W_target - mean| (W'_source R) + mean(W_target)

(Eqs. 7 and 8). R is a partial isometry: it turns the source's span into the target's and is zero
outside, where SciPy's `orthogonal_procrustes` completes it in some way of many. Nothing here is
ever H x H: all of it lies in the spans of a few normals, found by QR.

A good reconstruction says little: K - 1 directions of a large space can be turned into any others,
and if both shapes are near a simplex, also when the source's values are exchanged. `permuted` says
how little; whether one rotation serves for all times, `joint` says.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

RANDOM_DRAWS = 10
"""Random rotations whose scores are averaged."""

PERMUTATIONS = 23
"""Exchanges of values whose scores are averaged: of four values all but the identity."""

TESTED = 1_000
"""Exchanges that the permutation test draws where there are more."""

_RANK = 1e-9
"""Singular values below this share of the largest hold rounding alone."""

_TIE = 1e-12
"""Scales that differ by less are equal: an exchange of values that are alike."""


@dataclass(frozen=True, eq=False)
class Shape:
    """Normals without their mean and their size.

    Attributes:
        rows: W', of Frobenius norm 1.
        mean: of the normals.
        size: Frobenius norm of W - mean.
    """

    rows: Float64[np.ndarray, "values dim"]
    mean: Float64[np.ndarray, " dim"]
    size: float

    @property
    def axes(self) -> Float64[np.ndarray, "dim span"]:
        """Orthonormal axes of the span of the rows: K - 1 of them, fewer where some are alike."""
        _, spread, axes = np.linalg.svd(self.rows, full_matrices=False)
        return np.asarray(axes[spread > _RANK * spread[0]].T)


@dataclass(frozen=True, eq=False)
class Rotation:
    """A partial isometry R = before after': of one span into another, zero outside.

    Attributes:
        before: orthonormal columns that span what is turned.
        after: where each of them goes.
        scale: trace(S) of the fit; of one pair the s of the module, 1 - s^2 its disparity.
    """

    before: Float64[np.ndarray, "dim rank"]
    after: Float64[np.ndarray, "dim rank"]
    scale: float = 1.0

    def of(self, rows: Float64[np.ndarray, "values dim"]) -> Float64[np.ndarray, "values dim"]:
        """Return rows R."""
        return np.asarray((rows @ self.before) @ self.after.T)


def shape_of(normals: Float[np.ndarray, "values dim"]) -> Shape:
    """Return the shape of some normals.

    Example:
        >>> shape_of(np.eye(3)).rows.round(3)[0].tolist()
        [0.471, -0.236, -0.236]

    Raises:
        ValueError: normals that are all alike, or not finite: they have none.
    """
    rows = np.asarray(normals, dtype=np.float64)
    mean = rows.mean(axis=0)
    size = float(np.linalg.norm(rows - mean))
    if not (np.isfinite(size) and size > 0):
        raise ValueError("normals that are all alike, or not finite, have no shape")
    return Shape((rows - mean) / size, mean, size)


def fit_rotation(sources: Sequence[Shape], targets: Sequence[Shape]) -> Rotation:
    """Return the rotation that best turns every source into its target, one for all of them.

    The singular value decomposition of sum W'_source' W'_target, in the spans of all sources and
    all targets; of as high a rank as that sum has, so of one pair K - 1 at most.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> source = shape_of(rng.normal(size=(4, 9)))
        >>> turned = shape_of(source.rows @ np.linalg.qr(rng.normal(size=(9, 9)))[0])
        >>> found = fit_rotation([source], [turned])
        >>> bool(np.allclose(found.of(source.rows), turned.rows)), round(found.scale, 6)
        (True, 1.0)

    Raises:
        ValueError: no pair, or not a target a source.
    """
    if not sources or len(sources) != len(targets):
        raise ValueError(f"{len(sources)} sources and {len(targets)} targets are no pairs")
    from_axes, from_rows = _spanned(sources)
    to_axes, to_rows = _spanned(targets)
    u, spread, vt = np.linalg.svd(from_rows.T @ to_rows, full_matrices=False)
    kept = spread > _RANK * max(float(spread[0]), 1e-300)
    return Rotation(from_axes @ u[:, kept], to_axes @ vt[kept].T, float(spread.sum()))


def random_turns(
    source: Shape, generator: np.random.Generator, count: int = RANDOM_DRAWS
) -> Float64[np.ndarray, "count values dim"]:
    """Return a shape turned into random spans, uniform over all rotations (Haar)."""
    before = source.axes
    drawn, upper = np.linalg.qr(generator.normal(size=(count, *before.shape)))
    signs = np.sign(np.diagonal(upper, axis1=1, axis2=2))
    after = np.swapaxes(drawn * signs[:, None], 1, 2)
    return np.asarray((source.rows @ before) @ after)


def exchanged_turns(
    source: Shape, target: Shape, orders: Int[np.ndarray, "orders values"]
) -> tuple[Float64[np.ndarray, "orders values dim"], Float64[np.ndarray, " orders"]]:
    """Return a shape with values exchanged, turned by the rotation that fits it best, and each s.

    Args:
        source: whose values are exchanged.
        target: what they are fitted to.
        orders: which value's row stands in the place of each.
    """
    from_rows, axes = source.rows @ source.axes, target.axes
    u, spread, vt = _products(from_rows, target.rows @ axes, orders)
    kept = (spread > _RANK * spread[:, :1])[:, None]
    return np.asarray(from_rows[orders] @ (u * kept) @ vt @ axes.T), spread.sum(axis=1)


def _products(
    from_rows: np.ndarray, to_rows: np.ndarray, orders: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the singular value decomposition of W_source' W_target for every order."""
    found = np.linalg.svd(np.swapaxes(from_rows[orders], 1, 2) @ to_rows, full_matrices=False)
    return found.U, found.S, found.Vh


def reconstructed(
    rows: Float64[np.ndarray, "... values dim"], target: Shape
) -> Float64[np.ndarray, "... values dim"]:
    """Return normals with the shape of some rows, and scale, size and mean fitted to a target.

    s = <rows, W'_target> / |rows|^2, the best of all; of rows that were turned by the rotation
    fitted to this pair it is trace(S). Rows of zeros leave the target's mean alone.

    Example:
        >>> target = shape_of(np.array([[1.0, 5.0], [3.0, 5.0]]))
        >>> reconstructed(7 * target.rows, target).round(6).tolist()
        [[1.0, 5.0], [3.0, 5.0]]
    """
    square = np.square(rows).sum(axis=(-2, -1), keepdims=True)
    product = (rows * target.rows).sum(axis=(-2, -1), keepdims=True)
    scale = np.divide(product, square, out=np.zeros_like(square), where=square > 0)
    return np.asarray(scale * target.size * rows + target.mean)


def span_overlap(first: Shape, second: Shape) -> float:
    """Return |P1 P2|^2 / r: mean squared cosine of the principal angles of two spans.

    r is the smaller of their dimensions, K - 1; unrelated spans of a space of H dimensions have
    (K - 1) / H on average.

    Example:
        >>> flat = shape_of(np.eye(3, 6))
        >>> other = shape_of(np.eye(3, 6, 3))
        >>> round(span_overlap(flat, flat), 6), round(span_overlap(flat, other), 6)
        (1.0, 0.0)
    """
    one, other = first.axes, second.axes
    shared = float(np.square(one.T @ other).sum())
    return shared / int(min(one.shape[1], other.shape[1]))


def shape_permutation_p(
    source: Shape, target: Shape, generator: np.random.Generator, draws: int = TESTED
) -> float:
    """Return how rarely a fit to a source with exchanged values is as good as the true one.

    p = (1 + number of exchanges with s at least that of the true labels) / (1 + exchanges): all
    K! - 1 of them, or as many random ones as are `draws` where there are more. Of four values the
    least p is 1 / 24.

    Example:
        >>> source = shape_of(np.random.default_rng(0).normal(size=(4, 20)))
        >>> round(shape_permutation_p(source, source, np.random.default_rng(1)), 4)
        0.0417
    """
    values = len(source.rows)
    own = np.arange(values)[None]
    orders = np.concatenate([own, _other_orders(values, draws, generator)])
    from_rows, to_rows = source.rows @ source.axes, target.rows @ target.axes
    scales: Float64[np.ndarray, " orders"] = _products(from_rows, to_rows, orders)[1].sum(axis=1)
    return float((1 + np.sum(scales[1:] >= scales[0] - _TIE)) / len(orders))


@dataclass(frozen=True, eq=False)
class DecodersAt:
    """Decoders at one time, and the items that they are tested on there.

    Attributes:
        normals: in the coordinates of the items.
        biases: of each value.
        items: already centred as the decoders' were.
        labels: the value of each item.
    """

    normals: Float[np.ndarray, "values dim"]
    biases: Float[np.ndarray, " values"]
    items: Float[np.ndarray, "items dim"]
    labels: Int[np.ndarray, " items"]

    def score(self, normals: Float64[np.ndarray, "... values dim"]) -> np.ndarray:
        """Return the balanced accuracy of other normals with these biases, mean over values."""
        many = normals.reshape(-1, *self.normals.shape)
        x = np.asarray(self.items, dtype=np.float64)
        flat = x @ many.reshape(-1, x.shape[1]).T
        says = flat.reshape(len(x), *many.shape[:2]) + self.biases > 0
        has = (self.labels[:, None] == np.arange(many.shape[1]))[:, None, :]
        with np.errstate(invalid="ignore"):
            hit = (says & has).sum(axis=0) / has.sum(axis=0)
            rejected = (~says & ~has).sum(axis=0) / (~has).sum(axis=0)
        return np.asarray(((hit + rejected) / 2).mean(axis=1).reshape(normals.shape[:-2]))


@dataclass(frozen=True)
class RotationScore:
    """One score of one step of one stimulus.

    Attributes:
        stimulus: when it was shown, from 0.
        time: when it is read: the step goes from `time` - 1 to `time`.
        measure: `fitted`, `reconstructed`, `swap_stimulus`, `swap_time`, `permuted`, `joint`,
            `identity` and `random` are balanced accuracies, chance 0.5; `overlap` and
            `permutation_p` compare the decoders of both times.
        score: the value.
    """

    stimulus: int
    time: int
    measure: str
    score: float


Cell = tuple[int, int]
"""When a stimulus was shown, and when it is read."""


def eligible(times: int, oldest: int) -> list[Cell]:
    """Return the sources (i, j) of steps to (i, j + 1) that end at an age of `oldest` at most.

    Example:
        >>> eligible(3, 1)
        [(0, 0), (1, 1)]
    """
    return [
        (i, j) for i in range(times) for j in range(i, times - 1) if j + 1 - i <= oldest
    ]  # fmt: skip


def rotation_scores(
    reads: dict[Cell, DecodersAt], times: int, oldest: int, generator: np.random.Generator
) -> list[RotationScore]:
    """Return how well turned decoders read stimuli at the next time, beside every control.

    Of the step from W(i,j) to W(i,j+1), with R(i,j) fitted to just this pair, the scores at
    (i, j+1) of

        fitted         W(i,j+1) itself
        reconstructed  W(i,j) R(i,j)
        swap_stimulus  W(i,j) R(i+1,j+1): the rotation of the next stimulus at the same age
        swap_time      W(i,j) R(i,j+1): the same stimulus' rotation a step later
        identity       W(i,j), not turned
        random         W(i,j) turned into a random span; mean of `RANDOM_DRAWS`
        permuted       W(i,j) with values exchanged, and the rotation that fits it best; mean of at
                       most `PERMUTATIONS`
        joint          W(i,j) R, one R fitted to all steps of the other stimuli, all ages together

    scale and size are fitted to the target, whose mean and biases are taken; `overlap` of the two
    spans, and `permutation_p`. A step has only those scores whose cells there are.

    Args:
        reads: decoders of one label by (stimulus, time), with test items of that time.
        times: how many there are.
        oldest: age up to which the stimulus must be kept: older targets are left out.
        generator: draws random rotations and exchanges.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels, means = rng.integers(0, 4, 200), rng.normal(size=(3, 4, 9))
        >>> reads = {
        ...     (0, j): DecodersAt(each, np.zeros(4), 9 * each[labels], labels)
        ...     for j, each in enumerate(means)
        ... }
        >>> [s.measure for s in rotation_scores(reads, 3, 1, rng)][:3]
        ['fitted', 'identity', 'reconstructed']
    """
    shapes = {cell: shape_of(read.normals) for cell, read in reads.items()}
    steps = [
        (i, j) for i, j in eligible(times, oldest) if (i, j) in shapes and (i, j + 1) in shapes
    ]
    fits = {(i, j): fit_rotation([shapes[i, j]], [shapes[i, j + 1]]) for i, j in steps}
    joint = {}
    for stimulus in sorted({i for i, _ in steps}):
        others = [(i, j) for i, j in steps if i != stimulus]
        if others:
            joint[stimulus] = fit_rotation(
                [shapes[cell] for cell in others], [shapes[i, j + 1] for i, j in others]
            )
    found = []
    for i, j in steps:
        source, target, read = shapes[i, j], shapes[i, j + 1], reads[i, j + 1]
        turned = {
            "reconstructed": fits.get((i, j)), "swap_stimulus": fits.get((i + 1, j + 1)),
            "swap_time": fits.get((i, j + 1)), "joint": joint.get(i),
        }  # fmt: skip
        rows = {"identity": source.rows} | {
            name: rotation.of(source.rows) for name, rotation in turned.items() if rotation
        }
        orders = _other_orders(len(source.rows), PERMUTATIONS, generator)
        scores = {"fitted": float(read.score(np.asarray(read.normals, dtype=np.float64)))}
        scores |= {n: float(read.score(reconstructed(each, target))) for n, each in rows.items()}
        scores |= {
            "random": _mean_score(read, target, random_turns(source, generator)),
            "permuted": _mean_score(read, target, exchanged_turns(source, target, orders)[0]),
            "overlap": span_overlap(source, target),
            "permutation_p": shape_permutation_p(source, target, generator),
        }
        found += [RotationScore(i, j + 1, name, score) for name, score in scores.items()]
    return found


def _mean_score(
    read: DecodersAt, target: Shape, rows: Float64[np.ndarray, "n values dim"]
) -> float:
    return float(read.score(reconstructed(rows, target)).mean())


def _other_orders(
    values: int, most: int, generator: np.random.Generator
) -> Int[np.ndarray, "orders values"]:
    """Return all orders of some values but their own, or as many random ones as are allowed."""
    if math.factorial(values) - 1 <= most:
        return np.array(list(itertools.permutations(range(values)))[1:]).reshape(-1, values)
    own, orders = np.arange(values), np.empty((0, values), dtype=np.int64)
    while len(orders) < most:
        drawn = generator.permuted(np.tile(own, (most - len(orders), 1)), axis=1)
        orders = np.concatenate([orders, drawn[(drawn != own).any(axis=1)]])
    return orders


def _spanned(shapes: Sequence[Shape]) -> tuple[np.ndarray, np.ndarray]:
    """Return axes of the span of all rows, and the rows in their coordinates."""
    axes, rows = np.linalg.qr(np.concatenate([shape.rows for shape in shapes]).T)
    return axes, rows.T
