"""Asking Optuna for trials and telling it their values, so that a killed sweep can go on.

A trial that died with its process, or failed, is enqueued again with the same parameters. All
attempts at one trial share a *key* (a grid point's place, or the first attempt's number), and
tables and budgets count keys: a trial counts once, however often it was tried.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridrep.randomness import seed_sequence
from hybridrep.sweeping.attempts import (
    ENDED,
    KEY,
    LOST,
    MEASURES,
    OWNER,
    VOID,
    Asked,
    attempts_of,
    key_of,
)
from hybridrep.sweeping.heartbeat import beat
from hybridrep.sweeping.space import EPOCHS, Point, Space
from hybridrep.sweeping.storage import quiet

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from hybridrep.sweeping.attempts import Attempt

ORPHAN_SECONDS = 60
"""A running trial without an owner is that of a process that died in the moment of asking."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """How trials are chosen."""

    sampler: str
    trials: int  # how many; a grid has as many as it has points
    objectives: tuple[str, ...]


@dataclass
class Search:
    """The trials of one part of a sweep, in one study of Optuna."""

    part: str
    study: optuna.Study
    space: Space
    rules: Rules
    owner: Mapping[str, str]
    is_gone: Callable[[Mapping[str, str]], bool]  # whether the process of an `owner` has ended
    _mine: set[int] = field(default_factory=set)

    @property
    def wanted(self) -> int:
        """How many trials there will be."""
        if self.rules.sampler == "grid":
            return len(self.space.grid())
        return int(min(self.rules.trials, self.space.size))

    def resume(self) -> None:
        """Enqueue what dead and failed trials have left to do, and the points of a grid."""
        self.reclaim()
        for attempt in self.attempts():
            if attempt.state == "FAIL":
                self._again(self.study.trials[attempt.number])
        if self.rules.sampler == "grid":
            there = {attempt.key for attempt in self.attempts()}
            # The most epochs first: their trainings show the others' values, so processes that
            # share the grid train different ones.
            points = sorted(enumerate(self.space.grid()), key=lambda each: -each[1][EPOCHS])
            for key, params in points:
                if key not in there:
                    self.study.enqueue_trial(params, user_attrs={KEY: key})

    def reclaim(self) -> None:
        """Fail running trials whose process is gone, and enqueue them again."""
        import optuna

        trials = self.study.get_trials(deepcopy=False)
        running = {t.number for t in trials if t.state.name == "RUNNING"} - self._mine
        with quiet():
            optuna.storages.fail_stale_trials(self.study)  # by heartbeat, where there is one
        for number in sorted(running):
            trial = self.study.trials[number]
            if trial.state.name == "RUNNING" and self._is_orphan(trial):
                with contextlib.suppress(ValueError, optuna.exceptions.UpdateFinishedTrialError):
                    self.study.tell(number, state=optuna.trial.TrialState.FAIL)
                    trial = self.study.trials[number]
            if trial.state.name == "FAIL":
                self._again(trial)

    def _is_orphan(self, trial: FrozenTrial) -> bool:
        owner = trial.user_attrs.get(OWNER)
        if owner is not None:
            return self.is_gone(owner)
        started = trial.datetime_start
        age = datetime.now() - started if started else timedelta(0)
        return age > timedelta(seconds=ORPHAN_SECONDS)

    def _again(self, trial: FrozenTrial) -> None:
        """Enqueue a trial again, unless another process has done so or it needs no other try."""
        same = [a for a in self.attempts() if a.key == key_of(trial)]
        if LOST in trial.user_attrs or any(a.state != "FAIL" for a in same):
            return
        params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
        self.study.enqueue_trial(params, user_attrs={KEY: key_of(trial)})

    def ask(self, most: int) -> list[Asked]:
        """Return up to `most` trials to work on; none when all are taken.

        After an interruption fewer, so that later batches begin where they would have begun:
        what TPE knows when it chooses is then the same.
        """
        asked: list[Asked] = []
        over = sum(attempt.is_final for attempt in self.attempts())
        while len(asked) < most - over % most:
            attempts = self.attempts()
            waiting = any(a.state == "WAITING" for a in attempts)
            if not waiting and (self.rules.sampler == "grid" or len(attempts) >= self.wanted):
                break
            found = self._ask_one(len(attempts))
            if found is not None:
                asked.append(found)
        return asked

    def _ask_one(self, known: int) -> Asked | None:
        """Take a waiting trial or let Optuna choose a new one."""
        with quiet():
            self.study.sampler = self._sampler(known)
            trial = self.study.ask()
        beat(trial)  # at once: whoever dies from here on falls silent
        trial.set_user_attr(OWNER, dict(self.owner))
        if self._is_too_many(trial):
            trial.set_user_attr(LOST, True)
            self._tell(trial, None, "FAIL")
            return None
        point = self.space.suggest(trial)
        if self._is_repeated(trial, point):
            trial.set_user_attr(LOST, True)
            self._tell(trial, None, "FAIL")
            with quiet():
                self.study.enqueue_trial(self._untried(known))
            return None
        self._mine.add(trial.number)
        return Asked(trial, point, key_of(trial))

    def foresee(
        self, batch: int, most: int, known: Callable[[Point], Mapping[str, Any] | None]
    ) -> list[Point]:
        """Return the points of the first trials that are left, about `most`, for an estimate.

        Exact for the next batch. Behind it a trial without a `known` value counts as one of average
        value. Nothing is written.
        """
        import optuna

        with quiet():
            study = optuna.create_study(directions=self.study.directions)
            study.add_trials(self.study.get_trials(deepcopy=False))
        rehearsal = replace(self, study=study, _mine=set(self._mine))
        rehearsal.resume()
        values = [t.values for t in study.get_trials(deepcopy=False) if t.values]
        average = np.mean(values, axis=0) if values else np.zeros(len(self.rules.objectives))
        plain = dict(zip(self.rules.objectives, average.tolist(), strict=True))
        found: list[Point] = []
        while len(found) < most and (asked := rehearsal.ask(batch)):
            for each in asked:
                found.append(each.point)
                rehearsal.complete(each, known(each.point) or plain)
        return found

    def _is_repeated(self, trial: optuna.Trial, point: Point) -> bool:
        """Tell whether Optuna chose a point that a trial before has: it is no further trial."""
        if KEY in trial.user_attrs or self.rules.sampler == "grid":
            return False
        return any(a.point == point for a in self.attempts() if a.key < trial.number)

    def _untried(self, known: int) -> dict[str, Any]:
        """Draw a point that no trial has, as Optuna's parameters, each with the same chance.

        TPE would choose the same point again: its model learns nothing from a repeat.
        """
        import optuna

        tried = [attempt.point for attempt in self.attempts()]
        seed = int(seed_sequence(0, "sweep", self.part, "untried", known).generate_state(1)[0])
        drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        while True:
            trial = drawn.ask()
            if self.space.suggest(trial) not in tried:
                return dict(trial.params)

    def _is_too_many(self, trial: optuna.Trial) -> bool:
        """Tell whether another process took the waiting trial, or the last free place, before.

        Processes that started at the same time may both have enqueued it.
        """
        if KEY in trial.user_attrs:
            return all(a.number != trial.number for a in self.attempts())
        if self.rules.sampler == "grid":
            return True
        before = [a for a in self.attempts() if a.key < trial.number]
        return len(before) >= self.wanted

    def _sampler(self, known: int) -> optuna.samplers.BaseSampler:
        """Return a sampler of its own for every trial.

        A sampler that is seeded once repeats its first choices when a sweep goes on; one seeded
        by the number of earlier trials gives the choices that the uninterrupted sweep gives.
        """
        import optuna

        path = ("sweep", self.part, known)
        seed = int(seed_sequence(0, *path).generate_state(1)[0])
        if self.rules.sampler == "grid":
            return optuna.samplers.RandomSampler(seed=seed)  # never asked: all is enqueued
        startup = max(2, min(10, self.wanted // 3))
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup)

    def attempts(self) -> list[Attempt]:
        """Return the trials that count, one a key, in the order of their keys."""
        return attempts_of(self.study.get_trials(deepcopy=False), self.space)

    def pending(self) -> bool:
        """Tell whether another process still works on a trial."""
        return any(a.state == "RUNNING" and a.number not in self._mine for a in self.attempts())

    def is_mine(self, attempt: Attempt) -> bool:
        """Tell whether this process worked on a trial, in this run of the sweep or before."""
        return attempt.number in self._mine or attempt.owner == dict(self.owner)

    def is_abandoned(self, attempt: Attempt) -> bool:
        """Tell whether the process that ended a trial is gone, or surely done with it."""
        if attempt.owner is None or self.is_gone(attempt.owner):
            return True
        return attempt.ended is not None and time.time() - attempt.ended > ORPHAN_SECONDS

    def complete(self, asked: Asked, measures: Mapping[str, Any]) -> None:
        """Tell the values of a trial: JSON-able, the mean of each objective under its name."""
        with self._unless_given_up(asked):
            asked.trial.set_user_attr(MEASURES, dict(measures))
            self._tell(asked.trial, [float(measures[name]) for name in self.rules.objectives])
        asked.settled = True

    def void(self, asked: Asked, why: str) -> None:
        """Say that a trial has no value and never will (its training diverged).

        Optuna learns it as a violated constraint, and keeps away from such points.
        """
        with self._unless_given_up(asked):
            asked.trial.set_user_attr(VOID, why)
            with quiet():
                asked.trial.set_constraint("diverged", 1.0)
            self._tell(asked.trial, None, "PRUNED")
        asked.settled = True

    def report(self, asked: Asked, epoch: int, value: float) -> None:
        """Tell the only objective's value at an epoch on the way."""
        with self._unless_given_up(asked):
            asked.trial.report(value, epoch)

    def prune(self, asked: Asked, measures: Mapping[str, Any]) -> bool:
        """Give a trial up if it falls behind those that are complete; tell whether it did."""
        if asked.settled or not asked.trial.should_prune():
            return False
        with self._unless_given_up(asked):
            asked.trial.set_user_attr(MEASURES, dict(measures))
            self._tell(asked.trial, None, "PRUNED")
        asked.settled = True
        return True

    def release(self, asked: Asked) -> None:
        """Fail a trial that was not settled, so that the next run of the sweep tries it again."""
        if not asked.settled:
            with self._unless_given_up(asked):
                self._tell(asked.trial, None, "FAIL")
            asked.settled = True

    @contextlib.contextmanager
    def _unless_given_up(self, asked: Asked) -> Iterator[None]:
        """Settle a trial that others failed meanwhile: this process was silent for too long.

        They have enqueued it again, so nothing is lost.
        """
        import optuna

        try:
            yield
        except optuna.exceptions.UpdateFinishedTrialError:
            _logger.warning("trial %d was given up by another process", asked.trial.number)
            asked.settled = True

    def _tell(
        self, trial: optuna.Trial, values: Sequence[float] | None, state: str | None = None
    ) -> None:
        import optuna

        trial.set_user_attr(ENDED, time.time())
        with quiet():
            self.study.tell(
                trial, values, state=optuna.trial.TrialState[state] if state else None,
                skip_if_finished=True,
            )  # fmt: skip
