"""Neural collapse against its formulas, written out."""

import numpy as np
import pytest

from hybridrep.analysis.collapse import (
    cdnv,
    nc1,
    nc2_equinorm,
    nc2_simplex_gap,
    nearest_mean_accuracy,
)
from tests.analysis.oracle import TIGHT

LABELS = np.array([2, 5, 5, 7, 2, 7, 2, 5, 5, 7])


@pytest.fixture
def items() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(10, 4)) + 2 * rng.normal(size=(8, 4))[LABELS]


def test_values_are_their_formulas(items: np.ndarray) -> None:
    members = [items[name == LABELS] for name in (2, 5, 7)]
    means = np.array([each.mean(axis=0) for each in members])
    within = sum((each - each.mean(axis=0)).T @ (each - each.mean(axis=0)) for each in members) / 10
    about = means - means.mean(axis=0)
    between = about.T @ about / 3
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / 3
    assert nc1(items, LABELS).value == pytest.approx(expected, rel=TIGHT)

    variances = [np.square(each - each.mean(axis=0)).sum() / len(each) for each in members]
    ratios = [
        (variances[a] + variances[b]) / (2 * np.square(means[a] - means[b]).sum())
        for a in range(3)
        for b in range(3)
        if a != b
    ]
    assert cdnv(items, LABELS).value == pytest.approx(np.mean(ratios), rel=TIGHT)

    lengths = np.linalg.norm(about, axis=1)
    equal = nc2_equinorm(items, LABELS).value
    assert equal == pytest.approx(lengths.std() / lengths.mean(), rel=TIGHT)
    cosines = [about[a] @ about[b] / lengths[a] / lengths[b] for a, b in ((0, 1), (0, 2), (1, 2))]
    gap = nc2_simplex_gap(items, LABELS).value
    assert gap == pytest.approx(np.mean(np.abs(np.array(cosines) + 0.5)), rel=TIGHT)


@pytest.mark.parametrize("measure", [nc1, cdnv, nc2_equinorm, nc2_simplex_gap])
def test_collapsed_classes_give_0_and_bad_ones_a_note(measure, items: np.ndarray) -> None:
    corners = np.eye(3)[np.searchsorted([2, 5, 7], LABELS)]
    assert measure(corners, LABELS).value == pytest.approx(0, abs=1e-12)
    alone = np.where(np.arange(10) == 0, 9, LABELS)
    assert measure(items, alone).note == "class 9 has one item"
    assert measure(items, np.zeros(10)).note == "fewer than two classes"
    with pytest.raises(ValueError, match="10 items and 9 labels"):
        measure(items, LABELS[:9])


def test_classes_with_one_mean_are_not_told_apart() -> None:
    items = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    for measure in (nc1, cdnv, nc2_simplex_gap):
        score = measure(items, np.array([0, 0, 1, 1]))
        assert np.isnan(score.value)
        assert score.note


def test_the_nearest_mean_of_held_out_items() -> None:
    train, labels = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])
    test = np.array([[0.2], [9.0], [5.5], [2.0]])
    score = nearest_mean_accuracy(train, labels, test, np.array([0, 1, 1, 1]))
    assert score.value == pytest.approx((1 + 1 + 0.5 + 0) / 4)  # the third is as far from both
    assert score.chance == 0.75
