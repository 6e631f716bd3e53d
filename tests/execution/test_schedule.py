import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridrep.execution.schedule import RETRIES, Schedule
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
