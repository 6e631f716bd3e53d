"""Measures of a seed's pairs are those of the library, however they are computed together."""

from dataclasses import replace

import numpy as np
import pytest

from hybridrep.analysis.measures import MEASURES, measures_of_two
from hybridrep.analysis.record import CORE
from hybridrep.studies.hybrid.similarity.measured import FOLDS, orders_of, scores_of
from hybridrep.studies.hybrid.transformation.tracked import Tracked, followed

ORDERS = orders_of(0, 40, 3)
PAIRS = [("a", "b"), ("b", "a"), ("a", "c"), ("c", "b")]


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(40, 6)).astype(np.float32)
    return {"a": a, "b": a[:, :3] + 0.5 * rng.normal(size=(40, 3)), "c": rng.normal(size=(40, 50))}


@pytest.mark.parametrize("key", [*CORE, "svcca.v99", "unit_matching"])
def test_values_are_those_of_the_measures_alone(arrays, key):
    measure = MEASURES[key]
    for (first, second), score in zip(
        PAIRS, scores_of(measure, arrays, PAIRS, ORDERS), strict=True
    ):
        more = {"folds": FOLDS} if key == "ridge_r2" else {}
        expected = measure.compute(arrays[first], arrays[second], **more)
        np.testing.assert_allclose(score.value, expected.value, rtol=1e-9)
        if measure.chance != "permutation":
            np.testing.assert_allclose(score.chance, expected.chance)
        elif np.isfinite(score.value):
            assert score.chance < score.value or "c" in (first, second)


def test_a_representation_is_described_once_for_all_its_pairs(arrays):
    described = []

    def describe(stack):
        described.append(stack.shape)
        return MEASURES["cka"].describe(stack)

    found = scores_of(replace(MEASURES["cka"], describe=describe), arrays, PAIRS, ORDERS)
    assert [each.value for each in found] == [
        each.value for each in scores_of(MEASURES["cka"], arrays, PAIRS, ORDERS)
    ]
    assert sorted(described) == [(1, 40, 3), (1, 40, 6), (1, 40, 50)]


@pytest.mark.parametrize("key", ["procrustes", "unit_matching"])
def test_chance_without_a_formula_is_that_of_shuffled_items(arrays, key):
    measure, rng = MEASURES[key], np.random.default_rng(1)
    (score,) = scores_of(measure, arrays, [("a", "c")], orders_of(0, 40, 40))
    null = [measure.compute(arrays["a"], arrays["c"][rng.permutation(40)]).value for _ in range(40)]
    assert abs(score.chance - np.mean(null)) < 4 * np.std(null) / np.sqrt(20)
    assert np.isnan(scores_of(measure, arrays, [("a", "c")], orders_of(0, 40, 0))[0].chance)


def test_what_is_followed_is_computed_as_the_measures_do():
    rng = np.random.default_rng(0)
    inputs, targets, middle, end = (rng.normal(size=(2, 30, d)) for d in (5, 7, 3, 7))
    points = Tracked(inputs, targets).points(3, middle, end)
    assert len(points) == 2
    sides = {"input": inputs, "target": targets, "bottleneck": middle, "reconstructed": end}
    for model, own in enumerate(points):
        assert {(key, epoch) for epoch, _, key, *_ in own} == {("cka", 3), ("mutual_knn.k10", 3)}
        for _, pair, key, value, chance in own:
            first, second = (sides[name][model] for name in pair.split("_vs_"))
            expected = MEASURES[key].compute(first, second)
            assert value == pytest.approx(expected.value, rel=1e-9)
            assert chance == pytest.approx(expected.chance)


@pytest.mark.parametrize("epochs", [1, 2, 5, 10, 13, 20, 50, 101])
def test_followed_epochs_hold_the_first_the_half_and_the_last(epochs):
    found = followed(epochs)
    assert {0, max(1, epochs // 2), epochs} <= {*found}
    assert len(found) <= 7
    assert sorted({*found}) == list(found)


def test_names_stand_for_measures():
    assert tuple(each.key for each in measures_of_two(["core", "cka"])) == CORE
    with pytest.raises(ValueError, match="no measure 'nonsense'"):
        measures_of_two(["nonsense"])
    with pytest.raises(ValueError, match="needs items that were measured repeatedly"):
        measures_of_two(["rsa.crossnobis"])
    assert not any(each.needs & {"repeats", "same space"} for each in measures_of_two(["all"]))
    with pytest.raises(ValueError, match="twonn compares one representation"):
        measures_of_two(["twonn"])


def test_equal_items_that_leave_too_few_folds_are_undefined_not_an_error():
    rng = np.random.default_rng(0)
    arrays = {"a": np.vstack([np.zeros((90, 4)), rng.normal(size=(10, 4))]),
              "b": rng.normal(size=(100, 4))}  # fmt: skip
    pairs = [("a", "b"), ("b", "a")]
    found, other = scores_of(MEASURES["ridge_r2"], arrays, pairs, orders_of(0, 100, 0))
    assert np.isnan(found.value)
    assert found.note.endswith("leaves items in 2 of 3 folds")
    assert np.isfinite(other.value)
