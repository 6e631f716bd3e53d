from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.tweets.cleaning import clean_corpus
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.studies.hybrid.tweets.rows import emotion_rows
from hybridrep.studies.hybrid.tweets.splits import (
    count_repeated,
    count_test_in_train,
    sample_items,
    sample_transfer,
    shared_items,
    split_autoencoder,
    split_emotion,
)

NAMES = ("anger", "fear", "joy", "love", "sadness", "surprise")
REAL_TRAIN = (2159, 1937, 5362, 1304, 4666, 572)
REAL_REST = (550, 436, 1399, 337, 1131, 147)

class_sizes = st.lists(st.integers(30, 90), min_size=2, max_size=6)
seeds = st.integers(0, 2**32 - 1)


def shuffled_labels(sizes, seed=0) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    np.random.default_rng(seed).shuffle(labels)
    return labels


def emotion_corpus(labels: np.ndarray, splits=None) -> Corpus:
    return Corpus(
        name="emotion",
        texts=tuple(f"tweet {i}" for i in range(len(labels))),
        labels=labels,
        label_names=NAMES[: labels.max() + 1],
        splits=tuple(splits) if splits else ("",) * len(labels),
        source="here",
        synthetic=False,
    )


def hate_corpus(labels: np.ndarray, texts=None, names=("no-hate", "hate")) -> Corpus:
    return Corpus(
        name="hate",
        texts=tuple(texts)
        if texts is not None
        else tuple(f"tweet {i}" for i in range(len(labels))),
        labels=labels,
        label_names=names,
        splits=("",) * len(labels),
        source="here",
        synthetic=False,
    )


def assert_partition(parts, items):
    joined = np.concatenate(parts)
    assert len(joined) == len(items)
    assert np.array_equal(np.sort(joined), items)
    for part in parts:
        assert part.dtype == np.int64
        assert np.all(np.diff(part) > 0)


def assert_stratified(labels, part, whole):
    share = len(part) / len(whole)
    counts = np.bincount(labels[part], minlength=labels.max() + 1)
    wanted = np.bincount(labels[whole], minlength=labels.max() + 1) * share
    assert np.all(np.abs(counts - wanted) < 1 + 1e-9)


@given(class_sizes, seeds)
@settings(max_examples=40, deadline=None)
def test_an_emotion_corpus_without_splits_is_split_80_16_4_and_stratified(sizes, seed):
    labels = shuffled_labels(sizes)
    corpus = emotion_corpus(labels)
    split = split_emotion(corpus, np.random.default_rng(seed))
    everything = np.arange(len(labels))
    assert_partition([split.train, split.validation, split.test], everything)
    rest = np.concatenate([split.validation, split.test])
    assert len(rest) == round(len(labels) / 5)
    assert len(split.test) == max(round(len(rest) / 5), len(sizes))
    assert_stratified(labels, split.train, everything)
    assert_stratified(labels, split.validation, rest)


def test_the_own_training_split_is_kept_and_the_rest_pooled():
    labels = np.concatenate([shuffled_labels(REAL_TRAIN, 1), shuffled_labels(REAL_REST, 2)])
    order = np.random.default_rng(3).permutation(20_000)
    splits = np.repeat(["train", "validation", "test"], [16_000, 2_000, 2_000])[order].tolist()
    corpus = emotion_corpus(labels[order], splits)
    split = split_emotion(corpus, np.random.default_rng(0))
    assert {corpus.splits[i] for i in split.train} == {"train"}
    assert [len(split.train), len(split.validation), len(split.test)] == [16_000, 3_200, 800]
    rest = np.array([i for i in range(20_000) if corpus.splits[i] != "train"])
    assert_partition([split.validation, split.test], rest)
    assert_stratified(corpus.labels, split.test, rest)
    # Pooled means that the corpus' own validation and test tweets are mixed.
    assert {corpus.splits[i] for i in split.test} == {"validation", "test"}


def test_a_corpus_that_is_all_training_is_split_as_if_it_had_no_splits():
    labels = shuffled_labels((50, 50))
    all_train = split_emotion(emotion_corpus(labels, ["train"] * 100), np.random.default_rng(0))
    none = split_emotion(emotion_corpus(labels), np.random.default_rng(0))
    assert np.array_equal(all_train.train, none.train)
    assert len(none.train) == 80


@given(class_sizes, seeds)
@settings(max_examples=40, deadline=None)
def test_the_autoencoder_split_is_9_to_1_and_stratified(sizes, seed):
    labels = shuffled_labels(sizes)
    split = split_autoencoder(labels, np.random.default_rng(seed))
    assert_partition([split.train, split.test], np.arange(len(labels)))
    assert len(split.test) == max(round(len(labels) / 10), len(sizes))
    assert_stratified(labels, split.train, np.arange(len(labels)))


def test_the_autoencoder_split_of_the_papers_corpus_leaves_50_tweets_of_every_emotion():
    labels = shuffled_labels(REAL_TRAIN)
    split = split_autoencoder(labels, np.random.default_rng(0))
    assert len(split.test) == 1_600
    assert np.bincount(labels[split.test]).min() >= 50


@given(st.integers(10, 60), st.integers(10, 60), st.integers(5, 80), seeds)
@settings(max_examples=40, deadline=None)
def test_transfer_samples_equally_many_of_both_classes(none, hate, per_class, seed):
    corpus = hate_corpus(shuffled_labels((none, hate)))
    split = sample_transfer(corpus, np.random.default_rng(seed), "keep", per_class)
    assert split.per_class == min(none, hate, per_class)
    chosen = np.sort(np.concatenate([split.train, split.test]))
    assert len(np.unique(chosen)) == 2 * split.per_class
    assert_partition([split.train, split.test], chosen)
    assert np.bincount(corpus.labels[chosen]).tolist() == [split.per_class] * 2
    assert len(split.test) == max(round(2 * split.per_class / 5), 2)
    assert_stratified(corpus.labels, split.test, chosen)
    assert split.repeated_dropped == 0


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklmnop"), st.booleans()), min_size=40), seeds)
@settings(max_examples=40, deadline=None)
def test_dropping_duplicates_keeps_first_occurrences_only(items, seed):
    texts = [text for text, _ in items]
    corpus = hate_corpus(np.array([int(hate) for _, hate in items]), texts)
    first = {i for i, text in enumerate(texts) if text not in texts[:i]}
    try:
        split = sample_transfer(corpus, np.random.default_rng(seed), "drop")
    except CorpusError:
        counts = [sum(corpus.labels[i] == label for i in first) for label in (0, 1)]
        assert min(counts) < 2
        return
    chosen = np.concatenate([split.train, split.test]).tolist()
    assert set(chosen) <= first
    assert split.repeated_dropped == len(texts) - len(first) == count_repeated(texts)
    assert count_test_in_train(corpus, split) == 0


def test_kept_duplicates_are_counted_as_a_plain_loop_counts_them():
    texts = [f"tweet {i % 70}" for i in range(200)]
    corpus = hate_corpus(np.arange(200) // 100, texts)
    split = sample_transfer(corpus, np.random.default_rng(0), "keep")
    slow = sum(any(texts[i] == texts[j] for j in split.train) for i in split.test)
    assert slow > 0
    assert count_test_in_train(corpus, split) == slow
    assert count_repeated(texts) == 130


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: split_emotion(emotion_corpus(shuffled_labels((60, 40))), rng).validation,
        lambda rng: split_autoencoder(shuffled_labels((60, 40)), rng).test,
        lambda rng: sample_transfer(hate_corpus(shuffled_labels((60, 40))), rng, "keep").test,
        lambda rng: sample_items(shuffled_labels((60, 40)), 9, rng),
    ],
)
def test_a_split_is_a_function_of_its_stream(draw):
    same = [draw(np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(*same)
    assert not np.array_equal(same[0], draw(np.random.default_rng(6)))


@given(class_sizes, st.integers(1, 15), seeds, st.booleans())
@settings(max_examples=40, deadline=None)
def test_items_are_sorted_by_class_and_drawn_from_the_candidates(sizes, per_class, seed, some):
    labels = shuffled_labels(sizes)
    candidates = None
    if some:
        candidates = np.sort(
            np.concatenate([np.flatnonzero(labels == k)[:15] for k in range(len(sizes))])
        )
    items = sample_items(labels, per_class, np.random.default_rng(seed), candidates)
    assert labels[items].tolist() == np.repeat(np.arange(len(sizes)), per_class).tolist()
    assert len(np.unique(items)) == len(items)
    if candidates is not None:
        assert set(items.tolist()) <= set(candidates.tolist())


def test_too_few_items_of_a_class_are_refused_by_name():
    labels = shuffled_labels((60, 49))
    rng = np.random.default_rng(0)
    with pytest.raises(CorpusError, match=r"Class 'fear' has 49 tweets .* but 50 per class"):
        sample_items(labels, 50, rng, label_names=NAMES[:2])
    with pytest.raises(CorpusError, match=r"Class 1 has 49 tweets"):
        sample_items(labels, 50, rng)
    with pytest.raises(CorpusError, match=r"Class 'joy' has 0 tweets"):
        sample_items(labels, 1, rng, label_names=NAMES[:3])
    with pytest.raises(CorpusError, match=r"Class 0 has 1 tweet to draw from"):
        sample_items(labels, 2, rng, candidates=np.flatnonzero(labels == 0)[:1])


@pytest.mark.parametrize(
    ("rare", "message"),
    [
        (1, "Class 'joy' has only 1 tweet for training, validation and test"),
        (2, "Class 'joy' has only 2 tweets for training, validation and test"),
        (5, "Class 'joy' has only 1 tweet for validation and test"),
    ],
)
def test_a_class_too_small_for_a_split_is_refused_by_name(rare, message):
    corpus = emotion_corpus(shuffled_labels((100, 100, rare)))
    with pytest.raises(CorpusError, match=message):
        split_emotion(corpus, np.random.default_rng(0))


def test_a_class_missing_from_the_pooled_rest_is_refused_by_name():
    corpus = emotion_corpus(
        shuffled_labels((20, 20)), ["train"] * 30 + ["validation"] * 5 + ["test"] * 5
    )
    only_anger = replace(corpus, labels=np.where(np.arange(40) >= 30, 0, corpus.labels))
    with pytest.raises(CorpusError, match="Class 'fear' has only 0 tweets for validation"):
        split_emotion(only_anger, np.random.default_rng(0))


def test_transfer_needs_both_classes_and_known_parameters():
    corpus = hate_corpus(np.array([0] * 20 + [1]))
    with pytest.raises(CorpusError, match="Class 'no-hate' has only 1 tweet for training and test"):
        sample_transfer(corpus, np.random.default_rng(0), "keep")
    same = hate_corpus(np.array([0, 0, 1, 1]), ["a", "b", "a", "b"])
    with pytest.raises(CorpusError, match="Class 'hate' has 0 tweets"):
        sample_transfer(same, np.random.default_rng(0), "drop")
    with pytest.raises(ParameterError, match="per_class must be at least 1, not 0"):
        sample_transfer(corpus, np.random.default_rng(0), "keep", per_class=0)


def test_the_real_corpora_are_split_as_in_the_paper(real_data):
    rng = np.random.default_rng(0)
    emotion = load_corpus("emotion", str(real_data / "emotion"))
    split = split_emotion(emotion, rng)
    assert [len(split.train), len(split.validation), len(split.test)] == [16_000, 3_200, 800]
    halves = split_autoencoder(emotion.labels[split.train], rng)
    assert [len(halves.train), len(halves.test)] == [14_400, 1_600]
    items = sample_items(emotion.labels[split.train], 50, rng, halves.test, emotion.label_names)
    assert len(items) == 300

    hate = clean_corpus(load_corpus("hate", str(real_data / "hate" / "train.csv"))).corpus
    kept = sample_transfer(hate, rng, "keep")
    assert [len(kept.train), len(kept.test), kept.per_class] == [3_520, 880, 2_200]
    assert 100 < count_test_in_train(hate, kept) < 200
    dropped = sample_transfer(hate, rng, "drop")
    assert count_test_in_train(hate, dropped) == 0
    assert dropped.repeated_dropped == len(hate) - len(set(hate.texts)) > 4_000


def with_splits(corpus: Corpus, splits) -> Corpus:
    return replace(corpus, splits=tuple(splits))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_new_task_keeps_its_own_training_and_test_tweets(classes):
    labels = shuffled_labels((90,) * classes)
    corpus = hate_corpus(labels, names=("a", "b", "c")[:classes])
    splits = np.random.default_rng(1).choice(["train", "validation", "test"], len(labels))
    split = sample_transfer(with_splits(corpus, splits), np.random.default_rng(0), "keep", 25)
    assert {splits[i] for i in split.train} == {"train"}
    assert {splits[i] for i in split.test} == {"test"}
    assert np.bincount(labels[split.train]).tolist() == [20] * classes
    assert np.bincount(labels[split.test]).tolist() == [5] * classes
    assert split.per_class == 25
    untested = ["train" if name == "train" else "validation" for name in splits]
    split = sample_transfer(with_splits(corpus, untested), np.random.default_rng(0), "keep", 25)
    assert {untested[i] for i in split.test} == {"validation"}


def test_a_new_task_that_is_all_training_is_split_as_if_it_had_no_splits():
    corpus = hate_corpus(shuffled_labels((50, 60)))
    none = sample_transfer(corpus, np.random.default_rng(0), "keep")
    everything = with_splits(corpus, ["train"] * len(corpus))
    all_train = sample_transfer(everything, np.random.default_rng(0), "keep")
    assert np.array_equal(none.train, all_train.train)
    assert np.array_equal(none.test, all_train.test)


def test_every_class_of_several_is_sampled_evenly():
    labels = shuffled_labels((30, 50, 80))
    corpus = hate_corpus(labels, names=("a", "b", "c"))
    split = sample_transfer(corpus, np.random.default_rng(0), "keep")
    chosen = np.concatenate([split.train, split.test])
    assert np.bincount(labels[chosen]).tolist() == [30] * 3
    assert len(split.test) == 18
    assert split.per_class == 30


def corpus_with_rest(rest: int, repeated: int = 0) -> Corpus:
    """Two classes with 60 training tweets and `rest` others each, some of which repeat training."""
    texts, labels, splits = [], [], []
    for label in (0, 1):
        others = [f"{label} t{i}" if i < repeated else f"{label} o{i}" for i in range(rest)]
        texts += [f"{label} t{i}" for i in range(60)] + others
        labels += [label] * (60 + rest)
        splits += ["train"] * 60 + [""] * rest
    names = ("first", "second")
    return Corpus("emotion", tuple(texts), np.array(labels), names, tuple(splits), "here", False)


def test_shared_tweets_are_the_same_for_every_seed_and_no_model_trains_on_or_is_chosen_by_them():
    corpus = corpus_with_rest(20, repeated=2)
    kept = []
    for seed in range(5):
        rows = emotion_rows(corpus, seed, 4)
        shared = rows.items["shared"]
        kept.append(shared.tolist())
        assert np.bincount(corpus.labels[shared]).tolist() == [4, 4]
        texts = {corpus.texts[row] for row in shared}
        assert not texts & {corpus.texts[row] for row in rows.lstm.train}
        assert not texts & {corpus.texts[row] for row in rows.items["selection"]}
        assert set(rows.items["selection"]) <= set(rows.lstm.validation)
    assert kept == [kept[0]] * 5


def test_without_shared_tweets_choices_look_at_the_unseen_ones():
    own = corpus_with_rest(20)
    for corpus, said in (
        (replace(own, splits=("",) * len(own)), "no training split of its own"),
        (corpus_with_rest(9), "too few tweets outside of training are left"),
        (corpus_with_rest(20, repeated=17), "fewer than 4 tweets outside of training"),
    ):
        assert said in shared_items(corpus, 4)[1]
    rows = emotion_rows(corpus_with_rest(9), 0, 4)
    assert "shared" not in rows.items
    assert rows.items["selection"].tolist() == rows.items["unseen"].tolist()
