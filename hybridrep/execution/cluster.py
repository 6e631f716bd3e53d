"""The workers of a running Dask scheduler as a backend; needs the extra `[cluster]`.

Dask moves a dead worker's tasks to another by itself. The data never pass through it: every
machine sees the same store folder, which is checked on each worker before its first task.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from hybridrep.errors import ExecutionError
from hybridrep.execution.guard import Guard, across_machines
from hybridrep.execution.store import Store

if TYPE_CHECKING:
    from distributed import Client

P = ParamSpec("P")
T = TypeVar("T")
_logger = logging.getLogger(__name__)
CONNECT_SECONDS = 10
"""How long an answer of the scheduler is waited for."""
WORKERS_SECONDS = 30
"""How long a scheduler without workers is waited for to get one."""
PATIENCE_SECONDS = 30.0
"""How long a file written by another machine may take to appear on a network file system."""
_COUNT_SECONDS = 5.0
_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[^\s/:@\[\]]+):[0-9]{1,5}")


class DaskCluster:
    """A backend of the workers of a Dask scheduler, which may come and go meanwhile."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._executor = client.get_executor(retries=2, pure=False)
        self._slots = 1
        self._counted = float("-inf")

    def slots(self) -> int:
        """Return the number of the workers' threads at the moment."""
        if time.monotonic() - self._counted > _COUNT_SECONDS:
            try:
                threads = sum(self._client.nthreads().values())
            except (OSError, ValueError) as error:
                raise ExecutionError(
                    "the Dask scheduler does not answer any more. What is finished is in the "
                    "store: start the scheduler and its workers, then run the same command again"
                ) from error
            if not threads and self._slots:
                _logger.warning("the cluster has no workers: waiting for one to join")
            self._slots = threads
            self._counted = time.monotonic()
        return max(1, self._slots)

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Send the function to the scheduler."""
        future: Future[T] = self._executor.submit(function, *args, **kwargs)
        return future

    def close(self, now: bool) -> None:
        """Disconnect; with `now`, withdraw the tasks that wait.

        A thread cannot be stopped: tasks that run go on, and their results will be stored.
        """
        if now:
            self._executor.shutdown(wait=False)
        self._client.close(timeout=CONNECT_SECONDS)


def gave_up(error: Exception) -> bool:
    """Tell whether Dask gave a task up since each worker that ran it died."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(error, distributed.KilledWorker)


@contextmanager
def open_cluster(address: str, store: Store, guard: Guard) -> Iterator[tuple[DaskCluster, Guard]]:
    """Connect to a scheduler, check its workers, and disconnect at the end.

    Yields the backend, and the guard that must go with each task.
    """
    with across_machines(guard, store, PATIENCE_SECONDS) as shared_guard:
        backend = DaskCluster(_connect(address))
        try:
            _check_workers(backend._client, address, store, shared_guard)
            yield backend, shared_guard
        except BaseException:
            backend.close(now=True)
            raise
        backend.close(now=False)


def _connect(address: str) -> Client:
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise ExecutionError(
            f"cluster={address} needs Dask, which is not installed: pip install -c "
            'constraints.txt -e ".[cluster]" in the project\'s folder, or leave the parameter '
            "`cluster` empty"
        ) from error
    # Looked at before a client is made: one that was refused holds up the end of the program.
    if not _ADDRESS.fullmatch(address):
        raise ExecutionError(
            f"cluster={address} is no address of a Dask scheduler: give one like "
            "tcp://10.0.0.5:8786"
        )
    security = Security()
    encrypted = security.get_connection_args("client").get("ssl_context") is not None
    if address.startswith("tls://") and not encrypted:
        raise ExecutionError(
            f"cluster={address} needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "..__TLS__CLIENT__CERT and ..__TLS__CLIENT__KEY to the scheduler's"
        )
    if address.startswith("tcp://") and security.require_encryption:
        raise ExecutionError(
            f"cluster={address} is not encrypted, which Dask's configuration here demands: "
            "start the scheduler with --protocol tls and give its tls:// address"
        )
    try:
        return Client(address, timeout=CONNECT_SECONDS, security=security, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ExecutionError(
            f"no Dask scheduler answers at {address} ({error}): start one with `dask scheduler`, "
            "or leave the parameter `cluster` empty to use this machine"
        ) from error


def _check_workers(client: Client, address: str, store: Store, guard: Guard) -> None:
    """Refuse to start long work on a cluster where some worker cannot do it."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError as error:
        raise ExecutionError(
            f"the Dask scheduler at {address} has no workers: start some with "
            f"`dask worker {address} --nworkers -1 --nthreads 1`"
        ) from error
    # The scheduler reads what is sent to the workers, but not the store.
    code_only = replace(guard, token="")
    try:
        answers: dict[str, Any] = {
            address: client.run_on_scheduler(_answer, store, code_only),
            **client.run(_answer, store, guard, on_error="return"),
        }
    except Exception as error:
        raise ExecutionError(
            f"the scheduler or the workers of {address} cannot be checked "
            f"({type(error).__name__}: {error}): install the same version of hybridrep there "
            "and restart them"
        ) from error
    for place, answer in answers.items():
        who = f"the Dask {'scheduler' if place == address else 'worker'} {place}"
        if isinstance(answer, BaseException):
            raise ExecutionError(
                f"{who} cannot run this project's code ({type(answer).__name__}: {answer}): "
                "install the same version there and restart it"
            )
        if answer:
            raise ExecutionError(f"{who} is not fit: {answer}")
    if any(threads > 1 for threads in client.nthreads().values()):
        _logger.warning(
            "some workers of %s have several threads, which hinder each other: start them with "
            "--nthreads 1",
            address,
        )


def _answer(store: Store, guard: Guard) -> str | Exception:
    """Check the process that this is called in."""
    try:
        return guard.problem(store)
    except Exception as error:  # noqa: BLE001 - told to the process that asked
        return error
