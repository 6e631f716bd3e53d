"""SHA-256 of files, each computed once a process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; one of the same size and time is not read again."""
    status = path.stat()
    return _hash(path.resolve(), status.st_size, status.st_mtime_ns)


def sha256_parts(parts: Mapping[str, str]) -> str:
    """Return one SHA-256 for several named texts or digests, whatever their order."""
    lines = "".join(f"{len(part)} {name}={part}\n" for name, part in sorted(parts.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@lru_cache(maxsize=64)
def _hash(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
