"""One N-back network: the literal convolution on every frame of a batch, or components once.

Sizes are those of the default study: 768 images with maps of 1,280 x 7 x 7, a GRU of 128 units,
batches of 128 trials. The plain side is the loop of the authors' public recipe in `torch.nn`: each
batch's maps through the convolution, one network at a time. The fast side trains on principal
components, of the same trials; what it costs to find them stands in its time, too. The two take
different steps by design, so the check compares this package's own convolutional path with the
plain loop.
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import torch
from torch import nn

from benchmarks.harness import Agreement, Part, Timed, adam_bytes
from hybridrep.randomness import generator, torch_generator
from hybridrep.studies.nback.memory.components import fit_components
from hybridrep.studies.nback.memory.model import MemoryConfig, initial_state
from hybridrep.studies.nback.memory.training import (
    CHECKED,
    Learner,
    Seen,
    TrainingConfig,
    train_memory,
)
from hybridrep.studies.nback.names import SPLITS, tasks_of
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.task_code import TaskCode
from hybridrep.studies.nback.tasks.trials import trials

CHANNELS, SIDE, HIDDEN, BATCH, FRAMES = 1280, 7, 128, 128, 6
COMPONENTS, ITERATIONS, PLAIN_ITERATIONS = 256, 1_200, 2
LITERAL = MemoryConfig("gru", HIDDEN, CHANNELS, positions=SIDE**2, front_end="conv")
TASKS = tasks_of((1, 2, 3))
TOLERANCE = 1e-9


@cache
def stimuli() -> StimulusSet:
    """Eight objects from 24 sides."""
    return StimulusSet.of(list("abcd"), list("abcdefgh"), [0, 0, 1, 1, 2, 2, 3, 3], [24] * 8)


@cache
def maps() -> np.ndarray:
    """Feature maps: of each object and place a pattern, with noise."""
    rng = np.random.default_rng(0)
    labels, shape = stimuli(), (CHANNELS, SIDE, SIDE)
    patterns = rng.standard_normal((4, 8, *shape), dtype=np.float32)
    noise = rng.standard_normal((len(labels), *shape), dtype=np.float32)
    return (patterns[labels.location, labels.identity] + noise) / 2


def learner() -> Learner:
    """The same streams for both sides."""
    rngs = {name: generator(0, "benchmark", name) for name in CHECKED}
    return Learner(TASKS, torch_generator(0, "init"), generator(0, "trials"),
                   torch_generator(0, "states"), rngs)  # fmt: skip


class Literal(nn.Module):
    """The network as the public recipe writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(CHANNELS, HIDDEN, 1)
        self.input = nn.Linear(HIDDEN * SIDE**2 + 6, HIDDEN)
        self.input_norm = nn.LayerNorm(HIDDEN)
        self.recurrent = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.output_norm = nn.LayerNorm(HIDDEN)
        self.response = nn.Linear(HIDDEN, 3)

    def forward(self, images: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Return scores, [trials, frames, 3]."""
        seen = self.convolution(images.flatten(0, 1)).flatten(1).unflatten(0, images.shape[:2])
        inputs = torch.cat([seen, codes[:, None].expand(-1, images.shape[1], -1)], dim=2)
        hidden, _ = self.recurrent(self.input_norm(torch.relu(self.input(inputs))))
        scores: torch.Tensor = self.response(torch.tanh(self.output_norm(hidden)))
        return scores


def plain(dtype: torch.dtype = torch.float32) -> list[float]:
    """Train a few iterations; return their losses."""
    mine, images = learner(), torch.from_numpy(maps())
    network = Literal().to(dtype)
    network.load_state_dict(initial_state(LITERAL, mine.init))
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(PLAIN_ITERATIONS):
        drawn = trials(BATCH, TASKS, stimuli(), 0.5, mine.trials)
        shown = images[torch.from_numpy(drawn.image)].to(dtype)
        scores = network(shown, torch.from_numpy(drawn.task_code).to(dtype))
        right = torch.from_numpy(drawn.response).flatten()
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def fast() -> Timed:
    """Find the components and train on them."""
    start = time.perf_counter()
    flat = maps().reshape(len(stimuli()), -1)
    components = fit_components(flat, COMPONENTS).of(flat)
    found = _trained(MemoryConfig("gru", HIDDEN, COMPONENTS), components[:, None], ITERATIONS)
    return Timed(time.perf_counter() - start, found)


def _trained(
    network: MemoryConfig, images: np.ndarray, iterations: int, dtype: torch.dtype = torch.float32
) -> list[float]:
    config = TrainingConfig(iterations, BATCH, 3e-3, stop_at=0.0)
    seen: dict[str, Seen] = {name: Seen(stimuli(), torch.from_numpy(images)) for name in SPLITS}
    (trained,) = train_memory(network, config, seen, [learner()], TaskCode(), dtype=dtype)
    return [float(loss) for loss in trained.losses["train_loss"]]


def check(_: list[float], fast_losses: list[float]) -> Agreement:
    """Compare the plain loop's mean loss with this package's convolutional path, in float64."""
    lying = np.ascontiguousarray(maps().reshape(len(stimuli()), CHANNELS, -1).transpose(0, 2, 1))
    (mine,) = _trained(LITERAL, lying, PLAIN_ITERATIONS, torch.float64)
    worst = abs(mine - float(np.mean(plain(torch.float64))))
    learned = fast_losses[-1] < 0.5 * fast_losses[0]
    said = f"convolutional path in float64 within {worst:.0e}; loss on components "
    return Agreement(f"{said}{fast_losses[-1]:.2f}", worst <= TOLERANCE and learned)


def parts() -> list[Part]:
    """One network of the default study."""
    frames = BATCH * FRAMES
    weights = COMPONENTS * HIDDEN + 2 * 3 * HIDDEN**2
    return [
        Part(
            name="nback_train", plain=plain, fast=fast, flops=6 * weights * frames * ITERATIONS,
            bytes=ITERATIONS * (adam_bytes(weights) + 4 * frames * COMPONENTS),
            sizes={
                "images": len(stimuli()), "map": [CHANNELS, SIDE, SIDE], "hidden": HIDDEN,
                "batch": BATCH, "iterations": ITERATIONS, "components": COMPONENTS,
                "plain": f"{PLAIN_ITERATIONS} iterations timed",
            },
            check=check, plain_share=PLAIN_ITERATIONS / ITERATIONS, fast_threads=1,
        )
    ]  # fmt: skip
