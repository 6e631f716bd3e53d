"""The page of a comparison: what differs, both studies in every row, a figure."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from hybridrep.studies.nback.compare import compare_performance, differences_in_making
from hybridrep.studies.nback.report.comparison import comparison_report
from tests.studies.nback.made_up import made_up

NAMES = ["usual", "smaller & <other>"]


@pytest.fixture(scope="module")
def studies():
    return [made_up(), made_up(2, hidden="rnn=256,gru=64,lstm=128", iterations="800")]


@pytest.fixture(scope="module")
def report(studies):
    made = {
        "compare_made": differences_in_making(studies, NAMES),
        "compare_performance": compare_performance(studies, NAMES),
    }
    return comparison_report(studies, NAMES, made)


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
    made = {
        "compare_made": differences_in_making([usual, lost], ["a", "b"]),
        "compare_performance": compare_performance([usual, lost], ["a", "b"]),
    }
    report = comparison_report([usual, lost], ["a", "b"], made, draw_plans=lambda _: [])
    assert "they were made alike" in report.html
    assert "Seeds of b are missing" in report.html
    assert "seed 9: no memory" in report.html
