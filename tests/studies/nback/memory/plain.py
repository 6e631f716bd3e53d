"""The same networks from torch.nn's modules, as the authors' public code writes them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hybridrep.studies.nback.memory.model import MemoryConfig

_LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class PlainNetwork(nn.Module):
    """One network: maps [trials, frames, C, 7, 7] or components [trials, frames, k] in."""

    def __init__(self, config: MemoryConfig) -> None:
        super().__init__()
        size = config.hidden
        if config.front_end == "conv":
            self.convolution = nn.Conv2d(config.channels, size, 1)
        self.input = nn.Linear(config.image_units + config.task_units, size)
        self.input_norm = nn.LayerNorm(size)
        more = {"nonlinearity": config.nonlinearity} if config.architecture == "rnn" else {}
        self.recurrent = _LAYERS[config.architecture](size, size, batch_first=True, **more)
        self.output_norm = nn.LayerNorm(size)
        self.response = nn.Linear(size, 3)

    def states(self, images: Tensor, codes: Tensor) -> Tensor:
        """Return h at every frame, [trials, frames, hidden]."""
        if hasattr(self, "convolution"):
            images = self.convolution(images.flatten(0, 1)).unflatten(0, images.shape[:2])
        repeated = codes[:, None].expand(-1, images.shape[1], -1)
        inputs = torch.cat([images.flatten(2), repeated], dim=2)
        return self.recurrent(self.input_norm(torch.relu(self.input(inputs))))[0]

    def forward(self, images: Tensor, codes: Tensor) -> Tensor:
        """Return the scores of the responses, [trials, frames, 3]."""
        return self.response(torch.tanh(self.output_norm(self.states(images, codes))))
