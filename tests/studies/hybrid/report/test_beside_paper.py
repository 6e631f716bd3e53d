"""What stands beside the paper on the page: its values and stars, ridge, seen and unseen tweets."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind_from_stats

from hybridrep.studies.hybrid.names import TRANSFER, UNSIZED, readable
from hybridrep.studies.hybrid.report.figures.catalogue import plan_figures
from hybridrep.studies.hybrid.results.inference import INFERENCE_COLUMNS
from hybridrep.studies.hybrid.results.published import published_table_1
from hybridrep.testing.reporting_fixtures import shown_table, study_tables, text_of, undrawn_report


@pytest.fixture(scope="module")
def tables():
    return study_tables(seeds=4, epochs=6, bottlenecks=(32, 64))


@pytest.fixture(scope="module")
def page(tables):
    row = ("bert_to_lstm", 32, "reconstructed_vs_target", "test", 4, 0.44,
           0.40, 0.48, 0.43, 0.45, 0.39, 0.49, 0.0005, 0.6, 0.7, "")  # fmt: skip
    inference = pd.DataFrame([row], columns=list(INFERENCE_COLUMNS))
    return undrawn_report(tables, inference=[inference]).html


def shown(value, digits=3):
    return f"{value:.{digits}f}".replace("-", "−")


def test_published_values_stand_next_to_ours_with_the_difference_in_sds(page, tables):
    table = shown_table(page, "beside-paper").set_index(["Representation", "Measure"])
    last = tables.transfer.query("epoch == 20 and bottleneck in (0, 32)")
    paper = published_table_1().set_index(["representation", "metric"])
    assert len(table) == 21
    for (name, metric), printed in paper.iterrows():
        mine = last.loc[last["representation"] == name, metric]
        row = table.loc[(readable(name), readable(metric))]
        assert row["Paper"] == f"{printed['mean']:.3f} ± {printed['sd']:.3f}"
        assert row["Here"] == f"{mine.mean():.3f} ± {mine.std(ddof=1):.3f}"
        gap = mine.mean() - printed["mean"]
        assert row["in the paper’s SDs"] == shown(gap / printed["sd"], 1)
        assert row["in our SDs"] == shown(gap / mine.std(ddof=1), 1)


def test_the_printed_bottleneck_stands_beside_the_paper_wherever_it_comes():
    tables = study_tables(seeds=3, epochs=2, bottlenecks=(64, 32))
    report = undrawn_report(tables)
    table = report.tables["beside_paper"].set_index(["representation", "metric"])
    name = "bert_to_lstm_bottleneck"
    mine = tables.transfer.query(f"epoch == 20 and bottleneck == 32 and representation == '{name}'")
    row = table.loc[(name, "test_loss")]
    assert row["mean"] == pytest.approx(mine["test_loss"].mean())
    assert row["bottleneck"] == 32
    assert table.loc[("bert", "test_loss"), "bottleneck"] == 0
    assert "Another bottleneck" not in text_of(report.html)


def test_another_bottleneck_beside_the_paper_is_named():
    report = undrawn_report(study_tables(seeds=2, epochs=2, bottlenecks=(64, 128)))
    assert set(report.tables["beside_paper"]["bottleneck"]) == {0, 64}
    assert "its bottleneck 64 stands beside it" in text_of(report.html)


def test_the_papers_means_are_drawn_at_its_own_bottleneck_only(tables):
    drawn = {
        plan.name: plan.draw.args[2]
        for plan in plan_figures(tables)
        if plan.name.startswith("transfer_b")
    }
    assert {name for name, _ in drawn["transfer_b32"]} == set(TRANSFER)
    assert {name for name, _ in drawn["transfer_b64"]} == set(UNSIZED)


def test_a_new_task_of_several_classes_stands_beside_no_number_of_the_papers():
    counts = dict.fromkeys(("a", "b", "c"), 40)
    corpora = [{"name": "hate", "source": "x.csv", "fingerprint": "b", "items": 120,
                "synthetic": False, "classes": counts, "notes": {}}]  # fmt: skip
    tables = study_tables(seeds=3, epochs=2, bottlenecks=(64,), corpora=corpora)
    report = undrawn_report(tables)
    text = text_of(report.html)
    assert "accuracy of 0.333 and a loss of ln 3 = 1.099 here, and of 0.500 and 0.693" in text
    assert report.tables["beside_paper"].empty
    assert "Published values next to ours" not in text
    assert "Another bottleneck" not in text
    assert "Reconstruction and target, next to the paper" in text, "these are no matter of classes"
    (plan,) = (each for each in plan_figures(tables) if each.name == "transfer_b64")
    assert plan.draw.args[2] is None
    assert "the paper printed" not in plan.caption


def test_the_papers_t_is_recomputed_and_its_two_contradictions_stand_out(page):
    table = shown_table(page, "recomputed").set_index(["Representation", "Measure"])
    assert len(table) == 18
    expected = ttest_ind_from_stats(0.591, 0.029, 25, 0.574, 0.069, 25)
    row = table.loc[("LSTM → BERT, bottleneck", "test accuracy")]
    assert row["Printed stars"] == "***"
    assert row["Recomputed stars"] == ""
    assert row["t"] == shown(expected.statistic, 2)
    assert row["p"] == shown(expected.pvalue)
    wrong = table.index[table["Agrees"] == "contradicts"]
    assert set(wrong) == {
        ("LSTM → BERT, bottleneck", "test accuracy"),
        ("LSTM → BERT, reconstructed", "test accuracy"),
    }
    assert page.count(' class=" flag"') == 2


def test_correlations_on_seen_test_and_unseen_tweets_stand_side_by_side(page, tables):
    table = shown_table(page, "rsa")
    assert [c for c in table.columns if c in ("Seen", "Test", "Unseen")] == [
        "Seen", "Test", "Unseen",
    ]  # fmt: skip
    assert len(table) == 2 * 2 * 6
    rows = tables.rsa.query(
        "epoch == 3 and direction == 'bert_to_lstm' and bottleneck == 64 "
        "and pair == 'reconstructed_vs_target'"
    )
    # two columns may have one name, which `query` of pandas 2 does not take
    sought = ["BERT → LSTM", "64", "reconstructed – target"]
    cells = table[["Direction", "b", "Pair"]].to_numpy(dtype=object)
    (place,) = np.flatnonzero((cells == np.array(sought, dtype=object)).all(axis=1))
    row = table.iloc[place]
    for name in ("seen", "test", "unseen"):
        mine = rows.loc[rows["item_set"] == name, "value"]
        assert row[name.capitalize()] == f"{mine.mean():.3f} ± {mine.std(ddof=1):.3f}"


def test_the_papers_range_stands_next_to_every_size_and_set_of_tweets(page, tables):
    table = shown_table(page, "rsa-beside-paper")
    assert len(table) == 2 * 2 * 3
    row = table.query("Direction == 'BERT → LSTM' and b == '64' and Tweets == 'seen'").iloc[0]
    mine = tables.rsa.query(
        "epoch == 6 and direction == 'bert_to_lstm' and bottleneck == 64 and item_set == 'seen' "
        "and pair == 'reconstructed_vs_target'"
    )["value"]
    assert row["Paper"] == "0.62 to 0.75"
    assert row["Here"] == f"{mine.mean():.3f} ± {mine.std(ddof=1):.3f}"
    assert row["Outside the range by"] == shown(min(mine.mean() - 0.62, 0.0))


def test_ridge_stands_next_to_the_autoencoder_in_loss_and_on_all_tweets(page, tables):
    table = shown_table(page, "linear").set_index(["Direction", "b"])
    row = table.loc[("LSTM → BERT", "64")]
    ridge = tables.linear_baseline.query("direction == 'lstm_to_bert'")
    mine = tables.autoencoder.query("direction == 'lstm_to_bert' and bottleneck == 64")
    assert row["Ridge"] == f"{ridge['test_loss'].mean():.2f}"
    assert row["Predicting the mean"] == f"{ridge['mean_loss'].mean():.2f}"
    assert row["Autoencoder, epoch 3"] == f"{mine.query('epoch == 3')['test_loss'].mean():.2f}"
    for name in ("seen", "test", "unseen"):
        expected = ridge[f"reconstructed_vs_target_{name}"].mean()
        assert row[f"r, ridge, {name}"] == f"{expected:.2f}"
        assert np.isfinite(float(row[f"r, autoencoder, {name}"]))


def test_every_size_has_its_tests_against_the_baseline(page):
    first, second = (shown_table(page, name) for name in ("tests", "tests_b64"))
    frozen = first["Representation"].isin(["LSTM", "BERT"])
    assert (first["Student t"] == second["Student t"]).tolist() == frozen.tolist()


def test_the_noise_ceiling_is_said_to_be_of_classes_and_no_bound(page):
    text = text_of(page)
    assert "Nili et al. 2014" in text
    assert "mean similarities within and between classes" in text
    assert "no upper bound for the r beside it" in text


@pytest.mark.parametrize(("choice", "other"), [("keep", "dropped"), ("drop", "kept")])
def test_the_page_says_what_became_of_duplicates_and_how_to_see_the_other(choice, other):
    tables = study_tables(seeds=2, epochs=2)
    tables.meta["config"]["duplicates"] = choice
    text = text_of(undrawn_report(tables).html)
    assert f"Duplicates {'kept' if choice == 'keep' else 'dropped'}." in text
    assert f"compare puts this study beside one with duplicates {other}" in text
