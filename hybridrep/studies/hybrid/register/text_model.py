"""The registered text model: MLflow runs this file to load it (no pickle is involved).

Raw tweets in, the four representations out. Encoder, tokenizer, word vectors, LSTM, autoencoder
and the package itself travel inside the model; nothing is fetched from anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from safetensors.numpy import load_file

from hybridrep.execution.threads import single_thread
from hybridrep.studies.hybrid.register.text_spaces import TextSpaces, texts_asked
from hybridrep.transforms.autoencoder import AutoencoderConfig
from hybridrep.transforms.stacked import apply_autoencoder


class TextModel(PythonModel):
    """Turns tweets into global, task-specific, diffused and transformed vectors."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read all parts."""
        self._spaces = TextSpaces(context.artifacts)
        self._autoencoder = AutoencoderConfig(**self._spaces.read("autoencoder_config"))
        self._autoencoder_state = load_file(context.artifacts["autoencoder_state"])
        self._source = self._spaces.read("text_config")["source"]

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return a row a tweet: `global`, `task_specific`, `diffused`, `transformed`, all float32.

        Args:
            context: unused.
            model_input: tweets, as `texts_of` takes them. (To MLflow the hint says that it shall
                hand them over as they were given.)
            params: `clean` removes mentions, hashtags, links and emojis first, as was done
                with the tweets of the new task; off by default, as with the emotion tweets.

        Raises:
            TextError: when a tweet is missing or no text, or no column holds them.
        """
        texts = texts_asked(model_input, params)
        with single_thread():  # sums over several are rounded otherwise than in training
            spaces = self._spaces.of(texts)
            inputs = np.ascontiguousarray(spaces[self._source])
            layers = apply_autoencoder(self._autoencoder, self._autoencoder_state, inputs)
            spaces.update(zip(("diffused", "transformed"), layers, strict=True))
        return pd.DataFrame({name: list(vectors) for name, vectors in spaces.items()})


set_model(TextModel())
