"""Arrays, tables and files as bytes, in formats that run no code when they are read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors.numpy

from hybridrep.errors import StoreError
from hybridrep.execution.manifest import MANIFEST, is_file_name

_SUFFIXES = frozenset(
    (".safetensors", ".npz", ".parquet", ".json", ".png", ".svg", ".html", ".csv", ".md", ".txt")
)


def encode(
    arrays: Mapping[str, Mapping[str, np.ndarray]],
    tables: Mapping[str, pd.DataFrame],
    files: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Return file name -> content of everything in a result.

    Groups of arrays become `NAME.safetensors`, tables `NAME.parquet`; files stay as they are.

    Raises:
        StoreError: a name is no plain file name or used twice, its kind of file is not allowed
            (pickles never are), or the content cannot be written in its format.
    """
    encoded: dict[str, bytes] = {}
    contents = chain(
        ((_allowed(f"{n}.safetensors"), _safetensors(n, group)) for n, group in arrays.items()),
        ((_allowed(f"{n}.parquet"), _parquet(n, table)) for n, table in tables.items()),
        ((_allowed(n), bytes(content)) for n, content in files.items()),
    )
    for name, content in contents:
        if name in encoded or name == MANIFEST:
            raise StoreError(f"two files of one result are called {name!r}")
        encoded[name] = content
    return encoded


def _allowed(name: str) -> str:
    if not is_file_name(name):
        raise StoreError(f"{name!r} is no file name for a result: use letters, digits, _ . and -")
    if Path(name).suffix not in _SUFFIXES:
        raise StoreError(f"{name!r} is not stored; allowed are {', '.join(sorted(_SUFFIXES))}")
    return name


def _safetensors(name: str, group: Mapping[str, np.ndarray]) -> bytes:
    dense = {}
    for part, array in group.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise StoreError(f"arrays {name!r}: {part!r} is not a NumPy array of numbers")
        # The library writes the memory as it lies, so it must lie in order.
        dense[part] = np.asarray(array, order="C")
    return safetensors.numpy.save(dense)


def _parquet(name: str, table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        table.to_parquet(buffer, engine="pyarrow", compression="zstd")
    except (TypeError, ValueError) as error:  # Arrow's own errors are kinds of these
        raise StoreError(f"table {name!r} cannot be written as parquet: {error}") from error
    return buffer.getvalue()
