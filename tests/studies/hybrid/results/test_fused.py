"""What fusions reached: tables against SciPy, and claims that follow the numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hybridrep.analysis.verdicts import NOT_SUPPORTED, SUPPORTED
from hybridrep.studies.hybrid.results.fused import (
    final_fusion,
    fused_new_task,
    fusion_claims,
    fusion_summary,
    fusion_tests,
    shares,
)
from hybridrep.studies.hybrid.results.schema import frame
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.testing.reporting_fixtures import study_tables


@pytest.fixture(scope="module")
def tables() -> StudyTables:
    return study_tables(seeds=5, bottlenecks=(32, 64), epochs=4, fused=True)


def test_what_is_reported_is_the_last_epoch_of_each_method(tables):
    last = final_fusion(tables).groupby("method")["epoch"].agg(["min", "max"])
    assert last.loc["similarity_matched"].tolist() == [3, 3]
    assert last.loc["concatenated"].tolist() == [0, 0]
    row = fusion_summary(tables).query(
        "item_set == 'test' and method == 'truncated_svd' and bottleneck == 64"
    )
    mine = tables.fusion.query(
        "item_set == 'test' and method == 'truncated_svd' and bottleneck == 64"
    )["share_of_ceiling"]
    low, high = stats.t.interval(0.95, 4, mine.mean(), stats.sem(mine))
    assert row[["share_of_ceiling", "share_low", "share_high"]].to_numpy()[0] == pytest.approx(
        (mine.mean(), low, high)
    )
    assert row["n"].item() == 5


def test_fusions_are_tested_against_the_paper_and_compression_seed_by_seed(tables):
    table = fusion_tests(tables)
    of_size = table[(table["bottleneck"].isin([0, 32]))].iloc[: len(table) // 2]
    assert set(of_size["against"]) == {"bert_to_lstm", "lstm_to_bert", "pca_global"}
    row = of_size.query("method == 'similarity_matched' and against == 'lstm_to_bert'").iloc[0]
    apart = shares(tables, "similarity_matched", 32) - shares(tables, "lstm_to_bert", 32)
    test = stats.ttest_1samp(apart, 0)
    assert (row["difference"], row["p"]) == pytest.approx((apart.mean(), test.pvalue))
    order = np.sort(of_size["p"].to_numpy())
    assert of_size["holm_p"].min() == pytest.approx(order[0] * len(of_size))


def test_on_the_new_task_a_fusion_is_held_against_the_better_of_its_parts(tables):
    table = fused_new_task(tables).set_index(["representation", "bottleneck"])
    assert table.index[:2].tolist() == [("bert", 0), ("lstm", 0)]
    assert np.isnan(table.loc[("bert", 0), "difference"])
    last = tables.transfer[tables.transfer["epoch"] == 20].pivot_table(
        index="seed", columns="representation", values="test_loss"
    )
    fused = tables.fused_transfer.query(
        "representation == 'fused_concatenated' and epoch == 2"
    ).set_index("seed")["test_loss"]
    apart = fused - last[["bert", "lstm"]].min(axis=1)
    assert table.loc[("fused_concatenated", 0), "difference"] == pytest.approx(apart.mean())
    assert table.loc[("lstm_to_bert_bottleneck", 32), "difference"] > 0
    assert np.isnan(table.loc[("lstm_to_bert_bottleneck", 32), "holm_p"])


def test_the_claims_follow_the_numbers(tables):
    more, serves = fusion_claims(tables)
    assert (more.verdict, more.n) == (SUPPORTED, 5)
    assert "similarity-matched" in more.statistic
    assert more.note.startswith("weakest: against LSTM → BERT, bottleneck")
    assert serves.n == 5
    worse = tables.fused_transfer.assign(test_loss=tables.fused_transfer["test_loss"] + 1)
    assert fusion_claims(replace(tables, fused_transfer=worse))[1].verdict == NOT_SUPPORTED
    less = tables.fusion.assign(
        diffusibility=np.where(tables.fusion["method"].str.contains("_to_"), 0.7, 0.1)
        + 0.01
        * tables.fusion["seed"]
        * (tables.fusion["bottleneck"] + 1) ** 0.5
        * tables.fusion["method"].str.len()
        / 20
    )
    assert fusion_claims(replace(tables, fusion=less))[0].verdict == NOT_SUPPORTED


def test_where_nothing_was_fused_nothing_is_claimed(tables):
    none = replace(tables, fusion=frame("fusion"), fused_transfer=frame("fused_transfer"))
    assert fusion_claims(none) == ()
    for made in (fusion_summary(none), fusion_tests(none), fused_new_task(none)):
        assert isinstance(made, pd.DataFrame)
        assert made.empty
