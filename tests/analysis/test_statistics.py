"""t-tests and tables of tests against SciPy, statsmodels, pingouin and published values."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from hybridrep.analysis import statistics, t_tests

# Student (1908), extra hours of sleep under two drugs; the values are those of R's help pages.
SLEEP = (
    np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]),
    np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
)
# R's mtcars: miles per gallon with automatic and manual transmission.
AUTOMATIC = np.fromstring(
    "21.4 18.7 18.1 14.3 24.4 22.8 19.2 17.8 16.4 17.3 "
    "15.2 10.4 10.4 14.7 21.5 15.5 15.2 13.3 19.2",
    sep=" ",
)
MANUAL = np.array([21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4])


@pytest.fixture(autouse=True)
def _no_warning() -> object:
    """No test of ours may warn, whoever raises it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def long_table(**by_representation: dict[int, float]) -> pd.DataFrame:
    rows = [(s, name, v) for name, column in by_representation.items() for s, v in column.items()]
    return pd.DataFrame(rows, columns=["seed", "representation", "value"])


def seeded(values: np.ndarray) -> dict[int, float]:
    return dict(enumerate(map(float, values)))


def row_of(table: pd.DataFrame, name: str) -> pd.Series:
    return table.set_index("representation").loc[name]


def test_students_sleep_data_give_the_published_values() -> None:
    welch = t_tests.independent(*SLEEP, equal_variances=False)
    assert welch.statistic == pytest.approx(-1.8608, abs=5e-5)
    assert welch.df == pytest.approx(17.776, abs=5e-4)
    assert welch.p == pytest.approx(0.07939, abs=5e-6)
    assert (welch.low, welch.high) == pytest.approx((-3.3654832, 0.2054832), abs=5e-7)
    paired = t_tests.paired(*SLEEP)
    assert paired.statistic == pytest.approx(-4.0621, abs=5e-5)
    assert paired.df == 9
    assert paired.p == pytest.approx(0.002833, abs=5e-7)
    assert (paired.low, paired.high) == pytest.approx((-2.4598858, -0.7001142), abs=5e-7)
    assert paired.stars == "**"
    assert welch.stars == ""


def test_mtcars_give_the_published_effect_size_and_its_noncentral_interval() -> None:
    student = t_tests.independent(AUTOMATIC, MANUAL, equal_variances=True)
    assert (student.low, student.high) == pytest.approx((-10.85, -3.64), abs=5e-3)
    d, low, high = t_tests.cohens_d(student, len(AUTOMATIC), len(MANUAL))
    assert d == pytest.approx(-1.48, abs=5e-3)
    assert (low, high) == pytest.approx((-2.27, -0.67), abs=5e-3)  # R's effectsize
    welch = t_tests.independent(AUTOMATIC, MANUAL, equal_variances=False)
    assert welch.p == pytest.approx(0.001374, abs=5e-7)


@pytest.mark.parametrize(("t", "df"), [(0.1, 48.0), (-3.0, 10.0), (5.0, 48.0), (30.0, 48.0)])
def test_the_interval_of_d_inverts_the_noncentral_t(t: float, df: float) -> None:
    n = int(df / 2 + 1)
    student = t_tests.TTest(0.0, 0.0, 0.0, t, df, 0.0)
    unit = math.sqrt(2 / n)
    _, low, high = t_tests.cohens_d(student, n, n)
    for bound, tail in ((low, 0.975), (high, 0.025)):
        expected = brentq(lambda nc, tail=tail: stats.nct.cdf(t, df, nc) - tail, t - 8, t + 8)
        assert bound / unit == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("equal", [True, False])
def test_independent_tests_equal_statsmodels_and_their_own_summary(equal: bool) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=12), 3 * rng.normal(size=20) + 1
    ours = t_tests.independent(first, second, equal)
    other = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    usevar = "pooled" if equal else "unequal"
    expected = (*other.ttest_ind(usevar=usevar), *other.tconfint_diff(usevar=usevar))
    found = (ours.statistic, ours.p, ours.df, ours.low, ours.high)
    assert found == pytest.approx(expected)
    summary = t_tests.t_from_summary(
        *(first.mean(), first.std(ddof=1), 12, second.mean(), second.std(ddof=1), 20), equal
    )
    again = (summary.statistic, summary.p, summary.df, summary.low, summary.high)
    assert again == pytest.approx(expected)
    assert summary.difference == pytest.approx(ours.difference)


def test_one_sample_equals_scipy() -> None:
    values = np.random.default_rng(1).normal(size=9) + 5
    ours, theirs = t_tests.one_sample(values, 4.5), stats.ttest_1samp(values, 4.5)
    found = (ours.statistic, ours.p, ours.df)
    assert found == pytest.approx((theirs.statistic, theirs.pvalue, 8))
    interval = theirs.confidence_interval()
    assert (ours.low, ours.high) == pytest.approx((interval.low - 4.5, interval.high - 4.5))
    assert ours.difference == pytest.approx(values.mean() - 4.5)


@pytest.mark.parametrize(
    ("p", "mark"),
    [(0.0009, "***"), (0.001, "**"), (0.0099, "**"), (0.01, "*"), (0.05, ""), (math.nan, "")],
)
def test_stars_are_the_papers(p: float, mark: str) -> None:
    assert t_tests.stars(p) == mark


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [
        ([1.0], [1.0, 2.0], "fewer than two"),
        ([], [1.0, 2.0], "fewer than two"),
        ([0.1] * 5, [0.3] * 4, "no variance"),
        ([1.0, np.nan], [1.0, 2.0], "not finite"),
    ],
)
def test_impossible_tests_are_undefined_and_say_why(first: list, second: list, note: str) -> None:
    x, y = np.array(first, dtype=float), np.array(second, dtype=float)
    for equal in (True, False):
        test = t_tests.independent(x, y, equal)
        assert note in test.note
        assert all(map(math.isnan, (test.statistic, test.p, test.df, test.low, test.high)))
        assert test.stars == ""
        assert all(map(math.isnan, t_tests.cohens_d(test, len(x), len(y))))


def test_impossible_one_sample_tests_are_undefined_and_say_why() -> None:
    assert "fewer than two" in t_tests.one_sample(np.array([2.0])).note
    assert "no variance" in t_tests.one_sample(np.full(4, 0.1), against=0.1).note
    base = np.random.default_rng(2).normal(size=6)
    shifted = t_tests.paired(base + 0.1, base)  # equal differences, up to rounding
    assert "no variance" in shifted.note
    assert math.isnan(shifted.statistic)
    assert shifted.difference == pytest.approx(0.1)
    assert "no variance" in t_tests.t_from_summary(1.0, 0.0, 5, 2.0, 0.0, 5).note
    assert "fewer than two" in t_tests.t_from_summary(1.0, 0.1, 1, 2.0, 0.1, 5).note


def test_one_constant_sample_still_allows_a_test() -> None:
    constant = np.full(25, 0.1) + np.array([0, 1e-17] * 12 + [0])
    other = np.random.default_rng(3).normal(size=25)
    test = t_tests.independent(constant, other, equal_variances=False)
    expected = stats.ttest_ind_from_stats(
        0.1, 0, 25, other.mean(), other.std(ddof=1), 25, equal_var=False
    )
    assert test.statistic == pytest.approx(expected.statistic)
    assert test.df == pytest.approx(24)
    swapped = t_tests.independent(other, constant, equal_variances=True)
    assert swapped.statistic == pytest.approx(-test.statistic)


def test_comparison_with_the_baseline_equals_the_libraries() -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(size=25)
    columns = {
        "baseline": base,
        "near": base + 0.2 * rng.normal(size=25),
        "far": rng.normal(size=25) * 2 + 1,
        "mid": rng.normal(size=25) + 0.6,
    }
    shuffled = long_table(**{k: seeded(v) for k, v in columns.items()}).sample(
        frac=1, random_state=0
    )
    ordered = shuffled.sort_values(
        "representation", kind="stable", key=lambda c: c.map(list(columns).index)
    )
    table = statistics.compare_with_baseline(ordered, "baseline")
    assert tuple(table.columns) == statistics.COMPARISON_COLUMNS
    assert list(table["representation"]) == ["near", "far", "mid"]
    for name in ("near", "far", "mid"):
        row, x = row_of(table, name), columns[name]
        student = stats.ttest_ind(x, base)
        welch = stats.ttest_ind(x, base, equal_var=False)
        by_seed = stats.ttest_rel(x, base)
        assert (row["n"], row["baseline_n"], row["paired_n"]) == (25, 25, 25)
        assert row["mean"] == pytest.approx(x.mean())
        assert row["sd"] == pytest.approx(x.std(ddof=1))
        assert row["baseline_mean"] == pytest.approx(base.mean())
        assert row["baseline_sd"] == pytest.approx(base.std(ddof=1))
        assert row["difference"] == pytest.approx(x.mean() - base.mean())
        for kind, test in (("student", student), ("welch", welch), ("paired", by_seed)):
            found = [row[f"{kind}_{number}"] for number in ("t", "df", "p")]
            assert found == pytest.approx([test.statistic, test.df, test.pvalue])
        for kind, test in (("difference", student), ("welch", welch), ("paired", by_seed)):
            interval = test.confidence_interval(0.95)
            found = [row[f"{kind}_low"], row[f"{kind}_high"]]
            assert found == pytest.approx([interval.low, interval.high])
        assert row["stars"] == t_tests.stars(student.pvalue)
        assert row["note"] == ""
    ordered_p = sorted((row_of(table, n)["student_p"], n) for n in ("near", "far", "mid"))
    running = 0.0
    for rank, (p, name) in enumerate(ordered_p):  # Holm by hand
        running = max(running, min(1.0, p * (3 - rank)))
        assert row_of(table, name)["holm_p"] == pytest.approx(running)


def test_cohens_d_equals_pingouin() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin = pytest.importorskip("pingouin")
    student = t_tests.independent(AUTOMATIC, MANUAL, equal_variances=True)
    d, _, _ = t_tests.cohens_d(student, len(AUTOMATIC), len(MANUAL))
    assert d == pytest.approx(pingouin.compute_effsize(AUTOMATIC, MANUAL, eftype="cohen"))


def test_missing_seeds_are_named_and_only_pairs_are_paired() -> None:
    table = statistics.compare_with_baseline(
        long_table(
            baseline={0: 1.0, 1: 2.0, 2: 4.0, 5: math.nan},
            lstm={0: 3.0, 2: 5.5, 3: 4.0, 5: 1.0},
        ),
        "baseline",
        seeds=range(6),
    )
    row = row_of(table, "lstm")
    assert (row["n"], row["baseline_n"], row["paired_n"]) == (4, 3, 2)
    expected = stats.ttest_rel([3.0, 5.5], [1.0, 4.0])
    assert row["paired_t"] == pytest.approx(expected.statistic)
    assert row["note"] == ("lstm: no value for seeds 1, 4; baseline: no value for seeds 3, 4, 5")


def test_one_seed_allows_no_test_and_says_so() -> None:
    table = statistics.compare_with_baseline(
        long_table(baseline={3: 1.0}, bert={3: 0.5}), "baseline"
    )
    row = row_of(table, "bert")
    assert (row["n"], row["mean"], row["difference"]) == (1, 0.5, -0.5)
    assert row[["sd", "student_t", "welch_p", "paired_t", "holm_p", "cohens_d"]].isna().all()
    assert row["stars"] == ""
    assert row["note"] == "one seed only: no test"


def test_no_variance_over_seeds_is_named() -> None:
    table = statistics.compare_with_baseline(
        long_table(
            baseline={0: 0.1, 1: 0.1, 2: 0.1},
            same={0: 0.2, 1: 0.2, 2: 0.2},
            varied={0: 0.2, 1: 0.3, 2: 0.25},
        ),
        "baseline",
    )
    same, varied = row_of(table, "same"), row_of(table, "varied")
    assert (same["sd"], same["baseline_sd"]) == (0.0, 0.0)
    assert math.isnan(same["student_t"])
    assert "no variance in either sample: no test" in same["note"]
    assert "baseline: no variance over seeds" in varied["note"]
    expected = stats.ttest_ind_from_stats(0.25, 0.05, 3, 0.1, 0, 3)
    assert varied["student_p"] == pytest.approx(expected.pvalue)
    assert varied["holm_p"] == pytest.approx(varied["student_p"])  # the only test that was done


def test_without_a_baseline_nothing_is_tested() -> None:
    table = statistics.compare_with_baseline(long_table(bert={0: 1.0, 1: 2.0}), "baseline")
    row = row_of(table, "bert")
    assert row["mean"] == 1.5
    assert math.isnan(row["student_p"])
    assert "baseline: no values" in row["note"]
    assert statistics.compare_with_baseline(long_table(), "baseline").empty


def test_two_values_of_a_seed_are_refused() -> None:
    table = pd.concat([long_table(baseline={0: 1.0}), long_table(baseline={0: 2.0})])
    with pytest.raises(ValueError, match="seed 0 has two values for 'baseline'"):
        statistics.compare_with_baseline(table, "baseline")


def test_summaries_have_the_sample_sd() -> None:
    table = statistics.summarise(long_table(a={0: 1.0, 1: 4.0}, b={0: 2.0, 1: math.inf}))
    assert tuple(table.columns) == statistics.SUMMARY_COLUMNS
    first, second = row_of(table, "a"), row_of(table, "b")
    assert (first["n"], first["mean"], first["note"]) == (2, 2.5, "")
    assert first["sd"] == pytest.approx(3 / math.sqrt(2))
    assert (second["n"], second["mean"]) == (1, 2.0)
    assert math.isnan(second["sd"])
    assert second["note"] == "b: no value for seed 1; one seed only: no test"
