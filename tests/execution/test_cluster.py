"""The same tasks on a real Dask cluster of two worker processes."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hybridrep.errors import ExecutionError
from hybridrep.execution import cluster as subject
from hybridrep.execution import workers
from hybridrep.execution.guard import Guard, across_machines
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task, value

distributed = pytest.importorskip("distributed", reason="needs the extra [cluster]")
dask = pytest.importorskip("dask", reason="needs the extra [cluster]")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def cluster():
    """A scheduler with two workers of one thread; one that starts slowly again is not given up."""
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "60s"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def address(cluster):
    """The scheduler's address, once the workers that a test before killed are back."""
    cluster.wait_for_workers(2, timeout=240)
    return cluster.scheduler_address


@pytest.mark.slow
def test_all_results_once_though_a_worker_is_killed(store, tmp_path, address):
    notes, marker = tmp_path / "notes", tmp_path / "marker"
    notes.mkdir()
    names = [f"n{n}" for n in range(8)]
    tasks = [
        *[task(n, functions.note, payload=notes) for n in names[:4]],
        task("dies", functions.die_once, produces=("x", "y"), payload=marker),
        *[task(n, functions.note, payload=notes) for n in names[4:]],
        task("after", functions.note, needs=("x", "y", "n0"), payload=notes),
        task("bad", functions.fail_politely),
    ]
    heard = []
    outcome = run_tasks(tasks, store, cluster=address, on_stored=heard.append)
    assert [f.reason for f in outcome.failures] == ["the corpus is empty: give another"]
    assert outcome.stored == {key(n) for n in (*names, "x", "y", "after")}
    assert heard[-1] == outcome.stored
    assert marker.with_suffix(".calls").read_text().split() == ["2", "1"]  # x was kept
    marks = [m.name.split("-")[0] for m in notes.iterdir()]
    assert sorted(marks) == sorted(key(n)[:12] for n in (*names, "after"))  # each once
    assert str(os.getpid()) not in {m.read_text() for m in notes.iterdir()}
    assert list((store.root / ".tokens").iterdir()) == []


@pytest.mark.slow
def test_results_are_those_of_one_process(store, tmp_path, address):
    run_tasks([task("x", functions.threads_and_sum)], store, cluster=address)
    here = Store(tmp_path / "here")
    run_tasks([task("x", functions.threads_and_sum)], here, workers=1)
    assert (value(store, "x") == value(here, "x")).all()


@pytest.mark.slow
def test_a_task_that_always_kills_is_given_up(store, address):
    outcome = run_tasks([task("a", functions.die), task("b")], store, cluster=address)
    assert outcome.stored == {key("b")}
    assert "workers died" in outcome.failures[0].reason


@pytest.mark.slow
def test_workers_with_other_code_are_refused(store, address, monkeypatch):
    other = Guard((("hybridrep.testing.execution_tasks", "0" * 64),))
    monkeypatch.setattr(workers, "guard_for", lambda _functions: other)
    with pytest.raises(ExecutionError, match=r"tcp://.*other code.*testing\.execution_tasks"):
        run_tasks([task("a")], store, cluster=address)
    with pytest.raises(ExecutionError, match="other code"):
        run_tasks([task("a")], store, workers=2)
    monkeypatch.setattr(workers, "guard_for", lambda _functions: Guard((), release="0.0.0"))
    with pytest.raises(ExecutionError, match=r"hybridrep .*, not 0\.0\.0"):
        run_tasks([task("a")], store, cluster=address)
    monkeypatch.setattr(workers, "guard_for", lambda _functions: Guard((("nowhere", "0"),)))
    with pytest.raises(ExecutionError, match=r"scheduler tcp://.*no Python source.*install"):
        run_tasks([task("a")], store, cluster=address)


def start(*command, **more):
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("dask")), *command],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        **more,
    )


def stop(process):
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def scheduler_alone(tmp_path):
    """A scheduler started by its command, without workers; gives process and address."""
    file = tmp_path / "scheduler.json"
    process = start(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", str(file),
    )  # fmt: skip
    end = time.monotonic() + 30
    while not file.exists() or not file.read_text().endswith("}"):
        assert time.monotonic() < end
        time.sleep(0.1)
    yield process, json.loads(file.read_text())["address"]
    stop(process)


@pytest.mark.slow
def test_a_scheduler_without_workers_is_explained(store, scheduler_alone, monkeypatch):
    monkeypatch.setattr(subject, "WORKERS_SECONDS", 1)
    with pytest.raises(ExecutionError, match=r"no workers.*dask worker tcp://"):
        run_tasks([task("a")], store, cluster=scheduler_alone[1])


@pytest.mark.slow
def test_a_worker_that_sees_another_store_is_refused(store, scheduler_alone, monkeypatch):
    """It gets a file system of its own over the store's folder, as if nothing were shared."""
    unshare = ["unshare", "--mount", "sh", "-c"]
    store.check_writable()
    hidden = f"mount -t tmpfs none '{store.root}'"
    if shutil.which("unshare") is None or subprocess.run([*unshare, hidden]).returncode:
        pytest.skip("file systems of one process can be made by root on Linux only")
    _, address = scheduler_alone
    dask = Path(sys.executable).with_name("dask")
    command = f"{hidden} && exec {dask} worker {address} --nthreads 1 --no-nanny --no-dashboard"
    worker = subprocess.Popen(
        [*unshare, command],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    monkeypatch.setattr(subject, "PATIENCE_SECONDS", 0.5)
    try:
        with pytest.raises(ExecutionError, match=r"tcp://.*does not see the store.*shared folder"):
            run_tasks([task("a")], store, cluster=address)
    finally:
        stop(worker)


@pytest.mark.slow
def test_losing_the_scheduler_is_explained(store, scheduler_alone, tmp_path):
    process, address = scheduler_alone
    worker = start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")

    def lose(stored):
        if stored:
            process.kill()

    tasks = [task("a"), task("b", functions.sleep, payload=(tmp_path, 60.0))]
    try:
        with pytest.raises(ExecutionError, match="run the same command again"):
            run_tasks(tasks, store, cluster=address, on_stored=lose)
        assert store.has(key("a"))
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("bad", ["nonsense", "tcp://", "http://127.0.0.1:80", "tcp://a:1 b"])
def test_bad_addresses_are_refused(store, bad):
    with pytest.raises(ExecutionError, match=r"tcp://10\.0\.0\.5:8786"):
        run_tasks([task("a")], store, cluster=bad)


def test_encryption_is_asked_for_before_connecting(store, monkeypatch):
    import dask

    with pytest.raises(ExecutionError, match=r"TLS__CA_FILE"):
        run_tasks([task("a")], store, cluster="tls://127.0.0.1:1")
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(ExecutionError, match="not encrypted"),
    ):
        run_tasks([task("a")], store, cluster="tcp://127.0.0.1:1")


def test_an_unreachable_scheduler_is_explained(store, monkeypatch):
    monkeypatch.setattr(subject, "CONNECT_SECONDS", 0.5)
    with pytest.raises(ExecutionError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1 "):
        run_tasks([task("a")], store, cluster="tcp://127.0.0.1:1")
    assert list((store.root / ".tokens").iterdir()) == []


def test_a_missing_extra_is_explained(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExecutionError, match=r"pip install -c constraints\.txt -e"):
        run_tasks([task("a")], store, cluster="tcp://127.0.0.1:1")


def test_a_token_proves_that_the_folder_is_shared(store, tmp_path):
    with across_machines(Guard(()), store, 0.3) as guard:
        assert guard.problem(store) == ""
        other = Store(tmp_path / "other")
        assert "does not see the store" in guard.problem(other)
