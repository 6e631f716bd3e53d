"""What a text model carries beside the autoencoder: encoder, vocabulary, word vectors, LSTM."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors.numpy import save_file

from hybridrep.sources.encoders.text import encoder_files
from hybridrep.tracking.model_files import Network, write_json


@dataclass(frozen=True)
class TextParts:
    """What a text model needs beside the autoencoder.

    Attributes:
        encoder_folder: the frozen encoder in Hugging Face format.
        words: the vocabulary; word `i` has the id `i + 2`.
        word_vectors: float32 [words + 2, dim]; padding and unknown words are zeros.
        lstm: the LSTM that gives the task-specific vectors.
        source: the space that the autoencoder reads.
    """

    encoder_folder: Path
    words: Sequence[str]
    word_vectors: np.ndarray
    lstm: Network
    source: Literal["global", "task_specific"]


def write_parts(folder: Path, parts: TextParts) -> dict[str, str]:
    """Write encoder, vocabulary and word vectors; return MLflow's artifacts, name -> path."""
    encoder = folder / "encoder"
    encoder.mkdir()
    for file in encoder_files(parts.encoder_folder):  # the folder may hold what is private
        shutil.copyfile(file, encoder / file.name)  # follows the links of a hub's cache
    vectors = np.ascontiguousarray(parts.word_vectors, dtype=np.float32)
    save_file({"vectors": vectors}, folder / "word_vectors.safetensors")
    write_json(folder / "vocabulary.json", list(parts.words))
    write_json(folder / "text.json", {"source": parts.source})
    return {
        "encoder": str(encoder),
        "word_vectors": str(folder / "word_vectors.safetensors"),
        "vocabulary": str(folder / "vocabulary.json"),
        "text_config": str(folder / "text.json"),
    }
