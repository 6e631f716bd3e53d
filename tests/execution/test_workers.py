"""Workers that several batches of tasks share."""

import multiprocessing
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from hybridrep.execution import local
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.execution.workers import Workers
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task

pytestmark = pytest.mark.slow


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def batch(names, notes):
    return [task(name, functions.note, payload=notes) for name in names]


def pids(notes):
    return {int(path.read_text()) for path in notes.iterdir()}


def ended(pid, seconds=10):
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not Path(f"/proc/{pid}").exists()


def test_processes_are_kept_between_batches_and_ended_with_the_block(store, notes):
    with Workers(2) as workers:
        run_tasks(batch("ab", notes), store, workers=workers)
        first = pids(notes)
        run_tasks(batch("cd", notes), store, workers=workers)
        assert 1 <= len(pids(notes)) <= 2
        assert first <= pids(notes)
        assert os.getpid() not in pids(notes)
    assert all(ended(pid) for pid in pids(notes))


def test_workers_share_the_memory_that_is_free(monkeypatch):
    free = SimpleNamespace(available=10**9)
    monkeypatch.setattr(local.psutil, "virtual_memory", lambda: free)
    assert local.share_of_memory() == 10**9 // local.worker_count(0)
    monkeypatch.undo()
    five = local.LocalProcesses(5)
    try:
        share = five.submit(local.share_of_memory).result()
    finally:
        five.close(now=True)
    assert share * 5 == pytest.approx(psutil.virtual_memory().available, rel=0.4)


def test_work_after_closing_or_a_fault_starts_new_processes(store, notes):
    def refuse(stored):
        if key("b") in stored:
            raise RuntimeError("on purpose")

    with Workers(2) as workers:
        run_tasks(batch("a", notes), store, workers=workers)
        workers.close()
        assert all(ended(pid) for pid in pids(notes))
        with pytest.raises(RuntimeError, match="on purpose"):
            run_tasks(batch("b", notes), store, workers=workers, on_stored=refuse)
        before = pids(notes)
        assert len(before) == 2
        assert all(ended(pid) for pid in before)
        outcome = run_tasks(batch("cd", notes), store, workers=workers)
        assert {key("c"), key("d")} <= outcome.stored
        assert len(pids(notes)) > 2


def test_warmed_up_processes_do_the_first_tasks(store, notes):
    with Workers(2) as workers:
        workers.warm_up(["json", "hybridrep.no_such_module"])  # the latter fails only who needs it
        started = processes_of_this()
        assert len(started) == 2
        run_tasks(batch("abcd", notes), store, workers=workers)
        assert pids(notes) <= started


def processes_of_this():
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(c) for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()}


def test_one_worker_is_this_process(store, notes):
    with Workers(1) as workers:
        workers.warm_up(["json"])
        run_tasks(batch("a", notes), store, workers=workers)
    assert pids(notes) == {os.getpid()}


def whose(number: int) -> tuple[int, int]:
    """Return a number and its process, which is killed at the third one unless it is the test's."""
    if number == 2 and multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return number, os.getpid()


@pytest.mark.parametrize("count", [1, 2])
def test_a_map_keeps_the_order_and_does_itself_what_a_dying_process_leaves(count):
    with Workers(count) as workers:
        assert workers.several == (count > 1)
        found = workers.map(whose, range(6))
    assert [number for number, _ in found] == list(range(6))
    mine = {number for number, pid in found if pid == os.getpid()}
    assert mine == (set(range(6)) if count == 1 else {2})
