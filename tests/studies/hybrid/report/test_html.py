"""The page: one file, nothing from the network, no markup from tweets, readable by everyone."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from hybridrep.reporting.html.views import numbers, table_view
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.report.table_views import names
from hybridrep.studies.hybrid.results.inference import INFERENCE_COLUMNS
from hybridrep.testing.reporting_fixtures import (
    NASTY,
    example_items,
    study_tables,
    text_of,
    undrawn_report,
    unpacked,
    without_seed,
)


class Page(HTMLParser):
    """Collects elements with their attributes and texts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.scripts, self.inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append([dict(attrs), ""])
            self.inside = True

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1][1] += data

    def handle_endtag(self, tag):
        self.inside = False

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page(small_report):
    return Page(small_report.html)


def test_the_page_loads_nothing(page):
    for tag, attributes in page.elements:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            target = attributes.get(name)
            if target is not None:
                assert target.startswith(("#", "data:")), (tag, target[:60])
    style = resources.files("hybridrep.reporting.html").joinpath("report.css").read_text("utf-8")
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_the_pages_own_scripts_and_plotly_only(page, small_report):
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    running = [text for attributes, text in page.scripts if "type" not in attributes]
    assert len(running) == 1
    allowed = [running[0], unpacked(small_report.html, "plotly")]
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in allowed]
    sources = dict(part.split(" ", 1) for part in policy.split("; "))
    assert sources["default-src"] == "'none'"
    assert set(sources["script-src"].split()) == {f"'sha256-{h}'" for h in hashes}
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_no_element_has_an_inline_handler(page):
    handlers = [n for _, attributes in page.elements for n in attributes if n.startswith("on")]
    assert handlers == []


def test_character_set_language_and_viewport_are_declared(page, small_report):
    html = small_report.html
    assert html.startswith("<!doctype html>")
    assert html.index('<meta charset="utf-8">') < 200
    assert page.all("html")[0]["lang"] == "en"
    assert any(m.get("name") == "viewport" for m in page.all("meta"))


def test_tweets_are_nowhere_in_the_markup_but_in_the_packed_data(small_report):
    html = small_report.html
    assert NASTY not in html
    assert "onerror" not in html
    assert "i feel number" not in html
    data = json.loads(unpacked(small_report.html, "explorer-data"))
    assert any(NASTY in (items["texts"] or ()) for items in data["items"])


def test_hostile_names_and_reasons_become_text():
    tables = study_tables(seeds=2, epochs=2, study='<script>alert("s")</script>')
    tables.meta["seeds_failed"] = {"1": "<img src=x onerror=alert(2)>"}
    tables.meta["config"]["emotion"] = '"><svg onload=alert(3)>'
    tables.meta["corpora"][0]["source"] = "</style><script>alert(4)</script>"
    report = undrawn_report(without_seed(tables, 1))
    page = Page(report.html)
    assert len([1 for a, _ in page.scripts if "type" not in a]) == 1
    assert not page.all("svg")
    assert not [a for a in page.all("img") if "onerror" in a]
    assert "&lt;img src=x" in report.html
    assert r"\<script\>" in report.markdown.splitlines()[0]


@pytest.mark.parametrize("setting", [False, "false", "0", "no", "", None])
def test_withheld_tweets_are_in_no_part_of_the_report(setting):
    """They are withheld too where nothing says that they may be shown."""
    tables = study_tables(seeds=2, epochs=2)
    tables.meta["config"]["share_text"] = setting
    report = undrawn_report(tables, examples=[example_items(3, projected=12, nasty=True)])
    data = unpacked(report.html, "explorer-data")
    for text in ("i feel number", "you people", "today i feel", "all of you", "مرحبا", "alert"):
        assert text not in data
        assert text not in report.html
        assert text not in report.markdown
    assert all(items["texts"] is None for items in json.loads(data)["items"])
    assert "Tweets withheld" in report.html
    said = text_of(report.html)
    assert "to see the classes of two tweets and their similarity" in said
    assert "or tap it, to see its class" in said


def test_only_shown_tweets_are_offered_for_reading(small_report):
    said = text_of(small_report.html)
    assert "to see two tweets and their similarity" in said
    assert "or tap it, to read it" in said


def test_the_packed_matrices_are_the_matrices_to_a_thousandth(small_report):
    example = example_items(12, nasty=True)
    data = json.loads(unpacked(small_report.html, "explorer-data"))
    for record in example.emotion_matrices:
        found = next(
            m for m in data["matrices"]
            if (m["corpus"], m["key"]) == ("emotion", f"{record.direction}/{record.bottleneck}")
        )  # fmt: skip
        for name, matrix in record.matrices.items():
            raw = np.frombuffer(base64.b64decode(data["arrays"][found["arrays"][name]]), np.uint8)
            low, high = raw.reshape(2, -1).astype(np.int64)
            values = ((low + 256 * high + 2**15) % 2**16 - 2**15) / 1000
            np.testing.assert_allclose(
                values, matrix[np.tril_indices(len(matrix))], rtol=0, atol=0.00051
            )


def test_shared_matrices_and_tweets_are_packed_once(small_report):
    example = example_items(4, (32, 64), 12)
    report = undrawn_report(study_tables(1, (32, 64), 2), examples=[example])
    data = json.loads(unpacked(report.html, "explorer-data"))
    # LSTM and BERT once; bottleneck and reconstruction per direction and size; hate: first size
    assert len(data["arrays"]) == (2 + 2 * 4) + (2 + 2 * 2)
    said = "tweets of the new task are here for bottleneck 32 only"
    assert said in text_of(report.html)
    assert "the appendix’s figures show them for 64 too" in text_of(report.html)
    assert "tweets of the new task are here" not in text_of(small_report.html)
    assert len(data["items"]) == 4
    assert len(data["projections"]) == 2 * (2 + 2 * 4)


def test_without_an_example_there_is_no_interactive_part_and_no_plotly():
    report = undrawn_report(study_tables(seeds=2, epochs=2))
    assert "plotly" not in [a.get("id") for a in Page(report.html).all("script")]
    assert len(report.html) < 1_000_000
    assert not any("tsne" in name for name in report.figures)


def test_every_picture_has_a_text_and_a_size(page, small_report):
    pictures = [a for a in page.all("img") if a["src"] != "data:,"]
    assert len(pictures) == len(small_report.figures)
    for picture in pictures:
        assert len(picture["alt"]) > 20
        assert int(picture["width"]) > 100
        assert picture["src"].startswith("data:image/webp;base64,")


def test_anchors_lead_somewhere_and_names_are_unique(page):
    identifiers = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(identifiers)) == len(identifiers)
    for link in page.all("a"):
        assert link["href"].removeprefix("#") in identifiers


def test_several_studies_have_anchors_of_their_own_and_a_part_that_compares():
    studies = [study_tables(2, epochs=2, study="one"), study_tables(3, epochs=2, study="two")]
    report = undrawn_report(*studies)
    page = Page(report.html)
    identifiers = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(identifiers)) == len(identifiers)
    assert {"comparison", "one-summary", "two-table-1"} <= set(identifiers)
    for link in page.all("a"):
        assert link["href"].removeprefix("#") in identifiers
    assert {"compare_transfer", "compare_rsa", "one-curves_lstm"} <= set(report.figures)
    assert {"compare_made", "one-table_1", "two-claims"} <= set(report.tables)
    assert report.markdown.startswith("# hybridrep report: one and two\n\n## Side by side")


def test_headers_sort_and_say_so_to_everyone(page):
    tables = page.all("table")
    assert tables
    assert all("sortable" in table["class"].split() for table in tables)
    assert "aria-sort" in resources.files("hybridrep.reporting.html").joinpath(
        "scripts/tables.js"
    ).read_text("utf-8")


def test_cells_carry_the_value_they_sort_by():
    frame = pd.DataFrame({"name": ["b", "a"], "x": [1.5, float("nan")]})
    view = table_view("t", "c", frame, [names("name", "Name"), numbers("x", "X")])
    assert [(cell.text, cell.value) for cell in view.rows[0]] == [("b", None), ("1.500", "1.5")]
    assert view.rows[1][1].value == ""
    assert view.headers == (("Name", False), ("X", True))


def test_inference_is_shown_where_it_was_computed():
    row = ("bert_to_lstm", 32, "reconstructed_vs_target", "test", 25, 0.44,
           0.40, 0.48, 0.43, 0.45, 0.39, 0.49, 0.0005, 0.6, 0.7, "")  # fmt: skip
    inference = pd.DataFrame([row], columns=list(INFERENCE_COLUMNS))
    report = undrawn_report(study_tables(seeds=2, epochs=2), inference=[inference])
    assert "How sure the correlations are" in report.html
    assert "[0.390, 0.490]" in report.html
    assert "inference" in report.tables


def test_a_study_without_any_result_has_a_report_that_says_so():
    tables = study_tables(seeds=2, epochs=2)
    tables.meta["seeds_failed"] = {"0": "killed", "1": "killed"}
    report = undrawn_report(without_seed(without_seed(tables, 0), 1))
    assert "0 of 2 seeds are complete" in report.html
    assert "Failed: 0–1." in report.html


def test_a_record_with_gaps_is_enough():
    tables = study_tables(seeds=2, epochs=2)
    bare = {name: tables.meta[name] for name in (
        "schema_version", "study", "study_key", "half_epoch", "seeds_wanted", "seeds_failed",
    )}  # fmt: skip
    report = undrawn_report(replace(tables, meta={**bare, "config": {}}))
    assert "not recorded" in report.html


def test_no_study_is_refused():
    with pytest.raises(ValueError, match="at least one study"):
        build_report([])


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast(scheme):
    style = resources.files("hybridrep.reporting.html").joinpath("report.css").read_text("utf-8")
    tokens = {
        name: (light, dark)[scheme]
        for name, light, dark in re.findall(
            r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", style
        )
    }
    pairs = [(text, ground) for text in ("ink", "muted", "accent")
             for ground in ("paper", "surface", "sunken")]  # fmt: skip
    pairs += [(mood, f"{mood}-soft") for mood in ("good", "bad", "unsure")]
    for text, ground in pairs:
        high, low = sorted((_luminance(tokens[text]), _luminance(tokens[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)
