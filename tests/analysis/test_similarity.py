"""Cosine similarity against SciPy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_similarity as sklearn_cosine

from hybridrep.analysis.similarity import COSINE, cosine_similarity, unit_rows

MATRICES = arrays(
    np.float64,
    st.tuples(st.integers(1, 7), st.integers(1, 5)),
    elements=st.floats(-1e6, 1e6, allow_nan=False),
)


@given(matrix=MATRICES)
@settings(deadline=None)
def test_cosine_keeps_its_range_symmetry_and_diagonal(matrix: np.ndarray) -> None:
    similarity = cosine_similarity(matrix)
    assert similarity.min() >= COSINE.low
    assert similarity.max() <= COSINE.high
    np.testing.assert_array_equal(similarity, similarity.T)
    alive = matrix.any(axis=1)
    np.testing.assert_allclose(np.diagonal(similarity), alive.astype(float), atol=1e-12)


def test_higher_means_more_alike() -> None:
    assert COSINE.higher_means == "more alike"
    rng = np.random.default_rng(0)
    centre = rng.normal(size=20)
    near, far = centre + 0.1 * rng.normal(size=20), centre + 5 * rng.normal(size=20)
    similarity = cosine_similarity(np.stack([centre, near, far]))
    assert similarity[0, 1] > similarity[0, 2]


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
