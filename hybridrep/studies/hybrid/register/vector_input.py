"""What a served model of vectors is asked: rows of numbers, as many as the model takes.

MLflow's own reading of a request leaves out the columns beyond those of the signature without a
word: vectors of another space would be cut and answered. So the model reads its requests itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE


class VectorError(MlflowException, ValueError):
    """A request without such vectors; a server answers it with its message (400)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=INVALID_PARAMETER_VALUE)


def vectors_of(model_input: object, size: int) -> np.ndarray:
    """Return the vectors of a request, float32 [vectors, size].

    Args:
        model_input: rows as a table, an array, or lists of numbers; or one vector.
        size: numbers in a vector.

    Raises:
        VectorError: they are no numbers, missing, infinite, or more or fewer than `size`.

    Example:
        >>> vectors_of([[1.0, 2.0], [3.0, 4.0]], 2).shape
        (2, 2)
    """
    ask = f'ask with {{"inputs": [[...], ...]}}, {size} inputs a vector'
    values = model_input.to_numpy() if isinstance(model_input, pd.DataFrame) else model_input
    try:
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        raise VectorError(f"the vectors are no rows of equally many numbers; {ask}") from None
    if rows.ndim != 2 or rows.shape[1] != size:
        shape = " x ".join(map(str, rows.shape))
        raise VectorError(
            f"the model takes vectors of {size} numbers, and these are {shape}: they are of "
            f"another space; {ask}"
        )
    if not np.isfinite(rows).all():
        raise VectorError(f"the vectors hold missing or infinite values; {ask}")
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(rows, dtype=np.float32)
    if not np.isfinite(single).all():
        raise VectorError(f"the vectors hold values beyond float32; {ask}")
    return single
