"""What a study records about itself, read with care: an older or partial record leaves gaps."""

from __future__ import annotations

from typing import Any

from hybridrep.studies.hybrid.results.tables import StudyTables

UNKNOWN = "not recorded"


def config_value(tables: StudyTables, name: str, default: Any = None) -> Any:
    """Return a value of the resolved configuration, or `default` where none was recorded."""
    value = tables.meta.get("config", {}).get(name, default)
    return default if value is None else value


def config_number(tables: StudyTables, name: str) -> int:
    """Return a whole number of the configuration; 0 where none was recorded."""
    return _whole(config_value(tables, name, 0))


def meta_record(tables: StudyTables, *names: str) -> dict[str, Any]:
    """Return an entry of the study's record that is itself a record; empty where there is none.

    Args:
        tables: the study.
        names: the entry's name, or the names that lead to it from outside to inside.
    """
    value: Any = tables.meta
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int:
    """Return a count: of a collection its size, 0 for what is no number."""
    if isinstance(value, list | tuple | dict):
        return len(value)
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
