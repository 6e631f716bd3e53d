"""What Jiang, Dale & Lu printed, and how it stands beside itself and beside our numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from hybridrep.analysis.statistics import over_seeds
from hybridrep.analysis.t_tests import stars, t_from_summary
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.names import BASELINE, TRANSFER, TRANSFER_METRICS

SEEDS = 25
"""Runs behind every published mean and SD (section 3)."""

BOTTLENECKS = (32, 64, 128, 256)
"""Bottleneck sizes of the paper, in the order of its Figs A1 to A4 and B1 to B4.

Table 1 is of the first."""

_HALF_UNIT = 0.0005
"""Half a unit of the last printed digit of Table 1."""

_CELLS = {
    "baseline": ((0.684, 0.003, ""), (0.685, 0.002, ""), (0.574, 0.069, "")),
    "lstm": ((0.618, 0.028, "***"), (0.640, 0.025, "***"), (0.631, 0.034, "***")),
    "bert": ((0.077, 0.011, "***"), (0.558, 0.056, "***"), (0.818, 0.013, "***")),
    "bert_to_lstm_bottleneck":
        ((0.596, 0.018, "***"), (0.621, 0.019, "***"), (0.657, 0.024, "***")),
    "bert_to_lstm_reconstructed":
        ((0.648, 0.012, "***"), (0.655, 0.014, "***"), (0.615, 0.025, "**")),
    "lstm_to_bert_bottleneck":
        ((0.654, 0.014, "***"), (0.665, 0.014, "***"), (0.591, 0.029, "***")),
    "lstm_to_bert_reconstructed":
        ((0.673, 0.011, "***"), (0.675, 0.013, "***"), (0.568, 0.031, "***")),
}  # fmt: skip
"""Table 1: representation -> (mean, SD, stars) of `TRANSFER_METRICS`."""

PUBLISHED_RSA = (
    (
        "bert_to_lstm", "reconstructed_vs_target", 0.62, 0.75,
        "final epoch, bottlenecks 32 to 256, about (section 4.2.1)",
    ),
    (
        "lstm_to_bert", "reconstructed_vs_target", 0.20, 0.23,
        "final epoch, bottlenecks 32 to 256 (section 4.2.1)",
    ),
)  # fmt: skip
"""The only correlations that the paper gives as numbers, from the lower to the upper end."""


def published_table_1() -> pd.DataFrame:
    """Return Table 1 as printed: representation, metric, mean, sd, stars, n."""
    rows = [
        (representation, metric, *cell, SEEDS)
        for representation in TRANSFER
        for metric, cell in zip(TRANSFER_METRICS, _CELLS[representation], strict=True)
    ]
    return pd.DataFrame(rows, columns=["representation", "metric", "mean", "sd", "stars", "n"])


@report_table(
    "paper_recomputed",
    "t and stars that follow from the paper's own printed means and SDs; `p_low` and "
    "`p_high` are what their rounding leaves open; `contradicts`: no p between them earns "
    "the printed stars",
    (
        *("representation", "metric", "mean", "sd", "stars", "n"),
        *("t", "df", "p", "p_low", "p_high", "recomputed_stars", "contradicts"),
    ),
)
def recompute_table_1() -> pd.DataFrame:
    """Recompute the paper's t-tests against the baseline from its own printed means and SDs.

    `p_low` and `p_high` are what the rounding of the printed numbers leaves open; `contradicts`:
    no p between them earns the printed stars.
    """
    table = published_table_1()
    base = table[table["representation"] == BASELINE].set_index("metric")
    rows = []
    for cell in table[table["representation"] != BASELINE].to_dict("records"):
        printed = base.loc[cell["metric"]]
        numbers = (cell["mean"], cell["sd"], printed["mean"], printed["sd"])
        test = t_from_summary(numbers[0], numbers[1], SEEDS, numbers[2], numbers[3], SEEDS)
        low, high = _p_range(*numbers)
        rows.append(
            {
                **cell,
                "t": test.statistic,
                "df": test.df,
                "p": test.p,
                "p_low": low,
                "p_high": high,
                "recomputed_stars": test.stars,
                "contradicts": not len(stars(high)) <= len(cell["stars"]) <= len(stars(low)),
            }
        )
    return pd.DataFrame(rows)


def _p_range(mean: float, sd: float, other_mean: float, other_sd: float) -> tuple[float, float]:
    """Return the least and greatest Student p of numbers that round to the given ones."""
    gap = abs(mean - other_mean)

    def p(gap: float, change: float) -> float:
        sds = max(sd + change, 0.0), max(other_sd + change, 0.0)
        return t_from_summary(gap, sds[0], SEEDS, 0.0, sds[1], SEEDS).p

    return p(gap + 2 * _HALF_UNIT, -_HALF_UNIT), p(max(gap - 2 * _HALF_UNIT, 0.0), _HALF_UNIT)


def beside_paper(values: pd.DataFrame) -> pd.DataFrame:
    """Put our transfer results (seed, representation, metric, value) next to Table 1, cell by cell.

    The difference is ours minus published, also in SDs of either; NaN where we have nothing or an
    SD is 0. Values that are not finite are left out and show in `n`.
    """
    ours = _spread(values, ["representation", "metric"])
    table = published_table_1().drop(columns=["stars", "n"])
    table = table.rename(columns={"mean": "published_mean", "sd": "published_sd"})
    table = table.merge(ours, on=["representation", "metric"], how="left")
    table["n"] = table["n"].fillna(0).astype(np.int64)
    table["difference"] = table["mean"] - table["published_mean"]
    table["in_published_sds"] = _in_units(table["difference"], table["published_sd"])
    table["in_own_sds"] = _in_units(table["difference"], table["sd"])
    return table


def rsa_beside_paper(values: pd.DataFrame) -> pd.DataFrame:
    """Put our correlations (seed, direction, pair, value) next to the ranges that the paper gives.

    The difference is 0 inside the range, else from its nearer end.
    """
    table = pd.DataFrame(
        PUBLISHED_RSA, columns=["direction", "pair", "published_low", "published_high", "where"],
    )  # fmt: skip
    table = table.merge(
        _spread(values, ["direction", "pair"]), on=["direction", "pair"], how="left"
    )
    table["n"] = table["n"].fillna(0).astype(np.int64)
    mean = table["mean"]
    table["difference"] = mean - mean.clip(table["published_low"], table["published_high"])
    table["in_own_sds"] = _in_units(table["difference"], table["sd"])
    return table


def _spread(values: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return our mean, sd and n of finite values by keys."""
    return over_seeds(values, keys)[[*keys, "mean", "sd", "n"]]


def _in_units(difference: pd.Series, unit: pd.Series) -> pd.Series:
    return difference / unit.where(unit > 0, math.nan)
