"""The default store, a SQLite file: made whole or not at all, and ready for several writers.

Two processes that meet an empty file break it for good, one that dies half-way leaves one that
nothing opens: so it is made elsewhere, under a lock, and moved into place when complete.
`python -m hybridrep.tracking.sqlite` does that before an `mlflow run`, which would do none of it.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from hybridrep.errors import TrackingError
from hybridrep.messages import public_uri, stray_character, without_passwords

DEFAULT_URI = "sqlite:///mlflow.db"
LOCK_SECONDS = 120.0
BUSY_SECONDS = 20.0
SETTLE_SECONDS = 5.0
"""A file without runs that was written to more lately may still be in the making elsewhere."""

_REMEDIES = {
    "is locked": "another program holds it locked: end that one",
    "is full|No space left": "its disk is full: free some space",
    "I/O error": "its disk failed or is full: check it",
    "readonly|Read-only|unable to open|ermission denied": "make the file and its folder writable",
}
"""What SQLite or the system says -> what to do."""

_logger = logging.getLogger(__name__)


def remedy(message: str, path: Path | None = None) -> str:
    """Return what to do about a failure of a SQLite file, or an empty text if that is unknown.

    Of a locked one it says which processes have it open, as far as this one may know.

    >>> remedy("(sqlite3.OperationalError) database is locked")
    'another program holds it locked: end that one, then run the same command again'
    """
    fitting = (do for words, do in _REMEDIES.items() if re.search(words, message))
    first = next(fitting, "")
    if "locked:" in first and path is not None and (holders := _holders(path)):
        first = first.replace("another program holds it locked", f"{holders} it locked")
    return first and f"{first}, then run the same command again"


def _holders(path: Path) -> str:
    """Name the other processes that have a database open: the user's own, where it is allowed."""
    import psutil

    files = {f"{path.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal")}
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and files & {each.path for each in process.open_files()}:
                command = without_passwords(" ".join(process.cmdline()))
                found.append(f"process {process.pid} ({command[:60]})")
    if not found:
        return ""
    return f"{found[0]} holds" if len(found) == 1 else f"one of {'; '.join(found[:3])} holds"


def database_path(uri: str) -> Path | None:
    """Return the file of a `sqlite:///FILE` address, or None for any other and for memory."""
    if not uri.startswith("sqlite:"):
        return None
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):  # their messages may cite a password
        raise _no_address(uri, "it is not written as one") from None
    if url.host:
        raise _no_address(uri, "two slashes name another machine")
    if stray := stray_character(uri):
        raise _no_address(uri, f"it holds {stray}")
    name = url.database
    return Path(name).absolute() if name and name != ":memory:" else None


def _no_address(uri: str, why: str) -> TrackingError:
    return TrackingError(
        f"{public_uri(uri)!r} is no address of a SQLite file: {why}. Set MLFLOW_TRACKING_URI "
        f"(or MLFLOW_REGISTRY_URI, if it stands there) to sqlite:/// and the file, e.g. "
        f"{DEFAULT_URI} in this folder or sqlite:////data/mlflow.db elsewhere"
    )


def prepare_database(uri: str) -> None:
    """Give the SQLite file of `uri` the installed MLflow's tables and a write-ahead log.

    With the log, readers (the UI) do not block writers, nor writers readers. An older MLflow's
    file is upgraded, and a copy stays beside it. What a killed creation left is put aside if it
    holds no run. Addresses other than SQLite files are left alone.

    Raises:
        TrackingError: when the address cannot be read or holds what MLflow cannot, or the file
            cannot be written, is no database of MLflow's, was made by a newer MLflow, or stays
            locked.
    """
    path = database_path(uri)
    if path is None:
        return
    if escape := re.search(r"%[0-9A-Fa-f]{2}", str(path)):
        raise TrackingError(
            f"the path of the tracking database, {path}, holds {escape[0]}, which MLflow takes for "
            "another letter: work in a folder without that, or set MLFLOW_TRACKING_URI to one"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=LOCK_SECONDS):
            if not _is_prepared(path):
                _prepare(path)
    except Timeout as error:
        raise TrackingError(
            f"{path} has been locked for {LOCK_SECONDS:.0f} s by another process that prepares "
            f"it; if there is none, delete {path}.lock"
        ) from error
    except (OSError, sqlite3.Error) as error:
        what = remedy(str(error)) or "check the file and its folder"
        raise TrackingError(
            f"the tracking database {path} cannot be used: {error}; {what}, or set "
            f"MLFLOW_TRACKING_URI to another place, e.g. {DEFAULT_URI}"
        ) from error


def _is_prepared(path: Path) -> bool:
    """Look for the two marks that `_prepare` leaves last; needs no MLflow, so it is quick."""
    if not _has_content(path):
        return False
    with _connected(path) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(mode == "wal" and version == _mlflow_number())


def _prepare(path: Path) -> None:
    if _has_content(path):
        revision = _revision(path)
        _wait_for_other_creator(path)
        _migrate(path, revision)
    if not _has_content(path):
        _create(path)
    with _connected(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(f"PRAGMA user_version = {_mlflow_number()}")


def _create(path: Path) -> None:
    _logger.info("creating the tracking database %s", path)
    new, whole = (path.with_name(f"{path.name}.{os.getpid()}.{end}") for end in ("new", "whole"))
    try:
        _upgrade(new)
        _copy(new, whole)  # a copy, for the engine of the upgrade may still hold the original
        whole.replace(path)
    finally:
        for leftover in (new, whole):
            for suffix in ("", "-wal", "-shm", "-journal"):
                leftover.with_name(leftover.name + suffix).unlink(missing_ok=True)


def _migrate(path: Path, revision: str | None) -> None:
    """Upgrade a file that somebody else made; keep a copy only where that changed anything."""
    before = path.with_name(f"{path.name}.before-upgrade")
    _copy(path, before)
    try:
        _upgrade(path)
    except Exception as error:
        if isinstance(error, sqlite3.Error) and remedy(str(error)):
            raise  # a full disk, say, is nothing that another MLflow would mend
        if _holds_runs(path):
            raise TrackingError(
                f"{path} does not fit the installed MLflow {metadata.version('mlflow')} and "
                f"cannot be upgraded ({error}); install the MLflow that made it, or move it away "
                f"to begin anew; {before.name} is a copy of it"
            ) from error
        _logger.warning("%s was never completed and holds no run: put aside as %s", path, before)
        path.unlink()
        return
    if revision == _revision(path):
        before.unlink()
    else:
        _logger.warning("upgraded %s to the installed MLflow; the old one is %s", path, before)


def _upgrade(path: Path) -> None:
    """Run `mlflow db upgrade` in this process: makes the tables, or migrates them, or nothing.

    Raises:
        sqlite3.Error: as SQLite said it, without the statement that SQLAlchemy adds.
    """
    from mlflow.db import upgrade
    from sqlalchemy.exc import DBAPIError

    run = upgrade.callback
    if run is None:
        raise TrackingError("the installed MLflow has no `mlflow db upgrade`")
    try:
        with _quiet("mlflow.store.db.utils"), _quiet("alembic"):
            # quoted, for what stands behind a `?` or a `%` would be taken for something else
            address = f"sqlite:///{quote(str(path))}"
            with without_stray_folder(address):
                run(url=address)
    except DBAPIError as error:
        raise (error.orig if isinstance(error.orig, sqlite3.Error) else error) from error
    finally:
        gc.collect()  # closes the engine's connections


@contextmanager
def without_stray_folder(uri: str) -> Iterator[None]:
    """Take away the folder that MLflow makes by the letters of a quoted address.

    For `sqlite:////home/ada/my%20work/mlflow.db` it makes `my%20work` beside `my work`.
    """
    folder = Path(uri.removeprefix("sqlite:///")).parent.absolute()
    stray = uri.startswith("sqlite:///") and "%" in uri and not folder.exists()
    try:
        yield
    finally:
        if stray:
            with suppress(OSError):  # not there, or with something in it by now
                os.removedirs(folder)


def _wait_for_other_creator(path: Path) -> None:
    while not _holds_runs(path) and time.time() - path.stat().st_mtime < SETTLE_SECONDS:
        time.sleep(0.2)


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _revision(path: Path) -> str | None:
    with _connected(path) as connection:
        tables = _tables(connection)
        if tables and not tables & {"alembic_version", "experiments"}:
            raise sqlite3.DatabaseError("it holds tables that are not MLflow's")
        if "alembic_version" not in tables:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def _holds_runs(path: Path) -> bool:
    with _connected(path) as connection:
        if "runs" not in _tables(connection):
            return False
        (some,) = connection.execute("SELECT EXISTS (SELECT 1 FROM runs)").fetchone()
    return bool(some)


def _tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in rows}


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        yield connection


def _copy(source: Path, target: Path) -> None:
    with _connected(source) as old, _connected(target) as new:
        old.backup(new)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a logger to warnings: a new database is no news to whoever runs a study."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _mlflow_number() -> int:
    """The installed MLflow's version as one number, e.g. 3017002."""
    numbers = re.findall(r"\d+", metadata.version("mlflow"))
    major, minor, patch = [*numbers, "0", "0"][:3]
    return int(major) * 1_000_000 + int(minor) * 1_000 + int(patch)


def main() -> int:
    """Prepare the database of MLFLOW_TRACKING_URI, or the default one; return the exit code."""
    try:
        prepare_database(os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI)
    except TrackingError as error:
        sys.stderr.write(f"hybridrep: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
