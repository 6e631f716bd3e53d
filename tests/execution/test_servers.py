"""A killed worker on a real cluster, with results logged to an MLflow server on PostgreSQL."""

from collections import Counter

import pytest

from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task
from hybridrep.testing.servers import Unavailable, mlflow_server, postgresql

distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")


@pytest.fixture
def server(tmp_path):
    try:
        with postgresql() as database, mlflow_server(database, tmp_path / "artifacts") as address:
            yield address
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.long
def test_every_seed_is_logged_once_though_a_worker_is_killed(tmp_path, server):
    from mlflow import MlflowClient

    client = MlflowClient(server)
    experiment = client.create_experiment("study")
    store = Store(tmp_path / "store")
    seeds = {key(f"{seed}"): seed for seed in range(6)}
    logged = set()

    def log_finished(stored):
        """Log each finished seed as a run, as its results appear."""
        for which in sorted(stored & seeds.keys() - logged):
            run = client.create_run(experiment, tags={"seed": str(seeds[which])})
            client.log_metric(run.info.run_id, "seconds", store.open(which).seconds)
            client.set_terminated(run.info.run_id)
            logged.add(which)

    tasks = [
        task("first", produces=("0",)),
        task("stack", functions.die_once, produces=("1", "2", "3"), payload=tmp_path / "marker"),
        *[task(f"{n}", produces=(f"{n}",), needs=("1",)) for n in (4, 5)],
    ]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        for _ in range(2):  # the second time, all is finished and nothing is logged again
            outcome = run_tasks(
                tasks, store, cluster=cluster.scheduler_address, on_stored=log_finished
            )
            assert outcome.failures == ()
    assert (tmp_path / "marker.calls").read_text().split() == ["3", "2"]
    runs = client.search_runs([experiment])
    assert {r.info.status for r in runs} == {"FINISHED"}
    assert Counter(r.data.tags["seed"] for r in runs) == Counter(map(str, range(6)))
    assert all(len(client.get_metric_history(r.info.run_id, "seconds")) == 1 for r in runs)
