"""Whether an encoder knows the words of the corpora: unknown ones are all one token to it."""

from __future__ import annotations

from hybridrep.errors import EncoderError
from hybridrep.execution.store import Store
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.encoders.text import PACKAGED, EncoderSource, known_share
from hybridrep.sources.texts.corpus import Corpus

STAGE = Stage("encoder_words", module=__name__)

FEW = 0.5
"""Below this share of known tokens most of what an encoder reads says nothing to it."""


def check_known_words(store: Store, encoder: EncoderSource, *corpora: Corpus) -> list[str]:
    """Return a caution for each corpus of which the encoder knows less than half of the tokens.

    The answers are kept for all later runs. The packaged encoder knows the sample corpora.

    Raises:
        EncoderError: it knows no word of a corpus.
    """
    cautions = []
    for corpus in corpora:
        if encoder.source == PACKAGED and corpus.synthetic:
            continue
        share = _kept_share(store, encoder, corpus)
        if not share:
            raise EncoderError(
                f"The encoder {encoder.description} knows no word of the {corpus.name} corpus "
                f"({corpus.source}): its tokenizer makes one unknown token of each, so that texts "
                "differ by their length alone. Give an encoder of the corpus' language and script."
            )
        if share < FEW:
            cautions.append(
                f"The encoder {encoder.description} knows {share:.0%} of the tokens of the "
                f"{corpus.name} corpus; the others are all one unknown token to it."
            )
    return cautions


def _kept_share(store: Store, encoder: EncoderSource, corpus: Corpus) -> float:
    def make() -> Made:
        return Made(meta={"known": known_share(encoder, corpus.texts)})

    about = {"encoder": encoder.description, "corpus": corpus.fingerprint}
    kept = STAGE.keep(store, STAGE.key(encoder, corpus), make, about)
    return float(kept.meta["known"])
