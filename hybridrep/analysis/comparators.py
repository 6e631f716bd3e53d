"""How are two descriptions of the same pairs of items compared? `COMPARATORS` are the ways.

Each standardises a description by itself, so that a value is one product (the paper's is Pearson
r). Whitened comparators weigh pairs by the covariance that noise in the items gives them
(Diedrichsen et al. 2021, Neurons, Behavior, Data analysis and Theory): for independent items that
is the product of the double-centred matrices -HDH/2, so that with squared Euclidean distances the
whitened cosine is CKA.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from hybridrep.analysis.alignment import with_diagonal
from hybridrep.analysis.centring import LEAST_SPREAD
from hybridrep.analysis.descriptions import LEAST_SD, Pairs, items_of, lower_triangle
from hybridrep.analysis.record import Chance, named

TIE = 1e-12
"""Dissimilarities that differ by less than this share of the largest are one rank."""


@dataclass(frozen=True)
class Comparator:
    """One way to compare two descriptions of the same pairs of items.

    Attributes:
        key: how `COMPARATORS` calls it; `name`: how people do.
        low: least value.
        standardise: turns a description, in place, into a vector whose products with others are
            the value; given how large a value's rounding may be, in units of 1e-16; returns
            whether there is anything to compare.
        chance: what unrelated representations are given.
        monotone: whether only the ranks of the dissimilarities count.
        whole: whether it needs the pairs of all items, and not only a sample.
        product: how two standardised vectors are compared where it is not their scalar product.
        reference: where it comes from.
    """

    key: str
    name: str
    low: float
    standardise: Callable[[Pairs, float], tuple[Pairs, bool]]
    chance: Chance
    monotone: bool = False
    whole: bool = False
    product: Callable[[Pairs, Pairs], float] | None = None
    reference: str = "Nili et al. (2014), PLoS Computational Biology 10(4) e1003553"

    def value(self, first: Pairs, second: Pairs) -> float:
        """Return the value of two standardised descriptions."""
        return float(first @ second) if self.product is None else self.product(first, second)


def _to_unit(vector: Pairs, least: float) -> tuple[Pairs, bool]:
    """Scale to length 1, in place; to zeros where the length is not above the least."""
    length = math.sqrt(float(vector @ vector))
    if not length > least:
        vector[:] = 0.0
        return vector, False
    vector /= length
    return vector, True


def _pearson(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Centre and scale to length 1."""
    if not pairs.size:
        return pairs, False
    least = LEAST_SD * math.sqrt(pairs.size) * scale
    pairs -= pairs.mean()
    return _to_unit(pairs, least)


def _cosine(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Scale to length 1."""
    return _to_unit(pairs, 0.0)


def levels(pairs: Pairs, scale: float = 0.0) -> Int[np.ndarray, " pairs"]:
    """Return which rank each value has, from 0; values that are equal up to rounding share one.

    Examples:
        >>> levels(np.array([0.3, 0.1, 0.1 + 1e-16, 0.2])).tolist()
        [2, 0, 0, 1]
    """
    order = np.argsort(pairs, kind="stable")
    steps = np.zeros(pairs.size, dtype=np.int64)
    if pairs.size:
        equal = max(TIE * float(np.abs(pairs).max()), 1e-14 * scale)
        steps[order[1:]] = np.cumsum(np.diff(pairs[order]) > equal)
    return steps


def average_ranks(pairs: Pairs, scale: float = 0.0) -> Pairs:
    """Return ranks about 0; values that are equal up to rounding share their mean rank.

    Examples:
        >>> average_ranks(np.array([0.3, 0.1, 0.1 + 1e-16, 0.2])).tolist()
        [1.5, -1.0, -1.0, 0.5]
    """
    which = levels(pairs, scale)
    counts = np.bincount(which, minlength=1)
    ends = np.cumsum(counts)
    ranks: Pairs = (ends - (counts - 1) / 2.0 - (pairs.size + 1) / 2.0)[which]
    return ranks


def _spearman(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Rank, centre and scale to length 1."""
    return _to_unit(average_ranks(pairs, scale), 0.0)


def _rho_a(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Rank and centre; scaled as if there were no ties, so that ties lower the value."""
    count = pairs.size
    if count < 2:
        return pairs, False
    return average_ranks(pairs, scale) * math.sqrt(12 / (count**3 - count)), True


def _tau_a(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Rank."""
    return levels(pairs, scale).astype(np.float64), pairs.size > 1


def _kendall(first: Pairs, second: Pairs) -> float:
    """Return Kendall's tau a: concordant less discordant over all pairs, ties counting as 0.

    SciPy's tau b divides by sqrt((T - T1) (T - T2)) instead of T, with T1 and T2 those tied.
    """
    from scipy.stats import kendalltau

    count = first.size * (first.size - 1) / 2
    free = [
        count - float((sizes * (sizes - 1) / 2).sum())
        for sizes in (np.bincount(side.astype(np.int64)) for side in (first, second))
    ]
    if not min(free):
        return 0.0
    tau = float(kendalltau(first, second).statistic)
    return tau * math.sqrt(free[0] * free[1]) / count


def _double_centred(pairs: Pairs) -> Pairs:
    """Return the triangle, then the diagonal, of -HDH/2; as long as the whole matrix."""
    items = items_of(pairs.size)
    matrix = np.zeros((items, items))
    later, earlier = np.tril_indices(items, -1)
    matrix[later, earlier] = matrix[earlier, later] = pairs
    means = matrix.mean(axis=0)
    matrix -= means
    matrix -= (means - means.mean())[:, None]
    matrix *= -0.5
    entries = np.concatenate([lower_triangle(matrix), matrix.diagonal()])
    entries *= with_diagonal(items)
    return entries


def _whitened_cosine(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Double-centre and scale to length 1."""
    if not pairs.size:
        return pairs, False
    return _to_unit(_double_centred(pairs), LEAST_SPREAD * scale)


def _whitened_pearson(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Double-centre, take out what equal dissimilarities would give, and scale to length 1."""
    if not pairs.size:
        return pairs, False
    items, least = items_of(pairs.size), 10 * LEAST_SPREAD * scale
    entries = _double_centred(pairs)
    equal = np.full(entries.size, -1 / items)
    equal[-items:] += 1.0
    equal *= with_diagonal(items)
    entries -= float(entries @ equal) / (items - 1) * equal
    return _to_unit(entries, least)


_DIEDRICHSEN = "Diedrichsen et al. (2021), Neurons, Behavior, Data analysis and Theory 5(3)"
_SCHUTT = "Schuett et al. (2023), eLife 12:e82566"
COMPARATORS: Mapping[str, Comparator] = {
    each.key: each
    for each in (
        Comparator("pearson", "Pearson r", -1.0, _pearson, "zero"),
        Comparator("spearman", "Spearman rho", -1.0, _spearman, "zero", monotone=True),
        Comparator("rho_a", "Spearman rho with ties broken at random, expected", -1.0, _rho_a,
                   "zero", monotone=True, reference=_SCHUTT),
        Comparator("tau_a", "Kendall tau a", -1.0, _tau_a, "zero", monotone=True,
                   product=_kendall),
        Comparator("cosine", "cosine", 0.0, _cosine, "closed"),
        Comparator("whitened_cosine", "whitened cosine", 0.0, _whitened_cosine, "closed",
                   whole=True, reference=_DIEDRICHSEN),
        Comparator("whitened_pearson", "whitened Pearson r", -1.0, _whitened_pearson, "zero",
                   whole=True, reference=_DIEDRICHSEN),
    )
}  # fmt: skip
"""Key -> comparator of two descriptions.

Examples:
    >>> COMPARATORS["tau_a"].monotone
    True
"""


def comparator_named(key: str) -> Comparator:
    """Look a comparator up by its name.

    Raises:
        ValueError: there is none of that name; the message lists them.
    """
    return named(COMPARATORS, key, "comparator")
