"""Fused representations on the new task, in the way of the paper's seven.

A task trains the classifiers of a group of seeds and of all fusions; those of equal input width
are one stack. Each has random streams of its own, so no other number depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.fusion.methods import METHODS
from hybridrep.studies.hybrid.fusion.stage import Fusion
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transfer.items import Items, items_of, train_representations
from hybridrep.studies.hybrid.tweets.rows import Duplicates

STAGE = Stage(
    "fused_transfer", module=__name__, noun="classifiers", entry="fuse", title="fused transfer"
)


@declared_once
def node(study: Hybrid, fusion: Fusion, seed: int) -> Node:
    """Declare a seed's classifiers on one fusion, at each of the study's sizes that it has."""
    inputs, config = study.inputs, study.config
    sizes = tuple(size for size in fusion.sizes if size in (0, *config.bottlenecks))
    return STAGE.node(
        train, fusion, sizes, config.transfer_epochs, config.duplicates, seed,
        chunks=global_vectors.chunk_nodes(study, inputs.hate),
        vectors=task_specific.vectors_node(study, seed), fused=fusing.node(study, fusion, seed),
        reads={"corpus": inputs.hate.key}, name=fusion.place, seed=seed, stack="fused",
        units=len(sizes), device=config.device, seconds=0.05 * config.transfer_epochs * len(sizes),
        about={"seed": seed, "method": fusion.method, "b": fusion.size},
    )  # fmt: skip


def nodes(study: Hybrid, seed: int) -> list[Node]:
    """Declare a seed's classifiers on all fusions; none where vectors lack the new task."""
    fusions = fusing.fusions(study) if study.inputs.new_task else []
    return [node(study, fusion, seed) for fusion in fusions]


Asked = tuple[Reader, Fusion, tuple[int, ...], int, Duplicates, int]
"""What `train` is asked for: a reader, a fusion, the sizes, epochs, duplicates and the seed."""


def train(stack: Sequence[Asked]) -> Iterator[Made]:
    """Train the classifiers of a group of seeds on some fusions: the curves of each."""
    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig

    known: dict[int, Items] = {}
    for read, *_, duplicates, seed in stack:
        if seed not in known:
            known[seed] = items_of(read, seed, duplicates)
    config = ClassifierConfig(classes=known[stack[0][5]].classes, epochs=stack[0][3])
    curves: list[list[pd.DataFrame]] = [[] for _ in stack]
    for size in dict.fromkeys(size for _, _, sizes, *_ in stack for size in sizes):
        places = [place for place, (_, _, sizes, *_) in enumerate(stack) if size in sizes]
        items = [known[stack[place][5]] for place in places]
        vectors = [
            {METHODS[stack[place][1].method].representation: _fused(stack[place], mine, size)}
            for place, mine in zip(places, items, strict=True)
        ]
        trained = train_representations(config, size, items, vectors, stack[0][0].device)
        for place, tables in zip(places, trained, strict=True):
            curves[place] += [table.assign(bottleneck=size) for table in tables]
    for tables in curves:
        yield Made(tables={"curves": pd.concat(tables, ignore_index=True)})


def _fused(asked: Asked, items: Items, size: int) -> np.ndarray:
    """Return what a fusion makes of a seed's tweets, float32, its first `size` units if nested."""
    read, fusion = asked[0], asked[1]
    transform = fusing.read_transform(read, read.key("fused"))
    made = transform.apply(*items.sides("bert_to_lstm"))
    units = size if fusion.prefixes else made.shape[1]
    return np.ascontiguousarray(made[:, :units], dtype=np.float32)
