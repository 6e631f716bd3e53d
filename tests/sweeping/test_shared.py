"""Several processes search in one storage: no trial is lost, none counts twice."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from hybridrep.sweeping.run import Clock, SweepRun
from hybridrep.sweeping.search import Search
from hybridrep.testing.sweep_searches import CONTINUOUS, DEAD, finish, search, work


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "sweep.journal"


def test_a_living_process_keeps_its_trials(journal):
    first = search(journal)
    first.resume()
    taken = first.ask(2)
    second = search(journal, owner={"pid": "3"})
    work(second)
    assert second.pending()
    second.reclaim()
    assert len(second.study.trials) == 6
    finish(first, taken)
    assert not second.pending()
    assert {a.state for a in second.attempts()} == {"COMPLETE"}


def test_two_processes_at_once_stay_within_the_number_of_trials(journal):
    first, second = search(journal, "tpe", 5), search(journal, "tpe", 5, owner={"pid": "3"})
    for each in (first, second):
        each.resume()
    one, two = [], []
    for _ in range(4):
        one += first.ask(1)
        two += second.ask(1)
    assert len(one) + len(two) == 5
    # both saw a free place, one was too late
    late = search(journal, "tpe", 5, owner={"pid": "4"})
    assert late._ask_one(5) is None
    finish(first, one)
    finish(second, two)
    assert [a.state for a in first.attempts()] == ["COMPLETE"] * 5


def test_each_process_knows_which_trials_are_its_own_to_log(journal, monkeypatch):
    mine, dead = search(journal), search(journal, owner=DEAD)
    other = search(journal, owner={"pid": "3"})
    mine.resume()
    for each in (mine, dead, other):
        finish(each, each.ask(2))
    again = search(journal)
    attempts = sorted(again.attempts(), key=lambda attempt: attempt.number)
    assert [again.is_mine(a) for a in attempts] == [True, True] + [False] * 4
    assert [again.is_abandoned(a) for a in attempts[2:]] == [True, True, False, False]
    with monkeypatch.context() as patch:  # on a machine whose clock shows another hour
        patch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        assert [again.is_abandoned(a) for a in attempts[2:]] == [True, True, False, False]
    time.tzset()
    monkeypatch.setattr("hybridrep.sweeping.search.ORPHAN_SECONDS", 0)
    assert again.is_abandoned(attempts[-1])  # over for long, and on no known machine


def test_processes_that_start_a_grid_at_the_same_time_run_each_point_once(journal, monkeypatch):
    first, second = search(journal), search(journal, owner={"pid": "3"})
    with monkeypatch.context() as patch:  # neither has seen what the other enqueued
        patch.setattr(Search, "attempts", lambda _: [])
        first.resume()
        second.resume()
    assert len(first.study.trials) == 12
    taken = []
    while more := [*first.ask(1), *second.ask(1)]:
        taken += more
        finish(first, more)
    assert sorted(each.key for each in taken) == list(range(6))
    assert [a.state for a in second.attempts()] == ["COMPLETE"] * 6


def test_processes_that_share_a_grid_begin_with_different_trainings(journal):
    first, second = search(journal), search(journal, owner={"pid": "3"})
    for each in (first, second):
        each.resume()
    (one,), (two,) = first.ask(1), second.ask(1)
    assert {one.point["size"], two.point["size"]} == {8, 16}
    assert (one.point["epochs"], two.point["epochs"]) == (30, 30)


@pytest.mark.parametrize(
    "settle",
    [
        lambda one, asked: one.complete(asked, {"t": 1.0}),
        lambda one, asked: one.void(asked, "diverged"),
        lambda one, asked: one.report(asked, 10, 1.0),
        lambda one, asked: one.release(asked),
    ],
)
def test_a_process_that_was_given_up_goes_on_when_it_comes_back(journal, settle):
    silent = search(journal, "tpe", 3, CONTINUOUS, owner=DEAD)
    silent.resume()
    (asked,) = silent.ask(1)
    other = search(journal, "tpe", 3, CONTINUOUS)
    other.resume()  # takes it for dead
    settle(silent, asked)
    assert asked.settled
    assert not silent.prune(asked, {})
    (again,) = other.ask(1)
    assert (again.key, again.point) == (asked.key, asked.point)
    work(silent)
    finish(other, [again])
    assert [a.state for a in other.attempts()] == ["COMPLETE"] * 3


class Stored:
    """Trainings that are all there, so that trials only read their values."""

    rungs = (30,)

    def of(self, part, *_):
        return part

    def nodes(self, _training):
        return [SimpleNamespace(key="key")]

    def is_stored(self, _training):
        return True

    def at_epoch(self, _training, epoch):
        return {"t": 1.0, "epoch": epoch}

    def undefined(self, _training, _epoch):
        return ""


@pytest.mark.parametrize(("shared", "taken"), [(True, 2), (False, 6)])
def test_of_a_shared_grid_a_process_takes_a_batch_at_a_time(journal, shared, taken):
    searching = search(journal)
    over = []

    def log(one: Search) -> None:
        over.append(sum(t.state.name not in ("WAITING", "COMPLETE") for t in one.study.trials))

    SweepRun(
        [searching], searching.study._storage, Stored(), None, batch=2, timeout=0, shared=shared,
        log_own=log, log_left=lambda _: None, clock=Clock(),
    ).work()  # fmt: skip
    assert max(over) + 1 == taken  # those at work when the first is over, and this one
    assert [a.state for a in searching.attempts()] == ["COMPLETE"] * 6
