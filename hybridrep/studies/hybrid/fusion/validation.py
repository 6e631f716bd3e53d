"""What a fusion gives on the new task without its test tweets: for choices between fusions.

A fifth of each seed's training tweets of the new task is held out, in proportion to the classes,
and a classifier is trained on the others, as on the new task itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from hybridrep.randomness import generator
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
    "fused_validation", module=__name__, noun="classifiers", entry="fuse_sweep",
    title="fused validation",
)  # fmt: skip
HELD_OUT = 5
"""One training tweet of the new task in so many is held out."""


@declared_once
def node(study: Hybrid, fusion: Fusion, seed: int) -> Node:
    """Declare a seed's classifier on a fusion, tested on held-out training tweets."""
    inputs, config = study.inputs, study.config
    return STAGE.node(
        train, fusion, config.transfer_epochs, config.duplicates, seed,
        chunks=global_vectors.chunk_nodes(study, inputs.hate),
        vectors=task_specific.vectors_node(study, seed), fused=fusing.node(study, fusion, seed),
        reads={"corpus": inputs.hate.key}, name=fusion.place, seed=seed, stack="validated",
        device=config.device, seconds=0.05 * config.transfer_epochs,
        about={"seed": seed, "method": fusion.method, "b": fusion.size},
    )  # fmt: skip


Asked = tuple[Reader, Fusion, int, Duplicates, int]
"""What `train` is asked for: a reader, a fusion, epochs, duplicates and the seed."""


def train(stack: Sequence[Asked]) -> Iterator[Made]:
    """Train a classifier for each: its curves, whose test loss is that on held-out tweets."""
    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig

    items = [without_test(items_of(read, seed, kept)) for read, _, _, kept, seed in stack]
    config = ClassifierConfig(classes=items[0].classes, epochs=stack[0][2])
    for (read, fusion, *_), mine in zip(stack, items, strict=True):
        transform = fusing.read_transform(read, read.key("fused"))
        vectors = transform.apply(*mine.sides("bert_to_lstm")).astype(np.float32)
        name = METHODS[fusion.method].representation
        ((curves,),) = train_representations(
            config, fusion.size, [mine], [{name: vectors}], read.device
        )
        yield Made(tables={"curves": curves})


def without_test(items: Items) -> Items:
    """Return a seed's training tweets alone, a fifth of each class at the end to be tested on."""
    rng = generator(items.seed, "fused_validation", "split")
    held = []
    for label in range(items.classes):
        mine = np.flatnonzero(items.labels[: items.train] == label)
        held.append(rng.permutation(mine)[: max(1, len(mine) // HELD_OUT)])
    tested = np.sort(np.concatenate(held))
    order = np.concatenate([np.setdiff1d(np.arange(items.train), tested), tested])
    return replace(
        items, rows=items.rows[order], labels=items.labels[order], train=len(order) - len(tested),
        task_specific=items.task_specific[order], global_=items.global_[order],
    )  # fmt: skip
