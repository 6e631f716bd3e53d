"""Identification and retrieval, written out."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from hybridrep.analysis.agreement import identification, seed_retrieval
from hybridrep.analysis.predictivity import ridge_map

GROUPS, SEEDS = np.repeat(["a", "b", "c"], 4), np.tile(np.arange(4), 3)


def similarities(strength: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(12, 12))
    return strength * (GROUPS[:, None] == GROUPS) + noise + noise.T


def test_accuracy_and_auc_are_what_they_say() -> None:
    values = similarities(1.0)
    hits = []
    for k in range(12):
        means = {
            g: np.mean([values[k, j] for j in range(12) if GROUPS[j] == g and SEEDS[j] != SEEDS[k]])
            for g in "abc"
        }
        hits.append(max(means, key=means.get) == GROUPS[k])
    found = identification(values, GROUPS, SEEDS)
    np.testing.assert_array_equal(found.correct, np.asarray(hits, dtype=float))
    assert found.accuracy == pytest.approx(np.mean(hits))
    pairs = [(a, b) for a in range(12) for b in range(a) if SEEDS[a] != SEEDS[b]]
    within = [values[pair] for pair in pairs if GROUPS[pair[0]] == GROUPS[pair[1]]]
    between = [values[pair] for pair in pairs if GROUPS[pair[0]] != GROUPS[pair[1]]]
    auc = np.mean([[(w > b) + (w == b) / 2 for b in between] for w in within])
    assert found.auc == pytest.approx(auc)


def test_what_a_seed_shares_is_left_out_of_all_groups() -> None:
    shared = (SEEDS[:, None] == SEEDS) * 100.0
    values = similarities(1.0)
    one, other = (identification(each, GROUPS, SEEDS) for each in (values, values + shared))
    np.testing.assert_array_equal(one.correct, other.correct)
    assert (one.auc, one.d_prime) == (other.auc, other.d_prime)


def test_ties_count_by_their_share_and_chance_is_1_over_the_groups() -> None:
    found = identification(np.ones((12, 12)), GROUPS, SEEDS)
    assert found.accuracy == pytest.approx(1 / 3) == found.chance
    assert found.auc == 0.5


def test_p_is_uniform_without_and_small_with_groups() -> None:
    rng = np.random.default_rng(0)
    p = [identification(similarities(0, s), GROUPS, SEEDS, 39, 0, rng).p for s in range(60)]
    assert np.mean(np.asarray(p) <= 0.2) == pytest.approx(0.2, abs=0.16)
    strong = identification(similarities(9), GROUPS, SEEDS, 99, 200, rng)
    assert (strong.accuracy, strong.p, strong.low, strong.high) == (1, 0.01, 1, 1)
    with pytest.raises(ValueError, match="random generator"):
        identification(similarities(1), GROUPS, SEEDS, 9)


def test_one_group_or_seed_tells_nothing() -> None:
    assert (
        identification(np.ones((4, 4)), np.zeros(4), np.arange(4)).note == "fewer than two groups"
    )
    assert identification(np.ones((4, 4)), np.arange(4), np.zeros(4)).note == "fewer than two seeds"
    with pytest.raises(ValueError, match="one group and one seed"):
        identification(np.ones((4, 4)), np.zeros(3), np.zeros(4))


def test_items_are_found_again_as_far_as_there_is_signal() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(60, 6))
    turned = first @ np.linalg.qr(rng.normal(size=(6, 6)))[0] + rng.normal(size=(60, 6)) * 0.3
    assert seed_retrieval(first, turned).value > 0.8
    assert seed_retrieval(first, turned, "none").value < 0.4
    unrelated = seed_retrieval(first, rng.normal(size=(60, 6)))
    assert unrelated.value == pytest.approx(unrelated.chance, abs=0.06)
    equal = seed_retrieval(np.vstack([first, first]), np.vstack([first, first]))
    assert equal.value == pytest.approx(1 / 1.5)  # each is tied with its copy
    with pytest.raises(ValueError, match="the same dimensions"):
        seed_retrieval(first, first[:, :3], "none")


def test_ridge_finds_items_behind_any_linear_map_where_no_rotation_does() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(80, 6))
    squeezed = first @ np.diag([30.0, 10, 3, 1, 0.3, 0.1]) @ rng.normal(size=(6, 6))
    assert seed_retrieval(first, squeezed, "ridge").value == 1
    assert seed_retrieval(first, squeezed, "rotation").value < 0.8
    unrelated = seed_retrieval(first, rng.normal(size=(80, 6)), "ridge")
    assert unrelated.value == pytest.approx(unrelated.chance, abs=0.06)
    with pytest.raises(ValueError, match="'rotation', 'ridge' or 'none', not 'cca'"):
        seed_retrieval(first, squeezed, "cca")


def test_the_map_of_ridge_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    inputs, targets, others = (
        rng.normal(size=(40, 5)),
        rng.normal(size=(40, 3)),
        rng.normal(size=(7, 5)),
    )
    unit = np.square(inputs - inputs.mean(axis=0)).sum() / 5
    expected = Ridge(alpha=0.5 * unit).fit(inputs, targets).predict(others)
    np.testing.assert_allclose(ridge_map(inputs, targets, others, penalties=[0.5]), expected)
