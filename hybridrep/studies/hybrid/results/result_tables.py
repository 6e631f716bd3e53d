"""Tables of a report as plain tables of numbers, each a function of a study's tables."""

from __future__ import annotations

from itertools import product

import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.names import (
    ALL_ITEM_SETS,
    CHOSEN_ON,
    DIRECTIONS,
    ITEM_SETS,
    PAIRS,
    SHARED,
    SIZED,
    TRANSFER,
    TRANSFER_METRICS,
)
from hybridrep.studies.hybrid.results.facts import more_classes_than_the_paper
from hybridrep.studies.hybrid.results.published import BOTTLENECKS, beside_paper, rsa_beside_paper
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import (
    bottleneck_sizes,
    final_transfer,
    last_epoch,
    transfer_values,
    used_rsa,
)


@report_table(
    "beside_paper",
    "our transfer results at bottleneck 32 (without it, the study's first) beside the printed "
    "Table 1; `in_published_sds` and `in_own_sds` are the difference in SDs of the paper and "
    "of ours; empty where the new task has more than two classes",
    (
        *("representation", "metric", "published_mean", "published_sd"),
        *("mean", "sd", "n", "difference", "in_published_sds", "in_own_sds", "bottleneck"),
    ),
)
def transfer_beside_paper(tables: StudyTables) -> pd.DataFrame:
    """Return `beside_paper` with our `bottleneck`, 0 where a representation has none.

    Losses and accuracies over more classes than the paper's two do not stand beside its own.
    """
    size = size_beside_paper(tables)
    parts = [transfer_values(tables, m, size).assign(metric=m) for m in TRANSFER_METRICS]
    table = beside_paper(pd.concat(parts, ignore_index=True))
    table = table.assign(bottleneck=table["representation"].isin(SIZED) * size)
    return table.iloc[:0] if more_classes_than_the_paper(tables) else table


def size_beside_paper(tables: StudyTables) -> int:
    """Return the bottleneck that stands beside Table 1: 32 as there, else the study's first."""
    sizes = bottleneck_sizes(tables)
    return BOTTLENECKS[0] if BOTTLENECKS[0] in sizes else next(iter(sizes), 0)


@report_table(
    "rsa",
    "every correlation at half of the epochs, over seeds",
    ("direction", "bottleneck", "pair", "item_set", "n", "mean", "sd", "low", "high"),
)
def rsa_summary(tables: StudyTables) -> pd.DataFrame:
    """Return mean, SD and 95% interval over seeds of every correlation at the used epoch."""
    rows = []
    keys = ["direction", "bottleneck", "pair", "item_set"]
    for key, values in used_rsa(tables).groupby(keys, sort=False)["value"]:
        finite = values.dropna().to_numpy(dtype=float)
        test = one_sample(finite)
        sd = float(finite.std(ddof=1)) if len(finite) > 1 else float("nan")
        mean = float(finite.mean()) if len(finite) else float("nan")
        rows.append((*key, len(finite), mean, sd, test.low, test.high))
    table = pd.DataFrame(rows, columns=[*keys, "n", "mean", "sd", "low", "high"])
    order = {n: i for names in (DIRECTIONS, PAIRS, ALL_ITEM_SETS) for i, n in enumerate(names)}
    return table.sort_values(
        keys, key=lambda column: column.map(order) if column.name != "bottleneck" else column
    ).reset_index(drop=True)


@report_table(
    "rsa_beside_paper",
    "our correlations at the last epoch beside the ranges that the paper gives",
    (
        *("direction", "pair", "published_low", "published_high", "where"),
        *("mean", "sd", "n", "difference", "in_own_sds", "item_set", "bottleneck"),
    ),
)
def rsa_ours_and_paper(tables: StudyTables) -> pd.DataFrame:
    """Return `rsa_beside_paper` for every size and item set, at the last epoch, as quoted there."""
    last = tables.rsa[tables.rsa["epoch"] == tables.rsa["epoch"].max()]
    parts = [
        rsa_beside_paper(last[(last["bottleneck"] == size) & (last["item_set"] == name)]).assign(
            item_set=name, bottleneck=size
        )
        for size in bottleneck_sizes(tables) or (0,)
        for name in ITEM_SETS
    ]
    return pd.concat(parts, ignore_index=True)


@report_table(
    "linear_baseline",
    "ridge regression beside the autoencoders: test losses at the used and the last epoch, "
    "of ridge, and of predicting the mean; r of reconstruction and target per item set",
    (
        *("direction", "bottleneck", "n", "used_loss", "last_loss", "ridge_loss", "mean_loss"),
        *("ridge_test", "ridge_unseen", "ridge_seen"),
        *("autoencoder_seen", "autoencoder_test", "autoencoder_unseen"),
    ),
)
def linear_summary(tables: StudyTables) -> pd.DataFrame:
    """Put closed-form ridge regression beside the autoencoders, means over the same seeds.

    A seed counts when it has all of a row's numbers; a number that no seed has is NaN.
    """
    keys = ["direction", "bottleneck"]
    by_seed = _linear_by_seed(tables)
    numbers = [name for name in by_seed.columns if name not in ("seed", *keys)]
    rows = []
    for direction, size in product(DIRECTIONS, bottleneck_sizes(tables)):
        mine = by_seed[(by_seed["direction"] == direction) & (by_seed["bottleneck"] == size)]
        known = [name for name in numbers if mine[name].notna().any()]
        if known:
            whole = mine.dropna(subset=known)[numbers]
            rows.append((direction, size, len(whole), *whole.mean()))
    return pd.DataFrame(rows, columns=[*keys, "n", *numbers])


def _linear_by_seed(tables: StudyTables) -> pd.DataFrame:
    """Return the numbers that `linear_summary` averages: one row a seed, direction and size."""
    keys = ["seed", "direction", "bottleneck"]
    losses = tables.autoencoder
    used = losses[losses["epoch"] == tables.half_epoch][[*keys, "test_loss"]]
    last = last_epoch(tables.autoencoder)[[*keys, "test_loss"]]
    further = [f"reconstructed_vs_target_{name}" for name in (SHARED, CHOSEN_ON)]
    ridge = tables.linear_baseline.drop(columns=["penalty", *further]).rename(
        columns={"test_loss": "ridge_loss"}
    )
    ridge.columns = ridge.columns.str.replace("reconstructed_vs_target", "ridge")
    rsa = used_rsa(tables)
    rsa = rsa[(rsa["pair"] == "reconstructed_vs_target") & rsa["item_set"].isin(ITEM_SETS)]
    wide = rsa.pivot(index=keys, columns="item_set", values="value").add_prefix("autoencoder_")
    return (
        used.rename(columns={"test_loss": "used_loss"})
        .merge(last.rename(columns={"test_loss": "last_loss"}), on=keys, how="outer")
        .merge(ridge, on=["seed", "direction"], how="left")
        .merge(wide.reset_index(), on=keys, how="left")
    )


@report_table(
    "transfer_by_seed",
    "the values behind Table 1",
    ("seed", "representation", "bottleneck", *TRANSFER_METRICS),
)
def transfer_by_seed(tables: StudyTables) -> pd.DataFrame:
    """Return the raw values behind Table 1: one row per seed, representation and size."""
    last = final_transfer(tables)
    order = {name: place for place, name in enumerate(TRANSFER)}
    keys = ["seed", "representation", "bottleneck"]
    ordered = last.sort_values(keys, key=lambda c: c.map(order) if c.name == keys[1] else c)
    return ordered[[*keys, *TRANSFER_METRICS]].reset_index(drop=True)
