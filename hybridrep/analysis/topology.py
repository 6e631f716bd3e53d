"""Topological RSA: do two representations agree on who is near and who is far?

Differences among small dissimilarities are noise, differences among large ones geometry that may
not matter (Lin & Kriegeskorte 2024, PNAS). So the ranks of a representation's own dissimilarities,
from 0 to 1, are cut at two quantiles: below the lower they become 0, above the upper 1, and between
they keep their order. What is left is compared by Pearson r. From 0 to 1 that is Spearman's rho;
near together, around the median, it is the topology alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.comparators import COMPARATORS as _COMPARATORS
from hybridrep.analysis.comparators import levels
from hybridrep.analysis.descriptions import items_of, lower_triangle
from hybridrep.analysis.dissimilarity import ModelItems, described_pairs, dissimilarity_named
from hybridrep.analysis.record import Measure, Score
from hybridrep.analysis.representational_similarity import (
    RsaSide,
    compare_rsa,
    score_rsa,
    side_of_pairs,
)

PRESETS: Mapping[str, tuple[float, float]] = {
    "spearman": (0.0, 1.0),
    "topology": (0.45, 0.55),
    "local": (0.0, 0.3),
    "global": (0.7, 1.0),
    "middle": (0.2, 0.8),
}
"""Quantiles between which to look, by what one looks for.

Examples:
    >>> PRESETS["local"]
    (0.0, 0.3)
"""

GEODESIC_UP_TO = 2000
"""Items up to which shortest paths are computed."""


def cut_ranks(
    pairs: Float64[np.ndarray, " pairs"], low: float, high: float, scale: float = 0.0
) -> Float64[np.ndarray, " pairs"]:
    """Return ranks from 0 to 1, cut at two of their quantiles and stretched to 0 to 1 again.

    Equal values share their mean rank. Where both quantiles are the same rank, what is not above
    it becomes 0 and the rest 1.

    Raises:
        ValueError: when the quantiles are not in order between 0 and 1.

    Examples:
        >>> cut_ranks(np.array([5.0, 1.0, 2.0, 3.0, 4.0]), 0.25, 0.75).tolist()
        [1.0, 0.0, 0.0, 0.5, 1.0]
    """
    check_quantiles(low, high)
    which = levels(pairs, scale)
    counts = np.bincount(which, minlength=1)
    middles = np.cumsum(counts) - (counts + 1) / 2.0
    ranks: Float64[np.ndarray, " pairs"] = middles[which] / max(pairs.size - 1, 1)
    if not pairs.size:
        return ranks
    lower, upper = np.quantile(ranks, [low, high])
    if upper - lower <= 1e-12:
        ranks = np.where(ranks > lower + 1e-12, 1.0, 0.0)
        return ranks
    cut: Float64[np.ndarray, " pairs"] = np.clip((ranks - lower) / (upper - lower), 0.0, 1.0)
    return cut


def check_quantiles(low: float, high: float) -> None:
    """Refuse quantiles that enclose nothing.

    Raises:
        ValueError: when they are not in order between 0 and 1.
    """
    if not 0 <= low < high <= 1:
        raise ValueError(f"quantiles are 0 <= low < high <= 1, not {low} and {high}")


def describe_trsa(
    embeddings: ModelItems, low: float = 0.2, high: float = 0.8, dissimilarity: str = "sqeuclidean"
) -> RsaSide:
    """Describe one side for `trsa`, for many models at once.

    Raises:
        ValueError: when there is no such dissimilarity, or the quantiles are not in order.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(3, 20, 8))
        >>> describe_trsa(models).compare(describe_trsa(2 * models)).round(6).tolist()
        [1.0, 1.0, 1.0]
    """
    check_quantiles(low, high)
    pairs, notes, scale, remark = described_pairs(embeddings, dissimilarity)
    cut = (cut_ranks(each, low, high, scale) for each in pairs)
    return side_of_pairs(cut, notes, _COMPARATORS["pearson"], embeddings.shape[1], 1.0, remark)


def trsa(
    first: Num[np.ndarray, "items *repeats first_dim"],
    second: Num[np.ndarray, "items *others second_dim"],
    low: float = 0.2, high: float = 0.8, dissimilarity: str = "sqeuclidean",
) -> Score:  # fmt: skip
    """Compare two representations by ranks of their dissimilarities, cut at two quantiles.

    NaN, with a note, with fewer than three items, without variance, or with a value that is not
    finite. Above 5,000 items over a seeded sample of pairs, as the note says.

    Args:
        first: items x dims; `second`: the same items, any other number of dims. Of crossvalidated
            dissimilarities both are items x repeats x dims.
        low: quantile below which dissimilarities count as equal; `high`: that above which they do
            (`PRESETS` has pairs of them by purpose). Chosen before; a sweep is shown whole.
        dissimilarity: one of `DISSIMILARITIES`.

    Raises:
        ValueError: when the two hold different numbers of items, there is no such dissimilarity, or
            the quantiles are not in order between 0 and 1.

    Examples:
        >>> from hybridrep.analysis import rsa
        >>> first, second = np.random.default_rng(0).normal(size=(2, 30, 4))
        >>> whole, rho = trsa(first, second, 0, 1), rsa(first, second, "sqeuclidean", "spearman")
        >>> abs(whole.value - rho.value) < 1e-12
        True
    """
    how = dissimilarity_named(dissimilarity)
    models = (how.one_model(each) for each in (first, second))
    return score_rsa(*(describe_trsa(each, low, high, dissimilarity) for each in models))[0]


def _of_dissimilarities(
    first: Float64[np.ndarray, " pairs"], second: Float64[np.ndarray, " pairs"], low: float,
    high: float,
) -> Score:  # fmt: skip
    """Return `trsa` of two vectors of dissimilarities."""
    sides = (_describe_dissimilarities(pairs[None], low, high) for pairs in (first, second))
    return score_rsa(*sides)[0]


def _describe_dissimilarities(
    pairs: Float64[np.ndarray, "models pairs"], low: float, high: float
) -> RsaSide:
    """Describe one side for `trsa` by its dissimilarities, for many models at once."""
    cut = (cut_ranks(each, low, high) if np.isfinite(each).all() else each.copy() for each in pairs)
    return side_of_pairs(cut, ("",) * len(pairs), _COMPARATORS["pearson"], None, 1.0)


def geodesic_ranks(
    pairs: Float64[np.ndarray, " pairs"], upto: float = 0.5
) -> Float64[np.ndarray, " pairs"]:
    """Return ranks of shortest paths over near pairs, from 0 to 1 (Lin & Kriegeskorte 2024).

    Ranks from 0 to 1 are the lengths of edges; those above the quantile `upto` are taken away, and
    the lengths of the shortest paths over the rest are ranked again. Pairs without a path take the
    largest rank. Compare two of them by `compare_dissimilarities`.

    Raises:
        ValueError: when there are more than 2,000 items, or the quantile is not between 0 and 1.

    Examples:
        >>> from hybridrep.analysis import dissimilarities
        >>> bow = np.array([[0.0, 0.0], [1.0, 0.1], [0.9, 1.2], [0.1, 1.4]])  # its ends are near
        >>> pairs = dissimilarities(bow, "euclidean")
        >>> int(pairs.argmax()), int(geodesic_ranks(pairs, 0.5).argmax())  # but not along it
        (4, 3)
    """
    from scipy.sparse.csgraph import shortest_path

    items = items_of(pairs.size)
    if items > GEODESIC_UP_TO:
        raise ValueError(f"shortest paths are for at most {GEODESIC_UP_TO:,} items, not {items:,}")
    check_quantiles(0.0, upto)
    ranks = cut_ranks(pairs, 0.0, 1.0)
    edges = np.full((items, items), np.inf)
    kept = np.where(ranks <= np.quantile(ranks, upto) + 1e-12, ranks, np.inf)
    edges[np.tril_indices(items, -1)] = np.maximum(kept, np.finfo(np.float64).tiny)
    lengths = lower_triangle(shortest_path(np.minimum(edges, edges.T), directed=False))
    apart = np.isinf(lengths)
    lengths[apart] = 2 * np.max(lengths[~apart], initial=1.0)
    which = levels(lengths)
    counts = np.bincount(which)
    middles = np.cumsum(counts) - (counts + 1) / 2.0
    found: Float64[np.ndarray, " pairs"] = middles[which] / max(middles.max(), 1e-12)
    return found


def trsa_measure(
    low: float = 0.2, high: float = 0.8, dissimilarity: str = "sqeuclidean"
) -> Measure:
    """Return the measure of `trsa`; its key says the quantiles in hundredths.

    Raises:
        ValueError: when there is no such dissimilarity, or the quantiles are not in order.
    """
    check_quantiles(low, high)
    how = dissimilarity_named(dissimilarity)
    key = f"trsa.l{round(100 * low)}.u{round(100 * high)}"
    return Measure(
        key=key if dissimilarity == "sqeuclidean" else f"{key}.{dissimilarity}",
        name=f"topological RSA, quantiles {low:g} to {high:g}", compares="two representations",
        low=-1.0, high=1.0, best=1.0, higher_means="more alike", symmetric=True,
        invariant_to=how.invariant_to | {"monotone"}, centres=how.centres, chance="zero",
        resampling="pair weights", least_items=3, cost="P log P of P = n (n-1) / 2 pairs",
        reference="Lin & Kriegeskorte (2024), PNAS", oracle="its formula",
        compute=partial(trsa, low=low, high=high, dissimilarity=dissimilarity),
        describe=partial(describe_trsa, low=low, high=high, dissimilarity=dissimilarity),
        compare=compare_rsa, score=score_rsa,
        of_dissimilarities=partial(_of_dissimilarities, low=low, high=high),
        describe_dissimilarities=partial(_describe_dissimilarities, low=low, high=high),
        needs=how.needs,
    )  # fmt: skip
