"""Where tasks run: the few things that this process, local workers and a cluster have alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Backend(Protocol):
    """Runs functions and gives futures for them."""

    def slots(self) -> int:
        """Return how many functions can run at the same time now, 1 or more."""
        ...

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a function; a dead process shows as `BrokenExecutor`, none as `ExecutionError`."""
        ...

    def close(self, now: bool) -> None:
        """End the workers: after what they are doing, or `now`."""
        ...


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
