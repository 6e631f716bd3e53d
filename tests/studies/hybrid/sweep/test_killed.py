"""A sweep killed with SIGKILL half-way, and one that two processes search together."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.sweep import run
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store, template
from hybridrep.testing.undrawn import undraw_all

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).parents[4]
SWEEP = {
    "grid": {"sampler": "grid", "autoencoder_epochs": "90", "bottlenecks": "4,6,8,16"},
    "tpe": {"trials": "10", "autoencoder_epochs": "60-90", "bottlenecks": "4,8", "batch": "2",
            "learning_rates": "0.0005:0.002"},
}  # fmt: skip


@pytest.fixture
def start():
    """Starts sweeps; what still runs at the end of the test is killed."""
    processes = []

    def begin(folder: Path, given: dict[str, str]) -> subprocess.Popen:
        processes.append(_begin(folder, given))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def _begin(folder: Path, given: dict[str, str]) -> subprocess.Popen:
    options = [f"--{name}={value}" for name, value in given.items()]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
                   "PYTHONPATH": str(ROOT)}  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "hybridrep.testing.undrawn", "entrypoints.sweep", *options],
        cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen) -> None:
    _, messages = process.communicate(timeout=500)
    assert process.returncode == 0, messages


def trained(store: str) -> int:
    entries = Store(Path(store)).entries()
    return int((entries["stage"] == "autoencode").sum())


def table(folder: Path) -> tuple[pd.DataFrame, list]:
    """The last finished sweep's table, and the runs of all trials."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiments = {e.name: e.experiment_id for e in client.search_experiments()}
    main, *_ = client.search_runs(
        [experiments["hybridrep"]],
        "tags.`hybridrep.stage` = 'sweep' and attributes.status = 'FINISHED'",
    )
    path = Path(client.download_artifacts(main.info.run_id, "sweep/trials.json"))
    content = json.loads(path.read_text())
    trials = client.search_runs([experiments["hybridrep-sweep"]], "attributes.status = 'FINISHED'")
    return pd.DataFrame(content["data"], columns=content["columns"]), trials


@pytest.mark.parametrize("sampler", ["grid", "tpe"])
def test_a_killed_sweep_ends_with_the_same_table(tmp_path, tmp_path_factory, start, sampler):
    given = {**small_study.finished(tmp_path_factory), **SWEEP[sampler]}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        shutil.copytree(given["store"], folder / "store")
    shutil.copy(template(tmp_path_factory), killed)
    before = trained(given["store"])
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, whole)
        undraw_all(patch)
        run(resolve({**given, "store": str(whole / "store")}, SweepConfig))

    mine = {**given, "store": str(killed / "store")}
    total = trained(str(whole / "store"))
    half = before + (total - before) // 2
    process = start(killed, mine)
    end = time.monotonic() + 300
    while trained(mine["store"]) < half:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = trained(mine["store"])
    assert half <= left < total

    finish(start(killed, mine))
    expected, _ = table(whole)
    found, runs = table(killed)
    pd.testing.assert_frame_equal(found, expected)
    assert set(found["state"]) <= {"COMPLETE", "VOID"}
    points = [(r.data.params["direction"], r.data.params["trial"]) for r in runs]
    assert sorted(points) == sorted(
        (row.direction, str(row.trial)) for row in expected.itertuples()
    )
    statuses = MlflowClient(f"sqlite:///{killed}/mlflow.db")
    open_runs = [
        r for e in statuses.search_experiments()
        for r in statuses.search_runs([e.experiment_id], "attributes.status = 'RUNNING'")
    ]  # fmt: skip
    assert open_runs == []


def test_two_processes_share_a_sweep_and_log_each_trial_once(tmp_path, start):
    given = {
        **small_study.parameters(tmp_path / "study"), **SWEEP["grid"], "batch": "1",
        "autoencoder_epochs": "40", "storage": str(tmp_path / "shared.journal"),
    }  # fmt: skip
    together = [start(tmp_path, given) for _ in range(2)]
    for process in together:
        finish(process)
    found, runs = table(tmp_path)
    assert len(found) == 8
    assert set(found["state"]) <= {"COMPLETE", "VOID"}
    points = [(r.data.params["direction"], r.data.params["bottleneck"]) for r in runs]
    assert len(points) == len(set(points)) == 8
    workers = {r.data.tags["hybridrep.pid"] for r in runs}
    assert len(workers) == 2
