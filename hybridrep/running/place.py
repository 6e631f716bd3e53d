"""Where the store is if nobody says: beside the tracking database, or in the user's data folder.

Never in the current folder as such: `mlflow run GIT-URL` works in a new temporary one each time.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hybridrep.errors import ParameterError
from hybridrep.parameters import resolve_path
from hybridrep.tracking.sqlite import DEFAULT_URI, database_path

NAME = ".hybridrep"
"""The store's folder beside a tracking database."""


def store_folder(given: str) -> Path:
    """Return the store's folder, absolute: the one that is given, or else the usual one.

    Raises:
        ParameterError: none is given, tracking is remote, and the user has no home.
    """
    if given:
        return resolve_path(given)
    database = database_path(_tracking_uri())
    if database is not None:
        return database.parent / NAME
    here = Path(NAME).absolute()  # of versions that knew no other place
    return here if here.is_dir() else _data_folder()


def _tracking_uri() -> str:
    """Return MLflow's tracking address, without importing it to no other end."""
    if mlflow := sys.modules.get("mlflow"):
        return str(mlflow.get_tracking_uri())
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def _data_folder() -> Path:
    import platformdirs

    folder = Path(platformdirs.user_data_dir("hybridrep", appauthor=False)).expanduser()
    if not folder.is_absolute():
        raise ParameterError(
            "there is no home folder to keep finished results in: set the parameter `store` to a "
            "folder, e.g. store=/data/hybridrep"
        )
    return folder / "store"
