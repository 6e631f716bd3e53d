"""Probes and their controls."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from hybridrep.analysis import probes
from hybridrep.analysis.probes import Decoded, decode, decoding, learning_curve

RNG = np.random.default_rng(0)
LABELS = RNG.permutation(np.repeat(["joy", "fear", "anger"], [40, 30, 20]))
ITEMS = RNG.normal(size=(90, 5)) + 1.5 * (LABELS[:, None] == ["joy", "fear", "anger", "", ""])


@pytest.fixture(scope="module")
def found() -> Decoded:
    """What is decoded, once for all tests."""
    return decode(ITEMS, LABELS)


def test_hits_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "STRENGTHS", (1.0,))
    found = decode(ITEMS, LABELS)
    scaled = (ITEMS - ITEMS.mean(axis=0)) / np.sqrt(np.square(ITEMS - ITEMS.mean(axis=0)).mean())
    for fold in range(5):
        train, test = found.folds != fold, found.folds == fold
        model = LogisticRegression(C=1.0, tol=1e-8, max_iter=5000).fit(scaled[train], LABELS[train])
        np.testing.assert_array_equal(found.hits[test], model.predict(scaled[test]) == LABELS[test])
    assert found.majority == pytest.approx(40 / 90)
    recalls = [found.hits[name == LABELS].mean() for name in ("joy", "fear", "anger")]
    assert found.balanced == pytest.approx(np.mean(recalls))


def test_random_labels_of_distinct_items_are_the_control(found: Decoded) -> None:
    score = decoding(ITEMS, LABELS, folds=found.folds)
    assert score.value == found.accuracy > 0.7
    assert score.chance == found.control < 0.55
    assert found.selectivity == pytest.approx(score.value - score.chance)
    assert score.note == f"most frequent class 0.444, balanced {found.balanced:.3f}"


def test_probes_that_do_not_converge_are_counted_not_warned_of(monkeypatch, recwarn) -> None:
    monkeypatch.setattr(probes, "MOST_STEPS", 1)
    monkeypatch.setattr(probes, "MOST_FOR_NEWTON", 0)
    note = decoding(ITEMS, LABELS).note
    assert "probes stopped after 1 steps, before their best" in note
    assert not recwarn.list


def test_copies_stay_in_one_fold() -> None:
    rng = np.random.default_rng(1)
    noise, labels = rng.normal(size=(40, 60)), np.tile([0, 1], 20)
    copied = decode(np.vstack([noise, noise]), np.hstack([labels, labels]))
    np.testing.assert_array_equal(copied.folds[:40], copied.folds[40:])
    assert copied.accuracy < 0.75


def test_more_training_items_read_better() -> None:
    curve = learning_curve(ITEMS, LABELS, np.random.default_rng(0), (10, 1000))
    assert list(curve) == [10, 72]
    assert curve[72] > curve[10]


def test_what_cannot_be_decoded_says_why() -> None:
    assert decoding(ITEMS, np.zeros(90)).note == "fewer than two classes"
    rare = np.where(np.arange(90) < 3, 1, 0)
    assert decoding(ITEMS, rare).note == "a class has 3 items, fewer than 5 folds"
    copies = np.repeat(ITEMS[:4], [30, 30, 20, 10], axis=0)
    few = decoding(copies, LABELS)
    assert np.isnan(few.value)
    assert few.note == "4 distinct items are too few for 5 folds"
    with pytest.raises(ValueError, match="4 groups of items are too few for 5 folds"):
        decoding(ITEMS, LABELS, groups=np.arange(90) % 4)
    with pytest.raises(ValueError, match="90 items and 5 labels"):
        decoding(ITEMS, LABELS[:5])
    with pytest.raises(ValueError, match="at least three folds"):
        decoding(ITEMS, LABELS, folds=np.arange(90) % 2)
