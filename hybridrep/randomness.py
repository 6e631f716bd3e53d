"""One independent random stream per (study, seed, stage), so no stage disturbs another.

Each stream is a `numpy.random.SeedSequence` whose entropy is a path such as
`(simulation, seed, "autoencode", "bert_to_lstm", 32)`. A stream therefore depends neither on the
number of workers, nor on the order of the stages, nor on which seeds run beside it.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

SIMULATION = "transformability-diffusibility"
"""The simulation that streams belong to unless another is named; each later study names its own.
Not the user's study name: renaming a study must not change its numbers."""


def seed_sequence(
    seed: int, *path: str | int, simulation: str = SIMULATION
) -> np.random.SeedSequence:
    """Return the stream for a seed and a path of names, e.g. `seed_sequence(3, "lstm", "init")`.

    Args:
        seed: the simulation's seed, 0 or above.
        path: names (hashed by CRC-32) and whole numbers from the stage down.
        simulation: whose stream it is: no two simulations share one.
    """
    words = [zlib.crc32(p.encode()) if isinstance(p, str) else int(p) for p in (simulation, *path)]
    return np.random.SeedSequence([int(seed), *words])


def generator(seed: int, *path: str | int, simulation: str = SIMULATION) -> np.random.Generator:
    """Return NumPy's default generator on the stream of `seed_sequence`."""
    return np.random.default_rng(seed_sequence(seed, *path, simulation=simulation))


def torch_generator(seed: int, *path: str | int, simulation: str = SIMULATION) -> torch.Generator:
    """Return a CPU `torch.Generator` seeded with 63 bits of the stream of `seed_sequence`."""
    import torch

    state = seed_sequence(seed, *path, simulation=simulation).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) >> 1)
