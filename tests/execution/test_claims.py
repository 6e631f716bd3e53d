"""Two processes on one store: each result is made once, and none is lost with its maker."""

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from hybridrep.execution.claims import Claims
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task

OTHER = """
import sys
from pathlib import Path
from hybridrep.execution.claims import Claims
from hybridrep.execution.store import Store
from hybridrep.testing.execution_tasks import key, write
root = Path(sys.argv[1])
assert Claims(root).take([key(name) for name in sys.argv[2:]])
print("claimed", flush=True)
if sys.stdin.readline().strip() == "write":
    for name in sys.argv[2:]:
        write(Store(root), key(name), 7.0)
"""


@contextmanager
def other(root, *names):
    """Another process that has claimed some keys."""
    command = [sys.executable, "-c", OTHER, str(root), *names]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"claimed\n"
        yield process
        if process.poll() is None:
            process.kill()


def test_what_another_process_has_claimed_cannot_be_taken_until_it_ends(tmp_path):
    mine = Claims(tmp_path)
    a, b, c = map(key, "abc")
    with other(tmp_path, "a", "b") as process:
        assert not mine.take([a])
        assert not mine.take([c, b])
        assert mine.holder([c, b]) == process.pid
        assert mine.take([c])  # what could not be taken as a whole is not kept in part
        process.kill()
        process.wait()
        with mine.held([a, b]):
            assert mine.take([a, c])  # never in its own way
    mine.give_back([c])


def test_a_place_where_nothing_can_be_locked_claims_nothing(tmp_path):
    (tmp_path / "file").write_text("x")
    claims = Claims(tmp_path / "file" / "store")
    assert claims.take([key("a")])
    assert claims.holder([key("a")]) == 0
    claims.give_back([key("a")])


def test_the_second_waits_for_what_the_first_makes_and_goes_on_meanwhile(tmp_path, caplog):
    store, heard = Store(tmp_path / "store"), []
    store.root.mkdir()
    notes = tmp_path / "notes"
    notes.mkdir()
    tasks = [
        task("a", functions.note, payload=notes),
        task("b", functions.note, payload=notes),
        task("c", functions.note, needs=("a",), payload=notes),
    ]
    with other(store.root, "a") as process:

        def on_stored(keys: frozenset[str]) -> None:
            heard.append(keys)
            if key("b") in keys and process.poll() is None and not process.stdin.closed:
                process.stdin.write(b"write\n")
                process.stdin.close()

        outcome = run_tasks(tasks, store, workers=1, on_stored=on_stored)
    assert outcome.failures == ()
    assert outcome.stored == {key(name) for name in "abc"}
    made = {path.name[:12] for path in notes.iterdir()}
    assert made == {key("b")[:12], key("c")[:12]}
    assert functions.value(store, "a") == 7.0
    assert f"a is being made by process {process.pid}: its result is waited for" in caplog.text
    assert heard[-1] >= outcome.stored


def test_what_a_killed_process_has_claimed_is_made_here(tmp_path):
    store = Store(tmp_path)
    with other(tmp_path, "a") as process:
        began = time.monotonic()

        def on_stored(keys: frozenset[str]) -> None:
            process.kill()

        outcome = run_tasks([task("a", payload=3)], store, workers=1, on_stored=on_stored)
        assert time.monotonic() - began < 30
    assert outcome.failures == ()
    assert functions.value(store, "a") == 3.0


def test_an_interrupted_run_leaves_its_claims_to_others(tmp_path):
    store = Store(tmp_path)

    def stop(keys: frozenset[str]) -> None:
        if keys:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks([task("a"), task("b")], store, workers=1, on_stored=stop)
    with other(tmp_path, "a", "b"):
        assert not Claims(tmp_path).take([key("a")])
