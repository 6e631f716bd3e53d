"""Comparators against rsatoolbox and SciPy."""

import warnings

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from hybridrep.analysis.comparators import COMPARATORS
from hybridrep.analysis.dissimilarity import DISSIMILARITIES, dissimilarities
from hybridrep.analysis.representational_similarity import compare_dissimilarities, rsa
from tests.analysis.oracle import SECOND, TIGHT, condensed, integers, related, repeated

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import RDMs, calc_rdm, compare

THEIRS = {
    "pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho_a": "rho-a",
    "tau_a": "tau-a", "whitened_cosine": "cosine_cov", "whitened_pearson": "corr_cov",
}  # fmt: skip


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("dissimilarity", DISSIMILARITIES)
def test_comparators_are_those_of_rsatoolbox(dissimilarity: str, comparator: str) -> None:
    first, second = related(14, 6, 4)
    if "repeats" in DISSIMILARITIES[dissimilarity].needs:
        first, second = repeated(first, 3), repeated(second, 4)
    pairs = [condensed(dissimilarities(each, dissimilarity), 14) for each in (first, second)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = compare(*(RDMs(each[None]) for each in pairs), method=THEIRS[comparator]).item()
    score = rsa(first, second, dissimilarity, comparator)
    assert score.value == pytest.approx(expected, rel=TIGHT)


def test_ties_are_ties_whatever_the_rounding() -> None:
    first, second = integers()
    expected = spearmanr(pdist(first, "sqeuclidean"), pdist(second, "sqeuclidean")).statistic
    assert rsa(first, second, "euclidean", "spearman").value == pytest.approx(expected, rel=TIGHT)
    rounded = [np.round(pdist(each + 1, "cosine"), 10) for each in (first, second)]
    score = rsa(first + 1, second + 1, "cosine", "spearman")
    assert score.value == pytest.approx(spearmanr(*rounded).statistic, rel=TIGHT)


def test_where_all_pairs_are_tied_only_rho_a_and_tau_a_are_defined() -> None:
    corners = np.eye(9)
    for comparator, how in COMPARATORS.items():
        score = rsa(corners, SECOND[:9], "sqeuclidean", comparator)
        if comparator in ("rho_a", "tau_a"):
            assert score.value == 0
        elif "cosine" not in comparator:
            assert np.isnan(score.value), how.name
            assert score.note == "the first: constant dissimilarities"


@pytest.mark.parametrize("comparator", COMPARATORS)
@pytest.mark.parametrize("name", ["crossnobis", "crossnobis_whitened"])
def test_measures_of_repeats_are_those_of_rsatoolbox(name: str, comparator: str) -> None:
    from sklearn.covariance import LedoitWolf

    sides, theirs = [repeated(each, 3) for each in related(11, 5, 30)], []
    for side in sides:
        items, _, dims = side.shape
        centred = side - side.mean(axis=0)
        residuals = (centred - centred.mean(axis=1, keepdims=True)).reshape(-1, dims)
        covariance = LedoitWolf(assume_centered=True).fit(residuals).covariance_
        rows = {"item": np.repeat(np.arange(items), 3), "repeat": np.tile(np.arange(3), items)}
        given = Dataset(side.reshape(-1, dims), obs_descriptors=rows)
        noise = np.linalg.inv(covariance) if "whitened" in name else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.append(
                calc_rdm(
                    given, method="crossnobis", descriptor="item", cv_descriptor="repeat",
                    noise=noise,
                )
            )  # fmt: skip
        ours = condensed(dissimilarities(side, name), items)
        np.testing.assert_allclose(ours, theirs[-1].dissimilarities[0], rtol=TIGHT, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = compare(*theirs, method=THEIRS[comparator]).item()
    assert rsa(*sides, name, comparator).value == pytest.approx(expected, rel=TIGHT)


def test_distances_with_a_sign_have_cosines_with_a_sign() -> None:
    cubes = np.random.default_rng(9).normal(size=(40, 2, 5, 2, 3))
    for name in ("cosine", "whitened_cosine"):
        values = [rsa(*pair, "crossnobis", name).value for pair in cubes]
        assert min(values) < 0 < max(values)
    first, second = (dissimilarities(each, "crossnobis") for each in cubes[0])
    expected = first @ second / np.sqrt((first @ first) * (second @ second))
    found = [compare_dissimilarities(first, sign * second, "cosine").value for sign in (1, -1)]
    np.testing.assert_allclose(found, [expected, -expected], rtol=TIGHT)
