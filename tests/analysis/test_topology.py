"""Topological RSA against its formula."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, rankdata

from hybridrep.analysis.dissimilarity import dissimilarities
from hybridrep.analysis.measures import MEASURES
from hybridrep.analysis.representational_similarity import rsa
from hybridrep.analysis.topology import PRESETS, cut_ranks, geodesic_ranks, trsa
from tests.analysis.oracle import FIRST, SECOND, TIGHT


@pytest.mark.parametrize("preset", PRESETS)
def test_it_is_the_r_of_ranks_cut_at_their_quantiles(preset: str) -> None:
    low, high = PRESETS[preset]
    cut = []
    for side in (FIRST, SECOND):
        ranks = rankdata(pdist(side)) - 1
        ranks /= ranks.max()
        lower, upper = np.quantile(ranks, [low, high])
        cut.append(np.clip((ranks - lower) / (upper - lower), 0, 1))
    expected = pearsonr(*cut).statistic
    assert trsa(FIRST, SECOND, low, high).value == pytest.approx(expected, rel=TIGHT)


def test_from_0_to_1_it_is_spearmans_rho() -> None:
    expected = rsa(FIRST, SECOND, "sqeuclidean", "spearman").value
    assert trsa(FIRST, SECOND, 0, 1).value == pytest.approx(expected, rel=TIGHT)


def test_crossvalidated_distances_are_cut_by_their_ranks_too() -> None:
    rng = np.random.default_rng(0)
    sides = [rng.normal(size=(12, 1, 5)) + rng.normal(size=(12, 3, 5)) for _ in range(2)]
    cut = [cut_ranks(dissimilarities(each, "crossnobis"), 0.2, 0.8) for each in sides]
    measure = MEASURES["trsa.l20.u80.crossnobis"]
    assert measure.needs == {"repeats"}
    found = measure.compute(*sides).value
    assert found == pytest.approx(pearsonr(*cut).statistic, rel=TIGHT)
    with pytest.raises(ValueError, match="items x repeats x dims"):
        measure.compute(FIRST, SECOND)


def test_shortest_paths_follow_a_curve() -> None:
    angle = np.linspace(0, 4.5, 60) + np.random.default_rng(0).uniform(0, 0.03, size=60)
    curve = np.column_stack([np.cos(angle), np.sin(angle)])
    along = dissimilarities(angle[:, None], "euclidean")
    found = geodesic_ranks(dissimilarities(curve, "euclidean"), 0.1)
    assert pearsonr(rankdata(found), rankdata(along)).statistic > 0.97
    assert found.min() >= 0
    assert found.max() == 1


def test_pairs_without_a_path_take_the_largest_rank() -> None:
    apart = np.array([[0.0], [1.0], [2.1], [100.0], [101.2], [102.5]])
    found = geodesic_ranks(dissimilarities(apart, "euclidean"), 0.4)
    matrix = np.zeros((6, 6))
    matrix[np.tril_indices(6, -1)] = found
    assert (matrix[3:, :3] == 1).all()


def test_quantiles_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="low < high"):
        trsa(FIRST, SECOND, 0.5, 0.5)
