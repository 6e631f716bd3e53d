"""What the geometry says of a seed: what figures draw, claims test and metrics hold.

Everything inside a seed is averaged first: resamplings, tasks, stimuli, times. A mean runs over
the cells that there are; a difference of two scores over the cells that have both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.names import ANGLES_BY_UNIT, FEATURES, RESPONSES, ZSCORED
from hybridrep.studies.nback.results.performance import with_names
from hybridrep.studies.nback.results.schema import ROTATIONS
from hybridrep.studies.nback.results.tables import NBackTables

PERCEPTUAL = "perceptual"
"""The name of the space before any network."""

STEP = ["name", "seed", "n", "feature", "stimulus", "time"]
"""What names a step of a stimulus: the name of its network, seed, task and cell."""


def angles(tables: NBackTables, matched: bool = False, diet: str = "mtmf") -> pd.DataFrame:
    """Return the orthogonalisation of all spaces, mean over resamplings and n.

    Args:
        tables: of the study.
        matched: of as many principal components as each network has units, in both spaces. The
            perceptual space is then named by its network too (`rnn`: perceptual beside rnn's).
        diet: of the networks.

    Returns:
        Columns `space` (`perceptual`, or a network's name), `beside` (the network that the
        perceptual space is matched to; empty if it is not), `seed`, `feature`, and the measures
        `index`, `floor`, `corrected`, `same`, `frobenius`, `simplex`; of studies of both scalings
        also `index_zscored`, `floor_zscored`, `corrected_zscored`.
    """
    rows = tables.orthogonality
    rows = rows[rows["feature"] == rows["other"]]
    seen = rows[rows["space"] == PERCEPTUAL]
    named = with_names(rows[(rows["space"] != PERCEPTUAL) & (rows["diet"] == diet)], tables)
    named = named.assign(space=named["name"])
    parts = []
    if matched:
        most = int(tables.meta["config"]["analysis_trials"]) // 2 - 1
        groups: Any = named.groupby(["space", "hidden"], sort=False)
        for (network, hidden), mine in groups:
            size = min(int(hidden), most)
            parts.append(_of_size(seen, size).assign(beside=network))
            parts.append(_of_size(mine, size).assign(beside=""))
    else:
        parts = [_of_size(seen, 0).assign(beside=""), _of_size(named, 0).assign(beside="")]
    keys = ["space", "beside", "seed", "feature"]
    grouped = pd.concat(parts).groupby([*keys, "measure"], sort=False)["score"].mean()
    return _in_order(grouped.unstack("measure").reset_index())


def _of_size(rows: pd.DataFrame, size: int) -> pd.DataFrame:
    """Return what was found with so many components: with no fewer than all, what all give."""
    fewer = rows[rows["dimensions"] == size]
    return fewer if len(fewer) else rows[rows["dimensions"] == 0]


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    order = table.assign(_feature=[FEATURES.index(each) for each in table["feature"]])
    sorted_rows = order.sort_values(["_feature", "seed"], kind="stable")
    return sorted_rows.drop(columns="_feature").reset_index(drop=True)


def steps(
    tables: NBackTables, which: str = "independent", space: str = "h", diet: str = "mtmf"
) -> pd.DataFrame:
    """Return the scores of turned decoders, one row a step (`STEP`) with a column a measure.

    `age` is that at which the stimulus is read; NaN where a step has no such score.
    """
    rows = tables.rotations
    mine = rows[(rows["set"] == which) & (rows["space"] == space) & (rows["diet"] == diet)]
    named = with_names(mine, tables)
    wide = named.pivot(index=STEP, columns="measure", values="score")
    wide = wide.reindex(columns=list(ROTATIONS)).reset_index()
    return wide.assign(age=wide["time"] - wide["stimulus"])


def by_seed(table: pd.DataFrame, first: str, second: str = "") -> pd.Series:
    """Return a measure of `steps`, or the difference of two, by network's name and seed."""
    value = table[first] - table[second] if second else table[first]
    return value.groupby([table["name"], table["seed"]]).mean()


def effects(tables: NBackTables, state: str = "h", diet: str = "mtmf") -> pd.DataFrame:
    """Return what moved states answer, mean over n.

    Columns `name`, `seed`, `feature`, `direction`, `other`, `alpha`, and the measures `non_match`,
    `match`, `no_action`, `beyond`, and of an interchange `success`.
    """
    rows = tables.causal[(tables.causal["state"] == state) & (tables.causal["diet"] == diet)]
    named = with_names(rows, tables)
    keys = ["name", "seed", "feature", "direction", "other", "alpha"]
    found = named.groupby([*keys, "measure"], sort=False)["score"].mean()
    wide = found.unstack("measure").reset_index()
    return wide.reindex(columns=[*keys, *RESPONSES, "beyond", "success"])


_LOGGED = {"index": "o", "floor": "floor", "corrected": "corrected"}
_LOGGED |= {name + ZSCORED: _LOGGED[name] + ZSCORED for name in ANGLES_BY_UNIT}
"""Measures of orthogonalisation, and how metrics call them."""


def geometry_numbers(tables: NBackTables) -> pd.DataFrame:
    """Return the numbers of every seed: columns `seed`, `name`, `measure`, `step`, `value`.

    Of networks of all tasks, and of the space `perceptual`. The step of what moved states answer
    is 100 alpha.
    """
    parts = [*_orthogonality_numbers(tables), *_rotation_numbers(tables), *_causal_numbers(tables)]
    columns = ["seed", "name", "measure", "step", "value"]
    filled = [part[columns] for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def geometry_keys(found: pd.DataFrame) -> pd.Series:
    """Return the name of each number among a run's metrics: `procrustes/gru/reconstructed`."""
    part = found["measure"].str.partition("/")
    return part[0] + "/" + found["name"] + "/" + part[2]


def _orthogonality_numbers(tables: NBackTables) -> list[pd.DataFrame]:
    if not len(tables.orthogonality):
        return []
    plain, matched = angles(tables), angles(tables, matched=True)
    parts = []
    for measure, name in _LOGGED.items():
        if measure not in plain:
            continue
        # by unit networks alone are read, not the perceptual space
        own = plain[plain["space"] != PERCEPTUAL] if measure.endswith(ZSCORED) else plain
        key = "orthogonality/" + own["feature"] + "/" + name
        parts.append(own.assign(name=own["space"], measure=key, step=0, value=own[measure]))
    mean = matched.groupby(["space", "seed", "feature"], sort=False)["index"].mean().reset_index()
    key = "orthogonality/" + mean["feature"] + "/pca"
    parts.append(mean.assign(name=mean["space"], measure=key, step=0, value=mean["index"]))
    return parts


def _rotation_numbers(tables: NBackTables) -> list[pd.DataFrame]:
    parts = []
    for space, suffix in (("h", ""), ("z", ZSCORED)):
        table = steps(tables, space=space)
        if not len(table):
            continue
        means = table.groupby(["name", "seed"], sort=False)[[*ROTATIONS]].mean().reset_index()
        long = means.melt(["name", "seed"], var_name="measure")
        measure = "procrustes/" + long["measure"].astype(str) + suffix
        parts.append(long.assign(measure=measure, step=0))
    return parts


def _causal_numbers(tables: NBackTables) -> list[pd.DataFrame]:
    if not len(tables.causal):
        return []
    table, parts = effects(tables), []
    for direction, ending in (("decoder", ""), ("random", "_random")):
        mine = table[table["direction"] == direction]
        for response in RESPONSES:
            key = "causal/" + mine["feature"] + f"/{response}{ending}"
            step = (100 * mine["alpha"]).round().astype(int)
            parts.append(mine.assign(measure=key, step=step, value=mine[response]))
    own = table[(table["direction"] == "interchange") & (table["other"] == table["feature"])]
    key = "causal/" + own["feature"] + "/interchange"
    return [*parts, own.assign(measure=key, step=0, value=own["success"])]


@report_table(
    "geometry",
    "angles, rotations and causal test of networks of all tasks: mean over seeds, 95% interval; "
    "states moved by one gap",
    ("part", "network", "feature", "measure", "n", "mean", "low", "high"),
)
def geometry_table(tables: NBackTables) -> pd.DataFrame:
    """Return means over seeds with their 95% t intervals."""
    found = geometry_numbers(tables)
    moved = found["measure"].astype(str).str.startswith("causal/")
    exchanged = found["measure"].astype(str).str.endswith("/interchange")
    found = found[~moved | exchanged | (found["step"] == 100)]
    rows = []
    for (measure, name), mine in found.groupby(["measure", "name"], sort=False):
        part, *between, last = str(measure).split("/")
        values = mine["value"].dropna().to_numpy(dtype=np.float64)
        test = one_sample(values)
        rows.append({
            "part": part, "network": name, "feature": "".join(between), "measure": last,
            "n": len(values), "mean": test.difference, "low": test.low, "high": test.high,
        })  # fmt: skip
    columns = ["part", "network", "feature", "measure", "n", "mean", "low", "high"]
    return pd.DataFrame(rows, columns=columns)
