"""Long tables: what columns they have, of which dtypes, with which values and keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.errors import TablesError

Parts = dict[str, pd.DataFrame]
"""A study's tables by name."""

Meta = dict[str, Any]
"""What a study's tables stand on, in JSON's types."""

Upgrade = Callable[[Parts, Meta], tuple[Parts, Meta]]
"""Turns parts and meta of one version of a layout into those of the next."""


@dataclass(frozen=True)
class Column:
    """What a column may hold.

    Attributes:
        kind: "int", "float" (NaN allowed: a value that could not be computed) or "text".
        allowed: the only values allowed; empty for any.
        low: least value; `high`: the greatest.
        meaning: what it says, for people; the reference prints it.
    """

    kind: str
    allowed: tuple[str, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    meaning: str = ""


@dataclass(frozen=True)
class Schema:
    """What a table looks like.

    Attributes:
        columns: in their order.
        key: those that together name a row.
        rule: says what else is wrong with a table whose columns are right.

    Examples:
        >>> schema = Schema({"seed": Column("int", low=0), "value": Column("float")}, key=("seed",))
        >>> list(make_table("results", schema, [{"seed": 0, "value": 0.5}]).columns)
        ['seed', 'value']
    """

    columns: Mapping[str, Column]
    key: tuple[str, ...]
    rule: Callable[[pd.DataFrame], list[str]] | None = None


_DTYPES = {"int": "int64", "float": "float64", "text": "str"}


def make_table(
    name: str, schema: Schema, rows: Iterable[Mapping[str, Any]] | pd.DataFrame = ()
) -> pd.DataFrame:
    """Make a table with its columns in order and its dtypes, from rows or a table.

    Raises:
        TablesError: when a column is missing or unknown, or a value does not fit its dtype.

    Examples:
        >>> schema = Schema({"seed": Column("int"), "value": Column("float")}, key=("seed",))
        >>> make_table("results", schema, [{"value": 1, "seed": 3}]).values.tolist()
        [[3.0, 1.0]]
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    if table.empty and not len(table.columns):
        table = pd.DataFrame(columns=list(schema.columns))
    refuse(_column_problems(name, schema, table))
    converted = {}
    for column, rule in schema.columns.items():
        try:
            converted[column] = _convert(table[column], rule.kind)
        except (TypeError, ValueError) as error:
            raise TablesError(
                f"table '{name}', column '{column}': not all values are of type {rule.kind} "
                f"({error})"
            ) from None
    return pd.DataFrame(converted).reset_index(drop=True)


def _convert(values: pd.Series, kind: str) -> pd.Series:
    """Return a column in its dtype; whole numbers that came as floats become integers again."""
    if kind == "int":
        numbers = pd.to_numeric(values).astype("float64")
        if not (np.isfinite(numbers) & (numbers % 1 == 0)).all():
            raise ValueError("there are values that are not whole numbers")
        return pd.to_numeric(values).astype("int64")
    if kind == "text" and values.isna().any():
        raise ValueError("there are missing values")
    converted: pd.Series = values.astype(_DTYPES[kind])  # type: ignore[call-overload]
    return converted


def refuse(problems: list[str]) -> None:
    """Raise one `TablesError` that names all problems, if there are any."""
    if problems:
        raise TablesError("\n".join(problems))


def _column_problems(name: str, schema: Schema, table: pd.DataFrame) -> list[str]:
    wanted = list(schema.columns)
    missing = [c for c in wanted if c not in table.columns]
    unknown = [str(c) for c in table.columns if c not in wanted]
    return [f"table '{name}' has no column '{c}'" for c in missing] + [
        f"table '{name}' has an unknown column '{c}'" for c in unknown
    ]


def table_problems(name: str, schema: Schema, table: pd.DataFrame) -> list[str]:
    """Say what is wrong with a table: columns, dtypes, values, rows that occur twice.

    Examples:
        >>> schema = Schema({"r": Column("float", low=-1, high=1)}, key=("r",))
        >>> table_problems("results", schema, pd.DataFrame({"r": [0.5, 2.0]}))
        ["table 'results', column 'r': np.float64(2.0) is not between -1 and 1"]
    """
    if problems := _column_problems(name, schema, table):
        return problems
    for column, rule in schema.columns.items():
        problems += [
            f"table '{name}', column '{column}': {p}" for p in _problems(table[column], rule)
        ]
    if not problems:
        doubled = table[table.duplicated(list(schema.key))]
        if len(doubled):
            first = doubled.iloc[0][list(schema.key)].to_dict()
            problems.append(f"table '{name}' has {len(doubled)} rows twice, first {first}")
    if schema.rule is not None and not problems:
        problems += schema.rule(table)
    return problems


def _problems(values: pd.Series, rule: Column) -> list[str]:
    checks = {
        "int": pd.api.types.is_integer_dtype,
        "float": pd.api.types.is_float_dtype,
        "text": pd.api.types.is_string_dtype,
    }
    if len(values) and not checks[rule.kind](values.dtype):
        return [f"is {values.dtype}, not {rule.kind}"]
    if rule.allowed:
        wrong = values[~values.isin(rule.allowed)]
        hint = f"not one of {', '.join(rule.allowed)}"
    elif rule.kind != "text" and len(values):
        slack = 1e-9 if rule.kind == "float" else 0.0
        wrong = values[(values < rule.low - slack) | (values > rule.high + slack)]
        hint = f"not between {rule.low:g} and {rule.high:g}"
    else:
        return []
    return [f"{wrong.iloc[0]!r} is {hint}"] if len(wrong) else []


def brought_up(
    parts: Parts, meta: Meta, version: int, upgrades: Mapping[int, Upgrade]
) -> tuple[Parts, Meta]:
    """Bring tables of an older version of their layout to the present one.

    `schema_version` of their meta names their version, and those that were brought up keep it as
    `made_with_schema`; `upgrades` maps a version to what turns it into the next.

    Raises:
        TablesError: when they name no version, a newer one, or one that nothing upgrades.
    """
    own = meta.get("schema_version")
    if not isinstance(own, int):
        raise TablesError("this is not a study's tables: its meta names no schema_version")
    name = f"the study {meta['study']!r}" if "study" in meta else "the study"
    if own > version:
        raise TablesError(
            f"{name} was made by a newer hybridrep (tables of version {own}; this one reads "
            f"up to {version}): update hybridrep to read it"
        )
    for step in range(own, version):
        if step not in upgrades:
            raise TablesError(
                f"{name} has tables of version {own}, which this hybridrep cannot upgrade to "
                f"{version}: make the study again"
            )
        parts, meta = upgrades[step](parts, meta)
        meta = {**meta, "schema_version": step + 1}
    if own < version:
        meta = {"made_with_schema": own, **meta}
    return parts, meta


def refuse_other_tables(parts: Parts, schemas: Mapping[str, Schema]) -> None:
    """Refuse parts that lack a table, or hold another, naming all of both."""
    refuse(
        [f"there is no table '{name}'" for name in sorted(set(schemas) - set(parts))]
        + [f"'{name}' is not a table of a study" for name in sorted(set(parts) - set(schemas))]
    )


def refuse_wrong_tables(
    tables: Mapping[str, pd.DataFrame], meta: Meta, schemas: Mapping[str, Schema],
    kinds: Mapping[str, type],
) -> None:  # fmt: skip
    """Refuse a study's tables, or what they stand on, where anything is wrong, naming all of it."""
    problems = meta_problems(meta, kinds)
    for name, schema in schemas.items():
        problems += table_problems(name, schema, tables[name])
    refuse(problems)


def tables_of_parts(
    parts: Mapping[str, pd.DataFrame], meta: Mapping[str, Any], schemas: Mapping[str, Schema],
    version: int, upgrades: Mapping[int, Upgrade],
) -> tuple[Parts, Meta]:  # fmt: skip
    """Return a study's tables in their dtypes, and what they stand on, as they were written.

    Tables of an older version of their layout are brought to this one.

    Raises:
        TablesError: when the layout is newer or cannot be upgraded, or a table is missing, no
            study's, or of other columns.
    """
    upgraded, new_meta = brought_up(dict(parts), dict(meta), version, upgrades)
    refuse_other_tables(upgraded, schemas)
    return {name: make_table(name, schemas[name], upgraded[name]) for name in schemas}, new_meta


def meta_problems(meta: Meta, kinds: Mapping[str, type]) -> list[str]:
    """Say what is wrong with what tables stand on: missing entries, other types, no JSON."""
    problems = [f"meta has no '{name}'" for name in kinds if name not in meta]
    problems += [
        f"meta['{name}'] is {type(meta[name]).__name__}, not what it should be"
        for name, kind in kinds.items()
        if name in meta and (not isinstance(meta[name], kind) or isinstance(meta[name], bool))
    ]
    try:
        json.dumps(meta)
    except (TypeError, ValueError) as error:
        problems.append(f"meta cannot be written as JSON ({error})")
    return problems
