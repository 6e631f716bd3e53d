"""What measures of similarity say of networks: within one, and of which kinds they tell apart.

What one network holds is read off the study's tables; what compares networks item by item is made
by `similarity.across` and read by `gather.across_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.formatting import counted, listed, number
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.similarity.questions import Kind, left_out, questions

MEASURE_NAMES = {
    "rsa.cosine.pearson": "RSA, cosine, r", "rsa.cosine_centred.spearman": "RSA, centred, ranks",
    "cka": "CKA, debiased", "procrustes": "Procrustes", "mutual_knn.k10": "10 nearest neighbours",
}  # fmt: skip
"""How people call the measures where there is little room."""

SUMMARY_COLUMNS = (
    "network", "diet", "n", "first", "second", "measure", "seeds", "mean", "low", "high", "chance",
)  # fmt: skip
IDENTIFICATION_COLUMNS = (
    "what", "held", "told", "frame", "measure", "accuracy", "low", "high", "chance", "p", "auc",
    "d_prime", "groups", "seeds", "tasks", "note",
)  # fmt: skip
BETWEEN_COLUMNS = (
    "n", "feature", "frame", "first", "second", "measure", "pairs", "value", "chance",
)  # fmt: skip

CELL = ["name", "diet", "n", "first", "second", "measure"]
"""What names a value of a seed, the mean over what tasks of one n ask about."""


def by_seed(tables: NBackTables) -> pd.DataFrame:
    """Return the similarities of every seed, mean over the features that tasks of an n ask about.

    Columns `seed`, those of `CELL`, `value`, `chance`.
    """
    named = with_names(tables.similarities, tables)
    grouped = named.groupby(["seed", *CELL], sort=False)[["value", "chance"]]
    return grouped.mean().reset_index()


@report_table(
    "similarity",
    "how alike by each measure the vision model's map of the first frame (`first` 0), or the state "
    "that encodes it (`first` 1), and the state at frame `second` are: by network, diet and n, "
    "mean over tasks, then over seeds, 95% interval; `chance`: of unrelated items",
    SUMMARY_COLUMNS,
)
def similarity_summary(tables: NBackTables) -> pd.DataFrame:
    """Return means over seeds with their 95% t intervals."""
    found = by_seed(tables)
    found = found[found["first"] <= 1]
    rows = []
    for key, mine in found.groupby(CELL, sort=False):
        values = mine["value"].dropna().to_numpy(np.float64)
        test = one_sample(values)
        mean = float(values.mean()) if len(values) else float("nan")
        rows.append((*key, len(values), mean, test.low, test.high, mine["chance"].mean()))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


@report_table(
    "identification",
    "which measure tells architectures, sizes or diets apart, seed after seed, at every frame: "
    "share of networks nearest to their own group (`told`) in other seeds, the rest (`held`) the "
    "same; 95% interval over seeds, p by permutation of the groups within seeds; AUC and d' of "
    "pairs within and between groups; of the mean over the `tasks` that all groups know",
    IDENTIFICATION_COLUMNS,
)
def identification_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rank the measures of each question and frame by accuracy; equal ones by AUC."""
    table = _joined(parts, IDENTIFICATION_COLUMNS)
    if not len(table):
        return table
    asked = pd.MultiIndex.from_frame(table[["what", "held"]])
    table["_place"] = pd.factorize(asked)[0]
    order = table.sort_values(
        ["_place", "frame", "accuracy", "auc"], ascending=[True, True, False, False], kind="stable"
    )
    return order.drop(columns="_place").reset_index(drop=True)


@report_table(
    "between",
    "how alike networks of two kinds (`first`, `second`) are by each measure, at every frame, told "
    "the same task: mean over pairs of different seeds; `chance`: of unrelated items",
    BETWEEN_COLUMNS,
)
def between_table(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the means between kinds of network."""
    return _joined(parts, BETWEEN_COLUMNS)


def _joined(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Return the parts that hold rows one below the other; without any an empty table."""
    filled = [part[[*columns]] for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=[*columns])


ACROSS_TABLES = {"identification": identification_table, "between": between_table}
"""What compares networks of all seeds: name -> the function that makes the table."""


def what_chance_gives(tables: NBackTables) -> str:
    """Return one sentence: what each measure gives unrelated items."""
    found = tables.similarities.groupby("measure", sort=False)["chance"].mean()
    said = [f"{MEASURE_NAMES.get(str(key), str(key))} {number(value, 2)}"
            for key, value in found.items()]  # fmt: skip
    return f"Unrelated items give {listed(said)}." if said else ""


def what_is_asked(tables: NBackTables, identification: pd.DataFrame) -> str:
    """Say what networks of different seeds can tell, what chance is, and what is left out."""
    if not len(tables.similarities):
        return "Similarities were not computed."
    if len(tables.seeds) < 2:
        return (
            "One seed: which measure tells architectures or diets apart, nothing can be told of. "
            "What differs between two networks may be their seeds."
        )
    config = tables.meta["config"]
    n_back = tuple(int(n) for n in config["n_back"])
    kinds = _kinds(tables)
    asked = questions(kinds, n_back)
    parts = []
    if asked and len(identification):
        said = [
            f"{each.what} of {each.held} ({listed(each.groups)}; chance "
            f"{number(1 / len(each.groups), 2)})"
            for each in asked
        ]
        parts.append(f"Asked is to tell apart {listed(said)}.")
    else:
        parts.append("There is nothing to tell apart: one architecture, and one diet.")
    alone = [
        name for name in dict.fromkeys(kind.name for kind in kinds)
        if not any(each.what == "diet" and each.held == name for each in asked)
    ]  # fmt: skip
    if alone:
        parts.append(f"{listed(alone)} {'has' if len(alone) == 1 else 'have'} no two diets to be "
                     "told apart.")  # fmt: skip
    if out := left_out(kinds, n_back):
        parts.append(f"Left out, as they know no task of n = {min(n_back)}: {listed(out)}.")
    return " ".join(parts)


def _kinds(tables: NBackTables) -> tuple[Kind, ...]:
    named = with_names(tables.networks, tables)
    rows = named[["name", "architecture", "diet"]].drop_duplicates()
    return tuple(Kind(*map(str, row)) for row in rows.itertuples(index=False, name=None))


def standing_of(identification: pd.DataFrame) -> str:
    """Return on how many seeds the measures stand: dear ones are asked of fewer."""
    groups: Any = identification.groupby("seeds", sort=True)["measure"]
    counts: Mapping[int, list[str]] = {
        int(count): [MEASURE_NAMES.get(key, key) for key in dict.fromkeys(mine)]
        for count, mine in groups
    }
    if len(counts) < 2:
        return "".join(counted(count, "seed") for count in counts)
    return "; ".join(f"{listed(names)}: {counted(n, 'seed')}" for n, names in counts.items())
