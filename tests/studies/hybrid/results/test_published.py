"""The paper's numbers: as printed, recomputed, and beside ours."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind_from_stats

from hybridrep.studies.hybrid.names import TRANSFER, TRANSFER_METRICS
from hybridrep.studies.hybrid.results import published

PRINTED = """\
baseline	0.684(0.003)	0.685(0.002)	0.574(0.069)
lstm	0.618(0.028) ***	0.640(0.025) ***	0.631(0.034) ***
bert	0.077 (0.011)***	0.558 (0.056)***	0.818 (0.013)***
bert_to_lstm_bottleneck	0.596(0.018) ***	0.621(0.019) ***	0.657(0.024) ***
bert_to_lstm_reconstructed	0.648(0.012) ***	0.655(0.014) ***	0.615(0.025) **
lstm_to_bert_bottleneck	0.654(0.014) ***	0.665(0.014) ***	0.591(0.029) ***
lstm_to_bert_reconstructed	0.673(0.011) ***	0.675(0.013) ***	0.568(0.031) ***"""


def test_table_1_is_as_printed() -> None:
    table = published.published_table_1().set_index(["representation", "metric"])
    assert len(table) == len(TRANSFER) * len(TRANSFER_METRICS)
    for line in PRINTED.splitlines():
        name, *cells = line.split("\t")
        for metric, cell in zip(TRANSFER_METRICS, cells, strict=True):
            mean, rest = cell.replace(" ", "").split("(")
            sd, mark = rest.split(")")
            row = table.loc[(name, metric)]
            assert (row["mean"], row["sd"], row["stars"], row["n"]) == (
                *(float(mean), float(sd), mark, 25),
            )


def test_t_is_recomputed_from_the_printed_numbers() -> None:
    table = published.recompute_table_1().set_index(["representation", "metric"])
    assert len(table) == 18
    expected = ttest_ind_from_stats(0.615, 0.025, 25, 0.574, 0.069, 25)
    row = table.loc[("bert_to_lstm_reconstructed", "test_accuracy")]
    assert (row["t"], row["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert row["df"] == 48
    assert row["recomputed_stars"] == "**"
    assert row["p_low"] < row["p"] < row["p_high"]


def test_just_two_stars_contradict_their_means_and_sds() -> None:
    table = published.recompute_table_1()
    wrong = table[table["contradicts"]]
    assert set(zip(wrong["representation"], wrong["metric"], wrong["mean"], strict=True)) == {
        ("lstm_to_bert_bottleneck", "test_accuracy", 0.591),
        ("lstm_to_bert_reconstructed", "test_accuracy", 0.568),
    }
    assert (wrong["recomputed_stars"] == "").all()
    assert (
        table[~table["contradicts"]]["recomputed_stars"] == table[~table["contradicts"]]["stars"]
    ).all()


def test_rounding_alone_is_no_contradiction() -> None:
    low, high = published._p_range(0.615, 0.025, 0.574, 0.069)
    exact = [
        ttest_ind_from_stats(0.615 + a, 0.025 + b, 25, 0.574 + c, 0.069 + d, 25).pvalue
        for a in (-5e-4, 5e-4)
        for b in (-5e-4, 5e-4)
        for c in (-5e-4, 5e-4)
        for d in (-5e-4, 5e-4)
    ]
    assert (low, high) == pytest.approx((min(exact), max(exact)))


def ours(**values: list[float]) -> pd.DataFrame:
    rows = [
        (s, *key.split("__"), v) for key, column in values.items() for s, v in enumerate(column)
    ]
    return pd.DataFrame(rows, columns=["seed", "representation", "metric", "value"])


def test_ours_stand_beside_the_papers() -> None:
    table = published.beside_paper(
        ours(bert__test_loss=[0.5, 0.6, math.nan], lstm__test_loss=[0.6, 0.6], bert__other=[1.0])
    ).set_index(["representation", "metric"])
    assert len(table) == 21
    row = table.loc[("bert", "test_loss")]
    assert (row["n"], row["mean"]) == (2, pytest.approx(0.55))
    assert row["difference"] == pytest.approx(-0.008)
    assert row["in_published_sds"] == pytest.approx(-0.008 / 0.056)
    assert row["in_own_sds"] == pytest.approx(-0.008 / np.std([0.5, 0.6], ddof=1))
    constant = table.loc[("lstm", "test_loss")]
    assert constant["in_published_sds"] == pytest.approx(-0.04 / 0.025)
    assert math.isnan(constant["in_own_sds"])
    absent = table.loc[("baseline", "test_loss")]
    assert absent["n"] == 0
    assert math.isnan(absent["difference"])


def test_correlations_are_measured_from_the_nearer_end_of_the_range() -> None:
    pair = "reconstructed_vs_target"
    rows = [(s, "bert_to_lstm", pair, v) for s, v in enumerate([0.35, 0.37])]
    rows += [(s, "lstm_to_bert", pair, v) for s, v in enumerate([0.21, 0.22])]
    table = published.rsa_beside_paper(
        pd.DataFrame(rows, columns=["seed", "direction", "pair", "value"])
    ).set_index("direction")
    forth, back = table.loc["bert_to_lstm"], table.loc["lstm_to_bert"]
    assert forth["difference"] == pytest.approx(0.36 - 0.62)
    assert forth["in_own_sds"] == pytest.approx((0.36 - 0.62) / np.std([0.35, 0.37], ddof=1))
    assert back["difference"] == 0
    empty = published.rsa_beside_paper(
        pd.DataFrame(columns=["seed", "direction", "pair", "value"]).astype({"value": float})
    )
    assert (empty["n"] == 0).all()
    assert empty["difference"].isna().all()
