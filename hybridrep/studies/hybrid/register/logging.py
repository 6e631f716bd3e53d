"""A chosen autoencoder logged as two models: vectors in, and raw tweets in.

`autoencoder_model.py` and `text_model.py` are their code; see `tracking.models`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file

from hybridrep.sources.encoders.reading import USUAL, Reading
from hybridrep.sources.encoders.text import encoder_files
from hybridrep.tracking import models
from hybridrep.tracking.models import LoggedModel, Network, write_json, write_network
from hybridrep.tracking.server import Server
from hybridrep.transforms.transform import Transform

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

_HERE = Path(__file__).parent

VECTOR_REQUIREMENTS = (
    "mlflow", "torch", "numpy", "pandas", "safetensors", "jaxtyping", "threadpoolctl",
)  # fmt: skip
TEXT_REQUIREMENTS = (*VECTOR_REQUIREMENTS, "transformers", "torchtext")
FUSED_REQUIREMENTS = (*VECTOR_REQUIREMENTS, "scipy")

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
    signature = _text_signature(("global", "task_specific", "diffused", "transformed"))
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


def _text_signature(names: Sequence[str]) -> ModelSignature:
    """Return what a text model takes and gives: texts, and a column of vectors for each name."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema

    signature = ModelSignature(
        Schema([ColSpec(DataType.string)]),
        Schema([ColSpec(Array(DataType.float), name) for name in names]),
        ParamSchema([ParamSpec("clean", DataType.boolean, default=False)]),
    )
    # as of models with typed arguments: the model is given what was asked and checks it by itself,
    # where MLflow would make texts of numbers and of what is missing
    signature._is_signature_from_type_hint = True
    return signature


def log_fused_model(
    server: Server, run_id: str, name: str, fused: Fused, example: Mapping[str, np.ndarray],
    expected: np.ndarray | None = None, tags: Mapping[str, str] | None = None,
) -> LoggedModel:  # fmt: skip
    """Log a fusion: a column of vectors for each side that it reads in, `fused` vectors out.

    Arguments are those of `log_autoencoder_model`; `example` has the vectors of both sides by
    their names, `expected` what is fused of them.

    Raises:
        TrackingError: when it cannot be written, or does not give what is expected.
    """
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, Schema

    sizes = fused.transform.sizes
    read = {"global": sizes.first, "task_specific": sizes.second}
    names = [side for side, width in read.items() if width is not None]
    signature = ModelSignature(
        Schema([ColSpec(Array(DataType.double), side) for side in names]),
        Schema([ColSpec(Array(DataType.float), "fused")]),
    )
    asked = pd.DataFrame({side: [row.tolist() for row in example[side]] for side in names})
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        artifacts = _write_fused(Path(folder), fused)
        logged = models.log_model(
            server, run_id, name, _HERE / "fused_model.py", artifacts, signature, asked,
            FUSED_REQUIREMENTS, tags,
        )  # fmt: skip
    if expected is not None:
        models.check_model(logged, asked, {"fused": expected})
    return logged


def log_fused_text_model(
    server: Server, run_id: str, name: str, fused: Fused, parts: TextParts,
    expected: Mapping[str, np.ndarray] | None = None, example: Sequence[str] = EXAMPLE_TEXTS,
    tags: Mapping[str, str] | None = None,
) -> LoggedModel:  # fmt: skip
    """Log a whole way from tweets to vectors: `global`, `task_specific` and `fused`.

    Arguments are those of `log_text_model`.

    Raises:
        TrackingError: when it cannot be written, or does not give what is expected.
    """
    names = ("global", "task_specific", "fused")
    with tempfile.TemporaryDirectory(prefix="hybridrep-") as folder:
        artifacts = {
            **_write_fused(Path(folder), fused),
            **write_network(Path(folder), "lstm", parts.lstm),
            **write_parts(Path(folder), parts),
        }
        logged = models.log_model(
            server, run_id, name, _HERE / "fused_text_model.py", artifacts,
            _text_signature(names), list(example), (*TEXT_REQUIREMENTS, "scipy"), tags,
        )  # fmt: skip
    if expected is not None:
        models.check_model(logged, list(example), expected)
    return logged


@dataclass(frozen=True, eq=False)
class Fused:
    """A fusion as it is logged: the transform, and how many of its units are given."""

    transform: Transform
    units: int

    def apply(self, sides: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return what is fused of both sides, float32, as the logged model does."""
        made = self.transform.apply(sides["global"], sides["task_specific"])
        fused: np.ndarray = made[:, : self.units].astype(np.float32)
        return fused


def _write_fused(folder: Path, fused: Fused) -> dict[str, str]:
    """Write a fusion; return MLflow's artifacts, name -> path."""
    fused.transform.save(folder / "transform.safetensors")
    write_json(folder / "fusion.json", {"units": fused.units})
    return {
        "transform": str(folder / "transform.safetensors"), "fusion": str(folder / "fusion.json"),
    }  # fmt: skip


@dataclass(frozen=True)
class TextParts:
    """What a text model needs beside the autoencoder."""

    encoder_folder: Path  # the frozen encoder in Hugging Face format
    words: Sequence[str]  # word `i` has the id `i + 2`
    word_vectors: np.ndarray  # float32 [words + 2, dim]; padding and unknown words are zeros
    lstm: Network
    source: str  # the space that the autoencoder reads, `global` or `task_specific`; a fusion: ""
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
