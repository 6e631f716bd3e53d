"""Worker processes on this machine, one pool for each, so that a dead one takes no other along.

A `ProcessPoolExecutor` with several workers is lost as a whole when one of them dies, and its
other workers are ended in the middle of their tasks. With one worker a pool only the task of
the dead process has to be done again.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import psutil

from hybridrep.errors import ExecutionError
from hybridrep.execution.threads import single_thread_environment

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")
_PR_SET_PDEATHSIG = 1
_beside = 0  # worker processes on this machine, this one among them; 0 = not told


def worker_count(workers: int) -> int:
    """Return the number of processes: 0 means one for each core that this process may use."""
    if workers < 0:
        raise ExecutionError(f"workers={workers}: give 0 (one per core) or a positive number")
    if workers:
        return workers
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_of_memory() -> int:
    """Return the bytes that are free now, shared by the processes that compute on this machine.

    A worker of `LocalProcesses` knows how many these are. Any other process (a worker of a
    cluster, this one itself) counts on one for each core.
    """
    return int(psutil.virtual_memory().available) // (_beside or worker_count(0))


class LocalProcesses:
    """A backend of processes on this machine, each started when there is work for it.

    They compute with one thread, ignore Ctrl-C (this process decides) and die with this one.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._workers: list[_Worker] = []

    def slots(self) -> int:
        """Return the number of processes."""
        return self._count

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Give the function to an idle process, to a new one, or to one that warms up."""
        worker = next((w for w in self._workers if w.idle()), None) or self._another()
        try:
            with _explained():
                return worker.submit(function, *args, **kwargs)
        except BrokenProcessPool:  # it died while it had nothing to do
            self._workers.remove(worker)
            return self.submit(function, *args, **kwargs)

    def _another(self) -> _Worker:
        warming = (w for w in self._workers if w.warming())
        worker = next(warming, None) if len(self._workers) >= self._count else None
        if worker is None:
            worker = _Worker(self._count)
            self._workers.append(worker)
        return worker

    def warm_up(self, modules: Sequence[str]) -> None:
        """Start all processes and let them import modules, while this one goes on."""
        while len(self._workers) < self._count:
            worker = _Worker(self._count)
            self._workers.append(worker)
            with _explained():
                worker.warm_up(modules)

    def map(self, function: Callable[[Item], T], items: Sequence[Item]) -> list[T]:
        """Return the function of each item, in order; where a process dies, this one does it."""
        futures: list[Future[T]] = []
        for item in items:
            open_ones = [future for future in futures if not future.done()]
            if len(open_ones) >= self._count:
                wait(open_ones, return_when=FIRST_COMPLETED)
            futures.append(self.submit(function, item))
        return [
            _result(future, function, item) for future, item in zip(futures, items, strict=True)
        ]

    def close(self, now: bool) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.close(now)
        self._workers.clear()


class _Worker:
    """One process and its last task; before its first one it may warm up."""

    def __init__(self, beside: int) -> None:
        self._pool = ProcessPoolExecutor(
            max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin,
            initargs=(os.getpid(), beside),
        )  # fmt: skip
        self._last: Future[Any] | None = None
        self._warm_up: Future[Any] | None = None

    def idle(self) -> bool:
        return self._last is None or self._last.done()

    def warming(self) -> bool:
        return self._last is not None and self._last is self._warm_up

    def warm_up(self, modules: Sequence[str]) -> None:
        # A module that cannot be imported fails the task that needs it, with its reason.
        self._warm_up = self.submit(_import, tuple(modules))

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        # The first call starts the process, which inherits both.
        with single_thread_environment(), _interrupts_held():
            future = self._pool.submit(function, *args, **kwargs)
        self._last = future
        return future

    def close(self, now: bool) -> None:
        if now:
            # Public only from Python 3.14 on (`kill_workers`).
            for process in list((getattr(self._pool, "_processes", None) or {}).values()):
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[T], function: Callable[[Item], T], item: Item) -> T:
    try:
        return future.result()
    except BrokenProcessPool:
        return function(item)


@contextmanager
def _explained() -> Iterator[None]:
    """Say what to do where no process can be started."""
    try:
        yield
    except OSError as error:
        raise ExecutionError(
            f"no worker process can be started ({error}): end other programs, or run with "
            "the parameter workers=1"
        ) from error


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let a new process start with Ctrl-C blocked; this one gets it when the block is over."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: int, beside: int) -> None:
    """Prepare a new worker process, one of so many, before its first task."""
    global _beside
    _beside = beside
    # At its end Python looks through all objects for cycles: seconds with torch, to no use.
    atexit.register(gc.freeze)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "linux":
        # The watching thread waits while a library holds the interpreter; the kernel does not.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)


def _import(modules: Sequence[str]) -> None:
    gc.disable()  # what is imported stays; looking for garbage in it is a fifth of the time
    try:
        for module in modules:
            importlib.import_module(module)
    finally:
        gc.enable()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
