"""Tasks in worker processes: how many, what a dead one costs, and no orphans."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hybridrep.errors import ExecutionError
from hybridrep.execution import local
from hybridrep.execution.local import worker_count
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task, value


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_worker_counts(monkeypatch):
    assert worker_count(3) == 3
    assert worker_count(0) == len(os.sched_getaffinity(0))
    with pytest.raises(ExecutionError, match="workers=-1"):
        worker_count(-1)


def test_no_process_to_be_had_is_explained(store, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(local.ProcessPoolExecutor, "submit", refuse)
    with pytest.raises(ExecutionError, match="workers=1"):
        run_tasks([task("a")], store, workers=2)


@pytest.mark.slow
def test_a_payload_that_cannot_travel_is_a_fault_of_its_task(store):
    tasks = [task("a", payload=lambda: None), task("b")]
    outcome = run_tasks(tasks, store, workers=2)
    assert [f.label for f in outcome.failures] == ["a"]
    assert outcome.stored == {key("b")}


@pytest.mark.slow
def test_no_more_processes_than_tasks(store, tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    tasks = [task(n, functions.sleep, payload=(pids, 0.1)) for n in "ab"]
    run_tasks(tasks, store, workers=5)
    assert 1 <= len(list(pids.iterdir())) <= 2
    assert not (pids / f"{os.getpid()}.pid").exists()


@pytest.mark.slow
def test_a_killed_worker_costs_its_own_task_only(store, tmp_path):
    marker, notes = tmp_path / "marker", tmp_path / "notes"
    notes.mkdir()
    tasks = [
        task("dies", functions.die_once, produces=("x", "y"), payload=marker),
        task("neighbour", functions.note, payload=notes),
        task("after", functions.note, needs=("x", "y"), payload=notes),
    ]
    outcome = run_tasks(tasks, store, workers=2)
    assert outcome.failures == ()
    assert marker.with_suffix(".calls").read_text().split() == ["2", "1"]  # x was kept
    assert len(list(notes.iterdir())) == 2  # nothing was made twice


@pytest.mark.slow
def test_a_task_that_always_kills_is_given_up(store):
    tasks = [task("deadly", functions.die), task("after", needs=("deadly",)), task("good")]
    outcome = run_tasks(tasks, store, workers=2)
    assert outcome.stored == {key("good")}
    assert "given up after 4 tries" in outcome.failures[0].reason
    assert "out of memory" in outcome.failures[0].reason


@pytest.mark.slow
def test_results_do_not_depend_on_workers(store, tmp_path):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run_tasks([task("here", functions.threads_and_sum)], store, workers=1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    tasks = [task(n, functions.threads_and_sum) for n in ("one", "two")]
    run_tasks(tasks, store, workers=2)
    here = value(store, "here")
    assert here[0] == 1
    for name in ("one", "two"):
        np.testing.assert_array_equal(value(store, name), here)


PARENT = """
import signal, sys
from pathlib import Path
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.signals import Terminated, terminate_cleanly
from hybridrep.execution.store import Store
from hybridrep.testing import execution_tasks as functions

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    payload = (folder / "pids", 300.0)
    tasks = [functions.task(n, functions.sleep, payload=payload) for n in "abc"]
    try:
        with terminate_cleanly():
            run_tasks(tasks, Store(folder / "store"), workers=2)
    except Terminated as error:
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(99)
"""


def alive(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    return not re.search(r"^State:\s+Z", status, re.MULTILINE)


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="looks at processes through /proc")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGKILL, -9),
        (signal.SIGTERM, 128 + signal.SIGTERM),
        (signal.SIGHUP, 128 + signal.SIGHUP),
        (signal.SIGINT, 99),
    ],
)
def test_a_dying_parent_leaves_no_orphans(tmp_path, number, code):
    pids = tmp_path / "pids"
    pids.mkdir()
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_until(lambda: len(list(pids.iterdir())) == 2)
    workers = [int(p.stem) for p in pids.iterdir()]
    assert all(map(alive, workers))
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    assert process.wait(timeout=20) == code
    wait_until(lambda: not any(map(alive, workers)), 10)
    noise = process.stderr.read().decode()
    process.stderr.close()
    assert "Traceback" not in noise
    assert "resource_tracker" not in noise or number == signal.SIGKILL
