"""What is best by several objectives at once: Pareto fronts, and the first of equals."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float


def pareto_front(values: Float[np.ndarray, "trials objectives"]) -> Bool[np.ndarray, " trials"]:
    """Tell which rows no other row beats: none is as good everywhere and better somewhere.

    Higher is better in every column. Of equal rows all are on the front; a row with NaN never is,
    and beats none. (Optuna's `Study.best_trials` wants all objectives maximised.)

    Examples:
        >>> pareto_front(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0]])).tolist()
        [True, True, False]
    """
    finite = np.isfinite(values).all(axis=1)
    known = values[finite]
    no_worse = (known[:, None, :] >= known[None, :, :]).all(axis=2)
    better = (known[:, None, :] > known[None, :, :]).any(axis=2)
    front = np.zeros(len(values), dtype=bool)
    front[finite] = ~(no_worse & better).any(axis=0)
    return front


def best_row(values: Float[np.ndarray, " rows"]) -> int | None:
    """Return the place of the highest value, the first of equals; None if none is finite.

    Examples:
        >>> best_row(np.array([0.5, np.nan, 0.7, 0.7]))
        2
    """
    finite = np.where(np.isfinite(values), values, -np.inf)
    return int(finite.argmax()) if np.isfinite(finite).any() else None
