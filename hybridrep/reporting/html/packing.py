"""What travels inside the page: the explorers' data and plotly.js, gzip in base64.

Base64 cannot end a script element whatever the tweets say, and the page's script writes tweets
as text only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import Any

import numpy as np
from jaxtyping import Float

from hybridrep.studies.hybrid.similarity.items import (
    Items,
)


def packed(text: str) -> str:
    """Return text as gzip in base64; equal texts give equal results."""
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode("ascii")


def data_address(content: bytes, media_type: str) -> str:
    """Return bytes as a `data:` address."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def script_hash(script: str) -> str:
    """Return the source expression that lets one inline script run under the page's policy."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def security_policy(scripts: list[str]) -> str:
    """Return the page's Content-Security-Policy: nothing from anywhere, these inline scripts only.

    Styles may stand inline because plotly.js writes them; they can load nothing either.
    """
    hashes = " ".join(script_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


class _Pool:
    """Arrays and lists of tweets, each stored once."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.arrays: list[str] = []
        self._known: dict[bytes | tuple[Any, ...], int] = {}

    def add_items(self, items: Items) -> int:
        key = (items.labels.tobytes(), items.label_names, items.texts)
        if key not in self._known:
            self._known[key] = len(self.items)
            self.items.append(
                {
                    "labels": items.labels.tolist(),
                    "names": list(items.label_names),
                    "texts": None if items.texts is None else list(items.texts),
                }
            )
        return self._known[key]

    def add_matrix(self, matrix: Float[np.ndarray, "items items"]) -> int:
        text = lower_triangle_text(matrix)
        key = hashlib.sha256(text.encode()).digest()
        if key not in self._known:
            self._known[key] = len(self.arrays)
            self.arrays.append(text)
        return self._known[key]


def lower_triangle_text(matrix: Float[np.ndarray, "items items"]) -> str:
    """Return the lower triangle with its diagonal, row by row, in thousandths, as base64.

    Whole numbers of two bytes, all low bytes before all high ones: gzip halves the high bytes.
    """
    rows, columns = np.tril_indices(len(matrix))
    values = np.round(np.asarray(matrix, np.float64)[rows, columns] * 1000).astype("<i2")
    planes = values.view(np.uint8).reshape(-1, 2).T
    return base64.b64encode(planes.tobytes()).decode("ascii")
