"""What the tables of a study look like: columns, dtypes, allowed values and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.names import DIRECTIONS, ITEM_SETS, PAIRS, SIZED, TRANSFER, UNSIZED
from hybridrep.errors import TablesError


@dataclass(frozen=True)
class Column:
    """What a column may hold.

    Attributes:
        kind: "int", "float" (NaN allowed: a value that could not be computed) or "text".
        allowed: the only values allowed; empty for any.
        low: least value.
        high: greatest value.
        meaning: what it says, for people; the reference prints it.
    """

    kind: str
    allowed: tuple[str, ...] = ()
    low: float = -np.inf
    high: float = np.inf
    meaning: str = ""


@dataclass(frozen=True)
class Schema:
    """A table's columns in order, and those that together name a row."""

    columns: Mapping[str, Column]
    key: tuple[str, ...]


def _loss(meaning: str) -> Column:
    return Column("float", low=0.0, meaning=f"{meaning}; lower is better")


def _share(meaning: str) -> Column:
    return Column("float", low=0.0, high=1.0, meaning=f"{meaning}; higher is better")


def _r(meaning: str) -> Column:
    return Column("float", low=-1.0, high=1.0, meaning=f"{meaning}; higher = more alike")


_SEED = Column("int", low=0.0, meaning="the simulation")
_EPOCH = Column("int", low=1.0, meaning="epoch, from 1")
_SIZE = Column("int", low=1.0, meaning="size of the bottleneck")
_DIRECTION = Column("text", DIRECTIONS, meaning="which autoencoder, named input first")
_SQUARED = "squared error summed over the output's dimensions, mean over tweets"
_CROSS = "cross-entropy in nats, mean over tweets"
_MET = "of the epoch's batches as they were met"

SCHEMAS: dict[str, Schema] = {
    "lstm": Schema(
        {
            "seed": _SEED,
            "epoch": _EPOCH,
            "train_loss": _loss(f"{_CROSS} {_MET}"),
            "validation_loss": _loss(f"{_CROSS} of the validation split"),
            "validation_accuracy": _share("share of validation tweets whose emotion is found"),
            "test_accuracy": _share("share of test tweets whose emotion is found"),
        },
        key=("seed", "epoch"),
    ),
    "autoencoder": Schema(
        {
            "seed": _SEED,
            "direction": _DIRECTION,
            "bottleneck": _SIZE,
            "epoch": _EPOCH,
            "train_loss": _loss(f"{_SQUARED} {_MET}"),
            "test_loss": _loss(f"{_SQUARED} of the autoencoder's test tweets"),
        },
        key=("seed", "direction", "bottleneck", "epoch"),
    ),
    "linear_baseline": Schema(
        {
            "seed": _SEED,
            "direction": _DIRECTION,
            "penalty": Column(
                "float", low=0.0, meaning="ridge penalty, chosen on the validation tweets"
            ),
            "test_loss": _loss("as the autoencoder's test loss, of ridge regression"),
            "mean_loss": _loss("the same, of predicting the training mean for every tweet"),
            **{
                f"reconstructed_vs_target_{items}": _r(
                    f"r of ridge regression's predictions and the target on `{items}` tweets"
                )
                for items in ITEM_SETS
            },
        },
        key=("seed", "direction"),
    ),
    "rsa": Schema(
        {
            "seed": _SEED,
            "item_set": Column(
                "text",
                ITEM_SETS,
                meaning="whose tweets: `test` the paper's, `unseen` by any model, `seen` by both",
            ),
            "direction": _DIRECTION,
            "bottleneck": _SIZE,
            "epoch": Column("int", low=0.0, meaning="epoch; 0 is before training"),
            "pair": Column("text", PAIRS, meaning="which two representations"),
            "value": _r("Pearson r of their cosine similarity matrices' lower triangles"),
        },
        key=("seed", "item_set", "direction", "bottleneck", "epoch", "pair"),
    ),
    "transfer": Schema(
        {
            "seed": _SEED,
            "representation": Column("text", TRANSFER, meaning="what the classifier was given"),
            "bottleneck": Column(
                "int", low=0.0, meaning="size of the bottleneck; 0 where there is none"
            ),
            "epoch": _EPOCH,
            "train_loss": _loss(f"{_CROSS} {_MET}"),
            "test_loss": _loss(f"{_CROSS} of the test split"),
            "test_accuracy": _share("share of test tweets whose class is found"),
        },
        key=("seed", "representation", "bottleneck", "epoch"),
    ),
}
"""The tables of a study."""

_DTYPES = {"int": "int64", "float": "float64", "text": "str"}


def frame(name: str, rows: Iterable[Mapping[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
    """Make a table of a study with its columns in order and its dtypes, from rows or a table.

    Args:
        name: a key of `SCHEMAS`.
        rows: one mapping a row, or a table; columns beyond the schema's are refused.

    Raises:
        TablesError: when a column is missing or unknown, or a value does not fit its dtype.
    """
    schema = SCHEMAS[name]
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    if table.empty and not len(table.columns):
        table = pd.DataFrame(columns=list(schema.columns))
    refuse(_column_problems(name, table))
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
    return values.astype(_DTYPES[kind])  # type: ignore[call-overload]


def refuse(problems: list[str]) -> None:
    """Raise one error that names all problems, if there are any.

    Raises:
        TablesError: there are some.
    """
    if problems:
        raise TablesError("\n".join(problems))


def _column_problems(name: str, table: pd.DataFrame) -> list[str]:
    wanted = list(SCHEMAS[name].columns)
    missing = [c for c in wanted if c not in table.columns]
    unknown = [str(c) for c in table.columns if c not in wanted]
    return [f"table '{name}' has no column '{c}'" for c in missing] + [
        f"table '{name}' has an unknown column '{c}'" for c in unknown
    ]


def table_problems(name: str, table: pd.DataFrame) -> list[str]:
    """Say what is wrong with a table: columns, dtypes, values, rows that occur twice."""
    if problems := _column_problems(name, table):
        return problems
    for column, rule in SCHEMAS[name].columns.items():
        problems += [
            f"table '{name}', column '{column}': {p}" for p in _problems(table[column], rule)
        ]
    if not problems:
        doubled = table[table.duplicated(list(SCHEMAS[name].key))]
        if len(doubled):
            first = doubled.iloc[0][list(SCHEMAS[name].key)].to_dict()
            problems.append(f"table '{name}' has {len(doubled)} rows twice, first {first}")
    if name == "transfer" and not problems:
        problems += _size_problems(table)
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


def _size_problems(table: pd.DataFrame) -> list[str]:
    """Check that exactly the representations of autoencoders have a bottleneck size."""
    sized = table["representation"].isin(SIZED)
    wrong = table[sized != (table["bottleneck"] > 0)]
    if not len(wrong):
        return []
    row = wrong.iloc[0]
    return [
        f"table 'transfer': bottleneck {row['bottleneck']} for {row['representation']!r}; it is 0 "
        f"for {', '.join(UNSIZED)} and above 0 for the others"
    ]
