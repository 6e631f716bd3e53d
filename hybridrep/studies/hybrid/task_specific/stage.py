"""Task-specific representations: the last hidden state of an LSTM trained on emotions (3.1.3).

Two results a seed: the trained network with its curves, and the vectors that it gives every
emotion tweet and the seed's tweets of the new task. They are filed apart, so another corpus of
the new task trains no LSTM again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.randomness import generator, torch_generator
from hybridrep.sources.words.tokens import TokenBatch
from hybridrep.studies.hybrid.inputs import HIDDEN_SIZE, Inputs, read_corpus, read_tokens
from hybridrep.studies.hybrid.tweets.rows import emotion_rows, transfer_rows

if TYPE_CHECKING:
    from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig


def network(inputs: Inputs) -> LSTMConfig:
    """Return the configuration of a study's LSTMs."""
    from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig

    config = inputs.config
    return LSTMConfig(
        input_size=inputs.vector_size,
        time_steps=inputs.time_steps,
        classes=inputs.classes,
        hidden_size=HIDDEN_SIZE,
        padding=config.padding,
        epochs=config.lstm_epochs,
        precision=config.lstm_precision,
        path=config.lstm_path,
    )


def network_key(inputs: Inputs, seed: int) -> str:
    """Key of a seed's trained LSTM."""
    return content_key(
        {
            "stage": "lstm",
            "code": code_version(__name__),
            "tokens": inputs.emotion.tokens_key,
            "epochs": inputs.config.lstm_epochs,
            "precision": inputs.config.lstm_precision,
            "path": inputs.config.lstm_path,
            "seed": seed,
        }
    )


def vectors_key(inputs: Inputs, seed: int) -> str:
    """Key of a seed's task-specific vectors."""
    return content_key(
        {
            "stage": "task_specific",
            "code": code_version(__name__),
            "lstm": network_key(inputs, seed),
            "hate": inputs.hate.tokens_key,
            "duplicates": inputs.config.duplicates,
        }
    )


@dataclass(frozen=True)
class SeedTask:
    """One seed of a study."""

    inputs: Inputs
    seed: int


def tasks(inputs: Inputs, seed: int) -> list[Task]:
    """Train a seed's LSTM, then extract its vectors."""
    payload = SeedTask(inputs, seed)
    tweets = inputs.emotion.items * inputs.config.lstm_epochs
    return [
        Task(
            stage="lstm", label=f"lstm seed {seed}", produces=(network_key(inputs, seed),),
            needs=(), function=train, payload=payload, seconds=tweets * inputs.time_steps / 30_000,
        ),
        Task(
            stage="task_specific", label=f"task-specific seed {seed}",
            produces=(vectors_key(inputs, seed),), needs=(network_key(inputs, seed),),
            function=extract, payload=payload, seconds=inputs.emotion.items / 4_000,
        ),
    ]  # fmt: skip


def train(store: Store, task: SeedTask, missing: tuple[str, ...]) -> None:
    """Train a seed's LSTM and store its state and curves."""
    from hybridrep.studies.hybrid.task_specific.training import train_lstm

    started = time.perf_counter()
    inputs, seed = task.inputs, task.seed
    corpus = read_corpus(store, inputs.emotion.key)
    tokens = read_tokens(store, inputs.emotion.tokens_key)
    split = emotion_rows(corpus, seed, inputs.config.items_per_emotion).lstm
    result = train_lstm(
        network(inputs),
        tokens.vectors,
        take(tokens.batch, split.train),
        corpus.labels[split.train],
        take(tokens.batch, split.validation),
        corpus.labels[split.validation],
        take(tokens.batch, split.test),
        corpus.labels[split.test],
        init=torch_generator(seed, "lstm", "init"),
        order=generator(seed, "lstm", "order"),
    )
    for key in missing:
        store.write(
            key, stage="lstm", inputs={"seed": seed, "corpus": inputs.emotion.source},
            arrays={"state": result.state}, tables={"curves": result.curves},
            code=(__name__,), seconds=time.perf_counter() - started,
        )  # fmt: skip


def extract(store: Store, task: SeedTask, missing: tuple[str, ...]) -> None:
    """Store a seed's task-specific vectors.

    `emotion` holds every emotion tweet in the corpus' order, `hate_train` and `hate_test` the
    seed's tweets of the new task: float32 [tweets, hidden_size].
    """
    from hybridrep.studies.hybrid.task_specific.training import extract_hidden

    started = time.perf_counter()
    inputs, seed = task.inputs, task.seed
    state = store.open(network_key(inputs, seed)).arrays("state")
    emotion = read_tokens(store, inputs.emotion.tokens_key)
    hate = read_tokens(store, inputs.hate.tokens_key)
    rows = transfer_rows(read_corpus(store, inputs.hate.key), seed, inputs.config.duplicates)
    hidden = partial(extract_hidden, network(inputs), state)
    vectors = {
        "emotion": hidden(emotion.vectors, emotion.batch),
        "hate_train": hidden(hate.vectors, take(hate.batch, rows.train)),
        "hate_test": hidden(hate.vectors, take(hate.batch, rows.test)),
    }
    for key in missing:
        store.write(
            key, stage="task_specific", inputs={"seed": seed}, arrays={"vectors": vectors},
            code=(__name__,), seconds=time.perf_counter() - started,
        )  # fmt: skip


def take(batch: TokenBatch, rows: np.ndarray) -> TokenBatch:
    """Return some tweets of a batch."""
    return TokenBatch(batch.token_ids[rows], batch.lengths[rows])
