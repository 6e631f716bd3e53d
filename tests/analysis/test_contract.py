"""Every measure keeps just the promises of its record."""

from __future__ import annotations

from dataclasses import astuple, is_dataclass
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.record import (
    Centring,
    Chance,
    Change,
    Compares,
    Measure,
    Need,
    Resampling,
    Score,
)

CHANGES: tuple[Change, ...] = get_args(Change)
IMPLIED: dict[Change, set[Change]] = {
    "invertible_linear": {"common_scale", "rotation", "dimension_order", "dimension_scale"},
    "rotation": {"dimension_order"},
    "item_scale": {"common_scale"},
    "dimension_scale": {"common_scale"},
}
"""What is blind to a change is blind to those that are cases of it."""
EACH = pytest.mark.parametrize("key", MEASURES)
SEEDS = given(seed=st.integers(0, 2**32 - 1), offset=st.floats(0, 3))
MANY = settings(max_examples=15, deadline=None)
ITEMS = 24


def arguments(measure: Measure, seed: int, offset: float = 0.0) -> list[np.ndarray]:
    """Made-up arrays for a measure, as `compares` says; those of one item set alike."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(ITEMS, 4)) + offset
    match measure.compares:
        case "two representations":
            return [first, rng.normal(size=(ITEMS, 4 if "same space" in measure.needs else 3))]
        case "profiles of seeds":
            return [rng.normal(size=(5, 12)) + 2 * rng.normal(size=12) + offset]
        case "one representation and labels":
            labels = rng.permutation(np.arange(ITEMS) % 3)
            return [first + rng.normal(size=(3, 4))[labels], labels]
        case "items of one representation" | "one representation":
            return [first]


def numbers(value: object) -> np.ndarray:
    """The numbers of what a measure returns: a score, an array or a record."""
    if isinstance(value, Score):
        return np.asarray(value.value)
    parts = astuple(value)[:2] if is_dataclass(value) and not isinstance(value, type) else value
    return np.asarray(parts, dtype=np.float64)


def changed(change: Change, arrays: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Change the first array; only a new order concerns all of them."""
    first, *others = arrays
    items, dim = first.shape
    match change:
        case "common_scale":
            return [first * rng.uniform(0.1, 10), *others]
        case "item_scale":
            return [first * rng.uniform(0.1, 10, size=(items, 1)), *others]
        case "rotation":
            return [first @ ortho_group.rvs(dim, random_state=rng), *others]
        case "translation":
            return [first + rng.uniform(1, 2, size=dim), *others]
        case "item_order":
            return [array[np.roll(np.arange(items), 1)] for array in arrays]
        case "invertible_linear":
            turn, back = ortho_group.rvs(dim, 2, random_state=rng)
            return [first @ turn @ np.diag(rng.uniform(0.3, 3, size=dim)) @ back, *others]
        case "dimension_order":
            return [first[:, np.roll(np.arange(dim), 1)], *others]
        case "dimension_scale":
            return [first * rng.uniform(0.3, 3, size=dim), *others]
        case _:
            raise AssertionError(f"{change} is no change of an array")


def test_every_measure_is_filled_in_and_every_way_to_compare_is_tried() -> None:
    assert {each.compares for each in MEASURES.values()} <= {*get_args(Compares)}
    for key, measure in MEASURES.items():
        assert measure.key == key
        assert measure.low < measure.high
        assert measure.best is None or measure.low <= measure.best <= measure.high
        assert measure.invariant_to <= {*CHANGES}
        for change in measure.invariant_to:
            assert IMPLIED.get(change, set()) <= measure.invariant_to, (key, change)
        for text in (measure.name, measure.higher_means, measure.reference, measure.cost):
            assert text.strip() == text != ""
        assert measure.centres in get_args(Centring)
        assert measure.chance in get_args(Chance)
        assert measure.resampling in get_args(Resampling)
        assert measure.needs <= {*get_args(Need)}
        assert (measure.describe is None) == (measure.compare is None) == (measure.score is None)


OF_ARRAYS = [change for change in CHANGES if change != "monotone"]


@pytest.mark.parametrize(("key", "change"), [(key, c) for key in MEASURES for c in OF_ARRAYS])
@SEEDS
@MANY
def test_it_is_invariant_to_just_what_its_record_says(
    key: str, change: Change, seed: int, offset: float
) -> None:
    measure = MEASURES[key]
    given_ = arguments(measure, seed, offset)
    before = numbers(measure.compute(*given_))
    after = numbers(measure.compute(*changed(change, given_, np.random.default_rng(seed))))
    if change in measure.invariant_to:
        np.testing.assert_allclose(after, before, atol=1e-9)
    else:
        assert not np.allclose(after, before, atol=1e-9)


@EACH
@SEEDS
@MANY
def test_it_keeps_its_range_and_symmetry(key: str, seed: int, offset: float) -> None:
    measure = MEASURES[key]
    given_ = arguments(measure, seed, offset)
    value = numbers(measure.compute(*given_))
    assert measure.low <= value.min() <= value.max() <= measure.high
    if measure.compares == "items of one representation":
        assert np.array_equal(value, value.T) == measure.symmetric
        return
    swapped = given_[::-1] if len(given_) > 1 else [given_[0][::-1]]
    same = np.allclose(numbers(measure.compute(*swapped)), value, atol=1e-12)
    assert same == measure.symmetric


@EACH
def test_a_thing_is_best_like_itself(key: str) -> None:
    measure = MEASURES[key]
    first, *others = arguments(measure, 0)
    if measure.compares == "profiles of seeds":
        first = np.repeat(first[:1], 3, axis=0)
    value = numbers(measure.compute(first, *(first for _ in others)))
    if measure.compares == "items of one representation":
        value = np.diagonal(value)
    np.testing.assert_allclose(value, measure.best)


@EACH
def test_float32_is_summed_in_float64(key: str) -> None:
    measure = MEASURES[key]
    single = [each.astype(np.float32) for each in arguments(measure, 1, offset=300.0)]
    double = [each.astype(np.float64) for each in single]
    value = measure.compute(*single)
    assert getattr(value, "dtype", np.dtype(np.float64)) == np.float64
    np.testing.assert_allclose(
        numbers(value), numbers(measure.compute(*double)), rtol=1e-12, atol=1e-12
    )


@EACH
def test_the_callers_arrays_are_left_alone(key: str) -> None:
    measure = MEASURES[key]
    given_ = arguments(measure, 2)
    copies = [each.copy() for each in given_]
    for each in given_:
        each.flags.writeable = False
    measure.compute(*given_)
    for each, copy in zip(given_, copies, strict=True):
        np.testing.assert_array_equal(each, copy)


@pytest.mark.parametrize("key", [key for key, each in MEASURES.items() if each.describe])
def test_described_once_for_many_models_it_says_the_same(key: str) -> None:
    measure = MEASURES[key]
    assert measure.describe
    assert measure.compare
    pairs = [arguments(measure, seed) for seed in range(4)]
    sides = [measure.describe(np.stack(side)) for side in zip(*pairs, strict=True)]
    expected = [measure.compute(*pair) for pair in pairs]
    values = [score.value for score in expected]
    np.testing.assert_allclose(measure.compare(*sides), values, atol=1e-12)
    for score, other in zip(measure.score(*sides), expected, strict=True):
        np.testing.assert_allclose(astuple(score)[:4], astuple(other)[:4], atol=1e-12)
        assert score.note == other.note


def test_higher_means_more_alike_where_a_record_says_so() -> None:
    rng = np.random.default_rng(0)
    first, noise = rng.normal(size=(30, 10)), rng.normal(size=(30, 10))
    for measure in MEASURES.values():
        if measure.compares == "two representations":
            near, far = (measure.compute(first, first + by * noise).value for by in (0.1, 5))
            assert (near > far) == (measure.higher_means == "more alike")
