"""The faults: what each does to a running study, how it is mended, and how the study may end."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from chaos.mounts import mounted, read_only
from chaos.study import ROOT, Running, Study
from hybridrep.testing.servers import MlflowServer

T = TypeVar("T")


class TooLate(Exception):
    """The study had ended before the fault could be made."""


class Fault:
    """Something that goes wrong once. The base class does nothing at all.

    Attributes:
        name: for people.
        exits: exit codes with which the study may end; 0: it did not mind.
        says: words of which the message must have one, where the study ends with 1 or 2.
        damaged: results, as `STAGE/KEY`, that the fault has spoilt, so they are made again.
    """

    name = "nothing"
    exits: Sequence[int] = (0,)
    says: Sequence[str] = ()

    def __init__(self) -> None:
        self.damaged: set[str] = set()

    @contextmanager
    def around(self, study: Study) -> Iterator[Study]:
        """What the fault needs for as long as the study's folder is used."""
        yield study

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Do it, and return the process whose end counts.

        Raises:
            TooLate: the process ended before it could be done.
        """
        return running

    def mend(self) -> None:
        """Take the cause away; called after the process has ended."""


class Signal(Fault):
    """The parent gets a signal; with `group` its workers too, as from Ctrl-C in a terminal."""

    def __init__(self, number: signal.Signals, group: bool = False) -> None:
        super().__init__()
        self.name = f"{number.name} to the {'group' if group else 'parent'}"
        # Before Python has set its handlers, the signal ends the process as the system does.
        self.exits = (0, -number, 128 + number)
        self._number, self._group = number, group

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Send the signal."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if self._group else os.kill)(running.pid, self._number)
        return running


class WorkerKilled(Fault):
    """A process that computes is killed."""

    name = "SIGKILL to a worker"

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Kill one, as soon as there is one."""
        chance.choice(_wait(running, running.workers)).kill()
        return running


class ServerKilled(Fault):
    """The tracking server is killed; it comes back soon, or only after the study has ended."""

    says = ("cannot be reached",)

    def __init__(self, away: float | None) -> None:
        super().__init__()
        self.name = f"server killed{f', back after {away:.0f} s' if away is not None else ''}"
        self.exits = (0,) if away is not None else (0, 2)
        self._away = away
        self._server: MlflowServer | None = None

    @contextmanager
    def around(self, study: Study) -> Iterator[Study]:
        """Run a server on the study's database."""
        study.tracking.mkdir(parents=True, exist_ok=True)
        address = f"sqlite:///{study.database}"
        subprocess.run(
            [sys.executable, "-m", "hybridrep.tracking.sqlite"],
            env={**os.environ, "MLFLOW_TRACKING_URI": address, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        self._server = MlflowServer(address, study.artifacts)
        try:
            self._server.start()
            yield replace(study, server=self._server.address)
        finally:
            self._server.end()

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Kill it; start it again where it shall come back."""
        self._known().end(signal.SIGKILL)
        if self._away is not None:
            time.sleep(self._away)
            self._known().start()
        return running

    def mend(self) -> None:
        """Start it where it is still gone."""
        if self._away is None:
            self._known().start()

    def _known(self) -> MlflowServer:
        if self._server is None:
            raise RuntimeError("only inside `around`")
        return self._server


class DiskFull(Fault):
    """The disk of the store, or of MLflow's database and artifacts, has no room left."""

    exits = (0, 1, 2)
    says = ("disk is full", "No space left", "must have room")

    def __init__(self, place: str) -> None:
        super().__init__()
        self.name = f"disk full: {place}"
        self._place = place
        self._ballast = Path()

    @contextmanager
    def around(self, study: Study) -> Iterator[Study]:
        """Give the folder a small disk of its own."""
        folder = study.folder / self._place
        with mounted(folder, "-t", "tmpfs", "-o", "size=64m", "tmpfs"):
            self._ballast = folder / ".ballast"
            yield study

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Fill it to the last byte."""
        with self._ballast.open("wb", buffering=0) as file:
            for block in (2**20, 2**12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(block))
        return running

    def mend(self) -> None:
        """Make room."""
        self._ballast.unlink()


class DatabaseLocked(Fault):
    """Another program holds MLflow's SQLite file in an exclusive transaction."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self.name = f"database locked{f' for {seconds:.0f} s' if seconds is not None else ''}"
        self.exits = (0,) if seconds is not None else (0, 2)
        self.says = ("locked",)
        self._seconds = seconds
        self._connection: sqlite3.Connection | None = None

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Lock it as soon as it is there."""
        _wait(running, study.database.exists)
        self._connection = sqlite3.connect(study.database, timeout=30, isolation_level=None)
        self._connection.execute("BEGIN EXCLUSIVE")
        if self._seconds is not None:
            time.sleep(self._seconds)
            self._connection.close()
        return running

    def mend(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            self._connection.close()


class DatabaseReadOnly(Fault):
    """The study is killed, and started again where MLflow's folder may only be read.

    A running one keeps its connection, which still may write; so the next one meets it.
    """

    name = "killed, then database read-only"
    exits = (2,)
    says = ("writable",)

    def __init__(self) -> None:
        super().__init__()
        self._undo = contextlib.ExitStack()

    @contextmanager
    def around(self, study: Study) -> Iterator[Study]:
        """Find out before whether it can be done."""
        probe = study.folder / "probe"
        with read_only(probe):
            pass
        probe.rmdir()
        yield study

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Kill it, forbid writing, start it again."""
        _wait(running, study.database.exists)
        running.kill()
        self._undo.enter_context(read_only(study.tracking))
        return study.start()

    def mend(self) -> None:
        """Allow writing."""
        self._undo.close()


class ResultDamaged(Fault):
    """A finished result in the store is changed, cut short, or loses a file."""

    exits = (0, 1, 2)
    says = ("same command",)

    def __init__(self, how: str) -> None:
        super().__init__()
        self.name = f"stored result {how}"
        self._damage = _DAMAGES[how]

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Spoil a file of one, as soon as there is one."""
        folder = chance.choice(sorted(_wait(running, study.entries)))
        self._damage(chance.choice(sorted(folder.iterdir())))
        self.damaged.add(f"{folder.parents[1].name}/{folder.name}")
        return running


class ArtifactRemoved(Fault):
    """A file of a seed's finished run is gone from MLflow's artifacts."""

    name = "artifact removed"

    def strike(self, study: Study, running: Running, chance: random.Random) -> Running:
        """Remove one, as soon as a run is finished."""
        run_id = chance.choice(_wait(running, lambda: study.seed_runs("FINISHED")))
        places = study.artifacts.glob(f"*/{run_id}/artifacts/*/**/*.*")
        chance.choice(sorted(path for path in places if path.is_file())).unlink()
        return running


def _wait(running: Running, ready: Callable[[], T]) -> T:
    """Return what `ready` gives as soon as that is something."""
    while not (found := ready()):
        if running.ended:
            raise TooLate
        time.sleep(0.01)
    return found


def _change(path: Path) -> None:
    """Turn one bit in the middle, in place, as a bad disk does."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


_DAMAGES: Mapping[str, Callable[[Path], None]] = {
    "changed": _change,
    "cut": _cut,
    "without a file": Path.unlink,
}
