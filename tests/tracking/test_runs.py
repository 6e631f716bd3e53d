"""Runs written into a real SQLite store and read back through MLflow itself."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from hybridrep.errors import TrackingError
from hybridrep.tracking import names, runs
from hybridrep.tracking.records import Contents, DataInput, RunRecord
from hybridrep.tracking.runs import Tracker, connect

pytest_plugins = ["hybridrep.testing.tracking_store"]

STUDY = {"study": "pilot", "study_key": "k" * 16}


def points(keys: int, steps: int) -> pd.DataFrame:
    rows = [(f"m/{k}", k + s / 100, s) for k in range(keys) for s in range(steps)]
    return pd.DataFrame(rows, columns=["key", "value", "step"])


def seed_record(seed: int = 3, **changes) -> RunRecord:
    table = pd.DataFrame({"representation": ["bert", "lstm"], "test_accuracy": [0.8, np.nan]})
    fields = {
        "name": f"pilot seed {seed}",
        "kind": "seed",
        "description": "A **seed**.",
        "params": {"seed": str(seed)},
        "tags": {names.STUDY_KEY: STUDY["study_key"], names.CACHE_KEY: f"c{seed}"},
        "metrics": points(3, 4),
        "tables": {"tables/transfer.json": table},
        "files": {"notes/a.txt": "ä", "b.bin": b"\x00\x01"},
        "inputs": (DataInput("emotion", "hub:a/b@r1", "d" * 64, "training", 600, {"joy": 600}),),
    }
    return RunRecord(**{**fields, **changes})


def read(tracker, run_id):
    return tracker.server.client.get_run(run_id)


def test_a_finished_run_holds_all_of_its_record(tracker):
    run_id = tracker.log_finished(seed_record())
    run = read(tracker, run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "pilot seed 3")
    assert run.info.end_time >= run.info.start_time
    assert run.data.params == {"seed": "3"}
    assert run.data.tags["mlflow.note.content"] == "A **seed**."
    assert run.data.tags[names.KIND] == "seed"
    assert run.data.tags[names.PID] == str(os.getpid())
    assert "torch 2" in run.data.tags[names.VERSIONS]
    history = tracker.server.client.get_metric_history(run_id, "m/2")
    assert [(point.step, point.value) for point in history] == [
        (step, pytest.approx(2 + step / 100)) for step in range(4)
    ]
    artifact = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/a.txt")
    assert artifact == "ä"


def test_lost_artifacts_of_a_finished_run_are_written_again(tracker, caplog):
    record = seed_record()
    run_id = tracker.log_finished(record)
    expected = {"notes/a.txt": 2, "b.bin": 2, "tables/transfer.json": None}
    place = Path(tracker.server.client.download_artifacts(run_id, ""))
    found = tracker.find_finished("seed", None, "c3")
    before = {path: (place / path).read_bytes() for path in expected}

    assert tracker.restore(found, expected, pytest.fail) == []
    (place / "notes/a.txt").unlink()
    (place / "b.bin").write_bytes(b"")
    (place / "tables/transfer.json").unlink()
    assert tracker.restore(found, expected, lambda: record) == list(expected)
    assert "notes/a.txt, b.bin, tables/transfer.json" in caplog.text
    assert {path: (place / path).read_bytes() for path in expected} == before
    assert len(tracker.server.client.get_metric_history(run_id, "m/2")) == 4


def test_tables_are_the_ones_that_log_table_would_write(tracker):
    record = seed_record()
    table = record.tables["tables/transfer.json"]
    ours = tracker.log_finished(record)
    client = tracker.server.client
    theirs = client.create_run(tracker.server.experiment_id).info.run_id
    client.log_table(theirs, table, "tables/transfer.json")
    texts, tags = [], []
    for run_id in (ours, theirs):
        run = read(tracker, run_id)
        texts.append(mlflow.artifacts.load_text(f"{run.info.artifact_uri}/tables/transfer.json"))
        tags.append(run.data.tags["mlflow.loggedArtifacts"])
    assert texts[0] == texts[1]
    assert tags[0] == tags[1]
    both = client.load_table(tracker.server.experiment_id, "tables/transfer.json")
    assert len(both) == 4


def test_tables_added_to_the_main_run_later_are_announced_beside_earlier_ones(tracker):
    table = pd.DataFrame({"a": [1]})
    with tracker.main_run("study", "s", **STUDY) as run:
        run.log(Contents(tables={"one.json": table}))
        run.log(Contents(tables={"two.json": table, "one.json": table}))
    announced = json.loads(read(tracker, run.run_id).data.tags["mlflow.loggedArtifacts"])
    assert [entry["path"] for entry in announced] == ["one.json", "two.json"]


def test_more_points_parameters_and_tags_than_one_call_takes(tracker):
    record = seed_record(
        metrics=points(30, 70),
        params={f"p{i}": str(i) for i in range(230)},
        tags={f"t{i}": str(i) for i in range(230)},
    )
    run = read(tracker, tracker.log_finished(record))
    assert len(run.data.params) == 230
    assert {f"t{i}" for i in range(230)} <= run.data.tags.keys()
    for key in ("m/0", "m/29"):
        history = tracker.server.client.get_metric_history(run.info.run_id, key)
        assert [point.step for point in history] == list(range(70))


def test_values_that_are_not_finite_are_kept_as_nan(tracker):
    metrics = pd.DataFrame({"key": ["a", "b", "c"], "value": [math.nan, math.inf, 1], "step": 0})
    run = read(tracker, tracker.log_finished(seed_record(metrics=metrics)))
    assert math.isnan(run.data.metrics["a"])
    assert math.isnan(run.data.metrics["b"])
    assert run.data.metrics["c"] == 1


def test_data_sets_are_the_inputs_of_a_run(tracker):
    run = read(tracker, tracker.log_finished(seed_record()))
    (entry,) = run.inputs.dataset_inputs
    assert (entry.dataset.name, entry.dataset.digest) == ("emotion", "d" * 36)
    assert json.loads(entry.dataset.profile)["classes"] == {"joy": 600}
    assert json.loads(entry.dataset.source) == {"path": "a/b", "revision": "r1"}
    assert {tag.key: tag.value for tag in entry.tags} == {"mlflow.data.context": "training"}


def test_a_record_that_cannot_be_written_leaves_a_failed_run(tracker, tmp_path):
    record = seed_record(files={"weights.safetensors": tmp_path / "missing"})
    with pytest.raises(TrackingError, match="missing"):
        tracker.log_finished(record)
    (run,) = tracker.server.client.search_runs([tracker.server.experiment_id])
    assert run.info.status == "FAILED"
    assert "missing" in run.data.tags[names.FAILURE]
    assert tracker.find_finished("seed", STUDY["study_key"], "c3") is None


def test_only_a_finished_run_of_the_same_study_and_kind_is_found(tracker):
    found = tracker.log_finished(seed_record(seed=1))
    tracker.server.client.create_run(
        tracker.server.experiment_id, tags={names.KIND: "seed", names.CACHE_KEY: "c2"}
    )
    assert tracker.find_finished("seed", STUDY["study_key"], "c1").run_id == found
    assert tracker.find_finished("seed", None, "c1").run_id == found
    assert tracker.find_finished("seed", "other", "c1") is None
    assert tracker.find_finished("trial", None, "c1") is None
    assert tracker.find_finished("seed", None, "c2") is None


def test_every_run_carries_its_simulation_and_none_of_another_is_used_again(tracker):
    other = Tracker(tracker.server, "nback")
    run_id = other.log_finished(seed_record())
    assert tracker.find_finished("seed", None, "c3") is None
    assert tracker.sibling("sweep").simulation == "hybrid"
    found = other.find_finished("seed", STUDY["study_key"], "c3")
    assert found.run_id == run_id
    with other.main_run("study", "s", **STUDY) as main:
        pass
    for each in (run_id, main.run_id):
        assert read(tracker, each).data.tags[names.SIMULATION] == "nback"


def test_a_seed_of_before_there_was_the_tag_is_used_again(tracker):
    run_id = tracker.log_finished(seed_record())
    tracker.server.client.delete_tag(run_id, names.SIMULATION)
    assert tracker.find_finished("seed", STUDY["study_key"], "c3").run_id == run_id
    assert Tracker(tracker.server, "nback").find_finished("seed", None, "c3") is None


def test_of_two_finished_runs_the_latest_is_found(tracker):
    tracker.log_finished(seed_record())
    time.sleep(0.01)
    latest = tracker.log_finished(seed_record())
    assert tracker.find_finished("seed", None, "c3").run_id == latest


def test_the_main_run_is_closed_as_finished(tracker):
    config = {"seeds": (0, 1), "study": "pilot"}
    with tracker.main_run("study", "pilot: 2 seeds", config=config, **STUDY) as run:
        assert read(tracker, run.run_id).info.status == "RUNNING"
        run.log(Contents(metrics=points(1, 1)))
        run.describe("done")
    closed = read(tracker, run.run_id)
    assert closed.info.status == "FINISHED"
    assert closed.data.params == {"config/seeds": "0,1", "config/study": "pilot"}
    assert closed.data.tags[names.STUDY] == "pilot"
    assert closed.data.tags["mlflow.note.content"] == "done"
    environment = mlflow.artifacts.load_dict(f"{closed.info.artifact_uri}/environment.json")
    assert environment["packages"]["mlflow"] == mlflow.__version__


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED"), (SystemExit(143), "KILLED")],
)
def test_the_main_run_is_closed_whatever_happens(tracker, error, status):
    with pytest.raises(type(error)), tracker.main_run("stage", "lstm", **STUDY) as run:
        raise error
    closed = read(tracker, run.run_id)
    assert closed.info.status == status
    assert type(error).__name__ in closed.data.tags[names.FAILURE]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("a tweet"), "KeyError in hybridrep/tracking/runs.py, line "),
        (TrackingError("the disk is full"), "TrackingError: the disk is full"),
    ],
)
def test_a_run_tells_only_messages_that_were_written_for_people(tracker, error, reason):
    with pytest.raises(type(error)), tracker.main_run("stage", "lstm", **STUDY) as run:
        raise error
    said = read(tracker, run.run_id).data.tags[names.FAILURE]
    assert said.startswith(reason)
    assert "a tweet" not in said


def test_an_error_survives_a_server_that_is_gone(tracker, monkeypatch, caplog):
    def work():
        with tracker.main_run("stage", "x", **STUDY):
            monkeypatch.setattr(tracker.server.client, "set_terminated", _raise)
            raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"):
        work()
    assert "could not be marked" in caplog.text


def _raise(*_, **__):
    raise ConnectionError("gone")


class TestInsideAProject:
    """What `mlflow run` does before our process starts: a run with the user's raw strings."""

    @pytest.fixture
    def project_run(self, tracker, monkeypatch):
        client = tracker.server.client
        experiment = client.create_experiment("mine")
        tags = {"mlflow.source.type": "PROJECT", "mlflow.project.entryPoint": "full"}
        run = client.create_run(experiment, tags=tags)
        client.log_param(run.info.run_id, "seeds", "2")
        monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
        monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
        return run

    def test_its_run_is_taken_over_and_its_parameters_stay(self, project_run):
        tracker = connect("hybrid")
        assert tracker.server.experiment_name == "mine"
        config = {"seeds": (0, 1)}
        with tracker.main_run("study", "pilot: 2 seeds", config=config, **STUDY) as run:
            assert run.run_id == project_run.info.run_id
            assert "MLFLOW_RUN_ID" not in os.environ
        closed = read(tracker, run.run_id)
        assert closed.data.params == {"seeds": "2", "config/seeds": "0,1"}
        assert closed.info.run_name == "pilot: 2 seeds"
        assert closed.info.status == "FINISHED"
        assert closed.data.tags["mlflow.source.type"] == "PROJECT"
        assert closed.data.tags[names.SIMULATION] == "hybrid"

    def test_a_second_main_run_is_a_new_run(self, project_run):
        tracker = connect("hybrid")
        with tracker.main_run("study", "one", **STUDY) as first:
            pass
        with tracker.main_run("stage", "two", **STUDY) as second:
            pass
        assert first.run_id == project_run.info.run_id != second.run_id

    def test_a_name_that_the_user_gave_stays(self, project_run):
        tracker = connect("hybrid")
        tracker.server.client.update_run(project_run.info.run_id, name="my run 1")
        with tracker.main_run("study", "pilot", **STUDY) as run:
            pass
        assert read(tracker, run.run_id).info.run_name == "my run 1"

    def test_a_run_that_has_ended_is_refused(self, project_run, tracker):
        tracker.server.client.set_terminated(project_run.info.run_id)
        with pytest.raises(TrackingError, match="unset MLFLOW_RUN_ID"):
            connect("hybrid")

    def test_an_unknown_run_is_refused(self, tracker, monkeypatch):
        monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
        with pytest.raises(TrackingError, match="0" * 32):
            connect("hybrid")


SCRIPT = """
import signal, sys, time
from hybridrep.tracking import process, runs
process.terminated_with_parent.__wrapped__.__defaults__ = (0.05,)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
with runs.connect("hybrid").main_run("study", "slow", study="s", study_key="k"):
    print("open", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_main_run_as_killed(tracker, number):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"open\n"
    process.send_signal(number)
    process.wait(timeout=20)
    process.stdout.close()
    (run,) = tracker.server.client.search_runs([tracker.server.experiment_id])
    assert run.info.status == "KILLED"


@pytest.mark.slow
def test_a_killed_process_leaves_a_run_that_the_next_one_closes(tracker):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"open\n"
    assert tracker.close_stale_runs() == []
    process.kill()
    process.wait(timeout=20)
    process.stdout.close()
    (run_id,) = tracker.close_stale_runs()
    assert read(tracker, run_id).info.status == "KILLED"
    assert tracker.close_stale_runs() == []


@pytest.mark.slow
def test_a_project_ends_with_the_process_that_started_it(tracker, monkeypatch, tmp_path):
    run = tracker.server.client.create_run(tracker.server.experiment_id)
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    script = tmp_path / "child.py"
    script.write_text(SCRIPT)
    parent = f"import subprocess,sys; subprocess.run([sys.executable, {str(script)!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"open\n"
    process.kill()
    process.wait(timeout=20)
    deadline = time.monotonic() + 20
    while read(tracker, run.info.run_id).info.status == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.stdout.close()
    assert read(tracker, run.info.run_id).info.status == "KILLED"


def test_importing_the_layer_imports_neither_mlflow_nor_torch():
    modules = [
        f"hybridrep.tracking.{path.stem}" for path in Path(runs.__file__).parent.glob("*.py")
    ]
    from_code = ("autoencoder_model", "text_model", "__init__")
    modules = [name for name in modules if not name.endswith(from_code)]
    code = f"import sys, importlib; [importlib.import_module(n) for n in {modules}]; " + (
        "print([n for n in ('mlflow', 'torch', 'sqlalchemy', 'requests') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
