"""Subspaces: do the directions in which items vary most hold the same items apart?"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.alignment import RIGID
from hybridrep.analysis.canonical import CanonicalSide, describe_canonical
from hybridrep.analysis.centring import (
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.record import Measure, Score

MOST_OF_VARIANCE = 0.9
"""Share of the variance that the dimensions hold which are compared if nobody says how many."""


def _dimensions(side: CanonicalSide, model: int) -> int:
    """Return how many components hold 90% of a model's variance."""
    variances = np.square(side.loadings[model]).sum(axis=1)
    shares = np.cumsum(variances) / variances.sum()
    return min(int(np.searchsorted(shares, MOST_OF_VARIANCE)) + 1, len(shares))


def score_overlap(
    first: CanonicalSide, second: CanonicalSide, dims: int | None = None
) -> list[Score]:
    """Return `subspace_overlap` of two descriptions (`describe_canonical`), per model.

    Raises:
        ValueError: when the two hold different numbers of models or items, or `dims` is below 1.
    """
    if dims is not None and dims < 1:
        raise ValueError(f"subspaces have at least one dimension, not {dims}")
    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    n = first.items
    notes = list(pair_notes(first.notes, second.notes, n, 3))
    values, chances = np.full(len(notes), np.nan), np.full(len(notes), np.nan)
    for model, note in enumerate(notes):
        if note:
            continue
        m = dims or min(_dimensions(first, model), _dimensions(second, model))
        one, other = (side.bases[model][:, :m] for side in (first, second))
        if min(one.shape[1], other.shape[1]) < m:
            notes[model] = f"fewer than {m} dimensions vary"
            continue
        values[model] = min(float(np.square(one.T @ other).sum()) / m, 1.0)
        chances[model] = m / (n - 1)
        notes[model] = f"{m} dimensions"
    return scores(values, notes, n, chances)


def compare_overlap(
    first: CanonicalSide, second: CanonicalSide, dims: int | None = None
) -> Float64[np.ndarray, " models"]:
    """Return the values of `subspace_overlap` of two descriptions, per model."""
    return np.array([score.value for score in score_overlap(first, second, dims)])


def subspace_overlap(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    dims: int | None = None,
) -> Score:  # fmt: skip
    """Return the mean squared cosine of the principal angles of the leading subspaces over items.

    |Ux'Uy|^2 / m with the m leading left singular vectors of both; chance is m / (n - 1). NaN,
    with a note, with fewer than three items, with fewer dimensions that vary, or with a value that
    is not finite; the note of a value says m.

    Args:
        first: items x dims; `second`: the same items, any other number of dims.
        dims: m; by default what holds 90% of the variance, of the side that needs fewer.

    Raises:
        ValueError: when the two hold different numbers of items, or `dims` is below 1.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(100, 4)) * [9, 9, 1, 1]
        >>> score = subspace_overlap(first, first[:, :3])
        >>> round(score.value, 3), score.note
        (1.0, '2 dimensions')
    """
    one, other = (describe_canonical(one_model(each)) for each in (first, second))
    return score_overlap(one, other, dims=dims)[0]


def principal_angles(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"],
    dims: int,
) -> Float64[np.ndarray, " angles"]:  # fmt: skip
    """Return the angles between the leading subspaces over items in radians, the smallest first.

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(100, 4)) * [9, 9, 1, 1]
        >>> principal_angles(first, 2 * first, 2).round(6).tolist()
        [0.0, 0.0]
    """
    sides = [describe_canonical(one_model(each)) for each in (first, second)]
    check_same_items((1, sides[0].items), (1, sides[1].items))
    one, other = (side.bases[0][:, :dims] for side in sides)
    cosines = np.linalg.svd(one.T @ other, compute_uv=False)
    shorter, longer = (one, other) if one.shape[1] <= other.shape[1] else (other, one)
    sines = np.linalg.svd(shorter - longer @ (longer.T @ shorter), compute_uv=False)[::-1]
    near = cosines > math.sqrt(0.5)  # where the arc cosine is the less exact of the two
    angles: Float64[np.ndarray, " angles"] = np.where(
        near, np.arcsin(np.clip(sines, 0, 1)), np.arccos(np.clip(cosines, 0, 1))
    )
    return angles


def alignment_index(
    first: Num[np.ndarray, "items dim"], second: Num[np.ndarray, "items second_dim"],
    dims: int | None = None,
) -> Score:  # fmt: skip
    """Return how much of the second's variance the first's leading directions hold.

    tr(V1'C2 V1) over the most that m directions could hold of the second (Elsayed et al. 2016,
    Nature Communications 7:13239): the same units at two times or epochs. Chance, of random
    directions, is (m / d) tr C2 over that most. NaN, with a note, as `subspace_overlap`.

    Args:
        first: items x dims; `second`: items of the same dimensions, in the same order.
        dims: m; by default what holds 90% of the first's variance.

    Raises:
        ValueError: when the numbers of items or of dimensions differ, or `dims` is below 1.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first = rng.normal(size=(100, 4)) * [9, 9, 1, 1]
        >>> second = rng.normal(size=(100, 4)) * [1, 1, 9, 9]
        >>> alignment_index(first, first).value > 0.999, alignment_index(first, second).value < 0.1
        (True, True)
    """
    if dims is not None and dims < 1:
        raise ValueError(f"subspaces have at least one dimension, not {dims}")
    one, other = centred(one_model(first)), centred(one_model(second))
    check_same_items((1, one.items), (1, other.items))
    n, d = first.shape
    if second.shape[1] != d:
        raise ValueError(f"the same dimensions are compared, not {d} and {second.shape[1]}")
    note = pair_notes(one.notes, other.notes, n, 3)[0]
    value = chance = math.nan
    if not note:
        _, s, directions = np.linalg.svd(one.rows[0], full_matrices=False)
        shares = np.cumsum(s**2) / float(s @ s)
        m = dims or min(int(np.searchsorted(shares, MOST_OF_VARIANCE)) + 1, len(s))
        if m > len(s):
            note = f"fewer than {m} dimensions"
        else:
            held = float(np.square(other.rows[0] @ directions[:m].T).sum())
            variances = np.square(np.linalg.svd(other.rows[0], compute_uv=False))
            most = float(variances[:m].sum())
            value, chance = min(held / most, 1.0), m / d * float(variances.sum()) / most
            note = f"{m} dimensions"
    return scores(np.array([value]), [note], n, chance)[0]


SUBSPACE_OVERLAP = Measure(
    key="subspace_overlap", name="overlap of leading subspaces", compares="two representations",
    low=0.0, high=1.0, best=1.0, higher_means="more alike", symmetric=True, invariant_to=RIGID,
    centres="columns", chance="closed", resampling="half samples", least_items=3, cost="n d^2",
    reference="Bjorck & Golub (1973), Mathematics of Computation 27:579",
    oracle="SciPy (subspace angles)", compute=subspace_overlap, describe=describe_canonical,
    compare=compare_overlap, score=score_overlap,
)  # fmt: skip
"""The measure of `subspace_overlap`; the root of 1 less the value is a metric of subspaces."""

ALIGNMENT_INDEX = Measure(
    key="alignment_index", name="alignment index", compares="two representations", low=0.0,
    high=1.0, best=1.0, higher_means="more alike", symmetric=False,
    invariant_to=frozenset({"common_scale", "translation", "item_order"}), centres="columns",
    chance="closed", resampling="half samples", needs=frozenset({"same space"}), least_items=3,
    cost="n d^2", reference="Elsayed et al. (2016), Nature Communications 7:13239",
    oracle="its formula", compute=alignment_index,
)  # fmt: skip
"""The measure of `alignment_index`; blind to a rotation of both sides alike."""
