"""A report as artifacts, and several studies in one: how they are told apart."""

import pandas as pd

from hybridrep.execution.workers import Workers
from hybridrep.reporting.report import Report, drawn_on, labels_of, slugs_of


def test_its_artifacts_are_the_page_the_text_tables_and_figures():
    table = pd.DataFrame({"n": [1, 2]})
    report = Report("<p>", "# brief", {"curves": b"png"}, {"rsa": table})
    assert report.files == {
        "report/report.html": "<p>", "report/report.md": "# brief", "report/rsa.csv": "n\n1\n2\n",
        "report/figures/curves.png": b"png",
    }  # fmt: skip
    with_methods = Report("<p>", "", {}, {}, methods="We did.")
    assert with_methods.files["report/methods.txt"] == "We did."


def test_one_process_draws_for_itself():
    with Workers(1) as one, Workers(2) as two:
        assert drawn_on(one) is None
        assert drawn_on(two) is not None


def test_names_are_told_apart():
    labels = labels_of(["one", "one", "<b>"])
    assert labels == ["one", "one (2)", "<b>"]
    slugs = slugs_of([*labels, "ONE"])
    assert len(set(slugs)) == 4
    assert all(slug.replace("-", "").isalnum() for slug in slugs)
