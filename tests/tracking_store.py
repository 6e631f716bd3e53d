"""A real MLflow store for a test: SQLite and artifacts in its own folder, made from a template.

A test module asks for these fixtures with `pytest_plugins = ["tests.tracking_store"]`.
"""

import shutil
from functools import cache
from pathlib import Path

import pytest

from hybridrep.tracking.runs import Tracker, connect
from hybridrep.tracking.sqlite import prepare_database

VARIABLES = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_RUN_ID",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
)


@cache
def _template(folder: Path) -> Path:
    path = folder / "template-of-mlflow" / "mlflow.db"
    prepare_database(f"sqlite:///{path}")
    return path


@pytest.fixture
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared database without runs; making one takes seconds, copying it does not."""
    return _template(tmp_path_factory.getbasetemp())


@pytest.fixture
def store_uri(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty store in the test's own folder, set for MLflow as well."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return uri


@pytest.fixture
def tracker(store_uri: str) -> Tracker:
    """A tracker on that store."""
    return connect()
