"""Autoencoders from 768 to 300 dimensions, 25 seeds: one after the other, or stacked.

Both sides train on the same batches from the same initial parameters. The plain side is the loop
that a user of `nn.Conv1d` and `torch.optim.Adam` writes, for one of the seeds, with
whichever number of threads is quicker; the fast side has a worker a core.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from benchmarks.harness import Agreement, Part, Timed, adam_bytes
from benchmarks.workers import on_all_cores
from hybridrep.transforms.autoencoder import (
    AutoencoderConfig,
    ModelData,
    build_autoencoder,
    state_arrays,
)
from hybridrep.transforms.stacked import StackView, train_autoencoders

SEEDS = 25
INPUTS, OUTPUTS = 768, 300
EPOCHS = 3
ITEMS = 16_000
TEST_ITEMS = 64
TRAIN_ITEMS = {32: 1_440, 256: 480}
SHORT_ITEMS = 320
TOLERANCE = 1e-9


@cache
def latent() -> np.ndarray:
    """What inputs and targets have in common."""
    return np.random.default_rng(0).standard_normal((ITEMS, 32), dtype=np.float32)


@cache
def inputs() -> np.ndarray:
    """Inputs that all seeds share."""
    rng = np.random.default_rng(1)
    mixing = rng.standard_normal((32, INPUTS), dtype=np.float32) / 48
    return latent() @ mixing + rng.standard_normal((ITEMS, INPUTS), np.float32) / 32


@cache
def targets(seed: int) -> np.ndarray:
    """One seed's targets, alike in kind to LSTM states: bounded, partly told by the inputs."""
    rng = np.random.default_rng((2, seed))
    mixing = rng.standard_normal((32, OUTPUTS), dtype=np.float32) / 6
    return np.tanh(latent() @ mixing + rng.standard_normal((ITEMS, OUTPUTS), np.float32) / 2)


def model_data(bottleneck: int, seed: int, items: int = 0) -> ModelData:
    """One seed's data, with its generators at their start; `items` to train on if given."""
    rows = np.random.default_rng((3, seed)).permutation(ITEMS)
    return ModelData(
        inputs=inputs(),
        targets=targets(seed),
        train=rows[: items or TRAIN_ITEMS[bottleneck]],
        test=rows[-TEST_ITEMS:],
        init=torch.Generator().manual_seed(seed),
        order=np.random.default_rng((4, seed)),
    )


def train_plainly(
    config: AutoencoderConfig, given: ModelData, dtype: torch.dtype = torch.float32
) -> Timed:
    """Train one model through real convolutions and PyTorch's own Adam.

    Returns:
        The time, the model, and [epochs, 2]: mean loss over the items as they were met, and over
        the test items after the epoch.
    """
    model = build_autoencoder(config, given.init).to(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    x, y = torch.from_numpy(given.inputs).to(dtype), torch.from_numpy(given.targets).to(dtype)
    test = torch.from_numpy(given.test)

    losses = []
    start = time.perf_counter()
    for _ in range(config.epochs):
        total = 0.0
        order = torch.from_numpy(given.train[given.order.permutation(len(given.train))])
        for rows in order.split(config.batch_size):
            optimizer.zero_grad()
            loss = (model(x[rows]) - y[rows]).square().sum(1).mean()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            test_loss = (model(x[test]) - y[test]).square().sum(1).mean().item()
        losses.append((total / len(order), test_loss))
    return Timed(time.perf_counter() - start, (model, np.array(losses)))


def plain(config: AutoencoderConfig) -> Timed:
    """Train the first seed alone."""
    timed = train_plainly(config, model_data(config.bottleneck, 0))
    return Timed(timed.seconds, state_arrays(timed.result[0]))


def fast(config: AutoencoderConfig) -> Timed:
    """Train all seeds stacked, on all cores."""
    timed = on_all_cores(partial(train_stacked, config), SEEDS)
    return Timed(timed.seconds, timed.result[0])


def train_stacked(config: AutoencoderConfig, seeds: Sequence[int]) -> Timed:
    """Train some seeds; making and unmaking the models does not count, as in `train_plainly`."""
    models = [model_data(config.bottleneck, seed) for seed in seeds]
    marks: list[float] = []

    def mark(epoch: int, view: StackView) -> None:
        if epoch in (0, config.epochs):
            marks.append(time.perf_counter())

    results = train_autoencoders(config, models, on_epoch=mark)
    seconds = sum(end - start for start, end in zip(marks[::2], marks[1::2], strict=True))
    return Timed(seconds, results[0].final_state)


def check(
    config: AutoencoderConfig, alone: dict[str, np.ndarray], stacked: dict[str, np.ndarray]
) -> Agreement:
    """Compare the first seed's weights after a short training, in float64.

    Float32 is no yardstick: now and then rounding alone decides whether a ReLU unit is on, and Adam
    turns any gradient into a full step. So the plain loop in float32 drifts from itself in float64,
    sooner the more units there are and on some processors more than on others. What float32 does,
    after the short training and after the whole one, is only reported.
    """
    single, double = torch.float32, torch.float64
    plain_, stacked_ = {}, {}
    for dtype in (single, double):
        plain_[dtype] = _plain_state(config, SHORT_ITEMS, dtype)
        models = [model_data(config.bottleneck, seed, SHORT_ITEMS) for seed in range(2)]
        stacked_[dtype] = train_autoencoders(config, models, dtype=dtype)[0].final_state
    drift = difference(plain_[double], plain_[single])
    off = {dtype: difference(plain_[dtype], stacked_[dtype]) for dtype in plain_}
    whole_drift = difference(_plain_state(config, 0, double), alone)
    steps = config.epochs * SHORT_ITEMS // config.batch_size
    said = (
        f"weights after {config.epochs} epochs, {steps} steps: in float64 {off[double]:.0e}, in "
        f"float32 {off[single]:.0e} (plain float32 from plain float64: {drift:.0e}); after all "
        f"steps: {difference(alone, stacked):.0e} ({whole_drift:.0e})"
    )
    return Agreement(said, off[double] <= TOLERANCE)


def _plain_state(
    config: AutoencoderConfig, items: int, dtype: torch.dtype
) -> dict[str, np.ndarray]:
    """Train the first seed plainly; return its final state."""
    timed = train_plainly(config, model_data(config.bottleneck, 0, items), dtype)
    return state_arrays(timed.result[0])


def difference(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> float:
    """Return the largest relative difference (by norm) of two states' arrays."""
    return max(
        float(np.linalg.norm(first[name] - second[name]) / np.linalg.norm(first[name]))
        for name in first
    )


def parts() -> list[Part]:
    """Bottlenecks of 32 and 256."""
    return [_part(bottleneck) for bottleneck in TRAIN_ITEMS]


def _part(bottleneck: int) -> Part:
    config = AutoencoderConfig(INPUTS, OUTPUTS, bottleneck, epochs=EPOCHS)
    weights = sum(a * b for a, b in zip(config.sizes, config.sizes[1:], strict=False))
    first = config.sizes[0] * config.sizes[1]
    batch, steps = config.batch_size, EPOCHS * TRAIN_ITEMS[bottleneck] // config.batch_size
    # Forward, gradient by weights, gradient by inputs (not of the first layer).
    flops = SEEDS * steps * 2 * batch * (3 * weights - first)
    traffic = SEEDS * steps * (adam_bytes(weights) + 4 * batch * (INPUTS + OUTPUTS))
    sizes: dict[str, Any] = {
        "inputs": INPUTS,
        "outputs": OUTPUTS,
        "bottleneck": bottleneck,
        "batch": batch,
        "seeds": SEEDS,
        "steps_a_seed": steps,
        "plain": "1 seed timed, multiplied by 25",
    }
    return Part(
        name=f"autoencoder_b{bottleneck}",
        plain=partial(plain, config),
        fast=partial(fast, config),
        flops=flops,
        bytes=traffic,
        sizes=sizes,
        check=partial(check, config),
        plain_share=1 / SEEDS,
    )
