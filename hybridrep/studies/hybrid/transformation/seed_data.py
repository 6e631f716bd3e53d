"""What a seed's transformations read: both representations of the emotion corpus, and its rows.

The autoencoders, their linear baseline and RSA all start from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridrep.execution.store import Store
from hybridrep.studies.hybrid.global_vectors import stage as embed
from hybridrep.studies.hybrid.inputs import Inputs, read_corpus
from hybridrep.studies.hybrid.task_specific import stage as lstm
from hybridrep.studies.hybrid.tweets.rows import EmotionRows, emotion_rows


def data_key(inputs: Inputs, store: Store, seed: int) -> dict[str, object]:
    """Return everything that `seed_data` depends on, for the keys of what is made from it."""
    return {
        "seed": seed,
        "global": [chunk.key for chunk in embed.chunks(inputs, inputs.emotion, store)],
        "lstm": lstm.network_key(inputs, seed),
        "items": inputs.config.items_per_emotion,
    }


@dataclass(frozen=True, eq=False)
class SeedData:
    """What a seed's autoencoders read, as rows of the emotion corpus."""

    seed: int
    rows: EmotionRows
    global_: np.ndarray
    task_specific: np.ndarray

    def sides(self, direction: str) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of a direction, float32 [tweets, size]."""
        both = (self.global_, self.task_specific)
        return both if direction == "bert_to_lstm" else both[::-1]


def seed_data(store: Store, inputs: Inputs, seed: int) -> SeedData:
    """Read a seed's two representations of the emotion corpus and its rows."""
    corpus = read_corpus(store, inputs.emotion.key)
    vectors = store.open(lstm.vectors_key(inputs, seed)).arrays("vectors")["emotion"]
    return SeedData(
        seed,
        emotion_rows(corpus, seed, inputs.config.items_per_emotion),
        embed.global_vectors(store, inputs, "emotion"),
        vectors,
    )
