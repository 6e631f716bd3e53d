"""Shapes of representations: what is left of them but place, size and direction.

With centred items scaled to |X| = |Y| = 1, the best rotation Q of one onto the other leaves
|X - YQ|^2 = 2 - 2s, s the nuclear norm of X'Y: the Procrustes similarity (SciPy's disparity is
1 - s^2). Its arc cosine is an angle that obeys the triangle inequality (Williams et al. 2021,
NeurIPS; Harvey et al. 2024), so that representations lie in a metric space: distances between
many of them may be scaled, clustered and averaged.

Before that the items may be whitened in part. With unit norm and eigenvalues lam of X'X they are
multiplied by V (alpha a + (1 - alpha) lam^(-1/2)) V'; alpha = 1 changes nothing, alpha = 0 leaves
what any invertible matrix leaves. a is the root of the rank, lam^(-1/2) of equal eigenvalues, so
that the result depends neither on units nor on the number of items (netrep takes 1, on raw X'X).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.alignment import RIGID
from hybridrep.analysis.centring import (
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.record import Change, Measure, Score

_NEAR_ONE = 1e-6
"""So near to 1 the arc cosine loses half of the digits; the arc sine of a distance does not."""

_SMALLEST_EIGENVALUE = 1e-10
"""Share of the largest below which an eigenvalue is not whitened."""

_ACCURACY = 1e-12
"""Relative error up to which singular values may come from eigenvalues of the square."""


@dataclass(frozen=True)
class ShapeSide:
    """One side of a comparison of shapes, for many models.

    Attributes:
        rows: centred items with a sum of squares of 1; turned into their own axes where they have
            more dimensions than items. Zeros where there is a note.
        notes: per model why nothing can be computed of it, or "".
        remark: what to know of all values.
    """

    rows: Float64[np.ndarray, "models items dim"]
    notes: tuple[str, ...]
    remark: str = ""

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.rows.shape[1])

    def compare(self, other: ShapeSide) -> Float64[np.ndarray, " models"]:
        """Return the Procrustes similarity with the other side, per model."""
        rank = self.items - 1
        return np.array(
            [nuclear_norm(x.T @ y, rank) for x, y in zip(self.rows, other.rows, strict=True)]
        )


def nuclear_norm(matrix: Float64[np.ndarray, "rows columns"], rank: int | None = None) -> float:
    """Return the sum of the singular values.

    They are roots of the eigenvalues of the smaller square, which takes a third of the time, unless
    that would lose more than the twelfth digit: a singular value s is then off by eps s_1^2 / 2s.

    Args:
        matrix: any.
        rank: how many singular values can be above 0, if it is known.

    Examples:
        >>> nuclear_norm(np.diag([3.0, 4.0]))
        7.0
    """
    short = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    count = len(short) if rank is None else max(min(rank, len(short)), 0)
    if not count:
        return 0.0
    squares = np.linalg.eigvalsh(short @ short.T)[-count:]
    if squares[0] > 0:
        values = np.sqrt(squares)
        error = 2 * np.finfo(np.float64).eps * squares[-1] * float((1 / values).sum())
        total = float(values.sum())
        if error <= _ACCURACY * total:
            return total
    return float(np.linalg.svd(short, compute_uv=False).sum())


def check_alpha(alpha: float) -> None:
    """Refuse an alpha that is no share.

    Raises:
        ValueError: when it is not between 0 and 1.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is a share between 0 and 1, not {alpha}")


def describe_shape(
    embeddings: Num[np.ndarray, "models items dim"], alpha: float = 1.0,
    identity: float | None = None,
) -> ShapeSide:  # fmt: skip
    """Describe one side for `procrustes` and `shape_angle`, for many models at once.

    Raises:
        ValueError: when alpha is not between 0 and 1.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 8))
        >>> describe_shape(models).compare(describe_shape(-2 * models)).round(6).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    check_alpha(alpha)
    side = centred(embeddings)
    models, items, dim = side.rows.shape
    rows = side.unit()
    if alpha == 1 or not items:
        if dim > items > 0:
            rows = (
                np.stack([np.transpose(np.linalg.qr(x.T, mode="r")) for x in rows])
                if models
                else rows
            )
        return ShapeSide(rows, side.notes)
    turned = np.zeros((models, items, min(items, dim)))
    for model, x in enumerate(rows):
        if side.notes[model]:
            continue
        left, s, _ = np.linalg.svd(x, full_matrices=False)
        kept = s**2 >= _SMALLEST_EIGENVALUE * s[0] ** 2
        a = math.sqrt(np.count_nonzero(kept)) if identity is None else identity
        weights = np.where(kept, alpha * a * s + (1 - alpha), alpha * a * s)
        turned[model] = left * (weights / np.linalg.norm(weights))
    note = "no fewer dimensions than items: whitened, all are alike" if dim >= items - 1 else ""
    return ShapeSide(turned, side.notes, note)


def _score(first: ShapeSide, second: ShapeSide, angle: bool) -> list[Score]:
    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    notes = pair_notes(first.notes, second.notes, first.items, 3)
    values = np.clip(first.compare(second), 0.0, 1.0)
    if angle:
        near = values > 1 - _NEAR_ONE
        values = np.arccos(values)
        for model in np.flatnonzero(near):
            values[model] = _small_angle(first.rows[model], second.rows[model])
    values = np.where([not note for note in notes], values, np.nan)
    notes = tuple(note or first.remark or second.remark for note in notes)
    return scores(values, notes, first.items, best=0.0 if angle else 1.0)


def _small_angle(
    first: Float64[np.ndarray, "items first_dim"], second: Float64[np.ndarray, "items second_dim"]
) -> float:
    """Return 2 arcsin(|X - YQ| / 2) with the best rotation Q, exact where the angle is small."""
    if first.shape[1] < second.shape[1]:
        return _small_angle(second, first)
    left, _, right = np.linalg.svd(first.T @ second, full_matrices=False)
    distance = float(np.linalg.norm(first - second @ right.T @ left.T))
    return 2 * math.asin(min(distance / 2, 1.0))


def score_procrustes(first: ShapeSide, second: ShapeSide) -> list[Score]:
    """Return `procrustes` of two descriptions, per model."""
    return _score(first, second, angle=False)


def score_angle(first: ShapeSide, second: ShapeSide) -> list[Score]:
    """Return `shape_angle` of two descriptions, per model."""
    return _score(first, second, angle=True)


def compare_procrustes(first: ShapeSide, second: ShapeSide) -> Float64[np.ndarray, " models"]:
    """Return the values of `procrustes` of two descriptions, per model."""
    return np.array([score.value for score in score_procrustes(first, second)])


def compare_angle(first: ShapeSide, second: ShapeSide) -> Float64[np.ndarray, " models"]:
    """Return the values of `shape_angle` of two descriptions, per model."""
    return np.array([score.value for score in score_angle(first, second)])


def procrustes(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> Score:
    """Return the Procrustes similarity: how well a rotation and a scale map one onto the other.

    1 if they do exactly; SciPy's disparity is 1 - s^2. Chance is above 0, the more the fewer the
    items: shuffle them. NaN, with a note, with fewer than three items, without variance, or with a
    value that is not finite.

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> from scipy.spatial import procrustes as of_scipy
        >>> first, second = np.random.default_rng(0).normal(size=(2, 30, 4))
        >>> abs(1 - procrustes(first, second).value ** 2 - of_scipy(first, second)[2]) < 1e-12
        np.True_
    """
    return score_procrustes(*(describe_shape(one_model(each)) for each in (first, second)))[0]


def shape_angle(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    alpha: float = 1.0, identity: float | None = None,
) -> Score:  # fmt: skip
    """Return the angle between two shapes, in radians: 0 for the same, at most pi/2; a metric.

    Args:
        first: items x dims; `second`: the same items, any other number of dims.
        alpha: 1 for the shapes as they are, 0 for whitened ones, between for a mixture. With as
            many dimensions as items whitened shapes are all alike.
        identity: weight of the identity in the mixture; by default the root of the rank, which
            makes the result independent of units.

    Raises:
        ValueError: when the two hold different numbers of items, or alpha is not between 0 and 1.

    Examples:
        >>> first, second = np.random.default_rng(0).normal(size=(2, 30, 4))
        >>> skewed = first @ np.array([[1, 2, 0, 0], [0, 1, 0, 0], [0, 0, 3, 0], [0, 0, 1, 1.0]])
        >>> round(shape_angle(first, skewed).value, 2), shape_angle(first, skewed, 0.0).value < 1e-7
        (0.54, True)
    """
    sides = (describe_shape(one_model(each), alpha, identity) for each in (first, second))
    return score_angle(*sides)[0]


PROCRUSTES = Measure(
    key="procrustes", name="Procrustes similarity", compares="two representations", low=0.0,
    high=1.0, best=1.0, higher_means="more alike", symmetric=True, invariant_to=RIGID,
    centres="columns", chance="permutation", resampling="half samples", least_items=3,
    cost="n d1 d2 + d^3", reference="Williams et al. (2021), NeurIPS; Harvey et al. (2024)",
    oracle="SciPy, rsatoolbox (Bures similarity)", compute=procrustes, describe=describe_shape,
    compare=compare_procrustes, score=score_procrustes,
)  # fmt: skip
"""The measure of `procrustes`."""


def shape_measure(alpha: float = 1.0) -> Measure:
    """Return the measure of `shape_angle` with some whitening; its key says alpha in hundredths.

    Raises:
        ValueError: when alpha is not between 0 and 1.
    """
    check_alpha(alpha)
    linear: frozenset[Change] = frozenset(
        {"invertible_linear", "dimension_scale"} if alpha == 0 else ()
    )
    return replace(
        PROCRUSTES, key="shape_angle" if alpha == 1 else f"shape_angle.a{round(100 * alpha)}",
        name="angle between shapes" + ("" if alpha == 1 else f", alpha {alpha:g}"),
        high=math.pi / 2, best=0.0, higher_means="less alike", metric=True,
        invariant_to=RIGID | linear, oracle="netrep", compute=partial(shape_angle, alpha=alpha),
        describe=partial(describe_shape, alpha=alpha), compare=compare_angle, score=score_angle,
    )  # fmt: skip
