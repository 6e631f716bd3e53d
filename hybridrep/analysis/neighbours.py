"""Neighbours: do two representations put the same items next to each item?

Mutual k-NN (Huh et al. 2024, ICML) and the Jaccard index of neighbourhoods look at the nearest
items alone, and so at what global measures overlook. Items that are equally far share the places
that are left for them: with c items closer than the k-th nearest and t as far as it, each of the t
counts (k - c) / t. Where items are equal that gives chance, whereas an order by index, the same on
both sides, would give 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64, Num
from scipy.sparse import coo_array, csr_array

from hybridrep.analysis.alignment import BLOCK, RIGID
from hybridrep.analysis.centring import (
    NO_VARIANCE,
    NOT_FINITE,
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.descriptions import items_of
from hybridrep.analysis.record import Chance, Change, Measure, Score
from hybridrep.analysis.similarity import unit_rows

DENSE_UP_TO = 700
"""Items up to which neighbourhoods are kept as whole matrices."""

METRICS = ("cosine", "euclidean")


@dataclass(frozen=True)
class NeighbourSide:
    """One side of a comparison of neighbourhoods, for many models.

    Attributes:
        weights: per model how much each item counts among the k nearest of each.
        flat: the same as vectors whose products count the shared neighbours; None for many items.
        rows: the items whose products `cknna` takes.
        tied: per model whether an item has more nearest neighbours than k.
        notes: per model why nothing can be computed of it, or "".
        items: number of items.
        k: number of neighbours.
    """

    weights: tuple[csr_array, ...]
    flat: Float64[np.ndarray, "models entries"] | None
    rows: Float64[np.ndarray, "models items dim"]
    tied: tuple[bool, ...]
    notes: tuple[str, ...]
    items: int
    k: int


def check_neighbours(k: int, metric: str = "cosine") -> None:
    """Refuse neighbours that there are none of, or by no metric.

    Raises:
        ValueError: when k is not above 0, or the metric is neither `cosine` nor `euclidean`.
    """
    if metric not in METRICS:
        raise ValueError(f"no metric {metric!r}; there are {', '.join(METRICS)}")
    if k < 1:
        raise ValueError(f"neighbours are counted from 1, not {k}")


def describe_neighbours(
    embeddings: Num[np.ndarray, "models items dim"], k: int = 10, metric: str = "cosine"
) -> NeighbourSide:
    """Describe one side for `mutual_knn`, `jaccard_knn` and `cknna`, for many models at once.

    Raises:
        ValueError: when k is not above 0, or the metric is neither `cosine` nor `euclidean`.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 8))
        >>> float(describe_neighbours(models, k=3).weights[0].sum())
        60.0
    """
    check_neighbours(k, metric)
    side = centred(embeddings)
    rows, notes = side.rows, side.notes
    if metric == "cosine":
        rows = unit_rows(embeddings)
        rows[~np.isfinite(rows).all(axis=(1, 2))] = 0.0
    models, items, _ = rows.shape
    if k >= items:
        nothing = csr_array((items, items))
        return NeighbourSide((nothing,) * models, None, rows, (False,) * models, notes, items, k)
    weights, tied = [], []
    for model in rows:
        blocks = [
            _nearest(model, slice(start, min(start + BLOCK, items)), k, metric)
            for start in range(0, items, BLOCK)
        ]
        own, columns, values, ties = (np.concatenate(part) for part in zip(*blocks, strict=True))
        weights.append(csr_array((values, (own, columns)), shape=(items, items)))
        tied.append(bool(ties.any()))
    flat = None
    if items <= DENSE_UP_TO and models:
        flat = np.stack([each.toarray().ravel() for each in weights])
    return NeighbourSide(tuple(weights), flat, rows, tuple(tied), notes, items, k)


def _nearest(
    rows: Float64[np.ndarray, "items dim"], part: slice, k: int, metric: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, for some items, index, neighbour and weight of all neighbours, and who has ties."""
    distances = rows[part] @ rows.T
    if metric == "cosine":
        np.subtract(1.0, distances, out=distances)
        rounding = np.full(len(distances), 1e-14)
    else:
        squares = np.vecdot(rows, rows)
        distances *= -2.0
        distances += squares
        distances += squares[part, None]
        rounding = 1e-14 * squares[part]
    return _chosen(distances, part.start, k, rounding)


def _chosen(
    distances: Float64[np.ndarray, "some items"], start: int, k: int,
    rounding: Float64[np.ndarray, " some"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return what `_nearest` does, of distances that may be overwritten, from item `start` on."""
    own = np.arange(len(distances))
    distances[own, own + start] = np.inf
    last = np.partition(distances, k - 1, axis=1)[:, k - 1]
    slack = 1e-12 * np.abs(last) + rounding
    inside, near = np.nonzero(distances <= (last + slack)[:, None])
    closer = distances[inside, near] < (last - slack)[inside]
    counts = np.bincount(inside, closer, minlength=len(distances))
    equal = np.bincount(inside, minlength=len(distances)) - counts
    values = np.where(closer, 1.0, ((k - counts) / equal)[inside])
    return inside + start, near, values, counts + equal > k


Compared = tuple[float, float]
"""A value, and what chance gives."""


def _mutual(first: NeighbourSide, second: NeighbourSide, model: int) -> Compared:
    """Return the share of neighbours that both sides have in common."""
    n, k = first.items, first.k
    if first.flat is not None and second.flat is not None:
        return float(first.flat[model] @ second.flat[model]) / (n * k), k / (n - 1)
    shared = first.weights[model].multiply(second.weights[model]).sum()
    return float(shared) / (n * k), k / (n - 1)


def _jaccard(first: NeighbourSide, second: NeighbourSide, model: int) -> Compared:
    """Return the mean Jaccard index; by chance as of two draws of k out of n - 1."""
    from scipy.stats import hypergeom

    n, k = first.items, first.k
    shared = first.weights[model].minimum(second.weights[model]).sum(axis=1)
    value = float((shared / (2 * k - shared)).mean())
    if first.tied[model] or second.tied[model]:
        return value, math.nan
    common = np.arange(k + 1)
    chances = hypergeom(n - 1, k, k).pmf(common)
    return value, float((chances * common / (2 * k - common)).sum())


def _cknna(first: NeighbourSide, second: NeighbourSide, model: int) -> Compared:
    """Return CKA of the products of items that are neighbours on both sides."""
    if first.items < 4:
        return math.nan, math.nan
    cross = _masked_hsic(first, second, model)
    selves = _masked_hsic(first, first, model) * _masked_hsic(second, second, model)
    return (cross / math.sqrt(selves) if selves > 0 else math.nan), math.nan


def _masked_hsic(first: NeighbourSide, second: NeighbourSide, model: int) -> float:
    """Return HSIC_1 of both sides' products, those of no shared neighbours set to 0."""
    n = first.items
    mask = coo_array(first.weights[model].multiply(second.weights[model]))
    rows, columns = mask.coords
    one, other = (
        csr_array((mask.data * np.vecdot(x[rows], x[columns]), (rows, columns)), shape=(n, n))
        for x in (first.rows[model], second.rows[model])
    )
    products = one.multiply(other.T).sum() - 2 / (n - 2) * (one.sum(axis=0) @ other.sum(axis=1))
    return float(products + one.sum() * other.sum() / ((n - 1) * (n - 2)))


KINDS: Mapping[str, Callable[[NeighbourSide, NeighbourSide, int], Compared]] = {
    "mutual": _mutual, "jaccard": _jaccard, "cknna": _cknna,
}  # fmt: skip


def score_neighbours(
    first: NeighbourSide, second: NeighbourSide, kind: str = "mutual"
) -> list[Score]:
    """Return one of the module's measures of two descriptions, per model.

    Raises:
        ValueError: when the two hold different numbers of models, items or neighbours, or there is
            no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}; there are {', '.join(KINDS)}")
    _check_alike(first, second)
    n, k = first.items, first.k
    notes = list(pair_notes(first.notes, second.notes, n, max(k + 1, 4 if kind == "cknna" else 2)))
    values, chances = np.full(len(notes), np.nan), np.full(len(notes), np.nan)
    for model, note in enumerate(notes):
        if not note:
            values[model], chances[model] = KINDS[kind](first, second, model)
            if math.isnan(values[model]):
                notes[model] = NO_VARIANCE
    return scores(values, notes, n, chances)


def _check_alike(first: NeighbourSide, second: NeighbourSide) -> None:
    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    if first.k != second.k:
        raise ValueError(f"one side has {first.k} neighbours, the other {second.k}")


def compare_neighbours(
    first: NeighbourSide, second: NeighbourSide, kind: str = "mutual"
) -> Float64[np.ndarray, " models"]:
    """Return the values of `score_neighbours`."""
    return np.array([score.value for score in score_neighbours(first, second, kind)])


def shared_neighbours(
    first: NeighbourSide, second: NeighbourSide
) -> Float64[np.ndarray, "models items"]:
    """Return of every item which share of its neighbours both sides agree on, per model.

    Their mean over items is `mutual_knn`, with which ties share places, too.

    Raises:
        ValueError: when the two hold different numbers of models, items or neighbours.

    Examples:
        >>> side = describe_neighbours(np.random.default_rng(0).normal(size=(1, 5, 8)), k=2)
        >>> shared_neighbours(side, side).tolist()
        [[1.0, 1.0, 1.0, 1.0, 1.0]]
    """
    _check_alike(first, second)
    pairs = zip(first.weights, second.weights, strict=True)
    shared = [one.multiply(other).sum(axis=1) / first.k for one, other in pairs]
    return np.stack(shared) if shared else np.zeros((0, first.items))


def mutual_knn(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    k: int = 10, metric: str = "cosine",
) -> Score:  # fmt: skip
    """Return the share of the k nearest neighbours that two representations have in common.

    Chance is k / (n - 1). NaN, with a note, when there are no more than k items, without variance,
    or with a value that is not finite.

    Args:
        first: items x dims; `second`: the same items, any other number of dims.
        k: number of neighbours, chosen before; a sweep over it is shown whole.
        metric: `cosine` or `euclidean`.

    Raises:
        ValueError: when the two hold different numbers of items, or k or metric make no sense.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(50, 8))
        >>> mutual_knn(first, 3 * first).value, round(mutual_knn(first, first[:, :1]).chance, 3)
        (1.0, 0.204)
    """
    one, other = (describe_neighbours(one_model(each), k, metric) for each in (first, second))
    return score_neighbours(one, other, kind="mutual")[0]


def jaccard_knn(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    k: int = 10, metric: str = "cosine",
) -> Score:  # fmt: skip
    """Return the mean Jaccard index of the neighbourhoods of an item in two representations.

    That is how many neighbours are shared over how many there are on either side. Chance is known
    exactly where no item has ties. Otherwise as `mutual_knn`.

    Raises:
        ValueError: as `mutual_knn`.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(50, 8))
        >>> jaccard_knn(first, 3 * first).value
        1.0
    """
    one, other = (describe_neighbours(one_model(each), k, metric) for each in (first, second))
    return score_neighbours(one, other, kind="jaccard")[0]


def cknna(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    k: int = 10,
) -> Score:  # fmt: skip
    """Return CKA over mutual nearest neighbours (Huh et al. 2024).

    The debiased CKA of unit items, with the products of all items set to 0 that are not neighbours
    of each other on both sides; with k = n - 1 it is that CKA. It may exceed 1, does not grow
    steadily with k, and unrelated representations are given far more than 0: always compare with
    shuffled items. As nearest neighbours need not be mutual, the masked products are not symmetric,
    and the first and the second may not be swapped; as platonic-rep has it, less its added 1e-6.

    Raises:
        ValueError: as `mutual_knn`.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(50, 8))
        >>> round(cknna(first, 3 * first).value, 6)
        1.0
    """
    one, other = (describe_neighbours(one_model(each), k) for each in (first, second))
    return score_neighbours(one, other, kind="cknna")[0]


_BLIND: Mapping[str, frozenset[Change]] = {
    "cosine": frozenset(
        {"common_scale", "item_scale", "rotation", "dimension_order", "item_order"}
    ),
    "euclidean": RIGID,
}


def _of_dissimilarities(
    first: Float64[np.ndarray, " pairs"], second: Float64[np.ndarray, " pairs"], k: int, kind: str
) -> Score:
    """Return one of the module's measures of two vectors of dissimilarities of the same items."""
    one, other = (neighbours_of_pairs(pairs[None], k) for pairs in (first, second))
    return score_neighbours(one, other, kind)[0]


def neighbours_of_pairs(pairs: Float64[np.ndarray, "models pairs"], k: int) -> NeighbourSide:
    """Describe one side by dissimilarities of all pairs, as `lower_triangle` lists them."""
    models, n = len(pairs), items_of(pairs.shape[1])
    finite = [bool(np.isfinite(each).all()) for each in pairs]
    weights, tied = [], []
    for each, ok in zip(pairs, finite, strict=True):
        matrix = np.zeros((n, n))
        matrix[np.tril_indices(n, -1)] = each
        own, near, values, ties = (
            _chosen(matrix + matrix.T, 0, min(k, max(n - 1, 1)), np.zeros(n))
            if ok and n > 1
            else (np.zeros(0, int),) * 4
        )
        weights.append(csr_array((values, (own, near)), shape=(n, n)))
        tied.append(bool(ties.any()))
    notes = tuple("" if ok else NOT_FINITE for ok in finite)
    rows = np.zeros((models, n, 0))
    return NeighbourSide(tuple(weights), None, rows, tuple(tied), notes, n, k)


def knn_measure(k: int = 10, metric: str = "cosine", kind: str = "mutual") -> Measure:
    """Return the measure of `mutual_knn` or, of another kind, `jaccard_knn` or `cknna`.

    Raises:
        ValueError: when k is not above 0, or there is no such metric.
    """
    check_neighbours(k, metric)
    compute: Callable[..., Score] = {"mutual": mutual_knn, "jaccard": jaccard_knn, "cknna": cknna}[
        kind
    ]
    ranks = kind != "cknna"
    given: dict[str, Any] = {"k": k, "metric": metric} if ranks else {"k": k}
    monotone: frozenset[Change] = frozenset({"monotone"} if ranks else ())
    name, chance, oracle = _KINDS[kind]
    return Measure(
        key=f"{name}.k{k}" + ("" if metric == "cosine" else f".{metric}"),
        name=f"{_NAMES[kind]}, k = {k}, {metric}", compares="two representations", low=0.0,
        high=1.0 if ranks else math.inf, best=1.0, higher_means="more alike", symmetric=ranks,
        metric=ranks, invariant_to=_BLIND[metric] | monotone,
        centres="unit rows" if metric == "cosine" else "columns", chance=chance,
        resampling="half samples", least_items=k + 1 if ranks else max(k + 1, 4), cost="n^2 d",
        reference="Huh et al. (2024), ICML", oracle=oracle, compute=partial(compute, **given),
        describe=partial(describe_neighbours, **given),
        compare=partial(compare_neighbours, kind=kind), score=partial(score_neighbours, kind=kind),
        of_dissimilarities=partial(_of_dissimilarities, k=k, kind=kind) if ranks else None,
        describe_dissimilarities=partial(neighbours_of_pairs, k=k) if ranks else None,
    )  # fmt: skip


_NAMES = {"mutual": "mutual nearest neighbours", "jaccard": "Jaccard index of nearest neighbours",
          "cknna": "CKA over mutual nearest neighbours"}  # fmt: skip
_KINDS: Mapping[str, tuple[str, Chance, str]] = {
    "mutual": ("mutual_knn", "closed", "platonic-rep"),
    "jaccard": ("jaccard_knn", "closed", "ReSi"),
    "cknna": ("cknna", "permutation", "platonic-rep"),
}
