"""Dimensions against scikit-dimension and their formulas."""

from functools import partial

import numpy as np
import pytest

from hybridrep.analysis.dimension import (
    effective_rank,
    mean_cosine,
    mle_dimension,
    over_subsamples,
    participation_ratio,
    spectrum_slope,
    twonn,
)
from hybridrep.analysis.similarity import cosine_similarity
from tests.analysis.oracle import FIRST, TIGHT


def test_they_are_those_of_scikit_dimension() -> None:
    """Version 0.5.0: TwoNN without the top tenth and by likelihood, MLE's harmonic mean, lPCA."""
    assert twonn(FIRST).value == pytest.approx(12.462636003818698, rel=TIGHT)
    assert twonn(FIRST, "mle").value == pytest.approx(12.075071772372118, rel=TIGHT)
    assert mle_dimension(FIRST, 5).value == pytest.approx(8.152307973934306, rel=TIGHT)
    assert mle_dimension(FIRST, 10).value == pytest.approx(7.173759276090186, rel=TIGHT)
    assert participation_ratio(FIRST).value == pytest.approx(8.49953269875301, rel=TIGHT)


def test_effective_ranks_are_exponentials_of_entropies() -> None:
    for of, power in (("variances", 2), ("singular values", 1)):
        values = np.linalg.svd(FIRST - FIRST.mean(axis=0), compute_uv=False) ** power
        shares = values / values.sum()
        expected = np.exp(-(shares * np.log(shares)).sum())
        assert effective_rank(FIRST, of).value == pytest.approx(expected, rel=TIGHT)
    with pytest.raises(ValueError, match="'variances' or 'singular values'"):
        effective_rank(FIRST, "squares")


def test_few_items_lower_the_participation_ratio_unless_it_is_debiased() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(100, 40, 50))
    naive = np.mean([participation_ratio(each).value for each in draws])
    debiased = 1 / np.mean([1 / participation_ratio(each, debiased=True).value for each in draws])
    assert naive == pytest.approx(1 / (1 / 50 + 1 / 39), abs=0.4)
    assert debiased == pytest.approx(50, abs=1)


@pytest.mark.parametrize("measure", [twonn, partial(mle_dimension, k=3)])
def test_copies_of_items_count_once(measure) -> None:
    score = measure(np.vstack([FIRST, FIRST[:7]]))
    assert score.value == pytest.approx(measure(FIRST).value, rel=TIGHT)
    assert score.note == "7 copies left out"
    assert score.n == 40


@pytest.mark.parametrize("measure", [twonn, partial(mle_dimension, k=3)])
def test_items_that_are_near_each_other_keep_their_distances(measure) -> None:
    near = FIRST * 1e-7 + 1.0
    assert measure(near).value == pytest.approx(measure(near - 1.0).value, rel=1e-6)
    assert np.isfinite(measure(FIRST.astype(np.float32) * np.float32(1e-25)).value)


def test_the_mean_cosine_and_what_one_dimension_makes_of_it() -> None:
    rogue = FIRST.copy()
    rogue[:, 4] += 20
    score = mean_cosine(rogue)
    expected = cosine_similarity(rogue)[np.tril_indices(40, -1)].mean()
    assert score.value == pytest.approx(expected, rel=TIGHT)
    assert score.note == "of which 100% by dimension 4"


def test_a_power_law_has_its_slope() -> None:
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.normal(size=(100, 10)) - 0)[0]
    basis = np.linalg.qr(basis - basis.mean(axis=0))[0]
    assert spectrum_slope(basis * np.arange(1.0, 11) ** -1.5).value == pytest.approx(-3, rel=1e-6)


def test_subsamples_show_how_a_value_depends_on_the_number_of_items() -> None:
    values = over_subsamples(participation_ratio, FIRST, np.random.default_rng(0))
    assert list(values) == [40, 20, 10]
    assert values[40] > values[20] > values[10]


def test_as_many_neighbours_as_a_cluster_has_break_it() -> None:
    rng = np.random.default_rng(0)
    clusters = rng.normal(size=(300, 6)) + np.repeat(100 * rng.normal(size=(30, 6)), 10, axis=0)
    assert mle_dimension(clusters, 12).value < 0.6 * mle_dimension(clusters, 5).value
    with pytest.raises(ValueError, match="at least two neighbours"):
        mle_dimension(clusters, 1)
    with pytest.raises(ValueError, match="'linear' and 'mle'"):
        twonn(clusters, "median")
