"""The connection to MLflow: which server, which experiment, and which run is already open."""

from __future__ import annotations

import logging
import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hybridrep.errors import TrackingError
from hybridrep.execution.temporary import temporary_fault
from hybridrep.execution.terminal import show
from hybridrep.execution.threads import environment
from hybridrep.messages import has_password, public_uri, without_passwords
from hybridrep.tracking.clouds import check_artifacts, in_one_line, is_of_a_cloud
from hybridrep.tracking.moved import refuse_moved
from hybridrep.tracking.sqlite import (
    DEFAULT_URI,
    database_path,
    prepare_database,
    remedy,
    without_stray_folder,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

CONNECT_SECONDS = 5
OUTAGE_SECONDS = 60.0
"""Between two lines about a server that does not answer."""
_HOST = re.compile(
    r"(?:localhost|\[[0-9a-fA-F:]+\]|[\w-]+(?:\.[\w-]+)*)(?::\d{1,5})(?:/.*)?|localhost"
)
"""A machine and its port, where an address should be."""
_FILE = re.compile(r"(?![\w+.-]*:)[^\n]*\.(?:db|sqlite3?)")
"""A database's file, where an address should be."""
_DATABRICKS = ("databricks", "databricks-uc")
"""Addresses of one word, known to MLflow."""
_DRIVER = re.compile(r"\(\w+(?:\.\w+)+\) ")
"""What begins a database's own words in SQLAlchemy's: `(sqlite3.OperationalError) `."""


@dataclass(frozen=True)
class Server:
    """A tracking server that answered, and the experiment to write into."""

    client: MlflowClient
    uri: str  # may hold a password, so show `place` to people
    experiment_id: str
    experiment_name: str
    project_run_id: str | None = None  # the run that `mlflow run` made for this process

    @property
    def place(self) -> str:
        """The server's address without user and password."""
        return public_uri(self.uri)

    @property
    def is_local(self) -> bool:
        """Whether the store is a SQLite file, which only processes of this machine write to."""
        return database_path(self.uri) is not None

    def sibling(self, suffix: str) -> Server:
        """Return the same server with the experiment `NAME-suffix`, made if it is missing."""
        name = f"{self.experiment_name}-{suffix}"
        with readable_errors(self.uri, f"opening the experiment {name!r}"):
            identifier = _experiment_named(self.client, name)
        return replace(self, experiment_id=identifier, experiment_name=name, project_run_id=None)


def open_server(default_experiment: str) -> Server:
    """Connect to the server of MLflow's settings, and find the experiment to write into.

    That is the experiment of the run that `mlflow run` made (`MLFLOW_RUN_ID`), else the one of
    `MLFLOW_EXPERIMENT_NAME` or `MLFLOW_EXPERIMENT_ID`, else `default_experiment`. Without
    `MLFLOW_TRACKING_URI` the store is `sqlite:///mlflow.db`, which is made if it is missing.

    Raises:
        TrackingError: within seconds, when the server does not answer or refuses, or when the
            settings name a run or experiment that does not exist or is deleted.
    """
    import mlflow

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # a bar a small file
    logging.getLogger("mlflow.store.db.utils").addFilter(_without_traceback)
    uri = mlflow.get_tracking_uri()
    if has_password(uri):  # MLflow prints links to runs with the whole address
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    _check_kind(uri)
    for each in dict.fromkeys((uri, mlflow.get_registry_uri())):
        prepare_database(each)
        _check_database_server(each)
    with readable_errors(uri, "connecting"), impatient(), without_stray_folder(uri):
        client = mlflow.MlflowClient()
        client.search_experiments(max_results=1)
    with readable_errors(uri, "finding the experiment"):
        run_id = os.environ.get("MLFLOW_RUN_ID") or None
        if run_id:
            identifier = _open_run_experiment(client, run_id)
        else:
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME")
            identifier = os.environ.get("MLFLOW_EXPERIMENT_ID") or ""
            if name or not identifier:
                identifier = _experiment_named(client, name or default_experiment)
        experiment = client.get_experiment(identifier)
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"the experiment {experiment.name!r} is deleted: `mlflow experiments restore "
            f"--experiment-id {identifier}` brings it back, or choose another with "
            "MLFLOW_EXPERIMENT_NAME"
        )
    check_artifacts(experiment.name, experiment.artifact_location)
    refuse_moved(uri, experiment)
    _announce_outages()
    return Server(client, uri, identifier, experiment.name, run_id)


@contextmanager
def readable_errors(uri: str, doing: str) -> Iterator[None]:
    """Turn a failure of MLflow or its store into a TrackingError that names the server.

    Args:
        uri: shown without credentials.
        doing: what was tried, e.g. "logging the run 'seed 3'".

    Raises:
        TrackingError: MLflow failed, the server cannot be reached, or artifacts cannot be written.
    """
    import requests
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        message = _telling_line(str(error.message))
        if "with url" in message or "Failed to establish" in message or "timed out" in message:
            raise _unreachable(uri, message) from error
        what = remedy(message, database_path(uri))
        raise TrackingError(
            f"MLflow at {public_uri(uri)} failed at {doing}: {without_passwords(message, uri)}"
            + (f"; {what}" if what else "")
        ) from error
    except requests.RequestException as error:
        raise _unreachable(uri, str(error)) from error
    except OSError as error:
        if fault := temporary_fault(error):
            raise TrackingError(f"{doing} failed: {fault}") from error
        raise TrackingError(
            f"{doing} failed: {without_passwords(str(error), uri)}; the artifacts of "
            f"{public_uri(uri)} must be writable and its disk must have room"
        ) from error
    except Exception as error:
        if not is_of_a_cloud(error):
            raise
        raise TrackingError(
            f"{doing} failed: the storage of the artifacts of {public_uri(uri)} answers "
            f"{in_one_line(error)}; it must be reachable, and these credentials be let list and "
            "write it"
        ) from error


@contextmanager
def impatient() -> Iterator[None]:
    """Let MLflow give up after seconds instead of its usual seven retries over four minutes."""
    http, seconds = "MLFLOW_HTTP_REQUEST_", str(CONNECT_SECONDS)
    with environment({f"{http}MAX_RETRIES": "0", f"{http}TIMEOUT": seconds}):
        yield


class _Outages(logging.Handler):
    """Says that a server is waited for, which MLflow does for four minutes without a word."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said = -math.inf

    def emit(self, record: logging.LogRecord) -> None:
        """Say it at most once in `OUTAGE_SECONDS`."""
        now = time.monotonic()
        if str(record.msg).startswith("Retrying") and now - self._said > OUTAGE_SECONDS:
            self._said = now
            show(
                "note: the tracking server, or the storage of its artifacts, does not answer; it "
                "is asked again for up to four minutes"
            )


def _announce_outages() -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(each, _Outages) for each in logger.handlers):
        logger.addHandler(_Outages())


def _without_traceback(record: logging.LogRecord) -> bool:
    """Leave out MLflow's tracebacks of database errors; `readable_errors` says what they say."""
    return not record.exc_info


def _telling_line(message: str) -> str:
    """Return the line of a message of MLflow's that says what is wrong.

    It begins with the database's own words, where there are some: before them may stand remarks of
    SQLAlchemy, after them the statement, which may cite data.
    """
    lines = message.splitlines() or [""]
    own = next((line for line in lines if _DRIVER.search(line)), "")
    return own[match.start() :] if own and (match := _DRIVER.search(own)) else lines[0]


def _check_kind(uri: str) -> None:
    scheme = _scheme(uri)
    if uri != uri.strip():
        raise TrackingError(
            f"MLFLOW_TRACKING_URI={public_uri(uri)!r} begins or ends with a blank: take it out"
        )
    if scheme in ("http", "https") and not _has_host(uri):
        raise _unreadable(uri)
    if uri in ("sqlite:", "sqlite://", "sqlite:///") or uri.endswith(":memory:"):
        raise TrackingError(
            f"MLFLOW_TRACKING_URI={uri} names no file, and a database in memory is gone with this "
            f"process: set it to {DEFAULT_URI}"
        )
    if _HOST.fullmatch(uri):
        raise TrackingError(
            f"MLFLOW_TRACKING_URI={public_uri(uri)} names a server without the scheme before it: "
            f"set it to http://{public_uri(uri)} (or https://...)"
        )
    if _FILE.fullmatch(uri):
        raise TrackingError(
            f"MLFLOW_TRACKING_URI={uri} names a file without the scheme before it: set it to "
            f"sqlite:///{uri}"
        )
    if scheme in ("", "file") and uri not in _DATABRICKS:
        raise TrackingError(
            f"MLflow's folder store ({public_uri(uri)}) is no longer supported by MLflow itself: "
            f"set MLFLOW_TRACKING_URI={DEFAULT_URI}, or to the address of a server "
            "(`mlflow migrate-filestore` moves old runs)"
        )


def _scheme(uri: str) -> str:
    """Return what stands before the colon of an address, if it can be read as one."""
    try:
        return urlsplit(uri).scheme
    except ValueError:
        raise _unreadable(uri) from None


def _has_host(uri: str) -> bool:
    """Tell whether an address names a host, and a port that there can be."""
    try:
        parts = urlsplit(uri)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _unreadable(uri: str) -> TrackingError:
    """Return the error about an address; what its reader says may cite a password."""
    return TrackingError(
        f"the address {public_uri(uri)!r} cannot be read: its host or its port is not written as "
        "one. Set MLFLOW_TRACKING_URI (or MLFLOW_REGISTRY_URI, if it stands there) to one like "
        "http://HOST:5000 or postgresql://USER@HOST:5432/DATABASE; in a user or a password "
        "write @ as %40, : as %3A and / as %2F"
    )


def _check_database_server(uri: str) -> None:
    """Try PostgreSQL and its like once: MLflow itself would try for minutes."""
    scheme = _scheme(uri)
    if not scheme.startswith(("postgresql", "mysql", "mssql")):
        return
    import sqlalchemy

    seconds = {} if scheme.startswith("mssql") else {"connect_timeout": CONNECT_SECONDS}
    try:
        engine = sqlalchemy.create_engine(uri, connect_args=seconds)
        with engine.connect():
            pass
        engine.dispose()
    except ModuleNotFoundError as error:
        raise TrackingError(
            f"the driver of {public_uri(uri)} is not installed: install the package "
            f"{error.name!r}, or name one that is, e.g. postgresql+psycopg2://..."
        ) from error
    except ValueError:
        raise _unreadable(uri) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _unreachable(uri, str(getattr(error, "orig", error))) from error


def _unreachable(uri: str, reason: str) -> TrackingError:
    line = reason.strip().partition("\n")[0]
    reason = without_passwords(line, uri).rpartition(": ")[2].strip("\"') ")
    return TrackingError(
        f"the tracking server {public_uri(uri)} cannot be reached ({reason}): start it, correct "
        f"MLFLOW_TRACKING_URI, or unset that to log into {DEFAULT_URI} of this folder"
    )


def _open_run_experiment(client: MlflowClient, run_id: str) -> str:
    """Return the experiment of the run that `mlflow run` made, which must still be open."""
    run = client.get_run(run_id)
    if run.info.status != "RUNNING" or run.info.lifecycle_stage != "active":
        raise TrackingError(
            f"MLFLOW_RUN_ID names the run {run_id}, which is {run.info.status.lower()} already: "
            "unset MLFLOW_RUN_ID, since going on inside an old run would log its points twice"
        )
    return str(run.info.experiment_id)


def _experiment_named(client: MlflowClient, name: str) -> str:
    from mlflow.exceptions import MlflowException

    if experiment := client.get_experiment_by_name(name):
        return str(experiment.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        experiment = client.get_experiment_by_name(name)  # made by another process meanwhile
        if experiment is None:
            raise
        return str(experiment.experiment_id)
