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
"""The simulation that the streams belong to. Not the user's study name: renaming a study must
not change its numbers."""


def seed_sequence(seed: int, *path: str | int) -> np.random.SeedSequence:
    """Return the stream for a seed and a path of names, e.g. `seed_sequence(3, "lstm", "init")`.

    Args:
        seed: the simulation's seed, 0 or above.
        path: names (hashed by CRC-32) and whole numbers from the stage down.
    """
    words = [zlib.crc32(p.encode()) if isinstance(p, str) else int(p) for p in (SIMULATION, *path)]
    return np.random.SeedSequence([int(seed), *words])


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return NumPy's default generator on the stream of `seed_sequence`."""
    return np.random.default_rng(seed_sequence(seed, *path))


def torch_generator(seed: int, *path: str | int) -> torch.Generator:
    """Return a CPU `torch.Generator` seeded with 63 bits of the stream of `seed_sequence`."""
    import torch

    state = seed_sequence(seed, *path).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) >> 1)
