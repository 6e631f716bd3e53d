"""A corpus as token ids, with the word vectors that they point to.

A module of its own, so that the results' key covers the code that makes them and no other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.words.tokens import Vocabulary, tokenize
from hybridrep.sources.words.vectors import coverage, load_word_vectors, lookup
from hybridrep.studies.hybrid.config import Config


def store_longest(store: Store, corpus: Corpus) -> tuple[int, int]:
    """Store where a corpus' longest tweet is, unless that is known; return its row and its words.

    Looking takes the tokenizer, and torch with it.
    """
    code = code_version(__name__)
    inputs = {"corpus": corpus.fingerprint}
    key = content_key({"stage": "tokens", "of": "longest", "code": code, **inputs})
    if not store.has(key):
        words = [len(tokenize(text)) for text in corpus.texts]
        item = int(np.argmax(words))
        store.write(
            key, stage="tokens", inputs=inputs,
            meta={"item": item, "words": words[item]}, code=(__name__,), seconds=0.0,
        )  # fmt: skip
    found = store.open(key).meta
    return found["item"], found["words"]


def store_tokens(
    store: Store, config: Config, corpus: Corpus, corpus_key: str, vectors: str, time_steps: int
) -> str:
    """Store a corpus' tokens unless they are there, and return their key.

    Args:
        store: where to.
        config: names the word vectors and the side of the padding.
        corpus: the texts.
        corpus_key: store key of the corpus.
        vectors: fingerprint of the word vectors.
        time_steps: to which texts are padded or cut.
    """
    key = content_key(
        {
            "stage": "tokens",
            "code": code_version(__name__),
            "corpus": corpus_key,
            "vectors": vectors,
            "time_steps": time_steps,
            "padding": config.padding,
        }
    )
    if not store.has(key):
        _make(store, key, corpus, config, time_steps)
    return key


def _make(store: Store, key: str, corpus: Corpus, config: Config, time_steps: int) -> None:
    vocabulary = Vocabulary.from_texts(corpus.texts)
    vectors = load_word_vectors(config.vectors, words=vocabulary.words)
    batch = vocabulary.encode(corpus.texts, time_steps, config.padding)
    found = coverage(vectors, corpus.texts)
    matrix = lookup(vectors, vocabulary)
    store.write(
        key, stage="tokens", inputs={"corpus": corpus.fingerprint, "vectors": vectors.source},
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
        code=(__name__,),
        seconds=0.0,
    )  # fmt: skip
