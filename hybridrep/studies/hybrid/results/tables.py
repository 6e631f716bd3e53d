"""One study's results as long tables: the only thing that reports and comparisons read.

The layout has a version: older tables are upgraded when they are read, newer ones refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hybridrep.analysis.schema import Meta, Parts, Upgrade, refuse_wrong_tables, tables_of_parts
from hybridrep.studies.hybrid.names import CHOSEN_ON, SHARED
from hybridrep.studies.hybrid.results.schema import SCHEMAS, frame

SCHEMA_VERSION = 2
"""Version of the layout that this code writes; the first is 1."""


def _of_before(parts: Parts, meta: Meta) -> tuple[Parts, Meta]:
    """Turn version 1 into 2: nothing was fused, nor measured on tweets that all seeds share."""
    empty = {name: frame(name) for name in ("fusion", "fused_transfer", "measures")}
    unknown = {f"reconstructed_vs_target_{name}": math.nan for name in (SHARED, CHOSEN_ON)}
    linear = parts["linear_baseline"].assign(**unknown)
    return {**parts, "linear_baseline": linear, **empty}, meta


UPGRADES: dict[int, Upgrade] = {1: _of_before}
"""Version -> function that turns parts and meta of that version into those of the next.

It must not change what it is given. See docs/upgrades.md for all that a new version needs."""

_META: dict[str, type] = {
    "schema_version": int, "study": str, "study_key": str, "config": dict, "half_epoch": int,
    "seeds_wanted": list, "seeds_failed": dict,
}  # fmt: skip
"""Entries of `meta` that are always there; more may stand beside them."""


@dataclass(frozen=True)
class StudyTables:
    """All results of one study.

    Attributes:
        rsa: correlations for every epoch (0 = before training); the model that is used is at
            `meta["half_epoch"]`.
        measures: what other measures say of the same pairs, at some of the epochs.
        transfer: the classifiers' curves; bottleneck is 0 where there is none.
        fusion: what fused representations and the paper's bottlenecks carry of both, every epoch;
            empty where nothing was fused. `fused_transfer`: these on the new task.
        meta: what the study is and stands on, in JSON's types: the entries of `_META` and anything
            a report shows (corpora, encoder, versions, ...); of upgraded tables the version they
            were made with as made_with_schema.
    """

    lstm: pd.DataFrame = field(default_factory=lambda: frame("lstm"))
    autoencoder: pd.DataFrame = field(default_factory=lambda: frame("autoencoder"))
    linear_baseline: pd.DataFrame = field(default_factory=lambda: frame("linear_baseline"))
    rsa: pd.DataFrame = field(default_factory=lambda: frame("rsa"))
    measures: pd.DataFrame = field(default_factory=lambda: frame("measures"))
    transfer: pd.DataFrame = field(default_factory=lambda: frame("transfer"))
    fusion: pd.DataFrame = field(default_factory=lambda: frame("fusion"))
    fused_transfer: pd.DataFrame = field(default_factory=lambda: frame("fused_transfer"))
    meta: Meta = field(default_factory=dict)

    @property
    def half_epoch(self) -> int:
        """Epoch of the autoencoders that feed RSA and transfer."""
        return int(self.meta["half_epoch"])

    @property
    def seeds_wanted(self) -> tuple[int, ...]:
        """The seeds that the study asked for, ascending."""
        return tuple(sorted(int(seed) for seed in self.meta["seeds_wanted"]))

    @property
    def seeds_failed(self) -> dict[int, str]:
        """The seeds that failed, with the reason; JSON's text keys are numbers again."""
        return {int(seed): str(reason) for seed, reason in self.meta["seeds_failed"].items()}

    def validate(self) -> StudyTables:
        """Check all tables and `meta`; return them, or name all that is wrong in a TablesError."""
        refuse_wrong_tables(self.to_parts()[0], self.meta, SCHEMAS, _META)
        return self

    def to_parts(self) -> tuple[Parts, Meta]:
        """Return the tables by name, and `meta`, for writing them to files."""
        return {name: getattr(self, name) for name in SCHEMAS}, dict(self.meta)

    @classmethod
    def from_parts(cls, parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> StudyTables:
        """Make tables of what `to_parts` gave, of this layout or an older one, with their dtypes.

        Raises:
            TablesError: when the layout is newer, cannot be upgraded, or anything is wrong.
        """
        tables, new_meta = tables_of_parts(parts, meta, SCHEMAS, SCHEMA_VERSION, UPGRADES)
        return cls(**tables, meta=new_meta).validate()
