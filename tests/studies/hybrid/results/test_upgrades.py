"""Studies of older versions are read, reported and compared; those of newer ones are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from hybridrep.command import command, exit_code
from hybridrep.studies.hybrid.report import notices
from hybridrep.studies.hybrid.report.kept_example import ARRAYS_FILE, RECORD_FILE
from hybridrep.studies.hybrid.results import tables as tables_module
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.testing.documented_runs import check_run
from hybridrep.testing.reporting_fixtures import text_of
from hybridrep.testing.undrawn import undraw_reports
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker
from tests.stored_study import folder, stored

pytest_plugins = ["hybridrep.testing.tracking_store"]

BASELINE_LOSS = {1: 0.7028898559510708, 2: 0.6999749876558781}
"""Version -> mean final test loss of the baseline, as it was when the study was stored."""


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_the_stored_study_of_every_version_is_read(version):
    parts, meta = stored(version)
    tables = StudyTables.from_parts(parts, meta)
    final = tables.transfer.query("representation == 'baseline' and epoch == 2")
    assert final["test_loss"].mean() == pytest.approx(BASELINE_LOSS[version])
    assert tables.seeds_wanted == (0, 1)
    assert tables.meta.get("made_with_schema", SCHEMA_VERSION) == version
    assert sum(file.stat().st_size for file in folder(version).iterdir()) < 60_000


def test_a_study_from_before_there_were_fusions_has_none():
    tables = StudyTables.from_parts(*stored(1))
    assert len(tables.fusion) == len(tables.fused_transfer) == 0
    assert len(StudyTables.from_parts(*stored(2)).fusion) > 0


def log_study(tracker: Tracker, name: str, version: int = SCHEMA_VERSION, **meta: object) -> None:
    """Leave a finished study run with the stored tables, as another version would have."""
    key = f"key-of-{name}"
    with tracker.main_run("study", f"{name} study", study=name, study_key=key) as main:
        parts, recorded = stored(version)
        recorded |= {"study": name, "study_key": key, **meta}
        save_parts(tracker.server, main.run_id, parts, recorded)


def report(*arguments: str) -> int:
    return exit_code(command("report"), arguments)


def compare(*arguments: str) -> int:
    return exit_code(command("compare"), arguments)


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    undraw_reports(monkeypatch)


def latest(tracker: Tracker) -> Run:
    """Return the latest run, which must have finished."""
    server = tracker.server
    run = server.client.search_runs([server.experiment_id], order_by=["start_time DESC"])[0]
    assert run.info.status == "FINISHED"
    return run


def artifacts(tracker: Tracker) -> Path:
    """Fetch what the latest run holds."""
    server, run = tracker.server, latest(tracker)
    return Path(MlflowClient(server.uri).download_artifacts(run.info.run_id, ""))


def test_a_finished_study_is_reported_from_its_run_alone(tracker, capsys):
    log_study(tracker, "veteran")
    assert report("--source", "veteran") == 0
    assert "Baseline" in capsys.readouterr().out
    place = artifacts(tracker)
    assert "veteran" in (place / "report/report.html").read_text()
    assert "No seed is complete" not in (place / "report/report.html").read_text()
    assert "No single simulation is kept" in (place / "report/report.html").read_text()
    assert len(pd.read_csv(place / "report/table_1.csv")) == 7
    assert "| Baseline" in (place / "report/table_1.md").read_text()
    assert len(json.loads((place / "seeds.json").read_text())["data"]) == 2 * 7
    assert list((place / "report/figures").glob("*.png"))
    check_run(tracker.server.client, latest(tracker), "report")


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("report/inference.csv", b"direction,note\nx,\n", "or damaged, lacks bottleneck, pair,"),
        ("report/inference.csv", b"\xff\xfe\x00", "or damaged, lacks direction,"),
        ("report/inference.csv", b"", "or damaged, lacks direction,"),
        (RECORD_FILE, b"{}", "its files are damaged (KeyError)"),
        (RECORD_FILE, b'{"version": 2}', "it is of layout 2, not 1"),
    ],
)
def test_what_another_version_kept_and_this_one_cannot_read_is_named(tracker, path, content, said):
    with tracker.main_run("study", "odd", study="odd", study_key="key-of-odd") as main:
        parts, meta = stored(SCHEMA_VERSION)
        save_parts(tracker.server, main.run_id, parts, {**meta, "study": "odd"})
        main.log(Contents(files={ARRAYS_FILE: b"PK", path: content}))
    assert report("--source", "odd") == 0
    assert said in text_of((artifacts(tracker) / "report/report.html").read_text())


def older(parts: dict, meta: dict) -> tuple[dict, dict]:
    """Upgrade the made-up layout whose `rsa` called its values `r`."""
    renamed = parts["rsa"].rename(columns={"r": "value"})
    return {**parts, "rsa": renamed}, meta


def much_older(parts: dict, meta: dict) -> tuple[dict, dict]:
    """Upgrade the one before, which had no test accuracy of the LSTM and no `seeds_failed`."""
    unknown = parts["lstm"].assign(test_accuracy=float("nan"))
    return {**parts, "lstm": unknown}, {**meta, "seeds_failed": {}}


@pytest.fixture
def two_versions_on(monkeypatch: pytest.MonkeyPatch) -> int:
    """As if the layout had changed twice since; the present one is `SCHEMA_VERSION + 2`."""
    newest = SCHEMA_VERSION + 2
    for module in (tables_module, notices):
        monkeypatch.setattr(module, "SCHEMA_VERSION", newest)
    steps = {SCHEMA_VERSION: much_older, SCHEMA_VERSION + 1: older}
    monkeypatch.setattr(tables_module, "UPGRADES", {**tables_module.UPGRADES, **steps})
    return newest


def in_older_layout() -> tuple[dict, dict]:
    parts, meta = stored(SCHEMA_VERSION)
    parts["rsa"] = parts["rsa"].rename(columns={"value": "r"})
    parts["lstm"] = parts["lstm"].drop(columns="test_accuracy")
    del meta["seeds_failed"]
    return parts, meta


def test_an_older_layout_goes_through_every_upgrade_and_says_what_it_was(two_versions_on):
    parts, meta = in_older_layout()
    before = {name: table.copy() for name, table in parts.items()}
    tables = StudyTables.from_parts(parts, meta)
    now, _ = stored(SCHEMA_VERSION)
    pd.testing.assert_series_equal(tables.rsa["value"], now["rsa"]["value"], check_names=False)
    assert tables.lstm["test_accuracy"].isna().all()
    assert tables.meta["schema_version"] == two_versions_on
    assert tables.meta["made_with_schema"] == SCHEMA_VERSION
    again = StudyTables.from_parts(*tables.to_parts())
    assert again.meta == tables.meta, "what was upgraded and kept still says what it was"
    assert all(parts[name].equals(table) for name, table in before.items())


@pytest.mark.usefixtures("without_figures")
def test_studies_of_an_older_layout_are_reported_side_by_side(
    tracker, two_versions_on, monkeypatch, capsys
):
    parts, meta = in_older_layout()
    monkeypatch.setitem(globals(), "stored", lambda _: (parts, dict(meta)))
    for name in ("ancient", "ancient too"):
        log_study(tracker, name)
    assert compare("--studies", "ancient,ancient too") == 0, capsys.readouterr().err
    place = artifacts(tracker)
    assert (place / "report/report.html").read_text().count("Made by another version") == 2
    assert (place / "report/compare_transfer.csv").exists()


def test_a_study_of_a_newer_layout_is_refused_by_name_and_opens_no_run(tracker, capsys):
    log_study(tracker, "from tomorrow", schema_version=SCHEMA_VERSION + 1)
    log_study(tracker, "today")
    before = len(tracker.server.client.search_runs([tracker.server.experiment_id]))
    assert report("--source", "from tomorrow") == 2
    assert compare("--studies", "today,from tomorrow") == 2
    said = capsys.readouterr().err
    assert said.count("the study 'from tomorrow' was made by a newer hybridrep") == 2
    assert "update hybridrep" in said
    assert len(tracker.server.client.search_runs([tracker.server.experiment_id])) == before


def test_the_report_of_the_parameters_is_the_study_that_they_describe(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "hybridrep.studies.hybrid.finished.run_study", lambda *a: asked.append(a) or StudyTables()
    )
    assert report("--seeds", "2") == 0
    ((study, config, kind),) = asked
    assert study is HYBRID
    assert kind == "stage"
    assert "source" not in config.study_identity(), "its key is that of the study itself"
