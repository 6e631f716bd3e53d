"""How well do the seeds agree, and what does that say of the best r that is possible?

Nili et al. (2014, PLoS Computational Biology 10(4) e1003553): the best possible mean correlation
with the seeds' similarities lies between the mean correlation of each seed with the mean of the
others (lower bound) and that with the mean of all (upper bound), where each seed's similarities
are z-scored first. That holds for similarities of the same items. Where every seed has items of
its own, compare `class_similarity`: how well the seeds agree on a few means within and between
classes, which bounds no correlation over items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.comparators import COMPARATORS, average_ranks
from hybridrep.analysis.descriptions import LEAST_SD
from hybridrep.analysis.record import Measure
from hybridrep.analysis.t_tests import one_sample

Comparator = Literal[
    "pearson", "cosine", "whitened_cosine", "whitened_pearson", "spearman", "rho_a", "tau_a"
]
"""How a profile is compared with the mean of others."""


@dataclass(frozen=True)
class NoiseCeiling:
    """Agreement between seeds; of the same items' similarities, bounds of the best possible r.

    `lower` is the mean over seeds of r with the mean of the other seeds, `upper` with that of all;
    `note` says why they are undefined (NaN), or approximate. `p` is that of a two-sided t-test over
    seeds, of three at least, whether the lower bound is 0: do the seeds agree at all?
    """

    lower: float
    upper: float
    seeds: int
    note: str = ""
    p: float = math.nan


def noise_ceiling(
    profiles: Float[np.ndarray, "seeds values"], comparator: Comparator = "pearson"
) -> NoiseCeiling:
    """Return the noise ceiling of profiles of the same things, one a seed.

    Profiles are lower triangles of similarity matrices of the same items (`lower_triangle`), or
    `class_profile`s. Both bounds follow from the seeds' correlations with each other: with R_s
    the sum of a seed's row and Q the sum of all, r with the mean of all is R_s / sqrt(Q), and
    with the mean of the others (R_s - 1) / sqrt(Q - 2 R_s + 1). They are undefined with fewer than
    two seeds, a constant profile, a value that is not finite, or seeds that cancel each other out.

    The same holds for every comparator that is an inner product, when profiles are scaled to
    length 1 and pooled in its own norm: of `cosine` as they are; of the whitened ones (Diedrichsen
    et al. 2021), whose profiles must be lower triangles of squared Euclidean distances, as double
    centred matrices, without what the identity explains for `whitened_pearson`. Rank comparators
    have no such mean: the seeds' ranks are averaged and ranked again, as in rsatoolbox, so that
    their upper bound is approximate.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> ceiling = noise_ceiling(rng.normal(size=45) + rng.normal(size=(5, 45)))
        >>> round(ceiling.lower, 2), round(ceiling.upper, 2)
        (0.59, 0.75)
    """
    seeds = len(profiles)
    if seeds < 2:
        return _undefined(seeds, "fewer than two seeds: no noise ceiling")
    scores = np.array(profiles, dtype=np.float64)
    if not np.isfinite(scores).all():
        return _undefined(seeds, "a similarity is not finite: no noise ceiling")
    if COMPARATORS[comparator].monotone:
        return _ceiling_of_ranks(scores, comparator)
    if comparator.startswith("whitened"):
        scores = np.stack([_double_centred(score, comparator) for score in scores])
    if comparator == "pearson":
        scores -= scores.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(scores, axis=1, keepdims=True)
    if (lengths <= LEAST_SD * math.sqrt(scores.shape[1])).any():
        return _undefined(seeds, "a seed's similarities do not vary: no noise ceiling")
    scores /= lengths
    row_sums = (scores @ scores.T).sum(axis=1)
    total = float(row_sums.sum())
    others = total - 2 * row_sums + 1
    if total <= LEAST_SD or (others <= LEAST_SD).any():
        return _undefined(seeds, "the seeds' similarities cancel out: no noise ceiling")
    left_out = (row_sums - 1) / np.sqrt(others)
    upper = float((row_sums / math.sqrt(total)).mean())
    return NoiseCeiling(float(left_out.mean()), upper, seeds, p=_p_of_agreement(left_out))


def _double_centred(
    profile: Float64[np.ndarray, " pairs"], comparator: str
) -> Float64[np.ndarray, " items_by_items"]:
    """Return the Gram matrix behind squared distances; less its part along the identity, too.

    Inner products of these are the whitened ones of the distances, of independent items.
    """
    items = round((1 + math.sqrt(1 + 8 * len(profile))) / 2)
    if items * (items - 1) // 2 != len(profile):
        raise ValueError(f"{len(profile)} values are no lower triangle of a matrix of items")
    distances = np.zeros((items, items))
    rows, columns = np.tril_indices(items, -1)
    distances[rows, columns] = distances[columns, rows] = profile
    centring = np.eye(items) - 1 / items
    gram = -centring @ distances @ centring / 2
    if comparator == "whitened_pearson":
        gram -= np.trace(gram) / (items - 1) * centring
    return gram.ravel()


def _ceiling_of_ranks(scores: Float64[np.ndarray, "seeds values"], comparator: str) -> NoiseCeiling:
    """Return both bounds where profiles are pooled by their mean ranks, ranked again."""
    ranks, seeds = np.stack([average_ranks(own) for own in scores]), len(scores)
    if (ranks == ranks[:, :1]).all(axis=1).any():
        return _undefined(seeds, "a seed's similarities do not vary: no noise ceiling")
    total = ranks.sum(axis=0)
    pooled = average_ranks(total)
    rest = np.stack([average_ranks(total - own) for own in ranks])
    if (rest == rest[:, :1]).all(axis=1).any() or (pooled == pooled[0]).all():
        return _undefined(seeds, "the seeds' similarities cancel out: no noise ceiling")
    how = COMPARATORS[comparator]
    every, *sides = (how.standardise(each.copy(), 0.0)[0] for each in (pooled, *ranks, *rest))
    upper = float(np.mean([how.value(own, every) for own in sides[:seeds]]))
    pairs = zip(sides[:seeds], sides[seeds:], strict=True)
    left_out = np.array([how.value(own, others) for own, others in pairs])
    note = "upper bound approximate: pooled by mean ranks"
    return NoiseCeiling(float(left_out.mean()), upper, seeds, note, _p_of_agreement(left_out))


def _p_of_agreement(left_out: Float64[np.ndarray, " seeds"]) -> float:
    """Test over S seeds whether each agrees with the mean of the others, against no agreement.

    Without any, all correlations of two seeds r_st are uncorrelated with a variance v, and a seed's
    agreement is about c sum_t r_st. Each r_st stands in two of them, so the variance of their mean
    is 2 c^2 v (S - 1) / S, where that of independent values with their spread would be
    c^2 v (S - 2) / S: their t is too large by the root of the ratio of both.
    """
    from scipy.stats import t

    seeds, plain = len(left_out), one_sample(left_out)
    if seeds < 3 or math.isnan(plain.statistic):
        return math.nan
    shrunk = plain.statistic * math.sqrt((seeds - 2) / (2 * (seeds - 1)))
    return 2 * float(t.sf(abs(shrunk), seeds - 1))


def _undefined(seeds: int, note: str) -> NoiseCeiling:
    return NoiseCeiling(math.nan, math.nan, seeds, note)


def class_similarity(
    matrix: Float[np.ndarray, "items items"], labels: Int[np.ndarray, " items"]
) -> Float64[np.ndarray, "classes classes"]:
    """Return the mean similarity within and between classes, in ascending order.

    Pairs of an item with itself are left out: a class of one item has NaN on the diagonal.

    Examples:
        >>> matrix = np.array([[1.0, 0.8, 0.1], [0.8, 1.0, 0.3], [0.1, 0.3, 1.0]])
        >>> class_similarity(matrix, np.array([0, 0, 1])).tolist()
        [[0.8, 0.2], [0.2, nan]]
    """
    classes, index = np.unique(labels, return_inverse=True)
    members = np.eye(len(classes))[index]
    counts = members.sum(axis=0)
    sums = members.T @ matrix.astype(np.float64) @ members
    sums -= np.diag(members.T @ np.diagonal(matrix).astype(np.float64))
    pairs = np.outer(counts, counts) - np.diag(counts)
    means: np.ndarray = np.divide(sums, pairs, out=np.full_like(sums, math.nan), where=pairs > 0)
    return means


def class_profile(
    matrix: Float[np.ndarray, "items items"], labels: Int[np.ndarray, " items"]
) -> Float64[np.ndarray, " values"]:
    """Return the lower triangle of `class_similarity` with its diagonal, as one profile.

    Examples:
        >>> class_profile(np.eye(4), np.array([0, 0, 1, 1])).tolist()
        [0.0, 0.0, 0.0]
    """
    by_class = class_similarity(matrix, labels)
    return by_class[np.tril_indices(len(by_class))]


NOISE_CEILING = Measure(
    key="noise_ceiling", name="agreement between seeds: lower and upper bound of the best r",
    compares="profiles of seeds", low=-1.0, high=1.0, best=1.0, higher_means="seeds agree more",
    symmetric=True, invariant_to=frozenset(
        {"common_scale", "item_scale", "item_order", "dimension_order"}
    ),
    centres="rows", chance="none", resampling="seeds only", cost="seeds^2 values",
    reference="Nili et al. (2014), PLoS Computational Biology 10(4) e1003553",
    oracle="rsatoolbox",
    compute=noise_ceiling,
)  # fmt: skip
"""The measure of `noise_ceiling`."""
