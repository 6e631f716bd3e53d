"""The shape of a result's manifest, and the names that results may have.

A manifest is a file that anybody can edit, digest and all: its shape is checked here, once, so
that whoever reads one later meets no other types, and no path that leads out of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, ValidationError

from hybridrep.execution.fingerprint import is_key

MANIFEST = "manifest.json"
_STAGE = re.compile(r"[a-z][a-z0-9_-]*")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_YEARS = range(1970, 2262)
"""Those that a table's column of times can hold."""


class DamagedError(Exception):
    """A stored result is not what was written; the message says in which way."""


def is_stage(name: str) -> bool:
    """Tell whether a stage may have this name, which is a folder's, so never a path."""
    return _STAGE.fullmatch(name) is not None


def is_file_name(name: str) -> bool:
    """Tell whether a file of a result may have this name, which is never a path."""
    return _FILE.fullmatch(name) is not None


def _must(allowed: Callable[[str], bool]) -> BeforeValidator:
    """Make a check that refuses what `allowed` says no to."""

    def check(value: object) -> str:
        if not isinstance(value, str) or not allowed(value):
            raise ValueError("it is not allowed")
        return value

    return BeforeValidator(check)


def _time(value: object) -> datetime:
    """Read a time as it is written, in UTC."""
    try:
        time = datetime.fromisoformat(str(value)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it is out of range") from error
    if time.year not in _YEARS:
        raise ValueError("it is out of range")
    return time


class File(BaseModel):
    """What a manifest says of one file."""

    model_config = ConfigDict(strict=True, frozen=True)

    bytes: Annotated[int, Field(ge=0, le=2**53)]
    sha256: str


class Manifest(BaseModel):
    """A manifest's content; see `hybridrep.execution.stored.StoredResult` for what it means."""

    model_config = ConfigDict(strict=True, frozen=True)

    key: Annotated[str, _must(is_key)]
    stage: Annotated[str, _must(is_stage)]
    inputs: dict[str, Any]
    meta: dict[str, Any]
    seconds: FiniteFloat
    expected_seconds: FiniteFloat
    created: Annotated[datetime, BeforeValidator(_time)]
    code: dict[str, str] = {}
    files: dict[Annotated[str, _must(is_file_name)], File]


def checked(content: Mapping[str, Any]) -> Manifest:
    """Return a manifest's content if it has the shape that was written."""
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        (part, *_) = error.errors()[0]["loc"] or ("content",)
        raise DamagedError(f"{MANIFEST} is not as it is written: {part!r} is wrong") from None
