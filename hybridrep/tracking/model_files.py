"""What travels inside a logged model: weights as safetensors, configurations as JSON, versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save, save_file


@dataclass(frozen=True)
class Network:
    """A trained network as plain data.

    Attributes:
        config: the fields of its configuration, JSON-able.
        state: its parameters by name.
    """

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
    """Return pip requirements of exactly the installed versions.

    Builds such as `2.13.0+cpu` are on no public index; their public part names the same release.
    """
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
