"""Linear maps as plain tensors, and PyTorch's default initialisation from an explicit generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn


class LinearMap(NamedTuple):
    """One layer's parameters in the layout of stacked training, `x @ weight + bias`."""

    weight: Float[Tensor, "inputs outputs"]
    bias: Float[Tensor, " outputs"]


LinearModule = nn.Linear | nn.Conv1d | nn.ConvTranspose1d
"""The modules that are linear maps on the inputs of this package."""


def make_linear(make: Callable[[], LinearModule], init: torch.Generator | None) -> LinearModule:
    """Make a layer with PyTorch's default initialisation, drawn from `init`; without, not set.

    That is, weight, then bias, uniform within 1 / sqrt(fan-in). PyTorch takes as fan-in of a
    transposed convolution its *output* channels times the kernel (torch.nn.init). What `make` draws
    from the global generator is not used; that generator is left as it was.

    Raises:
        ValueError: the layer has no bias.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        module = make()
        if init is not None:
            bias = module.bias
            if bias is None:
                raise ValueError("a layer without bias")
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=init)
            bound = 1 / math.sqrt(module.weight[0].numel())
            nn.init.uniform_(bias, -bound, bound, generator=init)
    return module
