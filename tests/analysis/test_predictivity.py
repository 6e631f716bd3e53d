"""Ridge regression against scikit-learn, fold by fold."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold

from hybridrep.analysis.predictivity import (
    contiguous_folds,
    ridge_held_out,
    ridge_r2,
    ridge_r2_of,
    unit_r,
)
from tests.analysis.oracle import FIRST, SECOND, SHAPES, TIGHT, related


def of_sklearn(first: np.ndarray, second: np.ndarray, relative: float) -> tuple[np.ndarray, float]:
    """Held-out predictions, and 1 - SSE / SST about the training means."""
    predicted, total = np.empty_like(second), 0.0
    for train, test in KFold(5).split(first):
        centred = first[train] - first[train].mean(axis=0)
        alpha = relative * np.square(centred).sum() / first.shape[1]
        predicted[test] = Ridge(alpha).fit(first[train], second[train]).predict(first[test])
        total += np.square(second[test] - second[train].mean(axis=0)).sum()
    return predicted, 1 - np.square(second - predicted).sum() / total


@pytest.mark.parametrize("relative", [1e-3, 0.1, 10.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_predictions_are_those_of_scikit_learn(shape: str, relative: float) -> None:
    first, second = related(*SHAPES[shape])
    if len(first) < 20:
        first, second = related(24, *SHAPES[shape][1:])
    predicted, expected = of_sklearn(first, second, relative)
    found = ridge_held_out(first, second, penalties=[relative])
    unit = np.linalg.norm(second - second.mean(axis=0)) / np.linalg.norm(found.targets)
    np.testing.assert_allclose(
        unit * (found.predicted - found.targets), predicted - second, rtol=1e-7, atol=1e-9
    )
    assert ridge_r2(first, second, penalties=[relative]).value == pytest.approx(expected, rel=TIGHT)
    r = [np.corrcoef(one, other)[0, 1] for one, other in zip(predicted.T, second.T, strict=True)]
    value = unit_r(first, second, penalties=[relative]).value
    assert value == pytest.approx(np.median(r), rel=1e-7)


def test_the_baseline_is_the_mean_of_the_training_items() -> None:
    """scikit-learn's score over all rows takes the mean of all of them, and is another number."""
    predicted, expected = of_sklearn(FIRST, SECOND, 0.1)
    over_all = r2_score(SECOND, predicted, multioutput="variance_weighted")
    assert over_all != pytest.approx(expected, abs=0.01)
    score = ridge_r2(FIRST, SECOND, penalties=[0.1])
    assert score.value == pytest.approx(expected, rel=TIGHT)
    assert "training items" in score.note


def test_the_penalty_is_chosen_without_the_fold_that_it_is_tried_on() -> None:
    first, second = related(60, 8, 3)
    grid = (0.01, 1.0, 100.0)
    found = ridge_held_out(first, second, penalties=grid)
    for fold in range(5):
        rest = found.folds != fold
        errors = []
        for relative in grid:
            error = 0.0
            for inner in sorted(set(found.folds[rest])):
                train, tried = rest & (found.folds != inner), found.folds == inner
                centred = first[train] - first[train].mean(axis=0)
                model = Ridge(relative * np.square(centred).sum() / 8).fit(
                    first[train], second[train]
                )
                error += np.square(second[tried] - model.predict(first[tried])).sum()
            errors.append(error)
        assert found.penalties[fold] == grid[int(np.argmin(errors))]


def test_unrelated_representations_are_given_no_more_than_0() -> None:
    values = [ridge_r2(*np.random.default_rng(seed).normal(size=(2, 50, 5))).value
              for seed in range(20)]  # fmt: skip
    assert np.mean(values) < 0.01
    assert max(values) < 0.1


def test_copies_of_an_item_stay_in_one_fold() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 30, 40))
    first, second = np.vstack([first, first]), np.vstack([second, second])
    assert ridge_r2(first, second).value < 0.05  # or every item would be read from its copy
    leaked = ridge_r2(first, second, groups=np.arange(60), folds=np.arange(60) // 30 * 2 +
                      np.arange(60) % 2)  # fmt: skip
    assert leaked.value > 0.9
    folds = ridge_held_out(first, second).folds
    np.testing.assert_array_equal(folds[:30], folds[30:])


def test_folds_are_runs_of_items_as_they_come() -> None:
    for items in (10, 13, 29):
        folds = contiguous_folds(np.arange(items))
        for fold, (_, test) in enumerate(KFold(5).split(np.zeros(items))):
            np.testing.assert_array_equal(np.flatnonzero(folds == fold), test)
    with pytest.raises(ValueError, match="at least three folds"):
        contiguous_folds(np.arange(9), 2)
    with pytest.raises(ValueError, match="too few for 5 folds"):
        contiguous_folds(np.zeros(9))
    with pytest.raises(ValueError, match="from 0 on"):
        ridge_r2(FIRST, SECOND, penalties=[-1.0])


@pytest.mark.parametrize("shape", SHAPES)
def test_one_against_many_is_one_after_the_other(shape: str) -> None:
    first, second = related(*SHAPES[shape])
    if len(first) < 20:
        first, second = related(24, *SHAPES[shape][1:])
    others = [second, second[:, :1], first, np.ones_like(second)]
    for one in (first, np.repeat(first[::2], 2, axis=0)[: len(first)]):
        found = ridge_r2_of(one, others)
        expected = [ridge_r2(one, other) for other in others]
        assert [each.note for each in found] == [each.note for each in expected]
        np.testing.assert_allclose(
            [each.value for each in found], [each.value for each in expected], rtol=1e-8, atol=1e-9
        )


NINETY_EQUAL = np.vstack([np.zeros((90, 4)), np.random.default_rng(1).normal(size=(10, 4))])
TWO_DISTINCT = np.repeat(NINETY_EQUAL[-2:], 50, axis=0)


@pytest.mark.parametrize(
    ("first", "note"),
    [
        (NINETY_EQUAL, "the first: equal items stay together, which leaves items in 2 of 5 folds"),
        (TWO_DISTINCT, "the first: 2 distinct items are too few for 5 folds"),
    ],
)
def test_equal_items_that_leave_too_few_folds_say_so(first: np.ndarray, note: str) -> None:
    second = np.random.default_rng(0).normal(size=(100, 3))
    for found in (
        ridge_r2(first, second),
        unit_r(first, second),
        *ridge_r2_of(first, [second] * 2),
    ):
        assert np.isnan(found.value)
        assert found.note == note
    held_out = ridge_held_out(first, second)
    assert (held_out.note, held_out.penalties) == (note, ())
    assert np.isfinite(ridge_r2(second, first).value)  # only what is fitted on is kept together
    with pytest.raises(ValueError, match="2 groups of items are too few for 5 folds"):
        ridge_r2(second, first, groups=np.arange(100) // 50)


@pytest.mark.parametrize("wrong", [[], [-1.0], [np.nan]])
def test_one_against_many_refuses_what_one_against_one_does(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        ridge_r2(FIRST, SECOND, penalties=wrong)
    with pytest.raises(ValueError, match="from 0 on"):
        ridge_r2_of(FIRST, [SECOND], penalties=wrong)
