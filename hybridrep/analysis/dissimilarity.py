"""Representational similarity analysis: how alike are two representations of the same items?

Each is described by the dissimilarities of all pairs of its items; two are compared by how far
these descriptions agree (section 3.2.1 of the paper; Kriegeskorte et al. 2008, Frontiers in Systems
Neuroscience 2:4). `DISSIMILARITIES` are the ways to describe, `COMPARATORS` those to compare; the
paper's are cosine and Pearson r.

With centred items X and Y, C = X'Y, k_i = |x_i|^2, l_i = |y_i|^2, t and u their sums, squared
Euclidean distances need no n x n matrix: the sum over pairs of their product is
n k'l + t u + 2 |C|^2, and the sum over pairs of one side's is n t. Whitened comparators weigh pairs
by the covariance that noise in the items gives them (Diedrichsen et al. 2021, Neurons, Behavior,
Data analysis and Theory): for independent items that is the product of the double-centred matrices
-HDH/2, so that with squared Euclidean distances the whitened cosine is CKA.

Crossvalidated distances are of items that were measured repeatedly, items x repeats x dimensions
(Walther et al. 2016): those of the means over repeats, less what noise adds to them. They are
estimates around the true squared distance, so that some are negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from jaxtyping import Float64, Int, Num

from hybridrep.analysis.alignment import (
    RIGID,
    SAMPLED_PAIRS,
    WHOLE_UP_TO,
    random_pairing,
    with_diagonal,
)
from hybridrep.analysis.centring import (
    LEAST_SPREAD,
    NO_VARIANCE,
    NOT_FINITE,
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.descriptions import (
    GRAM_ABOVE,
    LEAST_SD,
    GramSide,
    TriangleSide,
    gram_side,
    items_of,
    lower_triangle,
    sampled_pairs,
    triangle_index,
)
from hybridrep.analysis.descriptions import describe as describe_cosine
from hybridrep.analysis.record import Centring, Chance, Change, Measure, Need, Score
from hybridrep.analysis.similarity import unit_rows

TIE = 1e-12
"""Dissimilarities that differ by less than this share of the largest are one rank."""

SHRINKAGE = 0.1
"""Share of the mean variance that is added to every direction's before whitening."""

CONSTANT = "constant dissimilarities"
NO_NOISE = "repeats do not differ in every direction, so that nothing can be whitened by it"
IN_CACHE = 1 << 16
"""Numbers of rows that are gathered at once: half a megabyte stays in the processor's cache."""

Models = Float64[np.ndarray, "models items dim"]
Pairs = Float64[np.ndarray, "_"]
Shape = Literal["cosine", "squared", "distance", "crossvalidated"]
Items = Num[np.ndarray, "items *repeats dim"]
ModelItems = Num[np.ndarray, "models items *repeats dim"]
Found = TypeVar("Found")


def _named(there: Mapping[str, Found], key: str, what: str) -> Found:
    """Look a part of RSA up by its name."""
    if key not in there:
        raise ValueError(f"no {what} {key!r}; there are {', '.join(there)}")
    return there[key]


# ------------------------------------------------------------------ how items are described


@dataclass(frozen=True)
class Dissimilarity:
    """One way to say how unlike two items are.

    Attributes:
        key: how `DISSIMILARITIES` calls it; `name`: how people do.
        prepare: brings many models' items into the form in which they are compared, with the units
            that were taken out and a note for each that cannot be described.
        shape: what is taken of two prepared items: 1 less their product (of items of length 1), the
            square of their distance, their distance, or the square less what noise adds to it.
        invariant_to: the changes of the items that it does not notice.
        centres: what it takes out first.
        by_dimension: whether it is divided by the number of dimensions.
        reference: where it comes from.
        needs: "repeats" if items are items x repeats x dimensions.
    """

    key: str
    name: str
    prepare: Callable[[ModelItems], Prepared]
    shape: Shape
    invariant_to: frozenset[Change]
    centres: Centring
    by_dimension: bool = False
    reference: str = "Kriegeskorte et al. (2008), Frontiers in Systems Neuroscience 2:4"
    needs: frozenset[Need] = frozenset()

    def one_model(self, items: Items) -> Num[np.ndarray, "1 items *repeats dim"]:
        """Return a representation as the only one of its models.

        Raises:
            ValueError: when it has not the axes that this is taken of.
        """
        return one_model(items, repeats="repeats" in self.needs)


@dataclass(frozen=True)
class Prepared:
    """Items in the form in which they are compared; zeros where there is a note.

    Attributes:
        rows: the items; of repeats their mean.
        units: what they have been divided by.
        notes: per model why nothing can be computed of it, or "".
        noise: what repeats differ from their mean by, scaled so that its squared distances are what
            noise adds to those of the means; None: nothing is known of it.
    """

    rows: Models
    units: Float64[np.ndarray, " models"]
    notes: tuple[str, ...]
    noise: Float64[np.ndarray, "models items noise_dim"] | None = None


def _unit(rows: Models, lengths: Models, notes: tuple[str, ...]) -> Prepared:
    """Scale rows to length 1; those that are nothing but rounding of longer ones become zero."""
    least = LEAST_SPREAD**2 * np.vecdot(lengths, lengths)
    rows[np.vecdot(rows, rows) <= least] = 0.0
    varies: np.ndarray = np.abs(rows).max(axis=(1, 2), initial=0.0) > 0
    notes = tuple(
        note or ("" if some else NO_VARIANCE) for note, some in zip(notes, varies, strict=True)
    )
    return Prepared(unit_rows(rows), np.ones(len(rows)), notes)


def _prepare_cosine(embeddings: Num[np.ndarray, "models items dim"]) -> Prepared:
    rows = unit_rows(embeddings)
    finite = np.isfinite(rows).all(axis=(1, 2))
    rows[~finite] = 0.0
    spread = np.square(rows - rows.mean(axis=1, keepdims=True)) if rows.shape[1] else rows
    varies = spread.sum(axis=(1, 2)) > LEAST_SPREAD**2 * rows.shape[1]
    reasons = zip(finite, varies, strict=True)
    notes = tuple(NOT_FINITE if not ok else "" if some else NO_VARIANCE for ok, some in reasons)
    return Prepared(rows, np.ones(len(rows)), notes)


def _prepare_centred(embeddings: Num[np.ndarray, "models items dim"]) -> Prepared:
    side = centred(embeddings)
    raw = embeddings.astype(np.float64) / side.units[:, None, None]
    return _unit(side.rows, np.where(np.isfinite(raw), raw, 0.0), side.notes)


def _prepare_correlation(embeddings: Num[np.ndarray, "models items dim"]) -> Prepared:
    side = _prepare_cosine(embeddings)
    rows = side.rows - side.rows.mean(axis=-1, keepdims=True)
    return _unit(rows - rows.mean(axis=-1, keepdims=True), side.rows, side.notes)


def _prepare_distances(embeddings: Num[np.ndarray, "models items dim"]) -> Prepared:
    side = centred(embeddings)
    return Prepared(side.rows, side.units, side.notes)


def _prepare_whitened(embeddings: Num[np.ndarray, "models items dim"]) -> Prepared:
    """Return unit rows of Xc (Xc'Xc / n + 0.1 t / (n d) I)^(-1/2), turned into their own axes."""
    side = centred(embeddings)
    models, items, dim = side.rows.shape
    rows = np.zeros((models, items, min(items, dim)))
    for model in range(models):
        if not side.notes[model]:
            left, s, _ = np.linalg.svd(side.rows[model], full_matrices=False)
            rows[model] = left * (s / np.sqrt(s**2 + SHRINKAGE * side.traces[model] / dim))
    return _unit(rows, np.ones_like(rows), side.notes)


def _prepare_repeats(
    embeddings: Num[np.ndarray, "models items repeats dim"], whiten: bool = False
) -> Prepared:
    """Part repeated items into their means m and what repeats differ by, e^a = x^a - m.

    The mean over ordered pairs of r repeats a != b of x_i^a'x_j^b is m_i'm_j less the sum over a of
    e_i^a'e_j^a / (r (r - 1)); so are squared distances. Each repeat is centred first, which no
    distance notices.
    """
    if embeddings.ndim != 4 or embeddings.shape[2] < 2:
        raise ValueError(
            "crossvalidated distances need at least two repeats: models x items x repeats x dims, "
            f"not {embeddings.shape}"
        )
    models, items, repeats, dim = embeddings.shape
    side = centred(embeddings.reshape(models, items, repeats * dim))
    cube = side.rows.reshape(embeddings.shape)
    means = cube.mean(axis=2)
    apart, pairs = cube - means[:, :, None], math.sqrt(repeats * (repeats - 1))
    if not whiten:
        noise = apart.reshape(models, items, repeats * dim) / pairs
        return Prepared(means, side.units, side.notes, noise)
    axes = min(items * repeats, dim)
    rows = np.zeros((models, items, axes + (dim if dim > axes else 0)))
    noise, notes = np.zeros((models, items, repeats * axes)), list(side.notes)
    for model in (model for model in range(models) if not notes[model]):
        residuals = apart[model].reshape(items * repeats, dim)
        found = _whitened(means[model], residuals, side.traces[model])
        if found is None:
            notes[model] = NO_NOISE
        else:
            rows[model], noise[model] = found[0], found[1].reshape(items, repeats * axes)
    return Prepared(rows, np.ones(models), tuple(notes), noise / pairs)


def _whitened(
    means: Float64[np.ndarray, "items dim"], residuals: Float64[np.ndarray, "rows dim"],
    trace: float,
) -> tuple[Float64[np.ndarray, "items wide"], Float64[np.ndarray, "rows axes"]] | None:  # fmt: skip
    """Return both times the inverse root of the residuals' shrunk covariance; None: it has none.

    In axes of the residuals' own and, where they are fewer than the dimensions, what the means have
    outside of them, so that no dim x dim matrix is made. Shrunk as Ledoit & Wolf (2004, Journal of
    Multivariate Analysis 88:365) do. `trace` is the sum of squares that the residuals are part of.
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    (rows, dim), square = residuals.shape, float(np.vdot(residuals, residuals))
    if not square > LEAST_SPREAD**2 * trace:
        return None
    share = float(ledoit_wolf_shrinkage(residuals, assume_centered=True))
    _, lengths, axes = np.linalg.svd(residuals, full_matrices=False)
    outside = share * square / (rows * dim)
    variances = (1 - share) * lengths**2 / rows + outside
    smallest = outside if dim > len(axes) else variances[-1]
    if not smallest > LEAST_SPREAD * variances[0]:
        return None
    turn = axes.T / np.sqrt(variances)
    turned = means @ turn
    if dim > len(axes):
        turned = np.hstack([turned, (means - means @ axes.T @ axes) / math.sqrt(outside)])
    return turned, residuals @ turn


_WALTHER = "Walther et al. (2016), NeuroImage 137:188"
DISSIMILARITIES: Mapping[str, Dissimilarity] = {
    each.key: each
    for each in (
        Dissimilarity(
            "cosine", "1 - cosine", _prepare_cosine, "cosine",
            frozenset({"common_scale", "item_scale", "rotation", "dimension_order", "item_order"}),
            "none",
        ),
        Dissimilarity("cosine_centred", "1 - cosine less the mean item", _prepare_centred,
                      "cosine", RIGID, "columns"),
        Dissimilarity(
            "correlation", "1 - correlation over dimensions", _prepare_correlation, "cosine",
            frozenset({"common_scale", "item_scale", "dimension_order", "item_order"}), "rows",
        ),
        Dissimilarity("sqeuclidean", "squared Euclidean distance per dimension",
                      _prepare_distances, "squared", RIGID, "columns", by_dimension=True),
        Dissimilarity("euclidean", "Euclidean distance", _prepare_distances, "distance", RIGID,
                      "columns"),
        Dissimilarity("whitened", "1 - cosine of whitened items", _prepare_whitened, "cosine",
                      RIGID, "columns"),
        Dissimilarity(
            "crossnobis", "crossvalidated squared distance per dimension", _prepare_repeats,
            "crossvalidated", RIGID, "columns", by_dimension=True, reference=_WALTHER,
            needs=frozenset({"repeats"}),
        ),
        Dissimilarity(
            "crossnobis_whitened", "crossvalidated squared distance per dimension, noise whitened",
            partial(_prepare_repeats, whiten=True), "crossvalidated", RIGID, "columns",
            by_dimension=True, reference=_WALTHER, needs=frozenset({"repeats"}),
        ),
    )
}  # fmt: skip
"""Key -> dissimilarity of two items.

Examples:
    >>> DISSIMILARITIES["correlation"].name
    '1 - correlation over dimensions'
"""


def dissimilarity_named(key: str) -> Dissimilarity:
    """Look a dissimilarity up by its name.

    Raises:
        ValueError: there is none of that name; the message lists them.
    """
    return _named(DISSIMILARITIES, key, "dissimilarity")


def dissimilarities(
    embeddings: Items, dissimilarity: str = "cosine"
) -> Float64[np.ndarray, " pairs"]:
    """Return the dissimilarities of all pairs of items, in the order of `lower_triangle`.

    All NaN where a value is not finite, or where nothing can be whitened by the repeats; all 0
    where the items have no variance.

    Args:
        embeddings: items x dims; of crossvalidated dissimilarities items x repeats x dims.
        dissimilarity: one of `DISSIMILARITIES`.

    Raises:
        ValueError: when there is no such dissimilarity, or not two repeats where it needs them.

    Examples:
        >>> corners = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
        >>> dissimilarities(corners, "euclidean").round(9).tolist()
        [5.0, 3.0, 4.0]
    """
    how = dissimilarity_named(dissimilarity)
    prepared = how.prepare(how.one_model(embeddings))
    pairs = _of_pairs(prepared, 0, how)
    power = {"cosine": 0, "squared": 2, "distance": 1, "crossvalidated": 2}[how.shape]
    pairs *= prepared.units[0] ** power
    if how.by_dimension:
        pairs /= max(embeddings.shape[-1], 1)
    if prepared.notes[0]:
        pairs[:] = 0.0 if prepared.notes[0] == NO_VARIANCE else np.nan
    return pairs


def _of_pairs(prepared: Prepared, model: int, how: Dissimilarity) -> Pairs:
    """Return the dissimilarities of a model's prepared items, in units of their own."""
    rows = prepared.rows[model]
    if how.shape == "cosine":
        cosines = (rows @ rows.T).ravel().take(triangle_index(len(rows)))
        unlike: np.ndarray = 1.0 - np.clip(cosines, -1.0, 1.0)
        return unlike
    pairs, scale = _squared(rows)
    if prepared.noise is None:
        return _distances(pairs, scale, how)
    added, more = _squared(prepared.noise[model])
    return _less(pairs, added, scale + more)


def _squared(rows: Float64[np.ndarray, "items dim"]) -> tuple[Pairs, Pairs]:
    """Return squared distances, and the items' own squares that their rounding grows with."""
    items = len(rows)
    products = rows @ rows.T
    squares = products.diagonal().copy()
    products *= -2.0
    products += squares
    products += squares[:, None]
    pairs = products.ravel().take(triangle_index(items))
    later, earlier = np.tril_indices(items, -1)
    return pairs, squares[later] + squares[earlier]


def _distances(squared: Pairs, scale: Pairs, how: Dissimilarity) -> Pairs:
    """Return distances from their squares; what is rounding of the items' own squares is 0."""
    squared[squared <= 1e-14 * scale] = 0.0
    return np.sqrt(squared, out=squared) if how.shape == "distance" else squared


def _less(squared: Pairs, added: Pairs, scale: Pairs) -> Pairs:
    """Take off squared distances what noise adds; the rest may be negative, and has no root."""
    squared -= added
    squared[np.abs(squared) <= 1e-14 * scale] = 0.0
    return squared


def _of_sample(prepared: Prepared, model: int, how: Dissimilarity) -> Pairs:
    """Return the dissimilarities of a seeded sample of pairs of a model's prepared items."""
    rows = prepared.rows[model]
    pairs = _sampled(rows, how)
    if prepared.noise is not None:
        pairs -= _sampled(prepared.noise[model], how)
    return pairs


def _sampled(rows: Float64[np.ndarray, "items dim"], how: Dissimilarity) -> Pairs:
    """Return 1 less products, squared distances or distances of a seeded sample of pairs."""
    later, earlier = sampled_pairs(len(rows), SAMPLED_PAIRS)
    pairs = np.empty(len(later))
    step = max(1, IN_CACHE // max(1, rows.shape[1]))
    for start in range(0, len(later), step):
        part = slice(start, start + step)
        one, other = rows[later[part]], rows[earlier[part]]
        if how.shape == "cosine":
            pairs[part] = 1.0 - np.clip(np.vecdot(one, other), -1.0, 1.0)
        else:
            one -= other
            pairs[part] = np.vecdot(one, one)
    return np.sqrt(pairs, out=pairs) if how.shape == "distance" else pairs


# ------------------------------------------------------------------ how descriptions are compared


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


def _average_ranks(pairs: Pairs, scale: float) -> Pairs:
    """Return ranks about 0, equal values sharing their mean rank."""
    which = levels(pairs, scale)
    counts = np.bincount(which, minlength=1)
    ends = np.cumsum(counts)
    ranks: Pairs = (ends - (counts - 1) / 2.0 - (pairs.size + 1) / 2.0)[which]
    return ranks


def _spearman(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Rank, centre and scale to length 1."""
    return _to_unit(_average_ranks(pairs, scale), 0.0)


def _rho_a(pairs: Pairs, scale: float) -> tuple[Pairs, bool]:
    """Rank and centre; scaled as if there were no ties, so that ties lower the value."""
    count = pairs.size
    if count < 2:
        return pairs, False
    return _average_ranks(pairs, scale) * math.sqrt(12 / (count**3 - count)), True


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


def compare_dissimilarities(
    first: Float64[np.ndarray, " pairs"], second: Float64[np.ndarray, " others"],
    comparator: str = "pearson",
) -> Score:  # fmt: skip
    """Compare two vectors of dissimilarities of the same pairs of items, wherever they come from.

    Args:
        first: in the order of `lower_triangle`, or any other that both have in common (not for
            whitened comparators).
        second: of the same pairs. Dissimilarities may be negative; then cosines may be, too.
        comparator: one of `COMPARATORS`.

    Raises:
        ValueError: when there is no such comparator, or the numbers of pairs differ.

    Examples:
        >>> first = dissimilarities(np.random.default_rng(0).normal(size=(9, 4)))
        >>> compare_dissimilarities(first, first**3, "spearman").value
        1.0
    """
    sides = (describe_dissimilarities(pairs[None], comparator) for pairs in (first, second))
    return score_rsa(*sides)[0]


def describe_dissimilarities(
    pairs: Float64[np.ndarray, "models pairs"], comparator: str = "pearson"
) -> RsaSide:
    """Describe one side for `rsa` by its dissimilarities, wherever they come from, of many models.

    Raises:
        ValueError: when there is no such comparator.

    Examples:
        >>> pairs = np.random.default_rng(0).uniform(size=(2, 6))
        >>> one, other = (describe_dissimilarities(each) for each in (pairs, 2 * pairs))
        >>> compare_rsa(one, other).round(6).tolist()
        [1.0, 1.0]
    """
    how = _named(COMPARATORS, comparator, "comparator")
    return side_of_pairs((each.copy() for each in pairs), ("",) * len(pairs), how, low=-1.0)


def crossnobis(
    measurements: Num[np.ndarray, "rows dim"], items: Num[np.ndarray, " rows"],
    repeats: Num[np.ndarray, " rows"], whiten: bool = False,
) -> Float64[np.ndarray, " pairs"]:  # fmt: skip
    """Return crossvalidated squared distances of items that were measured repeatedly.

    The mean over ordered pairs of different repeats a, b of (x_i^a - x_j^a)' N (x_i^b - x_j^b) / d
    (Walther et al. 2016, NeuroImage 137:188). Noise that is independent between repeats adds
    nothing in the mean: values of equal items lie around 0, **so some are negative**, and no root
    may be taken.

    Args:
        measurements: one row for every item and repeat.
        items: which item a row is of.
        repeats: which repeat it comes from; every item once in each.
        whiten: take for N the inverse of the residuals' covariance, shrunk (Ledoit & Wolf 2004),
            instead of the identity.

    Raises:
        ValueError: when there are fewer than two repeats, or an item is not once in each.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> items, repeats = np.repeat(np.arange(4), 3), np.tile(np.arange(3), 4)
        >>> pairs = crossnobis(rng.normal(size=(12, 500)), items, repeats)
        >>> bool(abs(pairs.mean()) < 0.1), bool(pairs.min() < 0)
        (True, True)
    """
    which, folds = np.unique(items), np.unique(repeats)
    if len(folds) < 2:
        raise ValueError("crossvalidated distances need at least two repeats")
    order = np.lexsort((repeats, items))
    full = np.array_equal(repeats[order], np.tile(folds, len(which)))
    if not full or not np.array_equal(items[order], np.repeat(which, len(folds))):
        raise ValueError("every item must be measured once in each repeat")
    cube = measurements[order].reshape(len(which), len(folds), measurements.shape[1])
    return dissimilarities(cube, "crossnobis_whitened" if whiten else "crossnobis")


# ------------------------------------------------------------------ many models at once


@dataclass(frozen=True)
class SquaredSide:
    """Squared Euclidean distances of many items, without any n x n matrix.

    Attributes:
        rows: centred items, scaled so that the product with themselves is 1.
        squares: |x_i|^2 of them; `traces`: their sum.
    """

    rows: Models
    squares: Float64[np.ndarray, "models items"]
    traces: Float64[np.ndarray, " models"]

    def products(self, other: SquaredSide, comparator: str) -> Float64[np.ndarray, " models"]:
        """Return the products of both sides' descriptions, standardised for a comparator.

        With k~ and l~ less their means, n k'l + tu = n k~'l~ + 2tu. Pearson r takes 2n tu/(n-1)
        out of the sum over pairs, its whitened kin tu/(n-1) out of |C|^2.
        """
        n = self.rows.shape[1]
        cross = np.array([np.vdot(c, c) for c in map(_cross, self.rows, other.rows)])
        traces = self.traces * other.traces
        if comparator.startswith("whitened"):
            return cross - (traces / (n - 1) if comparator == "whitened_pearson" else 0.0)
        first = self.squares - self.traces[:, None] / n
        second = other.squares - other.traces[:, None] / n
        spread = n * np.vecdot(first, second) + 2 * cross
        found: np.ndarray = spread + (
            2 * traces if comparator == "cosine" else -2 * traces / (n - 1)
        )
        return found


def _cross(
    first: Float64[np.ndarray, "items first_dim"], second: Float64[np.ndarray, "items second_dim"]
) -> Float64[np.ndarray, "first_dim second_dim"]:
    cross: np.ndarray = first.T @ second
    return cross


@dataclass(frozen=True)
class RsaSide:
    """One side of RSA, for many models.

    Attributes:
        form: the descriptions in the form that suits the number of items.
        comparator: what they are standardised for.
        chances: what chance depends on: of the cosine the mean over the root mean square, of the
            whitened cosine the trace; `diagonals`: of the whitened cosine sum M_ii^2 / |M|^2.
        notes: per model why nothing can be computed of it, or "".
        remark: what to know of all values.
        low: the least value that a comparison with it can have.
    """

    form: TriangleSide | GramSide | SquaredSide
    comparator: str
    chances: Float64[np.ndarray, " models"]
    diagonals: Float64[np.ndarray, " models"]
    notes: tuple[str, ...]
    items: int
    remark: str = ""
    low: float = 0.0

    @property
    def vectors(self) -> Float64[np.ndarray, "models pairs"] | None:
        """Vectors whose products are the values, where there are any."""
        plain = COMPARATORS[self.comparator].product is None
        return self.form.vectors if isinstance(self.form, TriangleSide) and plain else None

    def compare(self, other: RsaSide) -> Float64[np.ndarray, " models"]:
        """Return the comparator's value with the other side, per model."""
        one, two = self.form, other.form
        if isinstance(one, TriangleSide) and isinstance(two, TriangleSide):
            product = COMPARATORS[self.comparator].product
            if product is None:
                values: np.ndarray = np.vecdot(one.vectors, two.vectors)
                return values
            return np.array([product(a, b) for a, b in zip(one.vectors, two.vectors, strict=True)])
        if isinstance(one, GramSide) and isinstance(two, GramSide):
            return one.correlate(two)
        if isinstance(one, SquaredSide) and isinstance(two, SquaredSide):
            return one.products(two, self.comparator)
        # of the same items, but one has a form that the other's dissimilarity does not allow
        raise ValueError("these two dissimilarities are not described in one form")


def describe_rsa(
    embeddings: ModelItems, dissimilarity: str = "cosine", comparator: str = "pearson"
) -> RsaSide:
    """Describe one side for `rsa`, for many models at once.

    Args:
        embeddings: models x items x dims; of crossvalidated dissimilarities models x items x
            repeats x dims.
        dissimilarity: one of `DISSIMILARITIES`.
        comparator: one of `COMPARATORS`.

    Raises:
        ValueError: when there is no such dissimilarity or comparator, or not two repeats where they
            are needed.

    Examples:
        >>> models = np.random.default_rng(0).normal(size=(5, 20, 8))
        >>> side = describe_rsa(models, "euclidean", "spearman")
        >>> side.compare(side).round(6).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    how = dissimilarity_named(dissimilarity)
    comparing = _named(COMPARATORS, comparator, "comparator")
    items = embeddings.shape[1]
    if (dissimilarity, comparator) == ("cosine", "pearson"):
        return _as_the_paper(embeddings)
    prepared = how.prepare(embeddings)
    if items > GRAM_ABOVE:
        if how.shape == "cosine" and comparator == "pearson":
            return _of_gram(gram_side(prepared.rows), prepared.notes, items)
        if how.shape == "squared" and not comparing.monotone:
            return _squared_side(prepared, comparing)
    if comparing.whole and items > WHOLE_UP_TO:
        note = f"{comparing.name} of {how.name} needs all pairs: at most {WHOLE_UP_TO:,} items"
        nothing = np.zeros(len(prepared.notes))
        empty = TriangleSide(np.zeros((len(nothing), 0)))
        notes = tuple(each or note for each in prepared.notes)
        return RsaSide(empty, comparator, nothing, nothing, notes, items)
    pairs, remark = _pairs(prepared, how)
    low = least(how, comparing)
    return side_of_pairs(pairs, prepared.notes, comparing, items, _scale(how), remark, low)


def least(how: Dissimilarity, comparing: Comparator) -> float:
    """Return the least value there can be: the comparator's, but -1 where distances have a sign."""
    return -1.0 if how.shape == "crossvalidated" else comparing.low


def described_pairs(
    embeddings: ModelItems, dissimilarity: str
) -> tuple[Iterator[Pairs], tuple[str, ...], float, str]:
    """Return dissimilarities in units of their own, per model, each made when it is asked for.

    Beside them a note for every model that has none, how large a value's rounding may be in units
    of 1e-16, and what to know of all of them.

    Raises:
        ValueError: when there is no such dissimilarity.
    """
    how = dissimilarity_named(dissimilarity)
    prepared = how.prepare(embeddings)
    pairs, remark = _pairs(prepared, how)
    return pairs, prepared.notes, _scale(how) or 0.0, remark


def _scale(how: Dissimilarity) -> float | None:
    """Return how large rounding may be: of products of unit rows, or (None) of what is largest."""
    return 1.0 if how.shape == "cosine" else None


def _pairs(prepared: Prepared, how: Dissimilarity) -> tuple[Iterator[Pairs], str]:
    """Return the dissimilarities of all pairs, or of a sample of many, and a remark on that."""
    items = prepared.rows.shape[1]
    if items <= WHOLE_UP_TO:
        return (_of_pairs(prepared, model, how) for model in range(len(prepared.rows))), ""
    sampled = len(sampled_pairs(items, SAMPLED_PAIRS)[0])
    remark = f"of a sample of {sampled:,} pairs"
    return (_of_sample(prepared, model, how) for model in range(len(prepared.rows))), remark


def _as_the_paper(embeddings: Num[np.ndarray, "models items dim"]) -> RsaSide:
    """Describe by cosines for Pearson r, just as `descriptions.describe` does."""
    form = describe_cosine(embeddings)
    finite = [bool(np.isfinite(model).all()) for model in embeddings]
    notes = tuple("" if ok else NOT_FINITE for ok in finite)
    if isinstance(form, GramSide):
        return _of_gram(form, notes, form.items)
    constant = np.isnan(form.vectors).any(axis=1)
    return RsaSide(
        form, "pearson", np.zeros(len(notes)), np.zeros(len(notes)),
        tuple(note or (CONSTANT if c else "") for note, c in zip(notes, constant, strict=True)),
        embeddings.shape[1],
    )  # fmt: skip


def _of_gram(form: GramSide, notes: tuple[str, ...], items: int) -> RsaSide:
    nothing = np.zeros(len(notes))
    constant = np.isnan(form.norms)
    notes = tuple(note or (CONSTANT if c else "") for note, c in zip(notes, constant, strict=True))
    return RsaSide(form, "pearson", nothing, nothing, notes, items)


def _squared_side(prepared: Prepared, comparing: Comparator) -> RsaSide:
    """Describe squared distances by their features."""
    rows = prepared.rows
    squares = np.vecdot(rows, rows)
    form = SquaredSide(rows, squares, squares.sum(axis=1))
    selves, n = form.products(form, comparing.key), rows.shape[1]
    traces = form.traces
    grams = form.products(form, "whitened_cosine")
    empty = ~(selves > LEAST_SPREAD * traces**2 / n)
    notes = tuple(
        note or (CONSTANT if nothing else "")
        for note, nothing in zip(prepared.notes, empty, strict=True)
    )
    selves = np.where(empty, 1.0, selves)
    roots = np.sqrt(selves)
    form = SquaredSide(
        rows / np.sqrt(roots)[:, None, None], squares / roots[:, None], traces / roots
    )
    chances = np.sqrt(2 * n / (n - 1)) * form.traces  # of the cosine: n t / sqrt(P sum D^2)
    if comparing.key == "whitened_cosine":
        chances = form.traces
    diagonals = np.vecdot(squares, squares) / np.where(grams > 0, grams, 1.0)
    return RsaSide(form, comparing.key, chances, diagonals, notes, n)


def side_of_pairs(
    descriptions: Iterable[Pairs], notes: tuple[str, ...], comparing: Comparator,
    items: int | None = None, scale: float | None = None, remark: str = "",
    low: float | None = None,
) -> RsaSide:  # fmt: skip
    """Standardise descriptions of every model, given as pairs that may be overwritten."""
    vectors, chances, diagonals, found = [], np.zeros(len(notes)), np.zeros(len(notes)), []
    for model, (pairs, note) in enumerate(zip(descriptions, notes, strict=True)):
        finite = bool(np.isfinite(pairs).all())
        if not finite:
            pairs[:] = 0.0
        if comparing.key == "cosine" and pairs.size:
            square = float(pairs @ pairs)
            chances[model] = pairs.sum() / math.sqrt(pairs.size * square) if square > 0 else 0.0
        largest = float(np.abs(pairs).max(initial=0.0)) if scale is None else scale
        vector, defined = comparing.standardise(pairs, largest)
        if comparing.key == "whitened_cosine" and items_of(pairs.size) > 1:
            diagonal = vector[-items_of(pairs.size) :]
            chances[model], diagonals[model] = diagonal.sum(), diagonal @ diagonal
        reason = NOT_FINITE if not finite else "" if defined else CONSTANT
        found.append(note or reason)
        vectors.append(vector)
    form = TriangleSide(np.stack(vectors) if vectors else np.zeros((0, 0)))
    if items is None:
        items = items_of(form.vectors.shape[1])
    low = comparing.low if low is None else low
    return RsaSide(form, comparing.key, chances, diagonals, tuple(found), items, remark, low)


def compare_rsa(first: RsaSide, second: RsaSide) -> Float64[np.ndarray, " models"]:
    """Return `rsa` of two descriptions, per model; NaN where it is not defined.

    Raises:
        ValueError: when the two hold different numbers of models or items, or are not described
            for the same comparator.
    """
    return np.array([score.value for score in score_rsa(first, second)])


def score_rsa(first: RsaSide, second: RsaSide) -> list[Score]:
    """Return `rsa` of two descriptions with what chance gives, per model.

    Raises:
        ValueError: when the two hold different numbers of models or items, or are not described
            for the same comparator.
    """
    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    if first.comparator != second.comparator:
        raise ValueError(
            f"one side is described for {first.comparator}, one for {second.comparator}"
        )
    comparing, n = COMPARATORS[first.comparator], first.items
    notes = pair_notes(first.notes, second.notes, n, 3)
    values = first.compare(second) if n > 2 else np.full(len(notes), np.nan)
    low = min(comparing.low, first.low, second.low)
    values = np.where([not note for note in notes], np.clip(values, low, 1.0), np.nan)
    notes = tuple(note or first.remark for note in notes)
    if comparing.chance == "zero":
        return scores(values, notes, n, 0.0)
    if comparing.key == "cosine":
        return scores(values, notes, n, first.chances * second.chances)
    sides = ((side.chances**2, side.diagonals) for side in (first, second))
    mean, sd = random_pairing(n, *next(sides), *next(sides))
    return scores(values, notes, n, np.copysign(mean, first.chances * second.chances), sd)


def rsa(
    first: Num[np.ndarray, "items *repeats first_dim"],
    second: Num[np.ndarray, "items *others second_dim"],
    dissimilarity: str = "cosine", comparator: str = "pearson",
) -> Score:  # fmt: skip
    """Compare the dissimilarities of all pairs of items in two representations of the same items.

    By default as the paper does: Pearson r of cosines. NaN, with a note, with fewer than three
    items, a value that is not finite, or constant dissimilarities (where all pairs are tied `rho_a`
    and `tau_a` are 0: that is their point). Above 5,000 items ranks, and distances without a closed
    form, are taken over a seeded sample of 2,000,000 pairs, as the note says.

    Args:
        first: items x dims; `second`: the same items, any other number of dims. Of crossvalidated
            dissimilarities both are items x repeats x dims.
        dissimilarity: one of `DISSIMILARITIES`.
        comparator: one of `COMPARATORS`.

    Raises:
        ValueError: when the two hold different numbers of items, or there is no such dissimilarity
            or comparator, or not two repeats where they are needed.

    Examples:
        >>> items = np.random.default_rng(0).normal(size=(20, 8))
        >>> round(rsa(items, 3 * items).value, 6)
        1.0
        >>> moved = items + 10  # the angles are others now, the distances are not
        >>> rsa(items, moved).value < 0.9, rsa(items, moved, "euclidean", "tau_a").value > 0.999
        (True, True)
    """
    how = dissimilarity_named(dissimilarity)
    models = (how.one_model(each) for each in (first, second))
    return score_rsa(*(describe_rsa(each, dissimilarity, comparator) for each in models))[0]


def _cost(how: Dissimilarity, comparing: Comparator) -> str:
    if how.shape == "crossvalidated":
        return "(r + 1) n^2 d of r repeats" + (", then P log P" if comparing.monotone else "")
    if comparing.monotone:
        return "P log P of P = n (n-1) / 2 pairs"
    return "n^2 d, or n d1 d2 above 700 items"


def rsa_measure(dissimilarity: str = "cosine", comparator: str = "pearson") -> Measure:
    """Return the measure of `rsa` with one dissimilarity and comparator.

    Raises:
        ValueError: when there is no such dissimilarity or comparator.
    """
    how = dissimilarity_named(dissimilarity)
    comparing = _named(COMPARATORS, comparator, "comparator")
    blind: frozenset[Change] = frozenset({"monotone"}) if comparing.monotone else frozenset()
    given: dict[str, Any] = {"dissimilarity": dissimilarity, "comparator": comparator}
    return Measure(
        key=f"rsa.{dissimilarity}.{comparator}", name=f"RSA: {how.name}, {comparing.name}",
        compares="two representations", low=least(how, comparing), high=1.0,
        best=None if comparator in ("rho_a", "tau_a") else 1.0, higher_means="more alike",
        symmetric=True, metric=comparator == "tau_a", invariant_to=how.invariant_to | blind,
        centres=how.centres,
        chance=comparing.chance,
        resampling="half samples" if comparing.whole else "pair weights", least_items=3,
        cost=_cost(how, comparing),
        reference="; ".join((how.reference, comparing.reference)), oracle="rsatoolbox, SciPy",
        needs=how.needs,
        compute=partial(rsa, **given), describe=partial(describe_rsa, **given),
        compare=compare_rsa, score=score_rsa,
        of_dissimilarities=partial(compare_dissimilarities, comparator=comparator),
        describe_dissimilarities=partial(describe_dissimilarities, comparator=comparator),
    )  # fmt: skip
