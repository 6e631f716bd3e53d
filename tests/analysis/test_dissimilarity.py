"""Dissimilarities against SciPy, rsatoolbox and their definitions."""

import warnings

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from hybridrep.analysis.dissimilarity import NO_NOISE, crossnobis, dissimilarities
from hybridrep.analysis.representational_similarity import rsa
from tests.analysis.oracle import FIRST, SHAPES, TIGHT, condensed, related, repeated

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm


@pytest.mark.parametrize("shape", SHAPES)
def test_dissimilarities_are_those_of_scipy(shape: str) -> None:
    for side in related(*SHAPES[shape]):
        for name in ("cosine", "correlation", "euclidean"):
            if name == "correlation" and side.shape[1] < 2:
                continue
            found = condensed(dissimilarities(side, name), len(side))
            np.testing.assert_allclose(found, pdist(side, name), rtol=TIGHT, atol=1e-14)
        found = condensed(dissimilarities(side, "sqeuclidean"), len(side))
        expected = pdist(side, "sqeuclidean") / side.shape[1]
        np.testing.assert_allclose(found, expected, rtol=TIGHT, atol=1e-14)
        centred = side - side.mean(axis=0)
        found = condensed(dissimilarities(side, "cosine_centred"), len(side))
        np.testing.assert_allclose(found, pdist(centred, "cosine"), rtol=TIGHT, atol=1e-12)


def test_whitening_is_its_formula() -> None:
    x = FIRST - FIRST.mean(axis=0)
    covariance = x.T @ x / len(x)
    values, vectors = np.linalg.eigh(covariance + 0.1 * np.trace(covariance) / 12 * np.eye(12))
    expected = pdist(x @ (vectors / np.sqrt(values)) @ vectors.T, "cosine")
    found = condensed(dissimilarities(FIRST, "whitened"), 40)
    np.testing.assert_allclose(found, expected, rtol=TIGHT)


@pytest.mark.parametrize("whiten", [False, True])
def test_crossnobis_is_that_of_rsatoolbox(whiten: bool) -> None:
    rng = np.random.default_rng(4)
    items, repeats = np.tile(np.arange(8), 3), np.repeat(np.arange(3), 8)
    rows = rng.normal(size=(24, 6)) + rng.normal(size=(8, 6))[items]
    noise = None
    if whiten:
        from sklearn.covariance import LedoitWolf

        cube = rows.reshape(3, 8, 6) - rows.reshape(3, 8, 6).mean(axis=1, keepdims=True)
        residuals = (cube - cube.mean(axis=0)).reshape(-1, 6)
        noise = np.linalg.inv(LedoitWolf(assume_centered=True).fit(residuals).covariance_)
    dataset = Dataset(rows, obs_descriptors={"item": items, "repeat": repeats})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = calc_rdm(
            dataset, method="crossnobis", descriptor="item", cv_descriptor="repeat", noise=noise
        ).dissimilarities[0]
    order = np.random.default_rng(0).permutation(24)
    found = crossnobis(rows[order], items[order], repeats[order], whiten)
    np.testing.assert_allclose(condensed(found, 8), theirs, rtol=TIGHT, atol=1e-12)


def test_noise_alone_gives_crossnobis_distances_on_both_sides_of_0() -> None:
    rng = np.random.default_rng(5)
    items, repeats = np.tile(np.arange(10), 2), np.repeat(np.arange(2), 10)
    pairs = crossnobis(rng.normal(size=(20, 400)), items, repeats)
    assert pairs.min() < 0 < pairs.max()
    assert abs(pairs.mean()) < 0.05
    with pytest.raises(ValueError, match="at least two repeats"):
        crossnobis(np.ones((3, 2)), np.arange(3), np.zeros(3))
    with pytest.raises(ValueError, match="once in each repeat"):
        crossnobis(np.ones((4, 2)), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))


@pytest.mark.parametrize(("repeats", "dims"), [(2, 6), (5, 6), (2, 1), (3, 60)])
@pytest.mark.parametrize("name", ["crossnobis", "crossnobis_whitened"])
def test_crossvalidated_distances_are_their_definition(name: str, repeats: int, dims: int) -> None:
    items = repeated(related(9, dims, 1)[0] / 10, repeats) + 50.0
    turn = np.eye(dims)
    if "whitened" in name:
        from sklearn.covariance import LedoitWolf

        centred = items - items.mean(axis=0)
        residuals = (centred - centred.mean(axis=1, keepdims=True)).reshape(-1, dims)
        turn = np.linalg.inv(LedoitWolf(assume_centered=True).fit(residuals).covariance_)
    expected = [
        np.mean(
            [
                (items[i, a] - items[j, a]) @ turn @ (items[i, b] - items[j, b]) / dims
                for a in range(repeats) for b in range(repeats) if a != b
            ]
        )
        for i in range(9) for j in range(i)
    ]  # fmt: skip
    assert min(expected) < 0 or "whitened" in name
    np.testing.assert_allclose(dissimilarities(items, name), expected, rtol=TIGHT, atol=1e-12)
    units = 1.0 if "whitened" in name else 4.0**-300
    scaled = dissimilarities(items * 2.0**-300, name)
    np.testing.assert_allclose(scaled, np.array(expected) * units, rtol=TIGHT, atol=1e-12 * units)


def test_noise_adds_to_distances_of_means_and_nothing_to_crossvalidated_ones() -> None:
    true = np.zeros((6, 8))
    true[3:] = 1.0
    rng = np.random.default_rng(6)
    drawn = [true[:, None] + 2 * rng.normal(size=(6, 3, 8)) for _ in range(400)]
    expected = pdist(true, "sqeuclidean") / 8
    found = np.array([condensed(dissimilarities(each, "crossnobis"), 6) for each in drawn])
    of_means = np.array([pdist(each.mean(axis=1), "sqeuclidean") / 8 for each in drawn])
    errors = found.std(axis=0) / np.sqrt(len(drawn))
    assert (abs(found.mean(axis=0) - expected) < 4 * errors).all()
    assert (of_means.mean(axis=0) > expected + 2).all()
    assert (found[:, expected == 0] < 0).any()


def test_where_repeats_do_not_differ_nothing_is_whitened() -> None:
    items = repeated(FIRST[:9, :4], 3)
    same = np.repeat(items[:, :1], 3, axis=1)
    one_way = items[:, :1] + np.array([1.0, -1.0])[:, None] * np.array([0.1, 0.2, 0.0, 0.3])
    for bad in (same, one_way):
        score = rsa(bad, items, "crossnobis_whitened")
        assert np.isnan(score.value)
        assert score.note == f"the first: {NO_NOISE}"
        assert np.isnan(dissimilarities(bad, "crossnobis_whitened")).all()
    distances = condensed(dissimilarities(same, "crossnobis"), 9)
    np.testing.assert_allclose(distances, pdist(same[:, 0], "sqeuclidean") / 4, rtol=TIGHT)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (np.ones((9, 1, 4)), "at least two repeats"),
        (np.ones((9, 4)), r"items x repeats x dims, not \(9, 4\)"),
    ],
)
def test_items_that_were_measured_once_have_no_crossvalidated_distances(
    items: np.ndarray, message: str
) -> None:
    for call in (dissimilarities, lambda x, how: rsa(x, x, how)):
        with pytest.raises(ValueError, match=message):
            call(items, "crossnobis")
    with pytest.raises(ValueError, match="items x dims, not"):
        dissimilarities(np.ones((9, 2, 4)), "cosine")
