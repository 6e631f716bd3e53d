"""Task-specific representations: an LSTM trained on emotions, its last hidden state (3.1.3).

Two results a seed: the trained network with its curves, and the vectors that it gives. They are
filed apart, so another corpus of the new task trains no LSTM again. Where vectors are given, there
is no network, and a seed's tweets are taken out of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from hybridrep.randomness import generator, torch_generator
from hybridrep.running.stage import Made, Node, Reader, Stage
from hybridrep.running.study import declared_once
from hybridrep.sources.words.tokens import TokenBatch
from hybridrep.studies.hybrid.inputs import Hybrid, read_corpus, read_tokens
from hybridrep.studies.hybrid.names import HIDDEN_SIZE
from hybridrep.studies.hybrid.tweets.rows import Duplicates, lstm_rows, transfer_rows

STAGE = Stage("lstm", module=__name__)
VECTORS = Stage("task_specific", module=__name__, entry="lstm", title="task-specific")


@declared_once
def network_node(study: Hybrid, seed: int) -> Node:
    """Declare a seed's trained LSTM."""
    inputs = study.inputs
    tweets = inputs.emotion.items * inputs.config.lstm_epochs
    return STAGE.node(
        train, network(study), seed, tokens=inputs.emotion.tokens_key,
        reads={"corpus": inputs.emotion.key}, seed=seed, device=inputs.config.device,
        seconds=tweets * inputs.time_steps / 45_000,
        about={"seed": seed, "corpus": inputs.emotion.source},
    )  # fmt: skip


def origin(study: Hybrid, seed: int) -> Node | str:
    """Return what a seed's vectors of the emotion tweets follow from: its LSTM, or given ones."""
    given = study.inputs.given_of(seed)
    return network_node(study, seed) if given is None else given.emotion_key


@declared_once
def vectors_node(study: Hybrid, seed: int) -> Node:
    """Declare a seed's task-specific vectors."""
    inputs = study.inputs
    if (given := inputs.given_of(seed)) is not None:
        return VECTORS.node(
            select, seed, inputs.config.duplicates, emotion=given.emotion_key,
            hate=[given.hate_key] if given.hate_key else [], corpus=inputs.hate.key, seed=seed,
            seconds=0.1,
        )  # fmt: skip
    return VECTORS.node(
        extract, network(study), seed, inputs.config.duplicates,
        lstm=network_node(study, seed), hate_tokens=inputs.hate.tokens_key,
        reads={"tokens": inputs.emotion.tokens_key, "hate": inputs.hate.key}, seed=seed,
        device=inputs.config.device, seconds=inputs.emotion.items / 4_000,
    )  # fmt: skip


def network(study: Hybrid) -> dict[str, Any]:
    """Return the fields of the configuration of a study's LSTMs."""
    inputs, config = study.inputs, study.inputs.config
    return {
        "input_size": inputs.vector_size, "time_steps": inputs.time_steps,
        "classes": inputs.classes, "hidden_size": HIDDEN_SIZE, "padding": config.padding,
        "epochs": config.lstm_epochs, "precision": config.lstm_precision, "path": config.lstm_path,
    }  # fmt: skip


def train(read: Reader, network: Mapping[str, Any], seed: int) -> Made:
    """Train a seed's LSTM: its state and curves."""
    from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
    from hybridrep.studies.hybrid.task_specific.training import train_lstm

    corpus = read_corpus(read.store, read.key("corpus"))
    tokens = read_tokens(read.store, read.key("tokens"))
    split = lstm_rows(corpus, seed)
    result = train_lstm(
        LSTMConfig(**network), tokens.vectors, take(tokens.batch, split.train),
        corpus.labels[split.train], take(tokens.batch, split.validation),
        corpus.labels[split.validation], take(tokens.batch, split.test), corpus.labels[split.test],
        init=torch_generator(seed, "lstm", "init"), order=generator(seed, "lstm", "order"),
        device=read.device,
    )  # fmt: skip
    return Made(arrays={"state": result.state}, tables={"curves": result.curves})


def extract(read: Reader, network: Mapping[str, Any], seed: int, duplicates: Duplicates) -> Made:
    """Return a seed's task-specific vectors.

    `emotion` holds every emotion tweet in the corpus' order, `hate_train` and `hate_test` the
    seed's tweets of the new task: float32 [tweets, hidden_size].
    """
    from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
    from hybridrep.studies.hybrid.task_specific.training import extract_hidden

    emotion = read_tokens(read.store, read.key("tokens"))
    hate = read_tokens(read.store, read.key("hate_tokens"))
    rows = transfer_rows(read_corpus(read.store, read.key("hate")), seed, duplicates)
    hidden = partial(
        extract_hidden, LSTMConfig(**network), read["lstm"].arrays("state"), device=read.device
    )
    vectors = {
        "emotion": hidden(emotion.vectors, emotion.batch),
        "hate_train": hidden(hate.vectors, take(hate.batch, rows.train)),
        "hate_test": hidden(hate.vectors, take(hate.batch, rows.test)),
    }
    return Made(arrays={"vectors": vectors})


def select(read: Reader, seed: int, duplicates: Duplicates) -> Made:
    """Return a seed's task-specific vectors out of given ones, under the names of `extract`."""
    vectors = {"emotion": read["emotion"].arrays("given")["vectors"]}
    if read.keys["hate"]:
        rows = transfer_rows(read_corpus(read.store, read.key("corpus")), seed, duplicates)
        every = read["hate"].arrays("given")["vectors"]
        vectors |= {"hate_train": every[rows.train], "hate_test": every[rows.test]}
    return Made(arrays={"vectors": vectors})


def take(batch: TokenBatch, rows: np.ndarray) -> TokenBatch:
    """Return some tweets of a batch."""
    return TokenBatch(batch.token_ids[rows], batch.lengths[rows])
