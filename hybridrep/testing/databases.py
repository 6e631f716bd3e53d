"""MLflow's database for tests: prepared once, copied for each."""

import shutil
from pathlib import Path

import pytest

from hybridrep.testing.made_once import made_once
from hybridrep.tracking.sqlite import prepare_database

VARIABLES = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_RUN_ID",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
)


def template(factory: pytest.TempPathFactory) -> Path:
    """A prepared database without runs; making one takes seconds, copying it does not."""
    return made_once(factory, "mlflow-database", _prepare) / "mlflow.db"


def _prepare(folder: Path) -> None:
    prepare_database(f"sqlite:///{folder}/mlflow.db")


def set_store(patch: pytest.MonkeyPatch, factory: pytest.TempPathFactory, folder: Path) -> str:
    """Go to a folder with an empty store of MLflow's and name it to MLflow; return its address."""
    for name in VARIABLES:
        patch.delenv(name, raising=False)
    patch.chdir(folder)
    shutil.copy(template(factory), folder / "mlflow.db")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    patch.setenv("MLFLOW_TRACKING_URI", uri)
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return uri
