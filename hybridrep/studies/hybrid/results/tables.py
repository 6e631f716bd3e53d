"""One study's results as long tables: the only thing that reports and comparisons read.

The layout (`schema.py`) has a version: tables of an older one are upgraded when they are read,
tables of a newer one are refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hybridrep.analysis.schema import refuse, table_problems
from hybridrep.errors import TablesError
from hybridrep.studies.hybrid.results.schema import SCHEMAS, frame

SCHEMA_VERSION = 1
"""Version of the layout that this code writes; the first is 1."""

Parts = dict[str, pd.DataFrame]
Meta = dict[str, Any]

UPGRADES: dict[int, Callable[[Parts, Meta], tuple[Parts, Meta]]] = {}
"""Version -> function that turns parts and meta of that version into those of the next.

It must not change what it is given. See docs/upgrades.md for all that a new version needs."""

_META: dict[str, type | tuple[type, ...]] = {
    "schema_version": int,
    "study": str,
    "study_key": str,
    "config": dict,
    "half_epoch": int,
    "seeds_wanted": list,
    "seeds_failed": dict,
}
"""Entries of `meta` that are always there; more may stand beside them."""


@dataclass(frozen=True)
class StudyTables:
    """All results of one study.

    Attributes:
        lstm: the LSTM's curves.
        autoencoder: the autoencoders' curves.
        linear_baseline: ridge regression beside the autoencoders.
        rsa: correlations for every epoch (0 = before training); the model that is used is at
            `meta["half_epoch"]`.
        transfer: the classifiers' curves; bottleneck is 0 where there is none.
        meta: what the study is and what it stands on, in JSON's types: schema_version, study,
            study_key, config (resolved), half_epoch, seeds_wanted, seeds_failed {seed: reason},
            and anything a report shows (corpora, encoder, vectors, versions, ...). Tables that
            were upgraded when they were read keep the version they were made with as
            made_with_schema.
    """

    lstm: pd.DataFrame = field(default_factory=lambda: frame("lstm"))
    autoencoder: pd.DataFrame = field(default_factory=lambda: frame("autoencoder"))
    linear_baseline: pd.DataFrame = field(default_factory=lambda: frame("linear_baseline"))
    rsa: pd.DataFrame = field(default_factory=lambda: frame("rsa"))
    transfer: pd.DataFrame = field(default_factory=lambda: frame("transfer"))
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
        """Check columns, dtypes, allowed values and keys of all tables, and `meta`.

        Returns:
            The tables themselves, so that making and checking is one expression.

        Raises:
            TablesError: naming everything that is wrong.
        """
        problems = _meta_problems(self.meta)
        for name in SCHEMAS:
            problems += table_problems(name, SCHEMAS[name], getattr(self, name))
        refuse(problems)
        return self

    def to_parts(self) -> tuple[Parts, Meta]:
        """Return the tables by name, and `meta`, for writing them to files."""
        return {name: getattr(self, name) for name in SCHEMAS}, dict(self.meta)

    @classmethod
    def from_parts(cls, parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> StudyTables:
        """Make tables from what `to_parts` gave, of this or an older version of the layout.

        Dtypes that a file format changed (integers as floats, text as objects) are restored.

        Raises:
            TablesError: when the layout is newer, cannot be upgraded, or anything is wrong.
        """
        upgraded, new_meta = _upgrade(dict(parts), dict(meta))
        unknown = sorted(set(upgraded) - set(SCHEMAS))
        missing = sorted(set(SCHEMAS) - set(upgraded))
        refuse(
            [f"there is no table '{name}'" for name in missing]
            + [f"'{name}' is not a table of a study" for name in unknown]
        )
        tables = {name: frame(name, upgraded[name]) for name in SCHEMAS}
        return cls(**tables, meta=new_meta).validate()


def _upgrade(parts: Parts, meta: Meta) -> tuple[Parts, Meta]:
    version = meta.get("schema_version")
    if not isinstance(version, int):
        raise TablesError("this is not a study's tables: its meta names no schema_version")
    name = f"the study {meta['study']!r}" if "study" in meta else "the study"
    if version > SCHEMA_VERSION:
        raise TablesError(
            f"{name} was made by a newer hybridrep (tables of version {version}; this one reads "
            f"up to {SCHEMA_VERSION}): update hybridrep to read it"
        )
    for step in range(version, SCHEMA_VERSION):
        if step not in UPGRADES:
            raise TablesError(
                f"{name} has tables of version {version}, which this hybridrep cannot upgrade to "
                f"{SCHEMA_VERSION}: make the study again"
            )
        parts, meta = UPGRADES[step](parts, meta)
        meta = {**meta, "schema_version": step + 1}
    if version < SCHEMA_VERSION:
        meta = {"made_with_schema": version, **meta}
    return parts, meta


def _meta_problems(meta: Meta) -> list[str]:
    problems = [f"meta has no '{name}'" for name in _META if name not in meta]
    problems += [
        f"meta['{name}'] is {type(meta[name]).__name__}, not what it should be"
        for name, kind in _META.items()
        if name in meta and (not isinstance(meta[name], kind) or isinstance(meta[name], bool))
    ]
    try:
        json.dumps(meta)
    except (TypeError, ValueError) as error:
        problems.append(f"meta cannot be written as JSON ({error})")
    return problems
