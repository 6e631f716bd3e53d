"""Halves without replacement: what is drawn, and standard errors against true ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import pearsonr, t

from hybridrep.analysis.inference.pair_weights import bootstrap
from hybridrep.analysis.inference.resamples import Resampled, difference
from hybridrep.analysis.inference.subsampling import half_samples, halves

ITEMS, DIM = 100, 10


def debiased_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. (2012) by their Grams without a diagonal, slowly."""

    def hsic(k: np.ndarray, one: np.ndarray) -> float:
        n, ones = len(k), np.ones(len(k))
        return float(
            np.trace(k @ one)
            + (ones @ k @ ones) * (ones @ one @ ones) / ((n - 1) * (n - 2))
            - 2 * (ones @ k @ one @ ones) / (n - 2)
        )

    grams = [side @ side.T for side in (x, y)]
    for gram in grams:
        np.fill_diagonal(gram, 0.0)
    first, second = grams
    return hsic(first, second) / math.sqrt(hsic(first, first) * hsic(second, second))


def rsa(x: np.ndarray, y: np.ndarray) -> float:
    return float(pearsonr(pdist(x, "cosine"), pdist(y, "cosine")).statistic)


def procrustes(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    overlap = np.linalg.svd(x.T @ y, compute_uv=False).sum()
    return float(overlap / (np.linalg.norm(x) * np.linalg.norm(y)))


def participation_ratio(x: np.ndarray, _: np.ndarray) -> float:
    spectrum = np.linalg.eigvalsh(np.cov(x.T))
    return float(spectrum.sum() ** 2 / (spectrum**2).sum())


def mutual_knn(x: np.ndarray, y: np.ndarray, k: int = 10) -> float:
    near = []
    for side in (x, y):
        distances = cdist(side, side)
        np.fill_diagonal(distances, np.inf)
        near.append(np.argsort(distances, axis=1)[:, :k])
    return float(np.mean([len({*a} & {*b}) / k for a, b in zip(*near, strict=True)]))


def population(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two noisy views of items with a falling spectrum."""
    shared = rng.normal(size=(ITEMS, DIM)) * np.arange(1, DIM + 1) ** -0.7
    noise = rng.normal(size=(2, ITEMS, DIM)) * 0.3
    return shared + noise[0], shared + noise[1]


MEASURES: dict[Callable[..., float], float] = {
    debiased_cka: 0.1, rsa: 0.1, procrustes: 0.15, participation_ratio: 0.15,
}  # fmt: skip
"""Measure -> how far its half-sample SE may be from the true one."""


def errors(
    measures: list[Callable[..., float]], samples: int, sets: int, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """True SE (SD over new items) and mean half-sample SE of measures."""
    rng = np.random.default_rng(0)

    def values(x: np.ndarray, y: np.ndarray) -> list[float]:
        return [measure(x, y) for measure in measures]

    true = np.std([values(*population(rng)) for _ in range(samples)], axis=0, ddof=1)
    found = []
    for _ in range(sets):
        x, y = population(rng)
        of_rows = lambda rows: values(x[rows], y[rows])  # noqa: B023, E731
        found.append(half_samples(of_rows, ITEMS, draws, rng=rng).se)
    return true, np.mean(found, axis=0)


@pytest.mark.slow
def test_half_sample_errors_are_true_ones_in_a_small_simulation():
    true, found = errors([rsa, participation_ratio, mutual_knn], 250, 12, 60)
    assert found[:2] == pytest.approx(true[:2], rel=0.2)
    assert found[2] > true[2]


@pytest.mark.long
def test_half_sample_errors_are_true_ones():
    true, found = errors([*MEASURES, mutual_knn], 3000, 40, 200)
    for measure, actual, estimated in zip(MEASURES, true, found, strict=False):
        assert estimated == pytest.approx(actual, rel=MEASURES[measure]), measure.__name__
    assert found[-1] >= true[-1]


def test_the_bootstrap_would_make_relations_where_there_are_none():
    """Why halves: copies are each other's neighbours, so that independent data look related."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 60, 40))
    copied = [rng.integers(60, size=60) for _ in range(20)]
    assert np.mean([debiased_cka(x[rows], y[rows]) for rows in copied]) > 0.25
    assert abs(np.mean([debiased_cka(x[h], y[h]) for h in halves(60, 20, rng)])) < 0.1


def test_the_error_of_a_mean_is_the_known_one_whatever_the_size_of_a_half():
    """Of m of n without replacement: Var = s^2 (1/m - 1/n), so SD sqrt(m / (n - m)) = s/sqrt n."""
    numbers = np.random.default_rng(0).normal(size=41)
    found = half_samples(lambda rows: numbers[rows].mean(), 41, 4000, rng=np.random.default_rng(1))
    assert found.factor == pytest.approx(math.sqrt(20 / 21))
    assert found.se[0] == pytest.approx(numbers.std(ddof=1) / math.sqrt(41), rel=0.04)


def test_the_interval_is_value_and_t_times_the_error_within_the_range():
    numbers = np.random.default_rng(0).normal(size=30)
    found = half_samples(lambda rows: numbers[rows].mean(), 30, rng=np.random.default_rng(1))
    interval = found.interval(0)
    reach = t.ppf(0.975, 29) * found.se[0]
    assert (interval.low, interval.high) == pytest.approx(
        (numbers.mean() - reach, numbers.mean() + reach)
    )
    assert found.interval(0, high=numbers.mean()).high == numbers.mean()


def test_halves_keep_classes_and_groups():
    classes = np.repeat([0, 1, 2], [10, 7, 1])
    drawn = list(halves(18, 400, np.random.default_rng(0), classes=classes))
    counts = np.array([np.bincount(classes[half], minlength=3) for half in drawn])
    assert set(counts[:, 0]) == {5}
    assert set(counts[:, 1]) == {3, 4}
    assert counts[:, 1].mean() == pytest.approx(3.5, abs=0.1)
    together = np.array([0, 0, 1, 1, 1, 2, 3, 3])
    for half in halves(8, 20, np.random.default_rng(0), together=together):
        assert len(set(together[half])) == 2
        assert np.isin(together, together[half]).sum() == len(half)
    for half in drawn:
        assert (np.diff(half) > 0).all()
    with pytest.raises(ValueError, match="give one of both"):
        next(halves(8, 1, np.random.default_rng(0), classes=together, together=together))


def test_the_error_of_grouped_items_is_that_of_the_groups():
    """Every item twice: as sure as the distinct ones alone, not sqrt(2) surer."""
    numbers = np.random.default_rng(0).normal(size=50)
    found = half_samples(
        lambda rows: np.repeat(numbers, 2)[rows].mean(), 100, 3000,
        rng=np.random.default_rng(1), together=np.repeat(np.arange(50), 2),
    )  # fmt: skip
    assert found.items == 50
    assert found.se[0] == pytest.approx(numbers.std(ddof=1) / math.sqrt(50), rel=0.05)


def test_half_of_the_items_may_be_too_few():
    found = half_samples(
        lambda rows: math.nan if len(rows) < 20 else 0.5, 30, rng=np.random.default_rng(0)
    )
    interval = found.interval(0)
    assert interval.estimate == 0.5
    assert math.isnan(interval.low)
    assert "undefined in 200 of 200 half samples: too few items" in interval.note


def test_a_few_undefined_halves_are_told_of():
    resamples = np.array([[0.1], [math.nan], [0.3], [0.2], [0.2]])
    found = Resampled(np.array([0.2]), resamples, "half samples", items=40)
    assert found.interval(0).note == "1 of 5 halves are undefined"
    assert found.se[0] == pytest.approx(np.std([0.1, 0.3, 0.2, 0.2], ddof=1))


def test_the_difference_of_halves_is_about_what_all_items_give():
    """Half of the items give another value for both; only their spread is used."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(500, 1))
    found = Resampled(
        np.array([0.4, 0.1]), np.hstack([0.9 + 0.1 * noise, np.full((500, 1), 0.1)]),
        "half samples", items=50,
    )  # fmt: skip
    apart = difference(found, 0, 1)
    sd = float((0.1 * noise).std(ddof=1))
    assert apart.high - apart.difference == pytest.approx(t.ppf(0.975, 49) * sd)
    assert apart.p == pytest.approx(2 * np.mean(0.1 * (noise - noise.mean()) <= -0.3) + 1 / 501)


def test_halves_and_weights_of_pairs_agree_where_both_are_right():
    rng = np.random.default_rng(2)
    x, y = population(rng)
    by_halves = half_samples(lambda rows: rsa(x[rows], y[rows]), ITEMS, 150, rng=rng).se[0]
    matrices = np.stack([cdist(side, side, "cosine") for side in (x, y)])
    assert bootstrap(matrices, 400, rng=rng).se[0] == pytest.approx(by_halves, rel=0.25)
