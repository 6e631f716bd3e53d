"""The report of made-up tables: figures that are drawn, tables as declared, what the page says."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from scipy import stats

from hybridrep.studies.nback.names import SPLITS
from hybridrep.studies.nback.report.figures.stimuli import Sheet
from hybridrep.studies.nback.report.report import build_report
from hybridrep.studies.nback.results.catalogue import REPORT_TABLES
from hybridrep.studies.nback.results.claims import claims
from hybridrep.studies.nback.results.geometry import geometry_keys, geometry_numbers
from hybridrep.studies.nback.results.performance import performance, performance_rich
from hybridrep.studies.nback.results.schema import frame
from hybridrep.studies.nback.results.summary import summarise_study
from tests.studies.nback.made_up import CHANCES, made_up, made_up_across


@pytest.fixture(scope="module")
def tables():
    return made_up()


@pytest.fixture(scope="module")
def report(tables):
    frames = np.random.default_rng(0).integers(0, 255, (8, 40, 40, 3)).astype(np.uint8)
    names = [f"kind/{number}" for number in range(8)]
    sheet = Sheet(dict.fromkeys(SPLITS, frames), dict.fromkeys(SPLITS, names), "8 objects.")
    return build_report(tables, sheet, across=made_up_across())


def test_every_figure_is_drawn(report):
    assert {*report.figures} == {
        "stimuli", "design", "performance", "learning", "first_step", "cross_task", "across_time",
        "encoding_shared", "retained", "orthogonality", "rotations", "swaps", "causal",
        "similarity",
    }  # fmt: skip
    for png in report.figures.values():
        assert min(Image.open(io.BytesIO(png)).size) > 300


def test_tables_have_the_columns_that_the_reference_says(report):
    said = {each.name: each.columns for each in REPORT_TABLES["an N-back study"]}
    assert {name: tuple(table.columns) for name, table in report.tables.items()} == said


def test_the_page_says_that_the_objects_are_not_the_papers(report):
    assert "Not ShapeNet" in report.html
    assert "-e nback " in report.html
    assert "Accuracy on new objects: with" in report.html
    assert report.html.count("<img") == len(report.figures) + 1  # and the viewer's


def test_means_are_over_seeds_and_intervals_are_theirs(tables):
    table = performance(tables).set_index(["architecture", "diet", "split"])
    curves = tables.curves
    mine = curves[
        (curves["architecture"] == "gru")
        & (curves["diet"] == "mtmf")
        & (curves["iteration"] == 200)
    ]
    values = mine[mine["split"] == "val_angle"]["response_accuracy"].to_numpy()
    row = table.loc["gru", "mtmf", "val_angle"]
    assert row["response_accuracy"] == pytest.approx(values.mean())
    half = 4.302652729911275 * values.std(ddof=1) / 3**0.5  # t of 0.975 at 2 degrees of freedom
    assert row["response_accuracy_low"] == pytest.approx(values.mean() - half)
    assert row["response_accuracy_high"] == pytest.approx(values.mean() + half)
    assert row["response_accuracy_least"] == values.min()
    assert table.loc["gru", "untrained", "train"]["iterations"] == 0


def test_the_table_on_the_terminal_stays_within_80_columns_and_in_order(tables):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(performance_rich(performance(tables)))
    lines = console.export_text().splitlines()
    assert not any("…" in line for line in lines)
    words = [line.split() for line in lines]
    shown = [line[:2] for line in words if line and line[0].startswith(("rnn-", "gru-", "lstm-"))]
    assert shown == [
        ["rnn-256", "mtmf"], ["rnn-256", "untrained"], ["gru-128", "mtmf"], ["gru-128", "stmf_1"],
        ["gru-128", "stsf_1L"], ["gru-128", "stsf_1I"], ["gru-128", "stsf_1C"],
        ["gru-128", "untrained"], ["lstm-128", "mtmf"], ["lstm-128", "untrained"],
    ]  # fmt: skip


def test_a_study_of_one_seed_has_a_report_without_intervals():
    report = build_report(made_up(1))
    assert "stimuli" not in report.figures
    assert report.tables["performance"]["accuracy_low"].isna().all()


def test_seeds_that_failed_are_said(tables):
    failed = replace(tables, meta={**tables.meta, "seeds_failed": {"7": "train gru: no memory"}})
    assert "seed 7: train gru: no memory" in build_report(failed, draw_plans=lambda _: []).html


def test_claims_stand_beside_the_controls_that_decide(report):
    table = report.tables["claims"].set_index(["claim", "role"])
    holds = table["holds"].xs("paper", level="role")
    verdicts = table["verdict"]
    assert verdicts["structured", "paper"] == "supported"
    assert verdicts["structured", "control"] == "not supported"
    assert holds["structured"] == "not supported"
    assert verdicts["different_over_time", "paper"] == "supported"
    assert holds["different_over_time"] == "not supported"
    assert holds["same_over_stimuli"] == verdicts["same_over_stimuli", "paper"] == "supported"
    assert holds["causal"] == holds["deorthogonalised"] == "supported"
    assert verdicts["no_action_rises", "paper"] == "supported"
    assert table["estimate"]["causal", "paper"] == pytest.approx(0.28, abs=0.03)
    assert "not supported" in report.markdown
    assert "control: not supported" in report.html
    assert "↳ control" in report.markdown


def test_the_summary_is_five_sentences_of_numbers(tables, report):
    sentences = summarise_study(tables, claims(tables))
    assert len(sentences) == 5
    for sentence in sentences:
        assert sentence.endswith(".")
        assert "nan" not in sentence
    assert "0.94" in sentences[3]
    assert "0.93" in sentences[3]


def test_what_was_not_computed_is_said_and_not_averaged():
    made = made_up(2)
    names = ("orthogonality", "rotations", "causal", "decoding", "cross_task", "similarities")
    none = {name: frame(name) for name in names}
    bare = build_report(replace(made, **none), draw_plans=lambda _: [])
    table = bare.tables["claims"]
    table = table[~table["claim"].isin(["learned", "novel_objects_harder"])]
    assert (table["verdict"] == "unclear").all()
    assert table["note"].str.contains("not computed").all()
    assert not len(bare.tables["decoding"])
    assert not len(bare.tables["statistics"])
    assert "Angles between values were not taken." in bare.html
    assert 'id="similarity"' not in bare.html
    alone = build_report(made_up(1), draw_plans=lambda _: [])
    single = alone.tables["claims"]
    assert (single["verdict"] == "unclear").all()
    assert single["note"].str.contains("one seed only|not computed").all()
    assert "One seed." in alone.html
    assert alone.tables["statistics"]["p"].isna().all()


def test_numbers_of_the_geometry_are_means_of_the_long_tables(tables):
    numbers = geometry_numbers(tables)
    rows = tables.rotations
    mine = rows[(rows["architecture"] == "gru") & (rows["seed"] == 1)]
    mine = mine[mine["measure"] == "swap_time"]
    assert len(mine) == 3 * (4 + 4 + 3)
    found = numbers.set_index(["measure", "name", "seed"])["value"]
    assert found["procrustes/swap_time", "gru", 1] == pytest.approx(mine["score"].mean())
    keys = {*geometry_keys(numbers)}
    assert {"orthogonality/perceptual/location/pca", "orthogonality/gru/identity/o",
            "procrustes/lstm/permutation_p", "causal/rnn/category/match_random",
            "causal/rnn/location/interchange"} <= keys  # fmt: skip
    steps = numbers[numbers["measure"] == "causal/location/match"]["step"]
    assert {*steps} == {*range(0, 325, 25)}


def test_claims_on_decoding_fall_or_stand_with_their_controls(report):
    table = report.tables["claims"]
    assert {*table["claim"]} >= {
        "learned", "novel_objects_harder", "gated_better", "irrelevant_kept",
        "irrelevant_kept_by_training", "vanilla_shared", "gated_specific", "vanilla_shares_more",
        "not_sustained", "realigned_at_recall", "encoding_shared",
    }  # fmt: skip

    def told(claim: str, role: str, column: str) -> str:
        (value,) = table[(table["claim"] == claim) & (table["role"] == role)][column]
        return value

    assert told("realigned_at_recall", "paper", "verdict") == "supported"
    assert told("realigned_at_recall", "paper", "holds") != "supported"  # independent: nothing
    assert told("vanilla_shared", "paper", "verdict") == "supported"
    assert told("gated_specific", "paper", "verdict") == "not supported"
    assert told("vanilla_shares_more", "paper", "holds") == "supported"
    assert "not computed" in told("vanilla_shares_more", "control", "note")
    assert "not computed" in told("gated_better", "paper", "note")
    assert told("not_sustained", "paper", "verdict") == "supported"


def test_the_paper_s_tests_stand_beside_those_of_seeds(tables, report):
    found = report.tables["statistics"].set_index(["comparison", "network"])
    row = found.loc["executive against other later frames, paper trials", "gru"]
    own = tables.decoding
    own = own[
        (own["architecture"] == "gru") & (own["diet"] == "mtmf") & (own["measure"] == "across")
        & (own["set"] == "paper") & (own["feature"] == own["decoded"])
    ]  # fmt: skip
    executive = own["time"] == own["stimulus"] + own["n"]
    assert row["paper_units"] == len(own)
    expected = stats.mannwhitneyu(own[executive]["score"], own[~executive]["score"]).pvalue
    assert row["paper_p"] == pytest.approx(expected)
    means = [own[rows].groupby("seed")["score"].mean() for rows in (executive, ~executive)]
    assert row["p"] == pytest.approx(stats.ttest_rel(*means).pvalue)
    assert row["seeds"] == 3
    assert row["holm_p"] >= row["p"]


def test_the_geometry_is_compared_by_the_paper_s_tests_too(tables, report):
    found = report.tables["statistics"].set_index(["comparison", "network"])
    own = tables.orthogonality.query(
        "feature == other and dimensions == 0 and measure == 'corrected'"
    )
    seen = own[own["space"] == "perceptual"]
    mine = own.query("space == 'encoding' and architecture == 'gru' and diet == 'mtmf'")
    row = found.loc["perceptual against encoding space, less its noise", "gru"]
    assert (row["paper_test"], row["paper_units"]) == ("two-sample t", len(seen) + len(mine))
    assert row["paper_p"] == pytest.approx(stats.ttest_ind(seen["score"], mine["score"]).pvalue)
    means = [side.groupby("seed")["score"].mean() for side in (seen, mine)]
    assert row["p"] == pytest.approx(stats.ttest_rel(*means).pvalue)

    turned = tables.rotations.query(
        "architecture == 'lstm' and diet == 'mtmf' and set == 'independent' and space == 'h'"
    )
    wide = turned.pivot(
        index=["seed", "n", "feature", "stimulus", "time"], columns="measure", values="score"
    ).dropna(subset=["reconstructed", "swap_time"])
    row = found.loc["decoders turned by their own rotation against that of the next step", "lstm"]
    assert (row["paper_test"], row["paper_units"]) == ("Mann-Whitney", 2 * len(wide))
    expected = stats.mannwhitneyu(wide["reconstructed"], wide["swap_time"]).pvalue
    assert row["paper_p"] == pytest.approx(expected)
    means = wide.groupby("seed")[["reconstructed", "swap_time"]].mean()
    assert row["p"] == pytest.approx(stats.ttest_rel(*means.to_numpy().T).pvalue)
    assert row["difference"] > 0.3


def test_values_that_never_occurred_are_said(tables):
    lost = tables.decoding.copy()
    lost.loc[lost.index[:5], "score"] = float("nan")
    html = build_report(replace(tables, decoding=lost), draw_plans=lambda _: []).html
    assert "Values that never occurred" in html


def test_measures_of_similarity_stand_beside_chance(tables, report):
    found = report.tables["similarity"].set_index(
        ["network", "diet", "n", "first", "second", "measure"]
    )
    rows = tables.similarities
    mine = rows[(rows["architecture"] == "gru") & (rows["diet"] == "mtmf") & (rows["n"] == 2)]
    mine = mine[(mine["first"] == 0) & (mine["second"] == 3) & (mine["measure"] == "procrustes")]
    values = mine.groupby("seed")["value"].mean()  # over location, identity, category
    row = found.loc["gru", "mtmf", 2, 0, 3, "procrustes"]
    assert len(mine) == 9
    assert (row["seeds"], row["chance"]) == (3, pytest.approx(CHANCES["procrustes"]))
    assert row["mean"] == pytest.approx(values.mean())
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert "Procrustes 0.40 and 10 nearest neighbours 0.05." in report.html


def test_what_tells_networks_apart_is_ranked_and_its_chance_is_said(report):
    ranked = report.tables["identification"]
    first = ranked[(ranked["what"] == "architecture") & (ranked["frame"] == 1)]
    assert first["accuracy"].is_monotonic_decreasing
    assert first["measure"].iloc[0] == "cka"
    assert "architecture of mtmf (rnn, gru and lstm; chance 0.33)" in report.html
    assert "diet of gru (mtmf, stsf and stmf; chance 0.33)" in report.html
    assert "rnn and lstm have no two diets to be told apart" in report.html


def test_of_one_seed_nothing_is_told_apart():
    alone = build_report(made_up(1), draw_plans=lambda _: [])
    assert "One seed: which measure tells architectures or diets apart" in alone.html
    assert not len(alone.tables["identification"])
    assert "identification-table" not in alone.html
