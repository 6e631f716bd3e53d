"""The transfer task's 2-layer classifiers, as plain PyTorch modules (section 3.3).

A representation goes through a hidden layer of 32 units to one score a class. The baseline has
none: it learns word embeddings, started from word vectors. `stacked` trains many of both at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from hybridrep.networks.activations import ACTIVATIONS
from hybridrep.networks.checks import check_choice, check_positive, check_whole
from hybridrep.networks.linear import LinearMap, make_linear

Pooling = Literal["padded_mean", "token_mean", "flatten"]
"""How the baseline makes one vector of a tweet's word embeddings. `padded_mean`: sum over the
words divided by the time steps, padding included; `token_mean`: divided by the number of words;
`flatten`: the embeddings of all time steps side by side, padding as zeros."""

PADDING = 0
"""Token id of padding, whose embedding is zero and stays so."""


@dataclass(frozen=True)
class ClassifierConfig:
    """What a classifier is and how it is trained. Every bad value is refused here.

    Attributes:
        hidden_size: units of the hidden layer; 32 in the paper, like the smallest bottleneck.
        learning_rate: of Adam.
        activation: of the hidden layer, one of `ACTIVATIONS`.
        pooling: of the baseline's word embeddings; without effect on the other classifiers.
    """

    classes: int = 2
    hidden_size: int = 32
    epochs: int = 20
    learning_rate: float = 1e-3
    batch_size: int = 32
    activation: str = "relu"
    pooling: Pooling = "padded_mean"

    def __post_init__(self) -> None:
        check_whole("classifier", "classes", self.classes, least=2)
        for name in ("hidden_size", "epochs", "batch_size"):
            check_whole("classifier", name, getattr(self, name))
        check_positive("classifier", "learning_rate", self.learning_rate)
        check_choice("classifier", "activation", self.activation, ACTIVATIONS)
        check_choice("classifier", "pooling", self.pooling, get_args(Pooling))


class Classifier(nn.Module):
    """Representation -> hidden layer -> activation -> one score a class.

    `init` is the source of the initial parameters (PyTorch's default distributions, in the order of
    the layers); the global generator is neither read nor advanced.
    """

    def __init__(self, input_size: int, config: ClassifierConfig, init: torch.Generator) -> None:
        super().__init__()
        hidden, classes = config.hidden_size, config.classes
        self.hidden = make_linear(lambda: nn.Linear(input_size, hidden), init)
        self.activation = ACTIVATIONS[config.activation].module()
        self.output = make_linear(lambda: nn.Linear(hidden, classes), init)

    def forward(self, inputs: Float[Tensor, "items inputs"]) -> Float[Tensor, "items classes"]:
        """Return class scores."""
        return self.output(self.activation(self.hidden(inputs)))

    def linear_maps(self) -> list[LinearMap]:
        """Return the layers as linear maps that share memory with the module."""
        return [
            LinearMap(layer.weight.detach().T, layer.bias.detach())
            for layer in (self.hidden, self.output)
            if layer.bias is not None
        ]


class EmbeddingClassifier(nn.Module):
    """The baseline: token ids -> trainable embeddings -> pooling -> `Classifier`.

    The word vectors that the embeddings start from, one row a token id, are copied. Row 0, padding,
    is zero and stays so.
    """

    def __init__(
        self, embedding: Float[np.ndarray, "words dim"], time_steps: int, config: ClassifierConfig,
        init: torch.Generator,
    ) -> None:  # fmt: skip
        super().__init__()
        start = torch.tensor(embedding, dtype=torch.float32)
        start[PADDING] = 0
        self.embedding = nn.Embedding.from_pretrained(start, freeze=False, padding_idx=PADDING)
        self.classifier = Classifier(
            pooled_size(config.pooling, time_steps, start.shape[1]), config, init
        )
        self.pooling = config.pooling

    def forward(self, token_ids: Int[Tensor, "items time"]) -> Float[Tensor, "items classes"]:
        """Return class scores."""
        words = self.embedding(token_ids)
        if self.pooling == "flatten":
            return self.classifier(words.flatten(1))
        if self.pooling == "padded_mean":
            return self.classifier(words.mean(1))
        counts = (token_ids != PADDING).sum(1, keepdim=True).clamp(min=1)
        return self.classifier(words.sum(1) / counts)


def pooled_size(pooling: Pooling, time_steps: int, dim: int) -> int:
    """Return the width of the baseline's pooled embeddings."""
    return time_steps * dim if pooling == "flatten" else dim
