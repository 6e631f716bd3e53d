import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC, LinearSVC

from hybridrep.analysis.decoders import (
    Decoders,
    common_scale,
    decoder_scores,
    fit_decoders,
    score_decisions,
    within_groups,
)


def cloud(items: int, dim: int, values: int, noise: float = 1.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = np.arange(items) % values
    return rng.normal(size=(values, dim))[labels] + noise * rng.normal(size=(items, dim)), labels


def loss(w, b, x, y, penalty):
    c = np.where(y > 0, y.size / (2 * (y > 0).sum()), y.size / (2 * (y < 0).sum()))
    return w @ w / 2 + penalty * (c * np.maximum(0, 1 - y * (x @ w + b)) ** 2).sum()


@pytest.mark.parametrize(("items", "dim"), [(120, 8), (40, 90)])
@pytest.mark.parametrize("penalty", [0.001, 0.01, 1.0, 10.0])
def test_a_decoder_is_scikit_learn_s(items, dim, penalty):
    x, labels = cloud(items, dim, 4, noise=2.0)
    found = fit_decoders(x, labels, penalty)
    for value in range(4):
        y = np.where(labels == value, 1, -1)
        theirs = LinearSVC(
            loss="squared_hinge", class_weight="balanced", C=penalty, intercept_scaling=1e3,
            tol=1e-10, max_iter=200_000, dual=False,
        ).fit(x, y)  # fmt: skip
        w, b = theirs.coef_[0], theirs.intercept_[0]
        np.testing.assert_allclose(found.normals[value], w, atol=2e-4 * np.abs(w).max() + 1e-7)
        assert abs(found.biases[value] - b) < 2e-3 * max(1, abs(b))
        mine = loss(found.normals[value], found.biases[value], x, y, penalty)
        assert mine <= loss(w, b, x, y, penalty) * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(6, 40),
    st.integers(1, 30),
    st.sampled_from([1e-3, 1, 50]),
)
def test_no_direction_leads_further_down(seed, items, dim, penalty):
    x, labels = cloud(items, dim, 2, noise=1.5, seed=seed)
    found = fit_decoders(x, labels, penalty)
    rng = np.random.default_rng(seed)
    for value in range(2):
        y = np.where(labels == value, 1, -1)
        w, b = found.normals[value], found.biases[value]
        least = loss(w, b, x, y, penalty)
        for size in (1e-4, 1e-2):
            other = loss(w + size * rng.normal(size=dim), b + size * rng.normal(), x, y, penalty)
            assert other >= least * (1 - 1e-10)


def test_separable_items_with_a_large_penalty_give_the_widest_margin():
    x, labels = cloud(60, 5, 2, noise=0.15)
    svc = SVC(kernel="linear", C=1e6).fit(x, labels)
    mine = fit_decoders(x, labels, 1e6).normals[1]
    cosine = mine @ svc.coef_[0] / np.linalg.norm(mine) / np.linalg.norm(svc.coef_[0])
    assert cosine > 0.9999


def test_the_projection_on_principal_components_changes_nothing():
    x, labels = cloud(30, 20, 3)
    wide = np.concatenate([x, np.zeros((30, 40))], axis=1)  # now more dimensions than items
    plain, projected = fit_decoders(x, labels, 0.1), fit_decoders(wide, labels, 0.1)
    np.testing.assert_allclose(projected.normals[:, :20], plain.normals, atol=1e-9)
    np.testing.assert_allclose(projected.normals[:, 20:], 0, atol=1e-12)
    np.testing.assert_allclose(projected.biases, plain.biases, atol=1e-9)


def test_a_common_shift_moves_only_the_biases():
    x, labels = cloud(40, 6, 2)
    shift = np.arange(6) * 10.0
    here, there = fit_decoders(x, labels, 0.1), fit_decoders(x + shift, labels, 0.1)
    np.testing.assert_allclose(here.normals, there.normals, atol=1e-9)
    np.testing.assert_allclose(there.biases, here.biases - here.normals @ shift, atol=1e-7)


def test_scores_are_those_of_scikit_learn():
    from sklearn.metrics import accuracy_score, balanced_accuracy_score

    x, labels = cloud(200, 4, 3, noise=1.5)
    decoders = fit_decoders(x[:100], labels[:100], 0.1)
    scores = decoder_scores(decoders, x[100:], labels[100:])
    says = decoders.decisions(x[100:])
    for value in range(3):
        truth = labels[100:] == value
        assert scores.balanced[value] == pytest.approx(
            balanced_accuracy_score(truth, says[:, value] > 0)
        )
        assert scores.raw[value] == pytest.approx(accuracy_score(truth, says[:, value] > 0))
    assert scores.multiclass == pytest.approx(accuracy_score(labels[100:], says.argmax(axis=1)))


def test_knowing_the_category_alone_reads_identities_far_above_chance():
    """What a state that knows only the category gives: 0.929 balanced, 0.875 raw, 0.5 within."""
    identity = np.repeat(np.arange(8), 64)
    category = identity // 2
    rows = np.eye(4)[category]
    decoders = fit_decoders(rows, identity, 0.01)
    # Both identities of a category tie: every decoder of the category says yes to both, or no.
    yes = Decoders(np.repeat(np.eye(4), 2, axis=0), np.full(8, -0.5))
    scores = decoder_scores(yes, rows, identity)
    assert scores.balanced == pytest.approx(np.full(8, (1 + 6 / 7) / 2))
    assert scores.raw == pytest.approx(np.full(8, 0.875))
    decisions = decoders.decisions(rows)
    assert within_groups(decisions, identity, np.arange(8) // 2) == 0.5


def test_of_nested_values_a_decoder_without_decisions_wins_nothing():
    decisions = np.array([[np.nan, 1.0, -1.0], [np.nan, 2.0, -1.0]])
    groups = np.array([0, 0, 1])
    assert within_groups(decisions, np.array([1, 1]), groups) == 1.0
    assert within_groups(decisions, np.array([0, 1]), groups) == 0.5
    decisions[:, 2] = np.nan
    assert within_groups(decisions, np.array([1, 2]), groups) == 1.0, "of group 1 nothing is known"
    assert np.isnan(within_groups(decisions, np.array([2, 2]), groups))
    assert np.isnan(within_groups(decisions[:0], np.zeros(0, dtype=int), groups))


def test_the_mean_is_of_the_values_that_can_be_scored():
    decisions = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]])
    scores = score_decisions(decisions, np.array([0, 1]))
    assert np.isnan(scores.balanced[2]), "no item has it"
    assert scores.mean == 1.0
    assert np.isnan(score_decisions(decisions, np.array([0, 0])).balanced).any()


def test_the_common_scale_sets_the_mean_square():
    x, _ = cloud(50, 7, 2)
    x -= x.mean(axis=0)
    scaled = x / common_scale(x)
    assert np.square(scaled).sum(axis=1).mean() == pytest.approx(100)
    assert common_scale(np.zeros((3, 2))) == 1.0


@pytest.mark.parametrize(
    ("items", "labels", "penalty", "message"),
    [
        (np.ones((2, 2)), np.array([0, 0]), 1.0, "with it and without"),
        (np.ones((2, 2)), np.array([0, 2]), 1.0, "with it and without"),
        (np.array([[np.nan], [1.0]]), np.array([0, 1]), 1.0, "not all finite"),
        (np.ones((2, 2)), np.array([0, 1]), 0.0, "above 0"),
    ],
)
def test_bad_arguments_are_refused(items, labels, penalty, message):
    with pytest.raises(ValueError, match=message):
        fit_decoders(items, labels, penalty)


def test_the_caller_s_arrays_stay_as_they_are():
    x, labels = cloud(30, 4, 2)
    before = x.copy()
    fit_decoders(x, labels, 1.0)
    np.testing.assert_array_equal(x, before)
