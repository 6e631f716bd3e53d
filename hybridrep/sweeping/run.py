"""Working a sweep's trials off: ask, train what is not stored, tell, log, until all are done."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from hybridrep.execution.planning import History
from hybridrep.execution.progress import Progress, StageTotal, progress_for
from hybridrep.execution.schedule import Failure
from hybridrep.execution.tasks import Task
from hybridrep.execution.workers import Workers
from hybridrep.running import work
from hybridrep.running.stage import Node
from hybridrep.running.study import Prepared
from hybridrep.sweeping.attempts import Asked
from hybridrep.sweeping.heartbeat import heartbeats
from hybridrep.sweeping.search import Search
from hybridrep.sweeping.space import EPOCHS, Point

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

POLL_SECONDS = 2.0
PROGRESS = "sweep"
"""The progress of all trials, beside that of the stages that train for them."""
FORESEEN = 16
"""Trials of a search that the time left is estimated from."""
Taken = tuple[Search, Asked]
T = TypeVar("T", bound=Hashable)
_logger = logging.getLogger(__name__)


class Trainings(Protocol[T]):
    """What shows a sweep's trials their values: trainings `T`, told apart by what they are."""

    @property
    def study(self) -> Prepared[Any]:
        """What they read, and where their results are."""

    @property
    def rungs(self) -> tuple[int, ...]:
        """How many epochs are trained at a time, ascending."""

    def of(self, part: str, point: Point, epochs: int) -> T:
        """Return the training that shows a point at some epochs: a stored one if there is one."""

    def nodes(self, training: T) -> list[Node]:
        """Return a training's results."""

    def is_stored(self, training: T) -> bool:
        """Tell whether all of them are there."""

    def tasks(self, trainings: Iterable[T]) -> list[Task]:
        """Return the tasks of some trainings and of what is missing before them, by priority."""

    def at_epoch(self, training: T, epoch: int) -> Mapping[str, Any]:
        """Return what a stored one measured at an epoch, objectives by name, in JSON's types."""

    def undefined(self, training: T, epoch: int) -> str:
        """Say why a stored one has no value at an epoch; empty when it has."""


@dataclass
class Clock:
    """Seconds spent on something, summed over blocks."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def measuring(self, what: str) -> Iterator[None]:
        """Add the block's duration."""
        started = time.perf_counter()
        try:
            yield
        finally:
            passed = time.perf_counter() - started
            self.seconds[what] = self.seconds.get(what, 0.0) + passed

    def points(self, wall: float, trials: int) -> list[tuple[str, float, int]]:
        """Return as metrics (key, value, step) what an invocation took, and what of it this."""
        whole = [("sweep/seconds", wall, 0), ("sweep/trials", float(trials), 0)]
        return whole + [(f"sweep/{what}_seconds", spent, 0) for what, spent in self.seconds.items()]


class SweepRun(Generic[T]):
    """One invocation's work on a sweep.

    Args:
        batch: trials a part at a time; a grid takes all at once, if it has no `timeout`
            and the storage is not shared.
        timeout: seconds after which no trial is started; 0 = no limit.
        shared: whether other processes may search in the same storage: some is left to them.
        log_own: called with a search whenever this process has ended some of its trials.
        log_left: called with each search at the start and at the end.
    """

    def __init__(
        self, searches: Sequence[Search], storage: BaseStorage, trainings: Trainings[T],
        workers: Workers, *, batch: int, timeout: int, shared: bool,
        log_own: Callable[[Search], None], log_left: Callable[[Search], None], clock: Clock,
    ) -> None:  # fmt: skip
        self.searches, self.trainings = tuple(searches), trainings
        self._workers = workers
        self._storage = storage
        self._batch = batch
        self._whole_grid = not (timeout or shared)
        self._end = time.monotonic() + timeout if timeout else float("inf")
        self._log_own, self._log_left, self._clock = log_own, log_left, clock
        self._progress: Progress = Progress()
        self._over = 0  # trials that are over, as the progress knows
        self._ahead: dict[str, float] = {}  # results to come, with estimates of their seconds
        self.failures: list[Failure] = []

    def work(self) -> None:
        """Work until every trial is over, or time is up; `failures` tells what went wrong."""
        with self._clock.measuring("optuna"):
            for search in self.searches:
                search.resume()
        self._log_all()
        with progress_for() as self._progress:
            self._until_done()
        self._log_all()

    def _until_done(self) -> None:
        while time.monotonic() < self._end:
            batch: list[Taken] = []
            try:
                with self._clock.measuring("optuna"):
                    for search in self.searches:
                        batch += [(search, asked) for asked in search.ask(self._most(search))]
                if batch:
                    self._look_ahead(batch)
                    self._work_off(batch)
                    continue
            finally:  # none of these trials is left running, however the block ends
                for search, asked in batch:
                    with contextlib.suppress(Exception):
                        search.release(asked)
            if not any(search.pending() for search in self.searches):
                break
            _logger.info("waiting for the trials of another process")
            time.sleep(POLL_SECONDS)
            for search in self.searches:
                search.reclaim()

    def _look_ahead(self, batch: Sequence[Taken]) -> None:
        """Tell the progress how many trials and how much work are left of the whole sweep."""
        with self._clock.measuring("optuna"):
            points = [(search.part, asked.point) for search, asked in batch]
            for search in self.searches:
                points += foreseen(search, self.trainings, self._most(search), FORESEEN)
        wanted = dict.fromkeys(
            self.trainings.of(*each, self.trainings.rungs[-1]) for each in points
        )
        missing = [each for each in wanted if not self.trainings.is_stored(each)]
        if missing:
            history = History(self.trainings.study.store)
            self._ahead = {
                key: history.seconds(task, 1)
                for task in self.trainings.tasks(missing)
                for key in task.produces
            }
        over = self._over = self._count()
        total = max(over + len(batch), sum(search.wanted for search in self.searches))
        seconds = sum(self._ahead.values())
        if any(math.isinf(search.space.size) for search in self.searches):  # each trains anew
            seconds *= max(1.0, (total - over) / len(points))
        self._progress.begin({PROGRESS: StageTotal("trials", over, total, seconds)})
        self._progress.start(PROGRESS)

    def _count(self) -> int:
        return sum(a.is_final for search in self.searches for a in search.attempts())

    def _most(self, search: Search) -> int:
        whole = search.rules.sampler == "grid" and self._whole_grid
        return search.wanted if whole else self._batch

    def _work_off(self, batch: list[Taken]) -> None:
        with heartbeats(self._storage, [asked for _, asked in batch]):
            for rung in self.trainings.rungs:
                alive = [(search, asked) for search, asked in batch if not asked.settled]
                if alive:
                    self._train(alive, rung)
                    self._prune(alive, rung)

    def _train(self, alive: list[Taken], rung: int) -> None:
        """Train some trials up to a rung, and settle those that need no more as they finish."""
        chosen = {
            id(asked): self.trainings.of(search.part, asked.point, rung) for search, asked in alive
        }
        keys = {each: [n.key for n in self.trainings.nodes(each)] for each in chosen.values()}

        def settle(stored: frozenset[str]) -> None:
            new = stored.intersection(self._ahead)
            self._progress.advance(PROGRESS, 0, sum(self._ahead.pop(key) for key in new))
            for search, asked in alive:
                training = chosen[id(asked)]
                over = not asked.settled and asked.point[EPOCHS] <= rung
                if over and stored.issuperset(keys[training]):
                    self._settle(search, asked, training)

        missing = [each for each in keys if not self.trainings.is_stored(each)]
        settle(frozenset(key for each, mine in keys.items() if each not in missing
                         for key in mine))  # fmt: skip
        if not missing:
            return
        tasks = self.trainings.tasks(missing)
        study = self.trainings.study
        outcome = work.compute(
            study.config, study.store, tasks, settle, self._workers, self._progress
        )
        self.failures += outcome.failures
        for search, asked in alive:
            if not asked.settled and not outcome.failed.keys().isdisjoint(keys[chosen[id(asked)]]):
                search.release(asked)

    def _settle(self, search: Search, asked: Asked, training: T) -> None:
        """Tell and log a trial whose training is stored."""
        epoch = asked.point[EPOCHS]
        measures = self.trainings.at_epoch(training, epoch)
        why = self.trainings.undefined(training, epoch)
        with self._clock.measuring("optuna"):
            if why:
                search.void(asked, why)
            else:
                search.complete(asked, measures)
        self._log_one(search)

    def _prune(self, alive: list[Taken], rung: int) -> None:
        """Report where the trials stand that go on, then give up those that fall behind.

        Only when every trial has reported, so that nothing depends on who was trained first.
        """
        if rung == self.trainings.rungs[-1]:
            return
        going_on = [taken for taken in alive if not taken[1].settled]
        measured = []
        for search, asked in going_on:
            training = self.trainings.of(search.part, asked.point, rung)
            measures = self.trainings.at_epoch(training, rung)
            with self._clock.measuring("optuna"):
                if why := self.trainings.undefined(training, rung):
                    search.void(asked, why)
                else:
                    search.report(asked, rung, measures[search.rules.objectives[0]])
                    measured.append((search, asked, measures))
        with self._clock.measuring("optuna"):
            for search, asked, measures in measured:
                search.prune(asked, measures)
        for search in {id(search): search for search, _ in going_on}.values():
            self._log_one(search)

    def _log_all(self) -> None:
        with self._clock.measuring("mlflow"):
            for search in self.searches:
                self._log_left(search)

    def _log_one(self, search: Search) -> None:
        with self._clock.measuring("mlflow"):
            self._log_own(search)
        before, self._over = self._over, self._count()
        self._progress.advance(PROGRESS, self._over - before)


def foreseen(
    search: Search, trainings: Trainings[T], batch: int, most: int
) -> list[tuple[str, Point]]:
    """Return the points of the first trials that are left, each with its part, for an estimate."""

    def known(point: Point) -> Mapping[str, Any] | None:
        training = trainings.of(search.part, point, point[EPOCHS])
        if not trainings.is_stored(training) or trainings.undefined(training, point[EPOCHS]):
            return None
        return trainings.at_epoch(training, point[EPOCHS])

    return [(search.part, point) for point in search.foresee(batch, most, known)]
