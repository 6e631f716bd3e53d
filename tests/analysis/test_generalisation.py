"""Decoders over time, and what agreement of labels alone gives them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hybridrep.analysis.decoders import fit_decoders, fit_label_sets
from hybridrep.analysis.generalisation import (
    centring_of,
    fit_over_time,
    label_agreement,
    normalised,
    predicted_accuracy,
    score_over_time,
)


@pytest.mark.parametrize(("values", "match"), [(4, 0.5), (8, 0.5), (4, 0.25), (3, 0.9)])
def test_agreement_is_that_of_all_chains_of_matches(values, match):
    """By enumeration: all sequences of matches and misses, values by the chain's own steps."""
    step = np.full((values, values), (1 - match) / (values - 1))
    np.fill_diagonal(step, match)
    for times in range(4):
        expected = np.trace(np.linalg.matrix_power(step, times)) / values
        assert label_agreement(match, values, times) == pytest.approx(expected, abs=1e-12)
    assert label_agreement(0.5, 4, 2) == pytest.approx(0.5**2 + 0.5**2 / 3)


@pytest.mark.parametrize(("values", "expected"), [(4, 2 / 3), (8, 5 / 7)])
def test_a_perfect_reader_of_what_is_shown_now_reads_a_correlated_label(values, expected):
    assert predicted_accuracy(0.5, values, 1.0) == pytest.approx(expected)
    assert predicted_accuracy(1 / values, values, 1.0) == pytest.approx(0.5)
    # counted: of each pair of labels its probability, the reader says yes where now is v
    pairs = itertools.product(range(values), repeat=2)
    p = {(s, t): (0.5 if s == t else 0.5 / (values - 1)) / values for s, t in pairs}
    hit = sum(q for (s, t), q in p.items() if s == 0 and t == 0) * values
    rejected = sum(q for (s, t), q in p.items() if s and t) / (1 - 1 / values)
    assert (hit + rejected) / 2 == pytest.approx(expected)


def test_nothing_above_chance_leaves_nothing_to_normalise():
    assert np.isnan(normalised(0.6, 0.5))
    assert normalised(0.5, 0.9) == 0.0


def test_states_are_centred_by_condition_and_step_and_scaled_by_one_number():
    rng = np.random.default_rng(0)
    states = (rng.normal(size=(2, 40, 3, 5)) * [1, 2, 3, 4, 5]).astype(np.float32)
    centring = centring_of(states)
    x = centring.apply(states[1, :, 2], 1, 2)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(
        x * centring.scale, states[1, :, 2] - states[1, :, 2].mean(axis=0), atol=1e-5
    )
    assert centring_of(states[:, :0]).scale == 1.0


def test_decoders_over_time_are_those_of_each_step_and_stimulus():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (60, 2))
    x = rng.normal(size=(60, 4, 6)) + labels[:, :1, None]
    found = fit_over_time(x, labels, 0.1, 3, onsets=(0, 2))
    assert np.isnan(found.normals[1, :2]).all()
    for stimulus, step in ((0, 0), (0, 3), (1, 2)):
        alone = fit_decoders(x[:, step], labels[:, stimulus], 0.1, 3)
        np.testing.assert_allclose(found.normals[stimulus, step], alone.normals, atol=1e-12)
        np.testing.assert_allclose(found.biases[stimulus, step], alone.biases, atol=1e-12)
    with pytest.raises(ValueError, match="as many onsets"):
        fit_over_time(x, labels, 0.1, 3, onsets=(0, 4))


def test_scores_by_stimulus_and_time():
    """A state that holds the first stimulus always and the second from its step on."""
    labels = np.array(list(itertools.product(range(4), repeat=2)) * 6)
    eye = np.eye(4)
    x = np.zeros((len(labels), 3, 8))
    x[:, :, :4] = eye[labels[:, :1]] * 10
    x[:, 1:, 4:] = eye[labels[:, 1:]] * 10
    x -= x.mean(axis=0)
    scores = score_over_time(
        fit_over_time(x, labels, 1.0, 4), x, labels, groups=np.array([0, 0, 1, 1])
    )
    np.testing.assert_allclose(scores.balanced[0], 1.0)
    np.testing.assert_allclose(scores.across[0], 1.0)
    np.testing.assert_allclose(scores.within[0], 1.0)
    np.testing.assert_allclose(scores.multiclass[1, 1:], 1.0)
    assert np.isnan(scores.balanced[1, 0]).all()
    assert scores.current[0, 0] == 1.0
    assert scores.current[0, 1] == pytest.approx(0.5)  # labels of the two are crossed


def test_labels_of_the_same_items_fitted_together_are_fitted_as_alone():
    rng = np.random.default_rng(1)
    items, labels = rng.normal(size=(80, 9)), rng.integers(0, 4, (80, 3))
    labels[:, 2] %= 3  # a value that none has
    together = fit_label_sets(items, labels, 0.5, 4)
    for own, found in zip(labels.T[:2], together, strict=False):
        alone = fit_decoders(items, own, 0.5, 4)
        np.testing.assert_allclose(found.normals, alone.normals, atol=1e-12)
    assert np.isnan(together[2].normals[3]).all()
    assert np.isnan(together[2].biases[3])
    assert np.isfinite(together[2].normals[:3]).all()
    scores = score_over_time(
        fit_over_time(items[:, None], labels[:, 2:], 0.5, 4), items[:, None], labels[:, 2:]
    )
    assert np.isnan(scores.balanced[0, 0, 3])
    assert np.isfinite(scores.multiclass[0, 0])
    with pytest.raises(ValueError, match="labels are from 0 to 1"):
        fit_label_sets(items, labels, 0.5, 2)
