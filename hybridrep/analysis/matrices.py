"""All values between many representations at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from hybridrep.analysis.centring import taken
from hybridrep.analysis.record import Measure


def pairs_matrix(measure: Measure, sides: Sequence[Any]) -> Float64[np.ndarray, "all all"]:
    """Return the values of a symmetric measure between all models of all sides.

    Sides come from the measure's `describe`; each may hold many models (its seeds, its epochs), and
    row k of the matrix is the k-th of them all, side by side. Where sides are unit vectors (RSA,
    CKA, up to 700 items) this is a single matrix product; else pairs are compared one by one.
    NaN where a value is not defined.

    Raises:
        ValueError: when the measure is not symmetric or describes nothing, or the sides hold
            different numbers of items.

    Examples:
        >>> from hybridrep.analysis import MEASURES
        >>> rng = np.random.default_rng(0)
        >>> seeds, encoder = rng.normal(size=(5, 20, 8)), rng.normal(size=(1, 20, 30))
        >>> cka = MEASURES["cka"]
        >>> pairs_matrix(cka, [cka.describe(seeds), cka.describe(encoder)]).shape
        (6, 6)
    """
    if measure.describe is None or measure.compare is None or not measure.symmetric:
        raise ValueError(f"{measure.key} does not compare described sides symmetrically")
    items = {side.items for side in sides}
    if len(items) > 1:
        raise ValueError(f"the sides hold different numbers of items: {sorted(items)}")
    vectors: list[Any] = [getattr(side, "vectors", None) for side in sides]
    if all(each is not None for each in vectors):
        rows: np.ndarray = np.concatenate(vectors)
        values: np.ndarray = np.clip(rows @ rows.T, measure.low, measure.high)
        defined = np.concatenate([np.isfinite(measure.compare(side, side)) for side in sides])
        values[~defined] = np.nan
        values[:, ~defined] = np.nan
        return values
    alone = [taken(side, model) for side in sides for model in range(len(side.notes))]
    values = np.empty((len(alone), len(alone)))
    for row, first in enumerate(alone):
        for column, second in enumerate(alone[: row + 1]):
            values[row, column] = values[column, row] = measure.compare(first, second)[0]
    return values
