"""What a report says of a study with gaps: never a mean without the number of seeds behind it."""

from dataclasses import replace

import numpy as np
import pytest

import hybridrep
from hybridrep.analysis.schema import TablesError
from hybridrep.studies.hybrid.names import TRANSFER_METRICS
from hybridrep.studies.hybrid.results import tables as tables_module
from hybridrep.studies.hybrid.results.schema import SCHEMAS
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.testing.reporting_fixtures import (
    shown_table,
    study_tables,
    text_of,
    undrawn_report,
    without_seed,
)

SEEDS = 5


@pytest.fixture
def tables():
    return study_tables(seeds=SEEDS, epochs=4)


def said(report):
    """The page's words and the Markdown's, which must both carry a warning."""
    return text_of(report.html), report.markdown.replace("\\", "")


def test_a_missing_seed_is_named_and_every_table_stands_on_the_others(tables):
    report = undrawn_report(without_seed(tables, 2))
    for text in said(report):
        assert "4 of 5 seeds are complete. Without any result: 2." in text.replace("**", "")
        assert "4 of 5 seeds are complete; missing: 2." in text
    assert "r = " in text_of(report.html)
    for identifier in ("table_1", "tests", "beside-paper", "rsa-beside-paper", "rsa", "linear"):
        assert set(shown_table(report.html, identifier)["Seeds"]) == {"4"}, identifier
    assert "without seed 2" in " ".join(report.tables["claims"]["note"])
    assert "no value for seed 2" in " ".join(shown_table(report.html, "tests")["Note"])
    assert (report.tables["claims"]["n"].isin([4, 0])).all()
    sentences = report.markdown.split("### ")[0]
    assert sentences.count("n = 4") >= 5  # LSTM, both directions twice, winner


def test_a_failed_seed_is_named_with_its_reason(tables):
    tables.meta["seeds_failed"] = {"4": "out of memory"}
    report = undrawn_report(without_seed(tables, 4))
    for text in said(report):
        assert "Failed: 4." in text
    row = shown_table(report.html, "seeds").iloc[0]
    assert row.tolist() == ["4", "failed", "out of memory"]


def test_unequal_seeds_show_on_how_many_each_number_stands(tables):
    cut = tables.transfer[
        ~(tables.transfer["seed"].isin([1, 3]) & (tables.transfer["representation"] == "lstm"))
    ]
    unequal = without_seed(replace(tables, transfer=cut), 0, "linear_baseline")
    rsa = unequal.rsa
    gone = (rsa["seed"] == 4) & (rsa["item_set"] == "unseen") & (rsa["direction"] == "bert_to_lstm")
    unequal = replace(unequal, rsa=rsa[~gone])
    report = undrawn_report(unequal)
    for text in said(report):
        assert "1 of 5 seeds are complete" in text
        assert "Incomplete" in text
        assert "0–1, 3–4" in text
    paper = shown_table(report.html, "table_1").set_index("Representation")["Seeds"]
    assert paper["Task-specific"] == "3"
    assert paper["Global"] == "5"
    seeds = shown_table(report.html, "seeds").set_index("Seed")["Note"]
    assert seeds["1"].startswith("transfer: ")
    assert seeds["0"] == "linear_baseline: 0 of 2 rows"
    correlations = shown_table(report.html, "rsa").set_index(["Direction", "Pair"])["Seeds"]
    assert correlations["BERT → LSTM", "input – target"] == "4–5"
    assert correlations["LSTM → BERT", "input – target"] == "5"
    # the autoencoder is compared with ridge on the seeds that have both, and all three sets
    linear = shown_table(report.html, "linear").set_index("Direction")
    assert linear["Seeds"].to_dict() == {"BERT → LSTM": "3", "LSTM → BERT": "4"}
    kept = tables.autoencoder.query(
        "direction == 'lstm_to_bert' and epoch == 2 and seed in (1, 2, 3, 4)"
    )
    assert linear.loc["LSTM → BERT", "Autoencoder, epoch 2"] == f"{kept['test_loss'].mean():.2f}"


def test_measures_of_unequal_seeds_share_no_count(tables):
    rows = (tables.transfer["seed"] == 1) & (tables.transfer["representation"] == "bert")
    tables.transfer.loc[rows, "test_accuracy"] = np.nan
    report = undrawn_report(tables)
    paper = shown_table(report.html, "table_1").set_index("Representation")["Seeds"]
    assert paper["Global"] == "4–5"


def test_one_seed_has_no_test_and_says_so():
    report = undrawn_report(study_tables(seeds=1, epochs=4))
    for text in said(report):
        assert "Too few seeds for statistics" in text
        assert "no test, no interval and no SD is given" in text
        assert "no test is possible on these seeds" in text
    assert not shown_table(report.html, "table_1")["Test Loss"].str.contains("*", regex=False).any()
    tests = shown_table(report.html, "tests")
    for column in ("p", "p (Welch)", "p (paired)", "p (Holm)", "95% CI", "95% CI of d"):
        assert set(tests[column]) == {"–"}, column
    assert tests["Note"].str.contains("one seed only: no test").all()
    assert set(report.tables["claims"]["verdict"]) == {"unclear"}


def test_incomplete_seeds_that_are_tested_are_not_said_to_be_too_few(tables):
    without = tables
    for seed, name in enumerate(("lstm", "autoencoder", "linear_baseline", "transfer")):
        without = without_seed(without, seed, name)
    report = undrawn_report(without_seed(without, 4, "lstm"))
    for text in said(report):
        assert "0 of 5 seeds are complete" in text
        assert "Too few seeds for statistics" not in text
    assert set(report.tables["claims"]["n"]) == {5, 4, 0}


def test_two_seeds_that_share_no_value_are_too_few():
    first = ("rsa", "lstm")
    apart = without_seed(study_tables(seeds=2, epochs=4), 0, *first)
    apart = without_seed(apart, 1, *(name for name in SCHEMAS if name not in first))
    for text in said(undrawn_report(apart)):
        assert "No value has more than one seed" in text


def test_no_variance_is_named_and_nothing_is_tested(tables):
    for measure in TRANSFER_METRICS:
        tables.transfer[measure] = 0.5
    tables.rsa["value"] = 0.25
    report = undrawn_report(tables)
    tests = shown_table(report.html, "tests")
    assert tests["Note"].str.contains("no variance in either sample: no test").all()
    assert set(tests["p"]) == {"–"}
    assert "0.500(0.000)" in shown_table(report.html, "table_1")["Test Loss"].iloc[0]
    beside = shown_table(report.html, "beside-paper")
    assert set(beside["in our SDs"]) == {"–"}
    assert "–" not in set(beside["in the paper’s SDs"])
    assert "No variance: no test." in text_of(report.html)
    assert set(report.tables["claims"]["verdict"]) == {"unclear"}
    assert "nan" not in text_of(report.html).lower().split()


def test_tables_of_an_older_version_are_read_and_the_page_says_so(tables, monkeypatch):
    parts, meta = tables.to_parts()
    old_meta = {**meta, "schema_version": 0, "versions": {"hybridrep": "0.0.9"}}
    del old_meta["coverage"], old_meta["commit"], old_meta["config"]["duplicates"]
    with pytest.raises(TablesError, match="make the study again"):
        StudyTables.from_parts(parts, old_meta)
    same = {version: lambda given, m: (given, m) for version in range(tables_module.SCHEMA_VERSION)}
    monkeypatch.setattr(tables_module, "UPGRADES", same)
    report = undrawn_report(StudyTables.from_parts(parts, old_meta))
    for text in said(report):
        assert "The study was computed by hybridrep 0.0.9" in text
        assert f"this report is by hybridrep {hybridrep.__version__}" in text
        assert "Its tables were of layout 0" in text


def test_tables_of_this_version_carry_no_such_note(tables):
    assert "another version" not in text_of(undrawn_report(tables).html)
