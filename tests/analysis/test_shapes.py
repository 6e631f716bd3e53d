"""Shapes against SciPy, netrep and rsatoolbox."""

import numpy as np
import pytest
from scipy.spatial import procrustes as of_scipy

from hybridrep.analysis.shapes import nuclear_norm, procrustes, shape_angle
from tests.analysis.oracle import FIRST, SECOND, SHAPES, TIGHT, related


@pytest.mark.parametrize("shape", SHAPES)
def test_the_disparity_is_that_of_scipy(shape: str) -> None:
    first, second = related(*SHAPES[shape])
    padding = np.zeros((len(first), abs(first.shape[1] - second.shape[1])))
    small, large = sorted([first, second], key=lambda each: each.shape[1])
    expected = of_scipy(np.hstack([small, padding]), large)[2]
    assert 1 - procrustes(first, second).value ** 2 == pytest.approx(expected, rel=TIGHT)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [(1.0, 1.1945880543410488), (0.5, 1.1787296390107236), (0.1, 1.1788381759141107)],
)
def test_angles_are_those_of_netrep(alpha: float, expected: float) -> None:
    """Of inputs with unit norm, where it mixes in the identity with weight 1."""
    angle = shape_angle(FIRST, SECOND, alpha, identity=1.0).value
    assert angle == pytest.approx(expected, rel=TIGHT)


def test_whitened_shapes_are_those_of_netrep() -> None:
    assert shape_angle(FIRST, SECOND, 0.0).value == pytest.approx(1.1790361713932884, rel=TIGHT)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_neither_units_nor_repeated_items_change_a_shape(alpha: float) -> None:
    expected = shape_angle(FIRST, SECOND, alpha).value
    assert shape_angle(10 * FIRST, SECOND, alpha).value == pytest.approx(expected, rel=TIGHT)
    twice = shape_angle(np.vstack([FIRST] * 2), np.vstack([SECOND] * 2), alpha).value
    assert twice == pytest.approx(expected, rel=TIGHT)


@pytest.mark.parametrize("size", [1e-9, 1e-7, 1e-5])
def test_small_angles_keep_their_digits(size: float) -> None:
    """Of a change across the items, the angle is the length of the change."""
    rng = np.random.default_rng(0)
    x = np.linalg.qr(rng.normal(size=(50, 4)) - 0)[0]
    x -= x.mean(axis=0)
    x = np.linalg.qr(x)[0]
    across = rng.normal(size=(50, 4))
    across -= across.mean(axis=0)
    across -= x @ (x.T @ across)
    across *= np.linalg.norm(x) / np.linalg.norm(across)
    assert shape_angle(x, x + size * across).value == pytest.approx(size, rel=1e-4)


@pytest.mark.parametrize("dims", [(3, 3), (40, 7), (7, 40), (40, 40)])
def test_the_nuclear_norm_is_the_sum_of_singular_values(dims: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for spread in (0, 3, 12):  # the last loses everything by squares
        matrix = rng.normal(size=dims) * np.logspace(0, -spread, dims[1])
        expected = np.linalg.svd(matrix, compute_uv=False).sum()
        assert nuclear_norm(matrix) == pytest.approx(expected, rel=1e-11)


def test_alpha_is_a_share() -> None:
    with pytest.raises(ValueError, match="alpha is a share"):
        shape_angle(FIRST, SECOND, 1.5)
