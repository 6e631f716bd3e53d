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

The matrix of such a system is sum_i c_i z_i z_i' over the items within their margin, z_i being x_i
and a 1. At first that is all of them, and the sum over all is shared by every decoder of the same
items; from step to step it is changed by the items that came in or went out, which soon are few.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

MOST_STEPS = 100
"""Newton steps; some ten are usual."""

_TOGETHER = 2**22
"""Numbers in the matrices of the decoders that make their steps together: 32 MB."""

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

    @property
    def mean(self) -> float:
        """Mean balanced accuracy of the values that can be scored; NaN where none can."""
        scored = self.balanced[np.isfinite(self.balanced)]
        return float(scored.mean()) if scored.size else math.nan


@dataclass(frozen=True, eq=False)
class LabelSetScores:
    """How well decoders read each of several labels; as `DecoderScores`."""

    balanced: Float64[np.ndarray, "sets values"]
    raw: Float64[np.ndarray, "sets values"]
    multiclass: Float64[np.ndarray, " sets"]


def common_scale(items: Float[np.ndarray, "items dim"], mean_square: float = 100.0) -> float:
    """Return the number by which centred items are divided so that the mean of |x|^2 is given.

    One number for all dimensions: angles between normals stay as they are.

    Example:
        >>> common_scale(np.array([[30.0, 40.0], [-30.0, -40.0]]))
        5.0
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
    labels = np.asarray(labels)
    if np.ndim(items) != 2 or labels.shape != np.shape(items)[:1]:
        raise ValueError(
            f"one label an item is needed: {np.shape(items)} items, {labels.shape} labels"
        )
    values = int(labels.max()) + 1 if values is None else values
    counts = np.bincount(labels, minlength=values)
    if len(counts) != values or counts.min() == 0 or counts.max() == len(labels):
        raise ValueError(f"each of {values} values needs items with it and without: {counts}")
    return fit_label_sets(items, labels[:, None], penalty, values)[0]


def fit_label_sets(
    items: Float[np.ndarray, "items dim"], labels: Int[np.ndarray, "items sets"], penalty: float,
    values: int,
) -> list[Decoders]:  # fmt: skip
    """Fit one decoder a value to each of several labels of the same items.

    What the labels share is computed once; the decoders are those of `fit_decoders`. A value that
    no item has, or each, leaves nothing to tell apart: its normal and bias are NaN.

    Args:
        items: any array of representations; computed in float64.
        labels: a column a label: the value of each item, from 0.
        penalty: C, above 0.
        values: how many there are.

    Example:
        >>> items = np.array([[-2.0, 0.0], [-1.0, 1.0], [1.0, 1.0], [2.0, 0.0]])
        >>> first, second = fit_label_sets(items, np.array([[0, 0], [0, 1], [1, 1], [1, 0]]), 1., 3)
        >>> first.normals.round(2)[:, 0].tolist(), second.biases.shape
        ([-0.8, 0.8, nan], (3,))

    Raises:
        ValueError: labels that do not fit the items, a label outside 0 to values - 1, items that
            are not finite, or a penalty that is not above 0.
    """
    x, labels = np.asarray(items, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or labels.ndim != 2 or len(labels) != len(x):
        raise ValueError(f"one label an item is needed: {x.shape} items, {labels.shape} labels")
    if not np.isfinite(x).all():
        raise ValueError("the items are not all finite")
    if not 0 < penalty < np.inf:
        raise ValueError(f"the penalty must be above 0, not {penalty}")
    if labels.size and not (labels.min() >= 0 and labels.max() < values):
        raise ValueError(f"labels are from 0 to {values - 1}, not {labels.min()} to {labels.max()}")
    mean = x.mean(axis=0) if len(x) else np.zeros(x.shape[1])
    reduced, axes = _spanned(x - mean)
    z = np.concatenate([reduced, np.ones((len(x), 1))], axis=1)
    total = z.T @ z
    has = (labels.T[:, None] == np.arange(values)[:, None]).reshape(-1, len(x))
    counts = has.sum(axis=1)
    both = np.flatnonzero((counts > 0) & (counts < len(x)))
    at = np.full((len(has), z.shape[1]), np.nan)
    together = max(1, _TOGETHER // z.shape[1] ** 2)
    for start in range(0, len(both), together):
        some = both[start : start + together]
        at[some] = _fit(z, total, has[some], penalty)
    normals = at[:, :-1] if axes is None else at[:, :-1] @ axes
    biases = at[:, -1] - normals @ mean
    return [
        Decoders(normals[start : start + values], biases[start : start + values])
        for start in range(0, len(has), values)
    ]


def decoder_scores(
    decoders: Decoders, items: Float[np.ndarray, "items dim"], labels: Int[np.ndarray, " items"]
) -> DecoderScores:
    """Return how well decoders read the labels of some items, best those they were not fitted to.

    As `score_decisions` of what they say.

    Example:
        >>> items = np.array([[-2.0], [-1.0], [1.0], [2.0]])
        >>> decoders = fit_decoders(items, np.array([0, 0, 1, 1]), penalty=10.0)
        >>> decoder_scores(decoders, items, np.array([0, 0, 1, 0])).balanced.round(3).tolist()
        [0.833, 0.833]
    """
    return score_decisions(decoders.decisions(items), labels)


def score_decisions(
    decisions: Float[np.ndarray, "items values"], labels: Int[np.ndarray, " items"]
) -> DecoderScores:
    """Return how well decisions, above 0 for yes, tell which value each item has.

    A value that none, or each, of the items has is NaN in `balanced`; one whose decoder says
    nothing (NaN) is so in `balanced` and `raw`, and never the largest.

    Example:
        >>> decisions = np.array([[1.0, -1.0], [0.5, 0.2], [-1.0, 2.0]])
        >>> scores = score_decisions(decisions, np.array([0, 1, 1]))
        >>> scores.balanced.tolist(), round(scores.multiclass, 3)
        ([0.75, 1.0], 0.667)
    """
    scores = score_label_sets(decisions[:, None], labels[:, None])
    return DecoderScores(scores.balanced[0], scores.raw[0], float(scores.multiclass[0]))


def score_label_sets(
    decisions: Float[np.ndarray, "items sets values"], labels: Int[np.ndarray, "items sets"]
) -> LabelSetScores:
    """Return what `score_decisions` does of decisions on several labels of the same items at once.

    Example:
        >>> decisions = np.array([[[1.0, -1.0], [2.0, 1.0]], [[-1.0, 2.0], [-1.0, 2.0]]])
        >>> score_label_sets(decisions, np.array([[0, 0], [1, 1]])).balanced.tolist()
        [[1.0, 1.0], [1.0, 0.5]]
    """
    items, _, values = decisions.shape
    has = labels[..., None] == np.arange(values)
    says = decisions > 0
    mute = np.isnan(decisions).any(axis=0)
    hits, yes, there = (says & has).sum(axis=0), says.sum(axis=0), has.sum(axis=0)
    rejected = items - there - (yes - hits)
    with np.errstate(invalid="ignore", divide="ignore"):
        balanced = (hits / there + rejected / (items - there)) / 2
        raw = (hits + rejected) / items
        right = np.where(mute, -np.inf, decisions).argmax(axis=2) == labels
        multiclass = np.where(mute.all(axis=1), np.nan, right.sum(axis=0) / items)
    return LabelSetScores(np.where(mute, np.nan, balanced), np.where(mute, np.nan, raw), multiclass)


def within_groups(
    decisions: Float64[np.ndarray, "items values"], labels: Int[np.ndarray, " items"],
    groups: Int[np.ndarray, " values"],
) -> float:  # fmt: skip
    """Return the share of items whose decision is the largest of their own group's values.

    Where values nest in groups, as objects do in categories: what is known of the value beyond its
    group. Chance is 1 / values of a group. Decoders without decisions (NaN) are never the largest;
    items whose group has no others are left out, and NaN is what is left where all are.

    Args:
        groups: the group of each value.

    Example:
        >>> decisions = np.array([[0.9, 1.0, -2.0, 3.0], [-1.0, -2.0, 0.5, 0.1]])
        >>> within_groups(decisions, np.array([1, 3]), groups=np.array([0, 0, 1, 1]))
        0.5
    """
    own = (groups[labels][..., None] == groups) & ~np.isnan(decisions)
    told = own.any(axis=-1)
    if not told.any():
        return math.nan
    chosen = np.where(own, decisions, -np.inf).argmax(axis=-1)
    return float((chosen == labels)[told].mean())


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


def _spanned(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return centred items in coordinates of their span, and its axes; None: they are as before."""
    items, dim = centred.shape
    if dim < items or not items:
        return centred, None
    reduced, onto = _components(centred)
    return reduced, onto @ centred


def _fit(
    z: Float64[np.ndarray, "items units"], total: Float64[np.ndarray, "units units"],
    has: Bool[np.ndarray, "decoders items"], penalty: float,
) -> Float64[np.ndarray, "decoders units"]:  # fmt: skip
    """Return w and, last, b of some decoders, by Newton steps over the items within their margins.

    All make their steps together, each until the items within its margin stay the same.

    Args:
        z: the items, and a 1.
        total: z'z.
        has: whether each item has the value of each decoder.
    """
    n, few = len(z), has.sum(axis=1)
    y = np.where(has, 1.0, -1.0)
    weight = penalty * n * np.where(has, 1 / few[:, None], 1 / (n - few)[:, None])
    curves = []  # of all items
    for each, count in zip(has, few, strict=True):
        own = z[each].T @ z[each]
        curves.append(penalty * n * (own / count + (total - own) / (n - count)))
    penalised = np.ones(z.shape[1])
    penalised[-1] = 0.0
    at, decision = np.zeros((len(has), z.shape[1])), np.zeros(has.shape)
    inside, live = np.ones(has.shape, dtype=bool), np.arange(len(has))
    for _ in range(MOST_STEPS):
        before = decision[live]
        push = weight[live] * inside[live] * (before - y[live])
        slopes = penalised * at[live] + push @ z
        steps = np.stack([
            _newton_step(curves[each], penalised, slope)
            for each, slope in zip(live, slopes, strict=True)
        ])  # fmt: skip
        change = steps @ z.T
        lengths = _lengths(at[live], steps, before, change, y[live], weight[live])
        at[live] += lengths[:, None] * steps
        decision[live] += lengths[:, None] * change
        now = y[live] * decision[live] < 1
        moved = now != inside[live]
        size = np.maximum(np.abs(at[live]).max(axis=1), 1e-300)
        over = (lengths == 1.0) & ~moved.any(axis=1)
        over |= np.abs(lengths[:, None] * steps).max(axis=1) <= 1e-13 * size
        for row in np.flatnonzero(~over):
            curves[live[row]] = _moved(
                curves[live[row]], z, weight[live[row]], now[row], moved[row]
            )
        inside[live] = now
        live = live[~over]
        if not live.size:
            break
    return at


def _moved(
    curve: np.ndarray, z: np.ndarray, weight: np.ndarray, now: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """Return the sum of weight z z' over the items that are within now, from that of before."""
    if np.count_nonzero(moved) >= np.count_nonzero(now):
        return _gram(z, weight, now)
    came, went = moved & now, moved & ~now
    if came.any():
        curve += _gram(z, weight, came)
    if went.any():
        curve -= _gram(z, weight, went)
    return curve


def _gram(z: np.ndarray, weight: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return the sum over some items of their weight times z z'."""
    rows = np.flatnonzero(of)
    weighted = z[rows] * np.sqrt(weight[rows])[:, None]
    product: np.ndarray = weighted.T @ weighted
    return product


def _newton_step(curve: np.ndarray, penalised: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return the step to where the slope of the quadratic would be 0."""
    from scipy.linalg.lapack import dposv

    matrix = curve.copy()
    matrix.flat[:: len(matrix) + 1] += np.maximum(penalised, 1e-12)
    # symmetric, so that its transpose, in the order that LAPACK wants, is itself
    _, step, failed = dposv(matrix.T, -slope, lower=1, overwrite_a=1)
    if failed:
        matrix = curve + np.diag(np.maximum(penalised, 1e-12))
        step = np.linalg.lstsq(matrix, -slope)[0]
    return np.asarray(step)


def _lengths(
    at: np.ndarray, steps: np.ndarray, decision: np.ndarray, change: np.ndarray, y: np.ndarray,
    weight: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return how far to go along each step: halved until the loss falls as it should (Armijo)."""
    short = np.maximum(0, 1 - y * decision)
    start = (np.square(at[:, :-1]).sum(axis=1) + (weight * short * short).sum(axis=1)) / 2
    slope = (at[:, :-1] * steps[:, :-1]).sum(axis=1) - (weight * short * y * change).sum(axis=1)
    lengths = np.ones(len(at))
    while True:
        w = at[:, :-1] + lengths[:, None] * steps[:, :-1]
        short = np.maximum(0, 1 - y * (decision + lengths[:, None] * change))
        loss = (np.square(w).sum(axis=1) + (weight * short * short).sum(axis=1)) / 2
        high = (loss > start + 1e-4 * lengths * slope) & (lengths > 1e-10)
        if not high.any():
            return lengths
        lengths[high] /= 2
