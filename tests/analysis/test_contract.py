"""Every measure keeps just the promises of its record."""

from __future__ import annotations

from dataclasses import astuple, is_dataclass
from typing import get_args

import jaxtyping
import numpy as np
import pytest
from scipy.stats import ortho_group

from hybridrep.analysis.matrices import pairs_matrix
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
UNCHECKED = pytest.mark.usefixtures("unchecked")
"""Thousands of small calls: the check of every shape would take nine tenths of the time."""
EACH = pytest.mark.parametrize("key", MEASURES)
PAIRS = [key for key, each in MEASURES.items() if each.compares == "two representations"]
EACH_PAIR = pytest.mark.parametrize("key", PAIRS)
ARRAYS = {"two representations", "one representation", "one representation and labels"}
EACH_SCORE = pytest.mark.parametrize(
    "key", [k for k, m in MEASURES.items() if m.compares in ARRAYS]
)
OFFSETS = (0.0, 1.0, 3.0)
ITEMS = 24
REPEATS = 3
"""How often the items of a measure that needs repeats are measured."""
TRIES = 60
"""Made-up representations among which one must notice what a measure promises to notice."""


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls whose shapes nobody checks, as users make them."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def drawn(measure: Measure, rng: np.random.Generator, items: int, dim: int) -> np.ndarray:
    """A made-up representation: items x dims, or items x repeats x dims where it needs repeats."""
    if "repeats" not in measure.needs:
        return rng.normal(size=(items, dim))
    return rng.normal(size=(items, 1, dim)) + rng.normal(size=(items, REPEATS, dim))


def arguments(measure: Measure, seed: int, offset: float = 0.0) -> list[np.ndarray]:
    """Made-up arrays for a measure, as `compares` says; those of one item set alike."""
    rng = np.random.default_rng(seed)
    first = drawn(measure, rng, ITEMS, 4) + offset
    match measure.compares:
        case "two representations" if "same space" in measure.needs:
            spread = np.array([4, 2, 1, 0.5])
            return [first * spread, rng.normal(size=(ITEMS, 4)) * spread[::-1]]
        case "two representations":
            folds = [np.arange(ITEMS) % 5] if "folds" in measure.needs else []
            return [first, drawn(measure, rng, ITEMS, 3), *folds]
        case "profiles of seeds":
            return [rng.normal(size=(5, 12)) + 2 * rng.normal(size=12) + offset]
        case "one representation and labels":
            labels = rng.permutation(np.arange(ITEMS) % 3)
            folds = [np.arange(ITEMS) // 3 % 3] if "folds" in measure.needs else []
            return [first + rng.normal(size=(3, 4))[labels], labels, *folds]
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
    items, dim = len(first), first.shape[-1]
    match change:
        case "common_scale":
            return [first * rng.uniform(0.1, 10), *others]
        case "item_scale":
            own = rng.uniform(0.1, 10, size=items).reshape(-1, *(1,) * (first.ndim - 1))
            return [first * own, *others]
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
            return [first[..., np.roll(np.arange(dim), 1)], *others]
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
        alone = measure.of_dissimilarities is None
        assert alone == (measure.describe_dissimilarities is None)


OF_ARRAYS = [change for change in CHANGES if change != "monotone"]


@UNCHECKED
@pytest.mark.parametrize("change", OF_ARRAYS)
@EACH
def test_it_is_invariant_to_just_what_its_record_says(key: str, change: Change) -> None:
    measure = MEASURES[key]
    promised = change in measure.invariant_to
    noticed = []
    seeds = 1 if key == "decoding" else len(OFFSETS)  # it fits dozens of classifiers
    for seed in range(seeds if promised else TRIES):
        given = arguments(measure, seed, OFFSETS[seed % len(OFFSETS)])
        before = numbers(measure.compute(*given))
        after = numbers(measure.compute(*changed(change, given, np.random.default_rng(seed))))
        assert np.isfinite(before).all()
        noticed.append(not np.allclose(after, before, rtol=0, atol=1e-9))
        if any(noticed):
            break
    assert any(noticed) != promised


@pytest.mark.parametrize("key", [key for key, each in MEASURES.items() if each.of_dissimilarities])
def test_it_looks_at_ranks_alone_just_if_its_record_says_so(key: str) -> None:
    measure = MEASURES[key]
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.1, 2, size=(2, ITEMS * (ITEMS - 1) // 2))
    before = measure.of_dissimilarities(first, second).value
    same = np.isclose(measure.of_dissimilarities(first**3, second).value, before, atol=1e-9)
    assert same == ("monotone" in measure.invariant_to)


@pytest.mark.parametrize("key", [k for k, m in MEASURES.items() if "monotone" in m.invariant_to])
def test_what_promises_to_look_at_ranks_can_be_tried(key: str) -> None:
    assert MEASURES[key].of_dissimilarities


@UNCHECKED
@EACH
def test_it_keeps_its_range_and_symmetry(key: str) -> None:
    measure = MEASURES[key]
    swaps = []
    for seed, offset in enumerate(OFFSETS):
        given = arguments(measure, seed, offset)
        value = numbers(measure.compute(*given))
        assert measure.low <= value.min() <= value.max() <= measure.high
        if measure.compares == "items of one representation":
            assert np.array_equal(value, value.T) == measure.symmetric
        elif measure.compares == "two representations":
            swaps.append(numbers(measure.compute(given[1], given[0], *given[2:])) - value)
        elif measure.compares == "profiles of seeds":
            swaps.append(numbers(measure.compute(given[0][::-1])) - value)
    if swaps:
        assert np.allclose(swaps, 0, atol=1e-9) == measure.symmetric


@UNCHECKED
@EACH_PAIR
def test_the_triangle_inequality_holds_just_if_its_record_says_so(key: str) -> None:
    measure = MEASURES[key]
    if not measure.symmetric:
        assert not measure.metric
        return

    def distance(first: np.ndarray, second: np.ndarray) -> float:
        value = measure.compute(first, second).value
        return value if measure.best == 0 else 1.0 - value

    shortest = np.inf
    for seed in range(15):
        rng = np.random.default_rng(seed)
        first, last = (drawn(measure, rng, ITEMS, 4) for _ in range(2))
        between = [np.concatenate([first, last], -1), first + last, first + 0.3 * last]
        for middle in between[: 2 if "same space" in measure.needs else 3]:
            if "same space" in measure.needs and middle.shape[1] != 4:
                continue
            way = distance(first, middle) + distance(middle, last)
            shortest = min(shortest, way - distance(first, last))
        if shortest < -1e-9:
            break
    assert (shortest >= -1e-9) == measure.metric


@EACH
def test_a_thing_is_best_like_itself(key: str) -> None:
    measure = MEASURES[key]
    if measure.best is None:
        return
    first, *others = arguments(measure, 0)
    if measure.compares == "profiles of seeds":
        first = np.repeat(first[:1], 3, axis=0)
    if measure.compares == "two representations":
        others[0] = first
    value = numbers(measure.compute(first, *others))
    if measure.compares == "items of one representation":
        value = np.diagonal(value)
    np.testing.assert_allclose(value, measure.best, atol=1e-7)


@EACH
def test_float32_is_summed_in_float64(key: str) -> None:
    measure = MEASURES[key]
    given = arguments(measure, 1, offset=300.0)
    single = [each.astype(np.float32) if each.dtype.kind == "f" else each for each in given]
    double = [each.astype(np.float64) if each.dtype.kind == "f" else each for each in single]
    value = measure.compute(*single)
    assert getattr(value, "dtype", np.dtype(np.float64)) == np.float64
    np.testing.assert_allclose(
        numbers(value), numbers(measure.compute(*double)), rtol=1e-12, atol=1e-12
    )


@EACH
def test_the_callers_arrays_are_left_alone(key: str) -> None:
    measure = MEASURES[key]
    given = arguments(measure, 2)
    copies = [each.copy() for each in given]
    for each in given:
        each.flags.writeable = False
    measure.compute(*given)
    for each, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(each, copy)


@pytest.mark.parametrize("key", [key for key, each in MEASURES.items() if each.describe])
def test_described_once_for_many_models_it_says_the_same(key: str) -> None:
    measure = MEASURES[key]
    assert measure.describe
    assert measure.compare
    assert measure.score
    pairs = [arguments(measure, seed) for seed in range(4)]
    pairs[2][1] = np.full_like(pairs[2][1], 0.1)  # one bad model spoils no other
    sides = [measure.describe(np.stack(side)) for side in zip(*pairs, strict=True)]
    expected = [measure.compute(*pair) for pair in pairs]
    values = [score.value for score in expected]
    assert np.isfinite([values[model] for model in (0, 1, 3)]).all()
    np.testing.assert_allclose(measure.compare(*sides), values, atol=1e-12)
    for score, other in zip(measure.score(*sides), expected, strict=True):
        np.testing.assert_allclose(astuple(score)[:4], astuple(other)[:4], atol=1e-12)
        assert score.note == other.note


@pytest.mark.parametrize("key", [key for key, each in MEASURES.items() if each.of_dissimilarities])
def test_described_by_dissimilarities_of_many_models_it_says_the_same(key: str) -> None:
    measure = MEASURES[key]
    models = np.random.default_rng(0).normal(size=(2, 4, ITEMS * (ITEMS - 1) // 2))
    models[1, 2, 5] = np.nan  # one bad model spoils no other
    copies = models.copy()
    sides = [measure.describe_dissimilarities(side) for side in models]
    expected = [measure.of_dissimilarities(*pair) for pair in models.transpose(1, 0, 2)]
    assert [score.value for score in expected].count(0.0) == 0
    np.testing.assert_array_equal(measure.compare(*sides), [score.value for score in expected])
    assert [score.note for score in measure.score(*sides)] == [score.note for score in expected]
    assert [bool(score.note) for score in expected] == [False, False, True, False]
    np.testing.assert_array_equal(models, copies)


@EACH_PAIR
def test_higher_means_more_alike_where_a_record_says_so(key: str) -> None:
    measure = MEASURES[key]
    rng = np.random.default_rng(0)
    first, noise = (drawn(measure, rng, 30, 5) for _ in range(2))
    near, far = (measure.compute(first, first + by * noise).value for by in (0.1, 5))
    assert (near > far) == (measure.higher_means == "more alike")


def smallest(measure: Measure, items: int, seed: int = 0) -> list[np.ndarray]:
    """As few items as are asked for, in so few dimensions that nothing else is too few."""
    rng = np.random.default_rng(seed)
    dim = 1 if measure.least_items < 6 else 2
    first, second = (drawn(measure, rng, items, dim) for _ in range(2))
    return {
        "two representations": [first, second],
        "one representation": [first],
        "one representation and labels": [first, np.arange(items) % 2],
    }[measure.compares]


@UNCHECKED
@EACH_SCORE
def test_with_too_few_items_it_is_undefined_and_says_so(key: str) -> None:
    measure = MEASURES[key]
    for items in (0, 1, 2, measure.least_items - 1):
        if items < measure.least_items:
            score = measure.compute(*smallest(measure, items))
            assert np.isnan(score.value)
            assert score.note
            assert np.isnan(score.chance)
    rng = np.random.default_rng(1)
    given = smallest(measure, measure.least_items)
    if "correlation" in key:  # two dimensions have only two correlations
        given = [rng.normal(size=(measure.least_items, 3)) for _ in given]
    elif ".cosine." in key:
        given = [rng.normal(size=(measure.least_items, 2)) for _ in given]
    assert np.isfinite(measure.compute(*given).value)


@UNCHECKED
@EACH_SCORE
def test_what_has_no_variance_or_is_not_finite_is_undefined_and_says_so(key: str) -> None:
    measure = MEASURES[key]
    given = arguments(measure, 0)
    for wrong in (
        np.full_like(given[0], 0.1),
        given[0] * np.inf,
        np.where(given[0] < 1, np.nan, 1),
    ):
        for place in range(2 if measure.compares == "two representations" else 1):
            bad = list(given)
            bad[place] = wrong[..., : given[place].shape[-1]]
            score = measure.compute(*bad)
            assert np.isnan(score.value), (place, score)
            assert score.note


@UNCHECKED
@EACH_SCORE
def test_the_units_do_not_matter_however_small_or_large(key: str) -> None:
    measure = MEASURES[key]
    given = arguments(measure, 0)
    expected = measure.compute(*given).value
    for scale in (1e-150, 1e150):
        value = measure.compute(given[0] * scale, *given[1:]).value
        assert "common_scale" not in measure.invariant_to or value == pytest.approx(expected)


@UNCHECKED
@EACH_SCORE
def test_a_mean_far_from_0_does_not_matter_where_it_is_taken_out(key: str) -> None:
    measure = MEASURES[key]
    if "translation" in measure.invariant_to:
        given = arguments(measure, 0)
        expected = measure.compute(*given).value
        value = measure.compute(given[0] + 1e3, *given[1:]).value
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


@UNCHECKED
@EACH_PAIR
def test_different_items_are_refused(key: str) -> None:
    measure = MEASURES[key]
    first, second, *_ = arguments(measure, 0)
    with pytest.raises(ValueError, match="different numbers"):
        measure.compute(first, second[:-1])
    with pytest.raises(ValueError, match=r"items x (repeats x )?dims"):
        measure.compute(first[:, 0], second)


@UNCHECKED
@EACH_PAIR
def test_chance_is_the_mean_over_random_pairings(key: str) -> None:
    measure = MEASURES[key]
    rng = np.random.default_rng(5)
    first, second = (drawn(measure, rng, 14, 2) for _ in range(2))
    second += first
    score = measure.compute(first, second)
    if measure.chance == "permutation":
        assert np.isnan(score.chance)
        return
    if measure.chance not in ("zero", "closed") or "same space" in measure.needs:
        return
    null = [measure.compute(first[rng.permutation(14)], second).value for _ in range(120)]
    error = np.std(null) / np.sqrt(len(null))
    assert score.chance == pytest.approx(np.mean(null), abs=4 * error + 1e-12)
    assert (score.chance == 0) == (measure.chance == "zero")
    if np.isfinite(score.chance_sd):
        assert score.chance_sd == pytest.approx(np.std(null), rel=0.25)


@pytest.mark.parametrize(
    "key", [key for key, m in MEASURES.items() if m.describe and m.symmetric and m.key in PAIRS]
)
def test_all_pairs_at_once_are_the_pairs_one_by_one(key: str) -> None:
    measure = MEASURES[key]
    rng = np.random.default_rng(0)
    models = np.stack([drawn(measure, rng, ITEMS, 4) for _ in range(3)])
    models[2] = 0.1
    other = drawn(measure, rng, ITEMS, 4 if "same space" in measure.needs else 3)[None]
    matrix = pairs_matrix(measure, [measure.describe(models), measure.describe(other)])
    every = [*models, *other]
    expected = [[measure.compute(one, two).value for two in every] for one in every]
    np.testing.assert_allclose(matrix, expected, atol=1e-9)
    np.testing.assert_array_equal(matrix, matrix.T)
