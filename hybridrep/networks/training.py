"""Passes over the data for a stack of models: train an epoch, or only measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64
from torch import Tensor

from hybridrep.errors import ExecutionError
from hybridrep.networks.batches import EVALUATION_ROWS, InputSource, batches, evaluation_batches
from hybridrep.networks.loss import Loss
from hybridrep.networks.network import Shape, StackedNetwork, Workspace, round_up, sum_dtype

Result = TypeVar("Result")

STACK_MEMORY = 2**30
"""Bytes for the models that are trained at once, where the caller knows no better number."""

BLOCK_MEMORY = 10 * 2**20
"""Bytes of parameters and Adam state that make one batched product: a share of the cache.

Measured on one core for autoencoders of 768 -> 300: b = 32 takes 0.55 ms a model and step alone,
0.46 in blocks of 3 or 4, 0.65 in blocks of 25; b = 64 and 256 gain nothing from wider blocks.
"""


@dataclass(frozen=True)
class Bench:
    """The workspaces of a stack; stacks of equal shape and width take turns on one."""

    training: Workspace
    evaluation: Workspace

    @classmethod
    def of(cls, network: StackedNetwork, batch_size: int) -> Bench:
        """Make the workspaces of a network."""
        return cls(
            network.workspace(round_up(batch_size), training=True),
            network.workspace(EVALUATION_ROWS, training=False),
        )


@dataclass(frozen=True)
class Stack:
    """Models that are trained side by side, with their data and orders.

    Attributes:
        train: items to train on, [models, items]; `test` likewise, to be measured on.
        orders: for each model, the generator that shuffles its items every epoch.
    """

    network: StackedNetwork
    inputs: InputSource
    loss: Loss
    train: np.ndarray
    test: np.ndarray
    orders: Sequence[np.random.Generator]
    batch_size: int

    def train_epoch(self, bench: Bench) -> Float64[np.ndarray, " models"]:
        """Pass over every model's items in a new order; return mean losses as they were met."""
        order = [
            items[generator.permutation(len(items))]
            for items, generator in zip(self.train, self.orders, strict=True)
        ]
        plan = batches(np.stack(order), self.batch_size)
        self.inputs.plan(plan)
        self.loss.plan(plan)
        work, total = bench.training, self._no_sum()
        learn = self.inputs.trainable
        for step, valid in enumerate(plan.valid):
            self.inputs.fill(step, work.outputs[0])
            output = self.network.forward(work)
            total += self.loss.measure(step, output, valid, work.errors[-1])
            work.errors[-1].mul_(self.loss.factor / valid)
            self.network.backward(work, to_inputs=learn)
            if learn:
                self.inputs.learn(step, work.errors[0])
        means: np.ndarray = _on_cpu(total) / self.train.shape[1]
        return means

    def _no_sum(self) -> Tensor:
        device = self.network.device
        return torch.zeros(self.network.width, dtype=sum_dtype(device), device=device)

    def measure(
        self, bench: Bench
    ) -> tuple[Float64[np.ndarray, " models"], Float64[np.ndarray, " models"]]:
        """Return each model's mean loss and share of correct classes over its test items."""
        plan = evaluation_batches(self.test)
        self.inputs.plan(plan)
        self.loss.plan(plan)
        work, total, correct = bench.evaluation, self._no_sum(), self._no_sum()
        for step, valid in enumerate(plan.valid):
            self.inputs.fill(step, work.outputs[0])
            output = self.network.forward(work)
            correct += self.loss.correct(step, output, valid)
            total += self.loss.measure(step, output, valid, work.errors[-1])
        count = self.test.shape[1]
        return _on_cpu(total) / count, _on_cpu(correct) / count

    def outputs_of(self, bench: Bench, items: np.ndarray, layers: Sequence[int]) -> list[Tensor]:
        """Return outputs of some layers for given items, [models, items, units] each.

        Layer 0 is the inputs; units come without padding, on the network's device.
        """
        work, sizes = bench.evaluation, self.network.shape.sizes
        if not items.shape[1]:
            return [work.outputs[layer][:, :0, : sizes[layer]].clone() for layer in layers]
        plan = evaluation_batches(items)
        self.inputs.plan(plan)
        parts: list[list[Tensor]] = [[] for _ in layers]
        for step, valid in enumerate(plan.valid):
            self.inputs.fill(step, work.outputs[0])
            self.network.forward(work)
            for layer, part in zip(layers, parts, strict=True):
                part.append(work.outputs[layer][:, :valid, : sizes[layer]].clone())
        return [torch.cat(part, dim=1) for part in parts]


def _on_cpu(sums: Tensor) -> Float64[np.ndarray, " models"]:
    return sums.cpu().double().numpy()


class Benches:
    """One bench for each width of stack, made when first needed."""

    def __init__(self) -> None:
        self._of_width: dict[int, Bench] = {}

    def of(self, stack: Stack) -> Bench:
        """Return the bench for a stack; all stacks asked for must have the same shape."""
        width = stack.network.width
        if width not in self._of_width:
            self._of_width[width] = Bench.of(stack.network, stack.batch_size)
        return self._of_width[width]


def block_width(parameters: int) -> int:
    """Return how many models make one batched product, by parameters, gradients and moments."""
    return max(1, BLOCK_MEMORY // (4 * 4 * parameters))


def width_on(
    device: str, memory: int, shape: Shape, batch_size: int, data: int, dtype: torch.dtype,
    width: int,
) -> int:  # fmt: skip
    """Return how many models are trained at once on a device: as many as its memory takes.

    Args:
        device: where they are trained.
        memory: bytes for them.
        shape: of each.
        batch_size: of each.
        data: how many numbers one model reads.
        dtype: of all numbers.
        width: how many on the processor, whose cache decides, not its memory.

    Raises:
        ExecutionError: the memory does not take one of them.

    Examples:
        >>> shape = Shape((768, 128, 300), (True, False), "relu")
        >>> width_on("cpu", 0, shape, 32, 0, torch.float32, width=3)
        3
        >>> width_on("cuda", 2**30, shape, 32, 0, torch.float32, width=3)
        266
    """
    if device == "cpu":
        return width
    rows = round_up(batch_size) * 2 + EVALUATION_ROWS
    each = dtype.itemsize * (4 * shape.parameters + rows * sum(shape.padded) + data)
    if each > memory:
        raise ExecutionError(
            f"device={device}: one model and its data need {each / 2**20:,.1f} MiB, and there are "
            f"{max(memory, 0) / 2**20:,.1f} for them: end what else uses the device, choose one "
            "with more memory, or device=cpu"
        )
    return memory // each


def share_evenly(models: Sequence[int], most: int) -> list[list[int]]:
    """Split models into as few blocks of at most `most` as possible, as even as possible."""
    blocks = -(-len(models) // max(1, most))
    edges = [len(models) * block // blocks for block in range(blocks + 1)]
    return [list(models[first:last]) for first, last in pairwise(edges)]


def of_equal_counts(train: Sequence[np.ndarray], test: Sequence[np.ndarray]) -> list[list[int]]:
    """Group models that have equally many items; only these can share a stack."""
    groups: dict[tuple[int, int], list[int]] = {}
    for model, (some, others) in enumerate(zip(train, test, strict=True)):
        groups.setdefault((len(some), len(others)), []).append(model)
    return list(groups.values())


Watch = Callable[[int, Sequence[int], Stack, Bench], None]
"""Told an epoch (0: before training), which models make a stack, the stack, and its workspaces."""


def train_alike(
    rows: Sequence[tuple[np.ndarray, np.ndarray]], width: int, epochs: int,
    stack_of: Callable[[Sequence[int]], Stack],
    result_of: Callable[[Stack, int, pd.DataFrame], Result], watch: Watch | None = None,
) -> list[Result]:  # fmt: skip
    """Train models of one shape, as many as `width` at once; return a result of each.

    `rows` are those to train on and to be measured on; a result is made of a trained stack, the
    model's place in it, and its curves. `watch` may look at every epoch's models, not change them.
    """
    results: dict[int, Result] = {}
    for equal in of_equal_counts([train for train, _ in rows], [test for _, test in rows]):
        for part in share_evenly(equal, width):
            stack = stack_of(part)
            bench = Bench.of(stack.network, stack.batch_size)
            losses = []
            if watch is not None:
                watch(0, part, stack, bench)
            for epoch in range(1, epochs + 1):
                losses.append((stack.train_epoch(bench), *stack.measure(bench)))
                if watch is not None:
                    watch(epoch, part, stack, bench)
            for place, curve in enumerate(np.array(losses).transpose(2, 0, 1)):
                curves = pd.DataFrame(curve, columns=["train_loss", "test_loss", "test_accuracy"])
                curves.insert(0, "epoch", np.arange(1, epochs + 1))
                results[part[place]] = result_of(stack, place, curves)
    return [results[model] for model in range(len(rows))]


def check_rows(number: int, train: np.ndarray, test: np.ndarray) -> None:
    """Refuse a model without rows to train on or to be measured on."""
    if not (len(train) and len(test)):
        raise ValueError(f"model {number}: at least one train and one test row are needed")
