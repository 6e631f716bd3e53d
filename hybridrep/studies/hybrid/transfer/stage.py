"""Seven representations on a new task: a two-layer network on frozen vectors (section 3.3).

A task trains the classifiers of a group of seeds, those of equal input size as one stack. Those
that need no autoencoder are filed apart, so another bottleneck size does not train them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hybridrep.execution.devices import stack_memory
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import Hybrid, read_tokens
from hybridrep.studies.hybrid.names import BASELINE, SIZED, UNSIZED
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transfer.items import Items, items_of, train_representations
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.tweets.rows import Duplicates

if TYPE_CHECKING:
    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig

STAGE = Stage("transfer", module=__name__, noun="classifiers")


@dataclass(frozen=True)
class Tested:
    """What is tested of a seed, and how.

    Attributes:
        variants: the autoencoders whose two layers are tested; none: the representations that
            need none (baseline, LSTM, BERT).
        pooling: how the baseline pools its words; empty where it is not among the tested.
    """

    variants: tuple[Variant, ...]
    epochs: int
    duplicates: Duplicates
    pooling: str

    @property
    def bottleneck(self) -> int:
        """Size of the autoencoders; 0 where none is needed."""
        return self.variants[0].bottleneck if self.variants else 0


@declared_once
def node(study: Hybrid, bottleneck: int, seed: int) -> Node:
    """Declare a seed's classifiers at a bottleneck size; 0: those that need no autoencoder."""
    inputs, config = study.inputs, study.inputs.config
    variants = tuple(v for v in transformation.variants(study) if v.bottleneck == bottleneck)
    pooling = "" if bottleneck else config.baseline_pooling
    return STAGE.node(
        train, Tested(variants, config.transfer_epochs, config.duplicates, pooling), seed,
        chunks=global_vectors.chunk_nodes(study, inputs.hate),
        vectors=task_specific.vectors_node(study, seed),
        autoencoders=[transformation.node(study, variant, seed) for variant in variants],
        reads={"corpus": inputs.hate.key, "tokens": inputs.hate.tokens_key},
        name=f"b{bottleneck}", seed=seed, stack=f"b{bottleneck}", device=config.device,
        units=len(SIZED if bottleneck else UNSIZED), seconds=0.05 * config.transfer_epochs,
        about={"seed": seed, "bottleneck": bottleneck},
    )  # fmt: skip


def train(stack: Sequence[tuple[Reader, Tested, int]]) -> Iterator[Made]:
    """Train the classifiers of a group of seeds: the curves of each seed's."""
    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig

    tested, device = stack[0][1], stack[0][0].device
    items = [items_of(read, seed, tested.duplicates) for read, _, seed in stack]
    settings: dict[str, Any] = {"pooling": tested.pooling} if tested.pooling else {}
    config = ClassifierConfig(classes=items[0].classes, epochs=tested.epochs, **settings)
    if tested.variants:
        vectors = [
            _layers(read, tested, mine) for (read, _, _), mine in zip(stack, items, strict=True)
        ]
        curves = train_representations(config, tested.bottleneck, items, vectors, device)
    else:
        vectors = [{"lstm": mine.task_specific, "bert": mine.global_} for mine in items]
        curves = train_representations(config, 0, items, vectors, device)
        for mine, baseline in zip(
            curves, _train_baselines(stack[0][0], config, items), strict=True
        ):
            mine.insert(0, baseline)
    for tables in curves:
        yield Made(tables={"curves": pd.concat(tables, ignore_index=True)})


def _layers(read: Reader, tested: Tested, items: Items) -> dict[str, np.ndarray]:
    """Both layers of both autoencoders, from the models saved at half of the epochs."""
    from hybridrep.transforms.stacked import apply_autoencoder

    layers = {}
    for variant, key in zip(tested.variants, read.keys["autoencoders"], strict=True):
        source, target = items.sides(variant.direction)
        bottleneck, reconstructed = apply_autoencoder(
            transformation.network(variant, (source.shape[1], target.shape[1])),
            read.store.open(key).arrays("half"), source, device=read.device,
        )  # fmt: skip
        layers[f"{variant.direction}_bottleneck"] = bottleneck
        layers[f"{variant.direction}_reconstructed"] = reconstructed
    return layers


def _train_baselines(
    read: Reader, config: ClassifierConfig, items: Sequence[Items]
) -> list[pd.DataFrame]:
    from hybridrep.studies.hybrid.transfer.stacked import BaselineData, train_baselines

    tokens = read_tokens(read.store, read.key("tokens"))
    models = [
        BaselineData(tokens.batch.token_ids[m.rows], tokens.vectors, *m.given(BASELINE, 0))
        for m in items
    ]
    results = train_baselines(config, models, device=read.device, memory=stack_memory(read.device))
    return [result.curves.assign(representation=BASELINE) for result in results]
