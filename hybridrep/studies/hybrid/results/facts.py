"""What a study says of its corpora, encoder and word vectors, for people."""

from __future__ import annotations

from dataclasses import dataclass

from hybridrep.reporting.facts import UNKNOWN, config_value, meta_record, whole
from hybridrep.studies.hybrid.results.tables import StudyTables


@dataclass(frozen=True)
class CorpusFacts:
    """One corpus ("emotion" or "hate") as a study recorded it; counts are 0 where it did not."""

    name: str
    source: str
    items: int
    classes: int
    synthetic: bool
    fingerprint: str


def corpora_of(tables: StudyTables) -> list[CorpusFacts]:
    """Return the corpora a study recorded, in the order it recorded them."""
    recorded = tables.meta.get("corpora") or []
    return [
        CorpusFacts(
            str(entry.get("name", "")), str(entry.get("source", UNKNOWN)),
            whole(entry.get("items")), whole(entry.get("classes")),
            bool(entry.get("synthetic", False)), str(entry.get("fingerprint", UNKNOWN)),
        )
        for entry in recorded if isinstance(entry, dict)
    ]  # fmt: skip


def encoder_name(tables: StudyTables) -> str:
    """Return the frozen encoder's name: its description, else the parameter."""
    encoder = meta_record(tables.meta, "encoder")
    for name in ("description", "source", "name"):
        if encoder.get(name):
            return str(encoder[name])
    return str(config_value(tables.meta, "encoder", UNKNOWN))


def vectors_name(tables: StudyTables) -> str:
    """Return the word vectors' name: what was recorded, else the parameter."""
    recorded = meta_record(tables.meta, "vectors").get("source")
    return str(recorded or config_value(tables.meta, "vectors", UNKNOWN))
