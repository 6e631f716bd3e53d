"""How unlike are two items? The dissimilarities of all pairs, which describe a representation.

`DISSIMILARITIES` are the ways to take them; the paper's is 1 less the cosine (section 3.2.1).
`comparators` says how two such descriptions are compared, `representational_similarity` does it.

Crossvalidated distances are of items that were measured repeatedly, items x repeats x dimensions
(Walther et al. 2016): those of the means over repeats, less what noise adds to them. They are
estimates around the true squared distance, so that some are negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.alignment import RIGID, SAMPLED_PAIRS, WHOLE_UP_TO
from hybridrep.analysis.centring import LEAST_SPREAD, NO_VARIANCE, NOT_FINITE, centred, one_model
from hybridrep.analysis.descriptions import Pairs, sampled_pairs, triangle_index
from hybridrep.analysis.record import Centring, Change, Need, named
from hybridrep.analysis.similarity import unit_rows

SHRINKAGE = 0.1
"""Share of the mean variance that is added to every direction's before whitening."""

NO_NOISE = "repeats do not differ in every direction, so that nothing can be whitened by it"
IN_CACHE = 1 << 16
"""Numbers of rows that are gathered at once: half a megabyte stays in the processor's cache."""

Models = Float64[np.ndarray, "models items dim"]
Shape = Literal["cosine", "squared", "distance", "crossvalidated"]
Items = Num[np.ndarray, "items *repeats dim"]
ModelItems = Num[np.ndarray, "models items *repeats dim"]


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

    @property
    def rounding(self) -> float | None:
        """How large rounding may be: of products of unit rows, or (None) of what is largest."""
        return 1.0 if self.shape == "cosine" else None

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
    return named(DISSIMILARITIES, key, "dissimilarity")


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
    pairs, remark = prepared_pairs(prepared, how)
    return pairs, prepared.notes, how.rounding or 0.0, remark


def prepared_pairs(prepared: Prepared, how: Dissimilarity) -> tuple[Iterator[Pairs], str]:
    """Return the dissimilarities of all pairs, or of a sample of many, and a remark on that."""
    items = prepared.rows.shape[1]
    if items <= WHOLE_UP_TO:
        return (_of_pairs(prepared, model, how) for model in range(len(prepared.rows))), ""
    sampled = len(sampled_pairs(items, SAMPLED_PAIRS)[0])
    remark = f"of a sample of {sampled:,} pairs"
    return (_of_sample(prepared, model, how) for model in range(len(prepared.rows))), remark


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
