"""The example seed as two files beside a study's tables, for later reports; equal arrays once."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from hybridrep.reporting.html.packing import Pool
from hybridrep.studies.hybrid.names import SHOWN_REPRESENTATIONS
from hybridrep.studies.hybrid.similarity.items import (
    ExampleItems,
    Items,
    Projection,
    SimilarityMatrices,
)

ARRAYS_FILE = "study/example.npz"
RECORD_FILE = "study/example.json"

EXAMPLE_VERSION = 1
"""Version of the files' layout; readers leave any other out and say so."""

_MATRICES = ("emotion_matrices", "hate_matrices")
_PROJECTIONS = ("emotion_projections", "hate_projections")
_DAMAGE = (
    KeyError, IndexError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile,
)  # fmt: skip


class ExampleError(ValueError):
    """The files hold no example that this version can show."""


def example_files(example: ExampleItems) -> dict[str, bytes | str]:
    """Return the files that `read_example` reads, by their path in a run.

    Tweets are in them when they are in the example: see `ExampleItems.without_texts`.
    """
    arrays: dict[str, np.ndarray] = {}
    items: Pool[dict[str, Any]] = Pool()
    record: dict[str, Any] = {
        "version": EXAMPLE_VERSION, "seed": example.seed, "reason": example.reason,
        "items": items.contents,
    }  # fmt: skip

    def name_of(array: np.ndarray) -> str:
        """Keep an array once, under a name that its content gives it."""
        content = np.ascontiguousarray(array)
        head = f"{content.dtype.str} {content.shape}".encode()
        name = hashlib.sha256(head + content.tobytes()).hexdigest()[:32]
        arrays[name] = content
        return name

    def number_of(own: Items) -> int:
        texts = None if own.texts is None else list(own.texts)
        entry = {"labels": name_of(own.labels), "label_names": list(own.label_names)}
        return items.add(id(own), {**entry, "texts": texts})

    for field in _MATRICES:
        record[field] = [
            {
                "direction": each.direction, "bottleneck": each.bottleneck,
                "matrices": {name: name_of(matrix) for name, matrix in each.matrices.items()},
                "items": number_of(each.items),
            }
            for each in getattr(example, field)
        ]  # fmt: skip
    for field in _PROJECTIONS:
        record[field] = [
            {
                "representation": each.representation, "direction": each.direction,
                "bottleneck": each.bottleneck, "points": name_of(each.points),
                "items": number_of(each.items),
            }
            for each in getattr(example, field)
        ]  # fmt: skip
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return {
        ARRAYS_FILE: packed.getvalue(),
        RECORD_FILE: json.dumps(record, ensure_ascii=False, separators=(",", ":")),
    }


def read_example(arrays: bytes, record: bytes) -> ExampleItems:
    """Return the example that `example_files` wrote.

    Raises:
        ExampleError: the files are damaged, contradict each other, or are of another version.
    """
    try:
        found = json.loads(record)
        if found["version"] != EXAMPLE_VERSION:
            raise ExampleError(f"it is of layout {found['version']}, not {EXAMPLE_VERSION}")
        with np.load(io.BytesIO(arrays), allow_pickle=False) as opened:
            pool = dict(opened)
        items = [_items(entry, pool) for entry in found["items"]]
        matrices = {f: tuple(_matrices(e, pool, items) for e in found[f]) for f in _MATRICES}
        points = {f: tuple(_projection(e, pool, items) for e in found[f]) for f in _PROJECTIONS}
        return ExampleItems(
            seed=int(found["seed"]), reason=str(found["reason"]),
            emotion_matrices=matrices["emotion_matrices"],
            emotion_projections=points["emotion_projections"],
            hate_matrices=matrices["hate_matrices"], hate_projections=points["hate_projections"],
        )  # fmt: skip
    except ExampleError:
        raise
    except _DAMAGE as e:
        raise ExampleError(f"its files are damaged ({type(e).__name__})") from e


def _items(entry: Mapping[str, Any], pool: Mapping[str, np.ndarray]) -> Items:
    labels, names, texts = pool[entry["labels"]], entry["label_names"], entry["texts"]
    _need(labels.ndim == 1 and labels.dtype.kind in "iu")
    _need(not len(labels) or bool(labels.min() >= 0 and labels.max() < len(names)))
    _need(texts is None or len(texts) == len(labels))
    shown = None if texts is None else tuple(map(str, texts))
    return Items(labels.astype(np.int64), tuple(map(str, names)), shown)


def _matrices(
    entry: Mapping[str, Any], pool: Mapping[str, np.ndarray], items: list[Items]
) -> SimilarityMatrices:
    mine = items[entry["items"]]
    matrices = {name: pool[entry["matrices"][name]] for name in SHOWN_REPRESENTATIONS}
    for matrix in matrices.values():
        _need(matrix.dtype.kind == "f" and matrix.shape == (len(mine.labels),) * 2)
    return SimilarityMatrices(str(entry["direction"]), int(entry["bottleneck"]), matrices, mine)


def _projection(
    entry: Mapping[str, Any], pool: Mapping[str, np.ndarray], items: list[Items]
) -> Projection:
    mine, points = items[entry["items"]], pool[entry["points"]]
    _need(points.dtype.kind == "f" and points.shape == (len(mine.labels), 2))
    return Projection(
        str(entry["representation"]), str(entry["direction"]), int(entry["bottleneck"]), points,
        mine,
    )  # fmt: skip


def _need(holds: bool | np.bool) -> None:
    if not holds:
        raise ExampleError("its files contradict each other")
