"""What a served text model is asked: texts, from whatever form a request gives them in.

MLflow's own reading of a request would make the text "None" of a missing one, "1" of a number, and
take the first column of a table whatever it holds; so the model reads its requests itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

COLUMN = "text"
"""The column of a table that is read."""

_ASK = 'ask with {"inputs": ["...", "..."]}, or with a table that has a column `text`'


class TextError(MlflowException, ValueError):
    """A request without a text; a server answers it with its message (400), not as a fault."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}; {_ASK}", error_code=INVALID_PARAMETER_VALUE)


def texts_of(model_input: object) -> list[str]:
    """Return the texts of a request.

    Args:
        model_input: one text; texts as a list, an array or a column; or a table (also as columns
            or as records) with a column `text`, or with one column alone.

    Raises:
        TextError: a text is missing or is none, or no column is the text.

    Example:
        >>> texts_of([{"label": "joy", "text": "hello"}])
        ['hello']
        >>> texts_of("hello")
        ['hello']
    """
    if isinstance(model_input, str):
        return _values([model_input])
    if isinstance(model_input, Mapping):
        return _values(_column_of_mapping(model_input))
    if isinstance(model_input, pd.DataFrame):
        return _values(_column_of_table(model_input))
    if isinstance(model_input, list | tuple | np.ndarray | pd.Series):
        values = list(model_input)
        if values and all(isinstance(value, Mapping) for value in values):
            return _values(_column_of_table(pd.DataFrame(values)))
        return _values([_alone(value) for value in values])
    raise TextError(f"a request is {_kind(model_input)}, and no text")


def _column_of_table(table: pd.DataFrame) -> list[object]:
    names = list(table.columns)
    if COLUMN in names:
        if names.count(COLUMN) > 1:
            raise TextError(f"the table has {names.count(COLUMN)} columns `{COLUMN}`")
        return list(table[COLUMN])
    if len(names) == 1:
        return list(table.iloc[:, 0])
    shown = ", ".join(map(str, names[:8]))
    raise TextError(
        f"the table has {len(names)} columns ({shown}), none of which is named `{COLUMN}`"
    )


def _column_of_mapping(columns: Mapping[object, object]) -> list[object]:
    if COLUMN not in columns:
        shown = ", ".join(map(str, list(columns)[:8]))
        raise TextError(f"the request has no column `{COLUMN}` but {shown or 'nothing'}")
    value = columns[COLUMN]
    return list(value) if isinstance(value, list | tuple | np.ndarray | pd.Series) else [value]


def _alone(value: object) -> object:
    """Return the only cell of an array's row."""
    return value[0] if isinstance(value, np.ndarray) and value.shape == (1,) else value


def _values(values: list[object]) -> list[str]:
    """Return the values, each of which must be a text."""
    for place, value in enumerate(values, 1):
        if isinstance(value, str):
            if half := next((sign for sign in value if "\ud800" <= sign <= "\udfff"), ""):
                raise TextError(f"text {place} holds half a character (U+{ord(half):04X})")
            continue
        missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
        what = "is missing" if missing else f"is {_kind(value)}, and no text"
        raise TextError(f"text {place} {what}")
    return [str(value) for value in values]


def _kind(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "a truth value"
    if isinstance(value, int | float | np.number):
        return "a number"
    return f"of the type {type(value).__name__}"
