"""The registered autoencoder: MLflow runs this file to load it (no pickle is involved).

Vectors in, bottleneck and reconstructed vectors out. The package that the model was logged with
travels inside the model, so that it loads where hybridrep is not installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from safetensors.numpy import load_file

from hybridrep.execution.threads import single_thread
from hybridrep.studies.hybrid.register.vector_input import vectors_of
from hybridrep.transforms.autoencoder import AutoencoderConfig
from hybridrep.transforms.stacked import apply_autoencoder


class AutoencoderModel(PythonModel):
    """Turns vectors of one space into bottleneck vectors and into vectors of the other space."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the configuration (JSON) and the weights (safetensors)."""
        text = Path(context.artifacts["autoencoder_config"]).read_text("utf-8")
        self._config = AutoencoderConfig(**json.loads(text))
        self._state = load_file(context.artifacts["autoencoder_state"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return one row a vector: columns `bottleneck` and `reconstructed`, float32 arrays.

        Args:
            context: unused.
            model_input: one row a vector, one column a dimension in the order of the space. (To
                MLflow the hint says that it shall hand them over as they were given.)
            params: none.

        Raises:
            VectorError: when a vector has more or fewer dimensions than the model takes, or a value
                is missing or infinite.
        """
        inputs = vectors_of(model_input, self._config.input_size)
        with single_thread():  # sums over several are rounded otherwise than in training
            bottleneck, reconstructed = apply_autoencoder(self._config, self._state, inputs)
        return pd.DataFrame({"bottleneck": list(bottleneck), "reconstructed": list(reconstructed)})


set_model(AutoencoderModel())
