"""t-tests that say so when they cannot be done: NaN and a note, never a warning or a guess.

The arithmetic is SciPy's; here stand the decisions about too few values and no variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

LEVEL = 0.95
"""Coverage of every confidence interval."""

_SAME = 1e-13
"""Values that differ by less than this share of their size are the same up to rounding."""

STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))
"""The paper's stars: p below the number earns them."""


def stars(p: float) -> str:
    """Return the paper's stars for a p value; none for NaN.

    Examples:
        >>> stars(0.004)
        '**'
    """
    return next((mark for limit, mark in STARS if p < limit), "")


@dataclass(frozen=True)
class TTest:
    """A two-sided t-test. Undefined numbers are NaN, and `note` says why.

    Attributes:
        difference: difference of the means (or mean minus the value tested against).
        low: lower end of its 95% confidence interval; `high`: upper end.
        statistic: t; `df`: its degrees of freedom; `p`: two-sided p value.
    """

    difference: float
    low: float
    high: float
    statistic: float
    df: float
    p: float
    note: str = ""

    @property
    def stars(self) -> str:
        """The paper's stars for `p`."""
        return stars(self.p)


def _undefined(difference: float, note: str) -> TTest:
    nan = math.nan
    return TTest(difference, nan, nan, nan, nan, nan, note)


def varies(values: Float[np.ndarray, " n"], scale: float | None = None) -> bool:
    """Say whether values differ by more than rounding, relative to `scale` or the largest value."""
    size = float(np.abs(values).max()) if scale is None else scale
    return bool(np.ptp(values) > _SAME * size)


def _problem(*samples: Float[np.ndarray, " _"]) -> str:
    """Say why samples allow no test at all; empty when they do."""
    if not all(np.isfinite(sample).all() for sample in samples):
        return "a value is not finite: no test"
    if min(len(sample) for sample in samples) < 2:
        return "fewer than two values: no test"
    return ""


def independent(
    first: Float[np.ndarray, " n_first"],
    second: Float[np.ndarray, " n_second"],
    equal_variances: bool,
) -> TTest:
    """Compare two independent samples (first minus second), by Student's test or Welch's.

    Undefined with fewer than two values in either sample, with values that are not finite, and when
    neither sample varies.

    Examples:
        >>> test = independent(np.array([1.0, 2.0, 4.0]), np.array([4.0, 5.0, 7.0]), True)
        >>> round(test.difference, 3), round(test.p, 3), test.stars
        (-3.0, 0.074, '')
    """
    from scipy import stats

    both = len(first) > 0 and len(second) > 0
    difference = float(np.mean(first) - np.mean(second)) if both else math.nan
    if problem := _problem(first, second):
        return _undefined(difference, problem)
    constant = [sample for sample in (first, second) if not varies(sample)]
    if len(constant) == 2:
        return _undefined(difference, "no variance in either sample: no test")
    # A constant is moved to 0, where its variance is exactly 0; t does not notice.
    origin = constant[0][0] if constant else 0.0
    result = stats.ttest_ind(first - origin, second - origin, equal_var=equal_variances)
    return _result(difference, result)


def one_sample(values: Float[np.ndarray, " n"], against: float = 0.0) -> TTest:
    """Compare a sample's mean with a number; undefined as in `independent`.

    Examples:
        >>> round(one_sample(np.array([0.1, 0.3, 0.2])).p, 3)
        0.074
    """
    difference = float(np.mean(values) - against) if len(values) else math.nan
    return _one_sample(values - against, difference, scale=max(abs(against), _size(values)))


def paired(first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]) -> TTest:
    """Compare two samples pair by pair (first minus second); undefined as in `independent`.

    Examples:
        >>> round(paired(np.array([1.0, 2.0, 4.0]), np.array([2.0, 2.5, 5.0])).statistic, 3)
        -5.0
    """
    differences = first - second
    difference = float(np.mean(differences)) if len(differences) else math.nan
    return _one_sample(differences, difference, scale=max(_size(first), _size(second)))


def _size(values: Float[np.ndarray, " n"]) -> float:
    return float(np.abs(values).max(initial=0.0))


def _one_sample(values: Float[np.ndarray, " n"], difference: float, scale: float) -> TTest:
    from scipy import stats

    if problem := _problem(values):
        return _undefined(difference, problem)
    if not varies(values, scale):
        return _undefined(difference, "no variance: no test")
    return _result(difference, stats.ttest_1samp(values, 0.0))


def _result(difference: float, result: object) -> TTest:
    interval = result.confidence_interval(LEVEL)  # type: ignore[attr-defined]
    return TTest(
        difference=difference,
        low=float(interval.low),
        high=float(interval.high),
        statistic=float(result.statistic),  # type: ignore[attr-defined]
        df=float(result.df),  # type: ignore[attr-defined]
        p=float(result.pvalue),  # type: ignore[attr-defined]
    )


def t_from_summary(
    mean: float, sd: float, n: int, other_mean: float, other_sd: float, other_n: int,
    equal_variances: bool = True,
) -> TTest:  # fmt: skip
    """Compare two samples of which only mean, SD (ddof 1) and size are known, e.g. from print.

    Undefined with fewer than two values in either sample or when both SDs are 0.

    Examples:
        >>> round(t_from_summary(0.618, 0.028, 25, 0.574, 0.040, 25).statistic, 2)
        4.51
    """
    from scipy import stats

    difference = mean - other_mean
    if min(n, other_n) < 2:
        return _undefined(difference, "fewer than two values: no test")
    if sd == 0 and other_sd == 0:
        return _undefined(difference, "no variance in either sample: no test")
    result = stats.ttest_ind_from_stats(
        mean, sd, n, other_mean, other_sd, other_n, equal_var=equal_variances
    )
    error, df = _standard_error(sd, n, other_sd, other_n, equal_variances)
    half = float(stats.t.ppf((1 + LEVEL) / 2, df)) * error
    return TTest(
        difference=difference, low=difference - half, high=difference + half,
        statistic=float(result.statistic), df=df, p=float(result.pvalue),
    )  # fmt: skip


def _standard_error(
    sd: float, n: int, other_sd: float, other_n: int, equal_variances: bool
) -> tuple[float, float]:
    """Return the standard error of the difference and the degrees of freedom."""
    if equal_variances:
        df = float(n + other_n - 2)
        pooled = ((n - 1) * sd**2 + (other_n - 1) * other_sd**2) / df
        return math.sqrt(pooled * (1 / n + 1 / other_n)), df
    a, b = sd**2 / n, other_sd**2 / other_n
    return math.sqrt(a + b), (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (other_n - 1))


def cohens_d(student: TTest, n_first: int, n_second: int) -> tuple[float, float, float]:
    """Return Cohen's d (pooled SD) of an independent Student test with its 95% interval's ends.

    d is t times sqrt(1/n + 1/m). Its interval holds the noncentralities under which the observed
    t lies at the 97.5th and 2.5th percentile, inverted by `scipy.special.nctdtrinc` (Steiger &
    Fouladi 1997; Cumming & Finch 2001), as do R's effectsize and MBESS. NaN for an undefined test.

    Examples:
        >>> student = t_from_summary(1.0, 1.0, 20, 0.0, 1.0, 20)
        >>> [round(number, 2) for number in cohens_d(student, 20, 20)]
        [1.0, 0.34, 1.65]
    """
    from scipy import special

    if math.isnan(student.statistic):
        return math.nan, math.nan, math.nan
    unit = math.sqrt(1 / n_first + 1 / n_second)
    tail = (1 - LEVEL) / 2
    low = special.nctdtrinc(student.df, 1 - tail, student.statistic)
    high = special.nctdtrinc(student.df, tail, student.statistic)
    return student.statistic * unit, float(low) * unit, float(high) * unit
