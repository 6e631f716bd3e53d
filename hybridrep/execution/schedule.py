"""Which task may run now: bookkeeping alone, without processes, clocks or disks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from graphlib import CycleError, TopologicalSorter

from hybridrep.execution.tasks import Task, joined

RETRIES = 3
"""How often a task is tried again after its process died or what it needs was lost."""

WORTH_PARTING = 1.0
"""Seconds: what is estimated to take less stays whole."""


@dataclass(frozen=True)
class Failure:
    """Why results are missing."""

    stage: str
    label: str
    keys: tuple[str, ...]  # the results it did not store
    reason: str  # for people, one or two sentences; it is published, so it cites no data
    details: str = ""  # the traceback where there is one, else empty; for the log
    skipped: bool = False  # it was not tried, as something it needs is missing


@dataclass(frozen=True)
class Outcome:
    """What became of a list of tasks."""

    stored: frozenset[str]  # the keys of all results that the tasks produce and that are stored now
    reused: frozenset[str]  # those of them that were stored before
    failures: tuple[Failure, ...]  # one a task with missing results, in the order of the tasks

    @property
    def failed(self) -> Mapping[str, Failure]:
        """The failure behind each missing result, by its key."""
        return {key: failure for failure in self.failures for key in failure.keys}


class _State(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Schedule:
    """The state of every task, and what follows from what is stored.

    Args:
        tasks: in the order of their priority; what needs what is found by the keys.
        stored: tells whether a result is in the store now.
        seconds: estimates how long so many results of a task take on one core; without it, as
            the task says.

    Raises:
        ValueError: two tasks produce one result, two have one label, or tasks wait for each
            other in a circle.
    """

    def __init__(
        self, tasks: Sequence[Task], stored: Callable[[str], bool],
        seconds: Callable[[Task, int], float] | None = None,
    ) -> None:  # fmt: skip
        self.tasks = tuple(tasks)
        self._seconds = seconds or (lambda task, results: results * task.seconds_per_key)
        self.maker: dict[str, Task] = {}
        for task in self.tasks:
            for key in task.produces:
                if self.maker.setdefault(key, task) is not task:
                    raise ValueError(
                        f"{task.label} and {self.maker[key].label} both produce {key[:12]}"
                    )
        labels = [part.label for task in self.tasks for part in (task.parts or (task,))]
        if len({*labels, *(task.label for task in self.tasks)}) < len(
            [*labels, *(task.label for task in self.tasks if task.parts)]
        ):
            raise ValueError("two tasks have the same label")
        self._refuse_circles()
        keys = {key for task in self.tasks for key in (*task.produces, *task.needs)}
        self.stored = {key for key in keys if stored(key)}
        self.reused = frozenset(self.stored & set(self.maker))
        self._failures: dict[str, Failure] = {}
        self._retries: dict[str, int] = {}
        self._state = {
            task.label: _State.WAITING if self.missing(task) else _State.DONE for task in self.tasks
        }
        nowhere = keys - self.stored - {*self.maker}
        for task in self._stuck_without(nowhere):
            lost = next(key for key in task.needs if key in nowhere)
            self.fail(task, f"no task makes {lost}, which it needs", skipped=True)

    def missing(self, task: Task) -> tuple[str, ...]:
        """Return the results of a task that are not stored."""
        return tuple(key for key in task.produces if key not in self.stored)

    def unfinished(self) -> bool:
        """Tell whether some task waits or runs."""
        return any(s in (_State.WAITING, _State.RUNNING) for s in self._state.values())

    def ready(self) -> Iterator[Task]:
        """Yield the tasks that may start now, the most important first."""
        return (task for task in self._waiting() if self.stored.issuperset(task.needs))

    def seconds(self, task: Task) -> float:
        """Return the estimate for what is missing of a task."""
        missing = len(self.missing(task))
        return self._seconds(task, missing) if missing else 0.0

    def seconds_per_key(self, task: Task) -> float:
        """Return the estimate for one result of a task."""
        return self._seconds(task, 1)

    def offers(self, slots: int, running: float) -> Iterator[Task]:
        """Yield what may start now on one of so many slots, the most important first.

        No core shall idle while another works alone. What would take longer than a slot's share
        of all that is left is parted, and its first part offered (guided self-scheduling,
        Polychronopoulos & Kuck 1987, IEEE Trans. Comp. C-36:1425). After what is ready come the
        parts of waiting tasks that have what they need themselves.

        Args:
            slots: how many tasks can run at the same time, those that run included.
            running: estimated seconds that running tasks still need, summed.
        """
        share = (running + sum(map(self.seconds, self._waiting()))) / slots
        seen: set[str] = set()
        while found := next((each for each in self._able() if each[0].label not in seen), None):
            piece = self._part(*found, share)
            seen.add(piece.label)
            yield piece

    def _able(self) -> Iterator[tuple[Task, Sequence[str]]]:
        """Yield the tasks of which something can start, with the results that can be made."""
        for task in self.ready():
            yield task, self.missing(task)
        for task in self._waiting():
            if self.seconds(task) >= WORTH_PARTING:
                parts = [part for part in task.parts if self.stored.issuperset(part.needs)]
                able = [key for part in parts for key in self.missing(part)]
                if able:
                    yield task, able

    def _part(self, task: Task, able: Sequence[str], share: float) -> Task:
        """Put a part of a waiting task in its place, the rest behind it; return the part.

        The part is of those `able` to start, and as long as the share, rounded up to a result.
        """
        missing, whole = self.missing(task), self.seconds(task)
        most = len(able)
        if whole >= WORTH_PARTING:
            most = min(most, max(1, math.ceil(len(missing) * share / whole - 1e-9)))
        if not task.parts or most >= len(missing):
            return task
        chosen = set(able[:most])
        return self._divide(task, lambda part: part.produces[0] in chosen)

    def _divide(self, task: Task, wanted: Callable[[Task], bool]) -> Task:
        """Put two tasks in the place of one, the parts that are wanted first; return these."""
        chosen = [part for part in task.parts if wanted(part)]
        if not chosen or len(chosen) == len(task.parts):
            return task
        first, rest = joined(chosen), joined([p for p in task.parts if p not in chosen])
        place = self.tasks.index(task)
        self.tasks = (*self.tasks[:place], first, rest, *self.tasks[place + 1 :])
        tried = self._retries.get(task.label, 0)
        del self._state[task.label]
        for piece in (first, rest):
            self._state[piece.label] = _State.WAITING if self.missing(piece) else _State.DONE
            self._retries[piece.label] = tried
            self.maker.update(dict.fromkeys(piece.produces, piece))
        return first

    def start(self, task: Task) -> None:
        """A process has taken the task."""
        self._state[task.label] = _State.RUNNING

    def add(self, keys: Iterable[str]) -> None:
        """Results have appeared in the store."""
        self.stored.update(keys)

    def finish(self, task: Task) -> None:
        """A task has stored all it produces."""
        self._state[task.label] = _State.DONE

    def fail(self, task: Task, reason: str, details: str = "", skipped: bool = False) -> None:
        """Give a task up, and all that cannot be made without it."""
        keys = self.missing(task)
        self._state[task.label] = _State.FAILED
        self._failures[task.label] = Failure(task.stage, task.label, keys, reason, details, skipped)
        why = reason if skipped else f"it needs a result of {task.label}, which failed: {reason}"
        for stuck in self._stuck_without({*keys}):
            self.fail(stuck, why, skipped=True)

    def _stuck_without(self, keys: Set[str]) -> Iterator[Task]:
        """Yield the tasks that wait for one of these results, to be given up; of stacks the parts.

        The other parts of a stack go on waiting.
        """
        while stuck := next((task for task in self._waiting() if keys & {*task.needs}), None):
            piece = self._divide(stuck, lambda part: bool(keys & {*part.needs}))
            if self._state[piece.label] is _State.WAITING:
                yield piece

    def _waiting(self) -> Iterator[Task]:
        return (task for task in self.tasks if self._state[task.label] is _State.WAITING)

    def give_up(self, reason: str) -> None:
        """Skip every task that has not started."""
        while task := next(self._waiting(), None):
            self.fail(task, reason, skipped=True)

    def again(self, task: Task, why: str) -> bool:
        """Let a task wait for another try, if it has not had `RETRIES`; tell whether it will be."""
        tried = self._retries[task.label] = self._retries.get(task.label, 0) + 1
        if tried > RETRIES:
            self.fail(task, f"given up after {tried} tries: {why}")
            return False
        self._state[task.label] = _State.WAITING
        return True

    def lose(self, keys: Iterable[str], why: str) -> None:
        """Results that were stored are gone: their tasks wait again, if any makes them."""
        for key in keys:
            self.stored.discard(key)
            maker = self.maker.get(key)
            if maker is not None and self._state[maker.label] is _State.DONE:
                self.again(maker, why)

    def outcome(self) -> Outcome:
        """Return what has become of the tasks."""
        failures = [self._failures.get(task.label) for task in self.tasks]
        return Outcome(
            stored=frozenset(self.stored & set(self.maker)),
            reused=self.reused,
            failures=tuple(f for f in failures if f is not None),
        )

    def _refuse_circles(self) -> None:
        graph = {
            task.label: {self.maker[k].label for k in task.needs if k in self.maker}
            for task in self.tasks
        }
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = " -> ".join(error.args[1])
            raise ValueError(f"tasks wait for each other: {circle}") from None
