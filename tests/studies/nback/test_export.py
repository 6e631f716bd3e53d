"""A finished N-back study as one file, from the command line to its tables elsewhere."""

import zipfile
from dataclasses import replace

import pandas as pd
import pytest

from hybridrep.command import command, exit_code
from hybridrep.studies.catalogue import load_study
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker
from tests.studies.nback.made_up import made_up

pytest_plugins = ["hybridrep.testing.tracking_store"]

REPORT = {"report/report.html": "<p>page", "report/figures/stimuli.png": b"png", "other.txt": "x"}


@pytest.fixture
def keep(tracker, tmp_path, monkeypatch):
    """Keep a study in a finished run, in the folder that tests work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", tracker.server.experiment_name)

    def kept(tables, name="mine"):
        meta = {**tables.meta, "study": name, "study_key": "f" * 64}
        tables = replace(tables, meta=meta)
        writer = Tracker(tracker.server, "nback")
        with writer.main_run("study", "x", study=name, study_key=meta["study_key"]) as main:
            save_parts(tracker.server, main.run_id, *tables.to_parts())
            main.log(Contents(files=REPORT))
        return tables

    return kept


def export(*arguments: str) -> int:
    pairs = [part for each in arguments for part in ("-P", each)]
    return exit_code(command("export"), pairs)


def test_tables_and_report_travel_and_are_read_elsewhere(keep, tmp_path, capsys, monkeypatch):
    tables = keep(made_up(2))
    assert export("source=mine") == 0
    file = tmp_path / "mine.hybridrep.zip"
    assert f"The study 'mine' is in {file} (" in capsys.readouterr().out
    with zipfile.ZipFile(file) as archive:
        assert archive.read("report/report.html") == b"<p>page"
        assert archive.read("report/figures/stimuli.png") == b"png"
        assert "other.txt" not in archive.namelist()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////nowhere/at/all.db")
    again = load_study(file)
    assert again.seeds == tables.seeds
    for name, table in tables.to_parts()[0].items():
        pd.testing.assert_frame_equal(again.to_parts()[0][name], table)


def test_equal_studies_are_equal_files(keep, tmp_path):
    keep(made_up(2))
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        assert export("study=mine", f"to={place}/mine.zip") == 0
    first, second = ((tmp_path / place / "mine.zip").read_bytes() for place in ("a", "b"))
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("source=mine", "texts=true"), "parameter texts: an N-back study holds no tweets"),
        (("source=mine", "to=there.zip"), "'there.zip' is there already"),
        (("source=mine", "to=x.tar"), "does not end with .zip"),
        (("source=other",), "there is no study 'other'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(keep, tmp_path, capsys, arguments, said):
    keep(made_up(1))
    (tmp_path / "there.zip").write_bytes(b"mine")
    assert export(*arguments) == 2
    assert said.replace("'there.zip'", repr(str(tmp_path / "there.zip"))) in capsys.readouterr().err
    assert [path.name for path in tmp_path.glob("*.zip")] == ["there.zip"]
    assert (tmp_path / "there.zip").read_bytes() == b"mine"
