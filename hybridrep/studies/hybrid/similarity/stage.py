"""Similarity matrices of the model saved at half of the epochs, and their correlations (3.2.1).

One result a seed and autoencoder. The correlations are those that the trajectory holds at that
epoch: nothing is computed twice.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from hybridrep.analysis.similarity import cosine_similarity
from hybridrep.execution.stored import StoredResult
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import REPRESENTATIONS
from hybridrep.studies.hybrid.pairs import roles
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.seed_data import data_nodes, seed_data
from hybridrep.studies.hybrid.transformation.stage import Variant

STAGE = Stage("rsa", module=__name__, noun="autoencoders")
FILE = "similarity_matrices.npz"


@declared_once
def node(study: Hybrid, variant: Variant, seed: int) -> Node:
    """Declare a seed's similarity matrices for an autoencoder."""
    return STAGE.node(
        make, variant, seed, study.inputs.config.items_per_emotion,
        autoencoder=transformation.node(study, variant, seed), **data_nodes(study, seed),
        name=variant.place, seed=seed, seconds=0.7,
        about={"seed": seed, "direction": variant.direction, "b": variant.bottleneck},
    )  # fmt: skip


def make(read: Reader, variant: Variant, seed: int, per_emotion: int) -> Made:
    """Compute the four similarity matrices of the paper's test items.

    `similarity_matrices.npz` holds the four of `REPRESENTATIONS`, float32 [items, items],
    `labels` int64 [items] and `items`, the rows of the emotion corpus.
    """
    from hybridrep.transforms.stacked import apply_autoencoder

    data = seed_data(read, seed, per_emotion)
    items = data.rows.items["test"]
    sources, targets = (side[items] for side in data.sides(variant.direction))
    network = transformation.network(variant, (sources.shape[1], targets.shape[1]))
    layers = apply_autoencoder(network, read["autoencoder"].arrays("half"), sources)
    named = dict(zip(roles(variant.direction), (sources, targets, *layers), strict=True))
    matrices = {name: cosine_similarity(named[name]).astype(np.float32) for name in REPRESENTATIONS}
    return Made(files={FILE: _npz({**matrices, "labels": data.labels[items], "items": items})})


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def read_matrices(result: StoredResult) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the matrices of a stored result by their names, and the labels of their items."""
    with np.load(result.file(FILE), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in REPRESENTATIONS}, arrays["labels"]
