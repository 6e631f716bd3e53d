"""What a run holds, as plain data: made by the stages, written by `runs` and `writing`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

import pandas as pd

METRIC_COLUMNS = ("key", "value", "step")


@dataclass(frozen=True)
class DataInput:
    """A data set that a run read, shown by MLflow as one of the run's inputs."""

    name: str
    source: str  # a path, `hub:ID@revision`, or "sample (synthetic)"
    digest: str  # fingerprint of its content; MLflow shows the first 36 characters
    context: str = ""  # what the run used it for, e.g. "training"
    rows: int | None = None
    classes: Mapping[str, int] = field(default_factory=dict)  # items of each class


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is written into a run, all of it optional.

    Attributes:
        params: resolved parameters; a key can be written once only in the life of a run.
        metrics: one row a point, columns `key`, `value`, `step` (0 or above; epochs, say). NaN
            is kept as NaN; infinite values become NaN (the database would store 1.8e308).
        tables: tables by artifact path ending in `.json`, e.g. `tables/transfer.json`; MLflow
            shows those of several runs side by side.
        files: other artifacts by path: a file to copy, or its content as bytes or text.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=METRIC_COLUMNS))
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, Path | bytes | str] = field(default_factory=dict)
    inputs: tuple[DataInput, ...] = ()

    def __post_init__(self) -> None:
        missing = [name for name in METRIC_COLUMNS if name not in self.metrics.columns]
        if missing:
            raise ValueError(f"the table of metrics lacks the columns {missing}")
        both = sorted(self.tables.keys() & self.files.keys())
        if both:
            raise ValueError(f"both a table and a file are to be written to {both}")
        for path in (*self.tables, *self.files):
            check_artifact_path(path)
        for path in self.tables:
            if not path.endswith(".json"):
                raise ValueError(f"a table's artifact path ends in .json, got {path!r}")


@dataclass(frozen=True, kw_only=True)
class RunRecord(Contents):
    """A whole run that is written at once, e.g. a finished seed; its description is Markdown."""

    name: str
    kind: str
    description: str = ""


def check_artifact_path(path: str) -> None:
    """Refuse an artifact path that is absolute, leaves its folder, or is not in normal form."""
    parts = PurePosixPath(path).parts
    clean = "/".join(parts) == path and not path.startswith("/") and ".." not in parts
    if not clean or not path or re.search(r"[\x00-\x1f\\]", path):
        raise ValueError(f"{path!r} is not a relative artifact path in normal form")


def config_params(config: Mapping[str, object], prefix: str = "config/") -> dict[str, str]:
    """Return the resolved configuration as parameters `config/NAME`.

    `mlflow run` logs the strings that the user typed under the bare names, and a parameter can
    be written once only: the resolved values need names of their own. Sequences are written as
    comma lists, nested mappings with further slashes.
    """
    params: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            params |= config_params(value, f"{prefix}{name}/")
        elif isinstance(value, list | tuple):
            params[f"{prefix}{name}"] = ",".join(map(str, value))
        else:
            params[f"{prefix}{name}"] = str(value)
    return params
