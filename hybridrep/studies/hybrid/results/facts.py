"""What a study says of its corpora, encoder and word vectors, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    return [_corpus(entry) for entry in recorded if isinstance(entry, dict)]


def _corpus(entry: dict[str, Any]) -> CorpusFacts:
    return CorpusFacts(
        name=str(entry.get("name", "")), source=str(entry.get("source", UNKNOWN)),
        items=whole(entry.get("items")), classes=whole(entry.get("classes")),
        synthetic=bool(entry.get("synthetic", False)),
        fingerprint=str(entry.get("fingerprint", UNKNOWN)),
    )  # fmt: skip


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
