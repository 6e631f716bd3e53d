"""File systems mounted for a moment: small ones that fill up, and read-only ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unavailable(Exception):
    """This machine does not let the fault be made; the message says why."""


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Forbid to write in a folder, to root too."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        with mounted(folder, "--bind", str(folder)):
            _mount("-o", "remount,bind,ro", str(folder))
            yield
        return
    changed = [folder, *folder.rglob("*")]
    modes = [path.stat().st_mode for path in changed]
    try:
        for path, mode in zip(changed, modes, strict=True):
            path.chmod(mode & ~0o222)
        yield
    finally:
        for path, mode in zip(changed, modes, strict=True):
            path.chmod(mode)


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Mount a file system on a folder, as `mount ARGUMENTS FOLDER` does; only root may."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount(*arguments, str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        raise Unavailable("only root may mount a file system")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"mount refuses: {done.stderr.strip()}")
