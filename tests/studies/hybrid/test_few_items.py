"""Cautions about numbers that stand on few tweets."""

import doctest

import pytest
from scipy import stats

from hybridrep.reporting.html.views import Notice
from hybridrep.studies.hybrid import few_items
from hybridrep.studies.hybrid.few_items import FEW, SIZES, cautions
from hybridrep.studies.hybrid.report.markdown import study_markdown
from hybridrep.studies.hybrid.report.notices import notices_of
from hybridrep.studies.hybrid.results.facts import cautions_of
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.testing.reporting_fixtures import study_tables


def test_the_example_is_right():
    assert doctest.testmod(few_items).attempted == 1
    assert doctest.testmod(few_items).failed == 0


@pytest.mark.parametrize("count", [1, 4, 16, 50, 99])
def test_what_chance_alone_does_is_the_half_width_of_wald_s_interval(count):
    low, high = stats.norm.interval(0.95, loc=0.5, scale=(0.25 / count) ** 0.5)
    (said,) = cautions({"transfer_test_tweets": count})
    assert f"off by {100 * (high - low) / 2:.0f} points by chance alone (95%)" in said
    assert f"one tweet is {100 / count:.1f} points" in said


def test_enough_tweets_need_no_caution():
    assert cautions(dict.fromkeys(SIZES, FEW)) == []
    assert cautions({}) == []
    assert len(cautions(dict.fromkeys(SIZES, FEW - 1))) == len(SIZES)


def tables(sizes, classes=("no-hate", "hate"), labels=()):
    """Tables of a study whose record has these notes of the new task."""
    notes = {"labels": list(labels), **sizes}
    corpora = [{"name": "hate", "source": "x.csv", "fingerprint": "b", "synthetic": False,
                "items": 80, "classes": dict.fromkeys(classes, 40), "notes": notes}]  # fmt: skip
    return study_tables(seeds=2, epochs=2, corpora=corpora)


def notices(found) -> dict[str, Notice]:
    return {each.title: each for each in notices_of(Results.of(found), None, texts_shown=True)}


def test_a_report_warns_where_the_new_task_has_few_tweets():
    found = tables({"transfer_test_tweets": 16})
    (said,) = cautions_of(found)
    notice = notices(found)["Few tweets behind some numbers"]
    assert (notice.kind, notice.text) == ("warning", said)
    assert "Few tweets behind some numbers" in study_markdown(Results.of(found), [], "x")
    assert "Few tweets behind some numbers" not in notices(tables({"transfer_test_tweets": 160}))


def test_a_report_says_how_labels_were_read_and_that_several_classes_are_no_paper_s():
    found = tables({}, labels=("new task: 'b' is taken for hostile",), classes=("a", "b", "c"))
    text = notices(found)["How labels of hate were read"].text
    assert "New task: 'b' is taken for hostile." in text
    assert "has 3 classes where the paper’s has two" in text
    assert "How labels of hate were read" not in notices(tables({}))


def test_a_record_of_an_older_version_has_no_cautions():
    assert cautions_of(study_tables(seeds=2, epochs=2)) == []


def test_a_report_warns_where_the_encoder_knows_few_words_and_only_there():
    title = "Few words that the encoder knows"
    notice = notices(tables({"encoder_knows": 0.114}))[title]
    assert (notice.kind, notice.text) == (
        "warning",
        "The encoder knows 11% of the tokens of the hate corpus; the others are all one unknown "
        "token to it.",
    )
    for share in (0.5, None):
        assert title not in notices(tables({"encoder_knows": share}))
