"""What a study records about itself, read with care: an older or partial record leaves gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNKNOWN = "not recorded"

Meta = Mapping[str, Any]
"""What a study's tables record of it, in JSON's types."""


def config_value(meta: Meta, name: str, default: Any = None) -> Any:
    """Return a value of the resolved configuration, or `default` where none was recorded."""
    value = meta.get("config", {}).get(name, default)
    return default if value is None else value


def config_number(meta: Meta, name: str) -> int:
    """Return a whole number of the configuration; 0 where none was recorded."""
    return whole(config_value(meta, name, 0))


def meta_record(meta: Meta, *names: str) -> dict[str, Any]:
    """Return the record under a path of names in a study's record; empty if there is none."""
    value: Any = meta
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, dict) else {}


def whole(value: Any) -> int:
    """Return a count: of a collection its size, 0 for what is no number."""
    if isinstance(value, list | tuple | dict):
        return len(value)
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
