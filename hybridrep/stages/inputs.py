"""What every stage reads: both corpora, their tokens with word vectors, and the encoder.

`prepare` loads and checks all of it in the parent before any long work, and puts corpora and
tokens into the store; tasks in any process read them back from there by key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.names import DIRECTIONS
from hybridrep.config import Config
from hybridrep.corpora.cleaning import clean_corpus
from hybridrep.corpora.corpus import Corpus
from hybridrep.corpora.encoder import EncoderSource, resolve_encoder
from hybridrep.corpora.loading import load_corpus
from hybridrep.corpora.split_bounds import always_enough
from hybridrep.corpora.splits import count_repeated
from hybridrep.corpora.tokens import TokenBatch
from hybridrep.corpora.word_vectors import vectors_fingerprint
from hybridrep.errors import CorpusError, ParameterError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.stages.splits import emotion_rows, transfer_rows
from hybridrep.stages.tokens import store_longest, store_tokens

HIDDEN_SIZE = 300
"""Size of the LSTM's hidden state, the task-specific representation (section 3.1.3)."""

MOST_TIME_STEPS = 1_000
"""Words of the longest emotion tweet, to which all are padded; more would fill any memory."""


@dataclass(frozen=True)
class CorpusInput:
    """A checked corpus, named by its keys in the store.

    Attributes:
        key: store key of the corpus itself (texts, labels, splits).
        tokens_key: store key of its token ids and the word vectors that they point to.
        notes: counts worth reporting: cleaning, duplicates, coverage of the word vectors.
    """

    name: str
    key: str
    tokens_key: str
    fingerprint: str
    source: str
    synthetic: bool
    items: int
    label_counts: tuple[tuple[str, int], ...]
    notes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Inputs:
    """Everything that a study's tasks need to know: small, frozen, sent to workers.

    Attributes:
        vectors: fingerprint of the word vectors.
    """

    config: Config
    emotion: CorpusInput
    hate: CorpusInput
    encoder: EncoderSource
    vectors: str
    time_steps: int
    vector_size: int
    vectors_fingerprint: str

    @property
    def classes(self) -> int:
        """Number of emotions."""
        return len(self.emotion.label_counts)

    def size_of(self, direction: str) -> tuple[int, int]:
        """Input and output size of the autoencoder of a direction."""
        sizes = (self.encoder.hidden_size, HIDDEN_SIZE)
        return sizes if direction == "bert_to_lstm" else sizes[::-1]


def prepare(config: Config, store: Store, directions: Sequence[str] = DIRECTIONS) -> Inputs:
    """Load and check the corpora, the word vectors and the encoder; store corpora and tokens.

    Args:
        config: what to read.
        store: where corpora and tokens go.
        directions: of the autoencoders: no bottleneck may be larger than its input.

    Raises:
        HybridrepError: when any of them is missing, malformed or too small for the study.
    """
    emotion = load_corpus("emotion", config.emotion, config.emotion_columns)
    cleaned = clean_corpus(load_corpus("hate", config.hate, config.hate_columns))
    encoder = resolve_encoder(config.encoder)
    vectors = vectors_fingerprint(config.vectors)
    _check_bottlenecks(config.bottlenecks, encoder.hidden_size, directions)
    _check_corpora(config, emotion, cleaned.corpus)

    time_steps = _time_steps(store, emotion)
    hate_notes = {
        "changed_by_cleaning": cleaned.changed,
        "left_empty_and_dropped": cleaned.dropped,
        "repeated_texts": count_repeated(cleaned.corpus.texts),
    }
    emotion_input = _corpus_input(store, config, emotion, vectors, time_steps, {})
    return Inputs(
        config=config,
        emotion=emotion_input,
        hate=_corpus_input(store, config, cleaned.corpus, vectors, time_steps, hate_notes),
        encoder=encoder,
        vectors=vectors,
        time_steps=time_steps,
        vector_size=store.open(emotion_input.tokens_key).meta["vector_size"],
        vectors_fingerprint=vectors,
    )


def _time_steps(store: Store, emotion: Corpus) -> int:
    """Return the words of the longest tweet, the LSTM's number of time steps."""
    item, words = store_longest(store, emotion)
    if words > MOST_TIME_STEPS:
        raise CorpusError(
            f"item {item + 1} of the emotion corpus ({emotion.source}) has {words:,} words and "
            f"signs; at most {MOST_TIME_STEPS:,} are allowed, for all tweets are padded to the "
            "longest. Shorten it or leave it out."
        )
    return words


def _check_bottlenecks(
    bottlenecks: Sequence[int], global_size: int, directions: Sequence[str]
) -> None:
    """Refuse a bottleneck that is larger than what goes in."""
    sizes = {"bert_to_lstm": global_size, "lstm_to_bert": HIDDEN_SIZE}
    for direction in directions:
        for bottleneck in bottlenecks:
            if bottleneck > sizes[direction]:
                raise ParameterError(
                    f"parameter bottlenecks: {bottleneck} is above {sizes[direction]}, the size of "
                    f"what goes into {direction}"
                )


def _check_corpora(config: Config, emotion: Corpus, hate: Corpus) -> None:
    """Refuse corpora that are too small to be split, for any of the seeds."""
    transfer_rows(hate, config.seeds[0], config.duplicates)  # its sizes are those of any seed
    all_alike = always_enough(emotion, config.items_per_emotion)
    for seed in config.seeds[:1] if all_alike else config.seeds:
        try:
            emotion_rows(emotion, seed, config.items_per_emotion)
        except CorpusError as error:
            repeated = count_repeated(emotion.texts)
            cause = (
                f" {repeated:,} of the {len(emotion):,} tweets repeat another: for `rsa_unseen`, "
                "validation tweets that stand in training too are left out."
                if repeated
                else ""
            )
            raise CorpusError(f"{error}{cause} Seed {seed} splits the corpus so.") from error


def _corpus_input(
    store: Store,
    config: Config,
    corpus: Corpus,
    vectors: str,
    time_steps: int,
    notes: Mapping[str, Any],
) -> CorpusInput:
    key = _store_corpus(store, corpus)
    tokens_key = store_tokens(store, config, corpus, key, vectors, time_steps)
    return CorpusInput(
        name=corpus.name,
        key=key,
        tokens_key=tokens_key,
        fingerprint=corpus.fingerprint,
        source=corpus.source,
        synthetic=corpus.synthetic,
        items=len(corpus),
        label_counts=tuple(corpus.class_counts.items()),
        notes=tuple({**notes, **store.open(tokens_key).meta["coverage"]}.items()),
    )


def _store_corpus(store: Store, corpus: Corpus) -> str:
    key = content_key({"stage": "corpus", "fingerprint": corpus.fingerprint, "name": corpus.name})
    if not store.has(key):
        table = pd.DataFrame(
            {"text": list(corpus.texts), "label": corpus.labels, "split": list(corpus.splits)}
        )
        meta = {
            "name": corpus.name,
            "label_names": list(corpus.label_names),
            "source": corpus.source,
            "synthetic": corpus.synthetic,
        }
        store.write(
            key, stage="corpus", inputs={"fingerprint": corpus.fingerprint},
            tables={"corpus": table}, meta=meta, seconds=0.0,
        )  # fmt: skip
    return key


@lru_cache(maxsize=8)
def read_corpus(store: Store, key: str) -> Corpus:
    """Read a corpus back from the store; kept in the process."""
    result = store.open(key)
    table = result.table("corpus")
    return Corpus(
        name=result.meta["name"],
        texts=tuple(table["text"]),
        labels=table["label"].to_numpy(np.int64),
        label_names=tuple(result.meta["label_names"]),
        splits=tuple(table["split"]),
        source=result.meta["source"],
        synthetic=result.meta["synthetic"],
    )


@dataclass(frozen=True, eq=False)
class Tokens:
    """A corpus as token ids, and the word vectors that the ids point to.

    Attributes:
        batch: token ids of every text.
        vectors: float32 [vocabulary + 2, vector_size]; rows 0 (padding) and 1 (unknown) are 0.
    """

    batch: TokenBatch
    vectors: np.ndarray


@lru_cache(maxsize=4)
def read_tokens(store: Store, key: str) -> Tokens:
    """Read a corpus' tokens back from the store; kept in the process."""
    result = store.open(key)
    tokens = result.arrays("tokens")
    batch = TokenBatch(tokens["token_ids"], tokens["lengths"])
    return Tokens(batch, result.arrays("lookup")["vectors"])
