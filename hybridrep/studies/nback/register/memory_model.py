"""The registered network: MLflow runs this file to load it (no pickle is involved).

Six images or vectors and a task in, the probabilities of the responses at every frame out.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext
from PIL import Image, UnidentifiedImageError

from hybridrep.errors import HybridrepError
from hybridrep.execution.threads import single_thread
from hybridrep.studies.nback.names import RESPONSES
from hybridrep.studies.nback.register.responder import Responder
from hybridrep.studies.nback.stimuli.frames import FRAME, GREY


class TrialError(MlflowException, ValueError):
    """A request without such trials; a server answers it with its message (400)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=INVALID_PARAMETER_VALUE)


class MemoryModel(PythonModel):
    """Answers N-back trials."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the network, the components, and the vision model."""
        self._responder = Responder.read(context.artifacts)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return one row a trial: `non_match`, `match`, `no_action`, a probability each frame.

        Args:
            context: unused.
            model_input: one row a trial: `task` (e.g. `2back_identity`) and either `images`, a
                list of frames as base64 of PNG or JPEG files, or `vectors`, a list of their
                flattened feature maps (or components).
            params: none.

        Raises:
            TrialError: neither or both are given, not as many frames as a trial has, an image that
                cannot be read, vectors of another length, or a task that there is not.
        """
        with single_thread():  # sums over several are rounded otherwise than in training
            found = [
                self._answer(number, row)
                for number, row in enumerate(model_input.to_dict("records"), 1)
            ]
        return pd.DataFrame(
            {name: [each[:, place] for each in found] for place, name in enumerate(RESPONSES)}
        )

    def _answer(self, number: int, row: dict[Any, Any]) -> np.ndarray:
        try:
            if not isinstance(task := row.get("task"), str):
                raise ValueError("it names no `task`, e.g. 2back_identity")
            answer: np.ndarray = self._responder.respond(self._vectors(row)[None], [task])[0]
        except (ValueError, TypeError, HybridrepError) as error:
            raise TrialError(f"trial {number}: {error}") from error
        return answer

    def _vectors(self, row: dict[Any, Any]) -> np.ndarray:
        given = {name: row[name] for name in ("images", "vectors") if _is_there(row.get(name))}
        if len(given) != 1:
            raise ValueError("give each trial either `images` or `vectors`")
        ((name, frames),) = given.items()
        if isinstance(frames, str):
            raise ValueError(f"`{name}` is no list of frames")
        if len(frames) != self._responder.steps:
            raise ValueError(
                f"a trial has {self._responder.steps} frames, and {len(frames)} {name} are given"
            )
        if name == "vectors":
            return np.stack([np.asarray(frame, dtype=np.float32) for frame in frames])
        return self._responder.maps(np.stack([_decoded(frame) for frame in frames]))


def _is_there(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and np.isnan(value))


def _decoded(text: str) -> np.ndarray:
    """Return an image as a frame: RGB, on grey where it is transparent, 224 x 224."""
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
        rgba = image.convert("RGBA")
    except (binascii.Error, UnidentifiedImageError, OSError) as error:
        raise ValueError(f"an image is not the base64 of a PNG or JPEG file: {error}") from error
    behind = Image.new("RGBA", rgba.size, (GREY, GREY, GREY, 255))
    frame = Image.alpha_composite(behind, rgba).convert("RGB")
    if frame.size != (FRAME, FRAME):
        frame = frame.resize((FRAME, FRAME), Image.Resampling.LANCZOS)
    return np.asarray(frame)


set_model(MemoryModel())
