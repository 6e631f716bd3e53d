"""The registered fusion: MLflow runs this file to load it (no pickle is involved).

Vectors of both sides in, fused vectors out. One that reads a single side needs that one alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext

from hybridrep.execution.threads import single_thread
from hybridrep.transforms.methods import load_transform


class VectorsError(MlflowException, ValueError):
    """A request without the vectors that are read; a server answers it with its message (400)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=INVALID_PARAMETER_VALUE)


class FusedModel(PythonModel):
    """Turns vectors of both spaces into fused ones."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the fusion (safetensors), and how many of its units are given (JSON)."""
        self._transform = load_transform(context.artifacts["transform"])
        about = json.loads(Path(context.artifacts["fusion"]).read_text("utf-8"))
        self._units = int(about["units"])
        sizes = self._transform.sizes
        self._reads = {"global": sizes.first, "task_specific": sizes.second}

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Return one row an item: the column `fused`, float32 arrays.

        Args:
            context: unused.
            model_input: a column of vectors for each side that is read: `global`,
                `task_specific`. A side that is not read may be left out.
            params: none.

        Raises:
            VectorsError: a side that is read is missing, of another width, or has values that
                are missing or infinite.
        """
        sides = [self._side(model_input, name, width) for name, width in self._reads.items()]
        with single_thread():  # sums over several are rounded otherwise than in training
            fused = self._transform.apply(*sides)[:, : self._units].astype(np.float32)
        return pd.DataFrame({"fused": list(fused)})

    def _side(self, given: pd.DataFrame, name: str, width: int | None) -> np.ndarray | None:
        if width is None:
            return None
        needs = f"the fusion {self._transform.method} reads the column `{name}`, {width} numbers"
        if name not in given:
            raise VectorsError(f"{needs} a row, which the request lacks")
        rows = [np.asarray(row, dtype=np.float32) for row in given[name]]
        for place, row in enumerate(rows, 1):
            if row.shape != (width,):
                raise VectorsError(f"{needs}; row {place} has the shape {row.shape}")
            if not np.isfinite(row).all():
                raise VectorsError(f"{needs}; row {place} has missing or infinite values")
        return np.stack(rows) if rows else np.zeros((0, width), np.float32)


set_model(FusedModel())
