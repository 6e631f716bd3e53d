"""Losses of stacked models, summed over units and valid rows of a batch, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from hybridrep.networks.batches import Batches, InputSource
from hybridrep.networks.network import sum_dtype


@runtime_checkable
class Loss(Protocol):
    """What a stack of models is trained for."""

    factor: float  # what `measure`'s error must be multiplied by to be the gradient of its sum

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""

    def measure(self, step: int, output: Tensor, valid: int, error: Tensor) -> Tensor:
        """Return each model's loss summed over the valid rows; `error` becomes its gradient."""

    def correct(self, step: int, output: Tensor, valid: int) -> Tensor:
        """Count each model's valid rows that are classed right."""


class SquaredError:
    """Squared error against rows, summed over the output units; `width` is the number of models."""

    factor = 2.0

    def __init__(
        self, targets: InputSource, width: int, dtype: torch.dtype,
        device: torch.device | str = "cpu",
    ) -> None:  # fmt: skip
        self._targets = targets
        self._sums = torch.zeros(width, 1, 1, dtype=dtype, device=device)

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""
        self._targets.plan(plan)

    def measure(self, step: int, output: Tensor, valid: int, error: Tensor) -> Tensor:
        """Sum each model's squared error; `error` becomes output - target."""
        self._targets.fill(step, error)
        torch.sub(output, error, out=error)
        if valid < error.shape[1]:
            error[:, valid:].zero_()
        flat = error.view(len(error), 1, -1)
        return torch.bmm(flat, flat.transpose(1, 2), out=self._sums).view(-1)

    def correct(self, step: int, output: Tensor, valid: int) -> Tensor:
        """Count nothing: there are no classes."""
        return torch.zeros(len(output), dtype=torch.int64, device=output.device)


class CrossEntropy:
    """Cross-entropy of class scores; `labels` has the class of every item for each model."""

    factor = 1.0

    def __init__(
        self, labels: Sequence[np.ndarray], dtype: torch.dtype, device: torch.device | str = "cpu"
    ) -> None:
        self._labels = list(labels)
        self._minus_one = -torch.ones((), dtype=dtype, device=device)
        self._planned = torch.empty(0)

    def plan(self, plan: Batches) -> None:
        """Prepare for these batches."""
        planned = [labels[plan.items[:, model]] for model, labels in enumerate(self._labels)]
        stacked = torch.from_numpy(np.stack(planned, axis=1).astype(np.int64))
        self._planned = stacked.to(self._minus_one.device).unsqueeze(3)

    def measure(self, step: int, output: Tensor, valid: int, error: Tensor) -> Tensor:
        """Sum each model's cross-entropy; `error` becomes probabilities - one-hot labels."""
        labels = self._planned[step]
        torch.log_softmax(output, 2, out=error)
        wide = sum_dtype(error.device)
        sums = error.gather(2, labels)[:, :valid].sum((1, 2), dtype=wide).neg_()
        error.exp_().scatter_add_(2, labels, self._minus_one.expand(labels.shape))
        if valid < error.shape[1]:
            error[:, valid:].zero_()
        return sums

    def correct(self, step: int, output: Tensor, valid: int) -> Tensor:
        """Count the valid rows whose highest score is that of their label."""
        hits = output.argmax(2) == self._planned[step].squeeze(2)
        return hits[:, :valid].sum(1)
