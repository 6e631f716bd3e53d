"""Which process writes a run, whether it still lives, and what a run does when its parent dies."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import psutil

from hybridrep.tracking import names

START_TOLERANCE = 2.0
"""Seconds by which two readings of one process's start may differ (the clock is adjusted)."""


@cache
def _identity(pid: int) -> dict[str, str]:
    return {
        names.HOST: socket.gethostname(),
        names.PID: str(pid),
        names.PROCESS_START: f"{psutil.Process(pid).create_time():.2f}",
    }


def process_tags() -> dict[str, str]:
    """Return the tags that identify this process: host, process id and when it started."""
    return dict(_identity(os.getpid()))


def is_gone(tags: Mapping[str, str]) -> bool:
    """Tell whether the process of these tags ran on this host and has ended.

    Ids are used again, hence the start time. Other hosts' and malformed tags count as living.
    """
    try:
        pid, start = int(tags[names.PID]), float(tags[names.PROCESS_START])
    except (KeyError, ValueError):
        return False
    if tags.get(names.HOST) != socket.gethostname():
        return False
    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        return dead or abs(process.create_time() - start) > START_TOLERANCE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def other_project_runs() -> list[int]:
    """Return the ids of processes of this host that are `mlflow run` and not above this one."""
    above = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        mlflow = any(word.rsplit("/", 1)[-1] in ("mlflow", "mlflow.exe") for word in words[:3])
        if mlflow and "run" in words and process.pid not in above:
            found.append(process.pid)
    return found


@contextmanager
def terminated_with_parent(seconds: float = 1.0) -> Iterator[None]:
    """Send this process SIGTERM when its parent dies.

    A killed `mlflow run` leaves what it started behind, at work for hours in a run that nobody
    waits for. SIGTERM lets it close the run first.
    """
    parent, done = os.getppid(), threading.Event()

    def watch() -> None:
        while not done.wait(seconds):
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=watch, name="hybridrep-parent", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM for a moment: an interrupted run is being closed.

    `mlflow run` answers Ctrl-C by sending SIGTERM to the process that got the same Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)
