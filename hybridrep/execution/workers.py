"""The workers of one invocation: started when there is work, kept from one batch to the next.

A new process needs seconds to import what it computes with. An invocation that runs several
batches of tasks (a study and its example, a sweep's trials) pays for that once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import ParamSpec, Protocol, Self, TypeVar

from hybridrep.execution.guard import Guard, guard_for
from hybridrep.execution.local import LocalProcesses, worker_count
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class Backend(Protocol):
    """Runs functions and gives futures for them."""

    def slots(self) -> int:
        """Return how many functions can run at the same time now, 1 or more."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a function; a dead process shows as `BrokenExecutor`, none as `ExecutionError`."""

    def close(self, now: bool) -> None:
        """End the workers: after what they are doing, or `now`."""


class InProcess:
    """Runs everything at once in this very process."""

    def slots(self) -> int:
        """Return 1."""
        return 1

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call the function and return its finished future; interrupts pass through."""
        future: Future[T] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future raises it again
            future.set_exception(error)
        return future

    def close(self, now: bool) -> None:
        """There is nothing to end."""


class Workers:
    """Where an invocation's tasks run; a context that ends its processes.

    Args:
        count: processes on this machine: 0 = one per core, 1 = this process itself.
        cluster: address of a Dask scheduler, e.g. `tcp://10.0.0.5:8786`, instead of processes
            on this machine; empty = this machine.
    """

    def __init__(self, count: int = 0, cluster: str = "") -> None:
        self._cluster = cluster
        self._local: LocalProcesses | None = None
        if not cluster:
            processes = worker_count(count)
            self._local = LocalProcesses(processes) if processes > 1 else None

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End all processes: at once on an exception, else after what they are doing."""
        self.close(now=kind is not None)

    def close(self, now: bool = False) -> None:
        """End all processes; later work starts new ones."""
        if self._local is not None:
            self._local.close(now)

    def warm_up(self, modules: Sequence[str]) -> None:
        """Start the processes of this machine and let them import what they will need.

        Returns at once, so that they import while this process does something else.
        """
        if self._local is not None:
            self._local.warm_up(modules)

    @property
    def several(self) -> bool:
        """Whether there are processes on this machine to share work between."""
        return self._local is not None

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Return the function of each item, in order, computed by the processes of this machine.

        For what is no task of the store. What a dying process leaves undone is done by this one.
        """
        if self._local is None:
            return [function(item) for item in items]
        return self._local.map(function, items)

    @contextmanager
    def backend(self, tasks: Sequence[Task], store: Store) -> Iterator[tuple[Backend, Guard]]:
        """Give what the tasks run on; on any exception its workers are stopped at once."""
        guard = guard_for({task.function for task in tasks})
        if self._cluster:
            from hybridrep.execution.cluster import open_cluster

            with open_cluster(self._cluster, store, guard) as opened:
                yield opened
            return
        try:
            yield self._local or InProcess(), guard
        except BaseException:
            self.close(now=True)
            raise
