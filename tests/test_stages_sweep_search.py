"""Asking and telling Optuna: each trial counts once, whatever happens to the processes."""

import math
from collections import Counter

import optuna
import pytest

from hybridrep.stages.sweep_attempts import OWNER
from hybridrep.stages.sweep_search import Rules, Search
from hybridrep.stages.sweep_space import Space
from hybridrep.stages.sweep_storage import open_storage, open_study, quiet

SPACE = Space((8, 16), (10, 30), (0.001, 0.001), ("relu",), ("convolutional",))
CONTINUOUS = Space((8, 16), (1, 40), (1e-4, 1e-2), ("relu", "tanh"), ("convolutional",))
ALIVE, DEAD = {"pid": "1"}, {"pid": "2"}


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "sweep.journal"


def search(journal, sampler="grid", trials=6, space=SPACE, owner=ALIVE, objectives=("t",)):
    """A search in a storage of its own, as another process opens it."""
    storage = open_storage(str(journal), journal)
    study = open_study(storage, "sweep", {"space": "s"}, len(objectives))
    rules = Rules(sampler, trials, objectives)
    return Search("bert_to_lstm", study, space, rules, owner, lambda one: one == DEAD)


def value(point) -> float:
    return point.bottleneck / 16 - abs(point.epochs - 25) / 100 - abs(math.log(point.learning_rate))


def finish(searching, asked) -> None:
    for each in asked:
        searching.complete(each, {"t": value(each.point), "d": -value(each.point)})


def work(searching, batch=3) -> None:
    searching.resume()
    while asked := searching.ask(batch):
        finish(searching, asked)


def table(searching) -> list:
    return [(a.key, a.state, a.point, a.measures) for a in searching.attempts()]


def test_a_grid_runs_each_point_once(journal):
    searching = search(journal)
    work(searching)
    points = [attempt.point for attempt in searching.attempts()]
    assert Counter((p.bottleneck, p.epochs) for p in points) == {
        (size, epochs): 1 for size in (8, 16) for epochs in (10, 20, 30)
    }
    assert len(searching.study.trials) == 6
    work(search(journal))
    assert len(searching.study.trials) == 6


@pytest.mark.parametrize(("sampler", "space"), [("grid", SPACE), ("tpe", CONTINUOUS)])
@pytest.mark.parametrize("killed_after", [0, 1, 3])
def test_a_killed_search_goes_on_to_the_same_table(tmp_path, sampler, space, killed_after):
    """The process dies with some trials of a batch told and the others at work."""
    whole = search(tmp_path / "whole", sampler, 12, space)
    work(whole, batch=4)

    dying = search(tmp_path / "killed", sampler, 12, space, owner=DEAD)
    dying.resume()
    finish(dying, dying.ask(4))
    finish(dying, dying.ask(4)[:killed_after])
    survivor = search(tmp_path / "killed", sampler, 12, space)
    work(survivor, batch=4)

    places = [(place, *row[1:]) for place, row in enumerate(table(survivor))]
    assert places == [(place, *row[1:]) for place, row in enumerate(table(whole))]
    states = Counter(trial.state.name for trial in survivor.study.trials)
    lost = max(0, min(4, survivor.wanted - 4) - killed_after)
    assert states["FAIL"] == lost
    assert states["COMPLETE"] == survivor.wanted


def test_tpe_differs_from_trial_to_trial_and_is_the_same_in_every_run(tmp_path):
    first, second = (search(tmp_path / name, "tpe", 15, CONTINUOUS) for name in "ab")
    work(first)
    work(second)
    assert table(first) == table(second)
    assert len({row[2].learning_rate for row in table(first)}) == 15


def test_tpe_learns(journal):
    space = Space((8, 16), (1, 1), (1e-6, 1.0), ("relu",), ("convolutional",))
    searching = search(journal, "tpe", 80, space)
    searching.resume()
    while asked := searching.ask(2):
        for each in asked:
            score = -abs(math.log10(each.point.learning_rate) + 3)
            searching.complete(each, {"t": score})
    rates = [abs(math.log10(a.point.learning_rate) + 3) for a in searching.attempts()]
    assert sum(rates[-12:]) < 0.5 * sum(rates[:12])


def test_more_trials_continue_and_the_space_bounds_them(journal):
    work(search(journal, "tpe", 5, CONTINUOUS))
    more = search(journal, "tpe", 9, CONTINUOUS)
    work(more)
    assert len(more.study.trials) == 9
    small = Space((8,), (1, 2), (0.001, 0.001), ("relu",), ("convolutional",))
    assert search(journal, "tpe", 9, small).wanted == 2


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


def test_a_grid_never_chooses_at_random(journal):
    searching = search(journal)
    work(searching)
    assert searching._ask_one(6) is None
    assert len(searching.attempts()) == 6


def test_a_failed_trial_is_tried_again_by_the_next_run_only(journal):
    searching = search(journal)
    searching.resume()
    bad, *good = searching.ask(6)
    finish(searching, good)
    searching.release(bad)
    assert searching.ask(6) == []
    assert [a.state for a in searching.attempts()].count("FAIL") == 1
    again = search(journal)
    again.resume()
    (retried,) = again.ask(6)
    assert (retried.key, retried.point) == (bad.key, bad.point)
    finish(again, [retried])
    assert {a.state for a in again.attempts()} == {"COMPLETE"}


def test_a_settled_trial_is_not_released(journal):
    searching = search(journal)
    searching.resume()
    (asked,) = searching.ask(1)
    finish(searching, [asked])
    searching.release(asked)
    assert searching.study.trials[asked.trial.number].state.name == "COMPLETE"


def test_a_trial_of_a_process_that_died_while_asking_is_found(journal, monkeypatch):
    dying = search(journal, owner=DEAD)
    dying.resume()
    with quiet():
        dying.study.ask()  # killed before it could leave its name
    survivor = search(journal)
    survivor.resume()
    finish(survivor, survivor.ask(6))
    assert survivor.pending()
    assert all(
        OWNER not in t.user_attrs for t in survivor.study.trials if t.state.name == "RUNNING"
    )
    monkeypatch.setattr("hybridrep.stages.sweep_search.ORPHAN_SECONDS", 0)
    survivor.reclaim()
    finish(survivor, survivor.ask(6))
    assert [a.state for a in survivor.attempts()] == ["COMPLETE"] * 6


def test_a_diverged_trial_is_over_and_optuna_knows_it_as_infeasible(journal):
    space = Space((8,), (1, 1), (1e-6, 1.0), ("relu",), ("convolutional",))
    searching = search(journal, "tpe", 40, space)
    searching.resume()
    while asked := searching.ask(2):
        for each in asked:
            if each.point.learning_rate > 1e-3:
                searching.void(each, "diverged")
            else:
                searching.complete(each, {"t": 0.1})
    attempts = searching.attempts()
    void = [a.state == "VOID" for a in attempts]
    assert {a.note for a in attempts if a.state == "VOID"} == {"diverged"}
    assert all(a.is_final for a in attempts)
    assert any(void)
    known = [trial.constraints == {"diverged": 1.0} for trial in searching.study.trials]
    assert known == void
    again = search(journal, "tpe", 40, space)
    again.resume()
    assert again.ask(2) == []


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
    monkeypatch.setattr("hybridrep.stages.sweep_search.ORPHAN_SECONDS", 0)
    assert again.is_abandoned(attempts[-1])  # over for long, and on no known machine


def test_two_objectives_are_kept_in_order(journal):
    searching = search(journal, "tpe", 8, CONTINUOUS, objectives=("t", "d"))
    work(searching)
    for trial in searching.study.trials:
        assert trial.values[0] == -trial.values[1]
    assert searching.study.best_trials


def test_a_trial_that_falls_behind_is_pruned_and_stays_so(journal):
    searching = search(journal, "tpe", 12, CONTINUOUS)
    searching.resume()
    pruned = []
    number = 0
    while asked := searching.ask(1):
        (each,) = asked
        number += 1
        level = 0.5 if number <= 6 else 0.1
        searching.report(each, 10, level)
        if searching.prune(each, {"t": level, "epoch": 10}):
            pruned.append(each.key)
        else:
            searching.complete(each, {"t": level})
    assert pruned == list(range(6, 12))
    assert [a.key for a in searching.attempts() if a.state == "PRUNED"] == pruned
    assert searching.attempts()[-1].measures == {"t": 0.1, "epoch": 10}


def test_optunas_log_stays_quiet(journal, caplog):
    work(search(journal))
    assert not [r for r in caplog.records if r.name.startswith("optuna") and r.levelname == "INFO"]
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


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
    assert {one.point.bottleneck, two.point.bottleneck} == {8, 16}
    assert (one.point.epochs, two.point.epochs) == (30, 30)


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
