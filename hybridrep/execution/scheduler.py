"""Run tasks to the end on any backend: what is stored is not made again, faults stay local."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from hybridrep.errors import ExecutionError
from hybridrep.execution.claims import Claims
from hybridrep.execution.cluster import gave_up
from hybridrep.execution.guard import Guard
from hybridrep.execution.planning import History
from hybridrep.execution.progress import Progress, StageTotal
from hybridrep.execution.schedule import Outcome, Schedule
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Report, Task, run_task
from hybridrep.execution.workers import Backend, Workers
from hybridrep.messages import publishable

_logger = logging.getLogger(__name__)
_POLL_SECONDS = 1.0
"""How often the store is looked at for what running tasks have stored so far."""


def run_tasks(
    tasks: Sequence[Task], store: Store, *, workers: int | Workers = 0, cluster: str = "",
    progress: Progress | None = None, on_stored: Callable[[frozenset[str]], None] | None = None,
) -> Outcome:  # fmt: skip
    """Make all results that the tasks produce and that are not stored yet.

    A task starts as soon as what it needs is stored, the first in the list first. One that
    fails is reported in the outcome, those that need it are skipped, all others go on. A task
    whose process dies is tried again, `RETRIES` times. Where everything is stored, no process
    is started. Results do not depend on the workers.

    Args:
        tasks: in the order of their priority; what needs what is found by the keys.
        workers: open `Workers`, which several calls share; or how many processes of this
            machine to use for this call: 0 = one per core, 1 = this process itself.
        cluster: address of a Dask scheduler, e.g. `tcp://10.0.0.5:8786`, instead of processes
            on this machine; empty = this machine, or that of the open workers.
        on_stored: called in this thread with the keys of *all* results that are stored (of
            those the tasks produce or need), once at the start and whenever there are more.
            What it raises ends the run.

    Raises:
        StoreError: the store cannot be written.
        ExecutionError: workers cannot be started or the cluster not be reached, a worker does
            not see the same code or store, or the connection was lost for good. What is
            finished stays in the store; workers are stopped, also on Ctrl-C.
    """
    history = History(store)
    schedule = Schedule(tasks, store.has, history.seconds)
    run = _Run(schedule, store, progress or Progress(), on_stored)
    run.begin()
    if schedule.unfinished():
        store.check_writable()
        store.sweep()
        waiting = [task for task in tasks if schedule.missing(task)]
        with ExitStack() as stack:
            stack.callback(run.give_back)
            if not isinstance(workers, Workers):
                workers = stack.enter_context(Workers(workers, cluster))
            backend, guard = stack.enter_context(workers.backend(waiting, store))
            run.to_the_end(backend, guard)
    return schedule.outcome()


class _Run:
    """One call of `run_tasks`: moves tasks between the schedule and a backend."""

    def __init__(
        self, schedule: Schedule, store: Store, progress: Progress,
        on_stored: Callable[[frozenset[str]], None] | None,
    ) -> None:  # fmt: skip
        self.schedule = schedule
        self.store = store
        self.progress = progress
        self.on_stored = on_stored
        self.fault: Exception | None = None
        self._claims = Claims(store.root)
        self._claimed: set[str] = set()  # keys
        self._elsewhere: set[str] = set()  # labels of the tasks that other processes work on
        self._ends: dict[str, float] = {}  # label -> when a running task should be over

    def begin(self) -> None:
        totals: dict[str, StageTotal] = {}
        for task in self.schedule.tasks:
            before = totals.get(task.stage, StageTotal(task.noun))
            done = len(task.produces) - len(self.schedule.missing(task))
            totals[task.stage] = StageTotal(
                task.noun, before.done + done * task.units_per_key, before.total + task.units,
                before.seconds + self.schedule.seconds(task),
            )  # fmt: skip
        self.progress.begin(totals)
        for failure in self.schedule.outcome().failures:
            self.progress.fail(failure.stage, *self._size(failure.keys))
        if self.on_stored is not None:
            self.on_stored(frozenset(self.schedule.stored))

    def to_the_end(self, backend: Backend, guard: Guard) -> None:
        running: dict[Future[Report], Task] = {}
        while True:
            submitted = self._fill(backend, guard, running)
            if not running:
                if next(self.schedule.ready(), None) is not None:
                    if not submitted:
                        time.sleep(_POLL_SECONDS)
                        self.progress.tick()
                    continue
                self._change(
                    lambda: self.schedule.give_up(
                        "a result it needs was lost and is not made again"
                    )
                )
                return
            done, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                self._settle(task, future, guard)
                if all(other.stage != task.stage for other in running.values()):
                    self.progress.rest(task.stage)
            for task in running.values():
                self._look(self.schedule.missing(task))
            self.progress.tick()

    def _fill(self, backend: Backend, guard: Guard, running: dict[Future[Report], Task]) -> bool:
        """Start tasks until all slots are taken; tell whether any has started."""
        slots, submitted, now = backend.slots(), False, time.monotonic()
        if len(running) >= slots:
            return False
        left = sum(max(0.0, self._ends[task.label] - now) for task in running.values())
        for task in self.schedule.offers(slots, left):
            if self._claim(task):
                self._submit(task, backend, guard, running)
                submitted = True
            if len(running) >= backend.slots():
                break
        return submitted

    def give_back(self) -> None:
        """Leave what is not made to other processes."""
        self._claims.give_back(self._claimed)
        self._claimed.clear()

    def _claim(self, task: Task) -> bool:
        """Take a task, unless another process works on it or has just finished it."""
        missing = self.schedule.missing(task)
        mine = self._claims.take(missing)
        if mine:
            self._claimed.update(missing)
            self._elsewhere.discard(task.label)
        elif task.label not in self._elsewhere:
            self._elsewhere.add(task.label)
            holder = self._claims.holder(missing)
            who = f"process {holder}" if holder else "another process"
            _logger.warning("%s is being made by %s: its result is waited for", task.label, who)
        self._look(missing)  # it may have become ready elsewhere
        if self.schedule.missing(task):
            return mine
        self._unclaim(task)
        self._change(partial(self.schedule.finish, task))
        return False

    def _unclaim(self, task: Task) -> None:
        mine = self._claimed.intersection(task.produces)
        self._claims.give_back(mine)
        self._claimed -= mine

    def _submit(
        self, task: Task, backend: Backend, guard: Guard, running: dict[Future[Report], Task]
    ) -> None:
        self.schedule.start(task)
        self._ends[task.label] = time.monotonic() + self.schedule.seconds(task)
        self.progress.start(task.stage)
        # The listener does not travel to other processes; there the store is looked at instead.
        store = replace(self.store, listener=self._heard)
        try:
            running[backend.submit(run_task, replace(task, parts=()), store, guard)] = task
        except ExecutionError:
            raise
        except Exception as error:  # noqa: BLE001 - e.g. a payload that cannot be pickled
            self._unclaim(task)
            reason = f"it cannot be sent to a worker: {publishable(error)}"
            self._fail(task, reason, "".join(traceback.format_exception(error)))

    def _settle(self, task: Task, future: Future[Report], guard: Guard) -> None:
        """Draw the conclusions from a task that has ended, and leave what it lacks to others."""
        try:
            self._conclude(task, future, guard)
        finally:
            self._unclaim(task)

    def _conclude(self, task: Task, future: Future[Report], guard: Guard) -> None:
        if self.fault is not None:
            raise self.fault
        try:
            report = future.result()
        except BrokenExecutor as error:
            self._look(self.schedule.missing(task))
            self._try_again(task, f"its worker process died (killed, or out of memory): {error}")
            return
        except CancelledError as error:
            raise ExecutionError(
                "the connection to the cluster was lost. What is finished is in the store: run "
                "the same command again"
            ) from error
        except Exception as error:  # noqa: BLE001 - e.g. a payload that cannot be unpickled
            details = "".join(traceback.format_exception(error))
            died = "all workers died that ran it (killed, or out of memory)"
            report = Report("failed", died if gave_up(error) else publishable(error), details)
        if report.status == "refused":
            raise ExecutionError(report.reason)
        if report.status == "done":
            guard.wait_for(lambda: all(map(self.store.has, task.produces)))
        self._look(self.schedule.missing(task))
        if report.status == "unready":
            lost = [key for key in task.needs if not self.store.has(key)]
            self._lose(lost, report.reason)
            self._try_again(task, report.reason)
        elif not self.schedule.missing(task):
            self.schedule.finish(task)
        elif report.status == "done":
            self._try_again(task, f"its results do not appear in the store {self.store.root}")
        else:
            self._fail(task, report.reason, report.details)
            if report.status == "unwritable":
                self._change(lambda: self.schedule.give_up(report.reason))

    def _try_again(self, task: Task, why: str) -> None:
        def decide() -> None:
            if not self.schedule.missing(task):
                self.schedule.finish(task)
            elif self.schedule.again(task, why):
                _logger.warning("%s is tried again: %s", task.label, why)

        self._change(decide)

    def _lose(self, keys: Sequence[str], why: str) -> None:
        for key in keys:
            maker = self.schedule.maker.get(key)
            if maker is not None and key in self.schedule.stored:
                units, seconds = self._size([key])
                self.progress.advance(maker.stage, -units, -seconds)
        self._change(lambda: self.schedule.lose(keys, why))

    def _fail(self, task: Task, reason: str, details: str = "") -> None:
        _logger.error("%s failed: %s%s", task.label, reason, f"\n{details}" if details else "")
        self._change(lambda: self.schedule.fail(task, reason, details))

    def _change(self, change: Callable[[], None]) -> None:
        """Make a change to the schedule and show the tasks that it lets fail."""
        before = set(self.schedule.outcome().failures)
        change()
        for failure in self.schedule.outcome().failures:
            if failure not in before:
                self.progress.fail(failure.stage, *self._size(failure.keys))

    def _heard(self, key: str) -> None:
        """A task in this very process has stored a result."""
        try:
            self._appeared([key])
        except Exception as error:  # noqa: BLE001 - not the task's fault: raised when it is over
            self.fault = self.fault or error

    def _look(self, keys: Sequence[str]) -> None:
        self._appeared([key for key in keys if self.store.has(key)])

    def _appeared(self, keys: Sequence[str]) -> None:
        new = [key for key in keys if key not in self.schedule.stored]
        if not new:
            return
        self.schedule.add(new)
        by_stage: dict[str, list[str]] = {}
        for key in new:
            if (maker := self.schedule.maker.get(key)) is not None:
                by_stage.setdefault(maker.stage, []).append(key)
        for stage, keys_of_stage in by_stage.items():  # a stack's results come together
            self.progress.advance(stage, *self._size(keys_of_stage))
        if self.on_stored is not None:
            self.on_stored(frozenset(self.schedule.stored))

    def _size(self, keys: Sequence[str]) -> tuple[float, float]:
        """Return how many units some results are, and the estimate of their seconds."""
        makers = [self.schedule.maker[key] for key in keys]
        return sum(m.units_per_key for m in makers), sum(map(self.schedule.seconds_per_key, makers))
