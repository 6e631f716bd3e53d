"""The page of a comparison: what differs, both studies in every row, a figure."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from hybridrep.studies.nback.compare import compare_performance, differences_in_making
from hybridrep.studies.nback.report.comparison import comparison_report
from hybridrep.studies.nback.report.figures.across_studies import PANELS, plans
from hybridrep.studies.nback.results.across_studies import (
    KEYS,
    compare_representations,
    representation_numbers,
)
from tests.studies.nback.made_up import made_up

NAMES = ["usual", "smaller & <other>"]


@pytest.fixture(scope="module")
def studies():
    return [made_up(), made_up(2, hidden="rnn=256,gru=64,lstm=128", iterations="800")]


def tables_of(studies, names):
    return {
        "compare_made": differences_in_making(studies, names),
        "compare_performance": compare_performance(studies, names),
        "compare_representations": compare_representations(studies, names),
    }


def sheet(width, height):
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(stream, format="PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def report(studies):
    made = tables_of(studies, NAMES)
    return comparison_report(studies, NAMES, made, sheets={NAMES[1]: sheet(300, 120)})


def test_the_page_says_what_differs_and_shows_both(report):
    assert "they differ in hidden and iterations" in report.html
    assert "smaller &amp; &lt;other&gt; minus usual" in report.html
    assert "<other>" not in report.html
    assert report.html.count("<tr") > 30
    assert "3 seeds, 30 networks" in report.html
    assert "2 seeds, 20 networks" in report.html
    assert Image.open(io.BytesIO(report.figures["compare_performance"])).width > 300


def test_a_network_that_one_study_lacks_has_no_difference(report):
    table = report.tables["compare_performance"].set_index(["architecture", "hidden", "study"])
    mine = table[(table["diet"] == "mtmf") & (table["split"] == "val_angle")]
    assert mine.loc[("gru", 128, "usual"), "n"] == 3
    assert mine.loc[("gru", 128, NAMES[1]), "n"] == 0
    assert mine.loc[("lstm", 128, NAMES[1]), "paired_n"] == 2


def test_studies_that_were_made_alike_and_lost_seeds_are_said(studies):
    usual = studies[0]
    lost = replace(usual, meta={**usual.meta, "seeds_failed": {"9": "no memory"}})
    made = tables_of([usual, lost], ["a", "b"])
    report = comparison_report([usual, lost], ["a", "b"], made, draw_plans=lambda _: [])
    assert "they were made alike" in report.html
    assert "Seeds of b are missing" in report.html
    assert "seed 9: no memory" in report.html


def bare(tables):
    """A study of training alone: nothing was decoded."""
    cut = {name: getattr(tables, name).iloc[:0] for name in ("decoding", "cross_task",
           "orthogonality", "rotations", "causal")}  # fmt: skip
    return replace(tables, **cut)


def test_numbers_of_representations_are_the_means_of_each_seed(studies):
    usual = studies[0]
    found = representation_numbers(usual).set_index(["name", "diet", "measure", "seed"])["value"]
    turned = usual.rotations
    mine = turned[
        (turned["architecture"] == "gru") & (turned["seed"] == 1)
        & (turned["measure"] == "permuted") & (turned["set"] == "independent")
    ]  # fmt: skip
    expected = mine["score"].mean()
    assert found["gru", "mtmf", "procrustes/permuted", 1] == pytest.approx(expected)
    crossed = usual.cross_task
    other = crossed[
        (crossed["architecture"] == "rnn") & (crossed["seed"] == 2) & (crossed["space"] == "h")
        & (crossed["diet"] == "untrained") & (crossed["set"] == "independent")
        & (crossed["centring"] == "own") & (crossed["decoded"] == crossed["fitted_feature"])
        & (crossed["tested_feature"] != crossed["fitted_feature"])
    ]  # fmt: skip
    expected = other["score"].mean()
    assert found["rnn", "untrained", "cross_task/other_feature", 2] == pytest.approx(expected)


def test_representations_stand_beside_the_first_study_s_by_name_whatever_the_size(report):
    table = report.tables["compare_representations"].set_index([*KEYS, "study"])
    first, second = (table.loc[("gru", "mtmf", "procrustes/joint", name)] for name in NAMES)
    assert (first["n"], second["n"], second["paired_n"]) == (3, 2, 2)
    assert second["difference"] == pytest.approx(second["mean"] - first["mean"])
    assert list(report.tables["compare_representations"]["name"].unique()) == ["rnn", "gru", "lstm"]
    assert 'id="representations"' in report.html
    assert Image.open(io.BytesIO(report.figures["compare_representations"])).width > 1000


@pytest.mark.slow
def test_the_figure_has_a_column_a_network_its_seeds_and_its_controls(studies):
    (plan,) = plans(studies, NAMES, {NAMES[0]: sheet(40, 20)})
    figure = plan.draw()
    top, body = figure.subfigs
    assert [axes.get_title() for axes in top.axes] == NAMES[:1]
    grid = np.array(body.axes).reshape(len(PANELS), 3)
    assert [axes.get_title() for axes in grid[0]] == ["rnn", "gru", "lstm"]
    for row, panel in zip(grid, PANELS, strict=True):
        assert [tick.get_text() for tick in row[0].get_yticklabels()] == [*panel.rows]
        shaded = [patch for axes in row for patch in axes.patches]
        assert len(shaded) == 3 * len(panel.controls)
        for axes in row:  # of every row and study its seeds: three and two
            counts = [len(each.get_offsets()) for each in axes.collections]
            assert sorted(counts) == [2] * len(panel.rows) + [3] * len(panel.rows)


def test_studies_that_were_trained_alone_have_no_part_on_representations(studies):
    plain = [bare(each) for each in studies]
    assert plans(plain, NAMES) == []
    made = tables_of(plain, NAMES)
    report = comparison_report(plain, NAMES, made, draw_plans=lambda _: [])
    assert 'id="representations"' not in report.html
    (plan,) = plans([studies[0], plain[1]], NAMES)  # one of them has: the other's lanes are empty
    figure = plan.draw()
    assert not figure.subfigs  # no contact sheet
    numbers = [len(axes.collections) for axes in figure.axes]
    assert numbers == [8] * 3 + [6] * 3 + [8] * 3
