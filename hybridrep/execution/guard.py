"""What a process must have in common with the one that sends it tasks: the code, the store."""

from __future__ import annotations

import contextlib
import platform
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import hybridrep
from hybridrep.execution import disk
from hybridrep.execution.code_version import code_version
from hybridrep.execution.store import Store

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Guard:
    """Conditions under which a process may run tasks."""

    versions: tuple[tuple[str, str], ...]
    release: str = hybridrep.__version__
    token: str = ""  # a file in the store that proves it is the same; empty: on the same machine
    patience: float = 0.0  # seconds to wait for other machines' files: network folders are late

    def problem(self, store: Store) -> str:
        """Return what forbids this process to work on the store, or ""; looked into once."""
        return _problem(self, store.root)

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Wait for a condition, as long as this guard's patience; tell whether it holds."""
        end = time.monotonic() + self.patience
        while not condition():
            if time.monotonic() >= end:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def guard_for(functions: set[Callable[..., object]]) -> Guard:
    """Return the guard for processes of this machine that run these functions."""
    modules = {function.__module__ for function in functions} - {"__main__"}
    return Guard(tuple((name, code_version(name)) for name in sorted(modules)))


@contextmanager
def across_machines(guard: Guard, store: Store, patience: float) -> Iterator[Guard]:
    """Put a token into the store while tasks are sent to other machines, and look for it there."""
    token = store.root / ".tokens" / secrets.token_hex(8)
    try:
        token.parent.mkdir(parents=True, exist_ok=True)
        token.touch()
    except OSError as error:
        raise disk.explain(error, store.root, "preparing for a cluster") from error
    try:
        yield replace(guard, token=token.name, patience=patience)
    finally:
        with contextlib.suppress(OSError):
            token.unlink()


@cache
def _problem(guard: Guard, root: Path) -> str:
    me = f"a process on {socket.gethostname()}"
    if guard.release != hybridrep.__version__:
        return (
            f"{me} has hybridrep {hybridrep.__version__}, not {guard.release}: install the same "
            "version there and restart it"
        )
    for name, version in guard.versions:
        if code_version(name) != version:
            return (
                f"{me} (Python {platform.python_version()}) finds other code or libraries behind "
                f"{name} than the process that started the work. Install the same versions there "
                "and restart it, or, if files were edited meanwhile, run the same command again"
            )
    if not guard.token:
        return ""
    if not guard.wait_for((root / ".tokens" / guard.token).exists):
        return (
            f"{me} does not see the store {root} of the process that started the work: mount "
            "the same shared folder there under the same path, or set the parameter `store` to "
            "one that is"
        )
    try:
        Store(root).check_writable()
    except Exception as error:  # noqa: BLE001 - told to the process that asked
        return f"{me}: {error}"
    return ""
