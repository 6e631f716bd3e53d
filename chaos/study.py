"""A small study in a folder of its own, run as a user runs it: a command in a process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
COMMAND = ("-m", "entrypoints.full")


@dataclass(frozen=True)
class Study:
    """A study's command and the folder that holds all it leaves behind.

    Attributes:
        folder: `store/` holds finished results; `tracking/` the database and the artifacts. Either
            may be a file system of its own.
        given: the parameters; the store's is added.
        server: address of the tracking server; empty: the database itself.
    """

    folder: Path
    given: Mapping[str, str]
    server: str = ""

    @property
    def store(self) -> Path:
        """Where finished results are kept."""
        return self.folder / "store"

    @property
    def tracking(self) -> Path:
        """Where the command runs, with MLflow's database and artifacts."""
        return self.folder / "tracking"

    @property
    def database(self) -> Path:
        """MLflow's SQLite file."""
        return self.tracking / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        """MLflow's artifacts, as `EXPERIMENT/RUN/artifacts`."""
        return self.tracking / "mlruns"

    def start(self) -> Running:
        """Start the command; always the same one."""
        for place in (self.store, self.tracking):
            place.mkdir(parents=True, exist_ok=True)
        options = [f"--{name}={value}" for name, value in self.given.items() if name != "store"]
        log = self.folder / f"{len(list(self.folder.glob('*.log'))) + 1}.log"
        with log.open("wb") as messages:
            process = subprocess.Popen(
                [sys.executable, *COMMAND, *options, f"--store={self.store}"],
                cwd=self.tracking,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=messages,
                start_new_session=True,  # so that Ctrl-C reaches it and its workers alone
            )
        return Running(process, log)

    def entries(self) -> list[Path]:
        """Return the folders of all results in the store."""
        return [path.parent for path in self.store.glob("[a-z]*/*/*/manifest.json")]

    def seed_runs(self, status: str) -> list[str]:
        """Return the ids of the seeds' runs that have this status in MLflow's database now."""
        query = (
            "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) WHERE status = ? "
            "AND tags.key = 'hybridrep.kind' AND tags.value = 'seed' ORDER BY run_uuid"
        )
        if not self.database.exists():
            return []
        address = f"file:{self.database}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
                return [run_id for (run_id,) in database.execute(query, (status,))]
        except sqlite3.Error:  # locked, or still without tables
            return []

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "MLFLOW_TRACKING_URI": self.server or f"sqlite:///{self.database}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # MLflow's own seven tries take four minutes; these take a quarter of a minute.
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
        }


class Running:
    """A started command: its process, its workers and what it says.

    Attributes:
        started: when, by the monotonic clock.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.started = time.monotonic()
        self._log = log

    @property
    def pid(self) -> int:
        """The process, which leads a group of its own."""
        return self.process.pid

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    @cached_property
    def _parent(self) -> psutil.Process:
        return psutil.Process(self.pid)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that compute."""
        found = []
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in self._parent.children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if any("spawn_main" in word for word in child.cmdline()):
                        found.append(child)
        return found

    def finish(self, seconds: float) -> int:
        """Wait for the end and return the exit code.

        Raises:
            subprocess.TimeoutExpired: it hangs; it is killed.
        """
        try:
            return self.process.wait(seconds)
        finally:
            if not self.ended:
                self.kill()

    def kill(self) -> None:
        """Kill what is left of the process and its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def orphans(self, seconds: float = 5.0) -> list[int]:
        """Return the processes of its group that are still alive some time after its end."""
        end = time.monotonic() + seconds
        while (left := list(_group(self.pid))) and time.monotonic() < end:
            time.sleep(0.05)
        return left

    @property
    def messages(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    def stages(self) -> list[str]:
        """Return the stages that have started and not ended, by the progress lines."""
        open_stages: dict[str, None] = {}
        for stage, word in re.findall(r"^(\w+): (started|ended|all)\b", self.messages, re.M):
            if word == "started":
                open_stages[stage] = None
            else:
                open_stages.pop(stage, None)
        return list(open_stages)


def _group(leader: int) -> Iterator[int]:
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid
