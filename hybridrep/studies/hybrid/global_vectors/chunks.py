"""A chunk of distinct texts and the frozen encoder's vectors of them.

A module of its own, so that its key covers the code that makes a vector and no other: nothing
else here takes as long, or depends on as little.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.sources.encoders.text import EncoderSource, embed_texts


@dataclass(frozen=True)
class Chunk:
    """Some distinct texts of a corpus and the key of their vectors."""

    key: str
    encoder: EncoderSource
    texts: tuple[str, ...]


def chunk_of(encoder: EncoderSource, texts: Sequence[str]) -> Chunk:
    """Return a chunk with its key."""
    key = content_key(
        {
            "stage": "embed",
            "code": code_version(__name__),
            "encoder": encoder.fingerprint,
            "texts": tuple(texts),
        }
    )
    return Chunk(key, encoder, tuple(texts))


def compute(store: Store, chunk: Chunk, missing: tuple[str, ...]) -> None:
    """Embed a chunk's texts and store them as float32 [texts, hidden_size], in its order."""
    started = time.perf_counter()
    vectors = embed_texts(chunk.encoder, chunk.texts)
    for key in missing:
        store.write(
            key, stage="embed",
            inputs={"encoder": chunk.encoder.description, "texts": len(chunk.texts)},
            arrays={"global": {"vectors": vectors}}, code=(__name__,),
            seconds=time.perf_counter() - started,
        )  # fmt: skip
