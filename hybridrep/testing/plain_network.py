"""A network as anyone would write it in PyTorch, with the initial parameters of the package's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from hybridrep.networks.network import Shape


def plain_network(shape: Shape, rng: np.random.Generator) -> nn.Sequential:
    """Return linear layers with ReLU where `shape` is activated, drawn as `initial_layers` draws.

    The formulas are those of `nn.Linear.reset_parameters`, written out.
    """
    init = torch.Generator().manual_seed(int(rng.integers(2**63)))
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(pairwise(shape.sizes)):
        layer = nn.Linear(inputs, outputs)
        nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=init)
        nn.init.uniform_(layer.bias, -(inputs**-0.5), inputs**-0.5, generator=init)
        layers += [layer, nn.ReLU()] if shape.activated[number] else [layer]
    return nn.Sequential(*layers)
