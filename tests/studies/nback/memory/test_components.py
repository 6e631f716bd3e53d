"""The front end's components are scikit-learn's, and say what they keep."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from hybridrep.studies.nback.memory import components
from hybridrep.studies.nback.memory.components import fit_components


def test_components_are_those_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(components, "CHUNK", 17)  # several chunks, and a rest
    rng = np.random.default_rng(0)
    maps = (rng.normal(size=(30, 50)) * np.linspace(3, 1, 50)).astype(np.float32)
    found = fit_components(maps, 12)
    theirs = PCA(12, svd_solver="full").fit(maps.astype(np.float64))
    others = rng.normal(size=(9, 50)).astype(np.float32)
    expected = theirs.transform(others.astype(np.float64)) * found.scale
    np.testing.assert_allclose(np.abs(found.of(others)), np.abs(expected), atol=1e-4)
    share = theirs.explained_variance_ratio_.sum()
    assert found.explained == pytest.approx(share, abs=1e-6)
    assert found.of(maps).var(axis=0).mean() == pytest.approx(1, abs=1e-5)
    assert (np.take_along_axis(found.axes, abs(found.axes).argmax(axis=0)[None], 0) > 0).all()


def test_there_are_at_most_as_many_as_images_less_one_and_all_of_them_lose_nothing():
    maps = np.random.default_rng(1).normal(size=(8, 40))
    found = fit_components(maps, 256)
    assert found.axes.shape == (40, 7)
    assert found.explained == pytest.approx(1)
    back = found.of(maps) / found.scale @ found.axes.T + found.mean
    np.testing.assert_allclose(back, maps, atol=1e-4)


def test_images_that_repeat_another_bring_no_component():
    maps = np.repeat(np.random.default_rng(2).normal(size=(3, 20)), 4, axis=0)
    assert fit_components(maps, 11).axes.shape == (20, 2)


@pytest.mark.parametrize(
    ("maps", "message"),
    [(np.ones((1, 5)), "two images at least"), (np.ones((4, 5)), "the same map")],
)
def test_images_that_nothing_tells_apart_are_refused(maps, message):
    with pytest.raises(ValueError, match=message):
        fit_components(maps, 2)
