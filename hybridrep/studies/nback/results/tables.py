"""The study's results as long tables: the only thing that its reports read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hybridrep.analysis.schema import Meta, Parts, Upgrade, refuse_wrong_tables, tables_of_parts
from hybridrep.studies.nback.results.schema import SCHEMAS, frame

SCHEMA_VERSION = 3
"""Version of the layout that this code writes; the first is 1."""


def _with_empty(parts: Parts, meta: Meta) -> tuple[Parts, Meta]:
    """Give tables of version 1, of training alone, or 2, without similarities, the empty ones."""
    return {name: parts.get(name, frame(name)) for name in SCHEMAS}, meta


UPGRADES: dict[int, Upgrade] = {1: _with_empty, 2: _with_empty}
"""Version -> function that turns parts and meta of that version into those of the next."""

_META: dict[str, type] = {
    "schema_version": int, "study": str, "study_key": str, "config": dict, "seeds_wanted": list,
    "seeds_failed": dict,
}  # fmt: skip
"""Entries of `meta` that are always there; more may stand beside them."""


@dataclass(frozen=True, eq=False)  # two are the same only where they are one
class NBackTables:
    """All results of one study.

    Attributes:
        networks: one row a network.
        curves: accuracy and response accuracy during training; the last iteration is the result.
        losses: of the training batches.
        by_task: of the end, for each task that a network was trained on.
        perceptual: how well features are decoded from what networks are shown; of no seed.
        decoding: how well decoders read states, of every network, task, stimulus and time.
        cross_task: how well those of one task read the trials of another.
        orthogonality: angles between the values of features, of maps and of first states.
        rotations: how well decoders read that were turned from a frame to the next.
        causal: what networks answer when a state is changed.
        similarities: how alike perceptual space, encoding and memory are by several measures.
        meta: what the study is and stands on, in JSON's types.
    """

    networks: pd.DataFrame = field(default_factory=lambda: frame("networks"))
    curves: pd.DataFrame = field(default_factory=lambda: frame("curves"))
    losses: pd.DataFrame = field(default_factory=lambda: frame("losses"))
    by_task: pd.DataFrame = field(default_factory=lambda: frame("by_task"))
    perceptual: pd.DataFrame = field(default_factory=lambda: frame("perceptual"))
    decoding: pd.DataFrame = field(default_factory=lambda: frame("decoding"))
    cross_task: pd.DataFrame = field(default_factory=lambda: frame("cross_task"))
    orthogonality: pd.DataFrame = field(default_factory=lambda: frame("orthogonality"))
    rotations: pd.DataFrame = field(default_factory=lambda: frame("rotations"))
    causal: pd.DataFrame = field(default_factory=lambda: frame("causal"))
    similarities: pd.DataFrame = field(default_factory=lambda: frame("similarities"))
    meta: Meta = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The complete seeds, ascending."""
        return tuple(sorted({int(seed) for seed in self.networks["seed"]}))

    def validate(self) -> NBackTables:
        """Check all tables and `meta`; return them, or name all that is wrong in a TablesError."""
        refuse_wrong_tables(self.to_parts()[0], self.meta, SCHEMAS, _META)
        return self

    def to_parts(self) -> tuple[Parts, Meta]:
        """Return the tables by name, and `meta`, for writing them to files."""
        return {name: getattr(self, name) for name in SCHEMAS}, dict(self.meta)

    @classmethod
    def from_parts(cls, parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> NBackTables:
        """Make tables of what `to_parts` gave.

        Raises:
            TablesError: when the layout is newer, cannot be upgraded, or anything is wrong.
        """
        tables, new_meta = tables_of_parts(parts, meta, SCHEMAS, SCHEMA_VERSION, UPGRADES)
        return cls(**tables, meta=new_meta).validate()
