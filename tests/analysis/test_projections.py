"""t-SNE: deterministic, faithful to clusters, and defined for too little to project."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from hybridrep.analysis.projections import t_sne


def clusters() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 15)
    return (rng.normal(size=(3, 10)) * 6)[labels] + rng.normal(size=(45, 10)), labels


def test_positions_do_not_depend_on_threads_or_dtype_of_an_equal_input() -> None:
    points, labels = clusters()
    points = points.astype(np.float32)
    first = t_sne(points, seed=1)
    assert first.shape == (45, 2)
    assert first.dtype == np.float64
    with threadpool_limits(limits=2):
        np.testing.assert_array_equal(t_sne(points, seed=1), first)
    np.testing.assert_array_equal(t_sne(points.astype(np.float64), seed=1), first)
    assert silhouette_score(first, labels) > 0.5


@pytest.mark.parametrize("items", [3, 5])
def test_few_items_bound_the_perplexity(items: int) -> None:
    found = t_sne(np.random.default_rng(1).normal(size=(items, 4)))
    assert np.isfinite(found).all()
    assert len(np.unique(found, axis=0)) == items


def test_one_dimension_can_be_projected() -> None:
    assert np.isfinite(t_sne(np.arange(8.0)[:, None])).all()


@pytest.mark.parametrize("points", [np.ones((6, 3)), np.ones((2, 3)), np.zeros((0, 3))])
def test_nothing_to_project_comes_out_at_zero(points: np.ndarray) -> None:
    np.testing.assert_array_equal(t_sne(points), np.zeros((len(points), 2)))


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        t_sne(np.array([[1.0, np.nan], [1, 2], [3, 4]]))
