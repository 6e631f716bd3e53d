from dataclasses import replace

import pytest

from hybridrep.execution.planning import plan, wall_seconds
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import joined
from hybridrep.testing.execution_tasks import key, task, write


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_nothing_stored(store):
    tasks = [
        task("a", stage="lstm", seconds=10.0),
        task("b", stage="rsa", seconds=2.0, needs=("a",), units=7, noun="items"),
        task("c", stage="lstm", seconds=20.0),
    ]
    table = plan(tasks, store).set_index("stage")
    assert list(table.index) == ["lstm", "rsa"]
    assert table.loc["lstm"].to_dict() == {
        "noun": "seeds",
        "units": 2,
        "units_reused": 0,
        "tasks": 2,
        "tasks_to_run": 2,
        "seconds": 30.0,
        "basis": "estimated",
    }
    assert table.loc["rsa", "units"] == 7
    assert table.loc["rsa", "noun"] == "items"
    assert not store.root.exists(), "planning writes nothing"


def test_parts_of_tasks_are_reused(store):
    write(store, key("x"))
    tasks = [task("a", produces=("x", "y"), units=50, seconds=8.0), task("b", produces=("x2",))]
    row = plan(tasks, store).iloc[0]
    assert (row["units"], row["units_reused"], row["tasks_to_run"]) == (51, 25, 2)
    write(store, key("y"))
    write(store, key("x2"))
    row = plan(tasks, store).iloc[0]
    assert (row["units_reused"], row["tasks_to_run"], row["seconds"]) == (51, 0, 0)


def test_estimates_are_corrected_by_what_was_measured(store):
    for n, seconds in enumerate([20.0, 30.0, 1000.0]):  # median: three times the estimate
        write(Store(store.root, expected_seconds=10.0), key(f"{n}"), seconds=seconds)
    row = plan([task("a", produces=("x", "y"), seconds=8.0)], store).iloc[0]
    assert (row["seconds"], row["basis"]) == (24.0, "measured")


def test_each_kind_of_a_stage_is_corrected_by_its_own_results(store):
    quick, slow = Store(store.root, expected_seconds=1.0), Store(store.root, expected_seconds=60.0)
    for n in range(9):
        write(quick, key(f"{n}"), seconds=0.5)
    for n in range(3):
        write(slow, key(f"slow {n}"), seconds=90.0)
    kinds = [task("a", seconds=1.1), task("b", seconds=55.0), task("c", seconds=600.0)]
    each = [plan([kind], store).iloc[0]["seconds"] for kind in kinds]
    assert each == pytest.approx([0.55, 82.5, 900.0])
    assert plan(kinds, store).iloc[0]["seconds"] == pytest.approx(sum(each))


def test_without_estimates_the_median_time_of_a_result_counts(store):
    for n, seconds in enumerate([2.0, 3.0, 100.0]):
        write(store, key(f"{n}"), seconds=seconds)
    row = plan([task("a", produces=("x", "y"))], store).iloc[0]
    assert (row["seconds"], row["basis"]) == (6.0, "measured")
    assert plan([task("b", stage="new")], store).iloc[0]["basis"] == "estimated"


def test_no_tasks(store):
    assert plan([], store).empty
    assert wall_seconds([], store, 2) == 0


def test_wall_time_plays_the_run_through(store):
    tasks = [
        task("a", seconds=10.0),
        task("b", seconds=4.0),
        task("c", seconds=4.0),
        task("d", seconds=5.0, needs=("a", "c")),
    ]
    assert wall_seconds(tasks, store, 1) == 23
    assert wall_seconds(tasks, store, 2) == 15  # b and c beside a, then d
    assert wall_seconds(tasks, store, 9) == 15
    write(store, key("a"), seconds=0)
    assert wall_seconds(tasks, store, 2) == 9


def test_wall_time_knows_that_stacks_are_parted(store):
    parts = [task(f"a{n}", seconds=2.0, payload=(n,)) for n in range(5)]
    whole = replace(joined(parts), label="whole")
    assert wall_seconds([whole], store, 1) == 10
    assert wall_seconds([whole], store, 2) == 6
    assert wall_seconds([whole], store, 5) == 2
    assert wall_seconds([task("b", seconds=10.0), whole], store, 2) == 10
