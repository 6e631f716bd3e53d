"""What a study is given, loaded and checked in the parent alone, before any long work.

Corpora and tokens go into the store, where tasks in any process find them by key (`inputs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import numpy as np
import pandas as pd

from hybridrep.analysis.record import CORE
from hybridrep.errors import CorpusError, EncoderError, ParameterError
from hybridrep.execution.devices import check_device
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import shown
from hybridrep.running.stage import Made, Stage
from hybridrep.sources.encoders.text import EncoderSource, Reading, resolve_encoder
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.sources.words.vectors import vectors_fingerprint
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.few_items import cautions
from hybridrep.studies.hybrid.fusion.check import check_fusions
from hybridrep.studies.hybrid.given_vectors import (
    Tweets,
    given_encoder,
    given_task_specific,
    is_given,
    left_out,
)
from hybridrep.studies.hybrid.global_vectors.known_words import KNOWN, few_known, known_shares
from hybridrep.studies.hybrid.global_vectors.trial import keep_trial
from hybridrep.studies.hybrid.inputs import CorpusInput, GivenVectors, Inputs
from hybridrep.studies.hybrid.names import DIRECTIONS, HIDDEN_SIZE
from hybridrep.studies.hybrid.tweets.cleaning import CleanedCorpus, clean_corpus
from hybridrep.studies.hybrid.tweets.loading import LabelChoice, load_corpus
from hybridrep.studies.hybrid.tweets.rows import emotion_rows, lstm_rows, transfer_rows
from hybridrep.studies.hybrid.tweets.splits import (
    always_enough,
    count_repeated,
    held_out_size,
    shared_items,
)
from hybridrep.studies.hybrid.tweets.tokens import store_longest, store_tokens

STAGE = Stage("splits_tried", module=__name__)
MOST_TIME_STEPS = 1_000
"""Words of the longest emotion tweet, to which all are padded; more would fill any memory."""

MOST_DROPPED = 0.05
"""Share of the new task's texts that cleaning may empty before it is told."""

LEAST_PER_CLASS = 10
"""Tweets of each class of the new task, of which a fifth are tested; fewer say nothing."""


def prepare(config: Config, store: Store, directions: Sequence[str] = DIRECTIONS) -> Inputs:
    """Load and check the corpora, the word vectors and the encoder; store corpora and tokens.

    Vectors that are given in place of a representation are checked and stored as well. No
    bottleneck may be larger than the input of its autoencoder, in any of the directions.
    """
    said = check_device(config.device, config.cluster, config.workers)
    emotion, of_emotion = _load_emotion(config)
    hate, of_hate = _load_hate(config)
    cleaned = clean_corpus(hate)
    tweets = Tweets.of(emotion), Tweets.of(hate, cleaned)
    encoder = _encoder(config, store, *tweets)
    task_specific: tuple[GivenVectors, ...] = ()
    if is_given(config.task_specific):
        task_specific = given_task_specific(store, config.task_specific, config.seeds, *tweets)
    vectors = vectors_fingerprint(config.vectors)
    task_size = task_specific[0].hidden_size if task_specific else HIDDEN_SIZE
    _check_measures(config)
    _check_bottlenecks(config.bottlenecks, (encoder.hidden_size, task_size), directions)
    sizes = _try_splits(store, config, emotion, cleaned.corpus)
    of_fusions = check_fusions(
        config, (encoder.hidden_size, task_size), sizes["fusion_training_tweets"]
    )
    shared, no_shared = shared_items(emotion, config.items_per_emotion)
    known: dict[str, float] = {}
    if isinstance(encoder, EncoderSource):
        known = known_shares(store, encoder, emotion, cleaned.corpus)
    few = (*few_known(known), *_few_left(hate, cleaned), *cautions(sizes), *of_fusions)
    said += [f"caution: {text}" for text in few]
    said += left_out(encoder, *task_specific)
    if no_shared:
        said.append(f"note: there are no tweets that all seeds share: {no_shared}")
    for line in (*of_emotion, *of_hate, *said):
        click.echo(line)

    time_steps = _time_steps(store, emotion)
    hate_notes = {
        "changed_by_cleaning": cleaned.changed,
        "left_empty_and_dropped": cleaned.dropped,
        "repeated_texts": count_repeated(cleaned.corpus.texts),
        "labels": tuple(of_hate), "transfer_test_tweets": sizes["transfer_test_tweets"],
        KNOWN: known.get(hate.name),
    }  # fmt: skip
    emotion_notes = {
        "labels": tuple(of_emotion),
        "shared_tweets": 0 if shared is None else len(shared.rows),
        "no_shared": no_shared,
        KNOWN: known.get(emotion.name),
        **{name: size for name, size in sizes.items() if name != "transfer_test_tweets"},
    }
    emotion_input = _corpus_input(store, config, emotion, vectors, time_steps, emotion_notes)
    return Inputs(
        config=config, emotion=emotion_input,
        hate=_corpus_input(store, config, cleaned.corpus, vectors, time_steps, hate_notes),
        encoder=encoder, time_steps=time_steps,
        vector_size=store.open(emotion_input.tokens_key).meta["vector_size"],
        vectors_fingerprint=vectors, task_specific=task_specific,
        reading=_reading(config, encoder),
    )  # fmt: skip


def _few_left(hate: Corpus, cleaned: CleanedCorpus) -> list[str]:
    """Say of how many texts cleaning leaves nothing, if they are more than a few."""
    if cleaned.dropped <= MOST_DROPPED * len(hate):
        return []
    return [
        f"{cleaned.dropped:,} of the {len(hate):,} texts of the hate corpus are left out: nothing "
        "remains of them without mentions, hashtags, URLs, emojis and foreign characters."
    ]


def _encoder(
    config: Config, store: Store, emotion: Tweets, hate: Tweets
) -> EncoderSource | GivenVectors:
    """Find and try the encoder, or check and store the vectors that are given in its place."""
    if is_given(config.encoder):
        return given_encoder(store, config.encoder, emotion, hate)
    encoder = resolve_encoder(config.encoder)
    keep_trial(store, encoder)
    return encoder


def _reading(config: Config, encoder: EncoderSource | GivenVectors) -> Reading:
    """Return which states of the encoder are a text's vector; given ones leave no choice."""
    asked = Reading(config.encoder_pooling, config.encoder_layer)
    if isinstance(encoder, EncoderSource):
        try:
            return asked.of(encoder.layers)
        except EncoderError as error:
            raise ParameterError(f"parameter encoder_layer: {error}") from error
    if asked != Reading():
        raise ParameterError(
            "parameters encoder_pooling and encoder_layer: the vectors of encoder="
            f"{shown(config.encoder)} are taken as they are given: leave both out"
        )
    return asked


def _load_emotion(config: Config) -> tuple[Corpus, list[str]]:
    """Load the emotion corpus; return it, and how its labels were understood."""
    said: list[str] = []
    corpus = load_corpus(
        "emotion", config.emotion, config.emotion_columns, split=config.emotion_split,
        quoting=config.emotion_quoting, labels=LabelChoice(names=config.emotion_names),
        say=said.append,
    )  # fmt: skip
    return corpus, said


def _load_hate(config: Config) -> tuple[Corpus, list[str]]:
    """Load the corpus of the new task; return it, and how its labels were understood."""
    said: list[str] = []
    corpus = load_corpus(
        "hate", config.hate, config.hate_columns, split=config.hate_split,
        quoting=config.hate_quoting, labels=LabelChoice(positive=config.hate_positive),
        say=said.append,
    )  # fmt: skip
    return corpus, said


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


def _check_measures(config: Config) -> None:
    """Refuse a measure that there is not, or that does not compare two representations."""
    if not config.measures:
        raise ParameterError(
            "parameter measures names none: write `core`, `all`, `none` or a comma list of keys"
        )
    names = [name for name in config.measures if name not in ("none", "core", "all", *CORE)]
    if not names:  # which needs none of the libraries that measures are computed with
        return
    from hybridrep.analysis.measures import measures_of_two

    try:
        measures_of_two(names)
    except ValueError as error:
        raise ParameterError(f"parameter measures: {error}") from None


def _check_bottlenecks(
    bottlenecks: Sequence[int], sizes_in: tuple[int, int], directions: Sequence[str]
) -> None:
    """Refuse a bottleneck that is larger than what goes in: the global, the task-specific size."""
    sizes = dict(zip(DIRECTIONS, sizes_in, strict=True))
    for direction in directions:
        for bottleneck in bottlenecks:
            if bottleneck > sizes[direction]:
                raise ParameterError(
                    f"parameter bottlenecks: {bottleneck} is above {sizes[direction]}, the size of "
                    f"what goes into {direction}"
                )


def _try_splits(store: Store, config: Config, emotion: Corpus, hate: Corpus) -> dict[str, int]:
    """Refuse corpora that are too small to be split, and return on how many tweets numbers stand.

    One answer is kept for all later runs.
    """

    def make() -> Made:
        _check_corpora(config, emotion, hate)
        return Made(meta={"sizes": _sizes(config, emotion, hate)})

    choices = (config.items_per_emotion, config.duplicates, config.seeds)
    about = {"emotion": emotion.fingerprint, "hate": hate.fingerprint}
    kept = STAGE.keep(store, STAGE.key(emotion, hate, *choices), make, about)
    return dict(kept.meta["sizes"])


def _sizes(config: Config, emotion: Corpus, hate: Corpus) -> dict[str, int]:
    """Count the tweets that numbers stand on, by the names of `few_items.SIZES`; as of any seed."""
    seed = config.seeds[0]
    lstm = lstm_rows(emotion, seed)
    held_out = held_out_size(len(lstm.train), 10, len(emotion.label_names))
    return {
        "fusion_training_tweets": len(lstm.train) - held_out,
        "validation_tweets": len(lstm.validation), "test_tweets": len(lstm.test),
        "similarity_tweets": config.items_per_emotion * len(emotion.label_names),
        "transfer_test_tweets": len(transfer_rows(hate, seed, config.duplicates).test),
    }  # fmt: skip


def _check_corpora(config: Config, emotion: Corpus, hate: Corpus) -> None:
    """Refuse corpora that are too small to be split, for any of the seeds."""
    _check_new_task(config, hate)
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


def _check_new_task(config: Config, hate: Corpus) -> None:
    """Refuse a new task of so few tweets of a class that no accuracy would say anything."""
    left = np.bincount(hate.labels, minlength=len(hate.label_names))
    for label in np.flatnonzero(left == 0):
        raise CorpusError(
            f"No tweet of the class {hate.label_names[label]!r} of the hate corpus ({hate.source}) "
            "is left after mentions, hashtags, URLs, emojis and foreign characters are removed. "
            "Use a corpus in English, or leave the class out."
        )
    split = transfer_rows(hate, config.seeds[0], config.duplicates)  # the sizes are any seed's
    used = np.concatenate([split.train, split.test])
    fewest, of_test = (
        int(np.bincount(hate.labels[rows], minlength=len(hate.label_names)).min())
        for rows in (used, split.test)
    )
    if fewest < LEAST_PER_CLASS or of_test < LEAST_PER_CLASS // 5:
        counts = ", ".join(f"{name} {count:,}" for name, count in hate.class_counts.items())
        dropped = f", {split.repeated_dropped:,} repetitions" if split.repeated_dropped else ""
        raise CorpusError(
            f"The hate corpus ({hate.source}) has {fewest} usable tweets of its rarest class, "
            f"{of_test} of them to test on ({counts}{dropped}); at least {LEAST_PER_CLASS} of "
            "each class are needed, and some hundred before an accuracy says much. Use a corpus "
            "with more tweets of that class, or leave the class out."
        )


def _corpus_input(
    store: Store, config: Config, corpus: Corpus, vectors: str, time_steps: int,
    notes: Mapping[str, Any],
) -> CorpusInput:  # fmt: skip
    key = _store_corpus(store, corpus)
    tokens_key = store_tokens(store, config, corpus, key, vectors, time_steps)
    return CorpusInput(
        name=corpus.name, key=key, tokens_key=tokens_key, fingerprint=corpus.fingerprint,
        source=corpus.source, synthetic=corpus.synthetic, items=len(corpus),
        label_counts=tuple(corpus.class_counts.items()),
        notes=tuple({**notes, **store.open(tokens_key).meta["coverage"]}.items()),
    )  # fmt: skip


def _store_corpus(store: Store, corpus: Corpus) -> str:
    key = content_key({"stage": "corpus", "fingerprint": corpus.fingerprint, "name": corpus.name})
    if not store.has(key):
        table = pd.DataFrame(
            {"text": list(corpus.texts), "label": corpus.labels, "split": list(corpus.splits)}
        )
        meta = {
            "name": corpus.name, "label_names": list(corpus.label_names), "source": corpus.source,
            "synthetic": corpus.synthetic,
        }  # fmt: skip
        store.write(
            key, stage="corpus", inputs={"fingerprint": corpus.fingerprint},
            tables={"corpus": table}, meta=meta, seconds=0.0,
        )  # fmt: skip
    return key
