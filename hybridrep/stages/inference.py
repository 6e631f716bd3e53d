"""How sure every correlation is: resamples of a seed's items, filed, then joined over seeds.

A task resamples the stored similarity matrices of one seed and autoencoder; the study's table
joins them to intervals over items, over seeds and over both, a permutation test and the noise
ceiling.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from hybridrep.analysis.inference import (
    bootstrap_items,
    permutation_null,
    permutation_p,
    study_intervals,
)
from hybridrep.analysis.names import PAIRS, REPRESENTATIONS
from hybridrep.analysis.noise_ceiling import class_profile, noise_ceiling
from hybridrep.analysis.rsa import roles
from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import rsa_values
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.randomness import generator
from hybridrep.stages import autoencode, rsa
from hybridrep.stages.autoencode import Variant
from hybridrep.stages.inputs import Inputs
from hybridrep.stages.rsa import MatricesTask, tasks_per_autoencoder

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


def inference_table(
    inputs: Inputs, store: Store, tables: StudyTables, seeds: Sequence[int]
) -> pd.DataFrame:
    """Join the resamples of complete seeds: one row per direction, bottleneck and pair.

    The permutation p is two-sided, as every other p of a report, and of the mean r over seeds: its
    null distribution is the mean over seeds of each seed's permuted values. The noise ceiling is
    the agreement between seeds on the class profile of the pair's second side (Nili et al. 2014):
    seeds have items of their own, so they can only agree on classes, and it is no upper bound for
    the r over items (`noise_ceiling`).
    """
    rows = []
    for variant in autoencode.variants(inputs):
        stored = [
            store.open(key(inputs, store, variant, seed)).arrays("resamples") for seed in seeds
        ]
        ceilings = [
            noise_ceiling(np.stack([each["class_profiles"][place] for each in stored]))
            for place in range(len(REPRESENTATIONS))
        ]
        sides = _sides(variant.direction)
        for number, pair in enumerate(PAIRS):
            values = rsa_values(tables, variant.direction, pair, variant.bottleneck)
            observed = values.loc[list(seeds)].to_numpy(np.float64)
            rng = generator(0, "inference", "seeds", variant.direction, variant.bottleneck, pair)
            drawn = np.stack([each["bootstrap"][:, number] for each in stored])
            intervals = study_intervals(observed, drawn, rng)
            null = np.mean([each["null"][:, number] for each in stored], axis=0)
            ceiling = ceilings[sides[number][1]]
            rows.append(
                {
                    "direction": variant.direction,
                    "bottleneck": variant.bottleneck,
                    "pair": pair,
                    "item_set": "test",
                    "n": len(seeds),
                    "estimate": intervals.items.estimate,
                    "items_low": intervals.items.low,
                    "items_high": intervals.items.high,
                    "seeds_low": intervals.seeds.low,
                    "seeds_high": intervals.seeds.high,
                    "both_low": intervals.both.low,
                    "both_high": intervals.both.high,
                    "permutation_p": permutation_p(float(observed.mean()), null),
                    "ceiling_lower": ceiling.lower,
                    "ceiling_upper": ceiling.upper,
                    "note": intervals.both.note or ceiling.note,
                }
            )
    return pd.DataFrame(rows)
