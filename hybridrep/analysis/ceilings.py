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

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.descriptions import LEAST_SD
from hybridrep.analysis.record import Measure


@dataclass(frozen=True)
class NoiseCeiling:
    """Agreement between seeds; of the same items' similarities, bounds of the best possible r.

    `lower` is the mean over seeds of r with the mean of the other seeds, `upper` with that of all;
    `note` says why they are undefined (NaN).
    """

    lower: float
    upper: float
    seeds: int
    note: str = ""


def noise_ceiling(profiles: Float[np.ndarray, "seeds values"]) -> NoiseCeiling:
    """Return the noise ceiling of profiles of the same things, one a seed.

    Profiles are lower triangles of similarity matrices of the same items (`lower_triangle`), or
    `class_profile`s. Both bounds follow from the seeds' correlations with each other: with R_s
    the sum of a seed's row and Q the sum of all, r with the mean of all is R_s / sqrt(Q), and
    with the mean of the others (R_s - 1) / sqrt(Q - 2 R_s + 1). Seeds that have nothing in common
    give 0 for the lower bound and 1 / sqrt(seeds) for the upper, which holds the seed itself. They
    are undefined with fewer than two seeds, a constant profile, a value that is not finite, or
    seeds that cancel each other out.

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
    lower = float(((row_sums - 1) / np.sqrt(others)).mean())
    upper = float((row_sums / math.sqrt(total)).mean())
    return NoiseCeiling(lower, upper, seeds)


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
