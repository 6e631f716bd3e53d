"""Claims of synthetic corpora are held against what was planted in them."""

import math

import pytest

from hybridrep.analysis.verdicts import NOT_SUPPORTED, SUPPORTED, UNCLEAR, Claim
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.results.claims import claims
from hybridrep.studies.hybrid.results.planted import (
    FOUND,
    MISSED,
    NOT_PLANTED,
    PLANTED,
    against_truth,
    truth_known,
)
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.tweets.sample import PLANTED_SOURCE, UNPLANTED_SOURCE
from hybridrep.testing.reporting_fixtures import study_tables
from hybridrep.testing.undrawn import all_blank


def of(emotion: str, hate: str) -> StudyTables:
    """A made-up study whose corpora come from these sources."""
    tables = study_tables(seeds=3, epochs=2)
    sources = {"emotion": emotion, "hate": hate}
    tables.meta["corpora"] = [
        {
            **entry,
            "source": sources[entry["name"]],
            "synthetic": "synthetic" in sources[entry["name"]],
        }
        for entry in tables.meta["corpora"]
    ]
    return tables


def claim(name: str, verdict: str, note: str = "") -> Claim:
    return Claim(name, "A sentence.", "a statistic", 0.1, math.nan, math.nan, 3, verdict, note)


def verdicts(tables: StudyTables) -> dict[str, str]:
    rules = [claim(name, SUPPORTED) for name in (*PLANTED, "forgetting_of_input")]
    return {each.name: each.verdict for each in against_truth(rules, tables)}


def test_what_was_planted_is_found_where_it_is_supported_and_missed_elsewhere():
    tables = of(PLANTED_SOURCE, PLANTED_SOURCE)
    name = next(iter(PLANTED))
    said = [claim(name, SUPPORTED), claim(name, NOT_SUPPORTED, "why"), claim(name, UNCLEAR)]
    found, missed, unclear = against_truth(said, tables)
    assert (found.verdict, found.note) == (FOUND, "")
    assert (missed.verdict, missed.note) == (MISSED, "by the rule not supported; why")
    assert (unclear.verdict, unclear.note) == (MISSED, "by the rule unclear")


@pytest.mark.parametrize("verdict", [SUPPORTED, NOT_SUPPORTED, UNCLEAR])
def test_what_was_not_planted_is_called_so_whatever_the_rule_says(verdict):
    (told,) = against_truth(
        [claim("forgetting_of_input", verdict, "a note")], of(PLANTED_SOURCE, PLANTED_SOURCE)
    )
    assert (told.verdict, told.note, told.estimate) == (NOT_PLANTED, "a note", 0.1)


def test_where_nothing_was_planted_nothing_is_found():
    assert set(verdicts(of(UNPLANTED_SOURCE, UNPLANTED_SOURCE)).values()) == {NOT_PLANTED}


def test_beside_a_real_corpus_only_what_rests_on_the_sample_alone_is_planted():
    both, emotion = verdicts(of(PLANTED_SOURCE, "hate.csv")), {"asymmetry"}
    assert {name for name, verdict in both.items() if verdict == FOUND} == emotion
    assert FOUND not in verdicts(of("emotion.csv", PLANTED_SOURCE)).values()


@pytest.mark.parametrize("source", ["hate.csv", "hub:x/y@1", "sample (synthetic)"])
def test_verdicts_on_corpora_of_unknown_truth_stay_as_they_are(source):
    tables = of(source, source)
    assert not truth_known(tables)
    assert Results(tables).claims == claims(tables)


def test_every_planted_claim_is_one_of_the_papers():
    assert set(PLANTED) <= {each.name for each in claims(study_tables(seeds=3, epochs=2))}


def test_the_report_uses_the_words_of_the_truth():
    report = build_report([of(PLANTED_SOURCE, PLANTED_SOURCE)], draw_plans=all_blank)
    said = set(report.tables["claims"]["verdict"])
    assert said <= {FOUND, MISSED, NOT_PLANTED}
    assert NOT_PLANTED in said
    for words in (report.html, report.markdown):
        assert "are not planted" in words  # the summary's last sentence
        assert all(verdict in words for verdict in said)
        assert "supported</span>" not in words
    assert "what is true of them is known" in report.html
