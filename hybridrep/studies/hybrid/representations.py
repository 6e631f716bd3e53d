"""The representations of a finished study as those of any origin, for whoever compares them.

The tweets are some that no seed was trained on where the corpus says what it trains on, the same
for all seeds; their ids are `emotion:1`, ..., as for vectors that are given.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from hybridrep.errors import ParameterError, StoreError
from hybridrep.parameters import resolve, shown, with_role
from hybridrep.running.invocation import check
from hybridrep.running.stage import Node
from hybridrep.sources.encoders.reading import Pooling, Reading
from hybridrep.sources.encoders.text import EncoderSource, embed_layers, embed_texts
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import Hybrid, read_corpus
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.tracking.server import open_server, readable_errors

LABEL = "emotion"
"""The items' column with their classes."""


class Asked(Protocol):
    """What is asked of a study."""

    @property
    def store(self) -> str:
        """Folder of finished results."""

    @property
    def encoder_pooling(self) -> Pooling:
        """How the encoder's tokens become one vector."""

    @property
    def encoder_layer(self) -> str:
        """Which layer: a number, `all`, or empty for the vectors that the study has."""


def representations(run_id: str, name: str, asked: Asked) -> list[Representation]:
    """Return the global vectors of a finished study, and the task-specific ones of each seed.

    Args:
        run_id: of the study's run.
        name: what it was asked for by, for messages and sources.
        asked: where results are, and how the encoder is to be read.

    Raises:
        HybridrepError: its data cannot be read any more, or its results are not in the store.
    """
    study = _study(run_id, asked.store)
    corpus = read_corpus(study.store, study.inputs.emotion.key)
    rows = tweets(corpus)
    ids = tuple(f"emotion:{row + 1}" for row in rows)
    labels = [corpus.label_names[corpus.labels[row]] for row in rows]
    items = pd.DataFrame({LABEL: labels}, index=list(ids))
    source = f"study:{name}"

    def made(called: str, values: np.ndarray, group: str, seed: int = -1) -> Representation:
        digest = study.inputs.emotion.fingerprint
        return Representation(
            called, "vectors", values, ids, source, digest, group, seed, items=items
        )

    found = [made(*each) for each in _global(study, corpus, rows, asked)]
    for seed in study.config.seeds:
        node = task_specific.vectors_node(study, seed)
        _need(study, node, name)
        values = study.open(node).arrays("vectors")["emotion"][rows]
        found.append(made(f"task_specific.s{seed}", values, "task_specific", seed))
    return found


def tweets(corpus: Corpus) -> np.ndarray:
    """Return the rows that are compared: outside of the corpus' own training split, or all."""
    outside = [row for row, split in enumerate(corpus.splits) if split != "train"]
    rows = outside if len(outside) < len(corpus) else range(len(corpus))
    return np.array(rows, dtype=np.int64)


def _study(run_id: str, store: str) -> Hybrid:
    """Check the study of a run, with the parameters that it was run with."""
    server = open_server("hybridrep")
    with readable_errors(server.uri, f"reading the configuration of the run {run_id}"):
        path = server.client.download_artifacts(run_id, "config.json")
        recorded = json.loads(Path(path).read_text("utf-8"))
    places = with_role(Config, "place")
    known = {n: v for n, v in recorded.items() if n in Config.model_fields and n not in places}
    found: Hybrid = check(HYBRID, resolve({**known, "store": store}, Config))
    return found


def _global(
    study: Hybrid, corpus: Corpus, rows: np.ndarray, asked: Asked
) -> list[tuple[str, np.ndarray, str]]:
    encoder = study.inputs.encoder
    usual = not asked.encoder_layer and asked.encoder_pooling == "cls"
    if usual or not isinstance(encoder, EncoderSource):
        if not usual:
            raise ParameterError(
                "parameters encoder_pooling and encoder_layer: the study's global vectors were "
                f"given ({shown(study.config.encoder)}) and have neither tokens nor layers"
            )
        nodes = global_vectors.chunk_nodes(study, study.inputs.emotion)
        for node in nodes:
            if isinstance(node, Node):
                _need(study, node, study.config.study)
        keys = tuple(each.key if isinstance(each, Node) else each for each in nodes)
        every = global_vectors.global_vectors(study.store, study.inputs.emotion.key, keys)
        return [("global", every[rows], "global")]
    texts = [corpus.texts[row] for row in rows]
    if asked.encoder_layer == "all":
        layers = embed_layers(encoder, texts, asked.encoder_pooling)
        return [
            (f"global.layer{layer}", np.ascontiguousarray(layers[:, layer]), f"global.layer{layer}")
            for layer in range(layers.shape[1])
        ]
    reading = Reading(asked.encoder_pooling, int(asked.encoder_layer or -1))
    return [("global", embed_texts(encoder, texts, reading), "global")]


def _need(study: Hybrid, node: Node, name: str) -> None:
    if not study.has(node):
        raise StoreError(
            f"the study {name!r} has results in MLflow, but {node.stage.name} of it is not in the "
            f"store {study.store.root}: run `make full` with its parameters again"
        )
