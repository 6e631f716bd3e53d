"""Similarity matrices of the model saved at half of the epochs, and their correlations (3.2.1).

One result a seed and autoencoder. The correlations are those that the trajectory holds at that
epoch: nothing is computed twice.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hybridrep.analysis.similarity import cosine_similarity
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task, TaskFunction
from hybridrep.studies.hybrid.inputs import Inputs, read_corpus
from hybridrep.studies.hybrid.names import REPRESENTATIONS
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.transformation import stage as autoencode
from hybridrep.studies.hybrid.transformation.seed_data import seed_data
from hybridrep.studies.hybrid.transformation.stage import Variant


@dataclass(frozen=True)
class MatricesTask:
    """One seed's autoencoder of a variant."""

    inputs: Inputs
    variant: Variant
    seed: int


def key(inputs: Inputs, store: Store, variant: Variant, seed: int) -> str:
    """Key of a seed's similarity matrices for an autoencoder."""
    return content_key(
        {
            "stage": "rsa",
            "code": code_version(__name__),
            "autoencoder": autoencode.key(inputs, store, variant, seed),
        }
    )


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """One task per seed and autoencoder."""
    return tasks_per_autoencoder(
        inputs, store, seeds, stage="rsa", function=compute, seconds=0.7,
        key=key, needs=autoencode.key,
    )  # fmt: skip


KeyOf = Callable[[Inputs, Store, Variant, int], str]
"""Gives the key of a seed's result for a variant."""


def tasks_per_autoencoder(
    inputs: Inputs,
    store: Store,
    seeds: Sequence[int],
    stage: str,
    function: TaskFunction,
    seconds: float,
    key: KeyOf,
    needs: KeyOf,
    noun: str = "autoencoders",
) -> list[Task]:
    """Return one task per seed and variant, which gets a `MatricesTask`.

    Args:
        inputs: of the study.
        store: where the results lie.
        seeds: the simulations.
        stage: its name.
        function: does the work.
        seconds: what one task takes.
        key: of the result that it makes.
        needs: of the result that it reads.
        noun: what the stage's progress counts.
    """
    return [
        Task(
            stage=stage,
            label=f"{stage} {variant.direction} b{variant.bottleneck} seed {seed}",
            produces=(key(inputs, store, variant, seed),),
            needs=(needs(inputs, store, variant, seed),),
            function=function,
            payload=MatricesTask(inputs, variant, seed),
            seconds=seconds,
            noun=noun,
        )
        for seed in seeds
        for variant in autoencode.variants(inputs)
    ]


def compute(store: Store, task: MatricesTask, missing: tuple[str, ...]) -> None:
    """Store the four similarity matrices of the paper's test items.

    `similarity_matrices.npz` holds the four of `REPRESENTATIONS`, float32 [items, items],
    `labels` int64 [items] and `items`, the rows of the emotion corpus.
    """
    from hybridrep.transforms.stacked import apply_autoencoder

    started = time.perf_counter()
    inputs, variant = task.inputs, task.variant
    data = seed_data(store, inputs, task.seed)
    trained = store.open(autoencode.key(inputs, store, variant, task.seed))
    items = data.rows.items["test"]
    sources, targets = (side[items] for side in data.sides(variant.direction))
    layers = apply_autoencoder(autoencode.network(inputs, variant), trained.arrays("half"), sources)
    named = dict(zip(roles(variant.direction), (sources, targets, *layers), strict=True))
    matrices = {name: cosine_similarity(named[name]).astype(np.float32) for name in REPRESENTATIONS}
    corpus = read_corpus(store, inputs.emotion.key)
    arrays = {**matrices, "labels": corpus.labels[items], "items": items}
    for result_key in missing:
        store.write(
            result_key, stage="rsa",
            inputs={"seed": task.seed, "direction": variant.direction, "b": variant.bottleneck},
            files={"similarity_matrices.npz": _npz(arrays)},
            code=(__name__,), seconds=time.perf_counter() - started,
        )  # fmt: skip


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
