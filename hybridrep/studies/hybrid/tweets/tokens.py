"""A corpus as token ids, with the word vectors that they point to.

A module of its own, so that the results' key covers the code that makes them and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hybridrep.execution.store import Store
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.words.tokens import Vocabulary, tokenize
from hybridrep.sources.words.vectors import coverage, load_word_vectors, lookup

if TYPE_CHECKING:
    from hybridrep.studies.hybrid.config import Config

STAGE = Stage("tokens", module=__name__)


def store_longest(store: Store, corpus: Corpus) -> tuple[int, int]:
    """Store where a corpus' longest tweet is, unless that is known; return its row and its words.

    Looking takes the tokenizer, and torch with it.
    """

    def make() -> Made:
        words = [len(tokenize(text)) for text in corpus.texts]
        item = int(np.argmax(words))
        return Made(meta={"item": item, "words": words[item]})

    key = STAGE.key("longest", corpus)
    meta = STAGE.keep(store, key, make, {"corpus": corpus.fingerprint}).meta
    return meta["item"], meta["words"]


def store_tokens(
    store: Store, config: Config, corpus: Corpus, corpus_key: str, vectors: str, time_steps: int
) -> str:
    """Store a corpus' tokens, padded or cut to `time_steps`, unless there; return their key.

    `vectors` is the fingerprint of the word vectors.
    """
    key = STAGE.key(vectors, time_steps, config.padding, corpus=corpus_key)
    about = {"corpus": corpus.fingerprint, "vectors": config.vectors}
    STAGE.keep(store, key, lambda: _make(corpus, config, time_steps), about)
    return key


def _make(corpus: Corpus, config: Config, time_steps: int) -> Made:
    vocabulary = Vocabulary.from_texts(corpus.texts)
    vectors = load_word_vectors(config.vectors, words=vocabulary.words)
    batch = vocabulary.encode(corpus.texts, time_steps, config.padding)
    found = coverage(vectors, corpus.texts)
    matrix = lookup(vectors, vocabulary)
    return Made(
        arrays={
            "tokens": {"token_ids": batch.token_ids, "lengths": batch.lengths},
            "lookup": {"vectors": matrix},
        },
        tables={"vocabulary": pd.DataFrame({"word": list(vocabulary.words)})},
        meta={
            "vector_size": int(matrix.shape[1]),
            "time_steps": time_steps,
            "coverage": {"tokens_found": found.tokens, "types_found": found.types},
        },
    )
