"""What every stage reads, as it lies in the store: both corpora and their tokens.

`prepare` puts them there in the parent, before any long work; tasks in any process read them back
by key. Nothing here loads or checks what a user gives, so no message of a loader stands in the
key of a training.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from hybridrep.execution.store import Store
from hybridrep.running.study import Prepared
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.words.tokens import TokenBatch
from hybridrep.studies.hybrid.names import HIDDEN_SIZE

if TYPE_CHECKING:
    from hybridrep.sources.encoders.text import EncoderSource, Reading
    from hybridrep.studies.hybrid.config import Config


@dataclass(frozen=True)
class CorpusInput:
    """A checked corpus, named by its keys in the store."""

    name: str
    key: str  # store key of the corpus itself (texts, labels, splits)
    tokens_key: str  # store key of its token ids and the word vectors that they point to
    fingerprint: str
    source: str
    synthetic: bool
    items: int
    label_counts: tuple[tuple[str, int], ...]
    notes: tuple[tuple[str, Any], ...]  # counts: cleaning, duplicates, coverage of word vectors


@dataclass(frozen=True)
class GivenVectors:
    """Vectors of the tweets that were made elsewhere, checked and stored as rows of the corpora.

    Attributes:
        source: what the user gave, with the seed in its place.
        path: the file.
        fingerprint: of the file, the ids beside it, and which of its arrays it is.
        hidden_size: dimensions of the vectors.
        description: one line for people.
        emotion_key: store key of the vectors of the emotion corpus.
        hate_key: of those of the new task; empty: the file has none.
    """

    source: str
    path: str
    fingerprint: str
    hidden_size: int
    description: str
    emotion_key: str
    hate_key: str


@dataclass(frozen=True)
class Inputs:
    """Everything that a study's results depend on: small and frozen.

    `reading` says which of the encoder's states are a text's vector. `task_specific` are given
    vectors in place of LSTMs: one for all seeds, or one a seed in the order of `config.seeds`;
    none: LSTMs are trained.
    """

    config: Config
    emotion: CorpusInput
    hate: CorpusInput
    encoder: EncoderSource | GivenVectors
    time_steps: int
    vector_size: int
    vectors_fingerprint: str
    reading: Reading
    task_specific: tuple[GivenVectors, ...] = ()

    @property
    def classes(self) -> int:
        """Number of emotions."""
        return len(self.emotion.label_counts)

    @property
    def given(self) -> tuple[GivenVectors, ...]:
        """All vectors that were made elsewhere."""
        encoder = (self.encoder,) if isinstance(self.encoder, GivenVectors) else ()
        return (*encoder, *self.task_specific)

    @property
    def new_task(self) -> bool:
        """Whether there are vectors for the new task: always, but where given ones lack it."""
        return all(each.hate_key for each in self.given)

    @property
    def task_size(self) -> int:
        """Dimensions of the task-specific representation."""
        return self.task_specific[0].hidden_size if self.task_specific else HIDDEN_SIZE

    @property
    def by_seed(self) -> bool:
        """Whether every seed has a file of task-specific vectors of its own."""
        return "{seed}" in self.config.task_specific

    def given_of(self, seed: int) -> GivenVectors | None:
        """Return a seed's given task-specific vectors; None: its LSTM makes them."""
        if not self.by_seed:
            return self.task_specific[0] if self.task_specific else None
        return self.task_specific[self.config.seeds.index(seed)]

    def size_of(self, direction: str) -> tuple[int, int]:
        """Input and output size of the autoencoder of a direction."""
        sizes = (self.encoder.hidden_size, self.task_size)
        return sizes if direction == "bert_to_lstm" else sizes[::-1]


Hybrid: TypeAlias = Prepared[Inputs]
"""This study, checked: what it reads, and the store of its results."""


@lru_cache(maxsize=8)
def read_corpus(store: Store, key: str) -> Corpus:
    """Read a corpus back from the store; kept in the process."""
    result = store.open(key)
    table = result.table("corpus")
    return Corpus(
        name=result.meta["name"], texts=tuple(table["text"]),
        labels=table["label"].to_numpy(np.int64), label_names=tuple(result.meta["label_names"]),
        splits=tuple(table["split"]), source=result.meta["source"],
        synthetic=result.meta["synthetic"],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tokens:
    """A corpus as token ids, and the word vectors that the ids point to."""

    batch: TokenBatch  # token ids of every text
    vectors: np.ndarray  # float32 [vocabulary + 2, vector_size]; rows 0 (padding), 1 (unknown): 0


@lru_cache(maxsize=4)
def read_tokens(store: Store, key: str) -> Tokens:
    """Read a corpus' tokens back from the store; kept in the process."""
    result = store.open(key)
    tokens = result.arrays("tokens")
    batch = TokenBatch(tokens["token_ids"], tokens["lengths"])
    return Tokens(batch, result.arrays("lookup")["vectors"])
