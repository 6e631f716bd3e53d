"""What is surely enough for every seed is so, and the bound is close enough to be of use."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridrep.errors import CorpusError
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.studies.hybrid.tweets.rows import emotion_rows
from hybridrep.studies.hybrid.tweets.splits import always_enough


def corpus_of(train, rest, repeated=0) -> Corpus:
    """Tweets of each class with the split "train" and without; some of the rest repeat a train's.

    Args:
        train: of each class the tweets that are to train; none of any class: no own split.
        rest: of each class the others.
        repeated: of each class as many others (at most) are tweets that train.
    """
    texts, labels, splits = [], [], []
    for label, (own, others) in enumerate(zip(train, rest, strict=True)):
        texts += [f"{label} {i}" for i in range(own)]
        texts += [f"{label} {i}" if i < repeated else f"{label} other {i}" for i in range(others)]
        labels += [label] * (own + others)
        splits += ["train"] * own + [""] * others
    names = tuple(f"class{label}" for label in range(len(train)))
    return Corpus("emotion", tuple(texts), np.array(labels), names, tuple(splits), "here", False)


def refused(corpus: Corpus, per_emotion: int, seeds=range(25)) -> list[int]:
    def is_refused(seed: int) -> bool:
        try:
            emotion_rows(corpus, seed, per_emotion)
        except CorpusError:
            return True
        return False

    return [seed for seed in seeds if is_refused(seed)]


sizes = st.lists(st.tuples(st.integers(0, 120), st.integers(5, 60)), min_size=2, max_size=5)


@given(sizes, st.booleans(), st.integers(0, 30), st.integers(1, 12), st.integers(0, 2**31))
@settings(max_examples=300, deadline=None)
def test_what_is_surely_enough_is_enough_for_any_seed(sizes, own, repeated, per_emotion, seed):
    train, rest = zip(*sizes, strict=True)
    if not own:
        train, rest = [0] * len(train), [sum(both) for both in sizes]
    corpus = corpus_of(train, rest, repeated)
    if not own and repeated:  # some tweets twice, wherever they fall
        half = corpus.take(range(min(repeated, len(corpus))))
        corpus = Corpus(
            "emotion", (*corpus.texts, *half.texts), np.append(corpus.labels, half.labels),
            corpus.label_names, (*corpus.splits, *half.splits), "here", False,
        )  # fmt: skip
    if always_enough(corpus, per_emotion):
        assert not refused(corpus, per_emotion, range(seed, seed + 3))


def test_the_sizes_of_usual_studies_are_surely_enough():
    assert always_enough(load_corpus("emotion", "sample"), 50)
    paper = ((2159, 1937, 5362, 1304, 4666, 572), (550, 436, 1399, 337, 1131, 147))
    assert always_enough(corpus_of(*paper, repeated=40), 50)
    assert not always_enough(corpus_of(*paper), 58)


@pytest.mark.parametrize(
    ("train", "rest", "repeated", "per_emotion"),
    [
        ((495, 505), (400, 400), 0, 50),  # a tenth: 49 or 50 of the first class
        ((600, 600), (75, 100), 10, 52),  # 60 for validation, of which up to 10 are seen
    ],
)
def test_what_depends_on_the_seed_is_not_surely_enough(train, rest, repeated, per_emotion):
    corpus = corpus_of(train, rest, repeated)
    assert 0 < len(refused(corpus, per_emotion)) < 25
    assert not always_enough(corpus, per_emotion)
    assert always_enough(corpus, per_emotion - 10)


def test_a_class_without_a_tweet_in_a_part_is_never_enough():
    assert not always_enough(corpus_of((50, 50, 0), (50, 50, 4)), 1)
    assert not always_enough(corpus_of((50, 50, 50), (50, 50, 0)), 1)
