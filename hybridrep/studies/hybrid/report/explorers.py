"""What the interactive matrix and map of the page draw from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from jaxtyping import Float

from hybridrep.reporting.html.packing import Pool, lower_triangle_text
from hybridrep.reporting.style import CLASS_COLOURS, CLASS_COLOURS_DARK, CLASS_MARKERS
from hybridrep.studies.hybrid.names import SHOWN_REPRESENTATIONS, readable
from hybridrep.studies.hybrid.similarity.figure import colour_range
from hybridrep.studies.hybrid.similarity.items import (
    ExampleItems,
    Items,
    Projection,
    SimilarityMatrices,
)

_SYMBOLS = {
    "o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "v": "triangle-down",
    "P": "cross", "X": "x", "*": "star",
}  # fmt: skip
"""plotly's names of matplotlib's markers."""


class _Contents:
    """Matrices and lists of tweets, each stored once."""

    def __init__(self) -> None:
        self.items: Pool[dict[str, Any]] = Pool()
        self.arrays: Pool[str] = Pool()

    def add_items(self, items: Items) -> int:
        record = {
            "noun": "tweet", "labels": items.labels.tolist(), "names": list(items.label_names),
            "texts": None if items.texts is None else list(items.texts),
        }  # fmt: skip
        return self.items.add((items.labels.tobytes(), items.label_names, items.texts), record)

    def add_matrix(self, matrix: Float[np.ndarray, "items items"]) -> int:
        text = lower_triangle_text(matrix)
        return self.arrays.add(text, text)


def explorer_data(example: ExampleItems) -> str:
    """Return the JSON that the interactive matrix and map draw from.

    Of the hate tweets it holds the first bottleneck size only, equal arrays and lists once, and
    similarities in thousandths, which keeps a page of four sizes below 8 MB.
    """
    pool = _Contents()
    first = [each.bottleneck for each in example.hate_matrices[:1]]
    hate = [each for each in example.hate_matrices if each.bottleneck in first]
    matrices = [_matrix_record(pool, "emotion", each) for each in example.emotion_matrices]
    matrices += [_matrix_record(pool, "hate", each) for each in hate]
    points = [_projection_record(pool, "emotion", each) for each in example.emotion_projections]
    points += [_projection_record(pool, "hate", each) for each in example.hate_projections]
    return json.dumps(
        {
            "items": pool.items.contents, "arrays": pool.arrays.contents, "matrices": matrices,
            "projections": points,
            "corpora": [["emotion", "emotion tweets"], ["hate", "hate tweets (new task)"]],
            "representations": [[name, readable(name)] for name in SHOWN_REPRESENTATIONS],
            "symbols": [_SYMBOLS[marker] for marker in CLASS_MARKERS],
            "colours": {"light": CLASS_COLOURS, "dark": CLASS_COLOURS_DARK},
        },
        separators=(",", ":"),
    )  # fmt: skip


def _matrix_record(pool: _Contents, corpus: str, record: SimilarityMatrices) -> dict[str, Any]:
    return {
        "corpus": corpus, "key": f"{record.direction}/{record.bottleneck}",
        "label": f"{readable(record.direction)}, bottleneck {record.bottleneck}",
        "items": pool.add_items(record.items),
        "ranges": {
            name: [round(end, 4) for end in colour_range(record.matrices[name])]
            for name in SHOWN_REPRESENTATIONS
        },
        "arrays": {name: pool.add_matrix(record.matrices[name]) for name in SHOWN_REPRESENTATIONS},
    }  # fmt: skip


def _projection_record(pool: _Contents, corpus: str, record: Projection) -> dict[str, Any]:
    label = readable(record.representation)
    if record.direction:
        label = f"{readable(record.direction)}: {label}, bottleneck {record.bottleneck}"
    x, y = np.round(np.asarray(record.points, np.float64), 1).T.tolist()
    return {
        "corpus": corpus, "key": f"{record.representation}/{record.direction}/{record.bottleneck}",
        "label": label, "items": pool.add_items(record.items), "x": x, "y": y,
    }  # fmt: skip
