"""The section "What could be reached": its sentences, its map, and no section without fusions."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.lines import Line2D

from hybridrep.studies.hybrid.fusion.methods import COMPARED
from hybridrep.studies.hybrid.report.figures.catalogue import plan_figures
from hybridrep.studies.hybrid.report.figures.diffusion import diffusion_map
from hybridrep.studies.hybrid.report.fusion import map_data, summarise_fusion
from hybridrep.studies.hybrid.report.looks import (
    FUSION_COLOURS,
    FUSION_MARKERS,
    FUSION_SYMBOLS,
)
from hybridrep.studies.hybrid.report.markdown import study_markdown
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.results.fused import final_fusion
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.schema import frame
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.testing.reporting_fixtures import study_tables, text_of


@pytest.fixture(scope="module")
def tables() -> StudyTables:
    return study_tables(seeds=3, bottlenecks=(32,), epochs=2, fused=True)


@pytest.fixture(scope="module")
def without(tables: StudyTables) -> StudyTables:
    return replace(tables, fusion=frame("fusion"), fused_transfer=frame("fused_transfer"))


def test_five_sentences_say_the_numbers(tables):
    said = summarise_fusion(Results.of(tables))
    assert len(said) == 5
    last = final_fusion(tables, "unseen").groupby("method").mean(numeric_only=True)
    share = {name: f"{100 * last.loc[name, 'share_of_ceiling']:.0f}%" for name in last.index}
    assert f"more than r = {last['ceiling'].iloc[0]:.2f}" in said[0]
    assert f"{share['lstm_to_bert']} of it (LSTM → BERT" in said[1]
    assert f"similarity-matched carries most of both, {share['similarity_matched']}" in said[2]
    assert "points more than the better of the paper’s bottlenecks (95% CI [" in said[2]
    assert f"without any training, reach {share['concatenated']} of it" in said[3]
    assert "concatenated serves best of the fusions at this size" in said[4]


def test_a_method_that_is_missing_leaves_a_sentence_and_no_fault(tables):
    only = replace(
        tables, fusion=tables.fusion.query("method == 'concatenated'").reset_index(drop=True),
        fused_transfer=frame("fused_transfer"),
    )  # fmt: skip
    said = summarise_fusion(Results.of(only))
    assert said[1] == "The paper’s bottlenecks were not measured."
    assert said[2] == "No fusion of 32 dimensions was made."
    assert said[4] == "Nothing fused was tried on the new task."


def test_the_page_and_its_markdown_have_the_section_only_where_something_was_fused(tables, without):
    blank = lambda plans: []  # noqa: E731
    page = build_report([tables], draw_plans=blank).html
    assert "What could be reached" in text_of(page)
    assert 'data-from="fusion-explorer-data"' in page
    assert 'id="fusion-explorer-data"' in page
    none = build_report([without], draw_plans=blank).html
    assert "What could be reached" not in text_of(none)
    assert "fusion-explorer-data" not in none
    results = Results.of(tables)
    assert "### What could be reached" in study_markdown(results, ["x"], "s")
    assert "### What could be reached" not in study_markdown(Results.of(without), ["x"], "s")
    assert not any(plan.group == "fusion" for plan in plan_figures(without))


def test_the_map_has_every_seed_and_path_inside_the_border(tables):
    data = json.loads(map_data(tables))
    assert [panel["key"] for panel in data["panels"]] == ["unseen", "test", "seen"]
    panel = data["panels"][0]
    rows = final_fusion(tables, "unseen")
    assert panel["corner"] == pytest.approx(rows["ceiling"].mean(), abs=0.01)
    by_name = {trace["name"]: trace for trace in panel["traces"]}
    matched = by_name["similarity-matched"]
    mine = rows[rows["method"] == "similarity_matched"]
    np.testing.assert_allclose(matched["points"], mine[["vs_global", "vs_task_specific"]].T,
                               atol=6e-4)  # fmt: skip
    assert len(matched["path"][0]) == 4
    assert by_name["concatenated"]["path"] == [[], []]
    border = np.array(panel["border"]).T
    assert np.hypot(*border.T).max() <= 1.5


def test_the_drawn_map_has_a_point_a_seed_and_the_ellipse(tables):
    figure = diffusion_map(tables.fusion, ("unseen",), "remark")
    (axes,) = figure.axes
    points = [line for line in axes.lines if isinstance(line, Line2D) and
              line.get_linestyle() == "None" and len(line.get_xdata()) == 3]  # fmt: skip
    assert len(points) == tables.fusion["method"].nunique()
    assert axes.get_xlabel() == "r with BERT"
    assert any("ceiling 0.7" in text.get_text() for text in axes.texts)


def test_every_method_has_a_look_of_its_own():
    assert len({*FUSION_MARKERS[: len(COMPARED)]}) == len(COMPARED)
    assert len({*FUSION_SYMBOLS[: len(COMPARED)]}) == len(COMPARED)
    for scheme in FUSION_COLOURS.values():
        assert len({*scheme[: len(COMPARED)]}) == len(COMPARED)
