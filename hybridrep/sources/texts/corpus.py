"""The record that every loader returns: texts, classes, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int64

SPLITS = ("train", "validation", "test")
"""The splits that a corpus may bring along; an item without one carries the empty string."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Short texts with one class each.

    Attributes:
        name: the part that it plays in its study.
        labels: the class of every text as an index into `label_names`, read-only.
        splits: the split that the corpus itself gives every text: "train", "validation",
            "test", or "" where it gives none.
        source: one line for people, e.g. "sample (synthetic)", a path, "hub:ID@revision".
        synthetic: whether the texts were generated rather than written by people.
    """

    name: str
    texts: tuple[str, ...]
    labels: Int64[np.ndarray, " items"]
    label_names: tuple[str, ...]
    splits: tuple[str, ...]
    source: str
    synthetic: bool

    def __post_init__(self) -> None:
        if not len(self.texts) == len(self.labels) == len(self.splits):
            raise ValueError(
                f"texts, labels and splits differ in length: "
                f"{len(self.texts)}, {len(self.labels)}, {len(self.splits)}"
            )
        labels = np.array(self.labels, dtype=np.int64)
        if labels.size and not 0 <= labels.min() <= labels.max() < len(self.label_names):
            raise ValueError(
                f"labels reach from {labels.min()} to {labels.max()}, "
                f"but there are {len(self.label_names)} classes"
            )
        if unknown := set(self.splits) - {"", *SPLITS}:
            raise ValueError(f"unknown splits: {sorted(unknown)}")
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over texts, labels, classes and splits; the same wherever the corpus lies."""
        words = json.dumps([self.label_names, self.splits, self.texts], separators=(",", ":"))
        digest = hashlib.sha256(words.encode("ascii"))
        digest.update(self.labels.astype("<i8").tobytes())
        return digest.hexdigest()

    @property
    def class_counts(self) -> dict[str, int]:
        """How many texts each class has, in the order of `label_names`."""
        counts = np.bincount(self.labels, minlength=len(self.label_names))
        return dict(zip(self.label_names, counts.tolist(), strict=True))

    def take(self, items: Int64[np.ndarray, " taken"] | Sequence[int]) -> Corpus:
        """Return the corpus of the given items, in their order, with the same classes."""
        return Corpus(
            name=self.name, texts=tuple(self.texts[i] for i in items),
            labels=self.labels[np.asarray(items, dtype=np.int64)], label_names=self.label_names,
            splits=tuple(self.splits[i] for i in items), source=self.source,
            synthetic=self.synthetic,
        )  # fmt: skip
