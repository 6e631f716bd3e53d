"""The task-specific representation: an LSTM that learns to tell the emotion of a tweet.

The plain reference: real `nn.BatchNorm1d`, `nn.LSTM` and `nn.Linear` on padded input, as a reader
of the paper (section 3.1.3) would write them. `shortcut` computes the same numbers faster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self, get_args

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from hybridrep.networks.checks import check_choice, check_positive, check_whole
from hybridrep.sources.words.tokens import Padding

Precision = Literal["float32", "bfloat16"]
ComputePath = Literal["fast", "plain"]

BATCH_NORM_MOMENTUM = 0.1
"""PyTorch's default: the share of a batch in the running statistics."""

_COUNTER = "normalise.num_batches_tracked"  # unused by BatchNorm with a fixed momentum


@dataclass(frozen=True)
class LSTMConfig:
    """What an LSTM is and how it is trained. Every bad value is refused here.

    Attributes:
        input_size: width of the word vectors, 2 or more (a batch of one tweet needs a variance).
        time_steps: length to which every tweet is padded or cut.
        hidden_size: width of the embedding; 300 in the paper.
        padding: where the padding stands. `"front"` unless you want to see the last step forget
            the tweet: `"after"` stays at the majority class.
        learning_rate: of Adam.
        precision: `"bfloat16"` runs the matrix products in bfloat16 (faster where the processor
            has it, no longer equal to the reference); states and parameters stay float32.
        path: `"fast"` takes the exact shortcut where there is one, `"plain"` never.
    """

    input_size: int
    time_steps: int
    classes: int
    hidden_size: int = 300
    padding: Padding = "front"
    epochs: int = 10
    learning_rate: float = 1e-3
    batch_size: int = 32
    precision: Precision = "float32"
    path: ComputePath = "fast"

    def __post_init__(self) -> None:
        for name, least in (("input_size", 2), ("time_steps", 1), ("classes", 2)):
            check_whole("LSTM", name, getattr(self, name), least)
        for name in ("hidden_size", "epochs", "batch_size"):
            check_whole("LSTM", name, getattr(self, name))
        check_positive("LSTM", "learning_rate", self.learning_rate)
        check_choice("LSTM", "padding", self.padding, get_args(Padding))
        check_choice("LSTM", "precision", self.precision, get_args(Precision))
        check_choice("LSTM", "path", self.path, get_args(ComputePath))

    @property
    def takes_shortcut(self) -> bool:
        """Whether the fast path applies: padding after the tweet has no shared trajectory."""
        return self.path == "fast" and self.padding == "front"


class TaskLSTM(nn.Module):
    """Word ids -> vectors -> BatchNorm over the time steps -> LSTM -> last step -> class scores.

    The word vectors, zeros for padding and unknown words, are fixed: a buffer that is neither
    trained nor part of the state. `init` is the source of the initial parameters (PyTorch's default
    distributions, in its order); the global generator is neither read nor advanced.
    """

    lookup: Tensor

    def __init__(
        self, config: LSTMConfig, lookup: Float[np.ndarray, "words dim"], init: torch.Generator
    ) -> None:
        super().__init__()
        if lookup.shape[1] != config.input_size:
            raise ValueError(f"word vectors are {lookup.shape[1]} wide, not {config.input_size}")
        self.config = config
        vectors = torch.from_numpy(np.array(lookup, dtype=np.float32))
        self.register_buffer("lookup", vectors, persistent=False)
        self.normalise = nn.BatchNorm1d(config.time_steps, momentum=BATCH_NORM_MOMENTUM)
        with torch.device("meta"):  # no storage yet, so no draws from the global generator
            recurrent = nn.LSTM(config.input_size, config.hidden_size, batch_first=True)
            head = nn.Linear(config.hidden_size, config.classes)
        self.recurrent, self.head = recurrent.to_empty(device="cpu"), head.to_empty(device="cpu")
        bound = 1 / math.sqrt(config.hidden_size)
        with torch.no_grad():
            for parameter in (*self.recurrent.parameters(), *self.head.parameters()):
                parameter.uniform_(-bound, bound, generator=init)

    def last_hidden(self, token_ids: Int[Tensor, "items time"]) -> Float[Tensor, "items hidden"]:
        """Return the hidden state after the last time step: the task-specific representation."""
        vectors = nn.functional.embedding(token_ids, self.lookup)
        states, _ = self.recurrent(self.normalise(vectors))
        return states[:, -1]

    def forward(self, token_ids: Int[Tensor, "items time"]) -> Float[Tensor, "items classes"]:
        """Return class scores (no activation)."""
        return self.head(self.last_hidden(token_ids))


class PlacedTokens(NamedTuple):
    """Token ids, [items, time]: as they were given, and where the model is."""

    given: np.ndarray
    moved: Tensor

    @classmethod
    def on(cls, device: torch.device, token_ids: Int[np.ndarray, "items time"]) -> Self:
        """Move them."""
        return cls(token_ids, torch.from_numpy(token_ids).long().to(device))

    def rows(self, batches: Sequence[np.ndarray]) -> list[Tensor]:
        """Return batches of rows; which these are is moved at once."""
        order = torch.from_numpy(np.concatenate(batches)).to(self.moved.device)
        parts = order.split([len(batch) for batch in batches])
        return [self.moved.index_select(0, part) for part in parts]


def state_arrays(model: TaskLSTM) -> dict[str, np.ndarray]:
    """Return copies of parameters and running statistics, float32; without word vectors."""
    return {
        name: np.array(value.detach().cpu().numpy(), dtype=np.float32)
        for name, value in model.state_dict().items()
        if name != _COUNTER
    }


def model_of_state(
    config: LSTMConfig, state: Mapping[str, np.ndarray], lookup: Float[np.ndarray, "words dim"]
) -> TaskLSTM:
    """Return the model in eval mode with the parameters and statistics of `state_arrays`."""
    model = TaskLSTM(config, lookup, torch.Generator())
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
    counter = {_COUNTER: torch.zeros((), dtype=torch.long)}
    try:
        model.load_state_dict(tensors | counter)
    except RuntimeError as error:
        raise ValueError(f"these are not the weights of {config}: {error}") from error
    return model.eval()
