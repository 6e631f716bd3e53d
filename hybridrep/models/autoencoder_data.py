"""What the autoencoders of a stack are given, and which of them may share one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float, Int

from hybridrep.models._stacked_training import check_rows
from hybridrep.models.autoencoder import AutoencoderConfig


@dataclass(frozen=True, eq=False)
class ModelData:
    """One autoencoder's data and randomness.

    Attributes:
        inputs: the representation that goes in. Models may share one array.
        targets: the representation that should come out, row by row.
        train: rows to train on, at least 1.
        test: rows for the test loss, at least 1.
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
    """Refuse what cannot be one stack.

    Raises:
        ValueError: arrays that do not fit their configuration or each other, or configurations
            that differ in more than learning rate, activation and kind.
    """
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
