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


def repeated(items: np.ndarray, repeats: int) -> np.ndarray:
    """Items measured with noise: items x repeats x dims."""
    rng = np.random.default_rng(items.shape[1])
    return items[:, None] + rng.normal(size=(len(items), repeats, items.shape[1]))


def condensed(pairs: np.ndarray, items: int) -> np.ndarray:
    """Ours, by rows of the lower triangle, in SciPy's order."""
    matrix = np.zeros((items, items))
    matrix[np.tril_indices(items, -1)] = pairs
    return squareform(matrix + matrix.T)


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


def test_distances_with_a_sign_have_cosines_with_a_sign() -> None:
    cubes = np.random.default_rng(9).normal(size=(40, 2, 5, 2, 3))
    for name in ("cosine", "whitened_cosine"):
        values = [rsa(*pair, "crossnobis", name).value for pair in cubes]
        assert min(values) < 0 < max(values)
    first, second = (dissimilarities(each, "crossnobis") for each in cubes[0])
    expected = first @ second / np.sqrt((first @ first) * (second @ second))
    found = [compare_dissimilarities(first, sign * second, "cosine").value for sign in (1, -1)]
    np.testing.assert_allclose(found, [expected, -expected], rtol=TIGHT)


def test_where_repeats_do_not_differ_nothing_is_whitened() -> None:
    items = repeated(FIRST[:9, :4], 3)
    same = np.repeat(items[:, :1], 3, axis=1)
    one_way = items[:, :1] + np.array([1.0, -1.0])[:, None] * np.array([0.1, 0.2, 0.0, 0.3])
    for bad in (same, one_way):
        score = rsa(bad, items, "crossnobis_whitened")
        assert np.isnan(score.value)
        assert score.note == f"the first: {module.NO_NOISE}"
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


def test_of_very_many_pairs_a_sample_is_crossvalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (repeated(each, 3) for each in related(200, 6, 4))
    expected = rsa(first, second, "crossnobis").value
    monkeypatch.setattr(module, "WHOLE_UP_TO", 100)
    monkeypatch.setattr(module, "SAMPLED_PAIRS", 10_000)
    score = rsa(first, second, "crossnobis")
    assert score.value == pytest.approx(expected, abs=0.02)
    assert score.note.startswith("of a sample of ")


def test_unknown_names_say_which_there_are() -> None:
    with pytest.raises(ValueError, match="no dissimilarity 'city'; there are cosine, "):
        rsa(FIRST, SECOND, "city")
    with pytest.raises(ValueError, match="no comparator 'tau'; there are pearson, "):
        rsa(FIRST, SECOND, "cosine", "tau")
    with pytest.raises(ValueError, match="different numbers"):
        compare_dissimilarities(np.ones(3), np.ones(6))
