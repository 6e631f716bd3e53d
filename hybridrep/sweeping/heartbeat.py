"""Signs of life for a sweep's running trials, where the storage keeps them.

Optuna sends heartbeats only from inside `Study.optimize`; asking and telling needs its own.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

    from hybridrep.sweeping.attempts import Asked

_logger = logging.getLogger(__name__)


def beat(trial: optuna.Trial) -> None:
    """Give one sign of life for a trial, where the storage keeps them (no journal file does)."""
    from optuna.storages._heartbeat import BaseHeartbeat

    storage = trial.storage
    if isinstance(storage, BaseHeartbeat) and storage.get_heartbeat_interval() is not None:
        try:
            storage.record_heartbeat(trial._trial_id)
        except Exception as error:  # noqa: BLE001 - the next one may get through
            _logger.warning("Optuna's storage took no heartbeat: %s", error)


@contextlib.contextmanager
def heartbeats(storage: BaseStorage, asked: Sequence[Asked]) -> Iterator[None]:
    """Give signs of life for trials that are not settled, while the block lasts."""
    from optuna.storages._heartbeat import BaseHeartbeat

    seconds = storage.get_heartbeat_interval() if isinstance(storage, BaseHeartbeat) else None
    if seconds is None:
        yield
        return
    done = threading.Event()

    def live() -> None:
        while True:
            for each in asked:
                if not each.settled:
                    beat(each.trial)
            if done.wait(seconds):
                return

    thread = threading.Thread(target=live, name="hybridrep-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
