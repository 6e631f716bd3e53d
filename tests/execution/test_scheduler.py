"""Running tasks, in this process and in local worker processes alike."""

import itertools
import os
import re
import time

import pytest

from hybridrep.errors import StoreError
from hybridrep.execution import local, workers
from hybridrep.execution.progress import Progress
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task, value


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
def test_faults_stay_where_they_are(store, workers, caplog):
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
    assert re.match(  # the last line of the package that it passed
        r"ZeroDivisionError in hybridrep/testing/execution_tasks\.py, line \d+ \(its message",
        by_label["bad"].reason,
    )
    assert "execution_tasks.py" in by_label["bad"].details
    assert "ZeroDivisionError: on purpose" in caplog.text
    assert by_label["after bad"].skipped
    assert "ZeroDivisionError" in by_label["after bad"].reason
    assert not [f for f in outcome.failures if "on purpose" in f.reason]
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
    clocks = Progress()
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
    assert [f.details for f in outcome.failures] == [""] * len(outcome.failures)


def test_progress_adds_up(store):
    functions.write(store, key("x"))
    clocks = Progress()
    tasks = [
        task("both", produces=("x", "y"), units=10, stage="one"),
        task("bad", functions.fail, units=3, stage="two"),
        task("after", needs=("bad",), units=4, stage="two"),
    ]
    run_tasks(tasks, store, workers=1, progress=clocks)
    one, two = clocks.clocks["one"], clocks.clocks["two"]
    assert (one.total.done, one.total.total, one.made, one.failed) == (5, 10, 5, 0)
    assert (two.total.done, two.total.total, two.made, two.failed) == (0, 7, 0, 7)


def wait_then_write(store, _payload, missing):
    time.sleep(0.5)
    for each in missing:
        functions.write(store, each)


def test_while_another_stage_works_the_clock_of_a_stage_stands(store):
    clocks = Progress()
    tasks = [
        task("a", stage="one"),
        task("slow", wait_then_write, needs=("a",), stage="two"),
        task("b", needs=("slow",), stage="one"),
    ]
    run_tasks(tasks, store, workers=1, progress=clocks)
    one, two = clocks.clocks["one"], clocks.clocks["two"]
    assert two.seconds > 0.4
    assert one.started is not None
    assert one.seconds < time.monotonic() - one.started - 0.4


def test_stored_results_know_their_estimates(store):
    run_tasks([task("both", produces=("x", "y"), seconds=8.0)], store, workers=1)
    assert store.open(key("x")).expected_seconds == 4.0


def test_left_over_temporary_folders_are_swept(store):
    folder = store.temporary / "elsewhere.1.aa"
    folder.mkdir(parents=True)
    os.utime(folder, (1, 1))
    run_tasks([task("a")], store, workers=1)
    assert list(store.temporary.iterdir()) == []
