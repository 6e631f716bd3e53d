"""Trained fusions of 384 and 300 dimensions, 25 seeds: one after the other, or stacked.

The plain side is the loop that a user of `nn.Linear` and `torch.optim.Adam` writes, for one of the
seeds; of `..._alone` it is the package itself, with stacks of one, on all cores as well: what the
stacking is worth. Same initial parameters, same batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.harness import Agreement, Part, Timed, adam_bytes
from benchmarks.workers import on_all_cores
from hybridrep.testing.plain_network import plain_network
from hybridrep.transforms.fused_networks import (
    PairData,
    Scaling,
    even_batches,
    train_fused,
)
from hybridrep.transforms.heads import Heads
from hybridrep.transforms.matching import Matching

SEEDS = 25
FIRST, SECOND, SIZE = 384, 300, 32
ITEMS, TRAIN_ITEMS, SHORT_ITEMS = 4_000, 2_560, 512
TEST_ITEMS = 64
EPOCHS = 3
TOLERANCE = 1e-9
BOTH = (True, True)
OBJECTIVES: dict[str, Heads | Matching] = {
    "fusion_joint": Heads(SIZE, epochs=EPOCHS),
    "fusion_matched": Matching(SIZE, epochs=EPOCHS),
}
ALONE = "_alone"


@cache
def first_side() -> np.ndarray:
    """The global vectors, which all seeds share."""
    return np.random.default_rng(0).standard_normal((ITEMS, FIRST), dtype=np.float32)


@cache
def second_side(seed: int) -> np.ndarray:
    """One seed's task-specific vectors: bounded, and partly told by the global ones."""
    rng = np.random.default_rng((1, seed))
    mixing = rng.standard_normal((32, SECOND), dtype=np.float32) / 6
    noise = rng.standard_normal((ITEMS, SECOND), dtype=np.float32) / 2
    return np.tanh(first_side()[:, :32] @ mixing + noise)


def pair_data(seed: int, items: int = TRAIN_ITEMS) -> PairData:
    """Return one seed's data, with its generator at its start."""
    rows = np.random.default_rng((2, seed)).permutation(ITEMS)
    return PairData(
        first_side(), second_side(seed), rows[:items], rows[-TEST_ITEMS:],
        np.random.default_rng((3, seed)),
    )  # fmt: skip


def train_plainly(
    objective: Heads | Matching, given: PairData, dtype: torch.dtype = torch.float32
) -> Timed:
    """Train one fusion with modules, autograd and PyTorch's own Adam; return its encoder."""
    raw = [torch.from_numpy(side).to(dtype) for side in (given.first, given.second)]
    sides = [
        torch.from_numpy(Scaling.of(side[given.train])(side)).to(dtype)
        for side in (given.first, given.second)
    ]
    both = torch.cat(sides, dim=1)
    shape = objective.shape(both.shape[1], both.shape[1])
    model = plain_network(shape, given.rng).to(dtype)
    adam = torch.optim.Adam(model.parameters(), objective.learning_rate)
    loss_of: Callable[[Tensor, Tensor], Tensor] = (
        partial(_rebuilt, objective, sides) if isinstance(objective, Heads)
        else partial(_matched, raw)
    )  # fmt: skip
    size, test = even_batches(len(given.train), objective.batch_size), torch.tensor(given.test)
    start = time.perf_counter()
    for _ in range(objective.epochs):
        order = torch.from_numpy(given.train[given.rng.permutation(len(given.train))])
        for rows in order.split(size):
            adam.zero_grad()
            loss = loss_of(rows, model(both[rows]))
            loss.backward()
            adam.step()
        with torch.no_grad():
            loss_of(test, model(both[test]))
    seconds = time.perf_counter() - start
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    kept = linear[: objective.kept_layers]
    return Timed(seconds, [(p.weight.detach().numpy().T, p.bias.detach().numpy()) for p in kept])


def _rebuilt(objective: Heads, sides: Sequence[Tensor], rows: Tensor, output: Tensor) -> Tensor:
    widths = [side.shape[1] for side in sides]
    first, second = (
        (part - side[rows]).square().sum(1).mean()
        for part, side in zip(output.split(widths, dim=1), sides, strict=True)
    )
    return (1 - objective.weight) * first + objective.weight * second


def _matched(raw: Sequence[Tensor], rows: Tensor, output: Tensor) -> Tensor:
    fused = _pairs(output)
    first, second = (torch.corrcoef(torch.stack([fused, _pairs(s[rows])]))[0, 1] for s in raw)
    return -(first + second) / 2 + (first - second).square() / 2


def _pairs(rows: Tensor) -> Tensor:
    """Return the cosines of all pairs of rows."""
    unit = nn.functional.normalize(rows, dim=1)
    places = torch.tril_indices(len(rows), len(rows), -1)
    return (unit @ unit.T)[places[0], places[1]]


def plain(objective: Heads | Matching) -> Timed:
    """Train the first seed alone."""
    return train_plainly(objective, pair_data(0))


def stacked(objective: Heads | Matching) -> Timed:
    """Train all seeds as stacks, on all cores."""
    timed = on_all_cores(partial(_train, objective, None), SEEDS)
    return Timed(timed.seconds, timed.result[0])


def alone(objective: Heads | Matching) -> Timed:
    """Train all seeds by the same code, one after the other, on all cores."""
    timed = on_all_cores(partial(_train, objective, 1), SEEDS)
    return Timed(timed.seconds, timed.result[0])


def _train(objective: Heads | Matching, width: int | None, seeds: Sequence[int]) -> Timed:
    """Train some seeds, as stacks of a width or as wide as is quickest."""
    models = [pair_data(seed) for seed in seeds]
    groups = [models[n : n + 1] for n in range(len(models))] if width == 1 else [models]
    start = time.perf_counter()
    trained = [fused for group in groups for fused in train_fused(objective, group, BOTH)]
    return Timed(time.perf_counter() - start, trained[0].network.layers)


def check(objective: Heads | Matching, one: Any, other: Any) -> Agreement:
    """Compare the first seed's encoder after a short training, in float64."""
    double = torch.float64
    plainly = train_plainly(objective, pair_data(0, SHORT_ITEMS), double).result
    models = [pair_data(seed, SHORT_ITEMS) for seed in range(2)]
    ours = train_fused(objective, models, BOTH, dtype=double)[0].network.layers
    off = difference(plainly, ours)
    return Agreement(
        f"encoder after {objective.epochs} epochs: in float64 {off:.0e}; of what was timed, in "
        f"float32: {difference(one, other):.0e}",
        off <= TOLERANCE,
    )


def difference(one: Sequence[Sequence[np.ndarray]], other: Sequence[Sequence[np.ndarray]]) -> float:
    """Return the largest relative difference (by norm) of two encoders' arrays."""
    return max(
        float(np.linalg.norm(a - b) / max(np.linalg.norm(a), 1e-30))
        for layer, counterpart in zip(one, other, strict=True)
        for a, b in zip(layer, counterpart, strict=True)
    )


def parts() -> list[Part]:
    """Both kinds against a plain loop, and against the package with stacks of one."""
    found = []
    for name, objective in OBJECTIVES.items():
        found += [_part(name, objective, plain), _part(name + ALONE, objective, alone)]
    return found


def _part(
    name: str, objective: Heads | Matching, slow: Callable[[Heads | Matching], Timed]
) -> Part:
    shape = objective.shape(FIRST + SECOND, FIRST + SECOND)
    weights = sum(a * b for a, b in pairwise(shape.sizes))
    size = even_batches(TRAIN_ITEMS, objective.batch_size)
    steps = EPOCHS * TRAIN_ITEMS // size
    flops = SEEDS * steps * 2 * size * (3 * weights - shape.sizes[0] * shape.sizes[1])
    if isinstance(objective, Matching):  # cosines of both sides and the output, and its gradient
        flops += SEEDS * steps * 2 * size * size * (FIRST + SECOND + 2 * SIZE)
    traffic = SEEDS * steps * (adam_bytes(weights) + 8 * size * (FIRST + SECOND))
    sizes: dict[str, Any] = {
        "sides": [FIRST, SECOND], "size": SIZE, "batch": size, "seeds": SEEDS,
        "steps_a_seed": steps,
        "plain": "1 seed timed, multiplied by 25" if slow is plain else "stacks of one",
    }  # fmt: skip
    return Part(
        name=name, plain=partial(slow, objective), fast=partial(stacked, objective),
        flops=flops, bytes=traffic, sizes=sizes, check=partial(check, objective),
        plain_share=1 / SEEDS if slow is plain else 1.0, plain_threads=0 if slow is plain else 1,
    )  # fmt: skip
