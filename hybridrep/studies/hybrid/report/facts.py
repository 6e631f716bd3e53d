"""What a study says of its corpora, encoder and design, for people."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from hybridrep.reporting.facts import UNKNOWN, config_number, config_value, meta_record, whole
from hybridrep.reporting.formatting import shortened
from hybridrep.studies.hybrid.report.figures.design import Design
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import bottleneck_sizes, seeds_by_status


@dataclass(frozen=True)
class CorpusFacts:
    """One corpus of a study.

    Attributes:
        name: "emotion" or "hate".
        source: where it came from, as recorded.
        items: number of tweets; 0 where not recorded.
        classes: number of classes; 0 where not recorded.
        synthetic: whether it was generated.
        fingerprint: SHA-256 of its content.
    """

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
        name=str(entry.get("name", "")),
        source=str(entry.get("source", UNKNOWN)),
        items=whole(entry.get("items")),
        classes=whole(entry.get("classes")),
        synthetic=bool(entry.get("synthetic", False)),
        fingerprint=str(entry.get("fingerprint", UNKNOWN)),
    )


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


def _short_source(source: str, width: int) -> str:
    """Return a corpus' source for a box: a path's end, a hub corpus without its commit."""
    if len(source) <= width:
        return source
    if source.startswith("hub:"):
        owner, _, name = source.partition("@")[0].partition("/")
        return "\n".join(shortened(line, width) for line in (f"{owner}/", name))
    end = "/".join(PurePath(source).parts[-2:])
    return f"…{end[-(width - 2) :]}" if len(end) > width - 2 else f"…/{end}"


def _boxed(text: str, width: int) -> str:
    """Return a text on at most two lines for a box of the design's drawing."""
    return textwrap.fill(text, width, max_lines=2, placeholder="…")


def design_of(tables: StudyTables) -> Design:
    """Return what the drawings of the study's design and architecture need."""
    corpora = {corpus.name: corpus for corpus in corpora_of(tables)}
    nothing = CorpusFacts("", UNKNOWN, 0, 0, False, "")
    emotion, hate = corpora.get("emotion", nothing), corpora.get("hate", nothing)
    classes = emotion.classes
    return Design(
        emotion=_short_source(emotion.source, 24),
        emotion_items=emotion.items,
        emotion_classes=classes,
        hate=_short_source(hate.source, 28),
        hate_items=hate.items,
        vectors=shortened(vectors_name(tables), 22),
        encoder=_boxed(encoder_name(tables), 30),
        encoder_size=whole(meta_record(tables.meta, "encoder").get("hidden_size")),
        bottlenecks=bottleneck_sizes(tables),
        lstm_epochs=config_number(tables.meta, "lstm_epochs"),
        autoencoder_epochs=config_number(tables.meta, "autoencoder_epochs"),
        used_epoch=tables.half_epoch,
        transfer_epochs=config_number(tables.meta, "transfer_epochs"),
        items=config_number(tables.meta, "items_per_emotion") * (classes or 6),
        seeds=len(seeds_by_status(tables, "complete")),
    )
