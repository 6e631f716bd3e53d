"""Rotations of decoders: networks with a planted answer, SciPy beside them, their invariances."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import orthogonal_procrustes, subspace_angles

from hybridrep.analysis.decoders import common_scale, decoder_scores, fit_decoders
from hybridrep.analysis.rotations import (
    DecodersAt,
    eligible,
    exchanged_turns,
    fit_rotation,
    random_turns,
    reconstructed,
    rotation_scores,
    shape_of,
    shape_permutation_p,
    span_overlap,
)

TIMES, OLDEST, VALUES, DIM = 6, 3, 4, 96


def turn(rng: np.random.Generator, dim: int = DIM) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0]


def planted(fixed: bool, trials: int = 300) -> dict[tuple[int, int], DecodersAt]:
    """Decoders of a linear network that turns its state and adds what is shown, at every step."""
    rng = np.random.default_rng(3)
    shown = rng.normal(size=(VALUES, DIM)) / np.sqrt(DIM)
    turns = [turn(rng)] * TIMES if fixed else [turn(rng) for _ in range(TIMES)]

    def run() -> tuple[np.ndarray, np.ndarray]:
        labels = rng.integers(0, VALUES, (trials, TIMES))
        state, states = np.zeros((trials, DIM)), []
        for time in range(TIMES):
            noise = 0.02 * rng.normal(size=state.shape) / np.sqrt(DIM)
            state = state @ turns[time] + shown[labels[:, time]] + noise
            states.append(state)
        return np.stack(states, 1), labels

    (fitted, seen), (tested, asked) = run(), run()
    mean = fitted.mean(axis=0)
    scale = common_scale((fitted - mean).reshape(-1, DIM))
    x, new = (fitted - mean) / scale, (tested - mean) / scale
    found = {}
    for i in range(TIMES):
        for j in range(i, min(TIMES, i + OLDEST + 1)):
            decoders = fit_decoders(x[:, j], seen[:, i], 0.01, VALUES)
            found[i, j] = DecodersAt(decoders.normals, decoders.biases, new[:, j], asked[:, i])
    return found


def means(reads: dict[tuple[int, int], DecodersAt], seed: int = 0) -> pd.Series:
    scores = rotation_scores(reads, TIMES, OLDEST, np.random.default_rng(seed))
    return pd.DataFrame(scores).groupby("measure")["score"].mean()


def test_one_fixed_rotation_is_seen_as_one():
    """swap_time fails although nothing changes over time: it is applied outside its span."""
    found = means(planted(fixed=True))
    expected = {"fitted": 1.0, "reconstructed": 1.0, "swap_stimulus": 1.0, "swap_time": 0.5,
                "permuted": 1.0, "joint": 1.0, "random": 0.5, "identity": 0.5}  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=0.02), name
    assert found["overlap"] < 0.15


def test_a_new_rotation_at_every_step_is_seen_as_many():
    """A map of another step gives chance: it meets a span that it was not fitted to.

    Little of the source is left then, the scale that is fitted to the target is near 0, and the
    target's biases reject every item: 1/2, with no noise of the sample in it.
    """
    found = means(planted(fixed=False))
    expected = {"reconstructed": 1.0, "permuted": 1.0, "swap_stimulus": 0.5, "swap_time": 0.5,
                "joint": 0.5}  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=0.005), name
    # what another implementation of this network measured, known to two digits
    measured = {"swap_stimulus": 0.49, "swap_time": 0.5, "joint": 0.48}
    for name, value in measured.items():
        assert abs(round(float(found[name]), 2) - value) < 0.02 + 1e-9, name


def test_it_is_scipys_procrustes_on_the_span():
    rng = np.random.default_rng(0)
    sources, targets = ([shape_of(rng.normal(size=(4, 15))) for _ in range(3)] for _ in range(2))
    whole, scale = orthogonal_procrustes(sources[0].rows, targets[0].rows)
    found = fit_rotation(sources[:1], targets[:1])
    np.testing.assert_allclose(found.of(sources[0].rows), sources[0].rows @ whole, atol=1e-12)
    assert found.scale == pytest.approx(scale)
    assert found.before.shape == (15, 3)
    # the best scale of a rotation that is given is that of least squares
    turned = found.of(sources[0].rows)
    by_hand = scale * targets[0].size * turned + targets[0].mean
    np.testing.assert_allclose(reconstructed(turned, targets[0]), by_hand, atol=1e-12)
    one, other = (np.concatenate([shape.rows for shape in some]) for some in (sources, targets))
    whole, _ = orthogonal_procrustes(one, other)
    joint = fit_rotation(sources, targets)
    np.testing.assert_allclose(joint.of(one), one @ whole, atol=1e-12)
    for shape in sources:  # a partial isometry: all lengths stay
        assert np.linalg.norm(joint.of(shape.rows)) == pytest.approx(1)


def test_a_common_rotation_of_all_states_changes_nothing():
    reads = planted(fixed=True, trials=80)
    turned = turn(np.random.default_rng(9))
    moved = {
        cell: DecodersAt(read.normals @ turned, read.biases, read.items @ turned, read.labels)
        for cell, read in reads.items()
    }
    before, after = means(reads), means(moved)
    names = before.index.drop("random")  # drawn in the coordinates of the space
    np.testing.assert_allclose(before[names], after[names], atol=1e-9)


def test_the_score_is_the_balanced_accuracy_of_the_decoders():
    rng = np.random.default_rng(1)
    items, labels = rng.normal(size=(60, 7)), rng.integers(0, 3, 60)
    decoders = fit_decoders(items, labels, 1.0, 3)
    read = DecodersAt(decoders.normals, decoders.biases, items, labels)
    expected = decoder_scores(decoders, items, labels).balanced.mean()
    assert float(read.score(decoders.normals)) == pytest.approx(expected)
    both = read.score(np.stack([decoders.normals, -decoders.normals]))
    assert both.shape == (2,)
    assert both[0] == pytest.approx(expected)


def test_cells_that_are_not_there_have_no_score():
    assert len(eligible(6, 1)) == 5
    assert len(eligible(6, 3)) == 12
    reads = {cell: read for cell, read in planted(True, 80).items() if cell[1] - cell[0] <= 1}
    table = pd.DataFrame(rotation_scores(reads, TIMES, 1, np.random.default_rng(0)))
    counts = table.groupby("measure").size()
    assert counts["fitted"] == counts["joint"] == 5
    assert counts["swap_stimulus"] == 4
    assert "swap_time" not in counts


def test_overlap_is_that_of_the_principal_angles():
    rng = np.random.default_rng(2)
    one, other = (shape_of(rng.normal(size=(5, 11))) for _ in range(2))
    angles = subspace_angles(one.axes, other.axes)
    assert one.axes.shape == (11, 4)
    assert span_overlap(one, other) == pytest.approx(np.mean(np.cos(angles) ** 2))
    drawn = [span_overlap(one, shape_of(rows)) for rows in random_turns(one, rng, 99)]
    assert np.mean(drawn) == pytest.approx(4 / 11, abs=0.05)


def test_permutations_tell_a_shape_from_a_simplex():
    rng = np.random.default_rng(4)
    shape = shape_of(rng.normal(size=(4, 20)))
    assert shape_permutation_p(shape, shape, rng) == pytest.approx(1 / 24)
    simplex = shape_of(np.eye(4, 20))
    assert shape_permutation_p(simplex, simplex, rng) == 1.0
    large = shape_of(rng.normal(size=(8, 20)))
    assert shape_permutation_p(large, large, rng, draws=99) == pytest.approx(1 / 100)
    rows, scales = exchanged_turns(shape, simplex, np.array([[1, 0, 2, 3], [3, 2, 1, 0]]))
    for order, turned, scale in zip([[1, 0, 2, 3], [3, 2, 1, 0]], rows, scales, strict=True):
        by_hand = fit_rotation([shape_of(shape.rows[order])], [simplex])
        np.testing.assert_allclose(turned, by_hand.of(shape.rows[order]), atol=1e-12)
        assert scale == pytest.approx(by_hand.scale)
    p = [shape_permutation_p(shape_of(rng.normal(size=(4, 20))), shape, rng) for _ in range(60)]
    assert 0.3 < np.mean(p) < 0.75
    assert math.isclose(min(p) * 24, round(min(p) * 24))


@pytest.mark.parametrize("normals", [np.ones((3, 4)), np.full((3, 4), np.nan)])
def test_normals_without_a_shape_are_refused(normals):
    with pytest.raises(ValueError, match="have no shape"):
        shape_of(normals)
    with pytest.raises(ValueError, match="are no pairs"):
        fit_rotation([], [])
