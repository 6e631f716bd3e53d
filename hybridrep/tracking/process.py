"""Which process writes a run, whether it still lives, and what a run does when its parent dies."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

from hybridrep.tracking import names

START_TOLERANCE = 2.0
"""Seconds by which two readings of a start by the clock may differ, where there is no birth."""
_START_FIELD = 22
"""The field of `/proc/PID/stat` with the process's start, in ticks since the machine's; proc(5)."""


@cache
def _identity(pid: int) -> dict[str, str]:
    tags = {
        names.HOST: socket.gethostname(),
        names.PID: str(pid),
        names.PROCESS_START: f"{psutil.Process(pid).create_time():.2f}",
    }
    birth = _birth(pid)
    return tags if birth is None else {**tags, names.PROCESS_BIRTH: birth}


def process_tags() -> dict[str, str]:
    """Return the tags that identify this process: host, process id, and when it started."""
    return dict(_identity(os.getpid()))


def is_gone(tags: Mapping[str, str]) -> bool:
    """Tell whether the process of these tags ran on this host and has ended.

    Ids are used again, hence the start: by the machine's own count of ticks, which no change of
    the clock moves; by the clock for tags without one. Other hosts' and malformed tags count as
    living.
    """
    try:
        pid, start = int(tags[names.PID]), float(tags[names.PROCESS_START])
    except (KeyError, ValueError):
        return False
    if tags.get(names.HOST) != socket.gethostname():
        return False
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        if names.PROCESS_BIRTH in tags and (birth := _birth(pid)) is not None:
            return birth != tags[names.PROCESS_BIRTH]
        return abs(process.create_time() - start) > START_TOLERANCE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _birth(pid: int) -> str | None:
    """Return `BOOT/TICKS`: which start of the machine, and how long after it a process began.

    psutil's `create_time` adds the ticks to the time of the boot, which the system reckons back
    from the clock of the moment: it moves when the clock is set. None where the system does not
    tell (it has no /proc), or there is no such process.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    after_name = stat.rpartition(b")")[2].split()  # a command's name may hold spaces and brackets
    return f"{boot}/{int(after_name[_START_FIELD - 3])}"


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
