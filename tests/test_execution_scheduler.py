"""Running tasks, in this process and in local worker processes alike."""

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hybridrep.errors import ExecutionError, StoreError
from hybridrep.execution import local, workers
from hybridrep.execution.local import worker_count
from hybridrep.execution.progress import Silent
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from tests import execution_tasks as functions
from tests.execution_tasks import key, task, value


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def no_workers(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a worker was started")

    monkeypatch.setattr(local, "ProcessPoolExecutor", refuse)
    monkeypatch.setattr(workers, "InProcess", refuse)


def needing(name, *needs):
    return task(name, functions.add_needs, needs, payload=tuple(map(key, needs)))


TREE = [needing("d", "b", "c"), needing("b", "a"), needing("c", "a"), needing("a")]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_graph_is_run_in_its_order(store, workers):
    outcome = run_tasks(TREE, store, workers=workers)
    assert outcome.failures == ()
    assert outcome.stored == {key(n) for n in "abcd"}
    assert outcome.reused == frozenset()
    assert [float(value(store, n)) for n in "abcd"] == [1, 2, 2, 5]


def test_everything_finished_starts_nothing(store, no_workers):
    for name in "abcd":
        functions.write(store, key(name))
    outcome = run_tasks(TREE, store, workers=4)
    assert outcome.reused == outcome.stored == {key(n) for n in "abcd"}


def test_only_what_is_missing_is_made(store, tmp_path):
    functions.write(store, key("x"))
    tasks = [
        task("both", functions.note, produces=("x", "y"), payload=tmp_path),
        task("done", functions.note, produces=("x2",), payload=tmp_path),
    ]
    functions.write(store, key("x2"))
    run_tasks(tasks, store, workers=1)
    assert [m.name.split("-")[0] for m in tmp_path.glob("*-*")] == [key("y")[:12]]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_faults_stay_where_they_are(store, workers):
    tasks = [
        task("bad", functions.fail),
        task("after bad", needs=("bad",)),
        task("polite", functions.fail_politely),
        task("forgetful", functions.forget),
        task("half", functions.fail_after_one, produces=("one", "two")),
        task("uses one", needs=("one",)),
        task("good"),
    ]
    outcome = run_tasks(tasks, store, workers=workers)
    assert outcome.stored == {key("one"), key("uses one"), key("good")}
    by_label = {f.label: f for f in outcome.failures}
    assert list(by_label) == ["bad", "after bad", "polite", "forgetful", "half"]
    assert by_label["bad"].reason == "ZeroDivisionError: on purpose"
    assert "execution_tasks.py" in by_label["bad"].details
    assert by_label["after bad"].skipped
    assert "on purpose" in by_label["after bad"].reason
    assert by_label["polite"].reason == "the corpus is empty: give another"
    assert "without storing" in by_label["forgetful"].reason
    assert by_label["half"].keys == (key("two"),)
    again = run_tasks(tasks, store, workers=1)
    assert again.reused == outcome.stored


def test_the_listener_hears_of_all_results_as_they_come(store):
    functions.write(store, key("a"))
    heard = []
    tasks = [task("a"), task("many", produces=("x", "y")), task("b", needs=("a", "x"))]
    run_tasks(tasks, store, workers=1, on_stored=heard.append)
    assert heard[0] == {key("a")}
    assert heard[-1] == {key(n) for n in ("a", "x", "y", "b")}
    assert all(before < after for before, after in itertools.pairwise(heard))


def test_what_the_listener_raises_ends_the_run(store):
    def refuse(stored):
        if stored:
            raise LookupError("the server is gone")

    tasks = [task("a"), task("b")]
    with pytest.raises(LookupError, match="server is gone"):
        run_tasks(tasks, store, workers=1, on_stored=refuse)
    assert store.has(key("a"))
    assert not store.has(key("b"))


def test_a_result_damaged_meanwhile_is_made_again(store):
    functions.write(store, key("a"))
    os.truncate(store.open(key("a")).file("a.safetensors"), 3)
    outcome = run_tasks([needing("a"), needing("b", "a")], store, workers=1)
    assert outcome.failures == ()
    assert float(value(store, "b")) == 2


def damage_then_use(store, which, missing):
    """The first time, as if the disk damaged what is needed after the task has started."""
    marker = store.root / "damaged"
    if not marker.exists():
        marker.touch()
        os.truncate(store.open(which).file("a.safetensors"), 3)
    functions.add_needs(store, (which,), missing)


def test_a_result_damaged_in_the_middle_of_a_task_is_made_again(store):
    clocks = Silent()
    tasks = [needing("a"), task("b", damage_then_use, needs=("a",), payload=key("a"))]
    outcome = run_tasks(tasks, store, workers=1, progress=clocks)
    assert outcome.failures == ()
    assert float(value(store, "b")) == 2
    assert clocks.clocks["stage"].left == 0


def test_a_lost_result_that_nobody_makes_is_reported(store):
    functions.write(store, key("a"))
    tasks = [task("b", damage_then_use, needs=("a",), payload=key("a")), task("c")]
    outcome = run_tasks(tasks, store, workers=1)
    assert outcome.stored == {key("c")}
    assert "lost" in outcome.failures[0].reason


def test_an_unusable_store_is_refused_before_work(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="not a folder"):
        run_tasks([task("a")], Store(tmp_path / "file"), workers=1)


def fill_up(store, _payload, _missing):
    from hybridrep.execution.disk import StoreUnwritableError

    raise StoreUnwritableError(f"the store {store.root}: its disk is full")


def test_a_full_disk_stops_further_work(store):
    outcome = run_tasks([task("a", fill_up), task("b")], store, workers=1)
    assert [f.skipped for f in outcome.failures] == [False, True]
    assert all("disk is full" in f.reason for f in outcome.failures)


def test_progress_adds_up(store):
    functions.write(store, key("x"))
    clocks = Silent()
    tasks = [
        task("both", produces=("x", "y"), units=10, stage="one"),
        task("bad", functions.fail, units=3, stage="two"),
        task("after", needs=("bad",), units=4, stage="two"),
    ]
    run_tasks(tasks, store, workers=1, progress=clocks)
    one, two = clocks.clocks["one"], clocks.clocks["two"]
    assert (one.total.done, one.total.total, one.made, one.failed) == (5, 10, 5, 0)
    assert (two.total.done, two.total.total, two.made, two.failed) == (0, 7, 0, 7)


def test_stored_results_know_their_estimates(store):
    run_tasks([task("both", produces=("x", "y"), seconds=8.0)], store, workers=1)
    assert store.open(key("x")).expected_seconds == 4.0


def test_left_over_temporary_folders_are_swept(store):
    folder = store.temporary / "elsewhere.1.aa"
    folder.mkdir(parents=True)
    os.utime(folder, (1, 1))
    run_tasks([task("a")], store, workers=1)
    assert list(store.temporary.iterdir()) == []


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
from tests import execution_tasks as functions

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
