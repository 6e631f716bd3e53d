"""Corpora that are too small for any seed of a study are refused before work is begun."""

import pytest

from hybridrep.errors import CorpusError
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid import prepare
from hybridrep.studies.hybrid.config import Config
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
