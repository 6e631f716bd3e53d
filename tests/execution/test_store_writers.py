"""Several writers of one result, and writers that are stopped or killed."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from hybridrep.execution import disk
from hybridrep.execution.store import Store
from hybridrep.testing.execution_stores import fill, left_behind
from hybridrep.testing.execution_tasks import key


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_the_second_writer_loses_quietly(store):
    fill(store, "x", seconds=1.0)
    fill(store, "x", seconds=2.0)
    assert store.open(key("x")).seconds == 1.0


def test_writers_at_the_same_moment(store, monkeypatch):
    """All see the result missing, then all write it: one wins, none fails, it is whole."""
    count = 8
    together = threading.Barrier(count)
    real = disk.write_folder

    def write_folder(*args):
        together.wait()
        return real(*args)

    monkeypatch.setattr(disk, "write_folder", write_folder)
    errors = []

    def work(number):
        try:
            fill(store, "x", arrays={"states": {"n": np.full(1000, number)}})
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert errors == []
    assert len(set(store.open(key("x")).arrays("states")["n"])) == 1
    assert left_behind(store) == []


def test_interrupted_writes_leave_nothing(store, monkeypatch):
    def interrupt(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(disk.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fill(store, "x")
    assert not store.has(key("x"))
    assert left_behind(store) == []


WRITER = """
import sys
import numpy as np
from hybridrep.execution.store import Store
from hybridrep.testing.execution_tasks import key
store = Store(sys.argv[1])
print("ready", flush=True)
for n in range(10_000):
    arrays = {str(a): {"x": np.full(200_000, n)} for a in range(4)}
    store.write(key(f"{n}"), stage="lstm", inputs={}, arrays=arrays, seconds=1)
"""


@pytest.mark.slow
def test_kill_9_while_writing_leaves_whole_results_or_none(store):
    generator = np.random.default_rng(0)
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.root)], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(generator.uniform(0.05, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    found = [f for f in store.root.glob("lstm/*/*") if f.is_dir()]
    assert found
    for folder in found:
        assert store.has(folder.name)
    assert not (store.root / ".quarantine").exists(), "nothing half-written may appear"
    store.sweep()
    assert left_behind(store) == []
