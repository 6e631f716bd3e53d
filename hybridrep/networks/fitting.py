"""Many small fully connected networks on arrays of one's own, trained as one stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int, Num
from torch import nn

from hybridrep.networks.activations import ACTIVATIONS
from hybridrep.networks.batches import Rows
from hybridrep.networks.checks import check_choice, check_positive, check_whole
from hybridrep.networks.linear import LinearMap, make_linear
from hybridrep.networks.loss import CrossEntropy, SquaredError
from hybridrep.networks.network import Shape, StackedNetwork
from hybridrep.networks.training import Stack, block_width, check_rows, train_alike


@dataclass(frozen=True)
class NetworkConfig:
    """What the networks are and how they are trained. Every bad value is refused here.

    Attributes:
        hidden: widths of the hidden layers; none gives a linear map.
        classes: how many there are to be told apart (cross-entropy); None: numbers are to be
            predicted (squared error, summed over the outputs).
        epochs: passes over the training rows.
        learning_rate: of Adam.
        batch_size: rows in a batch; the last batch of an epoch may be smaller.
        activation: after each hidden layer, one of `ACTIVATIONS`.

    Examples:
        >>> NetworkConfig(hidden=(64, 16), classes=3).epochs
        20
    """

    hidden: tuple[int, ...] = (32,)
    classes: int | None = None
    epochs: int = 20
    learning_rate: float = 1e-3
    batch_size: int = 32
    activation: str = "relu"

    def __post_init__(self) -> None:
        for width in self.hidden:
            check_whole("network", "hidden", width)
        if self.classes is not None:
            check_whole("network", "classes", self.classes, least=2)
        check_whole("network", "epochs", self.epochs)
        check_whole("network", "batch_size", self.batch_size)
        check_positive("network", "learning_rate", self.learning_rate)
        check_choice("network", "activation", self.activation, ACTIVATIONS)


@dataclass(frozen=True, eq=False)
class NetworkData:
    """One network's data and randomness.

    Attributes:
        inputs: one row an item. Networks may share one array.
        targets: numbers to predict, one row an item, or the class of every item, from 0.
        train: rows to train on, at least 1; `test` likewise, for the test loss.
        rng: source of initial parameters (PyTorch's default distributions) and orders; advanced.
    """

    inputs: Num[np.ndarray, "items inputs"]
    targets: Num[np.ndarray, "rows outputs"] | Int[np.ndarray, " rows"]
    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]
    rng: np.random.Generator


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """One trained network.

    Attributes:
        curves: one row an epoch: `epoch` from 1, `train_loss` (mean over the epoch's rows as they
            were met), `test_loss` and, of classes, `test_accuracy` (after the epoch).
        layers: weight [inputs, outputs] and bias [outputs] of each layer.
        activation: after each layer but the last.
    """

    curves: pd.DataFrame
    layers: list[tuple[np.ndarray, np.ndarray]]
    activation: str

    @torch.inference_mode()
    def predict(
        self, inputs: Num[np.ndarray, "items inputs"]
    ) -> Float[np.ndarray, "items outputs"]:
        """Return the outputs, in the dtype of the layers; of classes their scores (logits)."""
        last, activate = len(self.layers) - 1, ACTIVATIONS[self.activation].module()
        values = torch.from_numpy(inputs.astype(self.layers[0][0].dtype))
        for number, (weight, bias) in enumerate(self.layers):
            values = torch.from_numpy(bias) + values @ torch.from_numpy(weight)
            values = activate(values) if number < last else values
        return values.numpy()


@torch.inference_mode()
def train_networks(
    config: NetworkConfig, models: Sequence[NetworkData], *, block: int | None = None,
    dtype: torch.dtype = torch.float32,
) -> list[TrainedNetwork]:  # fmt: skip
    """Train networks of one shape, each on its own data, order and initialisation.

    They are trained as batched matrix products, which is faster than one by one. On one thread a
    network's numbers do not depend, to the last bit, on those beside it.

    Args:
        config: of every network.
        models: their data, of equal widths.
        block: how many make one batched product; without, as many as the cache holds. Only speed
            depends on it.
        dtype: of the arithmetic. Initial parameters are drawn in float32 in any case.

    Raises:
        ValueError: arrays that do not fit each other, or labels not below `config.classes`.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> inputs, rows = rng.normal(size=(200, 6)), rng.permutation(200)
        >>> data = NetworkData(inputs, np.tanh(inputs[:, :2]), rows[:150], rows[150:], rng)
        >>> trained = train_networks(NetworkConfig(hidden=(16,), epochs=5), [data] * 10)
        >>> len(trained), list(trained[0].curves), trained[0].predict(inputs).shape
        (10, ['epoch', 'train_loss', 'test_loss'], (200, 2))
    """
    if not models:
        return []
    shape = _shape(config, models)

    def stack_of(part: Sequence[int]) -> Stack:
        return _stack(config, shape, [models[number] for number in part], dtype)

    def result_of(stack: Stack, model: int, curves: pd.DataFrame) -> TrainedNetwork:
        maps = stack.network.linear_maps(model)
        layers = [(each.weight.contiguous().numpy(), each.bias.numpy()) for each in maps]
        told = curves if config.classes else curves.drop(columns="test_accuracy")
        return TrainedNetwork(told, layers, config.activation)

    rows, width = [(each.train, each.test) for each in models], block_width(shape.parameters)
    return train_alike(rows, block or width, config.epochs, stack_of, result_of)


def _shape(config: NetworkConfig, models: Sequence[NetworkData]) -> Shape:
    """Return the shape of all networks, after a check of their data."""
    kind, dims = ("numbers", 2) if config.classes is None else ("classes", 1)
    sizes = set()
    for number, model in enumerate(models):
        if model.inputs.ndim != 2 or model.targets.ndim != dims:
            shapes = f"{model.inputs.shape} and {model.targets.shape}"
            raise ValueError(f"model {number}: {shapes} are no inputs and {kind} of items")
        if len(model.inputs) != len(model.targets):
            raise ValueError(
                f"model {number}: {len(model.inputs)} inputs but {len(model.targets)} targets"
            )
        check_rows(number, model.train, model.test)
        if config.classes is not None:
            used = model.targets[np.concatenate([model.train, model.test])]
            if used.min() < 0 or used.max() >= config.classes:
                raise ValueError(f"model {number}: labels must be from 0 to {config.classes - 1}")
        sizes.add((model.inputs.shape[1], config.classes or model.targets.shape[1]))
    if len(sizes) > 1:
        raise ValueError(f"networks of one stack have equal widths, got {sorted(sizes)}")
    inputs, outputs = sizes.pop()
    activated = (*(True for _ in config.hidden), False)
    return Shape((inputs, *config.hidden, outputs), activated, config.activation)


def _stack(
    config: NetworkConfig, shape: Shape, models: Sequence[NetworkData], dtype: torch.dtype
) -> Stack:
    targets, layers = [m.targets for m in models], [initial_layers(shape, m.rng) for m in models]
    return Stack(
        network=StackedNetwork(shape, layers, config.learning_rate, dtype),
        inputs=Rows([m.inputs for m in models], dtype),
        loss=SquaredError(Rows(targets, dtype), len(models), dtype)
        if config.classes is None else CrossEntropy(targets, dtype),
        train=np.stack([m.train for m in models]), test=np.stack([m.test for m in models]),
        orders=[m.rng for m in models], batch_size=config.batch_size,
    )  # fmt: skip


def initial_layers(shape: Shape, rng: np.random.Generator) -> list[LinearMap]:
    """Return a network's layers as PyTorch initialises them, drawn from `rng`."""
    init = torch.Generator().manual_seed(int(rng.integers(2**63)))
    layers = [make_linear(partial(nn.Linear, *size), init) for size in pairwise(shape.sizes)]
    return [
        LinearMap(layer.weight.detach().T, layer.bias.detach())
        for layer in layers
        if layer.bias is not None
    ]
