"""Which item of which corpus a seed uses for what, all as rows of the two corpora.

Each split has its own random stream, so no stage's numbers depend on another stage's draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hybridrep.errors import CorpusError
from hybridrep.randomness import generator
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.names import CHOSEN_ON, SHARED
from hybridrep.studies.hybrid.tweets.splits import (
    EmotionSplit,
    TransferSplit,
    sample_items,
    sample_transfer,
    shared_items,
    split_autoencoder,
    split_emotion,
)

Duplicates = Literal["keep", "drop"]
"""What becomes of repeated tweets of the new task."""


@dataclass(frozen=True)
class EmotionRows:
    """One seed's rows of the emotion corpus.

    Attributes:
        lstm: train, validation and test rows of the LSTM (section 3.1.1).
        autoencoder_train: nine tenths of the LSTM's training rows; `autoencoder_test`: the other.
        items: for each of `ITEM_SETS` and `CHOSEN_ON`, and for `SHARED` where there are such
            tweets, the rows sampled for RSA, sorted by emotion.
    """

    lstm: EmotionSplit
    autoencoder_train: np.ndarray
    autoencoder_test: np.ndarray
    items: Mapping[str, np.ndarray]


def lstm_rows(corpus: Corpus, seed: int) -> EmotionSplit:
    """Split the emotion corpus for a seed's LSTM (section 3.1.1)."""
    return split_emotion(corpus, generator(seed, "split", "emotion"))


def emotion_rows(corpus: Corpus, seed: int, per_emotion: int) -> EmotionRows:
    """Split the emotion corpus for a seed and sample its RSA items, `per_emotion` of a class."""
    lstm = lstm_rows(corpus, seed)
    inner = split_autoencoder(
        corpus.labels[lstm.train], generator(seed, "split", "autoencoder"), corpus.label_names
    )
    train, test = lstm.train[inner.train], lstm.train[inner.test]
    trained_on = {corpus.texts[row] for row in lstm.train}
    unseen = np.array(
        [row for row in lstm.validation if corpus.texts[row] not in trained_on], dtype=np.int64
    )
    rows = {"test": test, "unseen": unseen, "seen": train}
    shared, _ = shared_items(corpus, per_emotion)
    if shared is not None:
        apart = [row for row in unseen if corpus.texts[row] not in shared.texts]
        rows[CHOSEN_ON] = np.array(apart, dtype=np.int64)
    try:
        items = {
            name: sample_items(
                corpus.labels, per_emotion, generator(seed, "items", name), candidates=rows[name],
                label_names=corpus.label_names,
            )
            for name in rows
        }  # fmt: skip
    except CorpusError as error:
        raise CorpusError(
            f"{error} That number is items_per_emotion; the tweets to draw from are only those of "
            "one split, for `rsa` a tenth of the training tweets."
        ) from error
    if shared is None:
        items[CHOSEN_ON] = items["unseen"]
    else:
        items[SHARED] = shared.rows
    return EmotionRows(lstm, train, test, items)


def transfer_rows(corpus: Corpus, seed: int, duplicates: Duplicates) -> TransferSplit:
    """Sample and split the corpus of the new task for a seed (section 3.3.1)."""
    return sample_transfer(corpus, generator(seed, "split", "transfer"), duplicates)
