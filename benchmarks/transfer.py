"""Transfer: 25 seeds x 7 representations, classifiers one after the other, or stacked.

Sizes are those of the hate corpus with 768-d BERT and 50-d word vectors. The plain side is the
loop that a user of `nn.Module`, `nn.Embedding` and `torch.optim.Adam` writes, for one seed, with
whichever number of threads is quicker; the fast side has a worker a core.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.harness import Agreement, Part, Timed, adam_bytes
from benchmarks.workers import on_all_cores
from hybridrep.studies.hybrid.transfer.classifier import (
    Classifier,
    ClassifierConfig,
    EmbeddingClassifier,
)
from hybridrep.studies.hybrid.transfer.stacked import (
    BaselineData,
    ClassifierData,
    ClassifierResult,
    train_baselines,
    train_classifiers,
)

SEEDS = 25
TRAIN, TEST = 3_520, 880
EPOCHS = 4
CONFIG = ClassifierConfig(epochs=EPOCHS)
REPRESENTATIONS = {
    "lstm": 300,
    "bert": 768,
    "bert_to_lstm_bottleneck": 32,
    "bert_to_lstm_reconstructed": 300,
    "lstm_to_bert_bottleneck": 32,
    "lstm_to_bert_reconstructed": 768,
}
WORDS, WORD_SIZE, TIME_STEPS, MEAN_LENGTH = 23_500, 50, 66, 12.6
TOLERANCE = 1e-9
CHECKED_EPOCHS = 1

Curves = list[np.ndarray]


@cache
def representations(seed: int) -> dict[str, np.ndarray]:
    """One seed's vectors of every tweet."""
    rng = np.random.default_rng((0, seed))
    return {
        name: rng.standard_normal((TRAIN + TEST, size), dtype=np.float32) / 2
        for name, size in REPRESENTATIONS.items()
    }


@cache
def labels() -> np.ndarray:
    """Two equally frequent classes."""
    return np.random.default_rng(1).permutation(np.arange(TRAIN + TEST) % 2)


@cache
def word_vectors() -> np.ndarray:
    """Vectors of the whole vocabulary; padding and unknown words are zeros."""
    vectors = np.random.default_rng(2).standard_normal((WORDS, WORD_SIZE), dtype=np.float32) / 2
    vectors[:2] = 0
    return vectors


@cache
def token_ids(seed: int) -> np.ndarray:
    """One seed's tweets: words by Zipf's law, padding in front."""
    rng = np.random.default_rng((3, seed))
    shares = np.arange(1, WORDS - 1) ** -1.15  # 6,500 distinct words in training, as in the corpus
    ids = rng.choice(WORDS - 2, (TRAIN + TEST, TIME_STEPS), p=shares / shares.sum()) + 2
    lengths = np.clip(rng.poisson(MEAN_LENGTH, TRAIN + TEST), 1, TIME_STEPS)
    ids[np.arange(TIME_STEPS) < TIME_STEPS - lengths[:, None]] = 0
    return ids


def _streams(seed: int, number: int) -> tuple[torch.Generator, np.random.Generator]:
    init = torch.Generator().manual_seed(1000 * seed + number)
    return init, np.random.default_rng((4, seed, number))


def _split(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng((5, seed)).permutation(TRAIN + TEST)
    return rows[:TRAIN], rows[TRAIN:]


def plain() -> Timed:
    """Train the seven classifiers of the first seed, one after the other."""
    seconds, curves = 0.0, []
    for number, name in enumerate(("baseline", *REPRESENTATIONS)):
        model, inputs, order = _plain_model(name, number)
        start = time.perf_counter()
        curves.append(train_plainly(CONFIG, model, inputs, labels(), *_split(0), order))
        seconds += time.perf_counter() - start
    return Timed(seconds, curves)


def _plain_model(name: str, number: int) -> tuple[nn.Module, torch.Tensor, np.random.Generator]:
    """Return a classifier of the first seed, its inputs and its order."""
    init, order = _streams(0, number)
    if name == "baseline":
        model = EmbeddingClassifier(word_vectors(), TIME_STEPS, CONFIG, init)
        return model, torch.from_numpy(token_ids(0)), order
    vectors = torch.from_numpy(representations(0)[name])
    return Classifier(REPRESENTATIONS[name], CONFIG, init), vectors, order


def train_plainly(
    config: ClassifierConfig,
    model: nn.Module,
    inputs: torch.Tensor,
    labels: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    order: np.random.Generator,
) -> np.ndarray:
    """Train one model as a user of PyTorch does.

    Returns:
        [epochs, 3]: mean training loss over the items as they were met; test loss and accuracy
        after the epoch.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    cross_entropy, targets = nn.functional.cross_entropy, torch.from_numpy(labels)
    curves = []
    for _ in range(config.epochs):
        total = 0.0
        shuffled = torch.from_numpy(train[order.permutation(len(train))])
        for rows in shuffled.split(config.batch_size):
            optimizer.zero_grad()
            loss = cross_entropy(model(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            scores = model(inputs[test])
            test_loss = cross_entropy(scores, targets[test]).item()
            accuracy = (scores.argmax(1) == targets[test]).double().mean().item()
        curves.append((total / len(train), test_loss, accuracy))
    return np.array(curves)


def fast() -> Timed:
    """Train all seeds and representations stacked, on all cores."""
    timed = on_all_cores(train_stacked, SEEDS)
    return Timed(timed.seconds, timed.result[0])


def train_stacked(seeds: Sequence[int]) -> Timed:
    """Train all representations of some seeds; returns the results of the first seed."""
    classifiers, baselines = [], []
    for seed in seeds:
        baseline, *others = _models(seed)
        baselines.append(baseline)
        classifiers += others
    start = time.perf_counter()
    first, *_ = train_baselines(CONFIG, baselines)
    results = train_classifiers(CONFIG, classifiers)[: len(REPRESENTATIONS)]
    return Timed(time.perf_counter() - start, [first, *results])


def _models(seed: int) -> tuple[Any, ...]:
    """Return a seed's baseline and its classifiers."""
    split = _split(seed)
    baseline = BaselineData(token_ids(seed), word_vectors(), labels(), *split, *_streams(seed, 0))
    return baseline, *(
        ClassifierData(vectors, labels(), *split, *_streams(seed, number))
        for number, vectors in enumerate(representations(seed).values(), start=1)
    )


def check(curves: Curves, results: list[ClassifierResult]) -> Agreement:
    """Compare losses of every representation of the first seed in float64.

    Of float32, where a unit near zero is switched by rounding, it only says how far they are.
    """
    double = _worst(*_in_double())
    said = f"losses in float64 within {double:.0e}; in float32 {_worst(curves, results):.0e}"
    return Agreement(said, double <= TOLERANCE)


def _worst(curves: Curves, results: Sequence[ClassifierResult]) -> float:
    return max(
        float(np.abs(mine.curves[["train_loss", "test_loss"]].to_numpy() - theirs[:, :2]).max())
        for mine, theirs in zip(results, curves, strict=True)
    )


def _in_double() -> tuple[Curves, list[ClassifierResult]]:
    """Train the first seed on both sides in float64, for an epoch."""
    config = replace(CONFIG, epochs=CHECKED_EPOCHS)
    (baseline, *models), split = _models(0), _split(0)
    stacked = [
        *train_baselines(config, [baseline], dtype=torch.float64),
        *train_classifiers(config, models, dtype=torch.float64),
    ]
    curves = []
    for number, name in enumerate(("baseline", *REPRESENTATIONS)):
        model, inputs, order = _plain_model(name, number)
        inputs = inputs if name == "baseline" else inputs.double()
        curves.append(train_plainly(config, model.double(), inputs, labels(), *split, order))
    return curves, stacked


def parts() -> list[Part]:
    """The whole grid of seeds and representations."""
    hidden, steps = CONFIG.hidden_size, EPOCHS * TRAIN // CONFIG.batch_size
    moving = max(len(np.unique(token_ids(0)[_split(0)[0]])), 1) * WORD_SIZE
    inputs = sum(REPRESENTATIONS.values())
    models = [size * hidden for size in REPRESENTATIONS.values()] + [moving + WORD_SIZE * hidden]
    # Forward and gradient by weights; embeddings only know additions.
    flops = SEEDS * steps * 4 * CONFIG.batch_size * (inputs + WORD_SIZE) * hidden
    traffic = SEEDS * steps * (sum(map(adam_bytes, models)) + 4 * CONFIG.batch_size * inputs)
    sizes = {
        "seeds": SEEDS,
        "representations": 1 + len(REPRESENTATIONS),
        "train": TRAIN,
        "test": TEST,
        "epochs": EPOCHS,
        "words": WORDS,
        "word_vectors": WORD_SIZE,
        "plain": "1 seed timed, multiplied by 25",
    }
    return [
        Part(
            name="transfer",
            plain=plain,
            fast=fast,
            flops=flops,
            bytes=traffic,
            sizes=sizes,
            check=check,
            plain_share=1 / SEEDS,
        )
    ]
