"""Probes: can a linear decoder read labels from a representation, and from what else as well?

An accuracy says little alone: beside it stand the most frequent class and a control task, the same
probe on labels that were given at random to distinct items (Hewitt & Liang 2019, EMNLP). The
accuracy less that of the control is the probe's selectivity.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int, Num, Shaped

from hybridrep.analysis.alignment import RIGID
from hybridrep.analysis.centring import centred, one_model
from hybridrep.analysis.predictivity import FEWEST_FOLDS, copies_of, few_distinct
from hybridrep.analysis.record import Measure, Score

STRENGTHS = (0.01, 1.0, 100.0)
"""Inverse penalties that are tried, for features of mean square 1."""

LEAST_ITEMS = 10

MOST_FOR_NEWTON = 400
"""Coefficients up to which Newton's method is the quicker one."""


MOST_STEPS = 1000
"""Steps after which the fit of a probe is stopped."""


@dataclass(frozen=True)
class Decoded:
    """What a probe makes of items that it was not fitted on.

    Attributes:
        hits: whether each item's label was found.
        balanced: mean over classes of the share of their items that were found.
        majority: share that the most frequent class of the training items finds.
        control: share that the same probe finds of labels given at random to distinct items.
        folds: which fold an item was held out in.
        note: why there is nothing, or "".
        unfinished: probes that were stopped before they fitted as well as they can.
    """

    hits: Bool[np.ndarray, " items"]
    balanced: float
    majority: float
    control: float
    folds: Int[np.ndarray, " items"]
    note: str = ""
    unfinished: int = 0

    @property
    def accuracy(self) -> float:
        """Share of the items whose label was found."""
        return float(self.hits.mean()) if self.hits.size else math.nan

    @property
    def selectivity(self) -> float:
        """Accuracy less that of the control."""
        return self.accuracy - self.control


def stratified_folds(
    labels: Shaped[np.ndarray, " items"], groups: Shaped[np.ndarray, " items"], folds: int = 5
) -> Int[np.ndarray, " items"]:
    """Return which fold an item is held out in: groups kept together, classes about equal in each.

    Raises:
        ValueError: when there are fewer groups than folds, or all classes are smaller than that.

    Examples:
        >>> labels = np.array([0, 1] * 6)
        >>> folds = stratified_folds(labels, np.arange(12) // 2, 3)
        >>> np.bincount(folds).tolist(), bool((folds[::2] == folds[1::2]).all())
        ([4, 4, 4], True)
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if (some := len(np.unique(groups))) < folds:
        raise ValueError(f"{some} groups of items are too few for {folds} folds")
    found = np.zeros(len(labels), dtype=np.int64)
    splits = StratifiedGroupKFold(folds).split(np.zeros((len(labels), 1)), labels, groups)
    for fold, (_, held_out) in enumerate(splits):
        found[held_out] = fold
    return found


def decode(
    embeddings: Num[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " labels"],
    folds: int | Int[np.ndarray, " items"] = 5, groups: Shaped[np.ndarray, " items"] | None = None,
    seed: int = 0,
) -> Decoded:  # fmt: skip
    """Read labels by logistic regression from items that it was not fitted on.

    Features are scaled by one number, their root mean square, so that units do not matter and
    rotations do not either. The penalty is chosen within the training folds, by leaving each of
    them out in turn. There is nothing, with a note, where equal items leave too few folds.

    Args:
        embeddings: items x dims.
        labels: the class of each item.
        folds: how many, stratified by class, or which fold each item is held out in; take the same
            for all representations that are compared.
        groups: items of one group stay in one fold, and get one label in the control task; by
            default those that are equal.
        seed: of the control's labels.

    Raises:
        ValueError: when there is not one label an item, or there are fewer than three folds or too
            few of the given groups for them.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> labels = np.repeat([0, 1], 40)
        >>> found = decode(rng.normal(size=(80, 3)) + 2 * labels[:, None], labels)
        >>> found.accuracy > 0.9, found.control < 0.7, round(found.majority, 1)
        (True, True, 0.5)
    """
    if labels.shape != embeddings.shape[:1]:
        raise ValueError(f"{len(embeddings)} items and {len(labels)} labels")
    side, n = centred(one_model(embeddings)), len(embeddings)
    known = folds if isinstance(folds, int) else 0
    copies = None
    if groups is None:
        groups = copies = copies_of(embeddings)
    if note := side.notes[0] or _lacking(labels, known, copies):
        nothing = np.zeros(0, dtype=np.int64)
        return Decoded(nothing.astype(bool), math.nan, math.nan, math.nan, nothing, note)
    fold = folds if not isinstance(folds, int) else stratified_folds(labels, groups, folds)
    if len(np.unique(fold)) < FEWEST_FOLDS:
        raise ValueError("at least three folds: one is held out, one chooses the penalty")
    rows = side.rows[0]
    if rows.shape[1] > n:
        rows = np.transpose(np.linalg.qr(rows.T, mode="r"))
    rows = rows * math.sqrt(n * embeddings.shape[1] / side.traces[0])
    read, unfinished = _predicted(rows, labels, fold)
    hits = read == labels
    kinds, which = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed).choice(labels, size=len(kinds))[which]
    read, more = _predicted(rows, random, fold)
    control = float((read == random).mean())
    recalls = [hits[labels == name].mean() for name in np.unique(labels)]
    majority = np.concatenate([_most(labels[fold != f]) == labels[fold == f] for f in set(fold)])
    return Decoded(
        hits, float(np.mean(recalls)), float(majority.mean()), control, fold,
        unfinished=unfinished + more,
    )  # fmt: skip


def _lacking(
    labels: Shaped[np.ndarray, " items"], folds: int, copies: Int[np.ndarray, " items"] | None
) -> str:
    """Return what a probe lacks in so many folds, or "": items, classes, or distinct items."""
    counts = np.unique(labels, return_counts=True)[1]
    if len(labels) < LEAST_ITEMS:
        return f"fewer than {LEAST_ITEMS} items"
    if len(counts) < 2:
        return "fewer than two classes"
    if counts.min() < folds:
        return f"a class has {counts.min()} items, fewer than {folds} folds"
    return "" if copies is None else few_distinct(copies, folds)


def _most(labels: Shaped[np.ndarray, " items"]) -> object:
    names, counts = np.unique(labels, return_counts=True)
    return names[counts.argmax()]


def _fitted(
    rows: Float64[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " items"], strength: float,
    new: Float64[np.ndarray, "new dim"],
) -> tuple[Shaped[np.ndarray, " new"], bool]:  # fmt: skip
    """Return the labels of new items, where training has one class that; whether it converged."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        return np.full(len(new), labels[0]), True
    small = rows.shape[1] * len(np.unique(labels)) <= MOST_FOR_NEWTON
    solver = "newton-cholesky" if small else "lbfgs"
    model = LogisticRegression(C=strength, tol=1e-6, max_iter=MOST_STEPS, solver=solver)
    with warnings.catch_warnings():  # said once by who counts them, not at every fit
        warnings.simplefilter("ignore", ConvergenceWarning)
        predicted: Shaped[np.ndarray, " new"] = model.fit(rows, labels).predict(new)
    return predicted, bool(np.max(model.n_iter_) < MOST_STEPS)


def _predicted(
    rows: Float64[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " items"],
    folds: Int[np.ndarray, " items"],
) -> tuple[Shaped[np.ndarray, " items"], int]:  # fmt: skip
    """Return every item's label as read by a probe that did not see its fold; unfinished probes."""
    predicted, unfinished = np.empty_like(labels), 0
    for held_out in np.unique(folds):
        outer = folds != held_out
        scores = []
        for strength in STRENGTHS:
            hits = []
            for inner in np.unique(folds[outer]):
                train, tried = outer & (folds != inner), folds == inner
                found, finished = _fitted(rows[train], labels[train], strength, rows[tried])
                unfinished += not finished
                hits.append(found == labels[tried])
            scores.append(float(np.concatenate(hits).mean()))
        best = STRENGTHS[int(np.argmax(scores))]
        predicted[~outer], finished = _fitted(rows[outer], labels[outer], best, rows[~outer])
        unfinished += not finished
    return predicted, unfinished


def decoding(
    embeddings: Num[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " labels"],
    folds: int | Int[np.ndarray, " items"] = 5, groups: Shaped[np.ndarray, " items"] | None = None,
    seed: int = 0,
) -> Score:  # fmt: skip
    """Return the share of held-out items whose label a linear probe finds; chance is its control's.

    The note says what the most frequent class finds, and the balanced accuracy. NaN, with a note,
    with fewer than ten items or two classes, without variance, with a value that is not finite, or
    with fewer distinct items than folds. The arguments are those of `decode`.

    Raises:
        ValueError: as `decode`.

    Examples:
        >>> labels = np.repeat([0, 1], 40)
        >>> items = np.random.default_rng(0).normal(size=(80, 3)) + 2 * labels[:, None]
        >>> score = decoding(items, labels)
        >>> score.value > 0.9, score.chance < 0.7
        (True, True)
    """
    found = decode(embeddings, labels, folds, groups, seed)
    if found.note:
        return Score(math.nan, n=len(embeddings), note=found.note)
    note = f"most frequent class {found.majority:.3f}, balanced {found.balanced:.3f}"
    if found.unfinished:
        note += f", {found.unfinished} probes stopped after {MOST_STEPS} steps, before their best"
    return Score(found.accuracy, chance=found.control, n=len(embeddings), note=note)


def learning_curve(
    embeddings: Num[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " items"],
    rng: np.random.Generator, sizes: tuple[int, ...] = (10, 30, 100, 300), folds: int = 5,
) -> dict[int, float]:  # fmt: skip
    """Return the accuracy on held-out items by the number of training items, the last being all.

    Examples:
        >>> labels = np.repeat([0, 1], 40)
        >>> items = np.random.default_rng(0).normal(size=(80, 3)) + 2 * labels[:, None]
        >>> curve = learning_curve(items, labels, np.random.default_rng(1), (10,))
        >>> list(curve), curve[64] >= 0.9
        ([10, 64], True)
    """
    side = centred(one_model(embeddings))
    rows = side.rows[0] * math.sqrt(embeddings.size / side.traces[0])
    fold = stratified_folds(labels, copies_of(embeddings), folds)
    least = min(int(np.count_nonzero(fold != held_out)) for held_out in range(folds))
    found = {}
    for size in sorted({*(size for size in sizes if size < least), least}):
        hits = []
        for held_out in range(folds):
            train = rng.permutation(np.flatnonzero(fold != held_out))[:size]
            tried = fold == held_out
            read, _ = _fitted(rows[train], labels[train], 1.0, rows[tried])
            hits.append(read == labels[tried])
        found[size] = float(np.concatenate(hits).mean())
    return found


DECODING = Measure(
    key="decoding", name="accuracy of a linear probe", compares="one representation and labels",
    low=0.0, high=1.0, best=None, higher_means="labels are easier to read", symmetric=True,
    invariant_to=RIGID, centres="columns", chance="control labels", resampling="held-out items",
    needs=frozenset({"labels", "folds"}), least_items=LEAST_ITEMS, cost="folds^2 classifiers",
    reference="Hewitt & Liang (2019), EMNLP", oracle="scikit-learn", compute=decoding,
)  # fmt: skip
"""The measure of `decoding`; blind to the order of items where the folds go with them."""
