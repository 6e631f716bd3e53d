"""Autoencoders from each representation to the other, with RSA at every epoch (3.2, 4.2.1).

A task trains one direction and bottleneck size for a group of seeds as one stacked model, a
sweep's other learning rates, activations and kinds beside them; each result is filed by itself and
is the same whatever stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.local import share_of_memory
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.randomness import generator, torch_generator
from hybridrep.studies.hybrid.global_vectors import stage as embed
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, ITEM_SETS, PAIRS
from hybridrep.studies.hybrid.pairs import FixedSides, fix_sides
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.transformation.seed_data import SeedData, data_key, seed_data

if TYPE_CHECKING:
    from hybridrep.transforms.autoencoder import AutoencoderConfig, ModelData
    from hybridrep.transforms.stacked import StackView


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
    def name(self) -> str:
        """What people read: `bert_to_lstm b32, 50 epochs`, and what differs from the paper."""
        plain = Variant(self.direction, self.bottleneck, self.epochs)
        extra = {
            "learning_rate": f"learning rate {self.learning_rate!r}",
            "activation": self.activation,
            "kind": self.kind.replace("_", " "),
        }
        parts = [text for field, text in extra.items() if vars(self)[field] != vars(plain)[field]]
        return ", ".join([f"{self.direction} b{self.bottleneck}, {self.epochs} epochs", *parts])


def variants(inputs: Inputs) -> list[Variant]:
    """The paper's variants at the study's bottleneck sizes, both directions each."""
    config = inputs.config
    return [
        Variant(direction, bottleneck, config.autoencoder_epochs)
        for bottleneck in config.bottlenecks
        for direction in DIRECTIONS
    ]


def network(inputs: Inputs, variant: Variant) -> AutoencoderConfig:
    """Return the configuration of a variant's models."""
    from hybridrep.transforms.autoencoder import AutoencoderConfig

    input_size, output_size = inputs.size_of(variant.direction)
    return AutoencoderConfig(
        input_size=input_size,
        output_size=output_size,
        bottleneck=variant.bottleneck,
        epochs=variant.epochs,
        learning_rate=variant.learning_rate,
        activation=variant.activation,
        kind=variant.kind,
    )


def key(inputs: Inputs, store: Store, variant: Variant, seed: int) -> str:
    """Key of a seed's trained autoencoder of a variant."""
    return content_key(
        {
            "stage": "autoencode",
            "code": code_version(__name__),
            "variant": vars(variant),
            **data_key(inputs, store, seed),
        }
    )


@dataclass(frozen=True)
class StackTask:
    """Variants of one direction, size and number of epochs for a group of seeds.

    Attributes:
        keys: of the results, variant by variant, and for each in the order of `seeds`.
    """

    inputs: Inputs
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    keys: tuple[str, ...]

    @property
    def models(self) -> list[tuple[Variant, int]]:
        """Variant and seed of each of `keys`."""
        return list(product(self.variants, self.seeds))


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """Train the study's variants for a group of seeds."""
    return [stack_task(inputs, store, [variant], seeds) for variant in variants(inputs)]


def stacks(variants: Iterable[Variant]) -> list[list[Variant]]:
    """Group variants that can be trained as one stack: of one direction, size and epochs."""
    found: dict[tuple[str, int, int], list[Variant]] = {}
    for each in variants:
        found.setdefault((each.direction, each.bottleneck, each.epochs), []).append(each)
    return list(found.values())


def stack_task(
    inputs: Inputs, store: Store, together: Sequence[Variant], seeds: Sequence[int]
) -> Task:
    """Return the task that trains variants of one stack for a group of seeds."""
    variant = together[0]
    keys = tuple(key(inputs, store, each, seed) for each in together for seed in seeds)
    needs = [chunk.key for chunk in embed.chunks(inputs, inputs.emotion, store)]
    needs += [lstm.vectors_key(inputs, seed) for seed in seeds]
    weights = 3 * 8 * variant.bottleneck * sum(inputs.size_of(variant.direction))
    work = inputs.emotion.items * variant.epochs * weights * len(keys)
    return Task(
        stage="autoencode",
        label=f"autoencode {'; '.join(each.name for each in together)}, seeds {_span(seeds)}",
        produces=keys, needs=tuple(needs), function=train,
        payload=StackTask(inputs, tuple(together), tuple(seeds), keys),
        units=len(keys), noun="autoencoders", seconds=work / 2e10,
    )  # fmt: skip


def _span(seeds: Sequence[int]) -> str:
    return ",".join(map(str, seeds))


def train(store: Store, task: StackTask, missing: tuple[str, ...]) -> None:
    """Train the models whose results are missing, and store each by itself."""
    from hybridrep.transforms.stacked import train_autoencoders

    started = time.perf_counter()
    left = [each for each in zip(task.keys, task.models, strict=True) if each[0] in missing]
    of_seed = {s: seed_data(store, task.inputs, s) for s in {seed for _, (_, seed) in left}}
    data = [of_seed[seed] for _, (_, seed) in left]
    trajectories = Trajectories(task.variants[0].direction, data)
    results = train_autoencoders(
        [network(task.inputs, variant) for _, (variant, _) in left],
        [_model_data(of_seed[seed], variant) for _, (variant, seed) in left],
        on_epoch=trajectories.record,
        memory=share_of_memory() // 2,  # the rest: batches, similarity matrices, other programs
    )
    seconds = (time.perf_counter() - started) / len(left)
    for (name, (variant, seed)), result, rsa in zip(
        left, results, trajectories.tables(), strict=True
    ):
        store.write(
            name, stage="autoencode", inputs={"seed": seed, **vars(variant)},
            arrays={"half": result.half_state, "final": result.final_state},
            tables={"curves": result.curves, "rsa": rsa}, code=(__name__,), seconds=seconds,
        )  # fmt: skip


def _model_data(data: SeedData, variant: Variant) -> ModelData:
    from hybridrep.transforms.autoencoder import ModelData

    inputs, targets = data.sides(variant.direction)
    stream = ("autoencode", variant.direction, variant.bottleneck)
    return ModelData(
        inputs=inputs,
        targets=targets,
        train=data.rows.autoencoder_train,
        test=data.rows.autoencoder_test,
        init=torch_generator(data.seed, *stream, "init"),
        order=generator(data.seed, *stream, "order"),
    )


class Trajectories:
    """RSA of every model of a stack after every epoch, for each of `ITEM_SETS`."""

    def __init__(self, direction: str, data: Sequence[SeedData]) -> None:
        self._direction, self._data = direction, data
        self._sides: dict[tuple[str, bytes], FixedSides] = {}
        self._points: list[list[tuple[str, int, np.ndarray]]] = [[] for _ in data]

    def record(self, epoch: int, view: StackView) -> None:
        """Correlate all pairs of a view's models at an epoch; 0 is before training."""
        for name in ITEM_SETS:
            items = np.stack([self._data[model].rows.items[name] for model in view.models])
            values = self._fixed(name, items, view.models).pairs(*view.apply(items))
            for model, row in zip(view.models, values, strict=True):
                self._points[model].append((name, epoch, row))

    def _fixed(self, name: str, items: np.ndarray, models: np.ndarray) -> FixedSides:
        """Describe the inputs and targets of some models once for all epochs."""
        key = (name, models.tobytes())
        if key not in self._sides:
            sides = [self._data[model].sides(self._direction) for model in models]
            inputs, targets = (
                np.stack([both[which][rows] for both, rows in zip(sides, items, strict=True)])
                for which in (0, 1)
            )
            self._sides[key] = fix_sides(inputs, targets)
        return self._sides[key]

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
