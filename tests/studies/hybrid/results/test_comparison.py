"""Studies side by side: what differs, the tests against the first, and the names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hybridrep import __version__
from hybridrep.analysis.statistics import against_first
from hybridrep.studies.hybrid.names import UNSIZED
from hybridrep.studies.hybrid.report.figures.catalogue import plan_comparison
from hybridrep.studies.hybrid.results.claims import claims
from hybridrep.studies.hybrid.results.comparison import compare_studies, differences_in_making
from hybridrep.testing.reporting_fixtures import shown_table, study_tables, undrawn_report


def values(rng, shift=0.0, seeds=6):
    return pd.DataFrame(
        {"seed": range(seeds), "metric": "test_loss", "representation": "bert",
         "value": rng.normal(0.5 + shift, 0.1, seeds)}
    )  # fmt: skip


def test_differences_are_welchs_and_paired_by_the_seeds_both_have():
    rng = np.random.default_rng(1)
    first, second = values(rng), values(rng, 0.1, 4)
    stacked = pd.concat([first.assign(study="a"), second.assign(study="b")])
    table = against_first(
        stacked, ["metric", "representation"], ["a", "b"], {"test_loss": 0, "bert": 0}
    )
    row = table[table["study"] == "b"].iloc[0]
    x, y = second["value"].to_numpy(), first["value"].to_numpy()
    welch = stats.ttest_ind(x, y, equal_var=False)
    interval = welch.confidence_interval()
    assert row["difference"] == pytest.approx(x.mean() - y.mean())
    assert row["welch_p"] == pytest.approx(welch.pvalue)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert row["paired_p"] == pytest.approx(stats.ttest_rel(x, y[:4]).pvalue)
    assert row["paired_n"] == 4
    assert row["holm_p"] == pytest.approx(welch.pvalue)
    assert table[table["study"] == "a"]["welch_p"].isna().all()


def test_holm_corrects_over_the_rows_of_one_measure():
    compared = compare_studies(
        [study_tables(seeds=4, epochs=2), study_tables(seeds=5, epochs=2)], ["a", "b"]
    )
    table = compared.tables["compare_transfer"].query("study == 'b' and metric == 'test_loss'")
    assert len(table) == 7
    order = np.sort(table["welch_p"].to_numpy())
    expected = np.minimum(1, np.maximum.accumulate(order * np.arange(7, 0, -1)))
    np.testing.assert_allclose(np.sort(table["holm_p"].to_numpy()), expected)


def test_what_differs_is_named():
    config = {**study_tables(1).meta["config"], "encoder": "other", "workers": 7}
    corpora = [dict(c) for c in study_tables(1).meta["corpora"]]
    corpora[1]["fingerprint"] = "e" * 64
    other = study_tables(seeds=2, epochs=2, config=config, corpora=corpora)
    made = differences_in_making([study_tables(seeds=2), other], ["a", "b"])
    rows = made.set_index("parameter")
    assert rows.loc["encoder"].tolist() == ["minilm (cccccccccccc)", "other (cccccccccccc)"]
    assert "autoencoder_epochs" not in rows.index  # the fixture's config says the same
    assert "workers" not in rows.index
    assert "eeeeeeeeeeee" in rows.loc["hate data", "b"]
    assert "emotion data" not in rows.index


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"encoder": {"description": "all-MiniLM-L6-v2", "fingerprint": "f" * 64}}, "encoder"),
        ({"vectors": {"source": "glove-50", "fingerprint": "f" * 64}}, "vectors"),
        ({"coverage": {"tokens": 0.9, "types": 0.912}}, "tokens with a vector"),
        ({"commit": "f" * 16}, "commit"),
        ({"versions": {"hybridrep": __version__, "torch": "2.14.0", "numpy": "2.4.6"}},
         "version of torch"),
    ],
)  # fmt: skip
def test_what_differs_behind_one_configuration_is_named(change, parameter):
    other = study_tables(seeds=2, epochs=2, **change)
    compared = compare_studies([study_tables(seeds=2, epochs=2), other], ["a", "b"])
    assert compared.tables["compare_made"]["parameter"].tolist() == [parameter]
    assert f"They differ in {parameter}." in compared.lede


def test_only_shared_bottlenecks_are_compared_and_the_others_are_named():
    first = study_tables(seeds=3, epochs=2, bottlenecks=(32, 64))
    second = study_tables(seeds=3, epochs=2, bottlenecks=(64, 128))
    compared = compare_studies([first, second], ["a", "b"])
    assert (
        "They are compared at bottleneck 64: not all of them have 32 (a) and 128 (b)."
        in compared.lede
    )
    assert set(compared.tables["compare_rsa"]["bottleneck"]) == {64}
    table = compared.tables["compare_transfer"].set_index(["metric", "representation", "study"])
    name = "lstm_to_bert_bottleneck"
    row = table.loc[("test_loss", name, "a")]
    mine = first.transfer.query(f"epoch == 20 and bottleneck == 64 and representation == '{name}'")
    assert row["mean"] == pytest.approx(mine["test_loss"].mean())
    assert table.loc[("test_loss", "bert", "a"), "bottleneck"] == 0


def test_claims_are_compared_at_shared_bottlenecks():
    first = study_tables(seeds=3, epochs=2, bottlenecks=(32, 64))
    reverse = (first.rsa["bottleneck"] == 32) & (first.rsa["direction"] == "bert_to_lstm")
    first.rsa.loc[reverse, "value"] -= 0.9
    claim = next(c for c in claims(first) if c.name == "asymmetry")
    assert claim.verdict == "not supported"
    compared = compare_studies([first, study_tables(3, (64,), epochs=2)], ["a", "b"])
    verdicts = compared.tables["compare_claims"].set_index("claim").loc[claim.sentence]
    assert verdicts["a"] == "supported"


def test_all_shared_bottlenecks_are_compared_whatever_their_order():
    first = study_tables(seeds=2, epochs=2, bottlenecks=(32, 64))
    config = {**first.meta["config"], "bottlenecks": [64, 32]}
    second = replace(first, meta={**first.meta, "config": config})
    report = undrawn_report(first, second)
    for name in ("compare_rsa", "compare_transfer"):
        table = report.tables[name]
        assert {32, 64} <= set(table["bottleneck"])
        assert (table.loc[table["study"] != table["study"].iloc[0], "difference"] == 0).all()
    assert {"compare_rsa", "compare_rsa_b64"} <= set(report.figures)
    assert len(shown_table(report.html, "compare-rsa")) == 2 * 6 * 2
    lines = [line.split("|")[1:3] for line in report.markdown.splitlines() if line.count("|") > 3]
    assert ["BERT → LSTM, bottleneck", "64"] in [[cell.strip() for cell in line] for line in lines]
    assert "not all of them have" not in report.markdown


def test_without_a_shared_bottleneck_only_what_has_none_is_compared():
    studies = [study_tables(seeds=2, epochs=2, bottlenecks=(size,)) for size in (32, 64)]
    compared = compare_studies(studies, ["a", "b"])
    assert "at no bottleneck: not all of them have 32 (a) and 64 (b)" in compared.lede
    assert set(compared.tables["compare_transfer"]["representation"]) == set(UNSIZED)
    assert compared.tables["compare_rsa"].empty
    assert [plan.name for plan in plan_comparison(compared)] == ["compare_transfer"]
    undrawn_report(*studies)


def test_equal_studies_are_said_to_be_equal():
    compared = compare_studies([study_tables(2, epochs=2)] * 2, ["a", "b"])
    assert "are the same" in compared.lede
    assert (compared.tables["compare_rsa"].query("study == 'b'")["difference"] == 0).all()
