"""What a seed's transformations read: both representations of the emotion corpus, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridrep.running.stage import Reader
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import Hybrid, read_corpus
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.tweets.rows import EmotionRows, emotion_rows


def data_nodes(study: Hybrid, seed: int) -> dict[str, Any]:
    """Return what `seed_data` reads, for the declaration of what is made from it.

    In the key stands the LSTM alone (or the given vectors), not its vectors: these are filed with
    those of the new task, and another corpus there trains no autoencoder again.
    """
    return {
        "chunks": global_vectors.chunk_nodes(study, study.inputs.emotion),
        "lstm": task_specific.origin(study, seed),
        "reads": {
            "corpus": study.inputs.emotion.key,
            "vectors": task_specific.vectors_node(study, seed),
        },
    }


@dataclass(frozen=True, eq=False)
class SeedData:
    """What a seed's autoencoders read, as rows of the emotion corpus."""

    seed: int
    rows: EmotionRows
    labels: np.ndarray
    representations: Mapping[str, np.ndarray]

    def sides(self, direction: str) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of a direction, float32 [tweets, size]."""
        both = self.representations["global"], self.representations["task_specific"]
        return both if direction == "bert_to_lstm" else both[::-1]


def seed_data_of(study: Hybrid, seed: int) -> SeedData:
    """Read a seed's data outside of a stage."""
    nodes = data_nodes(study, seed)
    read = Reader.of(study.store, chunks=nodes["chunks"], **nodes["reads"])
    return seed_data(read, seed, study.config.items_per_emotion)


def seed_data(read: Reader, seed: int, per_emotion: int) -> SeedData:
    """Read a seed's two representations of the emotion corpus and its rows."""
    corpus = read_corpus(read.store, read.key("corpus"))
    both = {
        "global": global_vectors.global_vectors(
            read.store, read.key("corpus"), read.keys["chunks"]
        ),
        "task_specific": read["vectors"].arrays("vectors")["emotion"],
    }
    return SeedData(seed, emotion_rows(corpus, seed, per_emotion), corpus.labels, both)
