"""What travels inside the page: the explorers' data and plotly.js, gzip in base64.

Base64 cannot end a script element, whatever a study's texts say; the script writes texts only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Hashable
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float

_T = TypeVar("_T")


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


class Pool(Generic[_T]):
    """Contents by their number, each kept once."""

    def __init__(self) -> None:
        self.contents: list[_T] = []
        self._numbers: dict[Hashable, int] = {}

    def add(self, key: Hashable, content: _T) -> int:
        """Return the number of what has this key, which is kept if it is new."""
        if key not in self._numbers:
            self._numbers[key] = len(self.contents)
            self.contents.append(content)
        return self._numbers[key]


def lower_triangle_text(matrix: Float[np.ndarray, "items items"]) -> str:
    """Return the lower triangle with its diagonal, row by row, in thousandths, as base64.

    Whole numbers of two bytes, all low bytes before all high ones: gzip halves the high bytes.
    """
    rows, columns = np.tril_indices(len(matrix))
    values = np.round(np.asarray(matrix, np.float64)[rows, columns] * 1000).astype("<i2")
    planes = values.view(np.uint8).reshape(-1, 2).T
    return base64.b64encode(planes.tobytes()).decode("ascii")
