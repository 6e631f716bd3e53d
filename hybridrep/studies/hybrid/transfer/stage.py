"""Seven representations on a new task: a two-layer network on frozen vectors (section 3.3).

A task trains the classifiers of a group of seeds, those of equal input size as one stacked
model. Baseline, LSTM and BERT do not depend on an autoencoder and are filed apart, so another
bottleneck size does not train them again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.randomness import generator, torch_generator
from hybridrep.studies.hybrid.global_vectors import stage as embed
from hybridrep.studies.hybrid.inputs import Inputs, read_corpus, read_tokens
from hybridrep.studies.hybrid.names import BASELINE, SIZED, UNSIZED
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.transformation import stage as autoencode
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.tweets.rows import transfer_rows

if TYPE_CHECKING:
    import torch

    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig


@dataclass(frozen=True)
class GroupTask:
    """The classifiers of a group of seeds; `keys` belong to `seeds` in order.

    Attributes:
        bottleneck: size of the autoencoders whose two layers are tested; 0: the representations
            that need none (baseline, LSTM, BERT).
    """

    inputs: Inputs
    bottleneck: int
    seeds: tuple[int, ...]
    keys: tuple[str, ...]


def key(inputs: Inputs, store: Store, bottleneck: int, seed: int) -> str:
    """Key of a seed's classifiers at a bottleneck size; 0: those that need no autoencoder."""
    sources = [autoencode.key(inputs, store, v, seed) for v in _variants(inputs, bottleneck)]
    config = inputs.config
    return content_key(
        {
            "stage": "transfer",
            "code": code_version(__name__),
            "seed": seed,
            "global": [chunk.key for chunk in embed.chunks(inputs, inputs.hate, store)],
            "task_specific": lstm.vectors_key(inputs, seed),
            "autoencoders": sources,
            "epochs": config.transfer_epochs,
            "duplicates": config.duplicates,
            "pooling": "" if bottleneck else config.baseline_pooling,
        }
    )


def _variants(inputs: Inputs, bottleneck: int) -> list[Variant]:
    return [v for v in autoencode.variants(inputs) if v.bottleneck == bottleneck]


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """One task per bottleneck size for a group of seeds, and one for what needs none."""
    return [_task(inputs, store, b, tuple(seeds)) for b in (0, *inputs.config.bottlenecks)]


def _task(inputs: Inputs, store: Store, bottleneck: int, seeds: tuple[int, ...]) -> Task:
    keys = tuple(key(inputs, store, bottleneck, seed) for seed in seeds)
    needs = [chunk.key for chunk in embed.chunks(inputs, inputs.hate, store)]
    for seed in seeds:
        needs.append(lstm.vectors_key(inputs, seed))
        needs += [autoencode.key(inputs, store, v, seed) for v in _variants(inputs, bottleneck)]
    return Task(
        stage="transfer", label=f"transfer b{bottleneck} seeds {','.join(map(str, seeds))}",
        produces=keys, needs=tuple(needs), function=train,
        payload=GroupTask(inputs, bottleneck, seeds, keys),
        units=len(SIZED if bottleneck else UNSIZED) * len(seeds), noun="classifiers",
        seconds=0.05 * inputs.config.transfer_epochs * len(seeds),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Items:
    """A seed's tweets of the new task: its training tweets, then its test tweets.

    Attributes:
        rows: rows of the corpus.
        labels: their classes.
        train: how many of them are for training.
        task_specific: LSTM vectors, float32 [tweets, hidden_size].
        global_: BERT vectors, float32 [tweets, global size].
    """

    seed: int
    rows: np.ndarray
    labels: np.ndarray
    train: int
    task_specific: np.ndarray
    global_: np.ndarray

    def source(self, direction: str) -> np.ndarray:
        """Input of the autoencoder of a direction."""
        return self.global_ if direction == "bert_to_lstm" else self.task_specific

    @property
    def train_positions(self) -> np.ndarray:
        """Positions of the training tweets."""
        return np.arange(self.train)

    @property
    def test_positions(self) -> np.ndarray:
        """Positions of the test tweets."""
        return np.arange(self.train, len(self.rows))


def _items(store: Store, inputs: Inputs, seed: int) -> Items:
    corpus = read_corpus(store, inputs.hate.key)
    split = transfer_rows(corpus, seed, inputs.config.duplicates)
    rows = np.concatenate([split.train, split.test])
    vectors = store.open(lstm.vectors_key(inputs, seed)).arrays("vectors")
    return Items(
        seed=seed,
        rows=rows,
        labels=corpus.labels[rows],
        train=len(split.train),
        task_specific=np.concatenate([vectors["hate_train"], vectors["hate_test"]]),
        global_=embed.global_vectors(store, inputs, "hate")[rows],
    )


def train(store: Store, task: GroupTask, missing: tuple[str, ...]) -> None:
    """Train the classifiers of the seeds whose results are missing, and store each seed's."""
    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig

    started = time.perf_counter()
    left = [(k, s) for k, s in zip(task.keys, task.seeds, strict=True) if k in missing]
    items = [_items(store, task.inputs, seed) for _, seed in left]
    config = ClassifierConfig(
        epochs=task.inputs.config.transfer_epochs, pooling=task.inputs.config.baseline_pooling
    )
    if task.bottleneck == 0:
        read = [{"lstm": each.task_specific, "bert": each.global_} for each in items]
    else:
        read = [_layers(store, task, each) for each in items]
    curves = _train_representations(config, task.bottleneck, items, read)
    if task.bottleneck == 0:
        for mine, baseline in zip(
            curves, _train_baselines(store, task, config, items), strict=True
        ):
            mine.insert(0, baseline)
    seconds = (time.perf_counter() - started) / len(left)
    for (result_key, seed), tables in zip(left, curves, strict=True):
        store.write(
            result_key, stage="transfer", inputs={"seed": seed, "bottleneck": task.bottleneck},
            tables={"curves": pd.concat(tables, ignore_index=True)},
            code=(__name__,), seconds=seconds,
        )  # fmt: skip


def _layers(store: Store, task: GroupTask, items: Items) -> dict[str, np.ndarray]:
    """Both layers of both autoencoders, from the models saved at half of the epochs."""
    from hybridrep.transforms.stacked import apply_autoencoder

    layers = {}
    for variant in _variants(task.inputs, task.bottleneck):
        trained = store.open(autoencode.key(task.inputs, store, variant, items.seed))
        bottleneck, reconstructed = apply_autoencoder(
            autoencode.network(task.inputs, variant),
            trained.arrays("half"),
            items.source(variant.direction),
        )
        layers[f"{variant.direction}_bottleneck"] = bottleneck
        layers[f"{variant.direction}_reconstructed"] = reconstructed
    return layers


def _train_representations(
    config: ClassifierConfig,
    bottleneck: int,
    items: Sequence[Items],
    read: Sequence[Mapping[str, np.ndarray]],
) -> list[list[pd.DataFrame]]:
    """Return per seed the curves of each representation."""
    from hybridrep.studies.hybrid.transfer.stacked import ClassifierData, train_classifiers

    named = [
        (place, name, vectors) for place, mine in enumerate(read) for name, vectors in mine.items()
    ]
    models = []
    for place, name, vectors in named:
        mine = items[place]
        init, order = _streams(mine.seed, name, bottleneck)
        models.append(
            ClassifierData(
                vectors, mine.labels, mine.train_positions, mine.test_positions, init, order
            )
        )
    curves: list[list[pd.DataFrame]] = [[] for _ in items]
    for (place, name, _), result in zip(named, train_classifiers(config, models), strict=True):
        curves[place].append(result.curves.assign(representation=name))
    return curves


def _train_baselines(
    store: Store, task: GroupTask, config: ClassifierConfig, items: Sequence[Items]
) -> list[pd.DataFrame]:
    from hybridrep.studies.hybrid.transfer.stacked import BaselineData, train_baselines

    tokens = read_tokens(store, task.inputs.hate.tokens_key)
    models = []
    for mine in items:
        init, order = _streams(mine.seed, BASELINE, 0)
        ids = tokens.batch.token_ids[mine.rows]
        models.append(
            BaselineData(
                ids, tokens.vectors, mine.labels, mine.train_positions, mine.test_positions,
                init, order,
            )
        )  # fmt: skip
    results = train_baselines(config, models)
    return [result.curves.assign(representation=BASELINE) for result in results]


def _streams(
    seed: int, representation: str, bottleneck: int
) -> tuple[torch.Generator, np.random.Generator]:
    """A classifier's own streams for its initial parameters and its order of items."""
    path = ("transfer", representation, bottleneck)
    return torch_generator(seed, *path, "init"), generator(seed, *path, "order")
