"""The noise ceiling of every comparator, against rsatoolbox and against an optimum."""

import math

import numpy as np
import pytest
from rsatoolbox.inference.noise_ceiling import boot_noise_ceiling
from rsatoolbox.rdm import RDMs, compare
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform
from scipy.stats import binomtest, pearsonr, zscore

from hybridrep.analysis.ceilings import class_profile, class_similarity, noise_ceiling
from hybridrep.analysis.descriptions import lower_triangle
from tests.analysis.oracle import similarities

THEIRS = {
    "pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho_a": "rho-a",
    "tau_a": "tau-a", "whitened_cosine": "cosine_cov", "whitened_pearson": "corr_cov",
}  # fmt: skip
ITEMS = 9


def profiles(seeds: int = 5) -> np.ndarray:
    """Squared distances of the same items, one a seed, as rsatoolbox orders them: by rows above.

    The comparators do not mind; `noise_ceiling` takes lower triangles, so those are made from it.
    """
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(ITEMS, 4))
    noisy = [shared + 0.8 * rng.normal(size=(ITEMS, 4)) for _ in range(seeds)]
    return np.stack([pdist(each, "sqeuclidean") for each in noisy])


def lower(above: np.ndarray) -> np.ndarray:
    rows, columns = np.tril_indices(ITEMS, -1)
    return np.stack([squareform(each)[rows, columns] for each in above])


@pytest.mark.filterwarnings("ignore:Noise ceiling for tau based on averaged ranks")
@pytest.mark.parametrize("comparator", THEIRS)
def test_bounds_are_those_of_rsatoolbox(comparator):
    given = profiles()
    theirs = boot_noise_ceiling(RDMs(given), method=THEIRS[comparator])
    mine = noise_ceiling(lower(given), comparator)
    if comparator.startswith("whitened"):  # it pools in another norm, so its "upper" is no bound
        assert mine.upper > theirs[1]
        assert (mine.lower, mine.upper) == pytest.approx(theirs, abs=6e-3)
    else:
        assert (mine.lower, mine.upper) == pytest.approx(theirs, rel=1e-9)
    assert ("approximate" in mine.note) == (comparator in ("spearman", "rho_a", "tau_a"))


@pytest.mark.parametrize("comparator", ["whitened_cosine", "whitened_pearson"])
def test_no_dissimilarities_agree_more_with_the_seeds_than_the_upper_bound(comparator):
    given = profiles()
    seeds = RDMs(given)

    def lacking(model: np.ndarray) -> float:
        return -float(compare(RDMs(model[None]), seeds, method=THEIRS[comparator]).mean())

    best = minimize(lacking, given.mean(axis=0), method="L-BFGS-B", options={"maxiter": 200})
    upper = noise_ceiling(lower(given), comparator).upper
    assert -best.fun <= upper + 1e-6
    assert -best.fun == pytest.approx(upper, abs=1e-4)


@pytest.mark.parametrize("seeds", [4, 10])
def test_seeds_that_do_not_agree_are_found_to_agree_as_rarely_as_5_percent_say(seeds):
    rng = np.random.default_rng(0)
    p = np.array([noise_ceiling(rng.normal(size=(seeds, 36))).p for _ in range(250)])
    assert binomtest(int((p <= 0.05).sum()), 250).proportion_ci().low <= 0.05
    assert np.mean(p <= 0.5) > 0.3  # nor is it idle
    assert noise_ceiling(lower(profiles())).p < 0.05
    assert math.isnan(noise_ceiling(lower(profiles(2))).p)


@pytest.mark.parametrize("comparator", THEIRS)
def test_seeds_that_do_not_vary_have_none(comparator):
    given = lower(profiles())
    given[1] = 0.0
    found = noise_ceiling(given, comparator)
    assert math.isnan(found.upper)
    assert "do not vary" in found.note


def test_whitening_needs_a_triangle():
    with pytest.raises(ValueError, match="5 values are no lower triangle"):
        noise_ceiling(np.random.default_rng(0).normal(size=(3, 5)), "whitened_cosine")


def test_the_noise_ceiling_equals_its_definition() -> None:
    profiles = np.stack([lower_triangle(m) for m in similarities(13, items=12, k=5)])
    scores = zscore(profiles, axis=1)
    lower = [pearsonr(s, np.delete(scores, i, 0).mean(0)).statistic for i, s in enumerate(scores)]
    upper = [pearsonr(s, scores.mean(axis=0)).statistic for s in scores]
    found = noise_ceiling(profiles)
    assert (found.lower, found.upper) == pytest.approx((np.mean(lower), np.mean(upper)), abs=1e-12)
    assert found.lower < found.upper
    assert (found.seeds, found.note) == (5, "")


@pytest.mark.parametrize(
    ("profiles", "note"),
    [
        (np.ones((1, 4)), "fewer than two seeds"),
        (np.array([[1.0, 2, 3], [0.1, 0.1, 0.1]]), "do not vary"),
        (np.array([[1.0, 2, 3], [1, np.nan, 2]]), "not finite"),
        (np.array([[1.0, 2, 3], [3.0, 2, 1]]), "cancel out"),
    ],
)
def test_without_agreement_to_measure_there_is_no_ceiling(profiles: np.ndarray, note: str) -> None:
    found = noise_ceiling(profiles)
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)
    assert note in found.note


def test_class_similarity_averages_pairs_of_different_items() -> None:
    matrix = similarities(14, items=9, k=1)[0]
    labels = np.array([2, 0, 2, 5, 0, 2, 5, 0, 7])
    found = class_similarity(matrix, labels)
    classes = [0, 2, 5, 7]
    for a, first in enumerate(classes):
        for b, second in enumerate(classes):
            pairs = [
                matrix[i, j]
                for i in np.flatnonzero(labels == first)
                for j in np.flatnonzero(labels == second)
                if i != j
            ]
            expected = np.mean(pairs) if pairs else math.nan
            assert found[a, b] == pytest.approx(expected, nan_ok=True)
    assert math.isnan(found[3, 3])
    assert class_profile(matrix, labels).shape == (10,)


@pytest.mark.parametrize("comparator", ["spearman", "rho_a", "tau_a"])
def test_values_that_rounding_alone_parts_are_one_rank(comparator) -> None:
    rng = np.random.default_rng(4)
    profiles = rng.integers(0, 4, size=(4, 30)) / 3 + np.linspace(0, 1, 30).round(1)
    rounded = profiles + rng.uniform(-1e-16, 1e-16, size=profiles.shape)
    exact, near = (noise_ceiling(each, comparator) for each in (profiles.round(9), rounded))
    assert (near.lower, near.upper) == pytest.approx((exact.lower, exact.upper), abs=1e-12)
