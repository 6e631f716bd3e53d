"""How sure is an RSA correlation: bootstrap over items and seeds, permutations, noise ceiling.

Everything here starts from similarity matrices. A seed has tweets of its own, so a resample over
both draws seeds and, anew for every seed drawn, items (`study_intervals`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.descriptions import LEAST_SD

_TIE = 1e-12
"""Correlations closer than this are equal up to rounding; a permutation counts them as ties."""


@dataclass(frozen=True)
class Interval:
    """A 95% percentile interval. Undefined numbers are NaN, and `note` says why.

    `estimate` is the value without resampling; so many `resamples` had a defined value.
    """

    estimate: float
    low: float
    high: float
    resamples: int
    note: str = ""


def percentile_interval(estimate: float, distribution: Float[np.ndarray, " resamples"]) -> Interval:
    """Return the 95% percentile interval of a bootstrap distribution, leaving NaN out.

    Examples:
        >>> percentile_interval(0.5, np.linspace(0, 1, 41))
        Interval(estimate=0.5, low=0.025, high=0.9750000000000001, resamples=41, note='')
    """
    defined = distribution[np.isfinite(distribution)]
    left_out = len(distribution) - len(defined)
    note = f"{left_out} of {len(distribution)} resamples are undefined" if left_out else ""
    if not len(defined):
        return Interval(estimate, math.nan, math.nan, 0, note or "no resamples")
    low, high = np.percentile(defined, [2.5, 97.5])
    return Interval(estimate, float(low), float(high), len(defined), note)


def item_weights(
    items: int, resamples: int, rng: np.random.Generator,
    groups: Int[np.ndarray, " items"] | None = None,
) -> Float64[np.ndarray, "resamples items"]:  # fmt: skip
    """Draw how often each item occurs in each resample with replacement.

    `groups` are classes that keep their sizes (a stratified bootstrap); without, all items are
    drawn from one pool.

    Examples:
        >>> item_weights(4, 2, np.random.default_rng(0)).sum(axis=1).tolist()
        [4.0, 4.0]
    """
    weights = np.zeros((resamples, items))
    pools = (
        [np.arange(items)]
        if groups is None
        else [np.flatnonzero(groups == group) for group in np.unique(groups)]
    )
    offsets = np.arange(resamples)[:, None] * items
    for pool in pools:
        drawn = pool[rng.integers(len(pool), size=(resamples, len(pool)))]
        weights += np.bincount((drawn + offsets).ravel(), minlength=resamples * items).reshape(
            resamples, items
        )
    return weights


def weighted_correlations(
    matrices: Float[np.ndarray, "k items items"], weights: Float[np.ndarray, "resamples items"]
) -> Float64[np.ndarray, "resamples k k"]:
    """Return Pearson r of all pairs of similarity matrices for every resample of the items.

    A resample that draws item i w_i times holds the pair of different items (i, j) w_i w_j times.
    Pairs of two copies of one item are left out, as their similarity is 1 in every representation
    and says nothing (as in rsatoolbox). So r is a weighted correlation whose sums are quadratic
    forms w'Fw / 2 with F = S, S*S or S*T (elementwise, zero diagonal). NaN where a resample has
    no pair or no variance. `weights` are as `item_weights` draws them.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> matrices = np.stack([np.corrcoef(rng.normal(size=(9, 5))) for _ in range(2)])
        >>> weighted_correlations(matrices, np.ones((1, 9))).round(3).tolist()  # no resampling
        [[[1.0, -0.086], [-0.086, 1.0]]]
    """
    centred = np.stack([_centred(matrix) for matrix in matrices])
    pairs = (weights.sum(axis=1) ** 2 - np.vecdot(weights, weights)) / 2
    pairs = np.where(pairs > 0, pairs, np.nan)
    means = np.stack([_form(weights, matrix) for matrix in centred], axis=1) / pairs[:, None]
    k = len(matrices)
    covariances = np.empty((len(weights), k, k))
    for a in range(k):
        for b in range(a, k):
            product = _form(weights, centred[a] * centred[b]) / pairs
            covariances[:, a, b] = covariances[:, b, a] = product - means[:, a] * means[:, b]
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    spreads = np.sqrt(np.where(variances > LEAST_SD**2, variances, np.nan))
    r: np.ndarray = np.clip(covariances / (spreads[:, :, None] * spreads[:, None, :]), -1.0, 1.0)
    return r


def _centred(matrix: Float[np.ndarray, "items items"]) -> Float64[np.ndarray, "items items"]:
    """Return a matrix less its mean off the diagonal, with zeros on the diagonal."""
    items = len(matrix)
    centred = np.array(matrix, dtype=np.float64)
    np.fill_diagonal(centred, 0.0)
    centred -= centred.sum() / max(1, items * (items - 1))
    np.fill_diagonal(centred, 0.0)
    return centred


def _form(
    weights: Float[np.ndarray, "resamples items"], matrix: Float64[np.ndarray, "items items"]
) -> Float64[np.ndarray, " resamples"]:
    """Return w'Fw / 2 for every row w of weights."""
    forms: np.ndarray = np.vecdot(weights @ matrix, weights) / 2
    return forms


def bootstrap_items(
    matrices: Float[np.ndarray, "k items items"], resamples: int, rng: np.random.Generator,
    groups: Int[np.ndarray, " items"] | None = None,
) -> Float64[np.ndarray, "resamples k k"]:  # fmt: skip
    """Return the bootstrap distribution over items of r for all pairs of similarity matrices.

    All pairs share each resample. See `weighted_correlations` for what a resample is and
    `item_weights` for `groups`.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> matrices = np.stack([np.corrcoef(rng.normal(size=(30, 5))) for _ in range(2)])
        >>> bootstrap_items(matrices, 200, rng).shape
        (200, 2, 2)
    """
    weights = item_weights(matrices.shape[-1], resamples, rng, groups)
    return weighted_correlations(matrices, weights)


@dataclass(frozen=True)
class StudyIntervals:
    """Intervals of the mean r over seeds, by what is resampled.

    Attributes:
        items: the seeds are fixed, their items are resampled.
        seeds: seeds are resampled, each with its r as it is.
        both: seeds and, within every seed drawn, items; each source of variance counts once.
    """

    items: Interval
    seeds: Interval
    both: Interval


def study_intervals(
    values: Float[np.ndarray, " seeds"], item_resamples: Float[np.ndarray, "seeds resamples"],
    rng: np.random.Generator, shared_items: bool = False,
) -> StudyIntervals:  # fmt: skip
    """Return the intervals of a study's mean r from every seed's bootstrap over items.

    A seed that samples its own items has their noise in its r already: the variance between seeds
    is V = V_seed + V_item, and drawing items on top of seeds would make it V_seed + 2 V_item. So
    for resamples over both the seeds' r are first shrunk to their mean by
    c = sqrt(max(0, 1 - V_item / V)), which leaves V_seed, with V_item the mean over seeds of the
    variance of their item resamples; drawing items then adds V_item once. (Shrinkage of clusters
    before a two-stage bootstrap: Davison & Hinkley 1997, Bootstrap Methods and their Application,
    section 3.8.) Intervals over seeds thus speak of new seeds with new items, too. With few seeds
    both are too narrow, as percentile intervals are: over n seeds by sqrt((n - 1) / n). With one
    seed they are undefined, as their notes say.

    Args:
        values: r of every seed.
        item_resamples: per seed r of its item resamples (one pair of `bootstrap_items`).
        rng: source of the resampled seeds.
        shared_items: set it when all seeds have the same items and resample b of every seed drew
            the same ones; then resamples over both keep that, and nothing is shrunk: noise that
            all seeds share is not in the variance between them.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> seeds = rng.normal(0.4, 0.1, size=5)
        >>> found = study_intervals(seeds, seeds[:, None] + rng.normal(0, 0.05, size=(5, 500)), rng)
        >>> bool(found.both.low < seeds.mean() < found.both.high)
        True
    """
    seeds, resamples = item_resamples.shape
    estimate = float(values.mean()) if seeds else math.nan
    items = percentile_interval(estimate, item_resamples.mean(axis=0))
    if seeds < 2:
        alone = Interval(estimate, math.nan, math.nan, 0, "fewer than two seeds: no interval")
        return StudyIntervals(items, alone, alone)
    drawn = rng.integers(seeds, size=(resamples, seeds))
    which, shrunk = np.arange(resamples)[:, None], values
    if not shared_items:
        which = rng.integers(resamples, size=(resamples, seeds))
        shrunk = estimate + _share_of_seeds(values, item_resamples) * (values - estimate)
    by_items = item_resamples - values[:, None]
    return StudyIntervals(
        items=items,
        seeds=percentile_interval(estimate, values[drawn].mean(axis=1)),
        both=percentile_interval(estimate, (shrunk[drawn] + by_items[drawn, which]).mean(axis=1)),
    )


def _share_of_seeds(
    values: Float[np.ndarray, " seeds"], item_resamples: Float[np.ndarray, "seeds resamples"]
) -> float:
    """Return the c of `study_intervals`: the share of the SD between seeds that is not items'."""
    between = float(values.var(ddof=1))
    if not between > 0:
        return 0.0
    defined = [own[np.isfinite(own)] for own in item_resamples]
    variances = [own.var(ddof=1) for own in defined if len(own) > 1]
    within = float(np.mean(variances)) if variances else 0.0
    return math.sqrt(max(0.0, 1.0 - within / between))


def permutation_null(
    permuted: Float[np.ndarray, "items items"], others: Float[np.ndarray, "k items items"],
    permutations: int, rng: np.random.Generator,
) -> Float64[np.ndarray, "permutations k"]:  # fmt: skip
    """Return r of a similarity matrix with others after random permutations of its items.

    Rows and columns of the symmetric matrix are permuted together, so its mean and variance stay
    what they are, and every r is one scalar product; all others share each permutation.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> matrix = np.corrcoef(rng.normal(size=(20, 5)))
        >>> permutation_p(1.0, permutation_null(matrix, matrix[None], 99, rng)[:, 0])
        0.01
    """
    items = len(permuted)
    moved = _normalised(permuted)
    fixed = np.stack([_normalised(matrix).ravel() for matrix in others])
    null = np.empty((permutations, len(others)))
    rows, both = np.empty((items, items)), np.empty((items, items))
    turned = np.empty((items, items))
    for index in range(permutations):
        order = rng.permutation(items)
        moved.take(order, axis=0, out=rows, mode="clip")
        np.copyto(turned, rows.T)  # whole rows are taken 2.5 times as fast as columns
        turned.take(order, axis=0, out=both, mode="clip")
        null[index] = fixed @ both.ravel()
    return null


def _normalised(matrix: Float[np.ndarray, "items items"]) -> Float64[np.ndarray, "items items"]:
    """Return the centred matrix with Frobenius norm 1; NaN when it is constant."""
    centred = _centred(matrix)
    norm = float(np.linalg.norm(centred))
    if norm <= LEAST_SD * len(matrix):
        norm = math.nan
    return centred / norm


def permutation_p(r: float, null: Float[np.ndarray, " permutations"]) -> float:
    """Return how rarely shuffled items give so strong a relation, either way (Nili et al. 2014).

    That is (1 + count) / (1 + n) of permutations with |r| as high or higher: two-sided, as every
    other p of a report. NaN for an undefined r.

    Examples:
        >>> permutation_p(0.5, np.array([0.1, -0.6, 0.2]))
        0.5
    """
    if math.isnan(r) or np.isnan(null).any():
        return math.nan
    extreme = np.count_nonzero(np.abs(null) >= abs(r) - _TIE)
    return float((1 + extreme) / (1 + len(null)))
