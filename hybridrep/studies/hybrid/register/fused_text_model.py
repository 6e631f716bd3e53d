"""The registered fusion of raw text: MLflow runs this file to load it (no pickle is involved).

Raw tweets in, both representations and what is fused of them out. All parts travel inside.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from hybridrep.execution.threads import single_thread
from hybridrep.studies.hybrid.register.text_spaces import TextSpaces, texts_asked
from hybridrep.transforms.methods import load_transform


class FusedTextModel(PythonModel):
    """Turns tweets into global, task-specific and fused vectors."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read all parts."""
        self._spaces = TextSpaces(context.artifacts)
        self._transform = load_transform(context.artifacts["transform"])
        self._units = int(self._spaces.read("fusion")["units"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return a row a tweet: `global`, `task_specific` and `fused`, all float32.

        Args:
            context: unused.
            model_input: tweets, as `texts_of` takes them.
            params: `clean` removes mentions, hashtags, links and emojis first.

        Raises:
            TextError: when a tweet is missing or no text, or no column holds them.
        """
        texts = texts_asked(model_input, params)
        with single_thread():  # sums over several are rounded otherwise than in training
            spaces = self._spaces.of(texts)
            fused = self._transform.apply(spaces["global"], spaces["task_specific"])
            spaces["fused"] = fused[:, : self._units].astype("float32")
        return pd.DataFrame({name: list(vectors) for name, vectors in spaces.items()})


set_model(FusedTextModel())
