from dataclasses import replace

import numpy as np
import pytest

from hybridrep.sources.texts.corpus import Corpus


def make(**changes) -> Corpus:
    corpus = Corpus(
        name="emotion",
        texts=("i am glad", "no; not “me”", "so sad"),
        labels=np.array([0, 0, 1]),
        label_names=("joy", "sadness"),
        splits=("train", "validation", "test"),
        source="tweets.txt",
        synthetic=False,
    )
    return replace(corpus, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"texts": ("i am glad", "no; not “me”", "so sad ")},
        {"texts": ("i am gladno; not “me”", "", "so sad")},
        {"labels": np.array([0, 1, 1])},
        {"label_names": ("joy", "sad")},
        {"splits": ("train", "test", "test")},
    ],
)
def test_the_fingerprint_depends_on_every_part_of_the_content(changes):
    assert make(**changes).fingerprint != make().fingerprint


def test_the_fingerprint_does_not_depend_on_where_the_corpus_lies():
    assert make(source="/elsewhere/tweets.csv").fingerprint == make().fingerprint
    assert len(make().fingerprint) == 64


def test_labels_are_a_read_only_copy():
    labels = np.array([0, 0, 1])
    corpus = make(labels=labels)
    labels[0] = 1
    assert corpus.labels.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        corpus.labels[0] = 1
    assert labels.flags.writeable


def test_take_keeps_order_and_classes():
    taken = make().take([2, 0])
    assert taken.texts == ("so sad", "i am glad")
    assert taken.labels.tolist() == [1, 0]
    assert taken.splits == ("test", "train")
    assert taken.class_counts == {"joy": 1, "sadness": 1}
    assert make().take(np.array([0])).class_counts == {"joy": 1, "sadness": 0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"texts": ("a",)}, "differ in length: 1, 3, 3"),
        ({"labels": np.array([0, 0, 2])}, "reach from 0 to 2"),
        ({"labels": np.array([0, 0, -1])}, "reach from -1 to 0"),
        ({"splits": ("train", "dev", "test")}, "dev"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)
