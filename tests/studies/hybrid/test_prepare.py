"""Corpora that are too small for any seed of a study are refused before work is begun."""

from dataclasses import replace

import numpy as np
import pytest

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.parameters import resolve
from hybridrep.sources.encoders.text import resolve_encoder
from hybridrep.studies.hybrid import prepare
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.tweets.cleaning import clean_corpus
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from tests.studies.hybrid.tweets.test_split_bounds import corpus_of, refused


def check(emotion, hate=None, **parameters) -> None:
    config = resolve({"items_per_emotion": "50", **parameters}, Config)
    prepare._check_corpora(config, emotion, hate or load_corpus("hate", "sample"))


def test_every_seed_is_tried_where_it_matters():
    emotion = corpus_of((495, 505), (400, 400))
    first = refused(emotion, 50)[0]
    assert first > 0  # the first seed alone tells nothing
    with pytest.raises(CorpusError, match=rf"Class 'class0' has 49 .* Seed {first} splits"):
        check(emotion, seeds="25")
    check(emotion, seeds=f"{first}")


def test_seeds_are_not_tried_one_by_one_where_any_would_do(monkeypatch):
    tried = []
    monkeypatch.setattr(prepare, "emotion_rows", lambda _, seed, __: tried.append(seed))
    check(load_corpus("emotion", "sample"), seeds="10000")
    assert tried == [0]


def test_tweets_that_stand_in_training_too_are_named_as_the_cause():
    emotion = corpus_of((600, 600), (100, 100), repeated=100)
    with pytest.raises(
        CorpusError,
        match=r"0 tweets to draw from.*200 of the 1,400 tweets repeat another: for `rsa_unseen`, "
        r"validation tweets that stand in training too are left out",
    ):
        check(emotion)


@pytest.mark.parametrize("repeated", [False, True])
def test_repeated_tweets_of_the_new_task_are_named_as_the_cause(repeated):
    hate = load_corpus("hate", "sample").take(range(1000))
    items = [i for i in range(1000) if hate.labels[i] == 0] + [int(hate.labels.argmax())] * (
        30 if repeated else 1
    )
    with pytest.raises(CorpusError, match=r"Class .* has only 1 tweet") as caught:
        check(load_corpus("emotion", "sample"), hate.take(items), duplicates="drop")
    assert repeated == ("With duplicates=drop, " in str(caught.value))
    if repeated:
        check(load_corpus("emotion", "sample"), hate.take(items), duplicates="keep")


def few(corpus, per_class: int):
    """A corpus of so many tweets of each class."""
    rows = [np.flatnonzero(corpus.labels == label)[:per_class] for label in (0, 1)]
    return corpus.take(np.concatenate(rows))


def test_a_new_task_of_few_tweets_of_a_class_is_refused():
    hate, emotion = load_corpus("hate", "sample"), load_corpus("emotion", "sample")
    with pytest.raises(
        CorpusError,
        match=r"has 3 usable tweets of its rarest class, 1 of them to test on \(no-hate 3, hate 3"
        r".* at least 10 of each class",
    ):
        check(emotion, few(hate, 3), duplicates="keep")
    check(emotion, few(hate, 10), duplicates="keep")


def test_a_class_of_which_cleaning_leaves_nothing_is_named():
    hate = load_corpus("hate", "sample")
    with pytest.raises(CorpusError, match=r"No tweet of the class 'hate' of the hate corpus .* is"):
        check(load_corpus("emotion", "sample"), hate.take(np.flatnonzero(hate.labels == 0)))


def test_a_new_task_whose_own_test_split_lacks_a_class_is_refused():
    hate = few(load_corpus("hate", "sample"), 60)
    splits = ["train"] * 60 + ["test"] + ["train"] * 59
    with pytest.raises(CorpusError, match="Class 'no-hate' has 0 tweets to draw from"):
        check(load_corpus("emotion", "sample"), replace(hate, splits=tuple(splits)))


def test_the_sizes_that_numbers_stand_on_are_those_of_the_splits():
    hate, emotion = few(load_corpus("hate", "sample"), 40), load_corpus("emotion", "sample")
    config = resolve({"items_per_emotion": "9", "duplicates": "keep"}, Config)
    sizes = prepare._sizes(config, emotion, hate)
    assert sizes["transfer_test_tweets"] == 16
    assert sizes["similarity_tweets"] == 54
    assert sizes["validation_tweets"] + sizes["test_tweets"] == emotion.splits.count(
        "validation"
    ) + emotion.splits.count("test")


def test_a_layer_that_the_encoder_lacks_is_refused_under_its_parameter():
    config = resolve({"encoder_layer": "99"}, Config)
    with pytest.raises(ParameterError, match="parameter encoder_layer: the encoder has 6 layers"):
        prepare._reading(config, resolve_encoder("minilm"))


def test_texts_of_which_cleaning_leaves_nothing_are_counted_where_they_are_many():
    hate = load_corpus("hate", "sample")
    assert prepare._few_left(hate, clean_corpus(hate)) == []
    spoiled = replace(hate, texts=("@you #so",) * 500 + hate.texts[500:])
    (said,) = prepare._few_left(spoiled, clean_corpus(spoiled))
    assert said.startswith("50")
    assert f"of the {len(hate):,} texts of the hate corpus" in said


def test_measures_that_name_none_are_refused():
    with pytest.raises(ParameterError, match="parameter measures names none: write `core`"):
        prepare._check_measures(resolve({"measures": ","}, Config))
