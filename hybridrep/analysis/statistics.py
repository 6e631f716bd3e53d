"""Tables of tests over seeds: every representation against the baseline.

The paper's independent Student t-test is one column; Welch, paired by seed, Holm's correction and
an effect size stand beside it. What cannot be computed is NaN, and the column `note` says why.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float64

from hybridrep.analysis.t_tests import cohens_d, independent, paired, varies

HOLM_CORRECTS = "student_p"
"""The column of p values that `holm_p` corrects, over the representations tested."""

SUMMARY_COLUMNS = ("representation", "n", "mean", "sd", "note")
COMPARISON_COLUMNS = (
    *("representation", "n", "mean", "sd", "baseline_n", "baseline_mean", "baseline_sd"),
    *("difference", "difference_low", "difference_high"),
    *("student_t", "student_df", "student_p", "stars"),
    *("welch_t", "welch_df", "welch_p", "welch_low", "welch_high"),
    *("paired_n", "paired_t", "paired_df", "paired_p", "paired_low", "paired_high"),
    *("holm_p", "cohens_d", "cohens_d_low", "cohens_d_high", "note"),
)


def summarise(values: pd.DataFrame, seeds: Sequence[int] | None = None) -> pd.DataFrame:
    """Return mean and SD (ddof 1) over seeds of every representation, as `SUMMARY_COLUMNS`.

    Args:
        values: columns seed, representation, value; one row for each seed and representation
            (`ValueError`). A value that is not finite counts as missing.
        seeds: the seeds that ought to be there; without, all that occur. `note` names the missing.

    Examples:
        >>> values = pd.DataFrame({"seed": [0, 1], "representation": "a", "value": [0.5, 0.7]})
        >>> summarise(values)[["n", "mean"]].round(3).values.tolist()
        [[2.0, 0.6]]
    """
    wide = _by_seed(values)
    expected = _expected(wide, seeds)
    rows = []
    for name in wide.columns:
        present = _present(wide[name])
        notes = [_missing_note(str(name), present.index, expected), _few(len(present))]
        rows.append((name, len(present), *_mean_sd(_array(present)), _join(notes)))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def compare_with_baseline(
    values: pd.DataFrame, baseline: str, seeds: Sequence[int] | None = None, *,
    corrected: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Test every representation against the baseline over seeds.

    One row for each other representation, in the order in which they occur, with the columns
    `COMPARISON_COLUMNS`:

    - n, mean, sd (ddof 1) of the representation and of the baseline (`baseline_*`);
    - `difference` of the means, representation minus baseline; `difference_low`/`_high` is
      Student's 95% interval, `welch_*` Welch's, `paired_*` that of the differences by seed;
    - `student_*`: the paper's independent test with equal variances, and its `stars`;
    - `welch_*`: without equal variances; `paired_*`: by seed, seeds present in both only;
    - `holm_p`: Student's p values corrected by Holm over the representations tested;
    - `cohens_d` (pooled SD) with its 95% interval, see `t_tests.cohens_d`;
    - `note`: which seeds are missing and which tests are undefined, and why.

    Args:
        values: as in `summarise`.
        baseline: the representation that the others are compared with.
        seeds: as in `summarise`.
        corrected: whether Holm's correction is done, which loads statsmodels.

    Examples:
        >>> rows = [(0, "base", 1.0), (1, "base", 2.0), (0, "other", 4.0), (1, "other", 6.0)]
        >>> values = pd.DataFrame(rows, columns=["seed", "representation", "value"])
        >>> compare_with_baseline(values, "base")[["representation", "difference"]].values.tolist()
        [['other', 3.5]]
    """
    table = pd.DataFrame(_compared(values, baseline, seeds), columns=list(COMPARISON_COLUMNS))
    if corrected:
        table["holm_p"] = holm(table[HOLM_CORRECTS].to_numpy(dtype=np.float64))
    return table


def _compared(
    values: pd.DataFrame, baseline: str, seeds: Sequence[int] | None
) -> list[dict[str, object]]:
    """Return the rows of `compare_with_baseline` but for Holm's p."""
    wide = _by_seed(values)
    expected = _expected(wide, seeds)
    base = _present(wide[baseline]) if baseline in wide else pd.Series(dtype=np.float64)
    return [
        {"representation": name, **_compare(name, _present(wide[name]), baseline, base, expected)}
        for name in map(str, wide.columns)
        if name != baseline
    ]


def holm(p: Float64[np.ndarray, " tests"]) -> Float64[np.ndarray, " tests"]:
    """Return p values corrected by Holm's method; NaN stays NaN and counts as no test.

    Examples:
        >>> holm(np.array([0.01, 0.04, np.nan])).tolist()
        [0.02, 0.04, nan]
    """
    from statsmodels.stats.multitest import multipletests

    corrected = np.full(len(p), math.nan)
    done = np.isfinite(p)
    if done.any():
        # multipletests collects garbage at every call, which beside a loaded torch takes longer
        # than all tests of a study: what is there already is kept out of the collection
        gc.freeze()
        try:
            corrected[done] = multipletests(p[done], method="holm")[1]
        finally:
            gc.unfreeze()
    return corrected


def _compare(
    name: str, own: pd.Series, baseline: str, base: pd.Series, expected: list[int]
) -> dict[str, object]:
    """Return one row of `compare_with_baseline` but its name and Holm's p."""
    x, y = _array(own), _array(base)
    student, welch = independent(x, y, True), independent(x, y, False)
    both = sorted(set(own.index) & set(base.index))
    by_seed = paired(_array(own.loc[both]), _array(base.loc[both]))
    d, d_low, d_high = cohens_d(student, len(x), len(y))
    mean, sd = _mean_sd(x)
    baseline_mean, baseline_sd = _mean_sd(y)
    notes = [
        _missing_note(name, own.index, expected),
        _missing_note(baseline, base.index, expected),
        _few(min(len(x), len(y))) or student.note,
        *(f"{n}: no variance over seeds" for n, v in ((name, x), (baseline, y)) if _constant(v)),
        f"paired by seed: {by_seed.note}" if by_seed.note and not student.note else "",
    ]
    return {
        "n": len(x), "mean": mean, "sd": sd, "baseline_n": len(y), "baseline_mean": baseline_mean,
        "baseline_sd": baseline_sd, "difference": student.difference, "difference_low": student.low,
        "difference_high": student.high, "student_t": student.statistic, "student_df": student.df,
        "student_p": student.p, "stars": student.stars, "welch_t": welch.statistic,
        "welch_df": welch.df, "welch_p": welch.p, "welch_low": welch.low, "welch_high": welch.high,
        "paired_n": len(both), "paired_t": by_seed.statistic, "paired_df": by_seed.df,
        "paired_p": by_seed.p, "paired_low": by_seed.low, "paired_high": by_seed.high,
        "cohens_d": d, "cohens_d_low": d_low, "cohens_d_high": d_high, "note": _join(notes),
    }  # fmt: skip


def _by_seed(values: pd.DataFrame) -> pd.DataFrame:
    """Return seeds x representations, representations in the order in which they occur."""
    doubled = values.duplicated(["seed", "representation"])
    if doubled.any():
        first = values[doubled].iloc[0]
        raise ValueError(f"seed {first['seed']} has two values for {first['representation']!r}")
    wide = values.pivot(index="seed", columns="representation", values="value")
    return wide[list(dict.fromkeys(values["representation"]))]


def _expected(wide: pd.DataFrame, seeds: Sequence[int] | None) -> list[int]:
    return sorted(int(s) for s in (wide.index if seeds is None else seeds))


def _present(column: pd.Series) -> pd.Series:
    values = column.astype(np.float64)
    return values[np.isfinite(values)]


def _array(values: pd.Series) -> Float64[np.ndarray, " n"]:
    return values.to_numpy(dtype=np.float64)


def _constant(values: Float64[np.ndarray, " n"]) -> bool:
    return len(values) > 1 and not varies(values)


def _mean_sd(values: Float64[np.ndarray, " n"]) -> tuple[float, float]:
    mean = float(values.mean()) if len(values) else math.nan
    if len(values) < 2:
        return mean, math.nan
    return mean, float(values.std(ddof=1)) if varies(values) else 0.0


def _missing_note(name: str, present: pd.Index, expected: list[int]) -> str:
    missing = sorted(set(expected) - {int(seed) for seed in present})
    if not missing:
        return ""
    if len(missing) == len(expected):
        return f"{name}: no values"
    seeds = ", ".join(map(str, missing))
    return f"{name}: no value for seed{'s' if len(missing) > 1 else ''} {seeds}"


def _few(n: int) -> str:
    return "one seed only: no test" if n == 1 else ""


def _join(notes: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))


def over_seeds(table: pd.DataFrame, by: list[str], value: str = "value") -> pd.DataFrame:
    """Return n, mean and SD (ddof 1; NaN for one seed) over seeds of finite values.

    Examples:
        >>> table = pd.DataFrame({"seed": [0, 1], "width": 32, "value": [0.5, 0.7]})
        >>> over_seeds(table, ["width"])["mean"].round(3).tolist()
        [0.6]
    """
    finite = table[np.isfinite(table[value])]
    grouped = finite.groupby(by, sort=False)[value]
    result = grouped.agg(["size", "mean", "std"]).reset_index()
    renamed: pd.DataFrame = result.rename(columns={"size": "n", "std": "sd"})
    return renamed


def against_first(
    values: pd.DataFrame, keys: list[str], names: Sequence[str], order: Mapping[Hashable, int]
) -> pd.DataFrame:
    """Compare every study's values with the first study's.

    One row per result and study: the keys, study, n, mean, sd, and for all but the first the
    `difference` from it with Welch's interval (`low`, `high`) and p (`welch_p`), its Holm
    correction (`holm_p`), and the p of the test paired by the seeds that both have (`paired_p`,
    `paired_n`).

    Args:
        values: study, seed, value and the keys; one row a seed.
        keys: what names a result; Holm corrects over all results within each of the first.
        names: the studies, the reference first.
        order: place of each key's value.

    Examples:
        >>> rows = [("a", 0, 32, 1.0), ("a", 1, 32, 2.0), ("b", 0, 32, 4.0), ("b", 1, 32, 5.0)]
        >>> values = pd.DataFrame(rows, columns=["study", "seed", "size", "value"])
        >>> against_first(values, ["size"], ["a", "b"], {32: 0})["difference"].tolist()
        [nan, 3.0]
    """
    rows = []
    known = {tuple(key): group.set_index("seed")["value"].dropna()
             for key, group in values.groupby([*keys, "study"])}  # fmt: skip
    results = sorted({key[:-1] for key in known}, key=lambda key: [order[part] for part in key])
    for key in results:
        base = known.get((*key, names[0]), pd.Series(dtype=float))
        for name in names:
            mine = known.get((*key, name), pd.Series(dtype=float))
            rows.append((*key, name, *_against(mine, base, reference=name == names[0])))
    columns = [
        *keys, "study", "n", "mean", "sd", "difference", "low", "high", "welch_p", "paired_p",
        "paired_n",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    corrected = table.groupby([keys[0], "study"])["welch_p"].transform(
        lambda p: holm(p.to_numpy(dtype=np.float64))
    )
    table.insert(columns.index("paired_p"), "holm_p", corrected)
    return table


def _against(mine: pd.Series, base: pd.Series, *, reference: bool) -> tuple[float, ...]:
    nan = math.nan
    mean = float(mine.mean()) if len(mine) else nan
    sd = float(mine.std(ddof=1)) if len(mine) > 1 else nan
    if reference:
        return (len(mine), mean, sd, nan, nan, nan, nan, nan, nan)
    first, second = mine.to_numpy(dtype=np.float64), base.to_numpy(dtype=np.float64)
    welch = independent(first, second, equal_variances=False)
    both = mine.index.intersection(base.index)
    by_seed = paired(
        mine.loc[both].to_numpy(dtype=np.float64), base.loc[both].to_numpy(dtype=np.float64)
    )
    found = (len(mine), mean, sd, welch.difference, welch.low, welch.high, welch.p)
    return (*found, by_seed.p, len(both))
