"""Representational similarity analysis: how alike are two representations of the same items?

Each is described by the dissimilarities of all pairs of its items; two are compared by how far
these descriptions agree (section 3.2.1 of the paper; Kriegeskorte et al. 2008, Frontiers in Systems
Neuroscience 2:4). The paper's are cosine and Pearson r.

With centred items X and Y, C = X'Y, k_i = |x_i|^2, l_i = |y_i|^2, t and u their sums, squared
Euclidean distances need no n x n matrix: the sum over pairs of their product is
n k'l + t u + 2 |C|^2, and the sum over pairs of one side's is n t.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.alignment import WHOLE_UP_TO, random_pairing
from hybridrep.analysis.centring import (
    LEAST_SPREAD,
    NOT_FINITE,
    check_same_items,
    pair_notes,
    scores,
)
from hybridrep.analysis.comparators import COMPARATORS, Comparator, comparator_named
from hybridrep.analysis.descriptions import (
    GRAM_ABOVE,
    GramSide,
    Pairs,
    TriangleSide,
    gram_side,
    items_of,
)
from hybridrep.analysis.descriptions import describe as describe_cosine
from hybridrep.analysis.dissimilarity import (
    Dissimilarity,
    ModelItems,
    Models,
    Prepared,
    dissimilarity_named,
    prepared_pairs,
)
from hybridrep.analysis.record import Change, Measure, Score

CONSTANT = "constant dissimilarities"


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
    comparing = comparator_named(comparator)
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
    pairs, remark = prepared_pairs(prepared, how)
    low = least(how, comparing)
    return side_of_pairs(pairs, prepared.notes, comparing, items, how.rounding, remark, low)


def least(how: Dissimilarity, comparing: Comparator) -> float:
    """Return the least value there can be: the comparator's, but -1 where distances have a sign."""
    return -1.0 if how.shape == "crossvalidated" else comparing.low


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
        >>> from hybridrep.analysis import dissimilarities
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
    how = comparator_named(comparator)
    return side_of_pairs((each.copy() for each in pairs), ("",) * len(pairs), how, low=-1.0)


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
    comparing = comparator_named(comparator)
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
