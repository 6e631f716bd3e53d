"""How sure every correlation is: resamples of a seed's items, one result an autoencoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridrep.analysis.ceilings import class_profile
from hybridrep.analysis.inference.pair_weights import bootstrap_items
from hybridrep.analysis.inference.permutations import permutation_null
from hybridrep.randomness import generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import PAIRS, REPRESENTATIONS
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.transformation.stage import Variant

STAGE = Stage("inference", module=__name__, noun="autoencoders", entry="rsa")
RESAMPLES = 1_000
"""Bootstrap resamples, and permutations, of each seed's items."""


@declared_once
def node(study: Hybrid, variant: Variant, seed: int) -> Node:
    """Declare the resamples of a seed's similarity matrices for an autoencoder."""
    return STAGE.node(
        make, variant, seed, RESAMPLES, matrices=similarity.node(study, variant, seed),
        name=variant.place, seed=seed, seconds=0.6,
    )  # fmt: skip


def make(read: Reader, variant: Variant, seed: int, resamples: int) -> Made:
    """Draw bootstrap and permutation values of the six pairs, float64 [resamples, 6].

    Items are drawn within their class, as every seed has the same number of each. Beside them the
    mean similarities within and between classes of each representation, for the noise ceiling:
    float64 [4, classes * (classes + 1) / 2].
    """
    named, labels = similarity.read_matrices(read["matrices"])
    matrices = np.stack([named[name] for name in REPRESENTATIONS]).astype(np.float64)
    stream = ("inference", variant.direction, variant.bottleneck)
    pairs = sides(variant.direction)
    drawn = bootstrap_items(matrices, resamples, generator(seed, *stream, "items"), groups=labels)
    values = {
        "bootstrap": np.stack([drawn[:, i, j] for i, j in pairs], axis=1),
        "null": _null(matrices, pairs, resamples, generator(seed, *stream, "permutations")),
        "class_profiles": np.stack([class_profile(matrix, labels) for matrix in matrices]),
    }
    return Made(arrays={"resamples": values})


def sides(direction: str) -> list[tuple[int, int]]:
    """Return for each of `PAIRS` the places of its two sides among `REPRESENTATIONS`."""
    parts = ("input", "target", "bottleneck", "reconstructed")
    named = dict(zip(parts, roles(direction), strict=True))
    return [
        (REPRESENTATIONS.index(named[first]), REPRESENTATIONS.index(named[second]))
        for first, second in (pair.split("_vs_") for pair in PAIRS)
    ]


def _null(
    matrices: np.ndarray, pairs: Sequence[tuple[int, int]], resamples: int, rng: np.random.Generator
) -> np.ndarray:
    """Permute the items of each pair's first side; a matrix is permuted once for all its pairs."""
    null = np.full((resamples, len(pairs)), np.nan)
    for first in sorted({side for side, _ in pairs}):
        mine = [place for place, (side, _) in enumerate(pairs) if side == first]
        others = matrices[[pairs[place][1] for place in mine]]
        null[:, mine] = permutation_null(matrices[first], others, resamples, rng)
    return null
