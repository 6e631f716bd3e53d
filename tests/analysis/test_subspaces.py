"""Units and subspaces against all pairings and SciPy's angles."""

from itertools import permutations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.stats import ortho_group

from hybridrep.analysis.subspaces import alignment_index, principal_angles, subspace_overlap
from hybridrep.analysis.units import unit_matching
from tests.analysis.oracle import FIRST, SECOND, TIGHT, related


def test_units_are_matched_as_well_as_can_be() -> None:
    first, second = related(30, 4, 3)
    corr = np.abs(np.corrcoef(first.T, second.T)[:4, 4:])
    best = max(corr[list(rows), range(3)].mean() for rows in permutations(range(4), 3))
    assert unit_matching(first, second).value == pytest.approx(best, rel=TIGHT)


def test_a_shared_space_need_not_share_units() -> None:
    first = np.random.default_rng(0).normal(size=(200, 6))
    turned = first @ ortho_group.rvs(6, random_state=1)
    assert subspace_overlap(first, turned, 6).value == pytest.approx(1)
    assert unit_matching(first, turned).value < 0.8


@pytest.mark.parametrize("dims", [1, 3, 5])
def test_overlap_is_by_scipys_angles(dims: int) -> None:
    leading = [np.linalg.svd(x - x.mean(axis=0))[0][:, :dims] for x in (FIRST, SECOND)]
    angles = subspace_angles(*leading)
    expected = np.square(np.cos(angles)).mean()
    assert subspace_overlap(FIRST, SECOND, dims).value == pytest.approx(expected, rel=TIGHT)
    np.testing.assert_allclose(principal_angles(FIRST, SECOND, dims), angles[::-1], rtol=TIGHT)


def test_the_root_of_what_is_not_shared_is_a_metric_of_subspaces() -> None:
    for seed in range(30):
        sides = np.random.default_rng(seed).normal(size=(3, 20, 4))
        one, other, both = (
            np.sqrt(1 - subspace_overlap(sides[a], sides[b], 2).value)
            for a, b in ((0, 1), (1, 2), (0, 2))
        )
        assert both <= one + other + 1e-12


def test_alignment_is_its_formula_and_chance_that_of_random_directions() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([3, 2, 1, 0.5, 0.2])
    first, second = rng.normal(size=(60, 5)) * spread, rng.normal(size=(60, 5)) * spread[::-1]
    covariance = np.cov(second.T)
    axes = np.linalg.eigh(np.cov(first.T))[1][:, -2:]
    expected = np.trace(axes.T @ covariance @ axes) / np.linalg.eigvalsh(covariance)[-2:].sum()
    score = alignment_index(first, second, 2)
    assert score.value == pytest.approx(expected, rel=TIGHT)
    turned = [alignment_index(first @ ortho_group.rvs(5, random_state=rng), second, 2).value
              for _ in range(400)]  # fmt: skip
    assert score.chance == pytest.approx(np.mean(turned), abs=4 * np.std(turned) / 20)
    turn = ortho_group.rvs(5, random_state=1)
    assert alignment_index(first @ turn, second @ turn, 2).value == pytest.approx(expected)


def test_dimensions_must_make_sense() -> None:
    for measure in (subspace_overlap, alignment_index):
        with pytest.raises(ValueError, match="at least one dimension"):
            measure(FIRST, FIRST, 0)
    assert subspace_overlap(FIRST, SECOND, 9).note == "fewer than 9 dimensions vary"
    with pytest.raises(ValueError, match="the same dimensions"):
        alignment_index(FIRST, SECOND)
