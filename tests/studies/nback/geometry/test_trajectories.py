"""Trajectories: components as scikit-learn finds them, means as pandas does."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from hybridrep.studies.nback.geometry.trajectories import by_value, principal


def test_components_are_those_of_scikit_learn():
    states = np.random.default_rng(0).normal(size=(30, 4, 9)).astype(np.float32)
    points, shares = principal(states)
    model = PCA(3).fit(states.reshape(-1, 9).astype(np.float64))
    expected = model.transform(states.reshape(-1, 9).astype(np.float64)).reshape(30, 4, 3)
    np.testing.assert_allclose(abs(points), abs(expected), atol=1e-9)
    np.testing.assert_allclose(shares, model.explained_variance_ratio_, atol=1e-9)
    few, none = principal(states[:, :, :2])
    assert few.shape == (30, 4, 3)
    assert none[2] == 0


def test_means_are_by_the_value_of_each_stimulus():
    rng = np.random.default_rng(1)
    points, labels = rng.normal(size=(40, 3, 2)), rng.integers(0, 3, (40, 3))
    labels[labels == 2] = 1
    found = by_value(points, labels, 3)
    for stimulus in range(3):
        for frame in range(3):
            table = pd.DataFrame(points[:, frame]).groupby(labels[:, stimulus]).mean()
            np.testing.assert_allclose(found[stimulus, :2, frame], table)
    assert np.isnan(found[:, 2]).all()
