"""What a study says of its corpora, encoder and word vectors, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridrep.reporting.facts import UNKNOWN, config_value, meta_record, whole
from hybridrep.studies.hybrid.few_items import SIZES, cautions
from hybridrep.studies.hybrid.names import HIDDEN_SIZE
from hybridrep.studies.hybrid.results.tables import StudyTables

_NAMES = (list, tuple, dict)
"""Types of a record of classes that names them; others only count them."""


@dataclass(frozen=True)
class CorpusFacts:
    """One corpus ("emotion" or "hate") as a study recorded it; counts are 0 where it did not.

    `notes` are what was counted and said of it: repetitions, sizes, how labels were read.
    """

    name: str
    source: str
    items: int
    classes: int
    synthetic: bool
    fingerprint: str
    class_names: tuple[str, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)


def corpora_of(tables: StudyTables) -> list[CorpusFacts]:
    """Return the corpora a study recorded, in the order it recorded them."""
    recorded = tables.meta.get("corpora") or []
    return [
        CorpusFacts(
            str(entry.get("name", "")), str(entry.get("source", UNKNOWN)),
            whole(entry.get("items")), whole(entry.get("classes")),
            bool(entry.get("synthetic", False)), str(entry.get("fingerprint", UNKNOWN)),
            tuple(map(str, names)) if isinstance(names := entry.get("classes"), _NAMES) else (),
            notes if isinstance(notes := entry.get("notes"), Mapping) else {},
        )
        for entry in recorded if isinstance(entry, dict)
    ]  # fmt: skip


def more_classes_than_the_paper(tables: StudyTables) -> int:
    """Return how many classes the new task has if more than the paper's two, else 0."""
    return next((c.classes for c in corpora_of(tables) if c.name == "hate" and c.classes > 2), 0)


def cautions_of(tables: StudyTables) -> list[str]:
    """Return a sentence for each of a study's numbers that stands on few tweets."""
    notes = {name: value for corpus in corpora_of(tables) for name, value in corpus.notes.items()}
    return cautions({name: whole(notes[name]) for name in SIZES if name in notes})


def encoder_name(tables: StudyTables) -> str:
    """Return the frozen encoder's name: its description, else the parameter."""
    encoder = meta_record(tables.meta, "encoder")
    for name in ("description", "source", "name"):
        if encoder.get(name):
            return str(encoder[name])
    return str(config_value(tables.meta, "encoder", UNKNOWN))


def encoder_vector(tables: StudyTables) -> str:
    """Return which vector of the encoder is a tweet's, e.g. "[CLS] of the last layer"."""
    return str(meta_record(tables.meta, "encoder").get("vector") or "[CLS] of the last layer")


def task_specific_name(tables: StudyTables) -> str:
    """Return what the task-specific vectors are where they were given; empty: those of LSTMs."""
    return str(meta_record(tables.meta, "task_specific").get("description") or "")


def task_specific_size(tables: StudyTables) -> int:
    """Return the dimensions of the task-specific representation."""
    return whole(meta_record(tables.meta, "task_specific").get("hidden_size")) or HIDDEN_SIZE


def is_given(source: str) -> bool:
    """Tell whether a description is that of vectors that were given."""
    return source.startswith("vectors:")


def vectors_name(tables: StudyTables) -> str:
    """Return the word vectors' name: what was recorded, else the parameter."""
    recorded = meta_record(tables.meta, "vectors").get("source")
    return str(recorded or config_value(tables.meta, "vectors", UNKNOWN))
