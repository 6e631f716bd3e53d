"""A seed's tweets of the new task, and classifiers trained on what represents them (3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.execution.devices import stack_memory
from hybridrep.parameters import CPU
from hybridrep.randomness import generator, torch_generator
from hybridrep.running.stage import Reader
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import read_corpus
from hybridrep.studies.hybrid.tweets.rows import Duplicates, transfer_rows

if TYPE_CHECKING:
    import torch

    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig


@dataclass(frozen=True, eq=False)
class Items:
    """A seed's tweets of the new task: the first `train` of `rows`, of the corpus, for training."""

    seed: int
    rows: np.ndarray
    labels: np.ndarray
    train: int
    task_specific: np.ndarray
    global_: np.ndarray
    classes: int

    def sides(self, direction: str) -> tuple[np.ndarray, np.ndarray]:
        """Input and target of the autoencoder of a direction."""
        both = self.global_, self.task_specific
        return both if direction == "bert_to_lstm" else both[::-1]

    def given(
        self, representation: str, bottleneck: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, torch.Generator, np.random.Generator]:
        """Labels, positions to train and to test on, and a classifier's own two streams."""
        path = ("transfer", representation, bottleneck)
        streams = torch_generator(self.seed, *path, "init"), generator(self.seed, *path, "order")
        positions = np.arange(len(self.rows))
        return self.labels, positions[: self.train], positions[self.train :], *streams


def items_of(read: Reader, seed: int, duplicates: Duplicates) -> Items:
    """Read a seed's tweets of the new task: of the results `corpus`, `vectors` and `chunks`."""
    corpus = read_corpus(read.store, read.key("corpus"))
    split = transfer_rows(corpus, seed, duplicates)
    rows = np.concatenate([split.train, split.test])
    vectors = read["vectors"].arrays("vectors")
    encoded = global_vectors.global_vectors(read.store, read.key("corpus"), read.keys["chunks"])
    return Items(
        seed=seed, rows=rows, labels=corpus.labels[rows], train=len(split.train),
        task_specific=np.concatenate([vectors["hate_train"], vectors["hate_test"]]),
        global_=encoded[rows], classes=len(corpus.label_names),
    )  # fmt: skip


def train_representations(
    config: ClassifierConfig, bottleneck: int, items: Sequence[Items],
    read: Sequence[Mapping[str, np.ndarray]], device: str = CPU,
) -> list[list[pd.DataFrame]]:  # fmt: skip
    """Train a classifier on each representation; return per seed the curves of each.

    Args:
        config: of every classifier.
        bottleneck: size that names their random streams; 0 where representations have none.
        items: the tweets of each seed.
        read: per seed the vectors of its tweets, by representation.
        device: where they are trained.
    """
    from hybridrep.studies.hybrid.transfer.stacked import ClassifierData, train_classifiers

    named = [
        (place, name, vectors) for place, mine in enumerate(read) for name, vectors in mine.items()
    ]
    models = [
        ClassifierData(vectors, *items[place].given(name, bottleneck))
        for place, name, vectors in named
    ]
    curves: list[list[pd.DataFrame]] = [[] for _ in items]
    trained = train_classifiers(config, models, device=device, memory=stack_memory(device))
    for (place, name, _), result in zip(named, trained, strict=True):
        curves[place].append(result.curves.assign(representation=name))
    return curves
