"""The folder for temporary files: whether it can be used, and when a full disk is its own."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from hybridrep.errors import ExecutionError

LEAST_BYTES = 32 * 2**20
"""What must be free there: artifacts are put together there, one run's at a time."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_WRITING = (errno.EACCES, errno.EPERM, errno.EROFS)
_REMEDY = "or set TMPDIR to another folder, then run the same command again"


def check_temporary_folder() -> None:
    """Find out before long work whether artifacts can be put together.

    Raises:
        ExecutionError: there is no folder for temporary files, or too little room in it.
    """
    folder, free = _folder_and_free()
    if free < LEAST_BYTES:
        raise ExecutionError(
            f"the folder for temporary files, {folder}, has {free / 2**20:.1f} MiB left, and "
            f"{LEAST_BYTES / 2**20:.0f} are needed: free some space there, {_REMEDY}"
        )


def temporary_fault(error: OSError) -> str:
    """Say what is wrong with the folder for temporary files if an error is of it; else nothing.

    Another disk that is mounted below it is not its own. Of a copy the second file is the one that
    is written.
    """
    folder, free = _folder_and_free()
    name = error.filename if error.filename2 is None else error.filename2
    file = None if name is None else Path(os.fsdecode(name))
    inside = file is not None and file.is_relative_to(folder) and _disk(file) == _disk(folder)
    if error.errno in _FULL and (inside or free < LEAST_BYTES):
        return (
            f"the folder for temporary files, {folder}, is full: free some space there, {_REMEDY}"
        )
    if inside and (error.errno in _NO_WRITING or not folder.is_dir()):
        return f"the folder for temporary files, {folder}, cannot be used: mend it, {_REMEDY}"
    return ""


def _disk(path: Path) -> int:
    """Return the number of the disk that a path is on, or would be."""
    for place in (path, *path.parents):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return place.stat().st_dev
    return -1


def _folder_and_free() -> tuple[Path, int]:
    try:
        folder = Path(tempfile.gettempdir())
        return folder, shutil.disk_usage(folder).free
    except OSError as error:
        raise ExecutionError(
            f"there is no folder for temporary files ({error.strerror or error}): make one that "
            "can be written, or set TMPDIR to one"
        ) from error


class Scratch:
    """A temporary folder that goes with the last reference to it, or with the process."""

    def __init__(self) -> None:
        check_temporary_folder()
        self.folder = Path(tempfile.mkdtemp(prefix="hybridrep-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
