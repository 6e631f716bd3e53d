"""Addresses and view states; whether the UI shows what they say is in test_pages_in_a_browser."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from hybridrep.tracking.pages import (
    LONGEST,
    SHARED,
    as_links,
    entrances,
    keep_views,
    latest_studies,
    run_page,
    study_pages,
    ui_address,
)
from hybridrep.tracking.server import Server

KEY = "0123456789abcdef" * 4


class Client:
    """Keeps the tags of its experiment, and has some runs of studies, the latest first."""

    def __init__(self, studies=()):
        self.tags, self._studies = {}, studies

    def set_experiment_tag(self, experiment, name, value):
        assert experiment == "7"
        self.tags[name] = value

    def search_runs(self, experiments, **_):
        runs = [
            SimpleNamespace(
                data=SimpleNamespace(
                    tags={"hybridrep.kind": "study", "hybridrep.study": name,
                          "hybridrep.study_key": key},
                ),
                info=SimpleNamespace(status="FINISHED", start_time=0, run_id=run),
            )
            for name, key, run in self._studies
        ]  # fmt: skip
        return type("Page", (list,), {"token": None})(runs)


def server(uri="sqlite:///mlflow.db", studies=()):
    return Server(Client(studies), uri, "7", "hybridrep")


def states(metrics, others=()):
    where = server()
    keep_views(where, KEY, metrics, others)
    tags = where.client.tags
    assert set(tags) == {f"{SHARED}{KEY[:16]}-{name}" for name in ("table", "charts")}
    assert max(map(len, tags.values())) <= LONGEST
    return {name.rpartition("-")[2]: json.loads(value) for name, value in tags.items()}


def test_both_views_show_all_finished_seeds_of_this_study_and_nothing_else():
    for state in states(["a/x"]).values():
        assert state["searchFilter"] == (
            f"tags.`hybridrep.study_key` = '{KEY}' and tags.`hybridrep.kind` = 'seed' "
            "and attributes.status = 'FINISHED'"
        )
        assert state["runsHiddenMode"] == "SHOW_ALL"
        assert (state["orderByKey"], state["orderByAsc"]) == ("attributes.start_time", True)


def test_the_table_has_the_chosen_columns_in_their_order():
    columns = states(["b/y", "a/x"])["table"]["selectedColumns"]
    assert columns == ["metrics.`b/y`", "metrics.`a/x`"]


def test_the_charts_begin_with_parallel_axes_of_the_chosen_metrics():
    state = states(["b/y", "a/x"], ["c/d/z", "plain"])["charts"]
    first, *bars = state["compareRunCharts"]
    assert (first["type"], first["selectedMetrics"]) == ("PARALLEL", ["b/y", "a/x"])
    assert [(each["type"], each["metricKey"]) for each in bars] == [("BAR", "b/y"), ("BAR", "a/x")]
    sections = state["compareRunSections"]
    wide, small = sections[:2]
    assert (wide["columns"], first["metricSectionId"]) == (1, wide["uuid"])
    assert {each["metricSectionId"] for each in bars} == {small["uuid"]}
    assert [(each["name"], each["display"]) for each in sections] == [
        ("All seeds", True), ("Seeds", True), ("Model metrics", False), ("a", False), ("b", False),
        ("c/d", False),
    ]  # fmt: skip


def test_a_state_fits_into_a_tag_however_many_metrics_there_are():
    many = [f"folder_{number}/of/metrics/value" for number in range(500)]
    sections = states(many[:7], many)["charts"]["compareRunSections"]
    assert 20 < len(sections) < 500


def test_pages_lead_to_the_kept_views_the_seeds_and_the_report():
    pages = study_pages(server(), KEY, "run1", ["s0", "s1"])
    by_title = {page.title: page.place for page in pages}
    assert all(place.startswith("#/") for place in by_title.values())
    asked = parse_qs(by_title["Tables of the seeds side by side"].partition("?")[2])
    assert asked == {
        "workflowType": ["machine_learning"], "compareRunsMode": ["ARTIFACT"],
        "viewStateShareKey": [f"{KEY[:16]}-table"],
    }  # fmt: skip
    (compare,) = [place for place in by_title.values() if place.startswith("#/compare-runs?")]
    assert parse_qs(compare.partition("?")[2]) == {
        "workflowType": ["machine_learning"], "runs": ['["s0", "s1"]'], "experiments": ['["7"]'],
    }  # fmt: skip
    assert "/7/runs/run1/artifacts/report/report.html?" in by_title["Report"]
    assert f"- [Report]({by_title['Report']})" in as_links(pages)
    assert run_page("7", "run1").place == "#/experiments/7/runs/run1?workflowType=machine_learning"
    alone = study_pages(server(), KEY, "run1", ["s0"])
    assert not [page for page in alone if "compare-runs" in page.place]


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("sqlite:///x/mlflow.db", "http://127.0.0.1:5000"),
        ("https://ada:secret@lab:5000/mlflow", "https://lab:5000/mlflow"),
    ],
)
def test_the_ui_is_the_servers_own_or_that_of_make_ui(uri, address):
    assert ui_address(server(uri)) == address
    page = study_pages(server(uri), KEY, "run1", [])[0]
    assert page.address(address + "/").startswith(f"{address}/#/experiments/7/runs?")


def test_before_the_ui_is_served_the_latest_studies_are_named_once_each():
    studies = [("one", "k1", "r3"), ("two", "k2", "r2"), ("one", "k1", "r1"), ("three", "k3", "r0")]
    where = server(studies=studies)
    assert [each.run_id for each in latest_studies(where, 2)] == ["r3", "r2"]
    text = "\n".join(entrances(where, "http://127.0.0.1:5001"))
    assert "one (1970-01-01 00:00 UTC):" in text
    assert "http://127.0.0.1:5001/#/experiments/7/runs/r3/artifacts/report/report.html" in text
    assert "compare-runs" not in text
    assert entrances(server(), "http://127.0.0.1:5001") == []
