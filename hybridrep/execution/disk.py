"""Writing a folder so that it is either wholly there or not at all, and saying what failed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from hybridrep.errors import StoreError

_PIDS = 2**31  # more than any process has for its number
_ABANDONED_SECONDS = 24 * 3600
"""Age at which a half-written folder of another machine is taken for left over."""


class StoreUnwritableError(StoreError):
    """Nothing at all can be written: the disk is full, read-only, gone, or forbidden."""


def explain(error: OSError, root: Path, doing: str) -> StoreError:
    """Return the error for people: where it happened, why, and what to do."""
    start = f"the store {root} cannot be used ({doing}): "
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = "its disk is full. Free some space or prune old results"
    elif error.errno == errno.EROFS:
        why = "its file system is read-only. Make it writable"
    elif isinstance(error, PermissionError):
        why = f"permission denied for {error.filename or root}. Correct its owner or mode"
    elif isinstance(error, NotADirectoryError | FileExistsError):
        why = _in_the_way(Path(error.filename or root))
    elif error.errno == errno.ELOOP:
        why = f"{error.filename or root} is a symbolic link that leads to itself. Remove it"
    else:
        why = f"{error.strerror or error}. Check the disk or the network share"
    return StoreUnwritableError(
        f"{start}{why}, or set the parameter `store` to another folder, then run the same "
        "command again: finished results are kept."
    )


def _in_the_way(path: Path) -> str:
    """Say what stands where a folder should be: the path itself or one that it lies in."""
    for place in (*reversed(path.parents), path):
        if place.is_symlink() and not place.exists():
            return f"{place} is a symbolic link that leads nowhere. Remove it"
        if place.exists() and not place.is_dir():
            return f"{place} is a file, not a folder. Move it away"
    return f"{path} is a file, not a folder. Move it away"


@contextlib.contextmanager
def explained(root: Path, doing: str) -> Iterator[None]:
    """Turn an error of the disk into one for people, see `explain`."""
    try:
        yield
    except OSError as error:
        raise explain(error, root, doing) from error


def write_folder(final: Path, files: Mapping[str, bytes], temporary_root: Path) -> bool:
    """Write `files` into a new folder `final`, all or nothing, safe against power loss.

    The work is done below `temporary_root` first, on the same file system. Returns False if `final`
    was there before this one was ready; then nothing is changed.
    """
    temporary = temporary_root / _temporary_name()
    try:
        temporary.mkdir(parents=True)
        for name, content in files.items():
            _write_synced(temporary / name, content)
        _sync_folder(temporary)
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY) or final.exists():
                return False
            raise
        _sync_folder(final.parent)
        _sync_folder(final.parent.parent)
        return True
    finally:
        # Also after an interrupt. Gone already where the rename was done.
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(folder: Path, temporary_root: Path) -> None:
    """Remove a folder at once for its readers: it is renamed first, then emptied.

    What a symbolic link in its place leads to stays; only the link goes, as a file does. One that
    is gone already is no error.
    """
    temporary = temporary_root / _temporary_name()
    temporary_root.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(temporary)
        if _is_folder(temporary):
            shutil.rmtree(temporary)
        else:
            temporary.unlink()


def left_over(temporary_root: Path) -> Iterator[Path]:
    """Yield the half-written folders whose process is gone.

    A process of another machine cannot be asked: there a day decides.
    """
    host = _host()
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for folder in temporary_root.iterdir():
            with contextlib.suppress(FileNotFoundError, ValueError):
                its_host, pid, _ = folder.name.split(".")
                old = time.time() - folder.lstat().st_mtime > _ABANDONED_SECONDS
                exists = int(pid) < _PIDS and psutil.pid_exists(int(pid))
                if old or (its_host == host and not exists):
                    yield folder


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder; files that vanish meanwhile count nothing.

    A symbolic link counts as itself, also in the folder's own place.
    """
    total = 0
    for path in folder.rglob("*") if _is_folder(folder) else [folder]:
        with contextlib.suppress(FileNotFoundError):
            total += path.lstat().st_size
    return total


def _temporary_name() -> str:
    return f"{_host()}.{os.getpid()}.{secrets.token_hex(8)}"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "unknown"


def _is_folder(path: Path) -> bool:
    """Tell whether this is a folder itself, no link to one."""
    return path.is_dir() and not path.is_symlink()


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can do that for folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
