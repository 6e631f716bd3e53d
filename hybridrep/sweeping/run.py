"""Working a sweep's trials off: ask, train what is not stored, tell, log, until all are done."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hybridrep.execution.schedule import Failure
from hybridrep.execution.workers import Workers
from hybridrep.running import work
from hybridrep.studies.hybrid.sweep.training import Trainings
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.attempts import Asked
from hybridrep.sweeping.heartbeat import heartbeats
from hybridrep.sweeping.search import Search

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

POLL_SECONDS = 2.0
Taken = tuple[Search, Asked]
_logger = logging.getLogger(__name__)


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


class SweepRun:
    """One invocation's work on a sweep.

    Args:
        searches: one a direction.
        storage: where their studies are.
        trainings: what the trials read.
        workers: that train, batch after batch.
        batch: trials a direction at a time; a grid takes all at once, if it has no `timeout`
            and the storage is not shared.
        timeout: seconds after which no trial is started; 0 = no limit.
        shared: whether other processes may search in the same storage: some is left to them.
        log_own: called with a search whenever this process has ended some of its trials.
        log_left: called with each search at the start and at the end.
        clock: measures `optuna` and `mlflow`.
    """

    def __init__(
        self,
        searches: Sequence[Search],
        storage: BaseStorage,
        trainings: Trainings,
        workers: Workers,
        *,
        batch: int,
        timeout: int,
        shared: bool,
        log_own: Callable[[Search], None],
        log_left: Callable[[Search], None],
        clock: Clock,
    ) -> None:
        self.searches, self.trainings = tuple(searches), trainings
        self._workers = workers
        self._storage = storage
        self._batch = batch
        self._whole_grid = not (timeout or shared)
        self._end = time.monotonic() + timeout if timeout else float("inf")
        self._log_own, self._log_left, self._clock = log_own, log_left, clock
        self.failures: list[Failure] = []

    def work(self) -> None:
        """Work until every trial is over, or time is up; `failures` tells what went wrong."""
        with self._clock.measuring("optuna"):
            for search in self.searches:
                search.resume()
        self._log_all()
        while time.monotonic() < self._end:
            batch: list[Taken] = []
            with self._settling(batch):
                with self._clock.measuring("optuna"):
                    for search in self.searches:
                        batch += [(search, asked) for asked in search.ask(self._most(search))]
                if batch:
                    self._work_off(batch)
                    continue
            if not any(search.pending() for search in self.searches):
                break
            _logger.info("waiting for the trials of another process")
            time.sleep(POLL_SECONDS)
            for search in self.searches:
                search.reclaim()
        self._log_all()

    def _most(self, search: Search) -> int:
        whole = search.rules.sampler == "grid" and self._whole_grid
        return search.wanted if whole else self._batch

    @contextlib.contextmanager
    def _settling(self, batch: list[Taken]) -> Iterator[None]:
        """Leave none of these trials running, however the block ends."""
        try:
            yield
        finally:
            for search, asked in batch:
                with contextlib.suppress(Exception):
                    search.release(asked)

    def _work_off(self, batch: list[Taken]) -> None:
        with heartbeats(self._storage, [asked for _, asked in batch]):
            for rung in self.trainings.rungs:
                alive = [(search, asked) for search, asked in batch if not asked.settled]
                if alive:
                    self._train(alive, rung)
                    self._prune(alive, rung)

    def _train(self, alive: list[Taken], rung: int) -> None:
        """Train some trials up to a rung, and settle those that need no more as they finish."""
        variants = {
            id(asked): self.trainings.variant(search.direction, asked.point, rung)
            for search, asked in alive
        }
        keys = {variant: self.trainings.keys(variant) for variant in variants.values()}

        def settle(stored: frozenset[str]) -> None:
            for search, asked in alive:
                variant = variants[id(asked)]
                if (
                    not asked.settled
                    and asked.point.epochs <= rung
                    and stored.issuperset(keys[variant])
                ):
                    self._settle(search, asked, variant)

        missing = [v for v in keys if not self.trainings.is_stored(v)]
        settle(frozenset(key for variant, mine in keys.items() if variant not in missing
                         for key in mine))  # fmt: skip
        if not missing:
            return
        tasks = self.trainings.tasks(missing)
        study = self.trainings.study
        outcome = work.compute(study.config, study.store, tasks, settle, self._workers)
        self.failures += outcome.failures
        for search, asked in alive:
            if not asked.settled and not outcome.failed.keys().isdisjoint(
                keys[variants[id(asked)]]
            ):
                search.release(asked)

    def _settle(self, search: Search, asked: Asked, variant: Variant) -> None:
        """Tell and log a trial whose training is stored."""
        epoch = asked.point.epochs
        measures = self.trainings.at_epoch(variant, epoch)
        why = self.trainings.undefined(variant, epoch)
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
            variant = self.trainings.variant(search.direction, asked.point, rung)
            measures = self.trainings.at_epoch(variant, rung)
            with self._clock.measuring("optuna"):
                if why := self.trainings.undefined(variant, rung):
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
