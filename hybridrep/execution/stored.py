"""Finished results on disk: what one holds, whether it is intact, and the list of all."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from hybridrep.errors import StoreError
from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import canonical_json
from hybridrep.execution.manifest import MANIFEST, DamagedError, Manifest, checked

COLUMNS = (
    "stage", "key", "created", "seconds", "expected_seconds", "bytes", "files", "outdated", "path",
)  # fmt: skip
"""`created` is in UTC, `files` a count; `outdated`: made by code that has changed since, so that
today's keys lead elsewhere; `path`: the folder that was read."""

_FORMAT = 1
_Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class StoredResult:
    """A finished result; its files were intact when it was opened."""

    folder: Path
    key: str
    stage: str
    inputs: Mapping[str, Any]  # what the stage said it was made from
    meta: Mapping[str, Any]  # further facts for people and for later stages; plain JSON values
    seconds: float
    expected_seconds: float  # how long its task had been estimated to take for it; 0 = no estimate
    created: datetime  # when it was written (UTC)
    code: Mapping[str, str]  # module -> its `code_version` then; empty where none was recorded
    files: Mapping[str, int]  # file name -> size in bytes

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays stored together under `name`; the caller's own, free to change."""
        return dict(load_file(self.file(f"{name}.safetensors")))

    def table(self, name: str) -> pd.DataFrame:
        """Return the table stored under `name`."""
        return pd.read_parquet(self.file(f"{name}.parquet"), engine="pyarrow")

    def file(self, name: str) -> Path:
        """Return the path of a stored file; read it only."""
        if name not in self.files:
            raise StoreError(
                f"the stored {self.stage} result {self.key[:12]} has no {name!r}; "
                f"it has: {', '.join(sorted(self.files))}"
            )
        path = self.folder / name
        if not path.exists():
            raise StoreError(f"{path} was removed while it was in use: run the same command again")
        return path


def manifest_bytes(
    content: Mapping[str, Any], files: Mapping[str, bytes], created: datetime
) -> bytes:
    """Return the manifest of `files`: `content` plus their sizes and digests, and its own."""
    full = {
        **content, "format": _FORMAT, "created": created.isoformat(),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }  # fmt: skip
    text = canonical_json(full)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({"sha256": digest, "content": json.loads(text)}, indent=1).encode()


_seen: dict[Path, tuple[_Signature, StoredResult]] = {}
"""What this process has verified, with the sizes, times and inodes it had then."""


def read_verified(folder: Path) -> StoredResult:
    """Read a result and check all of it against its manifest: sizes and SHA-256.

    Hashed once per process; again only when a file's size, time or inode has changed.
    """
    known = _seen.get(folder)
    if known is not None and _signature(folder, known[1]) == known[0]:
        return known[1]
    _seen.pop(folder, None)
    content = _content(folder)
    result = _result(folder, content)
    signature = _signature(folder, result)
    for name, expected in content.files.items():
        if signature is None or _size(folder / name) != expected.bytes:
            raise DamagedError(f"{name} is missing or has another size")
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected.sha256:
                raise DamagedError(f"{name} has changed (SHA-256 differs)")
    if signature is not None:
        _seen[folder] = (signature, result)
    return result


def _content(folder: Path) -> Manifest:
    """Read a manifest and check it, not yet the files; a folder that is gone raises as such."""
    try:
        _size(folder / MANIFEST)
        data = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        folder.stat()
        raise DamagedError(f"{MANIFEST} is missing") from None
    try:
        outer = json.loads(data)
        content, digest = outer["content"], outer["sha256"]
        intact = hashlib.sha256(canonical_json(content).encode()).hexdigest() == digest
        version = content["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamagedError(f"{MANIFEST} cannot be read") from None
    if not intact:
        raise DamagedError(f"{MANIFEST} has changed (SHA-256 differs)")
    if type(version) is not int:
        raise DamagedError(f"{MANIFEST} is not as it is written: 'format' is wrong")
    if version > _FORMAT:
        raise StoreError(
            f"{folder} was written by a later version of hybridrep: upgrade, or set the "
            "parameter `store` to another folder."
        )
    manifest = checked(content)
    if (manifest.stage, manifest.key) != (folder.parent.parent.name, folder.name):
        raise DamagedError(f"it is the {manifest.stage} result {manifest.key}, in the wrong folder")
    return manifest


def _result(folder: Path, content: Manifest) -> StoredResult:
    sizes = {name: record.bytes for name, record in content.files.items()}
    return StoredResult(folder, **{**dict(content), "files": sizes})


def _size(path: Path) -> int:
    """Return the size of a file, which is a plain one: others lead elsewhere, or never end."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise DamagedError(f"{path.name} is no plain file")
    return status.st_size


def _signature(folder: Path, result: StoredResult) -> _Signature | None:
    """Return size, time and inode of each file, or None if one is missing."""
    try:
        stats = [(name, (folder / name).lstat()) for name in (MANIFEST, *sorted(result.files))]
    except FileNotFoundError:
        return None
    return tuple((name, s.st_size, s.st_mtime_ns, s.st_ino) for name, s in stats)


def survey(folders: Iterable[Path]) -> tuple[pd.DataFrame, list[Path]]:
    """Return one row per result with `COLUMNS`, oldest first, and the folders of damaged ones.

    Damaged are those whose manifest is not what was written. What cannot be read now, or by this
    version, may be good: it is in neither.
    """
    rows, damaged = [], []
    for folder in folders:
        try:
            result = _result(folder, _content(folder))
        except DamagedError:
            damaged.append(folder)
            continue
        except (OSError, StoreError):
            continue
        size, times = sum(result.files.values()), (result.seconds, result.expected_seconds)
        about = (result.stage, result.key, result.created, *times, size, len(result.files))
        rows.append((*about, is_outdated(result.code), folder))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"outdated": bool})
    table["created"] = pd.to_datetime(table["created"], utc=True)
    return table.sort_values("created", kind="stable", ignore_index=True), damaged


def is_outdated(code: Mapping[str, str]) -> bool:
    """Tell whether a module has changed or gone since a result was made, given its versions.

    A name that no module has or can have is one that is gone.
    """
    try:
        return any(code_version(name) != version for name, version in code.items())
    except (ImportError, LookupError, OSError, RecursionError, SyntaxError, ValueError):
        return True
