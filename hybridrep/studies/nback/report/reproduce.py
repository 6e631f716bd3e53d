"""The command that makes a finished study again, of this study's parameters."""

from __future__ import annotations

from hybridrep.reporting.reproduce import reproduce_command as command
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.results.tables import NBackTables


def reproduce_command(tables: NBackTables) -> str:
    """Return the `mlflow run` command of a study; see `reporting.reproduce`."""
    config = tables.meta["config"]
    return command(config, tables.meta["seeds_wanted"], Config, "nback")
