"""The same writing and reading through a real MLflow server over HTTP, on either database."""

import contextlib
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridrep.errors import TrackingError
from hybridrep.testing.servers import Unavailable, mlflow_server, postgresql
from hybridrep.tracking import names
from hybridrep.tracking.queries import find_study, load_parts, save_parts, seed_runs
from hybridrep.tracking.records import DataInput, RunRecord
from hybridrep.tracking.runs import Tracker, connect
from hybridrep.tracking.writing import lost_artifacts

pytest_plugins = ["hybridrep.testing.tracking_store"]
pytestmark = pytest.mark.slow

METRICS = pd.DataFrame(
    {"key": "rsa/a", "value": [math.nan, *np.linspace(0, 1, 1_500)], "step": range(1_501)}
)
TABLE = pd.DataFrame({"representation": ["bert"], "test_accuracy": [0.8]})


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_a_study_goes_through_a_server_and_the_end_of_the_server_is_said(
    database: str, store_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    monkeypatch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")  # not needed, slow to start
    with contextlib.ExitStack() as stack:
        try:
            behind = store_uri if database == "sqlite" else stack.enter_context(postgresql())
        except Unavailable as reason:
            pytest.skip(str(reason))
        address = stack.enter_context(mlflow_server(behind, tmp_path / "artifacts"))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        tracker = connect("hybrid")
        check_a_seed(tracker)
        check_a_study(tracker)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    with pytest.raises(TrackingError, match="cannot be reached"):
        seed_runs(tracker.server, "k", "hybrid")
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("does not answer; it is asked again") == 1
    with pytest.raises(TrackingError, match="cannot be reached"):
        connect("hybrid")


def check_a_seed(tracker: Tracker) -> None:
    record = RunRecord(
        name="seed 0 " * 50,
        kind="seed",
        description="long " * 3_000,
        params={"seed": "0", "config/long": "x" * 9_000},
        tags={names.STUDY_KEY: "k", names.CACHE_KEY: "c", "long": "y" * 9_000},
        metrics=METRICS,
        tables={"tables/transfer.json": TABLE},
        files={"weights/a.bin": b"\x00" * 1_000},
        inputs=(DataInput("emotion", "sample (synthetic)", "d" * 64),),
    )
    run_id = tracker.log_finished(record)
    client = tracker.server.client
    found = tracker.find_finished("seed", "k", "c")
    assert found.run_id == run_id
    there = {"tables/transfer.json": None, "weights/a.bin": 1_000}
    assert tracker.restore(found, there, pytest.fail) == []
    assert lost_artifacts(tracker.server.uri, found.artifacts, {**there, "b": 1}) == ["b"]
    history = client.get_metric_history(run_id, "rsa/a")
    assert len(history) == 1_501
    assert math.isnan(min(history, key=lambda point: point.step).value)
    assert seed_runs(tracker.server, "k", "hybrid")["rsa/a"].tolist() == [1.0]
    loaded = client.load_table(tracker.server.experiment_id, "tables/transfer.json")
    pd.testing.assert_frame_equal(loaded, TABLE, check_dtype=False)
    assert tracker.close_stale_runs() == []


def check_a_study(tracker: Tracker) -> None:
    with tracker.main_run("study", "pilot", study="it's a pilot", study_key="k") as run:
        save_parts(tracker.server, run.run_id, {"rsa": METRICS}, {"study": "pilot"})
    found = find_study(tracker.server, "it's a pilot", "hybrid")
    assert found.status == "FINISHED"
    parts, meta = load_parts(tracker.server, found.run_id)
    pd.testing.assert_frame_equal(parts["rsa"], METRICS)
    assert meta == {"study": "pilot"}
