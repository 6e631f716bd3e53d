"""Perturbed states: what is moved, what stays, and what a linear reader makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from hybridrep.analysis.perturbation import (
    contrast,
    interchanged,
    random_directions,
    share_beyond,
    shifted,
    span_of,
)


def two_clouds() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    return np.eye(3, 6)[labels] * 4 + rng.normal(size=(300, 6)), labels


def test_a_step_of_one_gap_takes_one_value_to_where_the_other_is():
    items, labels = two_clouds()
    found = contrast(items, labels, 0, 2, 1.0)
    shown = labels != 1
    by_sklearn = LinearSVC(C=1.0, class_weight="balanced", intercept_scaling=1e3, tol=1e-8)
    normal = by_sklearn.fit(items[shown], labels[shown] == 0).coef_[0]
    assert found.direction @ normal / np.linalg.norm(normal) > 0.999
    back = contrast(items, labels, 2, 0, 1.0)
    np.testing.assert_allclose(back.direction, -found.direction, atol=1e-9)
    assert back.gap == pytest.approx(found.gap)
    assert found.gap > 3
    mine = items[labels == 0]
    moved = shifted(mine, np.tile(found.gap * found.direction, (len(mine), 1)), np.array([0, 1.0]))
    np.testing.assert_array_equal(moved[0], mine)
    target = (items[labels == 2] @ found.direction).mean()
    assert (moved[1] @ found.direction).mean() == pytest.approx(target)
    with pytest.raises(ValueError, match="items with it and without"):
        contrast(items, labels, 0, 7, 1.0)


def test_an_interchange_changes_the_span_alone():
    rng = np.random.default_rng(1)
    items, donors, normals = rng.normal(size=(5, 7)), rng.normal(size=(5, 7)), np.zeros((3, 7))
    normals[:2] = rng.normal(size=(2, 7))
    normals[2] = normals[0] - normals[1]
    axes = span_of(normals)
    assert axes.shape == (7, 2)
    found = interchanged(items, donors, axes)
    np.testing.assert_allclose(found @ normals.T, donors @ normals.T, atol=1e-12)
    outside = random_directions(4, 7, rng, axes)
    np.testing.assert_allclose(outside @ normals.T, 0, atol=1e-12)
    np.testing.assert_allclose(found @ outside.T, items @ outside.T, atol=1e-12)
    with pytest.raises(ValueError, match="leave no direction"):
        random_directions(1, 2, rng, np.eye(2))


def test_the_share_of_long_states_is_one_in_a_hundred_unmoved():
    states = np.random.default_rng(2).normal(size=(1000, 5))
    moved = np.stack([states, 9 * states])
    np.testing.assert_allclose(share_beyond(moved, states), [0.01, 1.0], atol=0.02)
