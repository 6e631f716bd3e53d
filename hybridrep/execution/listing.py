"""What a store holds, as a table, and which of it no later run will use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from hybridrep.errors import StoreError
from hybridrep.execution.code_version import code_version
from hybridrep.execution.manifest import DamagedError
from hybridrep.execution.stored import read_manifest

COLUMNS = (
    "stage",
    "key",
    "created",
    "seconds",
    "expected_seconds",
    "bytes",
    "files",
    "outdated",
    "path",
)
"""`created` is in UTC, `files` a count; `outdated`: made by code that has changed since, so that
today's keys lead elsewhere; `path`: the folder that was read."""


def survey(folders: Iterable[Path]) -> tuple[pd.DataFrame, list[Path]]:
    """Return one row per result with `COLUMNS`, oldest first, and the folders of damaged ones.

    Damaged are those whose manifest is not what was written. What cannot be read now, or by this
    version, may be good: it is in neither.
    """
    rows, damaged = [], []
    for folder in folders:
        try:
            result = read_manifest(folder)
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
