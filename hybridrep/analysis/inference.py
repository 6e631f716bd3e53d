"""How sure is a value: one function a question, over items, seeds, measures and pairs.

| question | function |
|---|---|
| is there any relation? | `permutation`, its orders shared by all measures and pairs |
| how sure is a value of the RSA family? | `bootstrap`, by weights of pairs |
| how sure is any other (CKA, k-NN, CCA, shape, dimension)? | `half_samples` |
| does A or B agree more with C? | `difference`, within the same resamples |
| does it hold for new items and new seeds at once? | `crossed`; nested: `study_intervals` |
| which of many tests remain? | `correct` |
| what could have been found at all? | `power` |

A copy of an item is its own nearest neighbour, so a bootstrap of what looks at neighbours or at a
covariance makes relations where there are none: debiased CKA of independent data goes from 0 to
0.33. Hence halves without replacement there. RSA can leave the pairs of two copies out.

Where every seed has items of its own, a resample over both draws seeds and, anew for every seed
drawn, items (`study_intervals`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.descriptions import LEAST_SD
from hybridrep.analysis.statistics import holm
from hybridrep.analysis.t_tests import LEVEL

_TIE = 1e-12
"""Correlations closer than this are equal up to rounding; a permutation counts them as ties."""

FEWEST_ITEMS, FEW_ITEMS = 5, 20
"""Below the first no resampling says anything; below the second its intervals are rough."""


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
    covariances = _weighted_covariances(
        np.stack([_centred(matrix) for matrix in matrices]), weights
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


Method = Literal["pair weights", "half samples", "held-out items"]
"""How the items were resampled."""

Comparator = Literal["pearson", "cosine", "spearman", "rho_a"]
"""How two sets of dissimilarities are compared where a bootstrap by weights of pairs is right."""

Alternative = Literal["two-sided", "greater", "less"]
"""Which values speak against chance: those far from 0 either way, high ones, or low ones."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """Values and what they become in resamples of their items, the same ones for all of them.

    Attributes:
        values: of all items.
        resamples: of every resample; NaN where one has none.
        method: how the items were resampled.
        items: how many items, or groups of items that stay together, there are.
        factor: the SD of the resamples times this is the standard error.

    Examples:
        >>> found = Resampled(np.array([0.5]), np.array([[0.4], [0.5], [0.6]]), "half samples", 40)
        >>> found.se.round(3).tolist(), round(found.interval(0).low, 3)
        ([0.1], 0.07)
    """

    values: Float64[np.ndarray, " values"]
    resamples: Float64[np.ndarray, "resamples values"]
    method: Method
    items: int
    factor: float = 1.0

    @property
    def se(self) -> Float64[np.ndarray, " values"]:
        """The standard error of every value; NaN where there is none."""
        return np.array([self._spread(column) for column in self.resamples.T])

    def interval(self, index: int, low: float = -math.inf, high: float = math.inf) -> Interval:
        """Return the 95% interval of one value, clipped to the range of its measure.

        By weights of pairs or held-out items it is the percentile interval. Halves are centred on
        what half of the items give, which is another value for many measures, so only their SD is
        used: value +- t SE, with one degree of freedom less than there are items or halves.
        """
        return self._interval(float(self.values[index]), self.resamples[:, index], low, high)

    def _spread(self, distribution: Float64[np.ndarray, " resamples"]) -> float:
        defined = distribution[np.isfinite(distribution)]
        if self.items < FEWEST_ITEMS or 2 * len(defined) < len(distribution) or len(defined) < 2:
            return math.nan
        return self.factor * float(defined.std(ddof=1))

    def _interval(
        self, estimate: float, distribution: Float64[np.ndarray, " resamples"], low: float,
        high: float,
    ) -> Interval:  # fmt: skip
        nothing = Interval(estimate, math.nan, math.nan, 0)
        if self.items < FEWEST_ITEMS:
            return _noted(nothing, f"fewer than {FEWEST_ITEMS} items: no interval")
        defined = int(np.isfinite(distribution).sum())
        if 2 * defined < len(distribution):
            lost = f"{len(distribution) - defined} of {len(distribution)} {self.method}"
            return _noted(nothing, f"undefined in {lost}: too few items for an interval")
        if self.method != "half samples":
            found = percentile_interval(estimate, distribution)
        else:
            from scipy.stats import t

            df = min(self.items, defined) - 1
            reach = float(t.ppf((1 + LEVEL) / 2, df)) * self._spread(distribution)
            left_out = len(distribution) - defined
            note = f"{left_out} of {len(distribution)} halves are undefined" if left_out else ""
            found = Interval(estimate, estimate - reach, estimate + reach, defined, note)
        least, most = (float(np.clip(end, low, high)) for end in (found.low, found.high))
        found = Interval(estimate, least, most, found.resamples, found.note)
        few = f"fewer than {FEW_ITEMS} items: a rough interval" if self.items < FEW_ITEMS else ""
        return _noted(found, few)


def _noted(interval: Interval, note: str) -> Interval:
    """Return an interval with one more note."""
    notes = "; ".join(filter(None, (interval.note, note)))
    return Interval(interval.estimate, interval.low, interval.high, interval.resamples, notes)


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
    forms = np.stack([_centred(each) if centre else _hollow(each) for each in prepared])
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
    """Return the average ranks of all pairs in a symmetric matrix of their own."""
    from scipy.stats import rankdata

    rows, columns = np.tril_indices(len(matrix), -1)
    ranks = np.zeros(matrix.shape)
    ranks[rows, columns] = ranks[columns, rows] = rankdata(matrix[rows, columns])
    return ranks


def halves(
    items: int, draws: int, rng: np.random.Generator, *,
    classes: Int[np.ndarray, " items"] | None = None,
    together: Int[np.ndarray, " items"] | None = None,
) -> Iterator[Int[np.ndarray, " half"]]:  # fmt: skip
    """Draw halves of the items without replacement, one after the other, each in ascending order.

    Args:
        items: how many there are; of an odd number a half is the smaller one.
        draws: how many halves.
        rng: source of the draws.
        classes: those that are halved each (an odd one up or down by chance), as one number an
            item.
        together: groups of items that stay together (copies, items of one speaker); then half of
            the groups is drawn. Not both.

    Raises:
        ValueError: when both `classes` and `together` are given.

    Examples:
        >>> [half.tolist() for half in halves(6, 2, np.random.default_rng(0))]
        [[2, 3, 5], [1, 4, 5]]
    """
    if classes is not None and together is not None:
        raise ValueError("halves of classes cannot keep other groups together: give one of both")
    if together is not None:
        names, which = np.unique(together, return_inverse=True)
        for half in halves(len(names), draws, rng):
            yield np.flatnonzero(np.isin(which, half))
        return
    pools = (
        [np.arange(items)]
        if classes is None
        else [np.flatnonzero(classes == each) for each in np.unique(classes)]
    )
    for _ in range(draws):
        drawn = []
        for pool in pools:
            more = classes is not None and len(pool) % 2 and rng.random() < 0.5
            drawn.append(rng.permutation(pool)[: len(pool) // 2 + bool(more)])
        yield np.sort(np.concatenate(drawn))


def half_samples(
    values: Callable[[Int[np.ndarray, " some"]], Any], items: int, draws: int = 200, *,
    rng: np.random.Generator, classes: Int[np.ndarray, " items"] | None = None,
    together: Int[np.ndarray, " items"] | None = None,
) -> Resampled:  # fmt: skip
    """Say how sure values are by halves of the items, without replacement.

    The SD over samples of m of n items, times sqrt(m / (n - m)), estimates the standard error of
    the value of all n (Politis & Romano 1994, Annals of Statistics 22:2031; of halves the factor is
    1); no item is ever its own neighbour. It is right for CKA, RSA and shape, and too large for
    neighbours, whose number k is a larger share of half of the items. Dimensions need many more
    items than dimensions: the SE of the participation ratio of 100 items is 11% too small in 10
    dimensions, 17% in 20.

    Args:
        values: what is asked, of some rows, ascending: one number or several. It is called with
            all rows first.
        items: how many rows there are.
        draws: how many halves.
        rng: source of the draws.
        classes: as in `halves`; `together` likewise.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> numbers = rng.normal(size=400)
        >>> found = half_samples(lambda rows: numbers[rows].mean(), 400, rng=rng)
        >>> bool(abs(found.se[0] - 1 / 20) < 0.01)  # 1 / sqrt(n)
        True
    """
    whole = _vector(values(np.arange(items)))
    resamples = np.full((draws, len(whole)), math.nan)
    taken = 0
    for index, half in enumerate(halves(items, draws, rng, classes=classes, together=together)):
        resamples[index] = _vector(values(half))
        taken += len(half)
    units = items if together is None else len(np.unique(together))
    mean = units // 2 if classes is None else taken / max(1, draws)
    factor = math.sqrt(mean / (units - mean)) if units else math.nan
    return Resampled(whole, resamples, "half samples", units, factor)


def _vector(values: Any) -> Float64[np.ndarray, " values"]:
    return np.atleast_1d(np.asarray(values, dtype=np.float64)).ravel()


@dataclass(frozen=True)
class Difference:
    """How much two values differ, from the same resamples. Undefined numbers are NaN.

    `difference` is the first less the second, with its 95% interval and a two-sided `p`.
    """

    difference: float
    low: float
    high: float
    p: float
    note: str = ""


def difference(found: Resampled, first: int, second: int) -> Difference:
    """Say whether one value is higher than another, by the resamples that both share.

    So it is with "is A closer to C than B is?": both agreements are of the same items, which two
    separate intervals do not know. p is twice the smaller share of resamples on either side of 0
    plus 1 / (B + 1) for the B resamples, at most 1. Halves are first moved to the difference that
    all items give, and their spread brought to that of all items, as in `Resampled.interval`.

    Args:
        found: values with their resamples.
        first: which value; `second`: which other.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> items, noise = rng.normal(size=(2, 40, 5))
        >>> sides = items, items + noise / 2, items + 3 * noise
        >>> found = bootstrap(np.stack([np.corrcoef(side) for side in sides]), rng=rng)
        >>> difference(found, 0, 1).p < 0.01  # (0, 1) against (0, 2)
        True
    """
    estimate = float(found.values[first] - found.values[second])
    distribution = found.resamples[:, first] - found.resamples[:, second]
    interval = found._interval(estimate, distribution, -math.inf, math.inf)
    defined = distribution[np.isfinite(distribution)]
    if math.isnan(interval.low) or math.isnan(estimate):
        return Difference(estimate, math.nan, math.nan, math.nan, interval.note)
    if found.method == "half samples":
        defined = estimate + found.factor * (defined - defined.mean())
    share = min(np.mean(defined <= 0), np.mean(defined >= 0))
    p = min(1.0, 2 * float(share) + 1 / (len(defined) + 1))
    return Difference(estimate, interval.low, interval.high, p, interval.note)


@dataclass(frozen=True, eq=False)
class Permuted:
    """Values, and what random pairings of the items give instead, the same ones for all of them.

    Attributes:
        values: as the items are.
        null: of every random order of the second side's items.
        alternatives: of each value, what speaks against chance.

    Examples:
        >>> found = Permuted(np.array([0.9]), np.array([[0.1], [-0.2], [0.3]]), ("greater",))
        >>> found.p.tolist(), found.chance.round(3).tolist(), found.z.round(2).tolist()
        ([0.25], [0.067], [3.31])
    """

    values: Float64[np.ndarray, " values"]
    null: Float64[np.ndarray, "permutations values"]
    alternatives: tuple[Alternative, ...]

    @cached_property
    def chance(self) -> Float64[np.ndarray, " values"]:
        """Mean of every value's null."""
        mean: np.ndarray = self.null.mean(axis=0)
        return mean

    @cached_property
    def chance_sd(self) -> Float64[np.ndarray, " values"]:
        """Standard deviation of every value's null."""
        sd: np.ndarray = self.null.std(axis=0, ddof=1)
        return sd

    @cached_property
    def z(self) -> Float64[np.ndarray, " values"]:
        """How many standard deviations of its null each value lies above chance."""
        sd = np.where(self.chance_sd > _TIE, self.chance_sd, math.nan)
        z: np.ndarray = (self.values - self.chance) / sd
        return z

    @cached_property
    def p(self) -> Float64[np.ndarray, " values"]:
        """(1 + count) / (1 + B), uncorrected: how rarely B random pairings give as much."""
        values, null = self._against_chance(self.values), self._against_chance(self.null)
        extreme = (null >= values - _TIE).sum(axis=0)
        p = (1 + extreme) / (1 + len(null))
        undefined = np.isnan(self.values) | np.isnan(self.null).any(axis=0)
        return np.where(undefined, math.nan, p)

    def _against_chance(self, values: Float64[np.ndarray, "*some"]) -> Float64[np.ndarray, "*some"]:
        """Return values so that higher ones always speak against chance."""
        kinds = np.array(self.alternatives)
        turned = np.where(kinds == "less", -values, values)
        return np.where(kinds == "two-sided", np.abs(values), turned)

    @property
    def standardised(
        self,
    ) -> tuple[Float64[np.ndarray, " values"], Float64[np.ndarray, "permutations values"]]:
        """Values and null, each less the mean and divided by the SD of its own null.

        Turned so that higher ones speak against chance, all on one scale.
        """
        sd = np.where(self.chance_sd > _TIE, self.chance_sd, math.nan)
        scaled = ((each - self.chance) / sd for each in (self.values, self.null))
        values, null = (self._against_chance(each) for each in scaled)
        return values, null


def permutation(
    values: Callable[[Int[np.ndarray, " items"]], Any], items: int, permutations: int = 1000, *,
    rng: np.random.Generator, alternatives: Alternative | Sequence[Alternative] = "two-sided",
) -> Permuted:  # fmt: skip
    """Ask whether there is any relation, by random pairings of the items.

    Every order is shared by all values, so that `correct` can use their dependence.

    Args:
        values: of an order of the items, what is asked when the second side's items (of every
            pair) are taken in that order: one number or several. It is called with the items' own
            order first.
        items: how many there are.
        permutations: how many random orders.
        rng: source of the orders.
        alternatives: of every value, or of all: "two-sided" where 0 is the middle (RSA, debiased
            CKA), "greater" where chance is above 0, "less" for distances.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=30)
        >>> second = first + rng.normal(size=30)
        >>> r = lambda order: np.corrcoef(first, second[order])[0, 1]
        >>> permutation(r, 30, 199, rng=rng).p.tolist()
        [0.005]
    """
    observed = _vector(values(np.arange(items)))
    null = np.empty((permutations, len(observed)))
    for index in range(permutations):
        null[index] = _vector(values(rng.permutation(items)))
    if isinstance(alternatives, str):
        alternatives = (alternatives,) * len(observed)
    return Permuted(observed, null, tuple(alternatives))


Correction = Literal["maxt", "holm", "bh"]
"""Ways to correct for many tests; all but `bh` control the probability of any false positive."""


def correct(
    tests: Permuted | Float[np.ndarray, " tests"], method: Correction = "maxt"
) -> Float64[np.ndarray, " tests"]:
    """Return p values corrected for the number of tests; NaN stays NaN and counts as no test.

    - `maxt`: Westfall & Young's (1993) step-down over the shared permutations: every value is
      standardised by the mean and SD of its own null, and compared with the greatest of those that
      are not decided yet, in every permutation. Uses how the values depend on each other.
    - `holm`: Holm (1979); whatever the dependence.
    - `bh`: Benjamini & Hochberg (1995): the share of false among all positives.

    With B permutations no p is below 1 / (B + 1), so Holm's is none below m / (B + 1) of m tests.

    Args:
        tests: what `permutation` returned or, but for `maxt`, p values.
        method: the correction.

    Raises:
        ValueError: `maxt` of p values alone, which do not tell how they depend on each other, or
            an unknown method.

    Examples:
        >>> correct(np.array([0.01, 0.04, 0.03]), "bh").round(3).tolist()
        [0.03, 0.04, 0.04]
    """
    if method == "maxt":
        if not isinstance(tests, Permuted):
            raise ValueError("maxt needs the permutations, not their p values alone")
        return _max_t(tests)
    p = tests.p if isinstance(tests, Permuted) else np.asarray(tests, dtype=np.float64)
    if method == "holm":
        return holm(p)
    if method != "bh":
        raise ValueError(f"unknown correction {method!r}: write maxt, holm or bh")
    from scipy.stats import false_discovery_control

    corrected = np.full(len(p), math.nan)
    done = np.isfinite(p)
    if done.any():
        corrected[done] = false_discovery_control(p[done])
    return corrected


def _max_t(tests: Permuted) -> Float64[np.ndarray, " tests"]:
    """Westfall & Young's step-down of the greatest value (Ge, Dudoit & Speed 2003, box 2)."""
    values, null = tests.standardised
    defined = np.flatnonzero(np.isfinite(values) & np.isfinite(null).all(axis=0))
    corrected = np.full(len(values), math.nan)
    order = defined[np.argsort(values[defined], kind="stable")]
    greatest = np.full(len(null), -math.inf)
    for test in order:  # from the least to the greatest, so that it holds all that is not decided
        greatest = np.maximum(greatest, null[:, test])
        extreme = np.count_nonzero(greatest >= values[test] - _TIE)
        # a two-sided null is centred here and not there, so that its own p may be the greater
        corrected[test] = max((1 + extreme) / (1 + len(null)), tests.p[test])
    corrected[order[::-1]] = np.maximum.accumulate(corrected[order[::-1]])
    return corrected


@dataclass(frozen=True)
class Crossed:
    """A mean over seeds for new items and new seeds at once. Undefined numbers are NaN.

    Attributes:
        estimate: the mean; `low` and `high`: its 95% interval by t with `df` degrees of freedom.
        se: its standard error; `se_items` and `se_seeds`: what each alone would give.
        p: two-sided, against 0.
    """

    estimate: float
    low: float
    high: float
    se: float
    se_items: float
    se_seeds: float
    df: int
    p: float
    note: str = ""


def crossed(
    values: Float[np.ndarray, " seeds"], item_resamples: Float[np.ndarray, "seeds resamples"],
    items: int, rng: np.random.Generator,
) -> Crossed:  # fmt: skip
    """Say how sure a mean over seeds (or subjects) is when all of them have the same items.

    The dual bootstrap of Schuett, Kipnis, Diedrichsen & Kriegeskorte (2023, eLife 12:e82566): with
    v_s, v_i and v_si the variances of the mean when seeds, items, or both are resampled, of S seeds
    and n items,

        v = S/(S-1) v_s + n/(n-1) v_i - S n / ((S-1)(n-1)) (v_si - v_s - v_i),

    between the greater of its first two terms and v_si: resampling both counts the noise that is
    neither's three times. t has min(S, n) - 1 degrees of freedom. Where every seed has items of its
    own, use `study_intervals`.

    Args:
        values: of every seed.
        item_resamples: per seed, of its item resamples; resample b drew the same items in all.
        items: how many items there are.
        rng: source of the resampled seeds.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> seeds, shared = rng.normal(0.4, 0.1, size=8), rng.normal(0, 0.05, size=500)
        >>> found = crossed(seeds, seeds[:, None] + shared, 100, rng)
        >>> found.df, bool(found.se > found.se_items)
        (7, True)
    """
    seeds, resamples = item_resamples.shape
    estimate = float(values.mean()) if seeds else math.nan
    nan = math.nan
    if seeds < 2 or items < FEWEST_ITEMS:
        few = "two seeds" if seeds < 2 else f"{FEWEST_ITEMS} items"
        return Crossed(estimate, nan, nan, nan, nan, nan, 0, nan, f"fewer than {few}: no interval")
    defined = np.isfinite(item_resamples).all(axis=0)
    kept = item_resamples[:, defined]
    drawn = rng.integers(seeds, size=(resamples, seeds))[defined]
    if kept.shape[1] < 2 or 2 * kept.shape[1] < resamples:
        note = f"undefined in {resamples - kept.shape[1]} of {resamples} resamples: no interval"
        return Crossed(estimate, nan, nan, nan, nan, nan, 0, nan, note)
    of_items = float(kept.mean(axis=0).var(ddof=1)) * items / (items - 1)
    of_seeds = float(values[drawn].mean(axis=1).var(ddof=1)) * seeds / (seeds - 1)
    both = np.take_along_axis(kept.T, drawn, axis=1).mean(axis=1)
    variance = dual_variance(
        float(both.var(ddof=1)), of_seeds * (seeds - 1) / seeds, of_items * (items - 1) / items,
        seeds, items,
    )  # fmt: skip
    from scipy.stats import t

    df, se = min(seeds, items) - 1, math.sqrt(variance)
    reach = float(t.ppf((1 + LEVEL) / 2, df)) * se
    p = 2 * float(t.sf(abs(estimate) / se, df)) if se > 0 else nan
    note = f"fewer than {FEW_ITEMS} items: a rough interval" if items < FEW_ITEMS else ""
    return Crossed(
        estimate, estimate - reach, estimate + reach, se, math.sqrt(of_items),
        math.sqrt(of_seeds), df, p, note,
    )  # fmt: skip


def dual_variance(both: float, of_seeds: float, of_items: float, seeds: int, items: int) -> float:
    """Return the corrected variance of `crossed` from those of the three bootstraps.

    Examples:
        >>> round(dual_variance(5.0, 2.0, 1.5, 20, 100), 4)
        2.1053
    """
    first = seeds / (seeds - 1) * of_seeds
    second = items / (items - 1) * of_items
    interaction = both - of_seeds - of_items
    variance = first + second - seeds * items / ((seeds - 1) * (items - 1)) * interaction
    return min(max(variance, first, second), both)


@dataclass(frozen=True)
class Power:
    """What a design can find. Undefined numbers are NaN, and `note` says why.

    Attributes:
        test: "paired" or "Welch".
        n: seeds of each of both sides; `tests`: size of the family that Holm corrects over.
        alpha: level of the family.
        sd: standard deviation that the pilot gives: of the differences by seed, or of one side's
            values (root mean square of both).
        detectable_80: smallest difference found with 80% power; `detectable_90`: with 90%.
        needed_80: seeds that the difference asked for needs for 80% power; `needed_90`: for 90%.
    """

    test: Literal["paired", "Welch"]
    n: int
    tests: int
    alpha: float
    sd: float
    detectable_80: float
    detectable_90: float
    needed_80: float = math.nan
    needed_90: float = math.nan
    note: str = ""

    @property
    def sentence(self) -> str:
        """What a report says of it."""
        if math.isnan(self.detectable_80):
            return f"What can be detected is not known: {self.note}."
        family = f", Holm over {self.tests} tests" if self.tests > 1 else ""
        return (
            f"With {self.n} seeds, differences from {self.detectable_80:.2g} on can be detected "
            f"with 80% power ({self.detectable_90:.2g} with 90%; "
            f"{'paired t-test' if self.test == 'paired' else 'Welch test'}{family})."
        )


MOST_SEEDS_NEEDED = 1_000_000
"""A difference that needs more seeds than this is said to need an infinite number."""


def power(
    first: Float[np.ndarray, " n_first"], second: Float[np.ndarray, " n_second"], *,
    n: int | None = None, difference: float | None = None, paired: bool = True, tests: int = 1,
    alpha: float = 0.05,
) -> Power:  # fmt: skip
    """Say which difference of means n seeds can detect, from the values of a pilot study's seeds.

    By the noncentral t distribution (statsmodels), two-sided, with the pilot's SDs taken for true;
    a pilot of few seeds knows them badly. For a family of tests it is the level of Holm's first
    step, alpha / tests: what is found by that is found whatever the other tests give.

    Args:
        first: values of one side, a seed each; `second`: of the other, by the same seeds if paired.
        n: seeds that a study is to have; without, as many as the pilot (its smaller side).
        difference: of means, for which the number of seeds is asked.
        paired: whether the test is of differences by seed, or Welch's.
        tests: how many tests Holm corrects over.
        alpha: level of the family.

    Raises:
        ValueError: sides of different lengths that ought to be paired, fewer than two seeds or one
            test, or a level that is none.

    Examples:
        >>> seeds = np.random.default_rng(0).normal(size=(2, 25))
        >>> found = power(*seeds, difference=0.5)
        >>> round(found.detectable_80, 2), found.needed_80
        (0.76, 56.0)
    """
    if paired and len(first) != len(second):
        raise ValueError(f"not paired: {len(first)} values against {len(second)}")
    planned = min(len(first), len(second)) if n is None else n
    if tests < 1 or not 0 < alpha < 1 or (n is not None and n < 2):
        raise ValueError("power needs two seeds, one test and a level between 0 and 1 at least")
    test: Literal["paired", "Welch"] = "paired" if paired else "Welch"
    sides = [first - second] if paired else [first, second]
    note = ""
    if min(len(first), len(second)) < 2:
        note = "fewer than two seeds"
    elif not all(np.isfinite(side).all() for side in sides):
        note = "a value is not finite"
    variances = [math.nan] if note else [float(side.var(ddof=1)) for side in sides]
    if not note and not sum(variances) > 0:
        note = "the values do not vary over seeds"
    sd = math.sqrt(sum(variances) / len(variances))
    if note:
        return Power(test, planned, tests, alpha, sd, math.nan, math.nan, note=note)
    level = alpha / tests
    detectable_80, detectable_90 = (_detectable(planned, variances, level, t) for t in (0.8, 0.9))
    needed_80 = needed_90 = math.nan
    if difference is not None:
        needed_80, needed_90 = (
            _needed(abs(difference), variances, level, target) for target in (0.8, 0.9)
        )
    return Power(
        test, planned, tests, alpha, sd, detectable_80, detectable_90, needed_80, needed_90
    )


def _detectable(n: int, variances: Sequence[float], level: float, target: float) -> float:
    """Return the difference of means that n seeds detect with a probability of `target`."""
    shift = _noncentrality(_freedom(n, variances), level, target)
    return shift * math.sqrt(sum(variances) / n)


def _freedom(n: int, variances: Sequence[float]) -> float:
    """Return Welch and Satterthwaite's degrees of freedom; of one variance they are n - 1."""
    return (n - 1) * sum(variances) ** 2 / sum(v**2 for v in variances)


def _power_of(shift: float, df: float, level: float) -> float:
    """Return the power of a two-sided t-test; `shift`: the difference in standard errors."""
    from statsmodels.stats.power import ttest_power

    found = float(ttest_power(shift, 1, level, df=df))
    if math.isnan(found):  # the far tail is too small for SciPy
        found = float(ttest_power(shift, 1, level / 2, df=df, alternative="larger"))
    return found


@cache
def _noncentrality(df: float, level: float, target: float) -> float:
    """Return the difference, in standard errors, that is detected with that probability."""
    from scipy.optimize import brentq

    def lacking(shift: float) -> float:
        return _power_of(shift, df, level) - target

    high = 1.0
    while lacking(high) < 0:
        high *= 2
    return float(brentq(lacking, 0.0, high, xtol=1e-10))


def _needed(difference: float, variances: Sequence[float], level: float, target: float) -> float:
    """Return the least number of seeds that detects a difference; infinite above a million."""

    def enough(n: int) -> bool:
        shift = difference * math.sqrt(n / sum(variances))
        return _power_of(shift, _freedom(n, variances), level) >= target

    few, many = 1, 2
    while not difference or not enough(many):
        few, many = many, 2 * many
        if many > MOST_SEEDS_NEEDED:
            return math.inf
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return float(many)
