"""The tables of a report as plain tables of numbers, each a function of a study's tables."""

from __future__ import annotations

from itertools import product

import pandas as pd

from hybridrep.analysis.claims import claims, claims_table
from hybridrep.analysis.names import (
    DIRECTIONS,
    ITEM_SETS,
    PAIRS,
    SIZED,
    TRANSFER,
    TRANSFER_METRICS,
)
from hybridrep.analysis.published import (
    BOTTLENECKS,
    beside_paper,
    recompute_table_1,
    rsa_beside_paper,
)
from hybridrep.analysis.t_tests import one_sample
from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import (
    bottleneck_sizes,
    final_autoencoder,
    final_transfer,
    seed_status,
    transfer_values,
    used_rsa,
)
from hybridrep.reporting.table_1 import against_baseline, table_1

INFERENCE_COLUMNS = (
    *("direction", "bottleneck", "pair", "item_set", "n", "estimate"),
    *("items_low", "items_high", "seeds_low", "seeds_high", "both_low", "both_high"),
    *("permutation_p", "ceiling_lower", "ceiling_upper", "note"),
)
"""Columns of the table of inference over seeds and items, which needs similarity matrices.

One row per direction, bottleneck, pair and item set: the number of seeds, the mean r, its three
bootstrap intervals, the permutation test's p, the noise ceiling's bounds, and a note.
"""


def result_tables(
    tables: StudyTables, inference: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Return every table of the report by name, for the page and for files.

    Args:
        tables: the study.
        inference: `INFERENCE_COLUMNS`, where it was computed.

    Returns:
        `table_1` and `tests` (for each further bottleneck size as `table_1_b64` etc.), `claims`,
        `beside_paper`, `paper_recomputed`, `rsa`, `rsa_beside_paper`, `linear_baseline`,
        `transfer_by_seed`, `seeds`, and `inference` if it was given.
    """
    sizes = bottleneck_sizes(tables)
    found = {
        "table_1": table_1(tables),
        **{f"table_1_b{size}": table_1(tables, size) for size in sizes[1:]},
        "tests": against_baseline(tables),
        **{f"tests_b{size}": against_baseline(tables, size) for size in sizes[1:]},
        "claims": claims_table(claims(tables)),
        "beside_paper": transfer_beside_paper(tables),
        "paper_recomputed": recompute_table_1(),
        "rsa": rsa_summary(tables),
        "rsa_beside_paper": rsa_ours_and_paper(tables),
        "linear_baseline": linear_summary(tables),
        "transfer_by_seed": transfer_by_seed(tables),
        "seeds": seed_status(tables),
    }
    if inference is not None:
        found["inference"] = inference
    return found


def transfer_beside_paper(tables: StudyTables) -> pd.DataFrame:
    """Return `beside_paper` with our `bottleneck`: the printed one, else the study's first.

    It is 0 where a representation has none.
    """
    size = size_beside_paper(tables)
    parts = [transfer_values(tables, m, size).assign(metric=m) for m in TRANSFER_METRICS]
    table = beside_paper(pd.concat(parts, ignore_index=True))
    return table.assign(bottleneck=table["representation"].isin(SIZED) * size)


def size_beside_paper(tables: StudyTables) -> int:
    """Return the bottleneck that stands beside Table 1: 32 as there, else the study's first."""
    sizes = bottleneck_sizes(tables)
    return BOTTLENECKS[0] if BOTTLENECKS[0] in sizes else next(iter(sizes), 0)


def rsa_summary(tables: StudyTables) -> pd.DataFrame:
    """Return mean, SD and 95% interval over seeds of every correlation at the used epoch.

    Columns: direction, bottleneck, pair, item_set, n, mean, sd, low, high.
    """
    rows = []
    keys = ["direction", "bottleneck", "pair", "item_set"]
    for key, values in used_rsa(tables).groupby(keys, sort=False)["value"]:
        finite = values.dropna().to_numpy(dtype=float)
        test = one_sample(finite)
        sd = float(finite.std(ddof=1)) if len(finite) > 1 else float("nan")
        mean = float(finite.mean()) if len(finite) else float("nan")
        rows.append((*key, len(finite), mean, sd, test.low, test.high))
    table = pd.DataFrame(rows, columns=[*keys, "n", "mean", "sd", "low", "high"])
    order = {n: i for names in (DIRECTIONS, PAIRS, ITEM_SETS) for i, n in enumerate(names)}
    return table.sort_values(
        keys, key=lambda column: column.map(order) if column.name != "bottleneck" else column
    ).reset_index(drop=True)


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


def linear_summary(tables: StudyTables) -> pd.DataFrame:
    """Put closed-form ridge regression beside the autoencoders, means over the same seeds.

    Columns: direction, bottleneck, n, `used_loss` and `last_loss` (the autoencoder's test loss at
    the used and the last epoch), `ridge_loss`, `mean_loss` (predicting the training mean), and
    per item set r of reconstruction and target: `autoencoder_test`, `ridge_test` and so on. A
    seed counts when it has all of a row's numbers; a number that no seed has is NaN.
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
    last = final_autoencoder(tables)[[*keys, "test_loss"]]
    ridge = tables.linear_baseline.drop(columns="penalty").rename(
        columns={"test_loss": "ridge_loss"}
    )
    ridge.columns = ridge.columns.str.replace("reconstructed_vs_target", "ridge")
    rsa = used_rsa(tables)
    rsa = rsa[rsa["pair"] == "reconstructed_vs_target"]
    wide = rsa.pivot(index=keys, columns="item_set", values="value").add_prefix("autoencoder_")
    return (
        used.rename(columns={"test_loss": "used_loss"})
        .merge(last.rename(columns={"test_loss": "last_loss"}), on=keys, how="outer")
        .merge(ridge, on=["seed", "direction"], how="left")
        .merge(wide.reset_index(), on=keys, how="left")
    )


def transfer_by_seed(tables: StudyTables) -> pd.DataFrame:
    """Return the raw values behind Table 1: one row per seed, representation and size."""
    last = final_transfer(tables)
    order = {name: place for place, name in enumerate(TRANSFER)}
    keys = ["seed", "representation", "bottleneck"]
    ordered = last.sort_values(keys, key=lambda c: c.map(order) if c.name == keys[1] else c)
    return ordered[[*keys, *TRANSFER_METRICS]].reset_index(drop=True)
