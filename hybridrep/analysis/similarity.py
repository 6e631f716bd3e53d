"""Similarity of items within one representation."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.record import Measure

_SAFE_SQUARES = (1e-200, 1e200)
"""Squared lengths between these lose nothing to under- or overflow in float64."""


def unit_rows(
    embeddings: Num[np.ndarray, "*models items dim"],
) -> Float64[np.ndarray, "*models items dim"]:
    """Scale every item to length 1, in float64 whatever the input's dtype.

    A zero vector stays zero. Lengths neither overflow nor underflow. An item with a value that is
    not finite becomes NaN throughout.

    Examples:
        >>> unit_rows(np.array([[3, 4], [0, 0]])).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    rows = np.array(embeddings, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.vecdot(rows, rows)
        extreme = ~((squares > _SAFE_SQUARES[0]) & (squares < _SAFE_SQUARES[1]))
        if extreme.any():
            odd = rows[extreme]
            largest = np.abs(odd).max(axis=-1, keepdims=True, initial=0.0)
            odd /= np.where(largest == 0, 1.0, largest)
            rows[extreme] = odd
            squares[extreme] = np.vecdot(odd, odd)
        lengths = np.sqrt(squares)
        rows /= np.where(lengths == 0, 1.0, lengths)[..., None]
    return rows


def cosine_similarity(
    embeddings: Num[np.ndarray, "items dim"],
) -> Float64[np.ndarray, "items items"]:
    """Return the cosine of the angle between all pairs of items (the paper's similarity matrix).

    Accumulated in float64 whatever the input's dtype: in float32 the correlation of two such
    matrices is wrong by 2e-3 and more on representations whose items are all alike. The matrix
    is exactly symmetric. Cosine with a zero vector is defined as 0, its own included (as in
    scikit-learn); an item with a value that is not finite gives NaN in its row and column.

    Examples:
        >>> cosine_similarity(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])).round(3).tolist()
        [[1.0, 0.707, 0.0], [0.707, 1.0, 0.707], [0.0, 0.707, 1.0]]
    """
    rows = unit_rows(embeddings)
    similarity = rows @ rows.T
    clipped: np.ndarray = np.clip(similarity, -1.0, 1.0, out=similarity)
    return clipped


COSINE = Measure(
    key="cosine", name="cosine similarity", compares="items of one representation", low=-1.0,
    high=1.0, best=1.0, higher_means="more alike", symmetric=True,
    invariant_to=frozenset({"common_scale", "item_scale", "rotation", "dimension_order"}),
    centres="none", chance="none", resampling="none", least_items=1, cost="n^2 d",
    reference="Jiang, Dale & Lu, section 3.2.1", oracle="scikit-learn",
    compute=cosine_similarity,
)  # fmt: skip
"""The measure of `cosine_similarity`."""
