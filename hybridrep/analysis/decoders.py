"""Balanced linear decoders: which of some values each item has, read by hyperplanes.

One decoder a value v, one against the rest: y_i = 1 where item i has v, else -1, and

    minimise over w, b:  |w|^2 / 2 + C sum_i c_i max(0, 1 - y_i (w x_i + b))^2,
    c_i = n / (2 n_(y_i)),

a linear support vector classifier with squared hinge, both sides weighing alike however rare v
is, and b free of any penalty (Fan et al. 2008, JMLR 9:1871, with balanced class weights).

It is solved in the primal by Newton's method: the sum is quadratic as long as the same items lie
within their margin, so that a handful of linear systems lead to the minimum itself (Keerthi &
DeCoste 2005, JMLR 6:341). With more dimensions than items the items are first projected on their
principal components, which is exact: w lies in the span of the centred items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

MOST_STEPS = 100
"""Newton steps; some ten are usual."""

_RANK = 1e-10
"""Principal components whose share of the largest one's spread is below hold rounding alone."""


@dataclass(frozen=True, eq=False)
class Decoders:
    """Fitted decoders of all values of a label.

    Attributes:
        normals: w of each value, in the coordinates of the items.
        biases: b of each value.
    """

    normals: Float64[np.ndarray, "values dim"]
    biases: Float64[np.ndarray, " values"]

    def decisions(
        self, items: Float[np.ndarray, "items dim"]
    ) -> Float64[np.ndarray, "items values"]:
        """Return w x + b of every item and value: above 0 where the decoder says yes."""
        x: np.ndarray = np.asarray(items, dtype=np.float64)
        return np.asarray(x @ self.normals.T + self.biases)


@dataclass(frozen=True, eq=False)
class DecoderScores:
    """How well decoders read a label.

    Attributes:
        balanced: (true positive rate + true negative rate) / 2 of each value; chance 0.5.
        raw: share of right answers of each value's decoder; 1 - 1 / values for one that always
            says no.
        multiclass: share of items whose largest decision is that of their value.
    """

    balanced: Float64[np.ndarray, " values"]
    raw: Float64[np.ndarray, " values"]
    multiclass: float


def common_scale(items: Float[np.ndarray, "items dim"], mean_square: float = 100.0) -> float:
    """Return the number by which centred items are divided so that the mean of |x|^2 is given.

    One number for all dimensions: angles between normals stay as they are.
    """
    square = float(np.square(np.asarray(items, dtype=np.float64)).sum(axis=1).mean())
    return float(np.sqrt(square / mean_square)) if square > 0 else 1.0


def fit_decoders(
    items: Float[np.ndarray, "items dim"], labels: Int[np.ndarray, " items"], penalty: float,
    values: int | None = None,
) -> Decoders:  # fmt: skip
    """Fit one decoder a value.

    Args:
        items: any array of representations; computed in float64.
        labels: the value of each item, from 0.
        penalty: C, above 0: the larger, the more an error counts against a wide margin.
        values: how many there are; the largest label and one, if not given.

    Example:
        >>> items = np.array([[-2.0, 0.0], [-1.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
        >>> decoders = fit_decoders(items, np.array([0, 0, 1, 1]), penalty=10.0)
        >>> (decoders.decisions(items) > 0).astype(int).tolist()
        [[1, 0], [1, 0], [0, 1], [0, 1]]

    Raises:
        ValueError: labels that do not fit the items, a value that no item or every item has, items
            that are not finite, or a penalty that is not above 0.
    """
    x, labels = np.asarray(items, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or labels.shape != x.shape[:1]:
        raise ValueError(f"one label an item is needed: {x.shape} items, {labels.shape} labels")
    if not np.isfinite(x).all():
        raise ValueError("the items are not all finite")
    if not 0 < penalty < np.inf:
        raise ValueError(f"the penalty must be above 0, not {penalty}")
    values = int(labels.max()) + 1 if values is None else values
    counts = np.bincount(labels, minlength=values)
    if len(counts) != values or counts.min() == 0 or counts.max() == len(labels):
        raise ValueError(f"each of {values} values needs items with it and without: {counts}")
    mean = x.mean(axis=0)
    reduced, axes = _spanned(x - mean)
    fits = [_fit(reduced, np.where(labels == v, 1.0, -1.0), penalty) for v in range(values)]
    normals = np.stack([fit[:-1] for fit in fits]) @ axes
    return Decoders(normals, np.array([fit[-1] for fit in fits]) - normals @ mean)


def decoder_scores(
    decoders: Decoders, items: Float[np.ndarray, "items dim"], labels: Int[np.ndarray, " items"]
) -> DecoderScores:
    """Return how well decoders read the labels of some items, best those they were not fitted to.

    A value that none, or each, of the items has is NaN in `balanced`.
    """
    decisions = decoders.decisions(items)
    has = labels[:, None] == np.arange(decisions.shape[1])
    says = decisions > 0
    with np.errstate(invalid="ignore"):
        hit = (says & has).sum(axis=0) / has.sum(axis=0)
        rejected = (~says & ~has).sum(axis=0) / (~has).sum(axis=0)
    return DecoderScores(
        balanced=(hit + rejected) / 2,
        raw=(says == has).mean(axis=0),
        multiclass=float((decisions.argmax(axis=1) == labels).mean()),
    )


def within_groups(
    decisions: Float64[np.ndarray, "items values"], labels: Int[np.ndarray, " items"],
    groups: Int[np.ndarray, " values"],
) -> float:  # fmt: skip
    """Return the share of items whose decision is the largest of their own group's values.

    Where values nest in groups, as objects do in categories: what is known of the value beyond its
    group. Chance is 1 / values of a group.

    Args:
        groups: the group of each value.
    """
    own = groups[labels][:, None] == groups
    chosen = np.where(own, decisions, -np.inf).argmax(axis=1)
    return float((chosen == labels).mean())


def in_own_span(
    items: Float[np.ndarray, "items dim"],
) -> Float64[np.ndarray, "items span"]:
    """Return centred items in coordinates of their own span: at most as many as there are items.

    All distances and angles between items stay, and with them what a decoder that is fitted to
    some of them says of the others.

    Example:
        >>> in_own_span(np.eye(3, 1000)).shape
        (3, 2)
    """
    x = np.asarray(items, dtype=np.float64)
    return _components(x - x.mean(axis=0))[0]


def _components(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return items on their principal components of nonzero spread, and what leads to the axes."""
    spread, vectors = np.linalg.eigh(centred @ centred.T)
    kept = spread > _RANK * max(float(spread[-1]), 1e-300)
    root = np.sqrt(spread[kept])
    return vectors[:, kept] * root, (vectors[:, kept] / root).T


def _spanned(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return centred items in coordinates of their span, and its orthonormal axes."""
    items, dim = centred.shape
    if dim < items:
        return centred, np.eye(dim)
    reduced, onto = _components(centred)
    return reduced, onto @ centred


def _fit(x: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """Return w and, last, b of one decoder, by Newton steps over the items within their margin."""
    positive = y > 0
    c = np.where(positive, y.size / (2 * positive.sum()), y.size / (2 * (~positive).sum()))
    z = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    penalised = np.append(np.ones(x.shape[1]), 0.0)
    at = np.zeros(z.shape[1])
    decision = z @ at
    for _ in range(MOST_STEPS):
        inside = y * decision < 1
        weighted = z[inside] * c[inside, None]
        slope = penalised * at + 2 * penalty * weighted.T @ (decision[inside] - y[inside])
        curve = 2 * penalty * (weighted.T @ z[inside])
        curve[np.diag_indices_from(curve)] += np.maximum(penalised, 1e-12)
        step = np.linalg.solve(curve, -slope)
        length = _length(at, step, decision, z @ step, y, c, penalty)
        at = at + length * step
        decision = z @ at
        if length == 1.0 and np.array_equal(inside, y * decision < 1):
            return at
        if np.abs(length * step).max() <= 1e-13 * max(np.abs(at).max(), 1e-300):
            return at
    return at


def _length(
    at: np.ndarray, step: np.ndarray, decision: np.ndarray, change: np.ndarray, y: np.ndarray,
    c: np.ndarray, penalty: float,
) -> float:  # fmt: skip
    """Return how far to go along a step: halved until the loss falls as it should (Armijo)."""

    def loss(length: float) -> float:
        w = at[:-1] + length * step[:-1]
        short = np.maximum(0, 1 - y * (decision + length * change))
        return float(w @ w / 2 + penalty * (c * short * short).sum())

    start = loss(0.0)
    short = np.maximum(0, 1 - y * decision)
    slope = float(at[:-1] @ step[:-1] - 2 * penalty * (c * short * y * change).sum())
    length = 1.0
    while loss(length) > start + 1e-4 * length * slope and length > 1e-10:
        length /= 2
    return length
