"""What a store holds, as a table, and which of it no later run will use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from hybridrep.errors import StoreError
from hybridrep.execution.code_version import code_version
from hybridrep.execution.stored import DamagedError, read_manifest

COLUMNS = (
    *("stage", "key", "created", "seconds", "expected_seconds", "bytes", "files", "outdated"),
)
"""`created` is in UTC, `files` a count; `outdated`: made by code that has changed since, so that
today's keys lead elsewhere."""


def listed(folders: Iterable[Path]) -> pd.DataFrame:
    """Return one row per result with `COLUMNS`, oldest first; unreadable ones are left out."""
    rows = []
    for folder in folders:
        try:
            result = read_manifest(folder)
        except (DamagedError, OSError, StoreError):
            continue
        size, times = sum(result.files.values()), (result.seconds, result.expected_seconds)
        about = (result.stage, result.key, result.created, *times, size, len(result.files))
        rows.append((*about, is_outdated(result.code)))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"outdated": bool})
    table["created"] = pd.to_datetime(table["created"], utc=True)
    return table.sort_values("created", kind="stable", ignore_index=True)


def is_outdated(code: Mapping[str, str]) -> bool:
    """Tell whether a module has changed or gone since a result was made, given its versions."""
    try:
        return any(code_version(name) != version for name, version in code.items())
    except ModuleNotFoundError:
        return True
