"""Fusions in closed form against scikit-learn, SciPy and the ceiling that nothing passes."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from sklearn.decomposition import TruncatedSVD as SklearnSVD

from hybridrep.analysis.diffusion import diffusibility_ceiling
from hybridrep.analysis.similarity import unit_rows
from hybridrep.errors import ParameterError
from hybridrep.transforms.linear_fusion import (
    CanonicalCorrelation,
    Concatenated,
    Ensemble,
    GlobalComponents,
    TaskComponents,
    TruncatedSVD,
    cosine_sd,
)
from hybridrep.transforms.relative import RelativeRepresentation

pytestmark = pytest.mark.usefixtures("one_thread")


def correlated(kind: str, items: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two representations whose similarities correlate by chance, by much, or negatively."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(items, 6))
    if kind == "opposed":  # typical in one (near the common direction) is untypical in the other
        spread = rng.uniform(0.2, 2, size=(items, 1))
        return tuple(
            np.hstack([np.ones((items, 1)), scale * rng.normal(size=(items, 40)) / 4])
            for scale in (spread, 2.2 - spread)
        )
    noise = {"apart": 9.0, "near": 0.9, "same": 0.25}[kind]
    return tuple(np.hstack([shared, noise * rng.normal(size=(items, width))]) for width in (9, 5))


def r(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(pdist(one, "cosine"), pdist(other, "cosine"))[0, 1])


@pytest.mark.parametrize("kind", ["opposed", "apart", "near", "same"])
def test_side_by_side_both_are_carried_as_far_as_anything_can(kind):
    rng, both = np.random.default_rng(0), correlated(kind, 1_600, seed=1)
    train, new = [side[:800] for side in both], [side[800:] for side in both]
    fused = Concatenated.fit(*train, rng)
    for sides, tolerance in ((train, 1e-9), (new, 0.02)):
        ceiling = diffusibility_ceiling(r(*sides))
        made = fused.apply(*sides)
        np.testing.assert_allclose([r(made, side) for side in sides], ceiling, atol=tolerance)
    lowest, highest = {"opposed": (-0.6, -0.3), "apart": (-0.1, 0.1), "near": (0.3, 0.8),
                       "same": (0.8, 1)}[kind]  # fmt: skip
    assert lowest < r(*train) < highest


@pytest.mark.parametrize("shift", [0, 1e4])
def test_the_spread_of_cosines_is_scipys(shift):
    rows = np.random.default_rng(0).normal(size=(40, 7)) + shift
    expected = np.std(pdist(rows.astype(np.longdouble).astype(float), "cosine"))
    np.testing.assert_allclose(cosine_sd(rows), expected, rtol=1e-6 if shift else 1e-12)


def test_truncated_svd_is_scikit_learns():
    first, second = correlated("near", 80, seed=2)
    ours = TruncatedSVD.fit(first, second, np.random.default_rng(0), size=5)
    rows = Concatenated.fit(first, second, np.random.default_rng(0)).apply(first, second)
    theirs = SklearnSVD(5, algorithm="arpack").fit(rows)
    signs = np.sign((ours.directions * theirs.components_.T).sum(axis=0))
    np.testing.assert_allclose(ours.apply(first, second), theirs.transform(rows) * signs, atol=1e-9)
    whole = TruncatedSVD.fit(first, second, np.random.default_rng(0), size=rows.shape[1])
    kept = whole.apply(first, second)
    np.testing.assert_allclose(kept @ kept.T, rows @ rows.T, atol=1e-12)


@pytest.mark.parametrize(("method", "place"), [(GlobalComponents, 0), (TaskComponents, 1)])
def test_components_are_scikit_learns(method, place):
    sides = correlated("near", 80, seed=3)
    ours = method.fit(*sides, np.random.default_rng(0), size=4)
    theirs = PCA(4, svd_solver="full").fit(sides[place])
    signs = np.sign((ours.directions * theirs.components_.T).sum(axis=0))
    np.testing.assert_allclose(
        ours.apply(*sides), theirs.transform(sides[place]) * signs, atol=1e-9
    )


def test_canonical_variates_have_the_correlations_of_the_angles_between_the_spaces():
    first, second = correlated("near", 300, seed=4)
    fitted = CanonicalCorrelation.fit(
        first, second, np.random.default_rng(0), size=6, shrinkage=1e-9
    )
    one, other = (
        (side - mean) @ directions
        for side, mean, directions in zip(
            (first, second), fitted.means, fitted.directions, strict=True
        )
    )
    angles = subspace_angles(first - first.mean(axis=0), second - second.mean(axis=0))
    found = [np.corrcoef(a, b)[0, 1] for a, b in zip(one.T, other.T, strict=True)]
    np.testing.assert_allclose(found, np.cos(np.sort(angles))[:6], atol=1e-6)
    np.testing.assert_allclose(np.cov(one.T, bias=True), np.eye(6), atol=1e-6)
    np.testing.assert_allclose(fitted.apply(first, second), (one + other) / 2)


def test_relative_representations_ignore_rotation_and_scale():
    first, second = correlated("near", 80, seed=5)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(15, 15)))
    made = [
        RelativeRepresentation.fit(side, second, np.random.default_rng(0), anchors=20).apply(
            side, second
        )
        for side in (first, 3 * first @ rotation)
    ]
    np.testing.assert_allclose(made[0], made[1], atol=1e-12)
    cosines = unit_rows(first) @ unit_rows(first).T
    assert {*np.round(made[0][:, 0], 9)} <= {*np.round(cosines.ravel(), 9)}


@pytest.mark.parametrize("method", [TruncatedSVD, CanonicalCorrelation, GlobalComponents])
def test_a_size_above_what_goes_in_is_refused(method):
    first, second = correlated("near", 80, seed=6)
    with pytest.raises(ParameterError, match=f"{method.method}: size must be at most"):
        method.fit(first, second, np.random.default_rng(0), size=99)
    with pytest.raises(ParameterError, match="size"):
        method.fit(first, second, np.random.default_rng(0), size=0)


def test_what_carries_nothing_is_refused():
    first, second = correlated("near", 80, seed=7)
    with pytest.raises(ValueError, match="the second side are equally similar"):
        Concatenated.fit(first, np.ones_like(second), np.random.default_rng(0))
    with pytest.raises(ParameterError, match="shrinkage must be above 0 and at most 1"):
        CanonicalCorrelation.fit(first, second, np.random.default_rng(0), shrinkage=0)


def test_an_ensemble_of_one_is_concatenation_and_of_several_the_mean_of_their_cosines():
    rng = np.random.default_rng(0)
    first, members = rng.normal(size=(60, 9)), [rng.normal(size=(60, 4)) for _ in range(3)]
    alone = Ensemble.fit(first, members[0], rng)
    np.testing.assert_allclose(
        alone.apply(first, members[0]), Concatenated.fit(first, members[0], rng).apply(
            first, members[0]
        )
    )  # fmt: skip
    side = np.hstack(members)
    made = Ensemble.fit(first, side, rng, members=3).apply(first, side)
    cosines = [1 - pdist(rows, "cosine") for rows in (first, *members)]
    expected = cosines[0] / np.std(cosines[0]) + sum(c / np.std(c) for c in cosines[1:]) / 3
    np.testing.assert_allclose(np.corrcoef(1 - pdist(made, "cosine"), expected)[0, 1], 1)
    with pytest.raises(ParameterError, match="the second side's 12 columns are no 5 members"):
        Ensemble.fit(first, side, rng, members=5)
    with pytest.raises(ValueError, match="all pairs of items of side 3 are equally similar"):
        Ensemble.fit(first, np.hstack([members[0], np.ones((60, 4))]), rng, members=2)
