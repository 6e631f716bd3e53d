"""The simulation on a Dask cluster, logged to MLflow on PostgreSQL, while a worker is killed."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.study import run
from hybridrep.testing import small_study
from hybridrep.testing.servers import Unavailable, mlflow_server, postgresql
from hybridrep.testing.undrawn import undraw_reports

distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")


class NoteWrites(distributed.WorkerPlugin):
    """Note every result that a worker computes, also one that the store has already and drops."""

    def __init__(self, notes: Path) -> None:
        self.notes = notes

    def setup(self, worker) -> None:
        write = Store.write

        def noted(store: Store, key: str, **content) -> None:
            write(store, key, **content)
            with self.notes.open("a") as file:
                file.write(f"{content['stage']} {key}\n")

        Store.write = noted


def kill_a_worker_mid_seed(cluster, store: Path, killed: list[int], over: threading.Event) -> None:
    """Kill one worker process as soon as the first LSTM is stored, so others are under way."""
    while not list(store.glob("lstm/*/*/manifest.json")):
        if over.wait(0.05):
            return
    nanny = next(iter(cluster.workers.values()))
    killed.append(nanny.process.pid)
    os.kill(nanny.process.pid, signal.SIGKILL)


BY_THE_PARENT = ("corpus", "encoder_tried", "encoder_words", "report", "splits_tried", "tokens")
"""Stages of results that no worker makes."""


@pytest.mark.slow
def test_all_seeds_finish_once_though_a_worker_is_killed(tmp_path, monkeypatch):
    from mlflow import MlflowClient

    given = {
        **small_study.parameters(tmp_path), "seeds": "3", "bottlenecks": "8",
        "fusions": "truncated_svd,joint_autoencoder", "measures": "cka",
        "store": str(tmp_path / "shared"),
    }  # fmt: skip
    undraw_reports(monkeypatch)
    monkeypatch.chdir(tmp_path)
    try:
        with (
            postgresql() as database,
            mlflow_server(database, tmp_path / "artifacts") as address,
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
            ) as cluster,
        ):
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            with distributed.Client(cluster, set_as_default=False) as dask:
                dask.register_plugin(NoteWrites(tmp_path / "notes"))
            killed: list[int] = []
            over = threading.Event()
            killer = threading.Thread(
                target=kill_a_worker_mid_seed,
                args=(cluster, tmp_path / "shared", killed, over),
                daemon=True,
            )
            killer.start()
            try:
                run(resolve({**given, "cluster": cluster.scheduler_address}, Config))
            finally:
                over.set()
                killer.join()
            client = MlflowClient(address)
            experiment = client.get_experiment_by_name("hybridrep").experiment_id
            seeds = client.search_runs([experiment], "tags.`hybridrep.kind` = 'seed'")
            everything = client.search_runs([experiment])
            points = [
                len(client.get_metric_history(each.info.run_id, "lstm/train_loss"))
                for each in seeds
            ]
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert killed
    assert Counter(each.data.params["seed"] for each in seeds) == {"0": 1, "1": 1, "2": 1}
    assert {each.info.status for each in everything} == {"FINISHED"}
    assert points == [2, 2, 2]
    computed = Counter((tmp_path / "notes").read_text().splitlines())
    assert set(computed.values()) == {1}
    stored = Store(tmp_path / "shared").entries()
    by_workers = stored[~stored["stage"].isin(BY_THE_PARENT)]
    # The killed one may have stored a result and not have noted it any more.
    assert len(by_workers) - 1 <= len(computed) <= len(by_workers)
