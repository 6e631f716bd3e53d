"""The registered text model: MLflow runs this file to load it (no pickle is involved).

Raw tweets in, the four representations out. Encoder, tokenizer, word vectors, LSTM, autoencoder
and the package itself travel inside the model; nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from safetensors.numpy import load_file

from hybridrep.execution.threads import single_thread
from hybridrep.sources.encoders.text import Reading, embed_texts, resolve_encoder
from hybridrep.sources.words.tokens import Vocabulary
from hybridrep.studies.hybrid.register.text_input import texts_of
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
from hybridrep.studies.hybrid.task_specific.training import extract_hidden
from hybridrep.studies.hybrid.tweets.cleaning import clean_tweet
from hybridrep.transforms.autoencoder import AutoencoderConfig
from hybridrep.transforms.stacked import apply_autoencoder


class TextModel(PythonModel):
    """Turns tweets into global, task-specific, diffused and transformed vectors."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read all parts; the encoder is loaded as well, so that the first request is fast."""
        files = {name: Path(path) for name, path in context.artifacts.items()}

        def read(name: str) -> Any:
            return json.loads(files[name].read_text("utf-8"))

        self._encoder = resolve_encoder(str(files["encoder"]))
        self._vocabulary = Vocabulary(tuple(read("vocabulary")))
        self._vectors = load_file(files["word_vectors"])["vectors"]
        self._lstm = LSTMConfig(**read("lstm_config"))
        self._lstm_state = load_file(files["lstm_state"])
        self._autoencoder = AutoencoderConfig(**read("autoencoder_config"))
        self._autoencoder_state = load_file(files["autoencoder_state"])
        text_config = read("text_config")
        self._source = text_config["source"]
        self._reading = Reading(**text_config.get("reading", {}))
        embed_texts(self._encoder, [""])

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
        texts = texts_of(model_input)
        if (params or {}).get("clean"):
            texts = [clean_tweet(text) for text in texts]
        with single_thread():  # sums over several are rounded otherwise than in training
            tokens = self._vocabulary.encode(texts, self._lstm.time_steps, self._lstm.padding)
            hidden = extract_hidden(self._lstm, self._lstm_state, self._vectors, tokens)
            spaces = {
                "global": embed_texts(self._encoder, texts, self._reading),
                "task_specific": hidden,
            }
            inputs = np.ascontiguousarray(spaces[self._source])
            layers = apply_autoencoder(self._autoencoder, self._autoencoder_state, inputs)
            spaces.update(zip(("diffused", "transformed"), layers, strict=True))
        return pd.DataFrame({name: list(vectors) for name, vectors in spaces.items()})


set_model(TextModel())
