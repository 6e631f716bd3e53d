"""How sure every correlation is: resamples of a seed's items, filed, then joined over seeds.

A task resamples the stored similarity matrices of one seed and autoencoder; the study's table
joins them to intervals over items, over seeds and over both, a permutation test and the noise
ceiling.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from hybridrep.analysis.ceilings import class_profile
from hybridrep.analysis.inference import (
    bootstrap_items,
    permutation_null,
)
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.randomness import generator
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.names import PAIRS, REPRESENTATIONS
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.similarity import stage as rsa
from hybridrep.studies.hybrid.similarity.stage import MatricesTask, tasks_per_autoencoder
from hybridrep.studies.hybrid.transformation.stage import Variant

RESAMPLES = 1_000
"""Bootstrap resamples, and permutations, of each seed's items."""


def key(inputs: Inputs, store: Store, variant: Variant, seed: int) -> str:
    """Key of the resamples of a seed's similarity matrices for an autoencoder."""
    return content_key(
        {
            "stage": "inference",
            "code": code_version(__name__),
            "matrices": rsa.key(inputs, store, variant, seed),
            "resamples": RESAMPLES,
        }
    )


def tasks(inputs: Inputs, store: Store, seeds: Sequence[int]) -> list[Task]:
    """One task per seed and autoencoder."""
    return tasks_per_autoencoder(
        inputs, store, seeds, stage="inference", function=resample, seconds=0.6,
        key=key, needs=rsa.key,
    )  # fmt: skip


def resample(store: Store, task: MatricesTask, missing: tuple[str, ...]) -> None:
    """Store bootstrap and permutation values of the six pairs, float64 [resamples, 6].

    Items are drawn within their class, as every seed has the same number of each. Beside them the
    mean similarities within and between classes of each representation, for the noise ceiling:
    float64 [4, classes * (classes + 1) / 2].
    """
    started = time.perf_counter()
    variant = task.variant
    result = store.open(rsa.key(task.inputs, store, variant, task.seed))
    with np.load(result.file("similarity_matrices.npz"), allow_pickle=False) as arrays:
        labels = arrays["labels"]
        matrices = np.stack([arrays[name] for name in REPRESENTATIONS]).astype(np.float64)
    stream = ("inference", variant.direction, variant.bottleneck)
    pairs = _sides(variant.direction)
    drawn = bootstrap_items(
        matrices, RESAMPLES, generator(task.seed, *stream, "items"), groups=labels
    )
    null = _null(matrices, pairs, generator(task.seed, *stream, "permutations"))
    values = {
        "bootstrap": np.stack([drawn[:, i, j] for i, j in pairs], axis=1),
        "null": null,
        "class_profiles": np.stack([class_profile(matrix, labels) for matrix in matrices]),
    }
    for result_key in missing:
        store.write(
            result_key,
            stage="inference",
            inputs={"seed": task.seed},
            arrays={"resamples": values},
            code=(__name__,),
            seconds=time.perf_counter() - started,
        )


def _sides(direction: str) -> list[tuple[int, int]]:
    """Return for each of `PAIRS` the places of its two sides among `REPRESENTATIONS`."""
    parts = ("input", "target", "bottleneck", "reconstructed")
    named = dict(zip(parts, roles(direction), strict=True))
    return [
        (REPRESENTATIONS.index(named[first]), REPRESENTATIONS.index(named[second]))
        for first, second in (pair.split("_vs_") for pair in PAIRS)
    ]


def _null(
    matrices: np.ndarray, pairs: Sequence[tuple[int, int]], rng: np.random.Generator
) -> np.ndarray:
    """Permute the items of each pair's first side; a matrix is permuted once for all its pairs."""
    null = np.full((RESAMPLES, len(pairs)), np.nan)
    for first in sorted({side for side, _ in pairs}):
        mine = [place for place, (side, _) in enumerate(pairs) if side == first]
        others = matrices[[pairs[place][1] for place in mine]]
        null[:, mine] = permutation_null(matrices[first], others, RESAMPLES, rng)
    return null
