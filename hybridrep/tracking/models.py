"""Logging trained networks as MLflow models that anyone can load, anywhere, without pickle.

Each is a file of code with safetensors weights, JSON configurations, a signature, an input
example, pinned requirements and the package itself: it loads in an environment made from these.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save, save_file

import hybridrep
from hybridrep.errors import TrackingError
from hybridrep.tracking.server import Server, readable_errors

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

TOLERANCE = 1e-6
"""How far a model's answers may be from those of its training, relative to the largest."""


@dataclass(frozen=True)
class LoggedModel:
    """A model in MLflow's store, not registered yet; `uri` (`models:/ID`) loads it."""

    model_id: str
    uri: str


def log_model(
    server: Server, run_id: str, name: str, code: Path, artifacts: Mapping[str, str],
    signature: ModelSignature, example: object, packages: Sequence[str],
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:  # fmt: skip
    """Log a model.

    Args:
        run_id: the run that trained it; may be finished.
        code: the file that MLflow runs to load it; it calls `mlflow.models.set_model`.
        artifacts: what travels with it, name -> path, as `write_network` returns it.
        example: an input that travels with it.
        packages: what it needs, pinned to what is installed.

    Raises:
        TrackingError: when it cannot be written.
    """
    import mlflow
    from mlflow.entities import LoggedModelOutput

    with readable_errors(server.uri, f"logging the model {name!r}"), _undisturbed_imports():
        # Not through an active run: the run that trained the model may be long finished, and
        # MLflow would read the whole history of its metrics.
        model = server.client.create_logged_model(
            server.experiment_id, name=name, source_run_id=run_id, tags=dict(tags or {})
        )
        mlflow.pyfunc.log_model(
            model_id=model.model_id, name=name, python_model=str(code), artifacts=dict(artifacts),
            code_paths=[str(Path(hybridrep.__file__).parent)], signature=signature,
            input_example=example, pip_requirements=requirements(packages),
        )  # fmt: skip
        server.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return LoggedModel(model.model_id, f"models:/{model.model_id}")


def check_model(logged: LoggedModel, example: Any, expected: Mapping[str, np.ndarray]) -> None:
    """Read a model back: it must give the expected vectors, by column, within `TOLERANCE`.

    Raises:
        TrackingError: naming the largest difference.
    """
    import mlflow

    with _undisturbed_imports():
        answer = mlflow.pyfunc.load_model(logged.uri).predict(example)
    for name, vectors in expected.items():
        found = np.stack(list(answer[name]))
        scale = max(1.0, float(np.abs(vectors).max()))
        worst = float(np.abs(found - vectors).max()) / scale
        if not worst <= TOLERANCE:
            raise TrackingError(
                f"the model {logged.uri} does not give the {name} vectors of its training: they "
                f"differ by up to {worst:.1e} of the largest value; it was not registered"
            )


@contextmanager
def _undisturbed_imports() -> Iterator[None]:
    """Keep what loading a model does to the import path, the warnings and the log to itself."""
    path, logger = list(sys.path), logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path[:] = path
        logger.setLevel(level)


@dataclass(frozen=True)
class Network:
    """A trained network as plain data: its configuration, JSON-able, and its parameters."""

    config: Mapping[str, Any]
    state: Mapping[str, np.ndarray]


def network_digest(*networks: Network) -> str:
    """Return a SHA-256 over configurations and weights: equal models have equal ones."""
    digest = hashlib.sha256()
    for network in networks:
        digest.update(json.dumps(dict(network.config), sort_keys=True).encode())
        digest.update(save({name: np.ascontiguousarray(a) for name, a in network.state.items()}))
    return digest.hexdigest()


def requirements(packages: Sequence[str]) -> list[str]:
    """Return pip requirements of exactly the installed versions."""
    # Builds such as `2.13.0+cpu` are on no public index; their public part is the same release.
    return [f"{name}=={metadata.version(name).partition('+')[0]}" for name in packages]


def write_network(folder: Path, name: str, network: Network) -> dict[str, str]:
    """Write a network's weights and configuration; return MLflow's artifacts, name -> path."""
    state = {key: np.ascontiguousarray(value) for key, value in network.state.items()}
    save_file(state, folder / f"{name}.safetensors")
    write_json(folder / f"{name}.json", dict(network.config))
    return {
        f"{name}_config": str(folder / f"{name}.json"),
        f"{name}_state": str(folder / f"{name}.safetensors"),
    }


def write_json(path: Path, content: object) -> None:
    """Write a file of JSON that is easy to read in any language."""
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
