"""Logging trained networks as MLflow models that anyone can load, anywhere, without pickle.

Each is code (`autoencoder_model.py`, `text_model.py`) with safetensors weights and JSON
configurations as artifacts, an explicit signature, an input example, pinned requirements and the
package itself, so that it loads in an environment made from its own requirements.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import hybridrep
from hybridrep.errors import TrackingError
from hybridrep.tracking.model_files import (
    Network,
    TextParts,
    requirements,
    write_network,
    write_parts,
)
from hybridrep.tracking.server import Server, readable_errors

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

VECTOR_REQUIREMENTS = (
    "mlflow",
    "torch",
    "numpy",
    "pandas",
    "safetensors",
    "jaxtyping",
    "threadpoolctl",
)
TEXT_REQUIREMENTS = (*VECTOR_REQUIREMENTS, "transformers", "torchtext")
TOLERANCE = 1e-6
EXAMPLE_TEXTS = ("i feel so happy about this", "i am angry at the whole world")
"""The example that travels with a text model: written for it, not taken from a corpus."""


@dataclass(frozen=True)
class LoggedModel:
    """A model in MLflow's store, not registered yet.

    Attributes:
        model_id: MLflow's id.
        uri: where to load it from, `models:/ID`.
    """

    model_id: str
    uri: str


def log_autoencoder_model(
    server: Server,
    run_id: str,
    name: str,
    autoencoder: Network,
    example: np.ndarray,
    expected: tuple[np.ndarray, np.ndarray] | None = None,
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:
    """Log an autoencoder: vectors in, `bottleneck` and `reconstructed` vectors out.

    Args:
        server: the connection.
        run_id: the run that trained it; may be finished.
        name: of the logged model, e.g. "bert_to_lstm-b32".
        autoencoder: configuration (fields of `AutoencoderConfig`) and weights.
        example: some input vectors, float [items, input_size]; they travel with the model.
        expected: bottleneck and reconstructed vectors of `example` at training time. The model
            is read back and must give them within 1e-6, relative to the largest.
        tags: of the logged model.

    Raises:
        TrackingError: when it cannot be written, or does not give what is expected.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.double) for _ in range(example.shape[1])
    ]
    names = ("bottleneck", "reconstructed")
    signature = ModelSignature(
        Schema(columns), Schema([ColSpec(Array(DataType.float), name) for name in names])
    )
    example = np.asarray(example, dtype=np.float64)
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        artifacts = write_network(Path(folder), "autoencoder", autoencoder)
        logged = _log(
            server, run_id, name, "autoencoder_model.py", artifacts, signature, example,
            VECTOR_REQUIREMENTS, tags,
        )  # fmt: skip
    if expected is not None:
        _check(logged, example, dict(zip(names, expected, strict=True)))
    return logged


def log_text_model(
    server: Server,
    run_id: str,
    name: str,
    autoencoder: Network,
    parts: TextParts,
    expected: Mapping[str, np.ndarray] | None = None,
    example: Sequence[str] = EXAMPLE_TEXTS,
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:
    """Log a whole way from tweets to vectors: `global`, `task_specific`, `diffused`, `transformed`.

    Args:
        server: the connection.
        run_id: the run that trained it; may be finished.
        name: of the logged model.
        autoencoder: configuration (fields of `AutoencoderConfig`) and weights.
        parts: everything else that travels with it.
        expected: vectors of `example` at training time, by representation; the model is read
            back and must give them within 1e-6, relative to the largest.
        example: some tweets; they travel with the model.
        tags: of the logged model.

    Raises:
        TrackingError: when it cannot be written, or does not give what is expected.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema

    names = ("global", "task_specific", "diffused", "transformed")
    signature = ModelSignature(
        Schema([ColSpec(DataType.string)]),
        Schema([ColSpec(Array(DataType.float), name) for name in names]),
        ParamSchema([ParamSpec("clean", DataType.boolean, default=False)]),
    )
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        artifacts = {
            **write_network(Path(folder), "autoencoder", autoencoder),
            **write_network(Path(folder), "lstm", parts.lstm),
            **write_parts(Path(folder), parts),
        }
        logged = _log(
            server, run_id, name, "text_model.py", artifacts, signature, list(example),
            TEXT_REQUIREMENTS, tags,
        )  # fmt: skip
    if expected is not None:
        _check(logged, list(example), expected)
    return logged


def _log(
    server: Server,
    run_id: str,
    name: str,
    code: str,
    artifacts: dict[str, str],
    signature: ModelSignature,
    example: object,
    packages: Sequence[str],
    tags: Mapping[str, str] | None,
) -> LoggedModel:
    import mlflow
    from mlflow.entities import LoggedModelOutput

    with readable_errors(server.uri, f"logging the model {name!r}"), _undisturbed_imports():
        # Not through an active run: the run that trained the model may be long finished, and
        # MLflow would read the whole history of its metrics.
        model = server.client.create_logged_model(
            server.experiment_id, name=name, source_run_id=run_id, tags=dict(tags or {})
        )
        mlflow.pyfunc.log_model(
            model_id=model.model_id,
            name=name,
            python_model=str(Path(__file__).with_name(code)),
            artifacts=artifacts,
            code_paths=[str(Path(hybridrep.__file__).parent)],
            signature=signature,
            input_example=example,
            pip_requirements=requirements(packages),
        )
        server.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return LoggedModel(model.model_id, f"models:/{model.model_id}")


def _check(logged: LoggedModel, example: Any, expected: Mapping[str, np.ndarray]) -> None:
    """Read the model back and compare its answer with what training gave.

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
