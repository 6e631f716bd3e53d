"""Asking and telling Optuna: each trial counts once, whatever happens to the processes."""

import math
from collections import Counter

import optuna
import pytest

from hybridrep.sweeping.attempts import OWNER
from hybridrep.sweeping.storage import quiet
from hybridrep.testing.sweep_searches import (
    CONTINUOUS,
    DEAD,
    SPACE,
    finish,
    search,
    toy_space,
    value,
    work,
)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "sweep.journal"


def table(searching) -> list:
    return [(a.key, a.state, a.point, a.measures) for a in searching.attempts()]


def test_a_grid_runs_each_point_once(journal):
    searching = search(journal)
    work(searching)
    points = [attempt.point for attempt in searching.attempts()]
    assert Counter((p["size"], p["epochs"]) for p in points) == {
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
    assert len({row[2]["rate"] for row in table(first)}) == 15


def test_tpe_learns(journal):
    space = toy_space(epochs=(1, 1), rates=(1e-6, 1.0))
    searching = search(journal, "tpe", 80, space)
    searching.resume()
    while asked := searching.ask(2):
        for each in asked:
            score = -abs(math.log10(each.point["rate"]) + 3)
            searching.complete(each, {"t": score})
    rates = [abs(math.log10(a.point["rate"]) + 3) for a in searching.attempts()]
    assert sum(rates[-12:]) < 0.5 * sum(rates[:12])


def test_more_trials_continue_and_the_space_bounds_them(journal):
    work(search(journal, "tpe", 5, CONTINUOUS))
    more = search(journal, "tpe", 9, CONTINUOUS)
    work(more)
    assert len(more.study.trials) == 9
    small = toy_space((8,), (1, 2))
    assert search(journal, "tpe", 9, small).wanted == 2


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
    monkeypatch.setattr("hybridrep.sweeping.search.ORPHAN_SECONDS", 0)
    survivor.reclaim()
    finish(survivor, survivor.ask(6))
    assert [a.state for a in survivor.attempts()] == ["COMPLETE"] * 6


def test_a_diverged_trial_is_over_and_optuna_knows_it_as_infeasible(journal):
    space = toy_space((8,), (1, 1), (1e-6, 1.0))
    searching = search(journal, "tpe", 40, space)
    searching.resume()
    while asked := searching.ask(2):
        for each in asked:
            if each.point["rate"] > 1e-3:
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


FEW = toy_space(sizes=(8, 16, 32, 64), epochs=(10, 12))
"""Twelve points."""


@pytest.mark.parametrize("trials", [9, 12, 20])
def test_a_point_that_was_tried_is_no_further_trial(journal, trials):
    searching = search(journal, "tpe", trials, FEW)
    work(searching)
    points = [tuple(attempt.point.values()) for attempt in searching.attempts()]
    assert len(points) == len(set(points)) == min(trials, 12)


def test_a_killed_search_of_few_points_goes_on_to_the_same_table(tmp_path):
    whole = search(tmp_path / "whole", "tpe", 12, FEW)
    work(whole, batch=4)
    dying = search(tmp_path / "killed", "tpe", 12, FEW, owner=DEAD)
    dying.resume()
    finish(dying, dying.ask(4))
    finish(dying, dying.ask(4)[:2])
    survivor = search(tmp_path / "killed", "tpe", 12, FEW)
    work(survivor, batch=4)
    assert [row[1:] for row in table(survivor)] == [row[1:] for row in table(whole)]


@pytest.mark.parametrize(("sampler", "space"), [("grid", SPACE), ("tpe", CONTINUOUS)])
def test_what_is_foreseen_is_what_the_next_batch_asks_for(journal, sampler, space):
    searching = search(journal, sampler, 12, space)
    searching.resume()
    finish(searching, searching.ask(3))
    before = journal.read_bytes()
    foreseen = searching.foresee(3, 100, lambda point: None)
    assert len(foreseen) == searching.wanted - 3
    assert journal.read_bytes() == before
    asked = searching.ask(3)
    assert [each.point for each in asked] == foreseen[:3]
    assert searching.foresee(3, 2, lambda point: None) == foreseen[3:6] or sampler == "tpe"


def test_with_known_values_all_of_a_search_is_foreseen(journal):
    searching = search(journal, "tpe", 12, CONTINUOUS)
    foreseen = searching.foresee(3, 100, lambda point: {"t": value(point)})
    work(searching, 3)
    assert [attempt.point for attempt in searching.attempts()] == foreseen
