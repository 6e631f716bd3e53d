"""A tracking database whose folder was renamed, moved or copied: its artifacts' addresses are old.

`python -m hybridrep.tracking.moved OLD NEW` moves the addresses, not the files.
"""

from __future__ import annotations

import logging
import os
import shlex
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from hybridrep.errors import HybridrepError, TrackingError
from hybridrep.tracking.sqlite import BUSY_SECONDS, DEFAULT_URI, database_path, remedy

if TYPE_CHECKING:
    from mlflow.entities import Experiment

ADDRESSES = (
    ("experiments", "artifact_location"), ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"), ("model_versions", "source"),
    ("model_versions", "storage_location"), ("trace_tags", "value"),
)  # fmt: skip
"""Tables and columns of MLflow's that hold addresses of artifacts."""
_logger = logging.getLogger(__name__)


def refuse_moved(uri: str, experiment: Experiment) -> None:
    """Refuse an experiment whose artifacts' folder has gone with the folder that it stood in.

    MLflow would make the old folder anew, and write there. Where both are there, a copy was made
    or artifacts were written to the old place already: a warning says which one is used.

    Raises:
        TrackingError: with the command that moves the addresses.
    """
    database, location = database_path(uri), _local_path(experiment.artifact_location)
    if database is None or location is None:
        return
    here = database.parent / "mlruns" / location.name
    if location.exists():
        if here.exists() and not here.samefile(location):
            _logger.warning(
                "the artifacts of the experiment %r lie at %s and go there, not to %s beside the "
                "database. To use those from now on: %s", experiment.name, location, here,
                _command(location.parent, here.parent, uri),
            )  # fmt: skip
        return
    if here.exists():
        raise TrackingError(
            f"the artifacts of the experiment {experiment.name!r} lie at {location} by their "
            f"addresses, which is not there: the folder was renamed or moved. They are at {here}. "
            f"Move the addresses: {_command(location.parent, here.parent, uri)}"
        )
    if not location.parent.parent.exists():
        raise TrackingError(
            f"the artifacts of the experiment {experiment.name!r} lie at {location} by their "
            "addresses, which is not there, nor is the folder that it stood in. Bring it back; or "
            "name another experiment by MLFLOW_EXPERIMENT_NAME; or, if it was moved, move the "
            f"addresses to where it is: {_command(location.parent, Path('NEW'), uri)}"
        )


def move_addresses(database: Path, old: Path, new: Path) -> int:
    """Let all addresses of artifacts below a folder begin with another one; return how many.

    Raises:
        TrackingError: the new folder is not there, or the database cannot be written.
    """
    if not new.is_dir():
        raise TrackingError(f"{new} is no folder: name the one in which the artifacts lie now")
    pairs = [(str(old), str(new)), (old.as_uri(), new.as_uri())]
    count = 0
    try:
        connection = sqlite3.connect(f"{database.as_uri()}?mode=rw", BUSY_SECONDS, uri=True)
        with closing(connection), connection:
            for table, column in ADDRESSES:
                if column in {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}:
                    count += sum(_move(connection, table, column, *pair) for pair in pairs)
    except sqlite3.Error as error:
        what = remedy(str(error)) or "check the file"
        raise TrackingError(f"{database} cannot be changed: {error}; {what}") from error
    return count


def _move(connection: sqlite3.Connection, table: str, column: str, old: str, new: str) -> int:
    statement = (
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - both are ours
        f"WHERE {column} = ? OR substr({column}, 1, ?) = ?"
    )
    start = f"{old}/"
    given = (new, len(old) + 1, old, len(start), start)
    return connection.execute(statement, given).rowcount


def _local_path(address: str) -> Path | None:
    """Return the path of an address of this machine, or None for any other."""
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    if not is_local_uri(address):
        return None
    path = Path(local_file_uri_to_path(address))
    return path if path.is_absolute() else None


def _command(old: Path, new: Path, uri: str) -> str:
    words = [sys.executable or "python", "-m", "hybridrep.tracking.moved", str(old), str(new)]
    address = f"MLFLOW_TRACKING_URI={shlex.quote(uri)}"
    return f"{address} {shlex.join(words)}"


def main(arguments: list[str]) -> int:
    """Move the addresses in the database of MLFLOW_TRACKING_URI; return the exit code."""
    try:
        if len(arguments) != 2:
            raise TrackingError("give two folders: where the artifacts lay, and where they lie now")
        uri = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
        database = database_path(uri)
        if database is None or not database.exists():
            raise TrackingError(f"{uri} is no SQLite file: set MLFLOW_TRACKING_URI to it")
        old, new = (Path(each).absolute() for each in arguments)
        count = move_addresses(database, old, new)
    except HybridrepError as error:
        sys.stderr.write(f"hybridrep: {error}\n")
        return error.exit_code
    sys.stdout.write(f"{count} addresses in {database} begin with {new} instead of {old} now\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
