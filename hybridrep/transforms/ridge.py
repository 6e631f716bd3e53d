"""The best linear map, the baseline beside each autoencoder: ridge regression, all in float64.

An autoencoder on sequences of length 1 is a plain fully connected network, so a report without
this map would credit it with what any regression does. Loss is the autoencoders' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

_BLOCK = 4096
"""Rows that are turned into float64 at a time."""

_GRID = np.logspace(-6, 4, 41)
"""Default penalties, in units of the mean eigenvalue of the centred inputs' Gram matrix."""


def summed_squared_error(
    predicted: Float[np.ndarray, "items dim"], target: Float[np.ndarray, "items dim"]
) -> float:
    """Return the squared error summed over dimensions, mean over items, in float64.

    Examples:
        >>> summed_squared_error(np.zeros((2, 3)), np.ones((2, 3)))
        3.0
    """
    difference = np.subtract(predicted, target, dtype=np.float64)
    return float(np.vecdot(difference, difference).mean())


@dataclass(frozen=True)
class Moments:
    """All that ridge regression needs to know of the training rows of one split.

    One pass over the rows serves every penalty, and, `reversed`, the other direction as well.

    Attributes:
        count: number of training rows.
        input_gram: X'X of the centred inputs; `target_gram`: Y'Y; `cross`: X'Y.
    """

    count: int
    input_mean: Float64[np.ndarray, " inputs"]
    target_mean: Float64[np.ndarray, " targets"]
    input_gram: Float64[np.ndarray, "inputs inputs"]
    target_gram: Float64[np.ndarray, "targets targets"]
    cross: Float64[np.ndarray, "inputs targets"]

    def reversed(self) -> Moments:
        """Return the moments of the regression from targets to inputs."""
        return Moments(
            count=self.count, input_mean=self.target_mean, target_mean=self.input_mean,
            input_gram=self.target_gram, target_gram=self.input_gram,
            cross=np.ascontiguousarray(self.cross.T),
        )  # fmt: skip


def moments(
    inputs: Float[np.ndarray, "items inputs"], targets: Float[np.ndarray, "items targets"]
) -> Moments:
    """Sum up the training rows of a split, in blocks, in float64.

    Raises:
        ValueError: when there are no rows.

    Examples:
        >>> moments(np.arange(12.0).reshape(6, 2), np.arange(6.0)[:, None]).input_mean.tolist()
        [5.0, 6.0]
    """
    if not len(inputs):
        raise ValueError("ridge regression needs at least one training row")
    input_mean = inputs.mean(axis=0, dtype=np.float64)
    target_mean = targets.mean(axis=0, dtype=np.float64)
    input_gram = np.zeros((inputs.shape[1], inputs.shape[1]))
    target_gram = np.zeros((targets.shape[1], targets.shape[1]))
    cross = np.zeros((inputs.shape[1], targets.shape[1]))
    for start in range(0, len(inputs), _BLOCK):
        x = inputs[start : start + _BLOCK] - input_mean
        y = targets[start : start + _BLOCK] - target_mean
        input_gram += x.T @ x
        target_gram += y.T @ y
        cross += x.T @ y
    return Moments(len(inputs), input_mean, target_mean, input_gram, target_gram, cross)


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression with an unpenalised intercept.

    Attributes:
        penalty: the chosen weight of the squared norm (scikit-learn's `alpha`).
        input_mean: training mean, subtracted from inputs before the map; `target_mean` is added.
        penalties: all that were tried, with their `validation_losses`.
    """

    penalty: float
    weights: Float64[np.ndarray, "inputs targets"]
    input_mean: Float64[np.ndarray, " inputs"]
    target_mean: Float64[np.ndarray, " targets"]
    penalties: Float64[np.ndarray, " penalties"]
    validation_losses: Float64[np.ndarray, " penalties"]

    def predict(
        self, inputs: Float[np.ndarray, "items inputs"]
    ) -> Float64[np.ndarray, "items targets"]:
        """Return the predicted targets, e.g. to compare them in RSA."""
        predicted: np.ndarray = (inputs - self.input_mean) @ self.weights + self.target_mean
        return predicted


def fit_ridge(
    training: Moments,
    validation_inputs: Float[np.ndarray, "items inputs"],
    validation_targets: Float[np.ndarray, "items targets"],
    penalties: Sequence[float] | None = None,
) -> Ridge:
    """Fit ridge regression and choose its penalty by the loss on validation rows.

    One eigendecomposition X'X = V diag(s) V' serves all penalties: the map of penalty a is
    V diag(h) V'X'Y with h = 1 / (s + a), so the validation loss is a quadratic form in h whose
    matrix is computed once. Equal losses go to the larger penalty.

    Args:
        training: moments of the training rows.
        validation_inputs: rows that chose nothing else.
        validation_targets: their targets.
        penalties: above 0; without, 41 from 1e-6 to 1e4 times the mean eigenvalue.

    Raises:
        ValueError: when a penalty is not above 0, or there are no validation rows.

    Examples:
        >>> x, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)[:, None]
        >>> ridge = fit_ridge(moments(x, y), x, y, penalties=[1e-6, 1.0])
        >>> ridge.predict(np.array([[2.0, 3.0]])).round(3).tolist(), ridge.penalty
        ([[1.0]], 1e-06)
    """
    if not len(validation_inputs):
        raise ValueError("choosing a penalty needs at least one validation row")
    eigenvalues, vectors = np.linalg.eigh(training.input_gram)
    eigenvalues = np.maximum(eigenvalues, 0.0)
    tried = _penalties(penalties, float(eigenvalues.mean()))
    shrunk = 1.0 / (eigenvalues + tried[:, None])
    projected = vectors.T @ training.cross
    losses = _losses(
        shrunk, projected, (validation_inputs - training.input_mean) @ vectors,
        validation_targets - training.target_mean,
    )  # fmt: skip
    best = len(tried) - 1 - int(np.argmin(losses[::-1]))
    weights = vectors @ (shrunk[best][:, None] * projected)
    return Ridge(
        penalty=float(tried[best]), weights=weights, input_mean=training.input_mean,
        target_mean=training.target_mean, penalties=tried, validation_losses=losses,
    )  # fmt: skip


def _penalties(given: Sequence[float] | None, scale: float) -> Float64[np.ndarray, " penalties"]:
    """Return the penalties to try, ascending."""
    if given is None:
        return _GRID * (scale if scale > 0 else 1.0)
    tried = np.sort(np.asarray(given, dtype=np.float64))
    if tried.size == 0 or not np.all(np.isfinite(tried) & (tried > 0)):
        raise ValueError(f"ridge penalties must be numbers above 0, got {list(given)}")
    return tried


def _losses(
    shrunk: Float64[np.ndarray, "penalties inputs"],
    projected: Float64[np.ndarray, "inputs targets"],
    inputs: Float64[np.ndarray, "items inputs"],
    targets: Float64[np.ndarray, "items targets"],
) -> Float64[np.ndarray, " penalties"]:
    """Return the loss of every penalty on centred targets and inputs in the eigenbasis.

    With prediction Z diag(h) D the summed squared error is |Y|^2 - 2 h'diag(D Y'Z) +
    h'(Z'Z * DD')h, where * is elementwise.
    """
    linear = np.vecdot(projected, inputs.T @ targets)
    quadratic = (inputs.T @ inputs) * (projected @ projected.T)
    total = float(np.vdot(targets, targets))
    errors = total - 2 * shrunk @ linear + np.vecdot(shrunk @ quadratic, shrunk)
    losses: np.ndarray = np.maximum(errors, 0.0) / len(targets)
    return losses


@dataclass(frozen=True)
class LinearBaseline:
    """How well the best linear map does on the test rows.

    `test_loss` is that of `ridge`, `mean_loss` of predicting the training mean for every test row.
    """

    ridge: Ridge
    test_loss: float
    mean_loss: float


def linear_baseline(
    training: Moments, validation_inputs: Float[np.ndarray, "validation inputs"],
    validation_targets: Float[np.ndarray, "validation targets"],
    test_inputs: Float[np.ndarray, "test inputs"], test_targets: Float[np.ndarray, "test targets"],
    penalties: Sequence[float] | None = None,
) -> LinearBaseline:  # fmt: skip
    """Fit `fit_ridge`, which see, and measure it on test rows.

    Examples:
        >>> x, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)[:, None]
        >>> found = linear_baseline(moments(x, y), x, y, x, y)
        >>> found.test_loss < 1e-6, round(found.mean_loss, 3)
        (True, 2.917)
    """
    ridge = fit_ridge(training, validation_inputs, validation_targets, penalties)
    mean = np.broadcast_to(ridge.target_mean, test_targets.shape)
    return LinearBaseline(
        ridge=ridge,
        test_loss=summed_squared_error(ridge.predict(test_inputs), test_targets),
        mean_loss=summed_squared_error(mean, test_targets),
    )
