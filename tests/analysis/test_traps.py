"""The traps that packages and papers have fallen into, each held open here."""

from functools import partial

import numpy as np
import pytest

from hybridrep.analysis.alignment import cka
from hybridrep.analysis.canonical import cca, svcca
from hybridrep.analysis.dimension import mean_cosine, twonn
from hybridrep.analysis.dissimilarity import dissimilarities
from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.neighbours import cknna, mutual_knn
from hybridrep.analysis.predictivity import ridge_held_out, ridge_r2
from hybridrep.analysis.record import Score
from hybridrep.analysis.representational_similarity import compare_dissimilarities, rsa
from hybridrep.analysis.shapes import shape_angle
from hybridrep.analysis.topology import cut_ranks, trsa
from tests.analysis.oracle import FIRST, SECOND


def independent(items: int, dim: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, items, dim))


def test_1_chance_is_not_0() -> None:
    first, second = independent(100, 50)
    assert cka(first, second, debiased=False).value == pytest.approx(0.33, abs=0.04)
    assert rsa(first, second, "sqeuclidean", "cosine").value > 0.85
    assert cknna(*independent(30, 20), k=15).value > 0.1
    for score in (
        cka(first, second, debiased=False), rsa(first, second, "sqeuclidean", "cosine"),
        mutual_knn(first, second), cca(first[:, :20], second[:, :20]),
    ):  # fmt: skip
        assert score.chance > 0.05
        assert abs(score.adjusted) < 0.1


def test_2_cka_follows_the_largest_component() -> None:
    first, second = independent(300, 100)
    shared = np.random.default_rng(1).normal(size=(300, 1)) * 10  # half of the variance
    with_it = cka(np.hstack([first, shared]), np.hstack([second, shared])).value
    assert with_it > 0.9
    assert abs(cka(first, second).value) < 0.05
    few = mutual_knn(np.hstack([first, shared]), np.hstack([second, shared]), metric="euclidean")
    assert few.adjusted < 0.3


def test_3_a_common_direction_changes_cosines_and_not_what_is_centred() -> None:
    first = np.random.default_rng(0).normal(size=(100, 20))
    second = first + np.random.default_rng(1).normal(size=(100, 20))
    moved = first + 10
    assert mean_cosine(moved).value > 0.9
    for lower in (rsa, mutual_knn):
        assert lower(moved, second).value < lower(first, second).value - 0.03
    for dissimilarity in ("cosine_centred", "whitened"):
        before, after = (rsa(side, second, dissimilarity).value for side in (first, moved))
        assert after == pytest.approx(before, rel=1e-9)


def test_4_float32_is_not_what_is_computed_in() -> None:
    first, second = (FIRST + 10).astype(np.float32), SECOND.astype(np.float32)
    exact = cka(first.astype(np.float64), second.astype(np.float64)).value
    assert cka(first, second).value == pytest.approx(exact, rel=1e-12)
    tiny = (FIRST * 1e-30).astype(np.float32)  # squares underflow in float32
    assert twonn(tiny).value == pytest.approx(twonn(FIRST).value, rel=1e-4)


def test_5_debiased_self_terms_are_not_negative() -> None:
    wide = np.random.default_rng(0).normal(size=(6, 500)) + 30
    score = cka(wide, np.random.default_rng(1).normal(size=(6, 3)))
    assert np.isfinite(score.value)
    assert abs(score.value) <= 1


def test_6_svcca_keeps_a_share_of_the_variance_whatever_the_units() -> None:
    first = np.random.default_rng(0).normal(size=(200, 5))
    second = first @ np.random.default_rng(1).normal(size=(5, 5))
    for scale in (1e-3, 1.0, 1e3):
        assert svcca(scale * first, scale * second).value == pytest.approx(
            svcca(first, second).value, rel=1e-9
        )
    assert svcca(first, second).value > 0.9


def test_7_cut_ranks_change_no_input_and_reach_0_and_1() -> None:
    pairs = dissimilarities(FIRST, "sqeuclidean")
    before = pairs.copy()
    for low, high in ((0.2, 0.8), (0.0, 0.3)):
        cut = cut_ranks(pairs, low, high)
        np.testing.assert_array_equal(pairs, before)
        assert (cut.min(), cut.max()) == (0, 1)
        assert np.mean(cut == 1) == pytest.approx(1 - high, abs=0.01)
        assert np.corrcoef(np.argsort(np.argsort(pairs)), cut)[0, 1] > 0.7


def test_8_equal_items_are_no_shared_neighbours() -> None:
    """In the order of the index both sides would choose the same ones: 1."""
    first, second = np.zeros((2, 40, 3))
    first[0, 0] = second[1, 0] = 1
    score = mutual_knn(first, second, 5, "euclidean")
    assert score.value == pytest.approx(score.chance, abs=0.02)
    assert np.isnan(mutual_knn(first * 0, second * 0, 5, "euclidean").value)


def test_9_nothing_is_added_to_a_denominator() -> None:
    related = FIRST[:, :8] + 0.5 * SECOND
    for key in ("cka", "cka_biased", "procrustes", "cca_r2", "ridge_r2", "cknna.k10"):
        compute = MEASURES[key].compute
        expected = compute(FIRST, related).value
        assert compute(FIRST, related / 1e9).value == pytest.approx(expected, rel=1e-9), key


def test_10_as_many_dimensions_as_items_say_nothing() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 15, 30))
    assert "whatever the data" in cca(first, second).note
    assert shape_angle(first, second, 0.0).value < 1e-6
    assert "all are alike" in shape_angle(first, second, 0.1).note
    assert ridge_r2(first, second).value < 0.1  # held out; in the sample it would be 1


def test_11_every_record_says_in_one_word_which_way_it_points() -> None:
    near, far = (FIRST[:, :8] + by * SECOND for by in (0.1, 9))
    for key, measure in MEASURES.items():
        if measure.compares == "two representations" and not measure.needs:
            closer = measure.compute(FIRST, near).value - measure.compute(FIRST, far).value
            assert measure.higher_means == ("more alike" if closer > 0 else "less alike"), key


def test_12_scores_are_neither_squared_nor_divided_by_a_ceiling() -> None:
    score = Score(0.5, chance=0.1, chance_sd=0.2)
    assert (score.adjusted, score.z) == (pytest.approx(4 / 9), pytest.approx(2))
    opposite = compare_dissimilarities(np.arange(10.0), -np.arange(10.0))
    assert opposite.value == pytest.approx(-1)


def test_13_the_best_of_many_layers_is_above_what_one_is_by_chance() -> None:
    """So the maximum needs the distribution of the maximum."""
    rng = np.random.default_rng(0)
    layers = rng.normal(size=(12, 30, 5))
    target = rng.normal(size=(30, 5))
    values = [cka(layer, target) for layer in layers]
    assert max(score.z for score in values) > 1
    assert np.mean([score.z for score in values]) == pytest.approx(0, abs=0.7)


def test_14_parameters_stand_in_the_key() -> None:
    keys = "trsa.l20.u80", "shape_angle.a50", "mutual_knn.k7", "cka_rbf.f25", "svcca.v95"
    for key in keys:
        assert MEASURES[key].key == key
    assert MEASURES["trsa"].compute(FIRST, SECOND).value == trsa(FIRST, SECOND, 0.2, 0.8).value
    with pytest.raises(KeyError, match=r"no measure 'mutual_knn\.q7': no metric"):
        MEASURES["mutual_knn.q7"]
    with pytest.raises(KeyError, match=r"no measure 'mutual'; there are .*mutual_knn"):
        MEASURES["mutual"]
    wrong = {"mutual_knn.k0": "from 1", "cknna.k0": "from 1", "mle_dimension.k1": "at least two",
             "cka_rbf.f0": "positive share", "svcca.v200": "at most 1", "shape_angle.a101": "alpha",
             "trsa.l80.u20": "quantiles"}  # fmt: skip
    for key, why in wrong.items():
        with pytest.raises(KeyError, match=f"no measure '{key}': .*{why}"):
            MEASURES[key]


def test_15_copies_are_not_split_between_training_and_test() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 20, 30))
    twice = np.vstack([first] * 2), np.vstack([second] * 2)
    folds = ridge_held_out(*twice).folds
    np.testing.assert_array_equal(folds[:20], folds[20:])
    assert ridge_r2(*twice).value < 0.2


def test_16_what_both_sides_share_with_a_confound_can_be_taken_out() -> None:
    """RSA is high by length alone; its partial correlation is not."""
    rng = np.random.default_rng(0)
    length = rng.uniform(0, 5, size=(60, 1))
    sides = [np.hstack([length, rng.normal(size=(60, 3)) * 0.5]) for _ in range(2)]
    pairs = [dissimilarities(side, "euclidean") for side in (*sides, length)]
    compare = partial(compare_dissimilarities, comparator="pearson")
    r, by_first, by_second = (
        compare(pairs[a], pairs[b]).value for a, b in ((0, 1), (0, 2), (1, 2))
    )
    partial_r = (r - by_first * by_second) / np.sqrt((1 - by_first**2) * (1 - by_second**2))
    assert r > 0.6
    assert abs(partial_r) < 0.1
