"""What a stage declares: keys, what is read, tasks; and that what is made is filed as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hybridrep.execution.store import Store
from hybridrep.running import stage as stages
from hybridrep.running import work
from hybridrep.running.stage import Made, Node, Reader, Stage, tasks_of

FIRST = Stage("first", module=__name__, noun="numbers")
SECOND = Stage("second", module=__name__, noun="sums", entry="first", title="second one")


@dataclass(frozen=True)
class Settings:
    size: int
    name: str = "x"


def number(read: Reader, value: int) -> Made:
    return Made(meta={"value": value})


def total(read: Reader, factor: int) -> Made:
    values = [read.store.open(key).meta["value"] for key in read.keys["numbers"]]
    return Made(meta={"value": factor * sum(values)})


def squares(stack):
    for _, value in stack:
        if value < 0:
            raise ValueError("negative")
        yield Made(meta={"value": value**2})


def undeclared(read: Reader) -> Made:
    return Made(meta={"value": read["numbers"].meta})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def run(store: Store, nodes: list[Node]) -> None:
    for task in tasks_of(nodes):
        task.function(store, task.payload, task.produces)


def test_a_key_follows_from_code_arguments_and_needs(monkeypatch):
    one, other = FIRST.node(number, 1), FIRST.node(number, 2)
    keys = {
        "plain": FIRST.key(1),
        "argument": FIRST.key(2),
        "type": FIRST.key(1.0),
        "fields": FIRST.key(Settings(1)),
        "other fields": FIRST.key(Settings(2)),
        "stage": SECOND.key(1),
        "needs": FIRST.key(1, numbers=one),
        "other needs": FIRST.key(1, numbers=other),
        "both": FIRST.key(1, numbers=[one, other]),
        "order": FIRST.key(1, numbers=[other, one]),
        "name": FIRST.key(1, others=[one, other]),
    }
    monkeypatch.setattr(stages, "code_version", lambda name: f"changed {name}")
    keys["code"] = FIRST.key(1)
    assert len(set(keys.values())) == len(keys)
    assert one.key == keys["plain"]


def test_what_stands_beside_a_key_does_not_change_it():
    one = FIRST.node(number, 1)
    plain = SECOND.node(total, 2, numbers=one)
    told = SECOND.node(
        total, 2, numbers=one, reads={"more": "a" * 64}, name="x", seed=3, stack="s", units=5,
        seconds=7.0, about={"seed": 3},
    )  # fmt: skip
    assert told.key == plain.key
    assert plain.needed == (one.key,)
    assert told.needed == (one.key, "a" * 64)  # read all the same, so it must be there first
    assert told.needed_nodes == (one,)


def test_an_argument_without_a_plain_form_is_refused():
    with pytest.raises(TypeError):
        FIRST.key(object())


def test_an_object_with_a_fingerprint_counts_by_that_alone():
    @dataclass(frozen=True)
    class Source:
        place: str
        fingerprint: str

    assert FIRST.key(Source("here", "f")) == FIRST.key(Source("there", "f"))
    assert FIRST.key(Source("here", "f")) != FIRST.key(Source("here", "g"))


def test_tasks_make_what_they_declare_in_any_process(store):
    import pickle

    numbers = [FIRST.node(number, value, seed=value) for value in (3, 4)]
    (task,) = tasks_of([SECOND.node(total, 2, numbers=numbers, name="b8", seed=1, seconds=2.0)])
    run(store, numbers)
    task = pickle.loads(pickle.dumps(task))
    assert (task.label, task.noun, task.seconds) == ("second one b8 seed 1", "sums", 2.0)
    assert task.needs == tuple(node.key for node in numbers)
    task.function(store, task.payload, task.produces)
    stored = store.open(task.produces[0])
    assert (stored.stage, stored.meta, stored.inputs) == ("second", {"value": 14}, {"seed": 1})
    assert set(stored.code) == {__name__}


def test_a_stage_reads_nothing_that_it_does_not_declare(store):
    with pytest.raises(KeyError, match="numbers"):
        run(store, [FIRST.node(undeclared)])


def test_a_stack_is_one_task_that_makes_what_is_missing(store, monkeypatch):
    nodes = [FIRST.node(squares, n, name=f"b{n % 2}", seed=n, stack="s") for n in (2, 3, 4)]
    nodes.append(FIRST.node(squares, 9, seed=9, stack="other"))
    first, second = tasks_of(nodes)
    assert first.label == "first b0; b1, seeds 2,3,4"
    assert second.produces == (nodes[3].key,)
    given = []
    call = stages.Call.reading
    monkeypatch.setattr(
        stages.Call,
        "reading",
        lambda self, store: given.append(self.arguments) or call(self, store),
    )
    first.function(store, first.payload, first.produces[1:])
    assert given == [(3,), (4,)]
    assert not store.has(nodes[0].key)
    assert [store.open(node.key).meta["value"] for node in nodes[1:3]] == [9, 16]


def test_what_a_stack_made_before_it_failed_is_filed(store):
    nodes = [FIRST.node(squares, n, seed=n, stack="s") for n in (2, -1)]
    with pytest.raises(ValueError, match="negative"):
        run(store, nodes)
    assert [store.has(node.key) for node in nodes] == [True, False]


def test_a_function_that_yields_too_few_results_is_refused(store):
    nodes = [FIRST.node(lambda stack: iter(()), n, seed=n, stack="s") for n in (1, 2)]
    with pytest.raises(ValueError, match="zip"):
        stages.make_stack(store, tuple(n.call for n in nodes), tuple(n.key for n in nodes))


def test_equal_results_are_made_once(store):
    assert len(tasks_of([FIRST.node(number, 1, name="a"), FIRST.node(number, 1, name="b")])) == 1


def test_what_is_kept_in_the_parent_is_made_once(store):
    made = []

    def make() -> Made:
        made.append(1)
        return Made(meta={"value": 5})

    for _ in range(2):
        assert FIRST.keep(store, FIRST.key("x"), make, {}).meta == {"value": 5}
    assert made == [1]


def test_missing_results_come_with_all_that_they_lack(store):
    numbers = [FIRST.node(number, value) for value in (1, 2, 3)]
    sums = [SECOND.node(total, factor, numbers=numbers) for factor in (1, 2)]
    last = SECOND.node(total, 5, numbers=sums[0])
    run(store, numbers[:1])
    tasks = work.missing_tasks([[last]], store)
    made = [key for task in tasks for key in task.produces]
    assert set(made[:2]) == {numbers[1].key, numbers[2].key}
    assert made[2:] == [sums[0].key, last.key]
    for task in tasks:
        task.function(store, task.payload, task.produces)
    assert store.open(last.key).meta["value"] == 30
    assert work.missing_tasks([[last]], store) == []


def test_of_many_tasks_those_that_a_result_needs_are_kept():
    numbers = [FIRST.node(number, value) for value in (1, 2, 3)]
    middle = SECOND.node(total, 1, numbers=numbers[:2])
    tasks = tasks_of([*numbers, middle])
    kept = work.needed_tasks(tasks, {middle.key})
    assert [task.produces[0] for task in kept] == [numbers[0].key, numbers[1].key, middle.key]
