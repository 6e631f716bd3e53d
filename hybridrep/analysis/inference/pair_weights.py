"""The bootstrap of comparisons of similarity matrices over items, by weights of pairs.

Only for what is a sum over pairs of different items (the RSA family): a copy of an item is its own
nearest neighbour, so that other measures are resampled by halves (`subsampling`).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.comparators import average_ranks
from hybridrep.analysis.descriptions import LEAST_SD
from hybridrep.analysis.inference.resamples import Resampled

Comparator = Literal["pearson", "cosine", "spearman", "rho_a"]
"""How two sets of dissimilarities are compared where a bootstrap by weights of pairs is right."""


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
    covariances = _weighted_covariances(
        np.stack([centred_off_diagonal(matrix) for matrix in matrices]), weights
    )
    return _scaled(covariances, LEAST_SD)


def _weighted_covariances(
    matrices: Float64[np.ndarray, "k items items"], weights: Float[np.ndarray, "resamples items"],
    centre: bool = True,
) -> Float64[np.ndarray, "resamples k k"]:  # fmt: skip
    """Return covariances of matrices over the pairs of every resample, or their mean products."""
    pairs = (weights.sum(axis=1) ** 2 - np.vecdot(weights, weights)) / 2
    pairs = np.where(pairs > 0, pairs, np.nan)
    k = len(matrices)
    means = np.zeros((len(weights), k))
    if centre:
        means = np.stack([_form(weights, matrix) for matrix in matrices], axis=1) / pairs[:, None]
    covariances = np.empty((len(weights), k, k))
    for a in range(k):
        for b in range(a, k):
            product = _form(weights, matrices[a] * matrices[b]) / pairs
            covariances[:, a, b] = covariances[:, b, a] = product - means[:, a] * means[:, b]
    return covariances


def _scaled(
    covariances: Float64[np.ndarray, "resamples k k"], least_sd: float
) -> Float64[np.ndarray, "resamples k k"]:
    """Return covariances divided by both standard deviations; NaN where one is nothing."""
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    spreads = np.sqrt(np.where(variances > least_sd**2, variances, np.nan))
    r: np.ndarray = np.clip(covariances / (spreads[:, :, None] * spreads[:, None, :]), -1.0, 1.0)
    return r


def centred_off_diagonal(
    matrix: Float[np.ndarray, "items items"],
) -> Float64[np.ndarray, "items items"]:
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


def bootstrap(
    matrices: Float[np.ndarray, "k items items"], resamples: int = 1000, *,
    rng: np.random.Generator, comparator: Comparator = "pearson",
    groups: Int[np.ndarray, " items"] | None = None,
) -> Resampled:  # fmt: skip
    """Bootstrap the comparisons of all pairs of dissimilarity (or similarity) matrices over items.

    By weights of pairs, see `weighted_correlations`: all pairs of matrices share every resample,
    and two copies of one item make no pair. Ranks are those of the full set, and pairs keep them.

    Args:
        matrices: symmetric, of the same items in the same order; diagonals are not looked at.
        resamples: how often the items are drawn.
        rng: source of the draws.
        comparator: `pearson`, `cosine` (of the dissimilarities as they are), `spearman` or `rho_a`
            (12 sum (r - m)(s - m) / (P^3 - P) of P ranks r and s with mean m).
        groups: as in `item_weights`: classes that keep their sizes.

    Returns:
        Values and resamples of the pairs (0, 1), (0, 2), ... (k - 2, k - 1).

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> items = rng.normal(size=(40, 5))
        >>> sides = items, items + rng.normal(size=(40, 5))
        >>> found = bootstrap(np.stack([np.corrcoef(side) for side in sides]), rng=rng)
        >>> bool(found.interval(0).low < found.values[0] < found.interval(0).high)
        True
    """
    items = matrices.shape[-1]
    drawn = item_weights(items, resamples, rng, groups)
    weights = np.concatenate([np.ones((1, items)), drawn])
    ranked = comparator in ("spearman", "rho_a")
    prepared = np.stack([_ranks(matrix) if ranked else matrix for matrix in matrices])
    centre = comparator != "cosine"
    forms = np.stack([centred_off_diagonal(each) if centre else _hollow(each) for each in prepared])
    covariances = _weighted_covariances(forms, weights, centre)
    if comparator == "rho_a":
        pairs = items * (items - 1) / 2
        compared = covariances * 12 / (pairs**2 - 1) if pairs > 1 else covariances * math.nan
    else:
        compared = _scaled(covariances, LEAST_SD if centre else 0.0)
    first, second = np.triu_indices(len(matrices), 1)
    values = compared[:, first, second]
    return Resampled(values[0], values[1:], "pair weights", items)


def _hollow(matrix: Float[np.ndarray, "items items"]) -> Float64[np.ndarray, "items items"]:
    """Return a matrix with zeros on the diagonal."""
    hollow = np.array(matrix, dtype=np.float64)
    np.fill_diagonal(hollow, 0.0)
    return hollow


def _ranks(matrix: Float[np.ndarray, "items items"]) -> Float64[np.ndarray, "items items"]:
    """Return the average ranks of all pairs in a symmetric matrix of their own, about 0."""
    rows, columns = np.tril_indices(len(matrix), -1)
    pairs = np.asarray(matrix[rows, columns], dtype=np.float64)
    ranks = np.zeros(matrix.shape)
    ranks[rows, columns] = ranks[columns, rows] = average_ranks(pairs)
    return ranks
