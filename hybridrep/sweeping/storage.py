"""Where Optuna keeps a sweep's trials: a journal file on one machine, a database for several.

A storage remembers what was searched with which data (`search_space`, an attribute of the
study); one that belongs to another search is refused before anything is written.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridrep.errors import ParameterError
from hybridrep.messages import public_uri, without_passwords
from hybridrep.parameters import resolve_path

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

SPACE = "search_space"
HEARTBEAT_SECONDS = 15
GRACE_SECONDS = 60
"""A trial whose process has given no sign for so long is dead."""
CONNECT_SECONDS = 5
_JOURNAL = b'{"op_code"'
"""How every journal begins."""
_DATABASES = ("postgresql", "mysql")
_logger = logging.getLogger(__name__)


def open_storage(storage: str, default: Path) -> BaseStorage:
    """Open Optuna's storage, made if it is missing: a journal file, or a database's address."""
    with quiet():
        if "://" in storage:
            return _open_database(storage)
        if not storage:
            default.parent.mkdir(parents=True, exist_ok=True)
            return _open_journal(default)
        return _open_journal(resolve_path(storage))


def open_own(
    storage: str, root: Path, key: str, space: Mapping[str, Any], titles: Iterable[str]
) -> BaseStorage:
    """Open the storage of a sweep, whose studies in it search `space` or are not there yet.

    Args:
        storage: as the parameter gives it; empty: a journal beside the store's results.
        root: the store's folder.
        key: the sweep's.
        space: what it searches.
        titles: of its studies.

    Raises:
        ParameterError: it is a folder, cannot be opened, or is of another search.
    """
    default = root / ".sweeps" / f"{key[:16]}.journal"
    if storage and "://" not in storage and resolve_path(storage).is_dir():
        raise ParameterError(f"parameter storage: {storage} is a folder: name a journal file in it")
    opened = open_storage(storage, default)
    for title in titles:
        check_space(opened, title, space, public_storage(storage) or str(default))
    return opened


def public_storage(storage: str) -> str:
    """Return a storage as it may be logged: an address without user, password and query."""
    return public_uri(storage) if "://" in storage else storage


def _open_journal(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    try:
        if path.exists() and not path.is_file():  # to read one of those may never end
            raise OSError("it is no plain file")
        _mend(path)
        return JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ParameterError(
            f"parameter storage: the journal file {path} cannot be opened ({reason}): give a "
            "file in a folder that is there and may be written"
        ) from error
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError) as error:
        raise ParameterError(
            f"parameter storage: {path} is not a journal of Optuna ({error}): name another file; "
            "a new one is made"
        ) from error


def _mend(path: Path) -> None:
    """Cut off a last line that was never finished: its writer died, or the disk was full.

    Optuna would append to it and could never read the file again.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return
    from optuna.storages.journal import JournalFileSymlinkLock
    from optuna.storages.journal._file import get_lock_file

    with get_lock_file(JournalFileSymlinkLock(str(path))), path.open("rb+") as file:
        text = file.read()
        if not text.startswith(_JOURNAL):
            raise ValueError("it holds something else")
        whole = text.rfind(b"\n") + 1
        if whole == len(text):
            return
        _logger.warning("%s: a line that was never finished is cut off", path)
        file.truncate(whole)
        file.flush()
        os.fsync(file.fileno())


def _open_database(url: str) -> BaseStorage:
    import sqlalchemy
    from optuna.storages import RDBStorage

    scheme = url.partition("://")[0]
    if not scheme.startswith(_DATABASES):
        raise ParameterError(
            f"parameter storage: {scheme}://... is not supported: give a journal file for one "
            "machine, or postgresql://... for several"
        )
    # SQLAlchemy's default driver differs between versions; this one is in the extra [cluster].
    address = url.replace("postgresql://", "postgresql+psycopg2://", 1)
    place = public_storage(url)
    try:
        return RDBStorage(
            address,
            engine_kwargs={
                "connect_args": {"connect_timeout": CONNECT_SECONDS}, "pool_pre_ping": True,
            },
            heartbeat_interval=HEARTBEAT_SECONDS, grace_period=GRACE_SECONDS,
        )  # fmt: skip
    except (ImportError, sqlalchemy.exc.ArgumentError) as error:
        raise ParameterError(
            f"parameter storage: {place} cannot be used ({without_passwords(str(error), url)}): "
            'PostgreSQL\'s driver is in `pip install -c constraints.txt -e ".[cluster]"`'
        ) from error
    except ValueError:  # its message may cite a password
        raise ParameterError(
            f"parameter storage: {place} cannot be read as an address: its host or its port is "
            "not written as one. Give one like postgresql://USER@HOST:5432/DATABASE; the "
            "password belongs into ~/.pgpass"
        ) from None
    except (sqlalchemy.exc.SQLAlchemyError, RuntimeError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        reason = without_passwords(reason, url)
        raise ParameterError(
            f"parameter storage: {place} cannot be reached ({reason}): start the database or "
            "correct the address; the password belongs into ~/.pgpass"
        ) from error


def check_space(storage: BaseStorage, name: str, space: Mapping[str, Any], place: str) -> None:
    """Refuse a storage whose study of this name searches another space."""
    import optuna

    with quiet():
        try:
            study = optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            return
        known = study.user_attrs.get(SPACE)
        if known is None and not study.trials:
            return
    if not isinstance(known, Mapping):
        raise ParameterError(
            f"parameter storage: {place} holds a study {name!r} that hybridrep did not make: "
            "name another file, or another `study`"
        )
    differing = [key for key in {**known, **space} if known.get(key) != _plain(space.get(key))]
    if differing:
        lines = ", ".join(f"{key} {_short(known, key)} there" for key in sorted(differing))
        raise ParameterError(
            f"parameter storage: {place} belongs to another search space ({lines}): use the same "
            "parameters, another file, or another `study`"
        )


def open_study(
    storage: BaseStorage, name: str, space: Mapping[str, Any], objectives: int
) -> optuna.Study:
    """Return a study of the storage, made if it is missing; `check_space` comes first."""
    import optuna

    with quiet():
        study = optuna.create_study(
            storage=storage, study_name=name, directions=["maximize"] * objectives,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5), load_if_exists=True,
        )  # fmt: skip
        if SPACE not in study.user_attrs:
            study.set_user_attr(SPACE, _plain(space))
    return study


def _plain(value: Any) -> Any:
    """Return a value as JSON gives it back: tuples are lists."""
    return json.loads(json.dumps(value))


def _short(known: Mapping[str, Any], key: str) -> str:
    value = known.get(key, "nothing")
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else f"{text[:12]}…"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's log to warnings, and its notes on experimental functions out of the way."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
            warnings.filterwarnings("ignore", message="Heartbeat of storage")
            yield
    finally:
        optuna.logging.set_verbosity(level)
