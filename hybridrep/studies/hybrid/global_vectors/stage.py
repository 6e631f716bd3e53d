"""Global representations: the frozen encoder's [CLS] vector of every distinct text (3.1.2).

A corpus is cut into fixed chunks of its distinct texts, each its own result in the store: they
run side by side, a killed run goes on from the last chunk, and no seed computes a vector twice.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.sources.encoders.text import EncoderSource, distinct_chunks
from hybridrep.studies.hybrid.global_vectors.chunks import Chunk, chunk_of, compute
from hybridrep.studies.hybrid.inputs import CorpusInput, Inputs, read_corpus

CHUNK = 2048
"""Distinct texts a task: about five seconds of `minilm` on one core."""


def tasks(inputs: Inputs, store: Store) -> list[Task]:
    """One task per chunk of each corpus."""
    return [
        Task(
            stage="embed", label=f"embed {corpus.name} {number}", produces=(chunk.key,), needs=(),
            function=compute, payload=chunk, units=len(chunk.texts), noun="texts",
            seconds=len(chunk.texts) / 400,
        )
        for corpus in (inputs.emotion, inputs.hate)
        for number, chunk in enumerate(chunks(inputs, corpus, store), start=1)
    ]  # fmt: skip


def keys(inputs: Inputs, store: Store) -> tuple[str, ...]:
    """Keys of all chunks of both corpora."""
    return tuple(
        chunk.key
        for corpus in (inputs.emotion, inputs.hate)
        for chunk in chunks(inputs, corpus, store)
    )


def chunks(inputs: Inputs, corpus: CorpusInput, store: Store) -> tuple[Chunk, ...]:
    """Cut the distinct texts of a corpus into chunks with their keys."""
    return _chunks(store, corpus.key, inputs.encoder)


@lru_cache(maxsize=8)
def _chunks(store: Store, corpus_key: str, encoder: EncoderSource) -> tuple[Chunk, ...]:
    corpus = read_corpus(store, corpus_key)
    return tuple(chunk_of(encoder, texts) for texts in distinct_chunks(corpus.texts, CHUNK))


@lru_cache(maxsize=4)
def global_vectors(store: Store, inputs: Inputs, name: str) -> np.ndarray:
    """Return the global vectors of a corpus, float32 [items, hidden_size], in its order.

    Args:
        name: `emotion` or `hate`.
    """
    corpus = inputs.emotion if name == "emotion" else inputs.hate
    texts = read_corpus(store, corpus.key).texts
    parts = chunks(inputs, corpus, store)
    rows = {text: row for row, text in enumerate(t for part in parts for t in part.texts)}
    vectors = np.concatenate(
        [store.open(part.key).arrays("global")["vectors"] for part in parts], axis=0
    )
    return vectors[[rows[text] for text in texts]]
