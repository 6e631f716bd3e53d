"""How states move from frame to frame, in their first three principal components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float64, Int

if TYPE_CHECKING:
    from hybridrep.studies.nback.decoding.states import TaskStates

COMPONENTS = 3
SHOWN = 48
"""Trials of a task that are shown one by one."""


def principal(
    states: Float[np.ndarray, "trials steps dim"], count: int = COMPONENTS
) -> tuple[Float64[np.ndarray, "trials steps count"], Float64[np.ndarray, " count"]]:
    """Return states in the principal components of all frames together, and their variance's share.

    The largest entry of each axis is positive, so that the picture has one orientation.
    """
    flat = np.asarray(states, dtype=np.float64).reshape(-1, states.shape[-1])
    flat = flat - flat.mean(axis=0)
    variances, axes = np.linalg.eigh(flat.T @ flat)
    chosen = axes[:, ::-1][:, :count]
    largest = np.take_along_axis(chosen, np.abs(chosen).argmax(axis=0)[None], axis=0)
    points = flat @ (chosen * np.where(largest < 0, -1, 1))
    found = np.zeros((len(flat), count))
    found[:, : points.shape[1]] = points
    total = max(float(variances.sum()), 1e-300)
    shares = np.zeros(count)
    shares[: chosen.shape[1]] = variances[::-1][:count] / total
    return found.reshape(*states.shape[:2], count), shares


def by_value(
    points: Float64[np.ndarray, "trials steps count"], labels: Int[np.ndarray, "trials steps"],
    values: int,
) -> Float64[np.ndarray, "steps values steps count"]:  # fmt: skip
    """Return mean points by what was shown: stimulus, its value, the frame they are read at."""
    with np.errstate(invalid="ignore"):
        has = labels.T[:, None, :] == np.arange(values)[:, None]
        counts = has.sum(axis=2)[:, :, None, None]
        return np.asarray(np.einsum("svn,ntc->svtc", has.astype(np.float64), points) / counts)


def trajectories(tested: TaskStates) -> dict[str, np.ndarray]:
    """Return, of every task, what is drawn of its states h.

    Returns:
        By task's name and a slash: `means` [stimuli, values, frames, 3], `points` [trials, frames,
        3] and `labels` [trials, frames] of the first trials, and `variance` [3]; labels are the
        values of the task's own feature.
    """
    found: dict[str, np.ndarray] = {}
    for number, task in enumerate(tested.tasks):
        points, shares = principal(tested.h[number])
        labels = tested.labels[number, :, :, task.feature_number]
        values = tested.trials[number].values[task.feature_number]
        found |= {
            f"{task.name}/means": by_value(points, labels, values).astype(np.float32),
            f"{task.name}/points": points[:SHOWN].astype(np.float32),
            f"{task.name}/labels": labels[:SHOWN].astype(np.int64),
            f"{task.name}/variance": shares.astype(np.float32),
        }
    return found
