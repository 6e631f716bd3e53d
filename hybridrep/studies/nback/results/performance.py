"""Table of performance (Fig. A1): accuracy and response accuracy by network and split."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.analysis.inference.power_analysis import power
from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.formatting import count_range, number
from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.names import ARCHITECTURES, DIET_GROUPS, SPLITS, UNTRAINED
from hybridrep.studies.nback.results.tables import NBackTables

NETWORK = ["architecture", "hidden", "diet"]
MEASURES = ("accuracy", "response_accuracy")


def final(tables: NBackTables) -> pd.DataFrame:
    """Return, of every network, accuracy and response accuracy at its end on every split.

    Columns `seed`, those of `NETWORK`, `name` (`gru`; of a further size `rnn-256`), `split`,
    `iteration`, `accuracy`, `response_accuracy`; in the order of networks.
    """
    last = tables.curves.merge(
        tables.networks.rename(columns={"iterations": "iteration"})[["seed", *NETWORK, "iteration"]]
    )
    return _in_order(with_names(last, tables), "seed")


def with_names(table: pd.DataFrame, tables: NBackTables) -> pd.DataFrame:
    """Return a table of networks with their names: a further size of an architecture bears it."""
    main = main_sizes(tables)
    names = [
        str(a) if int(h) == main.get(str(a)) else f"{a}-{h}"
        for a, h in zip(table["architecture"], table["hidden"], strict=True)
    ]
    return table.assign(name=names)


def main_sizes(tables: NBackTables) -> dict[str, int]:
    """Return the first size of each architecture, from the study's configuration."""
    found = {}
    for text in tables.meta["config"]["hidden"]:
        architecture, _, sizes = str(text).partition("=")
        found[architecture] = int(sizes.split("/")[0])
    return found


def _in_order(table: pd.DataFrame, *first: str) -> pd.DataFrame:
    """Sort networks: mtmf before the other diets, the untrained one last."""
    groups = [*reversed(DIET_GROUPS), UNTRAINED]
    order = table.assign(
        _architecture=[ARCHITECTURES.index(a) for a in table["architecture"]],
        _main=["-" in str(name) for name in table["name"]],
        _group=[groups.index(str(d).partition("_")[0]) for d in table["diet"]],
        _place=range(len(table)),
    )
    order = order.sort_values([*first, "_architecture", "_main", "_group", "_place"])
    return table.loc[order.index].reset_index(drop=True)


@report_table(
    "performance",
    "accuracy of all frames and of those with a response, by network and split: mean over seeds, "
    "95% interval, with parameters and iterations",
    (
        "architecture", "hidden", "diet", "split", "n", "accuracy", "accuracy_low",
        "accuracy_high", "response_accuracy", "response_accuracy_low", "response_accuracy_high",
        "response_accuracy_least", "total", "recurrent", "iterations",
    ),
)  # fmt: skip
def performance(tables: NBackTables) -> pd.DataFrame:
    """Return means over seeds with their 95% t intervals, by network and split."""
    ends = final(tables)
    networks: Any = tables.networks.groupby(NETWORK)[["total", "recurrent", "iterations"]].mean()
    rows = []
    wanted = ends[ends["split"].isin(SPLITS)]
    groups: Any = wanted.groupby([*NETWORK, "split"], sort=False)
    for key, mine in groups:
        row: dict[str, Any] = dict(zip([*NETWORK, "split"], key, strict=True))
        row["n"] = len(mine)
        for measure in MEASURES:
            values = mine[measure].to_numpy(np.float64)
            test = one_sample(values)
            row |= {
                measure: values.mean(), f"{measure}_low": test.low, f"{measure}_high": test.high,
            }  # fmt: skip
        row["response_accuracy_least"] = mine["response_accuracy"].min()
        rows.append({**row, **networks.loc[key[:-1]].to_dict()})
    columns = [
        *NETWORK, "split", "n",
        *(f"{m}{end}" for m in MEASURES for end in ("", "_low", "_high")),
        "response_accuracy_least", "total", "recurrent", "iterations",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def detectable(tables: NBackTables) -> str:
    """Say from which difference on the study's seeds detect one in accuracy on new objects.

    Of every two networks, paired by seed, Holm over all pairs; the pair that needs the largest
    counts. "" where there are no two networks.
    """
    ends = final(tables)
    wide = ends[ends["split"] == SPLITS[-1]].pivot_table(
        index="seed", columns=["name", "diet"], values="accuracy", sort=False
    )
    values = [wide[name].to_numpy(np.float64) for name in wide]
    pairs = list(combinations(values, 2))
    if not pairs:
        return ""
    both = [np.isfinite(one) & np.isfinite(other) for one, other in pairs]
    found = [
        power(one[kept], other[kept], tests=len(pairs))
        for (one, other), kept in zip(pairs, both, strict=True)
    ]
    known = [each for each in found if np.isfinite(each.detectable_80)]
    said = max(known or found[:1], key=lambda each: each.detectable_80).sentence
    return f"Accuracy on new objects: {said[0].lower()}{said[1:]}"


@report_table(
    "performance_by_task",
    "accuracy of every task by network and split: mean over seeds",
    ("architecture", "hidden", "diet", "split", "task_n", "task_feature", "n", "accuracy",
     "response_accuracy"),
)  # fmt: skip
def performance_by_task(tables: NBackTables) -> pd.DataFrame:
    """Return means over seeds, by network, split and task."""
    renamed = tables.by_task.rename(columns={"n": "task_n", "feature": "task_feature"})
    keys = [*NETWORK, "split", "task_n", "task_feature"]
    grouped = renamed.groupby(keys, sort=False)
    table = grouped[[*MEASURES]].mean().assign(n=grouped["seed"].count()).reset_index()
    return table[[*keys, "n", *MEASURES]]


_SHORT = {"train": "train", "val_angle": "val_angle", "val_identity": "val_identity"}


def printed(table: pd.DataFrame) -> pd.DataFrame:
    """Return `performance` for people: one row a network, "accuracy/response accuracy" a cell."""
    rows = []
    for network, mine in table.groupby(NETWORK, sort=False):
        cells = {
            _SHORT[str(row["split"])]: (
                f"{number(row['accuracy'])}/{number(row['response_accuracy'])}"
            )
            for row in mine.to_dict("records")
        }
        first = mine.iloc[0]
        rows.append({
            "network": f"{network[0]}-{network[1]}", "diet": network[2],
            "parameters": f"{int(first['total']):,}", "iterations": f"{first['iterations']:.0f}",
            **cells,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=["network", "diet", "parameters", "iterations", *_SHORT])


NOTE = (
    "accuracy of all frames/of frames with a response, mean over seeds; chance 1/3 and 1/2. "
    "val_angle: the same objects from other sides; val_identity: objects never seen"
)


def performance_markdown(table: pd.DataFrame) -> str:
    """Return the table of performance as Markdown."""
    return f"{as_markdown(printed(table))}\n\n{NOTE}\n"


def performance_rich(table: pd.DataFrame) -> Table:
    """Return the table of performance for the terminal, within 80 columns."""
    seeds = count_range(table["n"]) if len(table) else "0"
    made = Table(
        title=f"Performance, n = {seeds} seeds", caption=NOTE, title_justify="left",
        caption_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    shown = printed(table)
    for name in shown.columns:
        right = name in ("parameters", "iterations")
        made.add_column(
            {"parameters": "param.", "iterations": "iter."}.get(name, name),
            justify="right" if right else "left", no_wrap=True,
        )  # fmt: skip
    for row in shown.itertuples(index=False):
        made.add_row(*map(str, row))
    return made
