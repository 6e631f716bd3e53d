"""Global representations: the frozen encoder's [CLS] vector of every distinct text (3.1.2).

A corpus is cut into fixed chunks of its distinct texts, each its own result in the store: they
run side by side, a killed run goes on from the last chunk, and no seed computes a vector twice.
Given vectors stand in the store already, as rows of their corpus.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from hybridrep.execution.store import Store
from hybridrep.running.stage import Node
from hybridrep.studies.hybrid.global_vectors import chunks
from hybridrep.studies.hybrid.inputs import CorpusInput, GivenVectors, Hybrid, read_corpus

if TYPE_CHECKING:
    from hybridrep.sources.encoders.text import EncoderSource, Reading

CHUNK = 2048
"""Distinct texts a task: about five seconds of `minilm` on one core."""


def nodes(study: Hybrid) -> list[Node]:
    """Declare the chunks of both corpora, as far as they are used; of given vectors none."""
    inputs = study.inputs
    corpora = (inputs.emotion, inputs.hate) if inputs.new_task else (inputs.emotion,)
    every = (node for corpus in corpora for node in chunk_nodes(study, corpus))
    return [node for node in every if isinstance(node, Node)]


def chunk_nodes(study: Hybrid, corpus: CorpusInput) -> tuple[Node | str, ...]:
    """Declare the chunks of a corpus' distinct texts; of given vectors return their key."""
    encoder = study.inputs.encoder
    if isinstance(encoder, GivenVectors):
        return (encoder.emotion_key if corpus.name == "emotion" else encoder.hate_key,)
    inputs = study.inputs
    return _chunk_nodes(
        study.store, corpus.name, corpus.key, encoder, inputs.reading, inputs.config.device
    )


@lru_cache(maxsize=8)
def _chunk_nodes(
    store: Store, name: str, key: str, encoder: EncoderSource, reading: Reading, device: str
) -> tuple[Node, ...]:
    parts = distinct_chunks(read_corpus(store, key).texts, CHUNK)
    return tuple(
        chunks.node(encoder, reading, texts, f"{name} {number}", device)
        for number, texts in enumerate(parts, 1)
    )


@lru_cache(maxsize=4)
def global_vectors(store: Store, corpus_key: str, chunk_keys: tuple[str, ...]) -> np.ndarray:
    """Return the global vectors of a corpus, float32 [items, hidden_size], in its order."""
    first = store.open(chunk_keys[0])
    if first.meta.get("of") == "items":
        return first.arrays("given")["vectors"]
    texts = read_corpus(store, corpus_key).texts
    parts = distinct_chunks(texts, CHUNK)
    rows = {text: row for row, text in enumerate(text for part in parts for text in part)}
    vectors = np.concatenate([store.open(key).arrays("global")["vectors"] for key in chunk_keys])
    return vectors[[rows[text] for text in texts]]


def distinct_chunks(texts: Iterable[str], size: int) -> list[tuple[str, ...]]:
    """Cut the distinct texts into chunks of at most `size` that can be embedded anywhere.

    Sorted by length, then by code points: the same set of texts always gives the same chunks,
    and a chunk's texts are of similar length.
    """
    if size < 1:
        raise ValueError(f"the size of a chunk must be 1 or above, not {size}")
    ordered = sorted(set(texts), key=lambda text: (len(text), text))
    return [tuple(ordered[start : start + size]) for start in range(0, len(ordered), size)]
