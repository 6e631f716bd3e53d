"""The orthogonalisation index: planted geometry, noise that it must not follow, its invariances."""

from __future__ import annotations

import numpy as np
import pytest

from hybridrep.analysis.decoders import fit_decoders
from hybridrep.analysis.orthogonality import (
    between_sets,
    cosines,
    disattenuated,
    orthogonality_index,
    simplex_value,
)

RNG = np.random.default_rng(0)


def halves(values: int, sigma: float, dim: int = 256, trials: int = 600):
    """Normals of two halves: equidistant means in noise, as the index is read of a network."""
    rng = np.random.default_rng(values)
    means = rng.normal(size=(values, dim)) / np.sqrt(dim)
    found = []
    for _ in range(2):
        labels = rng.integers(0, values, trials)
        noise = sigma * rng.normal(size=(trials, dim)) / np.sqrt(dim)
        found.append(fit_decoders(5 * (means[labels] + noise), labels, 0.01, values).normals)
    return found


@pytest.mark.parametrize(
    ("values", "clean", "noisy", "corrected"),
    [(4, 0.67, (0.81, 0.83), (0.66, 0.68)), (8, 0.86, (0.93, 0.93), (0.84, 0.87))],
)
def test_noise_moves_the_index_and_not_the_corrected_one(values, clean, noisy, corrected):
    """A simplex in more and more noise: what seems more orthogonal is the noise of the fit."""
    low, high = (orthogonality_index(*halves(values, sigma)) for sigma in (0.5, 6.0))
    assert low.index == pytest.approx(clean, abs=0.02)
    assert noisy[0] - 0.02 < high.index < noisy[1] + 0.02
    for found in (low, high):
        assert corrected[0] - 0.02 < found.corrected < corrected[1] + 0.02
        assert found.simplex == simplex_value(values)
    assert high.floor > 0.2 > 0.05 > low.floor


def test_of_one_fit_all_forms_agree_and_scipy_says_the_same():
    from scipy.spatial.distance import pdist

    normals = RNG.normal(size=(5, 12))
    found = orthogonality_index(normals, normals)
    expected = float(np.mean(1 - np.abs(1 - pdist(normals, "cosine"))))
    assert found.index == pytest.approx(expected)
    assert found.same == pytest.approx(found.index)
    assert found.corrected == pytest.approx(found.index)
    assert found.floor == pytest.approx(0, abs=1e-12)
    gram = np.abs(1 - np.array([[0, *pdist(normals, "cosine")]]))[0, 1:]
    frobenius = np.sqrt(2 * np.square(gram).sum()) / np.sqrt(5 * 4)
    assert found.frobenius == pytest.approx(frobenius)


def test_rotation_scale_and_sign_leave_it_as_it_is():
    first, second = RNG.normal(size=(2, 4, 9))
    turn = np.linalg.qr(RNG.normal(size=(9, 9)))[0]
    one = orthogonality_index(first, second)
    other = orthogonality_index(-3 * first @ turn, first.std() * second @ turn)
    for name in ("index", "floor", "corrected", "same", "frobenius"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))
    swapped = orthogonality_index(second, first)
    assert swapped.index == pytest.approx(one.index)


def test_sets_that_nest_are_less_orthogonal_than_unrelated_ones():
    """Two categories of two objects each, and places on axes of their own."""
    objects = np.array([[1, 0.4, 0], [1, -0.4, 0], [-1, 0.4, 0], [-1, -0.4, 0]], float)
    kinds = np.array([[1, 0, 0], [-1, 0, 0]], float)
    places = np.array([[0, 0, 1], [0, 0, -1]], float)
    normals = np.concatenate([places, objects, kinds])
    found = between_sets(normals, normals, np.array([0, 0, 1, 1, 1, 1, 2, 2]))
    assert found[0, 1] == pytest.approx((1.0, 1.0))
    assert found[1, 2][0] == pytest.approx(1 - 1 / np.sqrt(1.16))


def test_a_normal_that_is_nothing_gives_nan():
    normals = RNG.normal(size=(3, 5))
    empty = normals.copy()
    empty[1] = 0
    found = orthogonality_index(normals, empty)
    assert np.isnan([found.index, found.floor, found.corrected]).all()
    unrelated = np.eye(4)
    cells = disattenuated(cosines(unrelated[:2], unrelated[2:]))
    assert np.isnan(cells).all()


@pytest.mark.parametrize("shapes", [((3, 4), (2, 4)), ((3, 4), (3, 5)), ((1, 4), (1, 4))])
def test_halves_that_do_not_fit_are_refused(shapes):
    with pytest.raises(ValueError, match=r"halves have normals|two values at least"):
        orthogonality_index(*(np.ones(shape) for shape in shapes))
