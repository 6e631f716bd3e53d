"""Autoencoders that rebuild both sides from one narrow middle, which is the fusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hybridrep.errors import ParameterError
from hybridrep.networks.batches import InputSource, Place
from hybridrep.networks.checks import check_positive, check_whole
from hybridrep.networks.loss import SquaredError
from hybridrep.networks.network import Nested, Shape
from hybridrep.transforms.autoencoder import ACTIVATED, ENCODER_LAYERS
from hybridrep.transforms.fused_networks import PairData, Scaling, TrainedFusion, sides_of
from hybridrep.transforms.matching import check_prefixes, doubling_prefixes


@dataclass(frozen=True)
class Heads:
    """Layers of 4b, 2b, b, 2b and 4b units as in the paper's autoencoder, fully connected.

    The loss of an item is (1 - w) |first - rebuilt|^2 + w |second - rebuilt|^2 with both sides
    centred and of unit total variance: each term is the share of that side's variance that is
    lost.

    Attributes:
        size: width b of the middle.
        weight: w, from 0 (only the first side counts) to 1.
        epochs: passes over the training items.
        learning_rate: of Adam.
        batch_size: items in a batch, at most.
        prefixes: widths whose first units of the middle alone must do, too: every row of a batch
            is rebuilt from one of them or from the whole, in turn (`Nested`); none: only the
            whole.

    Examples:
        >>> Heads(32).shape(684, 684).sizes
        (684, 128, 64, 32, 64, 128, 684)
    """

    size: int
    weight: float = 0.5
    epochs: int = 12
    learning_rate: float = 1e-3
    batch_size: int = 256
    prefixes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("size", "epochs", "batch_size"):
            check_whole("fusion", name, getattr(self, name))
        check_positive("fusion", "learning_rate", self.learning_rate)
        if not 0 <= self.weight <= 1:
            raise ParameterError(f"fusion: weight must be from 0 to 1, got {self.weight!r}")
        check_prefixes(self.prefixes, self.size)

    @property
    def kept_layers(self) -> int:
        """The encoder's."""
        return ENCODER_LAYERS

    def shape(self, inputs: int, outputs: int) -> Shape:
        """Return the layers from what is read to both sides."""
        b = self.size
        if b > inputs:
            raise ParameterError(f"fusion: size must be at most {inputs}, got {b}")
        widths = tuple(sorted({*self.prefixes, b}))
        nested = Nested(ENCODER_LAYERS, widths) if self.prefixes else None
        return Shape((inputs, 4 * b, 2 * b, b, 2 * b, 4 * b, outputs), ACTIVATED, "relu", nested)

    def loss(
        self, models: Sequence[PairData], scalings: Sequence[tuple[Scaling, Scaling]],
        dtype: torch.dtype, place: Place,
    ) -> _WeightedError:  # fmt: skip
        """Return the weighted squared error against both sides."""
        widths = [models[0].first.shape[1], models[0].second.shape[1]]
        weights = np.repeat([1 - self.weight, self.weight], widths)
        targets = sides_of(models, scalings, (True, True), dtype, place)
        return _WeightedError(targets, torch.from_numpy(weights).to(dtype).to(place.device))


class _WeightedError(SquaredError):
    """Squared error whose output units have weights, [units]."""

    def __init__(self, targets: InputSource, weights: Tensor) -> None:
        super().__init__(targets, 0, weights.dtype)
        self._weights = weights

    def measure(self, step: int, output: Tensor, valid: int, error: Tensor) -> Tensor:
        """Sum each model's weighted squared error; `error` becomes weight * (output - target)."""
        self._targets.fill(step, error)
        torch.sub(output, error, out=error)
        if valid < error.shape[1]:
            error[:, valid:].zero_()
        weighted = error * self._weights
        sums = (weighted * error).sum((1, 2))
        error.copy_(weighted)
        return sums


class JointAutoencoder(TrainedFusion):
    """Both sides through one middle and back: the least that each must lose is asked for.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> fitted = JointAutoencoder.fit(first, second, rng, size=4, epochs=2)
        >>> fitted.apply(first, second).shape, len(fitted.fused.network.curves)
        ((90, 4), 2)
    """

    method = "joint_autoencoder"
    objective = Heads
    reads = (True, True)


class TwoHeadedGlobal(TrainedFusion):
    """The first side alone in, both out: what can be had of the second without seeing it.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> TwoHeadedGlobal.fit(first, second, rng, size=4, epochs=2).apply(first).shape
        (90, 4)
    """

    method = "two_headed_global"
    objective = Heads
    reads = (True, False)


class TwoHeadedTask(TrainedFusion):
    """The second side alone in, both out.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 8)), rng.normal(size=(90, 3))
        >>> TwoHeadedTask.fit(first, second, rng, size=2, epochs=2).apply(second=second).shape
        (90, 2)
    """

    method = "two_headed_task"
    objective = Heads
    reads = (False, True)


class MatryoshkaJoint(TrainedFusion):
    """`JointAutoencoder` whose first 8, 16, 32, ... units of the middle serve by themselves.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> first, second = rng.normal(size=(90, 20)), rng.normal(size=(90, 8))
        >>> fitted = MatryoshkaJoint.fit(first, second, rng, size=16, epochs=2)
        >>> fitted.apply(first, second)[:, :8].shape
        (90, 8)
    """

    method = "matryoshka_joint"
    reads = (True, True)

    @staticmethod
    def objective(size: int, **settings: object) -> Heads:
        """Rebuild from 8, 16, 32, ... units and from the whole."""
        given = {"prefixes": doubling_prefixes(size), **settings}
        return Heads(size, **given)  # type: ignore[arg-type]
