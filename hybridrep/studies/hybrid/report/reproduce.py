"""The command that makes a finished study again, of this study's parameters."""

from __future__ import annotations

from hybridrep.reporting.reproduce import reproduce_command as command
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.results.tables import StudyTables


def reproduce_command(tables: StudyTables) -> str:
    """Return the `mlflow run` command of a study; see `reporting.reproduce`."""
    return command(tables.meta.get("config", {}), tables.seeds_wanted, Config, "full")
