"""Studies side by side: what differs, the tests against the first, and the names."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hybridrep.reporting.comparison import (
    against_first,
    compare_studies,
    differences_in_making,
)
from hybridrep.reporting.report import labels_of, slugs_of
from tests.reporting_fixtures import study_tables


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
    assert rows.loc["encoder"].tolist() == ["minilm", "other"]
    assert "autoencoder_epochs" not in rows.index  # the fixture's config says the same
    assert "workers" not in rows.index
    assert "eeeeeeeeeeee" in rows.loc["hate data", "b"]
    assert "emotion data" not in rows.index


def test_equal_studies_are_said_to_be_equal():
    compared = compare_studies([study_tables(2, epochs=2)] * 2, ["a", "b"])
    assert "are the same" in compared.lede
    assert (compared.tables["compare_rsa"].query("study == 'b'")["difference"] == 0).all()


def test_names_are_told_apart():
    studies = [study_tables(1, study=name) for name in ("one", "one", "<b>")]
    labels = labels_of(studies)
    assert labels == ["one", "one (2)", "<b>"]
    slugs = slugs_of([*labels, "ONE"])
    assert len(set(slugs)) == 4
    assert all(slug.replace("-", "").isalnum() for slug in slugs)
