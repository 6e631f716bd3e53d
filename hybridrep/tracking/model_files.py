"""What travels inside a logged model: weights as safetensors, configurations as JSON, versions."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors.numpy import save, save_file

from hybridrep.corpora.encoder import encoder_files


@dataclass(frozen=True)
class Network:
    """A trained network as plain data.

    Attributes:
        config: the fields of its configuration, JSON-able.
        state: its parameters by name.
    """

    config: Mapping[str, Any]
    state: Mapping[str, np.ndarray]


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


def network_digest(*networks: Network) -> str:
    """Return a SHA-256 over configurations and weights: equal models have equal ones."""
    digest = hashlib.sha256()
    for network in networks:
        digest.update(json.dumps(dict(network.config), sort_keys=True).encode())
        digest.update(save({name: np.ascontiguousarray(a) for name, a in network.state.items()}))
    return digest.hexdigest()


def requirements(packages: Sequence[str]) -> list[str]:
    """Return pip requirements of exactly the installed versions.

    Builds such as `2.13.0+cpu` are on no public index; their public part names the same release.
    """
    return [f"{name}=={metadata.version(name).partition('+')[0]}" for name in packages]


def write_network(folder: Path, name: str, network: Network) -> dict[str, str]:
    """Write a network's weights and configuration; return MLflow's artifacts, name -> path."""
    state = {key: np.ascontiguousarray(value) for key, value in network.state.items()}
    save_file(state, folder / f"{name}.safetensors")
    _write_json(folder / f"{name}.json", dict(network.config))
    return {
        f"{name}_config": str(folder / f"{name}.json"),
        f"{name}_state": str(folder / f"{name}.safetensors"),
    }


def write_parts(folder: Path, parts: TextParts) -> dict[str, str]:
    """Write encoder, vocabulary and word vectors; return MLflow's artifacts, name -> path."""
    encoder = folder / "encoder"
    encoder.mkdir()
    for file in encoder_files(parts.encoder_folder):  # the folder may hold what is private
        shutil.copyfile(file, encoder / file.name)  # follows the links of a hub's cache
    vectors = np.ascontiguousarray(parts.word_vectors, dtype=np.float32)
    save_file({"vectors": vectors}, folder / "word_vectors.safetensors")
    _write_json(folder / "vocabulary.json", list(parts.words))
    _write_json(folder / "text.json", {"source": parts.source})
    return {
        "encoder": str(encoder),
        "word_vectors": str(folder / "word_vectors.safetensors"),
        "vocabulary": str(folder / "vocabulary.json"),
        "text_config": str(folder / "text.json"),
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
