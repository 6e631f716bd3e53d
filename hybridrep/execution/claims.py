"""Who makes what: two commands on one store make each result once, the second waits for the first.

A claim is a lock on one byte of the store's file `.claims`, at the place that the key names. The
system frees it when its process ends, however it ends; on a network folder too, where that locks.
Where files cannot be locked at all, nothing is claimed, and both compute the same numbers.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FILE = ".claims"
_DIGITS = 15
"""Of a key, for the place of its byte: two keys share one by chance once in 2^60."""
_FLOCK = "hhqqi4x"
"""Linux's `struct flock` of 64 bits: type, whence, start, length, process."""
_POLL_SECONDS = 0.2
_open: dict[Path, int] = {}
_guard = threading.Lock()


class Claims:
    """The claims of this process on a store's keys; it never stands in its own way."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE

    def take(self, keys: Collection[str]) -> bool:
        """Claim all of some keys, or none where another process has one of them."""
        taken: list[str] = []
        for key in keys:
            if not self._lock(key):
                self.give_back(taken)
                return False
            taken.append(key)
        return True

    def give_back(self, keys: Collection[str]) -> None:
        """End the claims on some keys."""
        handle = self._handle()
        if fcntl is None or handle is None:
            return
        for key in keys:
            with contextlib.suppress(OSError):
                fcntl.lockf(handle, fcntl.LOCK_UN, 1, _place(key))

    def holder(self, keys: Collection[str]) -> int:
        """Return the number of a process that has claimed one of some keys; 0: it is unknown."""
        handle = self._handle()
        if fcntl is None or handle is None or sys.platform != "linux":
            return 0
        for key in keys:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _place(key), 1, 0)
            with contextlib.suppress(OSError):
                kind, *_, process = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
                if kind != fcntl.F_UNLCK:
                    return max(0, int(process))
        return 0

    @contextlib.contextmanager
    def held(self, keys: Collection[str]) -> Iterator[None]:
        """Claim some keys for a block, as soon as no other process has them."""
        while not self.take(keys):
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            self.give_back(keys)

    def _lock(self, key: str) -> bool:
        handle = self._handle()
        if fcntl is None or handle is None:
            return True
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(key))
        except (BlockingIOError, PermissionError):  # POSIX allows either for a lock that is held
            return False
        except OSError:  # nothing can be locked there
            return True
        return True

    def _handle(self) -> int | None:
        """Return the open file: one for a process, as closing any of it would end all its locks."""
        with _guard:
            if self._path not in _open:
                try:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
                    _open[self._path] = os.open(self._path, flags, 0o666)
                except OSError:
                    return None
            return _open[self._path]


def _place(key: str) -> int:
    return int(key[:_DIGITS], 16)
