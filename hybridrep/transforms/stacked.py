"""Training of many autoencoders side by side, equal to training each alone through its modules.

On sequences of length 1 the paper's convolutions are linear maps (see `autoencoder`), so models
are trained as stacked matrix products. They may differ in learning rate, activation and kind: a
batched product then holds those that agree (see `BLOCK_MEMORY`: wider ones would gain nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int

from hybridrep.networks.batches import Place, Rows
from hybridrep.networks.linear import LinearMap
from hybridrep.networks.loss import SquaredError
from hybridrep.networks.network import Shape, StackedNetwork
from hybridrep.networks.training import (
    STACK_MEMORY,
    Benches,
    Stack,
    block_width,
    of_equal_counts,
    share_evenly,
    width_on,
)
from hybridrep.transforms.autoencoder import (
    ACTIVATED,
    ENCODER_LAYERS,
    Autoencoder,
    AutoencoderConfig,
    ModelData,
    autoencoder_of_state,
    build_autoencoder,
    check_models,
    runs_alike,
    state_arrays,
)

_BOTTLENECK, _OUTPUT = ENCODER_LAYERS, len(ACTIVATED)


@dataclass(frozen=True, eq=False)
class AutoencoderResult:
    """One trained autoencoder.

    Attributes:
        curves: one row an epoch: `epoch` from 1, `train_loss` (mean over the epoch's items as
            they were met), `test_loss` (after the epoch).
        half_state: parameters after `AutoencoderConfig.half_epoch`, named as in the module.
        final_state: parameters after the last epoch.
    """

    curves: pd.DataFrame
    half_state: dict[str, np.ndarray]
    final_state: dict[str, np.ndarray]


class StackView:
    """The models of a stack as they are at some epoch, for `on_epoch`.

    `models` says which of those that `train_autoencoders` was given are here, in order.
    """

    def __init__(self, models: Sequence[int], blocks: Sequence[Stack], benches: Benches) -> None:
        self.models = np.array(models)
        self._blocks, self._benches = blocks, benches

    @torch.inference_mode()
    def apply(
        self, rows: Int[np.ndarray, "models items"]
    ) -> tuple[
        Float[np.ndarray, "models items bottleneck"], Float[np.ndarray, "models items outputs"]
    ]:
        """Return bottleneck and reconstruction of some rows of the inputs of each of `models`."""
        parts = np.split(rows, np.cumsum([block.network.width for block in self._blocks])[:-1])
        outputs = [
            block.outputs_of(self._benches.of(block), items, (_BOTTLENECK, _OUTPUT))
            for block, items in zip(self._blocks, parts, strict=True)
        ]
        middle, end = (torch.cat(part).cpu().numpy() for part in zip(*outputs, strict=True))
        return middle, end


OnEpoch = Callable[[int, StackView], object]


def stack_width(config: AutoencoderConfig, models: int, budget: int = STACK_MEMORY) -> int:
    """Return how many of some models are trained at once within a budget of bytes.

    Counts parameters, Adam's moments, the copy at half of the epochs and the results with all
    taps, in float32; not the data, which is shared with the caller. At least 1.
    """
    taps = 3 if config.kind == "convolutional" else 1
    each = 4 * (4 + 2 * taps) * _shape(config).parameters
    return max(1, min(models, budget // each))


@torch.inference_mode()
def train_autoencoders(
    config: AutoencoderConfig | Sequence[AutoencoderConfig], models: Sequence[ModelData], *,
    on_epoch: OnEpoch | None = None, memory: int = STACK_MEMORY, block: int | None = None,
    dtype: torch.dtype = torch.float32, device: str = "cpu",
) -> list[AutoencoderResult]:  # fmt: skip
    """Train autoencoders of one shape, each on its own data, order and initialisation.

    On one thread a model's numbers do not depend, to the last bit, on those beside it.

    Args:
        config: of every model, or one a model: they may differ in learning rate, activation and
            kind alone.
        models: their data. Arrays of another dtype are converted, which copies them.
        on_epoch: called before training (epoch 0) and after every epoch, with a view of the
            models. Models that are not trained at once (see `memory`; also those with other
            numbers of items) come in views of their own, one after the other. What it raises
            ends the training.
        memory: bytes for the models that are trained at once, see `stack_width`; on another
            device than the processor for their data, too.
        block: how many models make one batched product; without it, as many as the cache holds,
            on another device all. Only speed depends on it.
        dtype: of the arithmetic. Initial parameters are drawn in float32 in any case.
        device: where they are trained; what is drawn is drawn on the processor in any case.

    Raises:
        ValueError: when arrays do not fit `config` or each other, or configurations differ in
            more than they may.
        ExecutionError: another device than the processor has too little memory for one model.

    Examples:
        >>> rng, rows = np.random.default_rng(0), np.arange(80)
        >>> first, second = rng.normal(size=(80, 12)), rng.normal(size=(80, 5))
        >>> config = AutoencoderConfig(12, 5, 4, epochs=3)
        >>> data = ModelData(first, second, rows[:70], rows[70:], torch.Generator(), rng)
        >>> trained = train_autoencoders(config, [data] * 10)
        >>> bottleneck, output = apply_autoencoder(config, trained[0].final_state, first)
        >>> len(trained), bottleneck.shape, output.shape
        (10, (80, 4), (80, 5))
    """
    configs = [config] * len(models) if isinstance(config, AutoencoderConfig) else list(config)
    check_models(configs, models)
    numbers = max((model.inputs.size + model.targets.size for model in models), default=0)
    at_once = min(
        (
            width_on(device, memory, _shape(each), each.batch_size, numbers, dtype,
                     stack_width(each, len(models), memory))
            for each in configs
        ),
        default=1,
    )  # fmt: skip
    results: dict[int, AutoencoderResult] = {}
    for equal in of_equal_counts([m.train for m in models], [m.test for m in models]):
        for group in share_evenly(equal, at_once):
            settings = [configs[model] for model in group]
            chosen = [models[model] for model in group]
            training = _Training(settings, chosen, block, dtype, Place(device))
            view = StackView(group, training.blocks, training.benches)
            results.update(zip(group, training.run(view, on_epoch), strict=True))
    return [results[model] for model in range(len(models))]


@torch.inference_mode()
def apply_autoencoder(
    config: AutoencoderConfig, state: Mapping[str, np.ndarray],
    inputs: Float[np.ndarray, "items inputs"], *, device: str = "cpu",
) -> tuple[Float[np.ndarray, "items bottleneck"], Float[np.ndarray, "items outputs"]]:  # fmt: skip
    """Return bottleneck and reconstruction of inputs, float32, computed on a device.

    On the processor bitwise what `StackView.apply` gave for the same parameters and rows, on one
    thread.

    Raises:
        ValueError: when the state is not one of `config`, or inputs have another width.

    Examples:
        >>> config = AutoencoderConfig(20, 12, 3)
        >>> state = state_arrays(build_autoencoder(config, torch.Generator()))
        >>> [part.shape for part in apply_autoencoder(config, state, np.zeros((5, 20)))]
        [(5, 3), (5, 12)]
    """
    if inputs.shape[1] != config.input_size:
        raise ValueError(
            f"inputs are {inputs.shape[1]} wide, the autoencoder's {config.input_size}"
        )
    maps = autoencoder_of_state(config, state).linear_maps()
    single, place = torch.float32, Place(device)
    network = StackedNetwork(_shape(config), [maps], config.learning_rate, single, place.device)
    every = np.arange(len(inputs))[None]
    source = Rows([inputs], single, place)
    targets = SquaredError(source, 1, single, place.device)
    stack = Stack(network, source, targets, every, every, (), config.batch_size)
    middle, end = stack.outputs_of(Benches().of(stack), every, (_BOTTLENECK, _OUTPUT))
    return middle[0].cpu().numpy(), end[0].cpu().numpy()


class _Training:
    """Models that are trained at once: blocks that take turns epoch by epoch."""

    def __init__(
        self, configs: Sequence[AutoencoderConfig], models: Sequence[ModelData], block: int | None,
        dtype: torch.dtype, place: Place,
    ) -> None:  # fmt: skip
        self._configs, self._models, self._dtype, self._place = configs, models, dtype, place
        self._modules = [
            build_autoencoder(config, each.init)
            for config, each in zip(configs, models, strict=True)
        ]
        self.benches = Benches()
        on_processor = place.device.type == "cpu"
        wide = block_width(_shape(configs[0]).parameters) if on_processor else len(models)
        width = block or wide
        self.blocks = [
            self._stack(part)
            for alike in runs_alike(configs)
            for part in share_evenly(alike, width)
        ]

    def _stack(self, part: Sequence[int]) -> Stack:
        dtype, place, models = self._dtype, self._place, [self._models[n] for n in part]
        config, layers = self._configs[part[0]], [self._modules[n].linear_maps() for n in part]
        targets = Rows([each.targets for each in models], dtype, place)
        return Stack(
            network=StackedNetwork(
                _shape(config), layers, config.learning_rate, dtype, place.device
            ),
            inputs=Rows([m.inputs for m in models], dtype, place),
            loss=SquaredError(targets, len(models), dtype, place.device),
            train=np.stack([m.train for m in models]), test=np.stack([m.test for m in models]),
            orders=[m.order for m in models], batch_size=config.batch_size,
        )  # fmt: skip

    def run(self, view: StackView, on_epoch: OnEpoch | None) -> list[AutoencoderResult]:
        """Train all epochs."""
        train_losses, test_losses = [], []
        half: list[list[LinearMap]] = []
        config = self._configs[0]
        if on_epoch:
            on_epoch(0, view)
        for epoch in range(1, config.epochs + 1):
            train = [block.train_epoch(self.benches.of(block)) for block in self.blocks]
            test = [block.measure(self.benches.of(block))[0] for block in self.blocks]
            train_losses.append(np.concatenate(train))
            test_losses.append(np.concatenate(test))
            if epoch == config.half_epoch:
                half = self._linear_maps()
            if on_epoch:
                on_epoch(epoch, view)
        states = zip(self._states(half), self._states(self._linear_maps()), strict=True)
        losses = zip(np.array(train_losses).T, np.array(test_losses).T, strict=True)
        epochs = np.arange(1, config.epochs + 1)
        return [
            AutoencoderResult(
                pd.DataFrame({"epoch": epochs, "train_loss": train, "test_loss": test}), *both
            )
            for (train, test), both in zip(losses, states, strict=True)
        ]

    def _linear_maps(self) -> list[list[LinearMap]]:
        return [
            b.network.linear_maps(model) for b in self.blocks for model in range(b.network.width)
        ]

    def _states(self, maps: Sequence[Sequence[LinearMap]]) -> list[dict[str, np.ndarray]]:
        """Write trained layers back into the modules, whose outer taps are as initialised."""
        states = []
        for module, trained in zip(self._modules, maps, strict=True):
            written: Autoencoder = module.to(self._dtype)
            written.load_linear_maps(trained)
            states.append(state_arrays(written))
        return states


def _shape(config: AutoencoderConfig) -> Shape:
    return Shape(config.sizes, ACTIVATED, config.activation)
