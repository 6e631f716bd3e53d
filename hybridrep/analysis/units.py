"""Units: do two representations have the same dimensions, whatever their order and sign?

Each dimension of one side is paired with one of the other so that the sum of absolute correlations
is as high as it can be (Li et al. 2016, ICLR workshop). A space may be shared without any of its
units: compare with `subspace_overlap`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.centring import (
    LEAST_SPREAD,
    centred,
    check_same_items,
    one_model,
    pair_notes,
    scores,
)
from hybridrep.analysis.record import Measure, Score


@dataclass(frozen=True)
class UnitSide:
    """One side of a matching of units, for many models.

    Attributes:
        rows: centred items, every dimension of length 1 (0 where it does not vary).
        notes: per model why nothing can be computed of it, or "".
    """

    rows: Float64[np.ndarray, "models items dim"]
    notes: tuple[str, ...]

    @property
    def items(self) -> int:
        """Number of items."""
        return int(self.rows.shape[1])


def describe_units(embeddings: Num[np.ndarray, "models items dim"]) -> UnitSide:
    """Describe one side for `unit_matching`, for many models at once.

    Examples:
        >>> describe_units(np.arange(12.0).reshape(1, 4, 3)).rows.round(2)[0, :, 0].tolist()
        [-0.67, -0.22, 0.22, 0.67]
    """
    raw = np.array(embeddings, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        largest = np.abs(raw).max(axis=1, keepdims=True, initial=0.0)
        raw /= np.where((largest > 0) & np.isfinite(largest), largest, 1.0)  # units of their own
    side = centred(raw)
    lengths = np.sqrt(np.square(side.rows).sum(axis=1, keepdims=True))
    least = LEAST_SPREAD * np.sqrt(max(side.items, 1))
    rows = np.where(lengths > least, side.rows / np.where(lengths > least, lengths, 1.0), 0.0)
    return UnitSide(rows, side.notes)


def score_units(first: UnitSide, second: UnitSide) -> list[Score]:
    """Return `unit_matching` of two descriptions, per model.

    Raises:
        ValueError: when the two hold different numbers of models or items.
    """
    from scipy.optimize import linear_sum_assignment

    check_same_items((len(first.notes), first.items), (len(second.notes), second.items))
    notes = pair_notes(first.notes, second.notes, first.items, 3)
    values = np.full(len(notes), np.nan)
    for model, note in enumerate(notes):
        if not note:
            similar = np.abs(first.rows[model].T @ second.rows[model])
            values[model] = min(float(similar[linear_sum_assignment(-similar)].mean()), 1.0)
    return scores(values, notes, first.items)


def compare_units(first: UnitSide, second: UnitSide) -> Float64[np.ndarray, " models"]:
    """Return the values of `unit_matching` of two descriptions, per model."""
    return np.array([score.value for score in score_units(first, second)])


def unit_matching(
    first: Num[np.ndarray, "items first_dim"], second: Num[np.ndarray, "items second_dim"]
) -> Score:
    """Return the mean absolute correlation of matched dimensions of two representations.

    As many are matched as the smaller side has. Blind to the order, sign, scale and mean of
    dimensions, not to rotations. Chance is well above 0: shuffle the items. NaN, with a note, with
    fewer than three items, without variance, or with a value that is not finite.

    Raises:
        ValueError: when the two hold different numbers of items.

    Examples:
        >>> first = np.random.default_rng(0).normal(size=(100, 4))
        >>> round(unit_matching(first, first[:, [2, 0, 1]] * [-1, 5, 1]).value, 6)
        1.0
    """
    return score_units(*(describe_units(one_model(each)) for each in (first, second)))[0]


UNIT_MATCHING = Measure(
    key="unit_matching", name="matched units", compares="two representations", low=0.0, high=1.0,
    best=1.0, higher_means="more alike", symmetric=True,
    invariant_to=frozenset(
        {"common_scale", "translation", "dimension_scale", "dimension_order", "item_order"}
    ),
    centres="columns", chance="permutation", resampling="half samples", least_items=3,
    cost="n d1 d2 + d^3", reference="Li et al. (2016), ICLR workshop",
    oracle="all pairings, one by one", compute=unit_matching, describe=describe_units,
    compare=compare_units, score=score_units,
)  # fmt: skip
"""The measure of `unit_matching`."""
