"""A chunk of distinct texts and the frozen encoder's vectors of them.

A module of its own, so that its key covers the code that makes a vector and no other.
"""

from __future__ import annotations

from hybridrep.parameters import CPU
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.sources.encoders.text import EncoderSource, Reading, embed_texts

STAGE = Stage("embed", module=__name__, noun="texts")


def node(
    encoder: EncoderSource, reading: Reading, texts: tuple[str, ...], name: str, device: str = CPU
) -> Node:
    """Declare the vectors of some distinct texts of a corpus."""
    return STAGE.node(
        make, encoder, reading, texts, name=name, units=len(texts), seconds=len(texts) / 400,
        device=device,
        about={"encoder": encoder.description, "vector": reading.words, "texts": len(texts)},
    )  # fmt: skip


def make(read: Reader, encoder: EncoderSource, reading: Reading, texts: tuple[str, ...]) -> Made:
    """Embed texts: float32 [texts, hidden_size], in their order."""
    return Made(arrays={"global": {"vectors": embed_texts(encoder, texts, reading, read.device)}})
