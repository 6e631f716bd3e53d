"""From tweets to both representations, by the parts that travel inside a text model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from hybridrep.sources.encoders.text import Reading, embed_texts, resolve_encoder
from hybridrep.sources.words.tokens import Vocabulary
from hybridrep.studies.hybrid.register.text_input import texts_of
from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig
from hybridrep.studies.hybrid.task_specific.training import extract_hidden
from hybridrep.studies.hybrid.tweets.cleaning import clean_tweet


class TextSpaces:
    """Encoder, vocabulary, word vectors and LSTM, as `logging.write_parts` has written them.

    The encoder is loaded as well, so that the first request is fast.
    """

    def __init__(self, artifacts: Mapping[str, str]) -> None:
        self._files = {name: Path(path) for name, path in artifacts.items()}
        self._encoder = resolve_encoder(str(self._files["encoder"]))
        self._vocabulary = Vocabulary(tuple(self.read("vocabulary")))
        self._vectors = load_file(self._files["word_vectors"])["vectors"]
        self._lstm = LSTMConfig(**self.read("lstm_config"))
        self._lstm_state = load_file(self._files["lstm_state"])
        self._reading = Reading(**self.read("text_config").get("reading", {}))
        embed_texts(self._encoder, [""])

    def read(self, name: str) -> Any:
        """Return what stands in an artifact of JSON."""
        return json.loads(self._files[name].read_text("utf-8"))

    def of(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the vectors of some tweets, `global` and `task_specific`, float32."""
        tokens = self._vocabulary.encode(texts, self._lstm.time_steps, self._lstm.padding)
        hidden = extract_hidden(self._lstm, self._lstm_state, self._vectors, tokens)
        encoded = embed_texts(self._encoder, texts, self._reading)
        return {"global": encoded, "task_specific": hidden}


def texts_asked(model_input: object, params: Mapping[str, Any] | None) -> list[str]:
    """Return the tweets of a request, cleaned if its parameter `clean` says so.

    Raises:
        TextError: when a tweet is missing or no text, or no column holds them.
    """
    texts = texts_of(model_input)
    return [clean_tweet(text) for text in texts] if (params or {}).get("clean") else texts
