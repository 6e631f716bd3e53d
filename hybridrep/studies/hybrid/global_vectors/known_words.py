"""Whether an encoder knows the words of the corpora: unknown ones are all one token to it."""

from __future__ import annotations

from collections.abc import Mapping

from hybridrep.errors import EncoderError
from hybridrep.execution.store import Store
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.encoders.text import PACKAGED, EncoderSource, known_share
from hybridrep.sources.texts.corpus import Corpus

STAGE = Stage("encoder_words", module=__name__)

KNOWN = "encoder_knows"
"""The note of a corpus on the share of its tokens that the encoder knows; None: not asked."""

FEW = 0.5
"""Below this share of known tokens most of what an encoder reads says nothing to it."""


def known_shares(store: Store, encoder: EncoderSource, *corpora: Corpus) -> dict[str, float]:
    """Return which share of each corpus' tokens an encoder knows, by the corpus' name.

    The answers are kept for all later runs. The packaged encoder is not asked of the samples.

    Raises:
        EncoderError: it knows no word of a corpus.
    """
    asked = [one for one in corpora if encoder.source != PACKAGED or not one.synthetic]
    shares = {corpus.name: _kept_share(store, encoder, corpus) for corpus in asked}
    for corpus in asked:
        if not shares[corpus.name]:
            raise EncoderError(
                f"The encoder {encoder.description} knows no word of the {corpus.name} corpus "
                f"({corpus.source}): its tokenizer makes one unknown token of each, so that texts "
                "differ by their length alone. Give an encoder of the corpus' language and script."
            )
    return shares


def few_known(shares: Mapping[str, float]) -> list[str]:
    """Return a sentence for each corpus of which less than half of the tokens are known.

    >>> few_known({"emotion": 0.98, "hate": 0.114})
    ['The encoder knows 11% of the tokens of the hate corpus; the others are all one unknown token \
to it.']
    """
    return [
        f"The encoder knows {share:.0%} of the tokens of the {name} corpus; the others are all one "
        "unknown token to it."
        for name, share in shares.items()
        if share < FEW
    ]


def _kept_share(store: Store, encoder: EncoderSource, corpus: Corpus) -> float:
    def make() -> Made:
        return Made(meta={"known": known_share(encoder, corpus.texts)})

    about = {"encoder": encoder.description, "corpus": corpus.fingerprint}
    kept = STAGE.keep(store, STAGE.key(encoder, corpus), make, about)
    return float(kept.meta["known"])
