"""Real servers for tests: PostgreSQL and an MLflow server, each in a folder of its own.

They listen on the loopback interface only and end with the block. Where the programs are not
installed, `Unavailable` says so, and the test is skipped with that reason.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path


class Unavailable(Exception):
    """A server cannot be started on this machine; the message says why."""


class NotStarted(RuntimeError):
    """A server that can be started on this machine did not start; the message holds its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _program(name: str) -> str:
    """Debian keeps PostgreSQL's programs out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(map(str, places), None)
    if found is None:
        raise Unavailable(f"PostgreSQL's {name} is not installed")
    return found


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run a fresh PostgreSQL cluster; gives the address of its empty database `mlflow`."""
    initdb, postgres = _program("initdb"), _program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    # The server refuses to run as root.
    user: dict[str, str] = {"user": "nobody"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, user["user"])
    data, port = folder / "data", free_port()
    process = None
    try:
        made = subprocess.run(
            [initdb, "-D", data, "-U", "mlflow", "-A", "trust", "-E", "UTF8", "--no-sync"],
            capture_output=True,
            text=True,
            cwd=folder,
            **user,
        )
        if made.returncode:
            raise Unavailable(f"initdb failed: {made.stderr.strip()[-300:]}")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder],
                stdout=log,
                stderr=log,
                cwd=folder,
                **user,
            )
        _make_database(port, process, folder / "log")
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/mlflow"
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _make_database(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        import psycopg2
    except ImportError:
        raise Unavailable("psycopg2 is not installed: it is in the extra [cluster]") from None
    end = time.monotonic() + 30
    while True:
        try:
            connection = psycopg2.connect(f"host=127.0.0.1 port={port} user=mlflow dbname=postgres")
            break
        except psycopg2.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                raise Unavailable(f"postgres did not start: {log.read_text()[-300:]}") from None
            time.sleep(0.1)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE mlflow")


class MlflowServer:
    """An MLflow server that can be killed and started again on the same port.

    Attributes:
        address: `http://127.0.0.1:PORT`.
    """

    def __init__(self, database: str, artifacts: Path) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._log = artifacts.parent / "mlflow-server.log"
        self._command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
            "--backend-store-uri", database, "--artifacts-destination", str(artifacts),
            "--workers", "1",
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            NotStarted: it ended, or did not answer for long.
        """
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Its background jobs double the time to start, and nothing here uses them.
                env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            )
        end = time.monotonic() + 240
        while not _answers(f"{self.address}/health"):
            if self._process.poll() is not None or time.monotonic() > end:
                raise NotStarted(f"no MLflow server: {self._log.read_text()[-2000:]}")
            time.sleep(0.2)

    def end(self, *numbers: int) -> None:
        """Send it these signals until it has ended: at first SIGTERM, unless told otherwise."""
        process = self._process
        # It may wait long for open connections.
        for number in numbers or (signal.SIGTERM, signal.SIGKILL):
            if process is not None:
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(process.pid, number)
                    process.wait(timeout=10)


@contextlib.contextmanager
def mlflow_server(database: str, artifacts: Path) -> Iterator[str]:
    """Run an MLflow server on a database; gives its address."""
    server = MlflowServer(database, artifacts)
    try:
        server.start()
        yield server.address
    finally:
        server.end()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
