"""The paper's autoencoders: real `nn.Conv1d` and `nn.ConvTranspose1d` modules (section 3.2).

These are the plain reference and the form in which weights are kept. On sequences of length 1 a
kernel of 3 with padding 1 only ever reads its middle tap: the outer taps meet padding, receive a
gradient of exactly zero and stay as initialised. So `stacked` trains each layer as a linear map.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, pairwise

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from hybridrep.errors import ParameterError
from hybridrep.networks.activations import ACTIVATIONS
from hybridrep.networks.checks import check_choice, check_positive, check_whole
from hybridrep.networks.linear import LinearMap, LinearModule, make_linear
from hybridrep.networks.training import check_rows

ENCODER_LAYERS = 3
"""Layers from the input to the bottleneck; as many lead on to the output."""

ACTIVATED = (True, True, False, True, True, False)
"""Which layers are followed by the activation: neither the bottleneck nor the output."""

_MIDDLE = 1  # the only tap of a kernel of 3 that meets data on a sequence of length 1


@dataclasses.dataclass(frozen=True)
class AutoencoderConfig:
    """What an autoencoder is and how it is trained. Every bad value is refused here.

    Attributes:
        input_size: width of the representation that goes in; `output_size`: of what comes out.
        bottleneck: width b of the middle; the hidden layers have 4b, 2b, b, 2b and 4b units.
            At most `input_size`.
        epochs: passes over the training items.
        learning_rate: of Adam.
        batch_size: items in a batch; the last batch of an epoch may be smaller.
        activation: between layers, one of `ACTIVATIONS`; the paper names none.
        kind: `convolutional` (the paper) or `fully_connected`, which differs on these inputs only
            in its initialisation (fan-in: its inputs, without the kernel's 3).

    Examples:
        >>> AutoencoderConfig(768, 300, 32).sizes
        (768, 128, 64, 32, 64, 128, 300)
    """

    input_size: int
    output_size: int
    bottleneck: int
    epochs: int = 50
    learning_rate: float = 1e-3
    batch_size: int = 32
    activation: str = "relu"
    kind: str = "convolutional"

    def __post_init__(self) -> None:
        for name in ("input_size", "output_size", "bottleneck", "epochs", "batch_size"):
            check_whole("autoencoder", name, getattr(self, name))
        if self.bottleneck > self.input_size:
            raise ParameterError(
                f"autoencoder: bottleneck must be at most the input's size, {self.input_size}, "
                f"got {self.bottleneck}"
            )
        check_positive("autoencoder", "learning_rate", self.learning_rate)
        check_choice("autoencoder", "activation", self.activation, ACTIVATIONS)
        check_choice("autoencoder", "kind", self.kind, _KINDS)

    @property
    def half_epoch(self) -> int:
        """The epoch of the model that RSA and transfer use: half of all, at least 1."""
        return max(1, self.epochs // 2)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from the input over 4b, 2b, b, 2b and 4b to the output."""
        b = self.bottleneck
        return (self.input_size, 4 * b, 2 * b, b, 2 * b, 4 * b, self.output_size)


class Autoencoder(nn.Module, ABC):
    """Encoder and decoder of three layers each; make one with `build_autoencoder`.

    `init` is the source of the initial parameters (PyTorch's default distributions, in the order
    of the layers); the global generator is neither read nor advanced. Without it the parameters are
    not set, for a state to be loaded.
    """

    def __init__(self, config: AutoencoderConfig, init: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        modules: list[nn.Module] = []
        for layer, (inputs, outputs) in enumerate(pairwise(config.sizes)):
            modules.append(make_linear(partial(self._layer, layer, inputs, outputs), init))
            if ACTIVATED[layer]:
                modules.append(ACTIVATIONS[config.activation].module())
        middle = ENCODER_LAYERS + sum(ACTIVATED[:ENCODER_LAYERS])
        self.encoder = nn.Sequential(*modules[:middle])
        self.decoder = nn.Sequential(*modules[middle:])

    @abstractmethod
    def _layer(self, layer: int, inputs: int, outputs: int) -> LinearModule:
        """Make one layer."""

    @abstractmethod
    def _weight(self, module: LinearModule) -> Tensor:
        """Return a view of the weights that inputs meet, [inputs, outputs]."""

    def bottleneck(self, inputs: Float[Tensor, "items inputs"]) -> Float[Tensor, "items middle"]:
        """Return the diffused representation."""
        middle: Tensor = self.encoder(inputs)
        return middle

    def forward(self, inputs: Float[Tensor, "items inputs"]) -> Float[Tensor, "items outputs"]:
        """Return the transformed (reconstructed) representation."""
        output: Tensor = self.decoder(self.encoder(inputs))
        return output

    def linear_maps(self) -> list[LinearMap]:
        """Return the layers as linear maps that share memory with the module."""
        layers = (each for each in (*self.encoder, *self.decoder) if isinstance(each, LinearModule))
        return [
            LinearMap(self._weight(layer).detach(), layer.bias.detach())
            for layer in layers
            if layer.bias is not None
        ]

    def load_linear_maps(self, maps: Sequence[LinearMap]) -> None:
        """Overwrite the layers; taps that inputs never meet keep their values."""
        for mine, given in zip(self.linear_maps(), maps, strict=True):
            mine.weight.copy_(given.weight)
            mine.bias.copy_(given.bias)


class ConvAutoencoder(Autoencoder):
    """The paper's autoencoder: kernel 3, stride 2, padding 1, input items x dim x 1."""

    def _layer(self, layer: int, inputs: int, outputs: int) -> LinearModule:
        kind = nn.Conv1d if layer < ENCODER_LAYERS else nn.ConvTranspose1d
        return kind(inputs, outputs, kernel_size=3, stride=2, padding=1)

    def _weight(self, module: LinearModule) -> Tensor:
        middle = module.weight[:, :, _MIDDLE]
        return middle.T if isinstance(module, nn.Conv1d) else middle

    def bottleneck(self, inputs: Float[Tensor, "items inputs"]) -> Float[Tensor, "items middle"]:
        """Return the diffused representation."""
        middle: Tensor = self.encoder(inputs.unsqueeze(2)).squeeze(2)
        return middle

    def forward(self, inputs: Float[Tensor, "items inputs"]) -> Float[Tensor, "items outputs"]:
        """Return the transformed (reconstructed) representation."""
        output: Tensor = self.decoder(self.encoder(inputs.unsqueeze(2))).squeeze(2)
        return output


class LinearAutoencoder(Autoencoder):
    """The fully connected autoencoder that the paper names as a benchmark (section 3.2)."""

    def _layer(self, layer: int, inputs: int, outputs: int) -> LinearModule:
        return nn.Linear(inputs, outputs)

    def _weight(self, module: LinearModule) -> Tensor:
        return module.weight.T


_KINDS: dict[str, type[Autoencoder]] = {
    "convolutional": ConvAutoencoder,
    "fully_connected": LinearAutoencoder,
}


def build_autoencoder(
    config: AutoencoderConfig, init: torch.Generator | None = None
) -> Autoencoder:
    """Return the untrained module of a configuration; see `Autoencoder` for `init`.

    Examples:
        >>> model = build_autoencoder(AutoencoderConfig(20, 12, 3), torch.Generator())
        >>> model(torch.zeros(5, 20)).shape, model.bottleneck(torch.zeros(5, 20)).shape
        (torch.Size([5, 12]), torch.Size([5, 3]))
    """
    return _KINDS[config.kind](config, init)


def state_arrays(model: nn.Module) -> dict[str, np.ndarray]:
    """Return copies of a module's parameters, named as in its state dict."""
    return {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}


def autoencoder_of_state(config: AutoencoderConfig, state: Mapping[str, np.ndarray]) -> Autoencoder:
    """Return the module with the parameters of `state_arrays`, in their dtype.

    Raises:
        ValueError: if names or shapes are not those of `config`.

    Examples:
        >>> config = AutoencoderConfig(20, 12, 3)
        >>> state = state_arrays(build_autoencoder(config, torch.Generator()))
        >>> type(autoencoder_of_state(config, state)).__name__
        'ConvAutoencoder'
    """
    model = build_autoencoder(config)
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
    try:
        model.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        raise ValueError(f"these are not the weights of {config}: {error}") from error
    return model


@dataclass(frozen=True, eq=False)
class ModelData:
    """One autoencoder's data and randomness.

    Attributes:
        inputs: the representation that goes in. Models may share one array.
        targets: the representation that should come out, row by row.
        train: rows to train on, at least 1; `test` likewise, for the test loss.
        init: source of the initial parameters; advanced.
        order: shuffles the training rows at every epoch; advanced.
    """

    inputs: Float[np.ndarray, "items inputs"]
    targets: Float[np.ndarray, "items outputs"]
    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]
    init: torch.Generator
    order: np.random.Generator


def runs_alike(configs: Sequence[AutoencoderConfig]) -> Iterator[list[int]]:
    """Yield the places of neighbours that can share a batched product and its Adam step."""
    places = range(len(configs))
    for _, run in groupby(places, lambda n: (configs[n].learning_rate, configs[n].activation)):
        yield list(run)


def check_models(configs: Sequence[AutoencoderConfig], models: Sequence[ModelData]) -> None:
    """Refuse what cannot be one stack, as `train_autoencoders` says."""
    if len(configs) != len(models):
        raise ValueError(f"{len(configs)} configurations for {len(models)} models")
    for number, (config, model) in enumerate(zip(configs, models, strict=True)):
        first = configs[0]
        same = replace(
            config, learning_rate=first.learning_rate, activation=first.activation, kind=first.kind
        )
        if same != first:
            raise ValueError(f"model {number}: {config} cannot share a stack with {first}")
        sizes = (model.inputs.shape[1], model.targets.shape[1])
        if sizes != (config.input_size, config.output_size):
            wanted = f"{config.input_size} to {config.output_size}"
            raise ValueError(f"model {number}: data is {sizes[0]} to {sizes[1]} wide, not {wanted}")
        if len(model.inputs) != len(model.targets):
            raise ValueError(
                f"model {number}: {len(model.inputs)} inputs but {len(model.targets)} targets"
            )
        check_rows(number, model.train, model.test)
