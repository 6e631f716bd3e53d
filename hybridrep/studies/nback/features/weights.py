"""The packaged vision model's weights, taken out of their pickle once and kept as safetensors."""

from __future__ import annotations

from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.sources.encoders.image import ImageEncoderSource, packaged_weights

STAGE = Stage("nback_backbone", module=__name__, noun="models", entry="nback_stimuli")


def nodes(backbone: ImageEncoderSource) -> tuple[Node, ...]:
    """Declare the weights of a packaged model; those of a folder are read where they lie."""
    if backbone.kind != "packaged":
        return ()
    return (STAGE.node(make, backbone.fingerprint, about={"model": backbone.description}),)


def make(read: Reader, fingerprint: str) -> Made:
    """Read the weights that the fingerprint is of; `packaged_weights` checks them."""
    return Made(arrays={"weights": packaged_weights()})
