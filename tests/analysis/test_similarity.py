"""The promises of every measure, and cosine similarity against SciPy and scikit-learn."""

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist
from scipy.stats import ortho_group
from sklearn.metrics.pairwise import cosine_similarity as sklearn_cosine

from hybridrep.analysis.dissimilarity import RSA, rsa_correlation
from hybridrep.analysis.record import Change, Measure
from hybridrep.analysis.similarity import COSINE, cosine_similarity, unit_rows

CHANGES: tuple[Change, ...] = get_args(Change)
MATRICES = arrays(
    np.float64,
    st.tuples(st.integers(1, 7), st.integers(1, 5)),
    elements=st.floats(-1e6, 1e6, allow_nan=False),
)


def changed(
    change: Change, first: np.ndarray, second: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Change the first of two representations; only a new order concerns both."""
    items, dim = first.shape
    if change == "common_scale":
        return first * rng.uniform(0.1, 10), second
    if change == "item_scale":
        return first * rng.uniform(0.1, 10, size=(items, 1)), second
    if change == "rotation":
        return first @ ortho_group.rvs(dim, random_state=rng), second
    if change == "translation":
        return first + rng.uniform(1, 2, size=dim), second
    order = np.roll(np.arange(items), 1)
    return first[order], second[order]


MEASURES: dict[str, tuple[Measure, Callable[[np.ndarray, np.ndarray], object]]] = {
    "cosine": (COSINE, lambda first, _: cosine_similarity(first)),
    "rsa": (RSA, rsa_correlation),
}
CASES = [(name, change) for name in MEASURES for change in CHANGES]


@pytest.mark.parametrize(("name", "change"), CASES)
@given(seed=st.integers(0, 2**32 - 1), offset=st.floats(0, 3))
@settings(max_examples=15, deadline=None)
def test_a_measure_is_invariant_to_just_what_its_record_says(
    name: str, change: Change, seed: int, offset: float
) -> None:
    measure, function = MEASURES[name]
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(8, 4)) + offset, rng.normal(size=(8, 3))
    before = function(first, second)
    after = function(*changed(change, first, second, rng))
    if change in measure.invariant_to:
        np.testing.assert_allclose(after, before, atol=1e-9)
    else:
        assert not np.allclose(after, before, atol=1e-9)


@given(matrix=MATRICES)
@settings(deadline=None)
def test_cosine_keeps_its_range_symmetry_and_diagonal(matrix: np.ndarray) -> None:
    similarity = cosine_similarity(matrix)
    assert similarity.min() >= COSINE.low
    assert similarity.max() <= COSINE.high
    np.testing.assert_array_equal(similarity, similarity.T)
    alive = matrix.any(axis=1)
    np.testing.assert_allclose(np.diagonal(similarity), alive.astype(float), atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1), items=st.integers(3, 12))
@settings(max_examples=30, deadline=None)
def test_rsa_keeps_its_range_and_symmetry(seed: int, items: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(items, 3)), rng.normal(size=(items, 5))
    r = rsa_correlation(first, second)
    assert RSA.low <= r <= RSA.high
    assert rsa_correlation(second, first) == pytest.approx(r, abs=1e-12)
    assert rsa_correlation(first, first) == pytest.approx(RSA.high)


def test_higher_means_more_alike_for_both_measures() -> None:
    assert COSINE.higher_means == RSA.higher_means == "more alike"
    rng = np.random.default_rng(0)
    centre = rng.normal(size=20)
    near, far = centre + 0.1 * rng.normal(size=20), centre + 5 * rng.normal(size=20)
    similarity = cosine_similarity(np.stack([centre, near, far]))
    assert similarity[0, 1] > similarity[0, 2]
    first, noise = rng.normal(size=(30, 10)), rng.normal(size=(30, 10))
    assert rsa_correlation(first, first + 0.1 * noise) > rsa_correlation(first, first + 5 * noise)


def test_cosine_equals_scipy() -> None:
    matrix = np.random.default_rng(0).normal(size=(40, 17)) + 1
    expected = 1 - cdist(matrix, matrix, "cosine")
    np.testing.assert_allclose(cosine_similarity(matrix), expected, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.int64])
def test_cosine_is_float64_whatever_comes_in(dtype: type) -> None:
    matrix = (np.random.default_rng(1).normal(size=(20, 300)) * 20 + 100).clip(-128, 127)
    given = matrix.astype(dtype)
    similarity = cosine_similarity(given)
    assert similarity.dtype == np.float64
    np.testing.assert_allclose(similarity, cosine_similarity(given.astype(np.float64)), atol=1e-15)


def test_zero_vectors_are_unlike_everything_as_in_scikit_learn() -> None:
    matrix = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0], [4.0, 3.0]])
    np.testing.assert_allclose(cosine_similarity(matrix), sklearn_cosine(matrix), atol=1e-15)


def test_lengths_neither_overflow_nor_underflow() -> None:
    shape = np.array([[3.0, 4.0], [4.0, -3.0], [1.0, 1.0]])
    scales = np.array([[1e300], [1e-300], [5e-324]])
    np.testing.assert_allclose(
        cosine_similarity(shape * scales)[:2, :2], cosine_similarity(shape)[:2, :2], atol=1e-15
    )
    np.testing.assert_allclose(np.linalg.norm(unit_rows(shape * scales), axis=1), 1)


def test_values_that_are_not_finite_spoil_only_their_item() -> None:
    matrix = np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0], [2.0, 1.0]])
    similarity = cosine_similarity(matrix)
    expected = np.array([False, True, True, False])
    np.testing.assert_array_equal(np.isnan(similarity), expected[:, None] | expected)


def test_the_callers_array_is_left_alone() -> None:
    matrix = np.array([[3.0, 4.0], [0.0, 0.0]])
    copy = matrix.copy()
    cosine_similarity(matrix)
    np.testing.assert_array_equal(matrix, copy)
