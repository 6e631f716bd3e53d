"""Plain selections from a study's tables that only reports need; the rest is `analysis.views`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hybridrep.analysis.names import DIRECTIONS
from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import seed_status


def directions_of(tables: StudyTables) -> tuple[str, ...]:
    """Return the directions that the RSA table holds, in the paper's order."""
    found = set(pd.unique(tables.rsa["direction"]))
    return tuple(d for d in DIRECTIONS if d in found)


def seeds_by_status(tables: StudyTables, status: str) -> list[int]:
    """Return the seeds that `seed_status` gives a status, e.g. "complete"."""
    seeds = seed_status(tables)
    return [int(s) for s in seeds.loc[seeds["status"] == status, "seed"]]


def config_value(tables: StudyTables, name: str, default: Any = None) -> Any:
    """Return a value of the resolved configuration, or `default` where none was recorded."""
    value = tables.meta.get("config", {}).get(name, default)
    return default if value is None else value


def config_number(tables: StudyTables, name: str) -> int:
    """Return a whole number of the configuration; 0 where none was recorded."""
    try:
        return int(config_value(tables, name, 0))
    except (TypeError, ValueError):
        return 0


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as mappings from column to value."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def meta_record(tables: StudyTables, name: str) -> dict[str, Any]:
    """Return an entry of the study's record that is itself a record; empty where there is none."""
    value = tables.meta.get(name)
    return value if isinstance(value, dict) else {}
