"""Predictivity: how much of one representation does a linear map of the other predict?

Ridge regression, fitted on some folds of the items and tried on the others. All folds are served by
the moments of each alone: those of the training folds are added up, and one eigendecomposition
serves all penalties. The penalty, in units of the mean eigenvalue of the training items, is chosen
within the training folds, by leaving each of them out in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float64, Int, Num

from hybridrep.analysis.alignment import RIGID
from hybridrep.analysis.centring import centred, check_same_items, one_model, pair_notes
from hybridrep.analysis.record import Measure, Score

PENALTIES = tuple(float(each) for each in np.logspace(-6, 4, 21))
"""Penalties that are tried, in units of the mean eigenvalue."""

BASELINE_NOTE = "mean of the training items as the baseline"
"""What every value of `ridge_r2` is to be read with."""

FEWEST_FOLDS = 3
"""One is held out, one chooses the penalty, one is fitted on."""

LEAST_ITEMS = 10
"""Two folds of five for training, the rest to choose the penalty and to try it."""


@dataclass(frozen=True)
class HeldOut:
    """What ridge regression says of items that it was not fitted on.

    Attributes:
        predicted: of every target, up to the units of `targets`.
        targets: the second representation, less its mean, in units of its own.
        errors: squared error of each item, summed over dimensions.
        totals: squared distance of each item from the mean of the training items.
        folds: which fold an item was held out in.
        penalties: the penalty of each fold, in units of the mean eigenvalue.
        note: why there is nothing, or "".
    """

    predicted: Float64[np.ndarray, "items dim"]
    targets: Float64[np.ndarray, "items dim"]
    errors: Float64[np.ndarray, " items"]
    totals: Float64[np.ndarray, " items"]
    folds: Int[np.ndarray, " items"]
    penalties: tuple[float, ...]
    note: str = ""

    @property
    def r2(self) -> float:
        """1 - sum of errors / sum of totals; NaN where there is nothing to predict."""
        total = float(self.totals.sum())
        return 1.0 - float(self.errors.sum()) / total if total > 0 else math.nan


@dataclass(frozen=True)
class _Moments:
    """Sums over the items of some folds."""

    count: int
    inputs: Float64[np.ndarray, " inputs"]
    targets: Float64[np.ndarray, " targets"]
    gram: Float64[np.ndarray, "inputs inputs"]
    cross: Float64[np.ndarray, "inputs targets"]
    square: float


def _moments(
    x: Float64[np.ndarray, "some inputs"], y: Float64[np.ndarray, "some targets"]
) -> _Moments:
    return _Moments(len(x), x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y, float(np.vdot(y, y)))


def _sum(parts: Sequence[_Moments]) -> _Moments:
    """Add up the moments of folds."""
    total = parts[0]
    for part in parts[1:]:
        total = _Moments(
            total.count + part.count, total.inputs + part.inputs, total.targets + part.targets,
            total.gram + part.gram, total.cross + part.cross, total.square + part.square,
        )  # fmt: skip
    return total


@dataclass(frozen=True)
class _Fit:
    """Ridge regression of all penalties: the map of penalty a is V diag(1 / (s + a)) P."""

    input_mean: Float64[np.ndarray, " inputs"]
    target_mean: Float64[np.ndarray, " targets"]
    values: Float64[np.ndarray, " inputs"]
    vectors: Float64[np.ndarray, "inputs inputs"]
    projected: Float64[np.ndarray, "inputs targets"]
    unit: float

    @classmethod
    def of(cls, training: _Moments, dims: int) -> _Fit:
        """Fit on some folds; penalties are in units of the mean over so many eigenvalues."""
        means = training.inputs / training.count, training.targets / training.count
        gram = training.gram - training.count * np.outer(means[0], means[0])
        cross = training.cross - training.count * np.outer(*means)
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 0.0)
        return cls(*means, values, vectors, vectors.T @ cross, float(values.sum()) / dims or 1.0)

    def losses(
        self, held_out: _Moments, penalties: Float64[np.ndarray, " penalties"]
    ) -> Float64[np.ndarray, " penalties"]:
        """Return the squared error on other folds, of each penalty, from their moments alone."""
        m, (mx, my) = held_out, (self.input_mean, self.target_mean)
        gram = m.gram - np.outer(m.inputs, mx) - np.outer(mx, m.inputs) + m.count * np.outer(mx, mx)
        cross = m.cross - np.outer(m.inputs, my) - np.outer(mx, m.targets)
        cross = cross + m.count * np.outer(mx, my)
        square = m.square - 2 * float(m.targets @ my) + m.count * float(my @ my)
        linear = np.vecdot(self.projected, self.vectors.T @ cross)
        quadratic = (self.vectors.T @ gram @ self.vectors) * (self.projected @ self.projected.T)
        shrunk = self.shrunk(penalties)
        losses: Float64[np.ndarray, " penalties"] = (
            square - 2 * shrunk @ linear + np.vecdot(shrunk @ quadratic, shrunk)
        )
        return losses

    def shrunk(
        self, penalties: Float64[np.ndarray, " penalties"]
    ) -> Float64[np.ndarray, "penalties inputs"]:
        """Return 1 / (s + a) of every penalty; 0 for directions that hold nothing."""
        sums = self.values + self.unit * penalties[:, None]
        return np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)

    def predict(
        self, x: Float64[np.ndarray, "some inputs"], penalty: float
    ) -> Float64[np.ndarray, "some targets"]:
        """Return the predicted targets."""
        weights = self.vectors @ (self.shrunk(np.array([penalty]))[0][:, None] * self.projected)
        predicted: Float64[np.ndarray, "some targets"] = (x - self.input_mean) @ weights
        predicted += self.target_mean
        return predicted


def contiguous_folds(
    groups: Num[np.ndarray, " items"], folds: int = 5
) -> Int[np.ndarray, " items"]:
    """Return which fold an item is held out in: runs of items as they come, groups kept together.

    Raises:
        ValueError: when there are fewer than three folds, or fewer groups than folds.

    Examples:
        >>> contiguous_folds(np.array([0, 1, 2, 3, 0, 5, 6]), 3).tolist()
        [0, 0, 1, 1, 0, 2, 2]
    """
    _, first, index, counts = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    if folds < FEWEST_FOLDS:
        raise ValueError(f"at least three folds, not {folds}: one is held out, one chooses")
    if len(first) < folds:
        raise ValueError(f"{len(first)} groups of items are too few for {folds} folds")
    order = np.argsort(first)
    starts = np.zeros(len(first), dtype=np.int64)
    starts[order[1:]] = np.cumsum(counts[order])[:-1]
    ends = np.cumsum([len(part) for part in np.array_split(groups, folds)])
    return np.searchsorted(ends, starts, side="right")[index]


def copies_of(rows: Num[np.ndarray, "items dim"]) -> Int[np.ndarray, " items"]:
    """Return which of the distinct items each is, from 0.

    Examples:
        >>> copies_of(np.array([[2], [1], [2]])).tolist()
        [1, 0, 1]
    """
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def few_distinct(copies: Int[np.ndarray, " items"], folds: int) -> str:
    """Return why so many folds cannot be made of distinct items, or ""; `copies` of `copies_of`.

    Examples:
        >>> few_distinct(np.array([1, 0, 1]), 5)
        '2 distinct items are too few for 5 folds'
    """
    distinct = int(copies.max(initial=-1)) + 1
    return f"{distinct} distinct items are too few for {folds} folds" if distinct < folds else ""


def folds_of_copies(
    rows: Num[np.ndarray, "items dim"], folds: int
) -> tuple[Int[np.ndarray, " items"], str]:
    """Return `contiguous_folds` with equal items kept together, and why they are too few, or "".

    Raises:
        ValueError: when there are fewer than three folds.

    Examples:
        >>> folds_of_copies(np.array([[1], [1], [2], [3], [4]]), 3)
        (array([0, 0, 1, 1, 2]), '')
        >>> folds_of_copies(np.array([[1], [1], [2]]), 3)[1]
        '2 distinct items are too few for 3 folds'
        >>> folds_of_copies(np.repeat([[0], [1], [2]], [8, 1, 1], axis=0), 3)[1]
        'equal items stay together, which leaves items in 2 of 3 folds'
    """
    copies = copies_of(rows)
    if folds >= FEWEST_FOLDS and (few := few_distinct(copies, folds)):
        return np.zeros_like(copies), few
    found = contiguous_folds(copies, folds)
    filled = len(np.unique(found))
    if filled < FEWEST_FOLDS:
        return found, f"equal items stay together, which leaves items in {filled} of {folds} folds"
    return found, ""


def _axes(rows: Float64[np.ndarray, "items dim"]) -> Float64[np.ndarray, "items axes"]:
    """Turn items of more dimensions than items into as many axes as items."""
    if rows.shape[1] <= len(rows):
        return rows
    return np.ascontiguousarray(np.transpose(np.linalg.qr(rows.T, mode="r")))


def ridge_held_out(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    folds: int | Int[np.ndarray, " items"] = 5, penalties: Sequence[float] = PENALTIES,
    groups: Num[np.ndarray, " items"] | None = None, turn_targets: bool = False,
) -> HeldOut:  # fmt: skip
    """Predict every item of the second from the first by ridge regression that did not see it.

    There is nothing, with a note, where items that are equal in the first leave too few folds.

    Args:
        first: items x dims, the inputs.
        second: the same items, the targets.
        folds: how many runs of items as they come, or which fold each item is held out in.
        penalties: to choose from, in units of the mean eigenvalue of the training items.
        groups: items of one group stay in one fold; by default those that are equal in the first.
        turn_targets: whether targets may be turned into other axes, which changes no sum over them.

    Raises:
        ValueError: when the two hold different numbers of items, penalties are below 0, or there
            are fewer than three folds or too few of the given groups for them.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(100, 5))
        >>> found = ridge_held_out(first, first @ rng.normal(size=(5, 3)))
        >>> found.errors.shape, round(found.r2, 6)
        ((100,), 1.0)
    """
    tried = _sorted_penalties(penalties)
    sides = [centred(one_model(each)) for each in (first, second)]
    check_same_items((1, sides[0].items), (1, sides[1].items))
    n = sides[0].items
    x, y = _axes(sides[0].rows[0]), sides[1].rows[0]
    if turn_targets:
        y = _axes(y)
    note = pair_notes(sides[0].notes, sides[1].notes, n, LEAST_ITEMS)[0]
    if not note and groups is None and isinstance(folds, int):
        folds, few = folds_of_copies(first, folds)
        note = few and f"the first: {few}"
    if note:
        nothing = np.zeros(n)
        return HeldOut(np.zeros_like(y), y, nothing, nothing, np.zeros(n, np.int64), (), note)
    if isinstance(folds, int):
        assert groups is not None
        folds = contiguous_folds(groups, folds)
    fold = folds
    names = np.unique(fold)
    if len(names) < FEWEST_FOLDS:
        raise ValueError(f"at least three folds, not {len(names)}: one is held out, one chooses")
    parts = [_moments(x[fold == name], y[fold == name]) for name in names]
    chosen = _chosen_penalties(parts, tried, first.shape[1])
    predicted, errors, totals = np.empty_like(y), np.empty(n), np.empty(n)
    for held_out, name in enumerate(names):
        rows = fold == name
        training = _sum(parts[:held_out] + parts[held_out + 1 :])
        fit = _Fit.of(training, first.shape[1])
        predicted[rows] = fit.predict(x[rows], chosen[held_out])
        wrong, about = y[rows] - predicted[rows], y[rows] - fit.target_mean
        errors[rows], totals[rows] = np.vecdot(wrong, wrong), np.vecdot(about, about)
    return HeldOut(predicted, y, errors, totals, fold, chosen)


def _sorted_penalties(penalties: Sequence[float]) -> Float64[np.ndarray, " penalties"]:
    """Return penalties in order; refuse what is none.

    Raises:
        ValueError: when there is none, or one is below 0 or not finite.
    """
    tried = np.sort(np.asarray(penalties, dtype=np.float64))
    if not tried.size or not (np.isfinite(tried).all() and tried[0] >= 0):
        raise ValueError(f"penalties are numbers from 0 on, got {list(penalties)}")
    return tried


def ridge_map(
    inputs: Float64[np.ndarray, "some inputs"], targets: Float64[np.ndarray, "some targets"],
    everything: Float64[np.ndarray, "items inputs"], folds: int = 5,
    penalties: Sequence[float] = PENALTIES,
) -> Float64[np.ndarray, "items targets"]:  # fmt: skip
    """Map all items by ridge regression that was fitted on some, its penalty chosen among these.

    Each of `folds` runs of the fitted items is left out in turn to choose the penalty, of equal
    errors the larger one.
    """
    tried = np.sort(np.asarray(penalties, dtype=np.float64))
    parts = [
        _moments(inputs[rows], targets[rows])
        for rows in np.array_split(np.arange(len(inputs)), folds)
    ]
    losses = np.zeros(len(tried))
    for held_out, part in enumerate(parts):
        fit = _Fit.of(_sum(parts[:held_out] + parts[held_out + 1 :]), inputs.shape[1])
        losses += fit.losses(part, tried)
    best = float(tried[len(tried) - 1 - int(np.argmin(losses[::-1]))])
    return _Fit.of(_sum(parts), inputs.shape[1]).predict(everything, best)


def _chosen_penalties(
    parts: Sequence[_Moments], tried: Float64[np.ndarray, " penalties"], dims: int
) -> tuple[float, ...]:
    """Return each fold's penalty: that of the least error when its other folds are left out.

    Without folds a and b, one fit serves fold a, tried on b, and fold b, tried on a. Equal errors
    go to the larger penalty.
    """
    if len(tried) == 1:
        return (float(tried[0]),) * len(parts)
    losses = np.zeros((len(parts), len(tried)))
    for a, b in combinations(range(len(parts)), 2):
        training = _sum([part for fold, part in enumerate(parts) if fold not in (a, b)])
        fit = _Fit.of(training, dims)
        losses[a] += fit.losses(parts[b], tried)
        losses[b] += fit.losses(parts[a], tried)
    best = len(tried) - 1 - np.argmin(losses[:, ::-1], axis=1)
    return tuple(float(each) for each in tried[best])


def ridge_r2(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    folds: int | Int[np.ndarray, " items"] = 5, penalties: Sequence[float] = PENALTIES,
    groups: Num[np.ndarray, " items"] | None = None,
) -> Score:  # fmt: skip
    """Return how much of the second the first predicts, of items that were held out.

    1 - sum of squared errors / sum of squares, both over all items and dimensions, the latter about
    the mean of the training items (scikit-learn's `r2_score` over all rows takes the mean of all,
    and is higher). 0 or less for unrelated representations. Not symmetric: a rich representation
    predicts a poor one. NaN, with a note, with fewer than ten items, without variance, with a value
    that is not finite, or where equal items of the first leave too few folds. The arguments are
    those of `ridge_held_out`.

    Raises:
        ValueError: as `ridge_held_out`.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> rich = rng.normal(size=(200, 5))
        >>> round(ridge_r2(rich, rich[:, :1]).value, 3), ridge_r2(rich[:, :1], rich).value < 0.3
        (1.0, True)
    """
    found = ridge_held_out(first, second, folds, penalties, groups, turn_targets=True)
    if found.note:
        return Score(math.nan, n=len(first), note=found.note)
    return Score(found.r2, n=len(first), note=BASELINE_NOTE)


@dataclass(frozen=True)
class _Spectrum:
    """Ridge regression on some folds, but for its targets: predictions are A diag(1/(s + a)) Q'Y.

    Of fewer dimensions than training items by the eigenvectors of X'X, else by those of XX'.
    """

    rows: Bool[np.ndarray, " items"]  # the training items
    values: Float64[np.ndarray, " axes"]
    training: Float64[np.ndarray, "training axes"]  # Q
    everything: Float64[np.ndarray, "items axes"]  # A
    unit: float

    @classmethod
    def of(
        cls, x: Float64[np.ndarray, "items dim"], rows: Bool[np.ndarray, " items"], dims: int
    ) -> _Spectrum:
        every = x - x[rows].mean(axis=0)
        own = every[rows]
        primal = own.shape[1] <= len(own)
        values, vectors = np.linalg.eigh(own.T @ own if primal else own @ own.T)
        values = np.maximum(values, 0.0)
        unit = float(values.sum()) / dims or 1.0
        if primal:
            return cls(rows, values, own @ vectors, every @ vectors, unit)
        return cls(rows, values, vectors, every @ (own.T @ vectors), unit)

    def shrunk(
        self, penalties: Float64[np.ndarray, " penalties"]
    ) -> Float64[np.ndarray, "penalties axes"]:
        """Return 1 / (s + a) of every penalty; 0 for directions that hold nothing."""
        sums = self.values + self.unit * penalties[:, None]
        return np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)

    def projected(
        self, y: Float64[np.ndarray, "items dim"]
    ) -> tuple[Float64[np.ndarray, "items dim"], Float64[np.ndarray, "axes dim"]]:
        """Return targets less the mean of the training items, and Q'Y."""
        about = y - y[self.rows].mean(axis=0)
        return about, self.training.T @ about[self.rows]


@dataclass(frozen=True)
class _Inputs:
    """One representation as what others are predicted from: all that needs it alone."""

    fold: Int[np.ndarray, " items"]
    pairs: tuple[tuple[int, int, _Spectrum], ...]  # without two folds, to choose the penalty
    single: tuple[tuple[int, _Spectrum], ...]  # without one

    @classmethod
    def of(
        cls, x: Float64[np.ndarray, "items dim"], fold: Int[np.ndarray, " items"], dims: int
    ) -> _Inputs:
        names = np.unique(fold).tolist()
        pairs = tuple(
            (a, b, _Spectrum.of(x, (fold != a) & (fold != b), dims))
            for a, b in combinations(names, 2)
        )
        return cls(fold, pairs, tuple((a, _Spectrum.of(x, fold != a, dims)) for a in names))

    def r2(
        self, y: Float64[np.ndarray, "items dim"], tried: Float64[np.ndarray, " penalties"]
    ) -> float:
        """Return 1 - errors / totals of the held-out items; NaN where there is nothing."""
        losses = {fold: np.zeros(len(tried)) for fold, _ in self.single}
        for a, b, fit in self.pairs:
            about, projected = fit.projected(y)
            both, shrunk = projected @ projected.T, fit.shrunk(tried)
            for held_out, other in ((a, b), (b, a)):
                rows = self.fold == held_out
                inputs = fit.everything[rows]
                linear = np.vecdot(projected, inputs.T @ about[rows])
                quadratic = np.vecdot(shrunk @ (both * (inputs.T @ inputs)), shrunk)
                square = float(np.vdot(about[rows], about[rows]))
                losses[other] += square - 2 * shrunk @ linear + quadratic
        errors = totals = 0.0
        for held_out, fit in self.single:
            rows = self.fold == held_out
            best = len(tried) - 1 - int(np.argmin(losses[held_out][::-1]))
            about, projected = fit.projected(y)
            shrunk = fit.shrunk(tried[best : best + 1])[0]
            wrong = about[rows] - fit.everything[rows] @ (shrunk[:, None] * projected)
            errors += float(np.vdot(wrong, wrong))
            totals += float(np.vdot(about[rows], about[rows]))
        return 1.0 - errors / totals if totals > 0 else math.nan


def ridge_r2_of(
    first: Num[np.ndarray, "items first_dim"], seconds: Sequence[Num[np.ndarray, "items _"]],
    folds: int = 5, penalties: Sequence[float] = PENALTIES,
) -> list[Score]:  # fmt: skip
    """Return `ridge_r2` of one representation with each of several others.

    What needs the first alone, an eigendecomposition for all but every one and two folds, is done
    once, of products of items where these are fewer than dimensions: for some hundred items much
    faster than one after the other.

    Raises:
        ValueError: as `ridge_held_out`.

    Examples:
        >>> first, second = np.random.default_rng(0).normal(size=(2, 60, 4))
        >>> mixed = first + 0.3 * second
        >>> [round(score.value, 3) for score in ridge_r2_of(first, [mixed, first])]
        [0.901, 1.0]
        >>> round(ridge_r2(first, mixed).value, 3)
        0.901
    """
    side = centred(one_model(first))
    tried = _sorted_penalties(penalties)
    found: list[Score] = []
    inputs: _Inputs | None = None
    few = ""
    for second in seconds:
        other = centred(one_model(second))
        check_same_items((1, side.items), (1, other.items))
        note = pair_notes(side.notes, other.notes, side.items, LEAST_ITEMS)[0]
        if not note and inputs is None and not few:
            fold, few = folds_of_copies(first, folds)
            if not few:
                inputs = _Inputs.of(_axes(side.rows[0]), fold, first.shape[1])
        if note or inputs is None:
            found.append(Score(math.nan, n=side.items, note=note or f"the first: {few}"))
            continue
        value = inputs.r2(_axes(other.rows[0]), tried)
        found.append(Score(value, n=side.items, note=BASELINE_NOTE))
    return found


def unit_r(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    folds: int | Int[np.ndarray, " items"] = 5, penalties: Sequence[float] = PENALTIES,
    groups: Num[np.ndarray, " items"] | None = None,
) -> Score:  # fmt: skip
    """Return the median, over the second's dimensions, of r of predicted and true values.

    As Brain-Score has it (Schrimpf et al. 2021, PNAS). Dimensions without variance are left out.
    Not blind to rotations of the second. The arguments are those of `ridge_held_out`.

    Raises:
        ValueError: as `ridge_held_out`.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(100, 4))
        >>> round(unit_r(first, first @ np.diag([1, 2, 3, 4.0])).value, 6)
        1.0
    """
    found = ridge_held_out(first, second, folds, penalties, groups)
    if found.note:
        return Score(math.nan, n=len(first), note=found.note)
    one, other = (each - each.mean(axis=0) for each in (found.predicted, found.targets))
    products = np.einsum("ij,ij->j", one, other)
    lengths = np.sqrt(np.einsum("ij,ij->j", one, one) * np.einsum("ij,ij->j", other, other))
    varies = lengths > 0
    if not varies.any():
        return Score(math.nan, n=len(first), note="no prediction varies")
    return Score(float(np.median(products[varies] / lengths[varies])), n=len(first))


RIDGE_R2 = Measure(
    key="ridge_r2", name="variance of the second that the first predicts",
    compares="two representations", low=-math.inf, high=1.0, best=1.0, higher_means="more alike",
    symmetric=False, invariant_to=RIGID, centres="columns", chance="at most zero",
    resampling="held-out items", needs=frozenset({"folds"}), least_items=LEAST_ITEMS,
    cost="folds (d1^3 + n d1 d2)", reference="Hoerl & Kennard (1970), Technometrics 12:55",
    oracle="scikit-learn", compute=ridge_r2,
)  # fmt: skip
"""The measure of `ridge_r2`; blind to the order of items where the folds go with them."""

UNIT_R = Measure(
    key="unit_r", name="median r of predicted and true dimensions",
    compares="two representations", low=-1.0, high=1.0, best=1.0, higher_means="more alike",
    symmetric=False, invariant_to=RIGID, centres="columns", chance="at most zero",
    resampling="held-out items", needs=frozenset({"folds"}), least_items=LEAST_ITEMS,
    cost="folds (d1^3 + n d1 d2)", reference="Schrimpf et al. (2021), PNAS 118 e2105646118",
    oracle="scikit-learn", compute=unit_r,
)  # fmt: skip
"""The measure of `unit_r`; r is of the second's own dimensions, which are not turned."""
