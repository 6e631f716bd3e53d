from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridrep.execution.schedule import RETRIES, Schedule
from hybridrep.execution.tasks import joined
from hybridrep.testing.execution_tasks import key, task


def schedule(*tasks, stored=()):
    return Schedule(tasks, {key(name) for name in stored}.__contains__)


def ready(s):
    return [t.label for t in s.ready()]


def complete(s, t):
    s.start(t)
    s.add(t.produces)
    s.finish(t)


def test_tasks_wait_for_what_they_need_in_the_order_of_the_list():
    b, c, a = task("b", needs=("a",)), task("c"), task("a")
    s = schedule(b, c, a)
    assert ready(s) == ["c", "a"]
    complete(s, a)
    assert ready(s) == ["b", "c"]
    complete(s, b)
    complete(s, c)
    assert not s.unfinished()
    assert s.outcome().stored == {key("a"), key("b"), key("c")}
    assert s.outcome().failed == {}


def test_what_is_stored_is_not_made_again():
    both = task("both", produces=("x", "y"))
    s = schedule(task("a"), both, stored=["a", "x", "unrelated"])
    assert ready(s) == ["both"]
    assert s.missing(both) == (key("y"),)
    assert s.outcome().reused == {key("a"), key("x")}


def test_needs_are_by_result_not_by_task():
    """A result that its task has stored early lets others start while the task runs on."""
    both = task("both", produces=("x", "y"))
    s = schedule(both, task("user", needs=("x",)))
    s.start(both)
    assert ready(s) == []
    s.add([key("x")])
    assert ready(s) == ["user"]


def test_a_failure_takes_along_only_what_needs_it():
    a = task("a")
    tasks = (a, task("b", needs=("a",)), task("c", needs=("b",)), task("d"))
    s = schedule(*tasks)
    s.start(a)
    s.fail(a, "too hot", "traceback")
    assert ready(s) == ["d"]
    first, second, third = s.outcome().failures
    assert (first.label, first.reason, first.details, first.skipped) == (
        "a",
        "too hot",
        "traceback",
        False,
    )
    assert (second.label, second.skipped, third.label, third.skipped) == ("b", True, "c", True)
    assert third.reason == "it needs a result of a, which failed: too hot"
    assert set(s.outcome().failed) == {key("a"), key("b"), key("c")}


def test_what_a_failing_task_had_stored_still_counts():
    both = task("both", produces=("x", "y"))
    s = schedule(both, task("first", needs=("x",)), task("second", needs=("y",)))
    s.start(both)
    s.add([key("x")])
    s.fail(both, "stopped half-way")
    assert ready(s) == ["first"]
    assert set(s.outcome().failed) == {key("y"), key("second")}


def test_a_need_that_nobody_makes():
    s = schedule(task("a", needs=("nothing",)), task("b", needs=("a",)))
    assert ready(s) == []
    assert not s.unfinished()
    assert all("no task makes" in f.reason for f in s.outcome().failures)
    assert len(s.outcome().failures) == 2


def test_tries_are_bounded():
    a = task("a")
    s = schedule(a)
    for _ in range(RETRIES):
        s.start(a)
        assert s.again(a, "killed")
    s.start(a)
    assert not s.again(a, "killed")
    assert s.outcome().failures[0].reason == f"given up after {RETRIES + 1} tries: killed"


def test_lost_results_are_made_again():
    a, b = task("a"), task("b", needs=("a",))
    s = schedule(a, b, stored=["a"])
    s.start(b)
    s.lose([key("a")], "damaged")
    s.again(b, "damaged")
    assert ready(s) == ["a"]
    complete(s, a)
    assert ready(s) == ["b"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ((task("a", produces=("x",)), task("b", produces=("x",))), "both produce"),
        ((task("a", produces=("x",)), task("a", produces=("y",))), "same label"),
        ((task("a", needs=("b",)), task("b", needs=("a",))), "wait for each other"),
        ((task("a", needs=("a",)),), "wait for each other"),
    ],
)
def test_impossible_lists_are_refused(tasks, message):
    with pytest.raises(ValueError, match=message):
        schedule(*tasks)


def test_functions_must_be_found_by_other_processes():
    with pytest.raises(ValueError, match="top of a module"):
        task("a", lambda *_: None)


@settings(deadline=None)
@given(
    st.integers(1, 8).flatmap(
        lambda n: st.lists(st.sets(st.integers(0, n - 1)), min_size=n, max_size=n)
    ),
    st.sets(st.integers(0, 7)),
    st.sets(st.integers(0, 7)),
    st.randoms(use_true_random=False),
)
def test_every_task_ends_and_none_starts_too_early(edges, failing, stored, random):
    """Against the definition: any graph, any failures, any order of ending."""
    tasks = [
        task(f"{n}", needs=tuple(f"{m}" for m in needs if m < n)) for n, needs in enumerate(edges)
    ]
    s = schedule(*tasks, stored=[f"{n}" for n in stored])
    have = {key(f"{n}") for n in stored}
    running, broken = [], set()
    while True:
        for t in list(s.ready()):
            assert have.issuperset(t.needs)
            assert not have.issuperset(t.produces)
            s.start(t)
            running.append(t)
        if not running:
            break
        t = running.pop(random.randrange(len(running)))
        if int(t.label) in failing:
            s.fail(t, "x")
            broken.add(t.label)
        else:
            s.add(t.produces)
            s.finish(t)
            have.update(t.produces)
    assert not s.unfinished()
    expected_missing = set()
    for n, t in enumerate(tasks):
        lost = any(needed in expected_missing for needed in t.needs)
        if n not in stored and (n in failing or lost):
            expected_missing.add(key(f"{n}"))
    assert set(s.outcome().failed) == expected_missing
    everything = {key(f"{n}") for n in range(len(tasks))}
    assert s.outcome().stored == everything - expected_missing


def stack(name, results=5, seconds=5.0, needs=None):
    """A task of several results that can be parted; `needs` by result."""
    each = needs or [()] * results
    parts = [
        task(f"{name}{n}", produces=(f"{name}{n}",), needs=each[n], seconds=seconds / results,
             payload=(n,))
        for n in range(results)
    ]  # fmt: skip
    return replace(joined(parts), label=name)


def start(s, slots, running=0.0):
    """Start what is offered until all slots are taken; return the results of each."""
    begun = []
    for offered in s.offers(slots, running):
        s.start(offered)
        begun.append(len(s.missing(offered)))
        if len(begun) == slots:
            break
    return begun


@pytest.mark.parametrize(
    ("slots", "tasks", "begun"),
    [
        (1, [stack("a")], [5]),
        (2, [stack("a")], [3, 2]),
        (3, [stack("a")], [2, 2, 1]),
        (2, [stack("a"), stack("b")], [5, 5]),
        (2, [stack("a", seconds=50), stack("b", seconds=10)], [3, 2]),
        (2, [task("x", seconds=5.0), stack("a")], [1, 5]),
        (9, [stack("a", 2)], [1, 1]),
        (2, [stack("a", seconds=0.5)], [5]),  # not worth it
        (2, [stack("a", seconds=0.0)], [5]),  # how long it takes is not known
        (2, [task("x", produces=tuple("xyz"), seconds=9.0)], [3]),  # it has no parts
    ],
)  # fmt: skip
def test_what_would_outlast_the_rest_is_parted(slots, tasks, begun):
    assert start(schedule(*tasks), slots) == begun


def test_work_that_runs_counts_as_time_in_which_the_rest_can_be_done():
    assert start(schedule(stack("a")), 2, running=1.0) == [3, 2]
    assert start(schedule(stack("a")), 2, running=5.0) == [5]


def test_of_a_waiting_task_the_parts_start_that_have_what_they_need():
    needs = [("x",), ("x",), ("y",)]
    s = schedule(task("y", seconds=4.0), stack("a", 3, 6.0, needs), stored=["x"])
    first, second = islice(s.offers(2, 0.0), 2)
    assert (first.label, second.label) == ("y", "a0 and 1 more")
    assert set(second.needs) == {key("x")}
    s.start(first)
    s.start(second)
    assert list(s.offers(1, 0.0)) == []
    complete(s, first)
    (third,) = s.offers(1, 0.0)
    assert (third.label, third.payload) == ("a2", (2,))


def test_parts_fail_and_are_made_again_by_themselves():
    s = schedule(stack("a"), task("user", needs=("a4",)))
    first, second = islice(s.offers(2, 0.0), 2)
    s.start(first)
    s.start(second)
    s.add(first.produces)
    s.finish(first)
    s.fail(second, "too hot")
    assert [f.label for f in s.outcome().failures] == ["a3 and 1 more", "user"]
    assert s.outcome().stored == set(first.produces)
    s.lose([key("a1")], "damaged")
    assert ready(s) == [first.label]
    assert s.missing(first) == (key("a1"),)


def test_a_failure_takes_along_only_the_parts_that_need_it():
    needs = [("x",), ("y",), ("z",)]
    x, y, z = (task(name, seconds=1.0) for name in "xyz")
    s = schedule(x, y, z, stack("a", 3, 0.3, needs), task("user", needs=("a1",)), task("all"))
    s.start(y)
    s.fail(y, "too hot")
    assert set(s.outcome().failed) == {key("y"), key("a1"), key("user")}
    complete(s, x)
    complete(s, z)
    (rest,) = (offered for offered in s.offers(1, 0.0) if offered.label != "all")
    assert (rest.label, rest.payload) == ("a0 and 1 more", (0, 2))
    complete(s, rest)
    assert {key("a0"), key("a2")} <= s.outcome().stored


def test_parts_that_are_stored_are_not_lost_with_what_they_needed():
    needs = [("x",), ("x",), ("y",)]
    s = schedule(task("x"), task("y"), stack("a", 3, 0.3, needs), stored=["a0", "a1"])
    s.start(s.tasks[0])
    s.fail(s.tasks[0], "too hot")
    assert set(s.outcome().failed) == {key("x")}
    complete(s, s.tasks[1])
    (rest,) = s.offers(1, 0.0)
    assert (rest.label, rest.payload) == ("a2", (2,))


def test_parts_that_need_what_nobody_makes_are_given_up_alone():
    s = schedule(stack("a", 3, 0.3, [(), ("nothing",), ()]))
    assert set(s.outcome().failed) == {key("a1")}
    assert start(s, 1) == [2]


def test_what_is_stored_of_a_task_is_no_part_to_make():
    s = schedule(stack("a", 4), stored=["a0", "a2"])
    assert start(s, 2) == [1, 1]


def test_parts_have_labels_of_their_own():
    with pytest.raises(ValueError, match="same label"):
        schedule(stack("a"), task("a3", produces=("other",)))
