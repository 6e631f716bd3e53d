"""Autoencoders from each representation to the other, with RSA at every epoch (3.2, 4.2.1).

A task trains one direction and bottleneck size for a group of seeds as one stacked model; each
seed's result is filed by itself and is the same whichever seeds stand beside it. Beside them,
each seed's closed-form linear baseline.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.analysis.linear_baseline import linear_baseline, moments
from hybridrep.analysis.names import DIRECTIONS, ITEM_SETS, PAIRS
from hybridrep.analysis.rsa import FixedSides, fix_sides, rsa_correlation
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.models.autoencoder import AutoencoderConfig
from hybridrep.models.stacked_autoencoder import ModelData, StackView, train_autoencoders
from hybridrep.randomness import generator, torch_generator
from hybridrep.stages import embed, lstm
from hybridrep.stages.inputs import Inputs, read_corpus
from hybridrep.stages.splits import EmotionRows, emotion_rows

BASELINE_CODE = ("hybridrep.analysis.linear_baseline", lstm.__name__, embed.ENCODER_CODE)
"""The modules that a linear baseline comes from, through its inputs too."""


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
            **_data(inputs, store, seed),
        }
    )


def baseline_key(inputs: Inputs, store: Store, seed: int) -> str:
    """Key of a seed's linear baseline, both directions."""
    return content_key(
        {
            "stage": "linear_baseline",
            "code": code_version(BASELINE_CODE[0]),
            **_data(inputs, store, seed),
        }
    )


def _data(inputs: Inputs, store: Store, seed: int) -> dict[str, object]:
    """Everything that a seed's autoencoders see."""
    return {
        "seed": seed,
        "global": [chunk.key for chunk in embed.chunks(inputs, inputs.emotion, store)],
        "lstm": lstm.network_key(inputs, seed),
        "items": inputs.config.items_per_emotion,
    }


@dataclass(frozen=True)
class StackTask:
    """One variant for a group of seeds; `keys` belong to `seeds` in order."""

    inputs: Inputs
    variant: Variant
    seeds: tuple[int, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class BaselineTask:
    """One seed's linear baseline."""

    inputs: Inputs
    seed: int


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """Train the study's variants for a group of seeds, and fit their linear baselines."""
    stacks = [stack_task(inputs, store, variant, seeds) for variant in variants(inputs)]
    return stacks + [_baseline_task(inputs, store, seed) for seed in seeds]


def stack_task(inputs: Inputs, store: Store, variant: Variant, seeds: Sequence[int]) -> Task:
    """Return the task that trains a variant for a group of seeds."""
    keys = tuple(key(inputs, store, variant, seed) for seed in seeds)
    needs = [chunk.key for chunk in embed.chunks(inputs, inputs.emotion, store)]
    needs += [lstm.vectors_key(inputs, seed) for seed in seeds]
    weights = 3 * 8 * variant.bottleneck * sum(inputs.size_of(variant.direction))
    work = inputs.emotion.items * variant.epochs * weights * len(seeds)
    return Task(
        stage="autoencode",
        label=f"autoencode {variant.name}, seeds {_span(seeds)}",
        produces=keys, needs=tuple(needs), function=train,
        payload=StackTask(inputs, variant, tuple(seeds), keys),
        units=len(seeds), seconds=work / 2e10,
    )  # fmt: skip


def _span(seeds: Sequence[int]) -> str:
    return ",".join(map(str, seeds))


def _baseline_task(inputs: Inputs, store: Store, seed: int) -> Task:
    """Return the task that fits a seed's linear baseline in both directions."""
    needs = [chunk.key for chunk in embed.chunks(inputs, inputs.emotion, store)]
    return Task(
        stage="linear_baseline", label=f"linear baseline seed {seed}",
        produces=(baseline_key(inputs, store, seed),),
        needs=(*needs, lstm.vectors_key(inputs, seed)),
        function=fit_baseline, payload=BaselineTask(inputs, seed), units=1, seconds=2.0,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SeedData:
    """What a seed's autoencoders read, as rows of the emotion corpus."""

    seed: int
    rows: EmotionRows
    global_: np.ndarray
    task_specific: np.ndarray

    def sides(self, direction: str) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of a direction, float32 [tweets, size]."""
        both = (self.global_, self.task_specific)
        return both if direction == "bert_to_lstm" else both[::-1]


def seed_data(store: Store, inputs: Inputs, seed: int) -> SeedData:
    """Read a seed's two representations of the emotion corpus and its rows."""
    corpus = read_corpus(store, inputs.emotion.key)
    vectors = store.open(lstm.vectors_key(inputs, seed)).arrays("vectors")["emotion"]
    return SeedData(
        seed,
        emotion_rows(corpus, seed, inputs.config.items_per_emotion),
        embed.global_vectors(store, inputs, "emotion"),
        vectors,
    )


def train(store: Store, task: StackTask, missing: tuple[str, ...]) -> None:
    """Train a variant for the seeds whose results are missing, and store each by itself."""
    started = time.perf_counter()
    left = [(k, s) for k, s in zip(task.keys, task.seeds, strict=True) if k in missing]
    data = [seed_data(store, task.inputs, seed) for _, seed in left]
    trajectories = Trajectories(task.variant.direction, data)
    results = train_autoencoders(
        network(task.inputs, task.variant),
        [_model_data(each, task.variant) for each in data],
        on_epoch=trajectories.record,
    )
    seconds = (time.perf_counter() - started) / len(left)
    for (result_key, seed), result, rsa in zip(left, results, trajectories.tables(), strict=True):
        store.write(
            result_key, stage="autoencode", inputs={"seed": seed, **vars(task.variant)},
            arrays={"half": result.half_state, "final": result.final_state},
            tables={"curves": result.curves, "rsa": rsa}, code=(__name__,), seconds=seconds,
        )  # fmt: skip


def _model_data(data: SeedData, variant: Variant) -> ModelData:
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


def fit_baseline(store: Store, task: BaselineTask, missing: tuple[str, ...]) -> None:
    """Fit ridge regression in both directions on the autoencoders' split; penalty by validation."""
    started = time.perf_counter()
    data = seed_data(store, task.inputs, task.seed)
    train_rows, test_rows = data.rows.autoencoder_train, data.rows.autoencoder_test
    validation_rows = data.rows.lstm.validation
    forward = moments(data.global_[train_rows], data.task_specific[train_rows])
    table = []
    for direction in DIRECTIONS:
        inputs, targets = data.sides(direction)
        fitted = linear_baseline(
            forward if direction == "bert_to_lstm" else forward.reversed(),
            inputs[validation_rows], targets[validation_rows],
            inputs[test_rows], targets[test_rows],
        )  # fmt: skip
        correlations = {
            f"reconstructed_vs_target_{name}": rsa_correlation(
                fitted.ridge.predict(inputs[rows]), targets[rows]
            )
            for name, rows in data.rows.items.items()
        }
        table.append(
            {
                "direction": direction,
                "penalty": fitted.ridge.penalty,
                "test_loss": fitted.test_loss,
                "mean_loss": fitted.mean_loss,
                **correlations,
            }
        )
    for result_key in missing:
        store.write(
            result_key, stage="linear_baseline", inputs={"seed": task.seed},
            tables={"linear_baseline": pd.DataFrame(table)},
            code=BASELINE_CODE, seconds=time.perf_counter() - started,
        )  # fmt: skip
