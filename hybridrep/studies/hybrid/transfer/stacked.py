"""Training of many transfer classifiers side by side, equal to training each alone.

Classifiers of equal input width (seeds and representations alike) are trained as one stack, and
so are the baselines. On one thread no number depends on the models beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int

from hybridrep.networks.batches import InputSource, Rows
from hybridrep.networks.loss import CrossEntropy
from hybridrep.networks.network import Shape, StackedNetwork
from hybridrep.networks.training import (
    Bench,
    Stack,
    block_width,
    check_rows,
    of_equal_counts,
    share_evenly,
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
    dtype: torch.dtype = torch.float32,
) -> list[ClassifierResult]:  # fmt: skip
    """Train classifiers of any input widths, each on its own data, order and initialisation.

    Refuses arrays that do not fit each other and labels not below `config.classes`.

    Args:
        block: how many models of equal width make one batched product; without it, as many as
            the cache holds. Only speed depends on it.
        dtype: of the arithmetic. Initial parameters are drawn in float32 in any case.
    """
    for number, model in enumerate(models):
        _check(config, number, model, len(model.inputs))
    results: dict[int, ClassifierResult] = {}
    for input_size in dict.fromkeys(model.inputs.shape[1] for model in models):
        same = [n for n, model in enumerate(models) if model.inputs.shape[1] == input_size]

        def inputs_of(part: Sequence[int]) -> Rows:
            return Rows([models[number].inputs for number in part], dtype)

        width = block or _block(_shape(input_size, config).parameters)
        results.update(_train(config, models, same, input_size, width, inputs_of, dtype))
    return [results[number] for number in range(len(models))]


@torch.inference_mode()
def train_baselines(
    config: ClassifierConfig, models: Sequence[BaselineData], *, embeddings: bool = False,
    block: int | None = None, dtype: torch.dtype = torch.float32,
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
    sources: dict[int, tuple[Embeddings, int]] = {}

    def inputs_of(part: Sequence[int]) -> Embeddings:
        given = [models[number] for number in part]
        texts = [Texts(m.token_ids, m.embedding, m.train, m.test) for m in given]
        made = Embeddings(texts, config.pooling, config.learning_rate, dtype)
        if embeddings:
            sources.update((number, (made, place)) for place, number in enumerate(part))
        return made

    input_size = pooled_size(config.pooling, time_steps, dim)
    words = max(len(distinct_words(m.token_ids[m.train], len(m.embedding))) for m in models)
    width = block or _block(_shape(input_size, config).parameters + words * dim)
    results = _train(config, models, range(len(models)), input_size, width, inputs_of, dtype)
    for number, (source, place) in sources.items():
        results[number].state["embedding.weight"] = source.embedding(place)
    return [results[number] for number in range(len(models))]


def _train(
    config: ClassifierConfig, models: Sequence[ClassifierData] | Sequence[BaselineData],
    chosen: Sequence[int], input_size: int, width: int,
    inputs_of: Callable[[Sequence[int]], InputSource], dtype: torch.dtype,
) -> dict[int, ClassifierResult]:  # fmt: skip
    """Train the chosen models, all of one input width, block after block."""
    results: dict[int, ClassifierResult] = {}
    train, test = [models[n].train for n in chosen], [models[n].test for n in chosen]
    for equal in of_equal_counts(train, test):
        for part in share_evenly([chosen[place] for place in equal], width):
            given = [models[number] for number in part]
            initial = [Classifier(input_size, config, each.init).linear_maps() for each in given]
            shape = _shape(input_size, config)
            stack = Stack(
                network=StackedNetwork(shape, initial, config.learning_rate, dtype),
                inputs=inputs_of(part), loss=CrossEntropy([each.labels for each in given], dtype),
                train=np.stack([each.train for each in given]),
                test=np.stack([each.test for each in given]), orders=[each.order for each in given],
                batch_size=config.batch_size,
            )  # fmt: skip
            results.update(zip(part, _run(config, stack), strict=True))
    return results


def _run(config: ClassifierConfig, stack: Stack) -> list[ClassifierResult]:
    """Train all epochs of one stack."""
    bench = Bench.of(stack.network, stack.batch_size)
    prefix = "classifier." if stack.inputs.trainable else ""
    epochs = [(stack.train_epoch(bench), *stack.measure(bench)) for _ in range(config.epochs)]
    curves = np.array(epochs).transpose(2, 0, 1)
    return [
        ClassifierResult(
            pd.DataFrame(curve, columns=["train_loss", "test_loss", "test_accuracy"]).assign(
                epoch=np.arange(1, config.epochs + 1)
            )[["epoch", "train_loss", "test_loss", "test_accuracy"]],
            _state(stack.network, model, prefix),
        )
        for model, curve in enumerate(curves)
    ]


def _state(network: StackedNetwork, model: int, prefix: str) -> dict[str, np.ndarray]:
    """Name one model's layers as its module does."""
    state = {}
    for name, layer in zip(("hidden", "output"), network.linear_maps(model), strict=True):
        state[f"{prefix}{name}.weight"] = layer.weight.T.contiguous().numpy()
        state[f"{prefix}{name}.bias"] = layer.bias.numpy()
    return state


def _shape(input_size: int, config: ClassifierConfig) -> Shape:
    sizes = (input_size, config.hidden_size, config.classes)
    return Shape(sizes, (True, False), config.activation)


def _block(parameters: int) -> int:
    return min(_MOST, block_width(parameters))


def _check(
    config: ClassifierConfig, number: int, model: ClassifierData | BaselineData, items: int
) -> None:
    if len(model.labels) != items:
        raise ValueError(f"model {number}: {items} items but {len(model.labels)} labels")
    check_rows(number, model.train, model.test)
    used = model.labels[np.concatenate([model.train, model.test])]
    if used.min() < 0 or used.max() >= config.classes:
        raise ValueError(f"model {number}: labels must be from 0 to {config.classes - 1}")
