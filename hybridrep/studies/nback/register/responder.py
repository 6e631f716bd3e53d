"""From six images, or their feature maps, and a task to the probabilities of the responses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from safetensors.numpy import load_file

from hybridrep.sources.encoders.image import ImageEncoderSource, image_maps
from hybridrep.studies.nback.memory.components import Components
from hybridrep.studies.nback.memory.model import MemoryConfig, MemoryStack
from hybridrep.studies.nback.names import task_named
from hybridrep.studies.nback.tasks.task_code import TaskCode


@dataclass(frozen=True, eq=False)
class Responder:
    """A trained network with everything before it.

    Attributes:
        network: what the network is; `state`: its parameters.
        components: the map to what it takes; None: it takes feature maps.
        encoder: the vision model; `encoder_weights`: of a packaged one.
        code: how it is told its task.
        n_back: how far back it was trained to compare.
        steps: frames of a trial.
    """

    network: MemoryConfig
    state: Mapping[str, np.ndarray]
    components: Components | None
    encoder: ImageEncoderSource
    encoder_weights: Mapping[str, np.ndarray] | None
    code: TaskCode
    n_back: tuple[int, ...]
    steps: int

    @classmethod
    def read(cls, artifacts: Mapping[str, str]) -> Responder:
        """Read one back from the files of a logged model, by their names."""
        settings = json.loads(Path(artifacts["settings"]).read_text("utf-8"))
        network = json.loads(Path(artifacts["network_config"]).read_text("utf-8"))
        components = None
        if "components" in artifacts:
            stored = load_file(artifacts["components"])
            scale, explained = float(stored["scale"]), settings["explained"]
            components = Components(stored["mean"], stored["axes"], scale, explained)
        encoder = settings["encoder"]
        weights = artifacts.get("encoder_weights")
        return cls(
            MemoryConfig(**network), load_file(artifacts["network_state"]), components,
            ImageEncoderSource(
                encoder["source"], encoder["kind"], Path(artifacts.get("encoder", "")),
                encoder["fingerprint"], tuple(encoder["map_shape"]), encoder["description"],
            ),
            load_file(weights) if weights else None, TaskCode(**settings["code"]),
            tuple(settings["n_back"]), int(settings["steps"]),
        )  # fmt: skip

    @property
    def settings(self) -> dict[str, Any]:
        """What `read` needs beside arrays, in JSON's types."""
        encoder = {n: v for n, v in asdict(self.encoder).items() if n != "folder"}
        explained = self.components.explained if self.components else 1.0
        return {
            "encoder": {**encoder, "map_shape": list(self.encoder.map_shape)},
            "code": asdict(self.code), "n_back": list(self.n_back), "steps": self.steps,
            "explained": explained,
        }  # fmt: skip

    def maps(
        self, images: UInt8[np.ndarray, "images side side 3"]
    ) -> Float32[np.ndarray, "images units"]:
        """Return the flattened feature maps of frames, rounded to float16 as in training."""
        weights = self.encoder_weights
        made = image_maps(self.encoder, images, None if weights is None else lambda: weights)
        return made.astype(np.float16).astype(np.float32).reshape(len(images), -1)

    def respond(
        self, vectors: Float[np.ndarray, "trials steps units"], tasks: Sequence[str]
    ) -> Float32[np.ndarray, "trials steps 3"]:
        """Return the probabilities of non_match, match and no_action at every frame.

        Args:
            vectors: of each frame its flattened feature map or, where the network takes them, its
                components.
            tasks: of each trial, e.g. `2back_identity`.

        Raises:
            ValueError: vectors of another length or not finite, a task that is none or that the
                network was not trained on.
        """
        wanted = [task_named(name) for name in tasks]
        if strange := [task.name for task in wanted if task.n not in self.n_back]:
            raise ValueError(
                f"the network was trained on n = {', '.join(map(str, self.n_back))}, "
                f"not on {strange[0]}"
            )
        inputs = self._inputs(vectors)
        count, steps = vectors.shape[:2]
        stack = MemoryStack(
            self.network, [{n: torch.from_numpy(np.array(v)) for n, v in self.state.items()}]
        )
        shown = torch.arange(count * steps).view(count, steps).T[None]
        codes = torch.from_numpy(self.code.of(wanted))[None]
        with torch.inference_mode():
            frames = stack.frames(stack.image_part(torch.from_numpy(inputs)), shown, codes)
            scores = stack.answers(stack.recur(frames).output)[0]
            found: np.ndarray = torch.softmax(scores, dim=-1).transpose(0, 1).numpy()
        return found

    def _inputs(
        self, vectors: Float[np.ndarray, "trials steps units"]
    ) -> Float32[np.ndarray, "images positions channels"]:
        """Return every frame as the network takes it."""
        flat = np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1, vectors.shape[2])
        if not np.isfinite(flat).all():
            raise ValueError("the vectors hold missing or infinite values")
        units, taken = int(np.prod(self.encoder.map_shape)), self.network.image_units
        allowed = f"{units} (a flattened feature map)"
        if self.components is not None:
            if flat.shape[1] == units:
                flat = self.components.of(flat)
            elif flat.shape[1] != taken:
                raise ValueError(
                    f"a frame's vector has {flat.shape[1]} numbers: give {allowed} or {taken} "
                    "(its components)"
                )
            return flat[:, None]
        if flat.shape[1] != units:
            raise ValueError(f"a frame's vector has {flat.shape[1]} numbers: give {allowed}")
        channels = self.encoder.map_shape[0]
        maps = flat.reshape(len(flat), channels, -1).transpose(0, 2, 1)
        return np.ascontiguousarray(maps)
