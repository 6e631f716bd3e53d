"""A chosen autoencoder logged as two models: vectors in, and raw tweets in.

`autoencoder_model.py` and `text_model.py` are their code; see `tracking.models`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors.numpy import save_file

from hybridrep.sources.encoders.reading import USUAL, Reading
from hybridrep.sources.encoders.text import encoder_files
from hybridrep.tracking import models
from hybridrep.tracking.models import LoggedModel, Network, write_json, write_network
from hybridrep.tracking.server import Server

_HERE = Path(__file__).parent

VECTOR_REQUIREMENTS = (
    "mlflow", "torch", "numpy", "pandas", "safetensors", "jaxtyping", "threadpoolctl",
)  # fmt: skip
TEXT_REQUIREMENTS = (*VECTOR_REQUIREMENTS, "transformers", "torchtext")

EXAMPLE_TEXTS = ("i feel so happy about this", "i am angry at the whole world")
"""The example that travels with a text model: written for it, not taken from a corpus."""


def log_autoencoder_model(
    server: Server, run_id: str, name: str, autoencoder: Network, example: np.ndarray,
    expected: tuple[np.ndarray, np.ndarray] | None = None, tags: Mapping[str, str] | None = None,
) -> LoggedModel:  # fmt: skip
    """Log an autoencoder: vectors in, `bottleneck` and `reconstructed` vectors out.

    Args:
        run_id: the run that trained it; may be finished.
        name: of the logged model, e.g. "bert_to_lstm-b32".
        autoencoder: configuration (fields of `AutoencoderConfig`) and weights.
        example: some input vectors, float [items, input_size]; they travel with the model.
        expected: bottleneck and reconstructed vectors of `example` at training time. The model
            is read back and must give them within 1e-6, relative to the largest.

    Raises:
        TrackingError: when it cannot be written, or does not give what is expected.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [ColSpec(DataType.double)] * example.shape[1]
    names = ("bottleneck", "reconstructed")
    outputs = Schema([ColSpec(Array(DataType.float), name) for name in names])
    signature = ModelSignature(Schema(columns), outputs)
    # as of the text model below: else MLflow would leave out columns that are too many
    signature._is_signature_from_type_hint = True
    example = np.asarray(example, dtype=np.float64)
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        artifacts = write_network(Path(folder), "autoencoder", autoencoder)
        logged = models.log_model(
            server, run_id, name, _HERE / "autoencoder_model.py", artifacts, signature,
            example, VECTOR_REQUIREMENTS, tags,
        )  # fmt: skip
    if expected is not None:
        models.check_model(logged, example, dict(zip(names, expected, strict=True)))
    return logged


def log_text_model(
    server: Server, run_id: str, name: str, autoencoder: Network, parts: TextParts,
    expected: Mapping[str, np.ndarray] | None = None, example: Sequence[str] = EXAMPLE_TEXTS,
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:  # fmt: skip
    """Log a whole way from tweets to vectors: `global`, `task_specific`, `diffused`, `transformed`.

    Arguments are those of `log_autoencoder_model`, but for the parts, which travel with it, as do
    the tweets of the example; expected are their vectors by representation.

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
    # as of models with typed arguments: the model is given what was asked and checks it by itself,
    # where MLflow would make texts of numbers and of what is missing
    signature._is_signature_from_type_hint = True
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        artifacts = {
            **write_network(Path(folder), "autoencoder", autoencoder),
            **write_network(Path(folder), "lstm", parts.lstm),
            **write_parts(Path(folder), parts),
        }
        logged = models.log_model(
            server, run_id, name, _HERE / "text_model.py", artifacts, signature,
            list(example), TEXT_REQUIREMENTS, tags,
        )  # fmt: skip
    if expected is not None:
        models.check_model(logged, list(example), expected)
    return logged


@dataclass(frozen=True)
class TextParts:
    """What a text model needs beside the autoencoder."""

    encoder_folder: Path  # the frozen encoder in Hugging Face format
    words: Sequence[str]  # word `i` has the id `i + 2`
    word_vectors: np.ndarray  # float32 [words + 2, dim]; padding and unknown words are zeros
    lstm: Network
    source: Literal["global", "task_specific"]  # the space that the autoencoder reads
    reading: Reading = USUAL  # which of the encoder's states are a text's vector


def write_parts(folder: Path, parts: TextParts) -> dict[str, str]:
    """Write encoder, vocabulary and word vectors; return MLflow's artifacts, name -> path."""
    encoder = folder / "encoder"
    encoder.mkdir()
    for file in encoder_files(parts.encoder_folder):  # the folder may hold what is private
        shutil.copyfile(file, encoder / file.name)  # follows the links of a hub's cache
    vectors = np.ascontiguousarray(parts.word_vectors, dtype=np.float32)
    save_file({"vectors": vectors}, folder / "word_vectors.safetensors")
    write_json(folder / "vocabulary.json", list(parts.words))
    write_json(folder / "text.json", {"source": parts.source, "reading": asdict(parts.reading)})
    files = {"word_vectors": "word_vectors.safetensors", "vocabulary": "vocabulary.json"}
    files |= {"encoder": "encoder", "text_config": "text.json"}
    return {name: str(folder / file) for name, file in files.items()}
