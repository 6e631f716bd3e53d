"""Neighbours against platonic-rep and ReSi, and with ties."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from hybridrep.analysis import neighbours
from hybridrep.analysis.alignment import cka
from hybridrep.analysis.descriptions import lower_triangle
from hybridrep.analysis.neighbours import (
    cknna,
    describe_neighbours,
    jaccard_knn,
    mutual_knn,
    neighbours_of_pairs,
    shared_neighbours,
)
from hybridrep.analysis.similarity import unit_rows
from tests.analysis.oracle import FIRST, SECOND, TIGHT, integers


@pytest.fixture(params=["whole", "blocks"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "blocks":
        monkeypatch.setattr(neighbours, "DENSE_UP_TO", 0)
        monkeypatch.setattr(neighbours, "BLOCK", 7)
    return request.param


@pytest.mark.parametrize(
    ("k", "mutual", "jaccard", "over"),
    [
        (3, 0.05833332985639572, 0.035, 0.059214544490212635),
        (5, 0.13500000536441803, 0.07847222222222223, 0.10208153072226),
        (10, 0.2524999976158142, 0.14895725834193327, 0.22565686035396368),
    ],
)
def test_values_are_those_of_others(
    form: str, k: int, mutual: float, jaccard: float, over: float
) -> None:
    """platonic-rep (in float32; its CKNNA has 1e-6 added to the denominator) and ReSi."""
    assert mutual_knn(FIRST, SECOND, k).value == pytest.approx(mutual, rel=1e-6)
    assert jaccard_knn(FIRST, SECOND, k).value == pytest.approx(jaccard, rel=TIGHT)
    assert cknna(FIRST, SECOND, k).value == pytest.approx(over, rel=1e-4)


def test_all_as_neighbours_it_is_the_debiased_cka_of_unit_items() -> None:
    expected = cka(unit_rows(FIRST), unit_rows(SECOND)).value
    assert cknna(FIRST, SECOND, 39).value == pytest.approx(expected, rel=TIGHT)


def slow_weights(x: np.ndarray, k: int) -> np.ndarray:
    """Each item's neighbours, ties shared, one by one."""
    weights = np.zeros((len(x), len(x)))
    for item in range(len(x)):
        others = [other for other in range(len(x)) if other != item]
        distance = {other: round(float(np.sum((x[item] - x[other]) ** 2)), 9) for other in others}
        last = sorted(distance.values())[k - 1]
        closer = [other for other in others if distance[other] < last]
        tied = [other for other in others if distance[other] == last]
        weights[item, closer] = 1
        weights[item, tied] = (k - len(closer)) / len(tied)
    return weights


@pytest.mark.parametrize("k", [1, 3, 6])
def test_equally_near_items_share_the_places_that_are_left(form: str, k: int) -> None:
    first, second = integers()
    one, other = slow_weights(first, k), slow_weights(second, k)
    score = mutual_knn(first, second, k, "euclidean")
    assert score.value == pytest.approx((one * other).sum() / (len(first) * k), rel=TIGHT)
    shared = np.minimum(one, other).sum(axis=1)
    index = jaccard_knn(first, second, k, "euclidean")
    assert index.value == pytest.approx((shared / (2 * k - shared)).mean(), rel=TIGHT)
    assert np.isnan(index.chance)


@pytest.mark.parametrize("k", [1, 3, 6])
def test_item_by_item_it_is_shared_neighbours_whose_mean_is_the_measure(form: str, k: int) -> None:
    first, second = integers()
    expected = (slow_weights(first, k) * slow_weights(second, k)).sum(axis=1) / k
    sides = [describe_neighbours(each[None], k, "euclidean") for each in (first, second)]
    (shared,) = shared_neighbours(*sides)
    np.testing.assert_allclose(shared, expected, rtol=TIGHT)
    assert shared.mean() == pytest.approx(
        mutual_knn(first, second, k, "euclidean").value, rel=TIGHT
    )
    pairs = [lower_triangle(squareform(pdist(each)))[None] for each in (first, second)]
    given = [neighbours_of_pairs(each, k) for each in pairs]
    np.testing.assert_allclose(shared_neighbours(*given)[0], expected, rtol=TIGHT)
    with pytest.raises(ValueError, match="one side has"):
        shared_neighbours(sides[0], describe_neighbours(second[None], k + 1))


def test_no_item_is_its_own_neighbour() -> None:
    rng = np.random.default_rng(0)
    chances = [mutual_knn(*rng.normal(size=(2, 30, 5)), k=3).value for _ in range(50)]
    assert np.mean(chances) == pytest.approx(3 / 29, abs=0.02)


def test_k_and_metric_must_make_sense() -> None:
    assert mutual_knn(FIRST, SECOND, 40).note == "fewer than 41 items"
    with pytest.raises(ValueError, match="counted from 1"):
        mutual_knn(FIRST, SECOND, 0)
    with pytest.raises(ValueError, match="no metric 'city'"):
        mutual_knn(FIRST, SECOND, 3, "city")
