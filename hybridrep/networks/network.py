"""Many small networks of one shape, trained side by side as batched matrix products.

Parameters carry a leading model axis; forward and backward pass are written by hand into buffers
that are made once, and each layer's Adam step follows its gradient while both are in the cache.

A model's numbers are bitwise the same whichever models stand beside it, on one thread. For this
(measured, not promised by the library) every model's matrices must start at the same offset
within a cache line, so hidden widths and batch rows are rounded up to `LANE`. The units added have
zero weights and gradients and thus stay silent; the rows added have zero error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor

from hybridrep.networks.activations import ACTIVATIONS
from hybridrep.networks.linear import LinearMap

LANE = 16
"""Numbers in a cache line (float32)."""

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


def sum_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype of sums over batches: double, but on Apple's devices, which have none.

    >>> sum_dtype(torch.device("cuda")), sum_dtype(torch.device("mps"))
    (torch.float64, torch.float32)
    """
    return torch.float32 if device.type == "mps" else torch.float64


def round_up(size: int) -> int:
    """Return the next multiple of `LANE`."""
    return -(-size // LANE) * LANE


@dataclass(frozen=True)
class Nested:
    """A layer of which each row keeps only its first units while it is trained.

    Row i of a batch keeps the first `widths[i % len(widths)]`, so over batches in random order
    every item meets every width, and the units become ordered (nested dropout; Rippel, Gelbart &
    Adams 2014, ICML). Where nothing is trained all units are there.

    Attributes:
        layer: after how many linear layers, from 1.
        widths: how many units may be kept.
    """

    layer: int
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """What the networks of a stack have in common.

    Attributes:
        sizes: widths from the input over the hidden layers to the output.
        activated: for each layer, whether the activation follows.
        nested: a hidden layer that is trained so that its first units serve by themselves.
    """

    sizes: tuple[int, ...]
    activated: tuple[bool, ...]
    activation: str
    nested: Nested | None = None

    @property
    def layers(self) -> int:
        """Number of linear layers."""
        return len(self.activated)

    @property
    def padded(self) -> tuple[int, ...]:
        """The sizes, hidden ones rounded up to `LANE`."""
        first, *hidden, last = self.sizes
        return (first, *map(round_up, hidden), last)

    @property
    def parameters(self) -> int:
        """Parameters of one network, padding included."""
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.padded))


class _Buffer:
    """One layer's numbers for all models: weights, then biases, in one stretch of memory."""

    def __init__(self, sizes: tuple[int, int, int], flat: Tensor) -> None:
        width, inputs, outputs = sizes
        weights, biases = width * inputs * outputs, width * outputs
        self._sizes, self.flat = sizes, flat
        self.weight = flat[:weights].view(width, inputs, outputs)
        self.bias = flat[weights : weights + biases].view(width, 1, outputs)

    @classmethod
    def zeros(
        cls, sizes: tuple[int, int, int], dtype: torch.dtype, device: torch.device | str = "cpu"
    ) -> Self:
        """Return zeros for so many models, inputs and outputs."""
        width, inputs, outputs = sizes
        length = width * inputs * outputs + round_up(width * outputs)
        return cls(sizes, torch.zeros(length, dtype=dtype, device=device))

    def on(self, device: torch.device) -> Self:
        """Return the same numbers on a device."""
        moved = self.flat.to(device)
        return self if moved is self.flat else type(self)(self._sizes, moved)


class Workspace:
    """What a pass over one batch needs and then forgets; networks of equal width share it.

    `rows` of a batch are a multiple of `LANE`; `training` makes room for a backward pass.

    Attributes:
        outputs: of every layer, [models, rows, units]; first the inputs.
        errors: gradients of the loss by `outputs`; without training only by the last.
    """

    def __init__(
        self, shape: Shape, width: int, rows: int, dtype: torch.dtype, *, training: bool,
        device: torch.device | str = "cpu",
    ) -> None:  # fmt: skip
        self.width, self.rows = width, rows
        self.outputs = [
            torch.zeros(width, rows, size, dtype=dtype, device=device) for size in shape.padded
        ]
        self.transposed = [output.transpose(1, 2) for output in self.outputs]
        kept = self.outputs if training else self.outputs[-1:]
        self.errors = [torch.zeros_like(output) for output in kept]
        self.gradients: list[_Buffer] = []
        self.kept: dict[int, Tensor] = {}  # layer -> 1 where a row keeps the unit, else 0
        if training and (nested := shape.nested) is not None:
            widths = torch.tensor(nested.widths)[torch.arange(rows) % len(nested.widths)]
            units = torch.arange(shape.padded[nested.layer])
            self.kept[nested.layer] = (units < widths[:, None]).to(device, dtype)
        if training:
            self.gradients = [
                _Buffer.zeros((width, i, o), dtype, device) for i, o in pairwise(shape.padded)
            ]


@dataclass(frozen=True)
class _Layer:
    """One layer of all models with Adam's moments."""

    parameters: _Buffer
    transposed: Tensor
    moments: tuple[Tensor, Tensor]


class StackedNetwork:
    """Networks of one shape; parameters and Adam state, but no activations (see `Workspace`).

    `models` are the initial layers of each network, unpadded; they are copied to `device`.
    """

    def __init__(
        self, shape: Shape, models: Sequence[Sequence[LinearMap]], learning_rate: float,
        dtype: torch.dtype, device: torch.device | str = "cpu",
    ) -> None:  # fmt: skip
        self.shape, self.width, self.dtype = shape, len(models), dtype
        self.device = torch.device(device)
        self._learning_rate = learning_rate
        self._activation = ACTIVATIONS[shape.activation]
        self._steps = torch.zeros((), device=self.device)
        self._layers = []
        for number, (inputs, outputs) in enumerate(pairwise(shape.padded)):
            drawn = _Buffer.zeros((self.width, inputs, outputs), dtype)
            for model, maps in enumerate(models):
                given = maps[number]
                rows, columns = given.weight.shape
                drawn.weight[model, :rows, :columns] = given.weight
                drawn.bias[model, 0, :columns] = given.bias
            parameters = drawn.on(self.device)
            moments = torch.zeros_like(parameters.flat), torch.zeros_like(parameters.flat)
            self._layers.append(_Layer(parameters, parameters.weight.transpose(1, 2), moments))

    def workspace(self, rows: int, *, training: bool) -> Workspace:
        """Return room for batches of `rows` rows."""
        return Workspace(
            self.shape, self.width, rows, self.dtype, training=training, device=self.device
        )

    def forward(self, work: Workspace) -> Tensor:
        """Compute all layers from `work.outputs[0]` on; return the last, [models, rows, units]."""
        outputs = work.outputs
        for number, layer in enumerate(self._layers):
            output = outputs[number + 1]
            torch.baddbmm(
                layer.parameters.bias, outputs[number], layer.parameters.weight, out=output
            )
            if self.shape.activated[number]:
                self._activation.apply_(output)
            if (kept := work.kept.get(number + 1)) is not None:
                output.mul_(kept)
        return outputs[-1]

    def backward(self, work: Workspace, *, to_inputs: bool = False) -> None:
        """Go back from `work.errors[-1]` and move all parameters by one step of Adam.

        `work` is as `forward` left it, with the gradient of the loss by the outputs; `to_inputs`
        leaves that by the inputs in `work.errors[0]`.
        """
        self._steps.add_(1)
        for number in range(self.shape.layers - 1, -1, -1):
            layer, error, gradient = self._layers[number], work.errors[number + 1], work.gradients
            torch.bmm(work.transposed[number], error, out=gradient[number].weight)
            torch.sum(error, 1, keepdim=True, out=gradient[number].bias)
            if number or to_inputs:
                below = torch.bmm(error, layer.transposed, out=work.errors[number])
                if (kept := work.kept.get(number)) is not None:
                    below.mul_(kept)
                if number and self.shape.activated[number - 1]:
                    self._activation.backward_(below, work.outputs[number])
            adam_step(
                layer.parameters.flat, gradient[number].flat, layer.moments, self._steps,
                self._learning_rate,
            )  # fmt: skip

    def linear_maps(self, model: int) -> list[LinearMap]:
        """Return copies of one model's layers, without padding."""
        return [
            LinearMap(
                layer.parameters.weight[model, :inputs, :outputs].to("cpu", copy=True),
                layer.parameters.bias[model, 0, :outputs].to("cpu", copy=True),
            )
            for layer, (inputs, outputs) in zip(
                self._layers, pairwise(self.shape.sizes), strict=True
            )
        ]


def adam_step(
    parameters: Tensor, gradient: Tensor, moments: tuple[Tensor, Tensor], steps: Tensor,
    learning_rate: float,
) -> None:  # fmt: skip
    """Move flat parameters by one step of Adam, PyTorch's defaults but for the learning rate.

    `steps` is the number of this step, from 1, as a float32 tensor without dimensions. The length
    must be a multiple of `LANE`: numbers in a remainder would be rounded differently.

    Calls the kernel below `torch.optim.adam.adam(fused=True)`, whose bookkeeping in Python costs
    more than a small layer's arithmetic. Like all numbers here it is tied to torch's minor version.
    """
    torch._fused_adam_(
        [parameters], [gradient], [moments[0]], [moments[1]], [], [steps],
        lr=learning_rate, beta1=_BETAS[0], beta2=_BETAS[1], eps=_EPSILON,
        weight_decay=0.0, amsgrad=False, maximize=False,
    )  # fmt: skip
