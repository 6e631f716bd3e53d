"""How sure is a mean over seeds: for new items, for new seeds, for both at once?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from hybridrep.analysis.inference.intervals import (
    FEW_ITEMS,
    FEWEST_ITEMS,
    Interval,
    percentile_interval,
)
from hybridrep.analysis.t_tests import LEVEL


@dataclass(frozen=True)
class StudyIntervals:
    """Intervals of the mean r over seeds, by what is resampled.

    Attributes:
        items: the seeds are fixed, their items are resampled.
        seeds: seeds are resampled, each with its r as it is.
        both: seeds and, within every seed drawn, items; each source of variance counts once.
    """

    items: Interval
    seeds: Interval
    both: Interval


def study_intervals(
    values: Float[np.ndarray, " seeds"], item_resamples: Float[np.ndarray, "seeds resamples"],
    rng: np.random.Generator, shared_items: bool = False,
) -> StudyIntervals:  # fmt: skip
    """Return the intervals of a study's mean r from every seed's bootstrap over items.

    A seed that samples its own items has their noise in its r already: the variance between seeds
    is V = V_seed + V_item, and drawing items on top of seeds would make it V_seed + 2 V_item. So
    for resamples over both the seeds' r are first shrunk to their mean by
    c = sqrt(max(0, 1 - V_item / V)), which leaves V_seed, with V_item the mean over seeds of the
    variance of their item resamples; drawing items then adds V_item once. (Shrinkage of clusters
    before a two-stage bootstrap: Davison & Hinkley 1997, Bootstrap Methods and their Application,
    section 3.8.) Intervals over seeds thus speak of new seeds with new items, too. With few seeds
    both are too narrow, as percentile intervals are: over n seeds by sqrt((n - 1) / n). With one
    seed they are undefined, as their notes say.

    Args:
        values: r of every seed.
        item_resamples: per seed r of its item resamples (one pair of `bootstrap_items`).
        rng: source of the resampled seeds.
        shared_items: set it when all seeds have the same items and resample b of every seed drew
            the same ones; then resamples over both keep that, and nothing is shrunk: noise that
            all seeds share is not in the variance between them.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> seeds = rng.normal(0.4, 0.1, size=5)
        >>> found = study_intervals(seeds, seeds[:, None] + rng.normal(0, 0.05, size=(5, 500)), rng)
        >>> bool(found.both.low < seeds.mean() < found.both.high)
        True
    """
    seeds, resamples = item_resamples.shape
    estimate = float(values.mean()) if seeds else math.nan
    items = percentile_interval(estimate, item_resamples.mean(axis=0))
    if seeds < 2:
        alone = Interval(estimate, math.nan, math.nan, 0, "fewer than two seeds: no interval")
        return StudyIntervals(items, alone, alone)
    drawn = rng.integers(seeds, size=(resamples, seeds))
    which, shrunk = np.arange(resamples)[:, None], values
    if not shared_items:
        which = rng.integers(resamples, size=(resamples, seeds))
        shrunk = estimate + _share_of_seeds(values, item_resamples) * (values - estimate)
    by_items = item_resamples - values[:, None]
    return StudyIntervals(
        items=items,
        seeds=percentile_interval(estimate, values[drawn].mean(axis=1)),
        both=percentile_interval(estimate, (shrunk[drawn] + by_items[drawn, which]).mean(axis=1)),
    )


def _share_of_seeds(
    values: Float[np.ndarray, " seeds"], item_resamples: Float[np.ndarray, "seeds resamples"]
) -> float:
    """Return the c of `study_intervals`: the share of the SD between seeds that is not items'."""
    between = float(values.var(ddof=1))
    if not between > 0:
        return 0.0
    defined = [own[np.isfinite(own)] for own in item_resamples]
    variances = [own.var(ddof=1) for own in defined if len(own) > 1]
    within = float(np.mean(variances)) if variances else 0.0
    return math.sqrt(max(0.0, 1.0 - within / between))


@dataclass(frozen=True)
class Crossed:
    """A mean over seeds for new items and new seeds at once. Undefined numbers are NaN.

    Attributes:
        estimate: the mean; `low` and `high`: its 95% interval by t with `df` degrees of freedom.
        se: its standard error; `se_items` and `se_seeds`: what each alone would give.
        p: two-sided, against 0.
    """

    estimate: float
    low: float
    high: float
    se: float
    se_items: float
    se_seeds: float
    df: int
    p: float
    note: str = ""


def crossed(
    values: Float[np.ndarray, " seeds"], item_resamples: Float[np.ndarray, "seeds resamples"],
    items: int, rng: np.random.Generator,
) -> Crossed:  # fmt: skip
    """Say how sure a mean over seeds (or subjects) is when all of them have the same items.

    The dual bootstrap of Schuett, Kipnis, Diedrichsen & Kriegeskorte (2023, eLife 12:e82566): with
    v_s, v_i and v_si the variances of the mean when seeds, items, or both are resampled, of S seeds
    and n items,

        v = S/(S-1) v_s + n/(n-1) v_i - S n / ((S-1)(n-1)) (v_si - v_s - v_i),

    between the greater of its first two terms and v_si: resampling both counts the noise that is
    neither's three times. t has min(S, n) - 1 degrees of freedom. Where every seed has items of its
    own, use `study_intervals`.

    Args:
        values: of every seed.
        item_resamples: per seed, of its item resamples; resample b drew the same items in all.
        items: how many items there are.
        rng: source of the resampled seeds.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> seeds, shared = rng.normal(0.4, 0.1, size=8), rng.normal(0, 0.05, size=500)
        >>> found = crossed(seeds, seeds[:, None] + shared, 100, rng)
        >>> found.df, bool(found.se > found.se_items)
        (7, True)
    """
    seeds, resamples = item_resamples.shape
    estimate = float(values.mean()) if seeds else math.nan
    nan = math.nan
    if seeds < 2 or items < FEWEST_ITEMS:
        few = "two seeds" if seeds < 2 else f"{FEWEST_ITEMS} items"
        return Crossed(estimate, nan, nan, nan, nan, nan, 0, nan, f"fewer than {few}: no interval")
    defined = np.isfinite(item_resamples).all(axis=0)
    kept = item_resamples[:, defined]
    drawn = rng.integers(seeds, size=(resamples, seeds))[defined]
    if kept.shape[1] < 2 or 2 * kept.shape[1] < resamples:
        note = f"undefined in {resamples - kept.shape[1]} of {resamples} resamples: no interval"
        return Crossed(estimate, nan, nan, nan, nan, nan, 0, nan, note)
    of_items = float(kept.mean(axis=0).var(ddof=1)) * items / (items - 1)
    of_seeds = float(values[drawn].mean(axis=1).var(ddof=1)) * seeds / (seeds - 1)
    both = np.take_along_axis(kept.T, drawn, axis=1).mean(axis=1)
    variance = dual_variance(
        float(both.var(ddof=1)), of_seeds * (seeds - 1) / seeds, of_items * (items - 1) / items,
        seeds, items,
    )  # fmt: skip
    from scipy.stats import t

    df, se = min(seeds, items) - 1, math.sqrt(variance)
    reach = float(t.ppf((1 + LEVEL) / 2, df)) * se
    p = 2 * float(t.sf(abs(estimate) / se, df)) if se > 0 else nan
    note = f"fewer than {FEW_ITEMS} items: a rough interval" if items < FEW_ITEMS else ""
    return Crossed(
        estimate, estimate - reach, estimate + reach, se, math.sqrt(of_items),
        math.sqrt(of_seeds), df, p, note,
    )  # fmt: skip


def dual_variance(both: float, of_seeds: float, of_items: float, seeds: int, items: int) -> float:
    """Return the corrected variance of `crossed` from those of the three bootstraps.

    Examples:
        >>> round(dual_variance(5.0, 2.0, 1.5, 20, 100), 4)
        2.1053
    """
    first = seeds / (seeds - 1) * of_seeds
    second = items / (items - 1) * of_items
    interaction = both - of_seeds - of_items
    variance = first + second - seeds * items / ((seeds - 1) * (items - 1)) * interaction
    return min(max(variance, first, second), both)
