"""Whether an encoder can be used at all: loaded and run once, before any task waits for it."""

from __future__ import annotations

from hybridrep.execution.store import Store
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.encoders.text import PACKAGED, EncoderSource, try_encoder

STAGE = Stage("encoder_tried", module=__name__)


def keep_trial(store: Store, encoder: EncoderSource) -> None:
    """Try an encoder that somebody gives; the answer is kept for all later runs.

    Raises:
        EncoderError: it cannot be used as it is.
    """
    if encoder.source == PACKAGED:  # whose files are known by their checksum
        return

    def make() -> Made:
        return Made(meta={"longest": try_encoder(encoder)})

    STAGE.keep(store, STAGE.key(encoder), make, {"encoder": encoder.description})
