"""Which faults a run of the harness tries, and in which order."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from itertools import chain, islice

from chaos.faults import (
    ArtifactRemoved,
    DatabaseLocked,
    DatabaseReadOnly,
    DiskFull,
    Fault,
    ResultDamaged,
    ServerKilled,
    Signal,
    WorkerKilled,
)


def every_kind() -> list[Fault]:
    """Return one fault of each kind."""
    return [
        Signal(signal.SIGKILL),
        WorkerKilled(),
        Signal(signal.SIGTERM),
        DatabaseLocked(None),
        ResultDamaged("changed"),
        Signal(signal.SIGINT, group=True),
        DiskFull("store"),
        ArtifactRemoved(),
        ServerKilled(3.0),
        DatabaseReadOnly(),
        ResultDamaged("cut"),
        DiskFull("tracking"),
        DatabaseLocked(3.0),
        ServerKilled(None),
        ResultDamaged("without a file"),
    ]


COMMON = (
    lambda: Signal(signal.SIGKILL),
    lambda: Signal(signal.SIGTERM),
    WorkerKilled,
    lambda: Signal(signal.SIGINT, group=True),
)
"""The faults that users meet most; they fill up what one of each kind leaves open."""


def choose(count: int, seed: int) -> Iterable[Fault]:
    """Yield so many faults: one of each kind, then the common ones in turn.

    A seed begins with the kind at which the seed before it has stopped, so that short runs with
    successive seeds reach every kind.
    """
    kinds = every_kind()
    first = seed * count % len(kinds)
    rest = (COMMON[n % len(COMMON)]() for n in range(count))
    yield from islice(chain(kinds[first:], kinds[:first], rest), count)
