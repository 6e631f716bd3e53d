"""The reference is the one written from the code, and what it says of tables is true."""

from pathlib import Path

import pandas as pd
import pytest

from hybridrep.command import command, exit_code
from hybridrep.errors import EXIT_CODES, HybridrepError, IncompleteStudyError
from hybridrep.reference import reference
from hybridrep.studies.catalogue import CATALOGUE
from hybridrep.studies.hybrid.results.catalogue import METRICS, PLACEHOLDERS
from hybridrep.studies.hybrid.results.comparison import COMPARISON_TABLES, compare_studies
from hybridrep.studies.hybrid.results.inference import INFERENCE_COLUMNS
from hybridrep.studies.hybrid.results.results import STUDY_TABLES, Results
from hybridrep.testing.reporting_fixtures import seeds_compared, study_tables
from hybridrep.tracking.entries import Entry

ROOT = Path(__file__).parents[2]


def test_the_committed_reference_is_the_one_written_from_the_code():
    assert (ROOT / "docs" / "reference.md").read_text() == reference()


def test_every_entry_point_has_a_script_and_a_line():
    text = reference()
    for name in CATALOGUE.entry_points:
        assert f"\n| `{name}` | " in text
        assert (ROOT / "entrypoints" / f"{name}.py").exists()


def test_a_name_matches_what_its_placeholders_stand_for_and_nothing_else():
    entry = Entry("rsa/DIR/B/PAIR", "", ("seed",))
    assert entry.matches("rsa/bert_to_lstm/b32/input_vs_target", PLACEHOLDERS)
    assert not entry.matches("rsa/bert_to_lstm/32/input_vs_target", PLACEHOLDERS)
    assert not entry.matches("rsa_seen/bert_to_lstm/b32/input_vs_target", PLACEHOLDERS)
    assert not entry.matches("rsa/bert_to_lstm/b32/input_vs_target/x", PLACEHOLDERS)


def test_no_metric_is_said_twice_of_one_kind_of_run():
    said = [(entry.name, run) for entry in METRICS for run in entry.runs]
    assert len(said) == len(set(said))


def test_the_tables_of_a_report_have_the_columns_that_the_reference_says():
    tables = study_tables(seeds=3, bottlenecks=(32, 64), epochs=4)
    found = {
        **Results(tables).frames,
        **seeds_compared(),
        "inference": pd.DataFrame(columns=list(INFERENCE_COLUMNS)),
    }
    for name in ("table_1", "tests"):
        found[f"{name}_bN"] = found.pop(f"{name}_b64")
    assert {name: tuple(frame.columns) for name, frame in found.items()} == {
        table.name: table.columns for table in STUDY_TABLES
    }


def test_the_tables_of_a_comparison_have_the_columns_that_the_reference_says():
    studies = [study_tables(seeds=3, epochs=4, study=name) for name in ("one", "two")]
    found = compare_studies(studies, ["one", "two"]).tables
    assert found.keys() == {table.name for table in COMPARISON_TABLES}
    for table in COMPARISON_TABLES:
        columns = tuple(found[table.name].columns)
        assert columns[: len(table.columns)] == table.columns
        assert set(columns[len(table.columns) :]) <= {"one", "two"}


@pytest.mark.parametrize("error", [HybridrepError, IncompleteStudyError])
def test_errors_leave_with_a_documented_code(error, capsys):
    def fail(_: object) -> None:
        raise error("what to do")

    assert exit_code(command("full", fail), []) == error.exit_code
    assert error.exit_code in EXIT_CODES
    assert "what to do" in capsys.readouterr().err
