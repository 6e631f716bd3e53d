"""Dissimilarities and comparators against rsatoolbox and SciPy."""

import warnings

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

from hybridrep.analysis import dissimilarity as module
from hybridrep.analysis.dissimilarity import (
    COMPARATORS,
    DISSIMILARITIES,
    compare_dissimilarities,
    crossnobis,
    dissimilarities,
    rsa,
)
from tests.analysis.oracle import FIRST, SECOND, SHAPES, TIGHT, integers, related

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import RDMs, calc_rdm, compare

THEIRS = {
    "pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho_a": "rho-a",
    "tau_a": "tau-a", "whitened_cosine": "cosine_cov", "whitened_pearson": "corr_cov",
}  # fmt: skip


def condensed(pairs: np.ndarray, items: int) -> np.ndarray:
    """Ours, by rows of the lower triangle, in SciPy's order."""
    matrix = np.zeros((items, items))
    matrix[np.tril_indices(items, -1)] = pairs
    return squareform(matrix + matrix.T)


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_comparators_are_those_of_rsatoolbox(dissimilarity: str, comparator: str) -> None:
    first, second = related(14, 6, 4)
    pairs = [condensed(dissimilarities(each, dissimilarity), 14) for each in (first, second)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = compare(*(RDMs(each[None]) for each in pairs), method=THEIRS[comparator]).item()
    score = rsa(first, second, dissimilarity, comparator)
    assert score.value == pytest.approx(expected, rel=TIGHT)


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


def test_ties_are_ties_whatever_the_rounding() -> None:
    first, second = integers()
    expected = spearmanr(pdist(first, "sqeuclidean"), pdist(second, "sqeuclidean")).statistic
    assert rsa(first, second, "euclidean", "spearman").value == pytest.approx(expected, rel=TIGHT)
    rounded = [np.round(pdist(each + 1, "cosine"), 10) for each in (first, second)]
    score = rsa(first + 1, second + 1, "cosine", "spearman")
    assert score.value == pytest.approx(spearmanr(*rounded).statistic, rel=TIGHT)


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("dissimilarity", ["cosine_centred", "correlation", "sqeuclidean"])
def test_many_items_are_compared_alike_without_square_matrices(
    dissimilarity: str, comparator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rsa(FIRST, SECOND, dissimilarity, comparator)
    monkeypatch.setattr(module, "GRAM_ABOVE", 0)
    score = rsa(FIRST, SECOND, dissimilarity, comparator)
    assert score.value == pytest.approx(expected.value, rel=TIGHT)
    assert score.chance == pytest.approx(expected.chance, rel=TIGHT)
    assert np.allclose(score.chance_sd, expected.chance_sd, equal_nan=True)


def test_of_very_many_pairs_a_sample_is_ranked_and_the_note_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = related(300, 6, 4)
    expected = rsa(first, second, "euclidean", "spearman").value
    monkeypatch.setattr(module, "WHOLE_UP_TO", 100)
    monkeypatch.setattr(module, "GRAM_ABOVE", 50)
    monkeypatch.setattr(module, "SAMPLED_PAIRS", 10_000)
    score = rsa(first, second, "euclidean", "spearman")
    assert score.value == pytest.approx(expected, abs=0.02)
    assert score.value == rsa(first, second, "euclidean", "spearman").value
    assert score.note.startswith("of a sample of 8,9")
    refused = rsa(first, second, "euclidean", "whitened_cosine")
    assert np.isnan(refused.value)
    assert refused.note.endswith("needs all pairs: at most 100 items")


def test_where_all_pairs_are_tied_only_rho_a_and_tau_a_are_defined() -> None:
    corners = np.eye(9)
    for comparator, how in COMPARATORS.items():
        score = rsa(corners, SECOND[:9], "sqeuclidean", comparator)
        if comparator in ("rho_a", "tau_a"):
            assert score.value == 0
        elif "cosine" not in comparator:
            assert np.isnan(score.value), how.name
            assert score.note == "the first: constant dissimilarities"


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


def test_unknown_names_say_which_there_are() -> None:
    with pytest.raises(ValueError, match="no dissimilarity 'city'; there are cosine, "):
        rsa(FIRST, SECOND, "city")
    with pytest.raises(ValueError, match="no comparator 'tau'; there are pearson, "):
        rsa(FIRST, SECOND, "cosine", "tau")
    with pytest.raises(ValueError, match="different numbers"):
        compare_dissimilarities(np.ones(3), np.ones(6))
