"""Random streams by the recipe of docs/randomness.md, written anew."""

import zlib

import numpy as np
import torch

SIMULATION = "transformability-diffusibility"


def stream(seed, *path):
    """One stream per seed and path; names count by their CRC-32."""
    steps = [zlib.crc32(p.encode()) if isinstance(p, str) else p for p in (SIMULATION, *path)]
    return np.random.SeedSequence([seed, *steps])


def numbers(seed, *path):
    """NumPy's generator, for splits, samples and orders."""
    return np.random.default_rng(stream(seed, *path))


def weights(seed, *path):
    """PyTorch's generator, for initial parameters: 63 bits of the stream."""
    state = int(stream(seed, *path).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(state // 2)


def draw(parameter, bound, generator):
    """Set a parameter to float32 numbers drawn uniformly within the bound."""
    drawn = torch.empty(parameter.shape, dtype=torch.float32)
    drawn.uniform_(-bound, bound, generator=generator)
    with torch.no_grad():
        parameter.copy_(drawn)
