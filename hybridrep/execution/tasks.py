"""A task: something that makes results out of results, and how one is run in any process."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from hybridrep.errors import HybridrepError
from hybridrep.execution.disk import StoreUnwritableError
from hybridrep.execution.fingerprint import is_key
from hybridrep.execution.guard import Guard
from hybridrep.execution.store import Store
from hybridrep.execution.threads import single_thread
from hybridrep.messages import publishable

TaskFunction = Callable[[Store, Any, tuple[str, ...]], None]
"""Stands at the top of a module, as it is sent to other processes. Is given the store, the payload
and the keys that are still missing, and writes each result as soon as it is ready. May be called
again after a crash."""


@dataclass(frozen=True)
class Task:
    """A piece of work that one process does in one go."""

    stage: str  # the stage it belongs to: its progress bar, and where estimates come from
    label: str  # what people read, e.g. `lstm, seed 3`: unique among tasks run together
    produces: tuple[str, ...]  # keys of the results that it stores
    needs: tuple[str, ...]  # keys of the results that must be stored before it starts
    function: TaskFunction
    payload: Any = None  # what else the function needs: small, frozen and picklable
    units: int = 1  # how much work it is, in `noun`, spread evenly over `produces`
    seconds: float = 0.0  # estimate for all of it, on one core; 0 = unknown
    noun: str = "seeds"  # what `units` counts
    parts: tuple[Task, ...] = ()  # of one result each, that do the same; empty: it stays whole

    def __post_init__(self) -> None:
        for key in (*self.produces, *self.needs):
            if not is_key(key):
                raise ValueError(f"{self.label}: {key!r} is no key of a result")
        if not self.produces:
            raise ValueError(f"{self.label}: a task must produce something")
        if "<" in getattr(self.function, "__qualname__", "<"):
            raise ValueError(f"{self.label}: the function must stand at the top of a module")
        if self.parts and self.produces != tuple(k for part in self.parts for k in part.produces):
            raise ValueError(f"{self.label}: its parts must produce what it does, one each")

    @property
    def units_per_key(self) -> float:
        """How many units one result stands for."""
        return self.units / len(self.produces)

    @property
    def seconds_per_key(self) -> float:
        """The estimate for one result."""
        return self.seconds / len(self.produces)


def joined(parts: Sequence[Task]) -> Task:
    """Return the task that does what some parts of one task do, in one go."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return replace(
        first, label=f"{first.label} and {len(parts) - 1} more",
        produces=tuple(key for part in parts for key in part.produces),
        needs=tuple(dict.fromkeys(key for part in parts for key in part.needs)),
        payload=tuple(each for part in parts for each in part.payload),
        units=sum(part.units for part in parts), seconds=sum(part.seconds for part in parts),
        parts=tuple(parts),
    )  # fmt: skip


@dataclass(frozen=True)
class Report:
    """How a task ended, as the process that ran it tells it.

    `unready`: something it needs was missing or damaged; `refused`: this process must not work on
    this store; `unwritable`: nothing can be stored. The reason is for people, one or two sentences,
    and is published, so it cites no data; details are a fault's traceback, for the log.
    """

    status: Literal["done", "failed", "unready", "refused", "unwritable"]
    reason: str = ""
    details: str = ""


def run_task(task: Task, store: Store, guard: Guard) -> Report:
    """Run a task in this process with one thread, unless its results are there already.

    Never raises an `Exception`: what goes wrong is in the report, which any process can read.
    """
    try:
        problem = guard.problem(store)
        if problem:
            return Report("refused", problem)
        missing = _absent(task.produces, store)
        if not missing:
            return Report("done")
        if not guard.wait_for(lambda: not _absent(task.needs, store)):
            return _unready(task, store)
        with single_thread():
            task.function(
                replace(store, expected_seconds=task.seconds_per_key), task.payload, missing
            )
    except StoreUnwritableError as error:
        return Report("unwritable", str(error))
    except HybridrepError as error:
        if _absent_quietly(task.needs, store):
            return _unready(task, store)
        return Report("failed", str(error))
    except Exception as error:  # noqa: BLE001 - one task's fault must not end the others
        return Report("failed", publishable(error), traceback.format_exc())
    left = _absent_quietly(task.produces, store)
    if left:
        return Report("failed", f"it ended without storing {len(left)} of its results: {left[0]}")
    return Report("done")


def _absent(keys: tuple[str, ...], store: Store) -> tuple[str, ...]:
    return tuple(key for key in keys if not store.has(key))


def _absent_quietly(keys: tuple[str, ...], store: Store) -> tuple[str, ...]:
    try:
        return _absent(keys, store)
    except HybridrepError:
        return keys


def _unready(task: Task, store: Store) -> Report:
    missing = _absent_quietly(task.needs, store)
    names = ", ".join(key[:12] for key in missing) or "something"
    return Report("unready", f"{names}, which it needs, is missing or damaged in the store")
