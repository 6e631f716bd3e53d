"""Training of many transfer classifiers side by side, equal to training each alone.

Classifiers of equal input width (seeds and representations alike) are trained as one stack, and
so are the baselines. On one thread no number depends on the models beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int

from hybridrep.networks.batches import InputSource, Place, Rows
from hybridrep.networks.loss import CrossEntropy
from hybridrep.networks.network import Shape, StackedNetwork
from hybridrep.networks.training import (
    STACK_MEMORY,
    Stack,
    block_width,
    check_rows,
    train_alike,
    width_on,
)
from hybridrep.studies.hybrid.transfer._embedding import Embeddings, Texts, distinct_words
from hybridrep.studies.hybrid.transfer.classifier import Classifier, ClassifierConfig, pooled_size

_MOST = 64  # models beyond which a wider stack gains nothing


@dataclass(frozen=True, eq=False)
class ClassifierData:
    """One classifier's data and randomness: a representation and the class (from 0) of every item.

    `init` draws the initial parameters, `order` shuffles the training rows at every epoch; both are
    advanced. Models may share one array.
    """

    inputs: Float[np.ndarray, "items inputs"]
    labels: Int[np.ndarray, " items"]
    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]
    init: torch.Generator
    order: np.random.Generator


@dataclass(frozen=True, eq=False)
class BaselineData:
    """One baseline's data and randomness; as `ClassifierData`, with words for a representation.

    Attributes:
        token_ids: token ids of every item, padded with 0.
        embedding: word vectors that the embeddings start from, one row an id; not changed.
    """

    token_ids: Int[np.ndarray, "items time"]
    embedding: Float[np.ndarray, "words dim"]
    labels: Int[np.ndarray, " items"]
    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]
    init: torch.Generator
    order: np.random.Generator


_Data = TypeVar("_Data", ClassifierData, BaselineData)


@dataclass(frozen=True, eq=False)
class ClassifierResult:
    """One trained classifier or baseline.

    Attributes:
        curves: one row an epoch: `epoch` from 1, `train_loss` (mean over the epoch's items as
            they were met), `test_loss` and `test_accuracy` (after the epoch).
        state: final parameters, named as in the module; a baseline's embeddings only if asked for.
    """

    curves: pd.DataFrame
    state: dict[str, np.ndarray]


@torch.inference_mode()
def train_classifiers(
    config: ClassifierConfig, models: Sequence[ClassifierData], *, block: int | None = None,
    dtype: torch.dtype = torch.float32, device: str = "cpu", memory: int = STACK_MEMORY,
) -> list[ClassifierResult]:  # fmt: skip
    """Train classifiers of any input widths, each on its own data, order and initialisation.

    Refuses arrays that do not fit each other and labels not below `config.classes`.

    Args:
        block: how many models of equal width make one batched product; without it, as many as
            the cache holds, on another device its memory. Only speed depends on it.
        dtype: of the arithmetic. Initial parameters are drawn in float32 in any case.
        device: where they are trained; what is drawn is drawn on the processor in any case.
        memory: bytes of another device than the processor for those that are trained at once.

    Raises:
        ExecutionError: another device than the processor has too little memory for one.
    """
    for number, model in enumerate(models):
        _check(config, number, model, len(model.inputs))
    results: dict[int, ClassifierResult] = {}
    for input_size in dict.fromkeys(model.inputs.shape[1] for model in models):
        same = [n for n, model in enumerate(models) if model.inputs.shape[1] == input_size]
        shape = _shape(input_size, config)
        alike = [models[number] for number in same]
        width = block or width_on(
            device, memory, shape, config.batch_size, max(m.inputs.size for m in alike), dtype,
            min(_MOST, block_width(shape.parameters)),
        )  # fmt: skip
        trained = _train(config, shape, alike, width, _rows, dtype, device)
        results.update(zip(same, trained, strict=True))
    return [results[number] for number in range(len(models))]


@torch.inference_mode()
def train_baselines(
    config: ClassifierConfig, models: Sequence[BaselineData], *, embeddings: bool = False,
    block: int | None = None, dtype: torch.dtype = torch.float32, device: str = "cpu",
    memory: int = STACK_MEMORY,
) -> list[ClassifierResult]:  # fmt: skip
    """Train baselines, which learn embeddings of their own; see `train_classifiers`.

    All have equally wide embeddings and equally many time steps. `embeddings` says whether the
    results hold the trained ones.
    """
    for number, model in enumerate(models):
        _check(config, number, model, len(model.token_ids))
    if not models:
        return []
    shapes = {(m.token_ids.shape[1], m.embedding.shape[1]) for m in models}
    if len(shapes) > 1:
        raise ValueError(f"baselines of several time steps and dimensions: {sorted(shapes)}")
    time_steps, dim = shapes.pop()

    def inputs_of(part: Sequence[BaselineData], dtype: torch.dtype, place: Place) -> Embeddings:
        texts = [Texts(m.token_ids, m.embedding, m.train, m.test) for m in part]
        return Embeddings(texts, config.pooling, config.learning_rate, dtype, place.device)

    shape = _shape(pooled_size(config.pooling, time_steps, dim), config)
    words = max(len(distinct_words(m.token_ids[m.train], len(m.embedding))) for m in models)
    # on a device: the table with Adam's moments and gradients, and the words of an epoch
    numbers = max(4 * m.embedding.size + 4 * m.token_ids.size for m in models)
    width = block or width_on(
        device, memory, shape, config.batch_size, numbers, dtype,
        min(_MOST, block_width(shape.parameters + words * dim)),
    )  # fmt: skip
    return _train(config, shape, models, width, inputs_of, dtype, device, embeddings)


def _rows(part: Sequence[ClassifierData], dtype: torch.dtype, place: Place) -> Rows:
    return Rows([each.inputs for each in part], dtype, place)


def _train(
    config: ClassifierConfig, shape: Shape, models: Sequence[_Data], width: int,
    inputs_of: Callable[[Sequence[_Data], torch.dtype, Place], InputSource], dtype: torch.dtype,
    device: str, embeddings: bool = False,
) -> list[ClassifierResult]:  # fmt: skip
    """Train models of one shape."""

    def stack_of(part: Sequence[int]) -> Stack:
        given, place = [models[number] for number in part], Place(device)
        initial = [Classifier(shape.sizes[0], config, m.init).linear_maps() for m in given]
        return Stack(
            network=StackedNetwork(shape, initial, config.learning_rate, dtype, place.device),
            inputs=inputs_of(given, dtype, place),
            loss=CrossEntropy([m.labels for m in given], dtype, place.device),
            train=np.stack([m.train for m in given]), test=np.stack([m.test for m in given]),
            orders=[m.order for m in given], batch_size=config.batch_size,
        )  # fmt: skip

    def result_of(stack: Stack, model: int, curves: pd.DataFrame) -> ClassifierResult:
        return ClassifierResult(curves, _state(stack, model, embeddings))

    rows = [(model.train, model.test) for model in models]
    return train_alike(rows, width, config.epochs, stack_of, result_of)


def _state(stack: Stack, model: int, embeddings: bool) -> dict[str, np.ndarray]:
    """Name one model's layers as its module does."""
    state, prefix = {}, "classifier." if stack.inputs.trainable else ""
    for name, layer in zip(("hidden", "output"), stack.network.linear_maps(model), strict=True):
        state[f"{prefix}{name}.weight"] = layer.weight.T.contiguous().numpy()
        state[f"{prefix}{name}.bias"] = layer.bias.numpy()
    if embeddings and isinstance(stack.inputs, Embeddings):
        state["embedding.weight"] = stack.inputs.embedding(model)
    return state


def _shape(input_size: int, config: ClassifierConfig) -> Shape:
    sizes = (input_size, config.hidden_size, config.classes)
    return Shape(sizes, (True, False), config.activation)


def _check(
    config: ClassifierConfig, number: int, model: ClassifierData | BaselineData, items: int
) -> None:
    if len(model.labels) != items:
        raise ValueError(f"model {number}: {items} items but {len(model.labels)} labels")
    check_rows(number, model.train, model.test)
    used = model.labels[np.concatenate([model.train, model.test])]
    if used.min() < 0 or used.max() >= config.classes:
        raise ValueError(f"model {number}: labels must be from 0 to {config.classes - 1}")
