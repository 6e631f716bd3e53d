"""Signs of life for a sweep's running trials, where the storage keeps them.

Optuna sends heartbeats only from inside `Study.optimize`; asking and telling needs its own.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hybridrep.stages.sweep_search import Asked

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

_logger = logging.getLogger(__name__)


@contextlib.contextmanager
def heartbeats(storage: BaseStorage, asked: Sequence[Asked]) -> Iterator[None]:
    """Give a sign of life for trials that are not settled, while the block lasts.

    Does nothing where the storage has no heartbeats (a journal file).
    """
    from optuna.storages._heartbeat import BaseHeartbeat

    alive = storage if isinstance(storage, BaseHeartbeat) else None
    seconds = alive.get_heartbeat_interval() if alive is not None else None
    if alive is None or seconds is None:
        yield
        return
    done = threading.Event()

    def beat() -> None:
        while True:
            for each in asked:
                if not each.settled:
                    try:
                        alive.record_heartbeat(each.trial._trial_id)
                    except Exception as error:  # noqa: BLE001 - the next one may get through
                        _logger.warning("Optuna's storage took no heartbeat: %s", error)
            if done.wait(seconds):
                return

    thread = threading.Thread(target=beat, name="hybridrep-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
