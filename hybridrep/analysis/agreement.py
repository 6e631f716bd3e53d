"""Agreement with what is known: does a measure tell groups apart, and find an item again?

Of groups that were each made with several seeds (architectures, layers, sizes) it is known which
representations belong together. A measure that may be believed puts a representation nearer to its
own group than to others, and finds an item of one seed among the items of another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int, Num, Shaped

from hybridrep.analysis.centring import centred, one_model
from hybridrep.analysis.predictivity import ridge_map
from hybridrep.analysis.record import Score

_TIE = 1e-12


@dataclass(frozen=True)
class Identification:
    """How well a measure tells which group a representation is of.

    Attributes:
        accuracy: share of representations that are nearest to their own group; ties by their share.
        chance: 1 over the number of groups.
        auc: probability that a pair within a group is more alike than one between groups.
        d_prime: difference of the means within and between, over their pooled SD.
        p: share of label permutations with an accuracy as high or higher; NaN without.
        low: 95% interval of the accuracy over resampled seeds; `high`: its upper end.
        correct: of each representation, as in the accuracy; NaN where its group has one seed.
        groups: number of groups; `seeds`: of seeds.
        note: why there is nothing, or "".
    """

    accuracy: float
    chance: float
    auc: float
    d_prime: float
    p: float
    low: float
    high: float
    correct: Float64[np.ndarray, " representations"]
    groups: int
    seeds: int
    note: str = ""


def identification(
    similarities: Float64[np.ndarray, "k k"], groups: Shaped[np.ndarray, " groups"],
    seeds: Shaped[np.ndarray, " seeds"], permutations: int = 0, resamples: int = 0,
    rng: np.random.Generator | None = None,
) -> Identification:  # fmt: skip
    """Tell groups apart by a measure's values between all representations of the same items.

    For each representation the mean similarity to every group is taken, its own seed left out of
    **all** groups, as what a seed shares (splits, items) would leak. It is correct if its own group
    is the largest; of c largest ones each counts 1 / c. Groups' labels are permuted within seeds.

    Args:
        similarities: values between all representations (`pairs_matrix`), higher = more alike: take
            the negative of angles. NaN of a pair leaves the pair out.
        groups: which group each is of; `seeds`: which seed.
        permutations: of the labels, for p.
        resamples: of the seeds, for the interval.
        rng: for both.

    Raises:
        ValueError: when sizes differ, or permutations are asked for without a generator.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> groups, seeds = np.repeat([0, 1, 2], 4), np.tile(np.arange(4), 3)
        >>> alike = (groups[:, None] == groups) + 0.1 * rng.normal(size=(12, 12))
        >>> found = identification(alike + alike.T, groups, seeds, 99, 99, rng)
        >>> found.accuracy, round(found.chance, 2), found.auc, found.p
        (1.0, 0.33, 1.0, 0.01)
    """
    k = len(similarities)
    if similarities.shape != (k, k) or len(groups) != k or len(seeds) != k:
        raise ValueError("one group and one seed for each row of a square matrix")
    if (permutations or resamples) and rng is None:
        raise ValueError("permutations and resamples need a random generator")
    names, group = np.unique(groups, return_inverse=True)
    which, seed = np.unique(seeds, return_inverse=True)
    if len(names) < 2 or len(which) < 2:
        nothing = np.full(k, np.nan)
        note = "fewer than two groups" if len(names) < 2 else "fewer than two seeds"
        nan = math.nan
        return Identification(
            nan, nan, nan, nan, nan, nan, nan, nothing, len(names), len(which), note
        )
    values = np.asarray(similarities, dtype=np.float64)
    correct = _correct(values, group, seed, len(names))
    accuracy = float(np.nanmean(correct))
    auc, d_prime = _separation(values, group, seed)
    p = low = high = math.nan
    if permutations and rng is not None:
        count = 0
        for _ in range(permutations):
            shuffled = _within_seeds(group, seed, rng)
            found = float(np.nanmean(_correct(values, shuffled, seed, len(names))))
            count += found >= accuracy - _TIE
        p = (1 + count) / (1 + permutations)
    if resamples and rng is not None:
        by_seed = np.array([np.nanmean(correct[seed == each]) for each in range(len(which))])
        drawn = rng.integers(len(which), size=(resamples, len(which)))
        low, high = (
            float(each) for each in np.percentile(by_seed[drawn].mean(axis=1), [2.5, 97.5])
        )
    return Identification(
        accuracy, 1 / len(names), auc, d_prime, p, low, high, correct, len(names), len(which)
    )


def _within_seeds(
    group: Int[np.ndarray, " k"], seed: Int[np.ndarray, " k"], rng: np.random.Generator
) -> Int[np.ndarray, " k"]:
    """Permute the groups' labels among the representations of each seed."""
    order = np.lexsort((rng.random(len(group)), seed))
    shuffled = np.empty_like(group)
    shuffled[np.argsort(seed, kind="stable")] = group[order]
    return shuffled


def _correct(
    values: Float64[np.ndarray, "k k"], group: Int[np.ndarray, " k"], seed: Int[np.ndarray, " k"],
    groups: int,
) -> Float64[np.ndarray, " k"]:  # fmt: skip
    """Return 1 where a representation's own group is the nearest, 1/ties where it is among them."""
    others = (seed[:, None] != seed) & np.isfinite(values)
    members = np.eye(groups)[group]
    counts = others @ members
    means = np.where(others, values, 0.0) @ members / np.where(counts > 0, counts, np.nan)
    own = means[np.arange(len(group)), group]
    best = np.nanmax(np.where(np.isnan(means), -np.inf, means), axis=1)
    slack = _TIE * np.maximum(1.0, np.abs(best))
    ties = (means >= (best - slack)[:, None]).sum(axis=1)
    correct: Float64[np.ndarray, " k"] = np.where(own >= best - slack, 1 / np.maximum(ties, 1), 0.0)
    correct[np.isnan(own)] = np.nan
    return correct


def _separation(
    values: Float64[np.ndarray, "k k"], group: Int[np.ndarray, " k"], seed: Int[np.ndarray, " k"]
) -> tuple[float, float]:
    """Return AUC (ties count half) and d' of pairs within against between groups."""
    from scipy.stats import rankdata

    first, second = np.triu_indices(len(values), 1)
    kept = (seed[first] != seed[second]) & np.isfinite(values[first, second])
    pairs, same = values[first, second][kept], (group[first] == group[second])[kept]
    within, between = pairs[same], pairs[~same]
    if not (len(within) and len(between)):
        return math.nan, math.nan
    ranks = rankdata(pairs)[same].sum() - len(within) * (len(within) + 1) / 2
    pooled = math.sqrt((within.var() + between.var()) / 2)
    d_prime = float(within.mean() - between.mean()) / pooled if pooled else math.nan
    return float(ranks / (len(within) * len(between))), d_prime


def seed_retrieval(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    alignment: str = "rotation", folds: int = 5,
) -> Score:  # fmt: skip
    """Return how well an item is found again in another seed's representation of the same items.

    The mean reciprocal rank of an item among all of the second's by Euclidean distance, after an
    alignment of the second onto the first that was fitted on the other folds of the items: the best
    rotation and scale, or ridge regression with its penalty chosen within them. Ties share their
    mean rank. Chance is the mean of 1 / rank.

    Args:
        first: items x dims; `second`: the same items.
        alignment: `rotation`, `ridge` or `none`.
        folds: of the items, as they come in turn.

    Raises:
        ValueError: when there is no such alignment, or the two hold different numbers of items, or
            of dimensions without an alignment.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(60, 5))
        >>> turned = first @ np.linalg.qr(rng.normal(size=(5, 5)))[0] * 3
        >>> seed_retrieval(first, turned).value, round(seed_retrieval(first, turned).chance, 2)
        (1.0, 0.08)
    """
    if alignment not in ("rotation", "ridge", "none"):
        raise ValueError(f"alignment is 'rotation', 'ridge' or 'none', not {alignment!r}")
    sides = [centred(one_model(each)) for each in (first, second)]
    n = sides[0].items
    if n != sides[1].items:
        raise ValueError(f"the two hold different numbers of items: {n} and {sides[1].items}")
    if alignment == "none" and first.shape[1] != second.shape[1]:
        raise ValueError("without an alignment both must have the same dimensions")
    note = sides[0].notes[0] or sides[1].notes[0] or ("" if n >= 2 * folds else "too few items")
    if note:
        return Score(math.nan, n=n, note=note)
    x, y = (side.unit()[0] for side in sides)
    ranks = np.empty(n)
    fold = np.arange(n) % folds
    for held_out in range(folds):
        rows = fold == held_out
        turned = _aligned(alignment, x[~rows], y[~rows], y)
        squares = np.vecdot(turned, turned)
        distances = np.vecdot(x[rows], x[rows])[:, None] + squares - 2 * x[rows] @ turned.T
        own = distances[np.arange(rows.sum()), np.flatnonzero(rows)][:, None]
        slack = 1e-12 * float(squares.max())
        closer = (distances < own - slack).sum(axis=1)
        equal = (np.abs(distances - own) <= slack).sum(axis=1)
        ranks[rows] = closer + (equal + 1) / 2
    chance = float((1 / np.arange(1, n + 1)).mean())
    return Score(float((1 / ranks).mean()), chance=chance, n=n)


def _aligned(
    alignment: str, x: Float64[np.ndarray, "some first_dim"],
    y: Float64[np.ndarray, "some second_dim"], everything: Float64[np.ndarray, "items second_dim"],
) -> Float64[np.ndarray, "items first_dim"]:  # fmt: skip
    """Bring all items of one side where some of them lie in the other."""
    if alignment == "none":
        return everything
    return ridge_map(y, x, everything) if alignment == "ridge" else _turned(x, y, everything)


def _turned(
    x: Float64[np.ndarray, "some first_dim"], y: Float64[np.ndarray, "some second_dim"],
    everything: Float64[np.ndarray, "items second_dim"],
) -> Float64[np.ndarray, "items first_dim"]:  # fmt: skip
    """Turn all items by the best rotation and scale of some onto others."""
    left, s, right = np.linalg.svd(y.T @ x, full_matrices=False)
    scale = float(s.sum()) / float(np.vdot(y, y))
    turned: Float64[np.ndarray, "items first_dim"] = scale * everything @ left @ right
    return turned
