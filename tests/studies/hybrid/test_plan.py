"""What `plan` says: what is left, what is reused, how long it takes, each cut off nowhere."""

import pytest

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.invocation import print_plan
from hybridrep.studies.hybrid.config import Config
from hybridrep.testing import execution_tasks as functions
from hybridrep.testing.execution_tasks import key, task


def planned(store: Store, capsys: pytest.CaptureFixture, **given: str) -> str:
    tasks = [
        task("one", stage="linear_baseline", units=1200, seconds=40.0, noun="autoencoders"),
        task("two", stage="linear_baseline", units=1200, seconds=40.0, noun="autoencoders"),
        task("after", needs=("one",), seconds=30.0, noun="seeds"),
    ]
    config: Config = resolve(given, Config)
    print_plan(tasks, store, config)
    return " ".join(capsys.readouterr().out.split())


def test_what_is_left_and_what_is_reused(tmp_path, capsys):
    store = Store(tmp_path)
    functions.write(store, key("one"))
    shown = planned(store, capsys, workers="1")
    assert "linear_baseline 1,200 autoencoders 1,200 40 s" in shown
    assert "About 70 s on 1 worker," in shown


def test_workers_share_the_work(tmp_path, capsys):
    assert "About 70 s on 2 workers," in planned(Store(tmp_path), capsys, workers="2")


def test_a_cluster_is_not_timed_by_this_machine(tmp_path, capsys):
    shown = planned(Store(tmp_path), capsys, cluster="tcp://127.0.0.1:1")
    assert "shared by the cluster's workers" in shown


def test_nothing_left_says_so(tmp_path, capsys):
    store = Store(tmp_path)
    for name in ("one", "two", "after"):
        functions.write(store, key(name))
    assert "All of it is finished" in planned(store, capsys)
