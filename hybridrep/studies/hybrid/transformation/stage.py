"""Autoencoders from each representation to the other, with RSA at every epoch (3.2, 4.2.1).

A task trains one direction and bottleneck size for a group of seeds as one stacked model, a
sweep's other learning rates, activations and kinds beside them; each result is filed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.execution.devices import stack_memory
from hybridrep.randomness import generator, torch_generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import ALL_ITEM_SETS, DIRECTIONS, PAIRS
from hybridrep.studies.hybrid.pairs import FixedSides, fix_sides
from hybridrep.studies.hybrid.transformation.seed_data import SeedData, data_nodes, seed_data
from hybridrep.studies.hybrid.transformation.tracked import (
    Point,
    Tracked,
    followed,
    measured_set,
)

if TYPE_CHECKING:
    from hybridrep.transforms.autoencoder import AutoencoderConfig, ModelData
    from hybridrep.transforms.stacked import StackView

STAGE = Stage("autoencode", module=__name__, noun="autoencoders")


@dataclass(frozen=True)
class Variant:
    """One kind of autoencoder: a direction, a bottleneck size, and how it is trained."""

    direction: str
    bottleneck: int
    epochs: int
    learning_rate: float = 1e-3
    activation: str = "relu"
    kind: str = "convolutional"

    @property
    def place(self) -> str:
        """Direction and size, as labels name them: `bert_to_lstm b32`."""
        return f"{self.direction} b{self.bottleneck}"

    @property
    def name(self) -> str:
        """What people read: `bert_to_lstm b32, 50 epochs`, and what differs from the paper."""
        plain = Variant(self.direction, self.bottleneck, self.epochs)
        extra = {
            "learning_rate": f"learning rate {self.learning_rate!r}",
            "activation": self.activation,
            "kind": self.kind.replace("_", " "),
        }
        parts = [text for field, text in extra.items() if vars(self)[field] != vars(plain)[field]]
        return ", ".join([f"{self.place}, {self.epochs} epochs", *parts])


def variants(study: Hybrid) -> list[Variant]:
    """The paper's variants at the study's bottleneck sizes, both directions each."""
    config = study.inputs.config
    return [
        Variant(direction, bottleneck, config.autoencoder_epochs)
        for bottleneck in config.bottlenecks
        for direction in DIRECTIONS
    ]


def network(variant: Variant, sizes: tuple[int, int]) -> AutoencoderConfig:
    """Return the configuration of a variant's models, given the sizes of input and output."""
    from hybridrep.transforms.autoencoder import AutoencoderConfig

    return AutoencoderConfig(
        input_size=sizes[0], output_size=sizes[1], bottleneck=variant.bottleneck,
        epochs=variant.epochs, learning_rate=variant.learning_rate, activation=variant.activation,
        kind=variant.kind,
    )  # fmt: skip


@declared_once
def node(study: Hybrid, variant: Variant, seed: int) -> Node:
    """Declare a seed's trained autoencoder; one direction, size and length train as one stack."""
    inputs = study.inputs
    return STAGE.node(
        train, variant, seed, inputs.config.items_per_emotion, **data_nodes(study, seed),
        name=variant.name, seed=seed, device=inputs.config.device,
        stack=f"{variant.place} {variant.epochs}",
        seconds=training_seconds(
            inputs.size_of(variant.direction), variant.bottleneck, variant.epochs,
            inputs.emotion.items,
        ),
        about={"seed": seed, **vars(variant)},
    )  # fmt: skip


def training_seconds(
    sizes: tuple[int, int], bottleneck: int, epochs: int, items: int
) -> float:  # fmt: skip
    """Estimate the seconds of one model on one core: of each step, and of each parameter in it.

    Small models fit the cache; of large ones Adam's moments come from memory at every step. The
    constants are of single models from 768 to 300 units, sizes 32 to 256, on a core of 75 GFLOP/s.
    """
    b = bottleneck
    widths = (sizes[0], 4 * b, 2 * b, b, 2 * b, 4 * b, sizes[1])
    parameters = sum(inputs * outputs for inputs, outputs in pairwise(widths))
    return items / 32 * epochs * (1.6e-4 + 3.9e-9 * parameters)


def train(stack: Sequence[tuple[Reader, Variant, int, int]]) -> Iterator[Made]:
    """Train the models of a stack: both saved states, curves and correlations of each."""
    from hybridrep.transforms.stacked import train_autoencoders

    of_seed = {seed: (read, seed, per_emotion) for read, _, seed, per_emotion in stack}
    loaded = {seed: seed_data(*given) for seed, given in of_seed.items()}
    data = [loaded[seed] for _, _, seed, _ in stack]
    variants = [variant for _, variant, _, _ in stack]
    trajectories = Trajectories(variants[0].direction, data, variants[0].epochs)
    device = stack[0][0].device
    results = train_autoencoders(
        [
            network(variant, _sizes(mine, variant.direction))
            for variant, mine in zip(variants, data, strict=True)
        ],
        [_model_data(mine, variant) for variant, mine in zip(variants, data, strict=True)],
        on_epoch=trajectories.record,
        memory=stack_memory(device),
        device=device,
    )
    tables = zip(trajectories.tables(), trajectories.measures(), strict=True)
    for result, (rsa, measures) in zip(results, tables, strict=True):
        yield Made(
            arrays={"half": result.half_state, "final": result.final_state},
            tables={"curves": result.curves, "rsa": rsa, "measures": measures},
        )


def _sizes(data: SeedData, direction: str) -> tuple[int, int]:
    inputs, targets = data.sides(direction)
    return inputs.shape[1], targets.shape[1]


def _model_data(data: SeedData, variant: Variant) -> ModelData:
    from hybridrep.transforms.autoencoder import ModelData

    inputs, targets = data.sides(variant.direction)
    stream = ("autoencode", variant.direction, variant.bottleneck)
    return ModelData(
        inputs=inputs, targets=targets, train=data.rows.autoencoder_train,
        test=data.rows.autoencoder_test, init=torch_generator(data.seed, *stream, "init"),
        order=generator(data.seed, *stream, "order"),
    )  # fmt: skip


class Trajectories:
    """RSA of every model of a stack after every epoch, for each set of items that there is.

    Of one set, at some epochs, the tracked measures too.
    """

    def __init__(self, direction: str, data: Sequence[SeedData], epochs: int) -> None:
        self._direction, self._data = direction, data
        self._sets = [name for name in ALL_ITEM_SETS if name in data[0].rows.items]
        self._measured, self._followed = measured_set(data[0].rows.items), followed(epochs)
        self._sides: dict[tuple[str, bytes], FixedSides] = {}
        self._tracked: dict[bytes, Tracked] = {}
        self._measures: list[list[Point]] = [[] for _ in data]
        self._points: list[list[tuple[str, int, np.ndarray]]] = [[] for _ in data]

    def record(self, epoch: int, view: StackView) -> None:
        """Correlate all pairs of a view's models at an epoch; 0 is before training."""
        for name in self._sets:
            items = np.stack([self._data[model].rows.items[name] for model in view.models])
            layers = view.apply(items)
            values = self._fixed(name, items, view.models).pairs(*layers)
            for model, row in zip(view.models, values, strict=True):
                self._points[model].append((name, epoch, row))
            if name == self._measured and epoch in self._followed:
                self._track(epoch, view.models, items, layers)

    def _fixed(self, name: str, items: np.ndarray, models: np.ndarray) -> FixedSides:
        """Describe the inputs and targets of some models once for all epochs."""
        key = (name, models.tobytes())
        if key not in self._sides:
            self._sides[key] = fix_sides(*self._both(items, models))
        return self._sides[key]

    def _both(self, items: np.ndarray, models: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets of some models' items."""
        sides = [self._data[model].sides(self._direction) for model in models]
        inputs, targets = (
            np.stack([both[which][rows] for both, rows in zip(sides, items, strict=True)])
            for which in (0, 1)
        )
        return inputs, targets

    def _track(
        self, epoch: int, models: np.ndarray, items: np.ndarray,
        layers: tuple[np.ndarray, np.ndarray],
    ) -> None:  # fmt: skip
        """Compute the tracked measures of some models at an epoch."""
        if (key := models.tobytes()) not in self._tracked:
            self._tracked[key] = Tracked(*self._both(items, models))
        for model, points in zip(models, self._tracked[key].points(epoch, *layers), strict=True):
            self._measures[model] += points

    def measures(self) -> list[pd.DataFrame]:
        """One long table a model of the tracked measures."""
        columns = ["epoch", "pair", "measure", "value", "chance"]
        return [pd.DataFrame(points, columns=columns) for points in self._measures]

    def tables(self) -> list[pd.DataFrame]:
        """One long table a model: item_set, epoch, pair, value."""
        return [
            pd.DataFrame(
                [
                    (name, epoch, pair, value)
                    for name, epoch, row in points
                    for pair, value in zip(PAIRS, row, strict=True)
                ],
                columns=["item_set", "epoch", "pair", "value"],
            )
            for points in self._points
        ]
