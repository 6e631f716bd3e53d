"""The tables of a report as plain tables of numbers, each a function of a study's tables."""

from __future__ import annotations

import pandas as pd

from hybridrep.analysis.claims import claims, claims_table
from hybridrep.analysis.names import DIRECTIONS, ITEM_SETS, PAIRS, TRANSFER, TRANSFER_METRICS
from hybridrep.analysis.published import beside_paper, recompute_table_1, rsa_beside_paper
from hybridrep.analysis.t_tests import one_sample
from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import (
    bottleneck_sizes,
    final_autoencoder,
    final_transfer,
    over_seeds,
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
        `table_1` (one per further bottleneck size as `table_1_b64` etc.), `tests`, `claims`,
        `beside_paper`, `paper_recomputed`, `rsa`, `rsa_beside_paper`, `linear_baseline`,
        `transfer_by_seed`, `seeds`, and `inference` if it was given.
    """
    sizes = bottleneck_sizes(tables)
    found = {
        "table_1": table_1(tables),
        **{f"table_1_b{size}": table_1(tables, size) for size in sizes[1:]},
        "tests": against_baseline(tables),
        "claims": claims_table(claims(tables)),
        "beside_paper": beside_paper(transfer_long(tables)),
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


def transfer_long(tables: StudyTables) -> pd.DataFrame:
    """Return the final results at the first bottleneck: seed, representation, metric, value."""
    parts = [transfer_values(tables, m).assign(metric=m) for m in TRANSFER_METRICS]
    return pd.concat(parts, ignore_index=True)


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
    """Return `rsa_beside_paper` for every item set, at the last epoch, which the paper quotes."""
    sizes = bottleneck_sizes(tables)
    if not sizes or not len(tables.rsa):
        return rsa_beside_paper(pd.DataFrame(columns=["seed", "direction", "pair", "value"]))
    last = tables.rsa[
        (tables.rsa["epoch"] == tables.rsa["epoch"].max()) & (tables.rsa["bottleneck"] == sizes[0])
    ]
    parts = [
        rsa_beside_paper(last[last["item_set"] == name]).assign(item_set=name) for name in ITEM_SETS
    ]
    return pd.concat(parts, ignore_index=True)


def linear_summary(tables: StudyTables) -> pd.DataFrame:
    """Put closed-form ridge regression beside the autoencoders.

    Columns: direction, bottleneck, n, `used_loss` and `last_loss` (the autoencoder's test loss at
    the used and the last epoch), `ridge_loss`, `mean_loss` (predicting the training mean), and
    per item set r of reconstruction and target: `autoencoder_test`, `ridge_test` and so on.
    """
    keys = ["direction", "bottleneck"]
    losses = tables.autoencoder
    used = over_seeds(losses[losses["epoch"] == tables.half_epoch], keys, "test_loss")
    last = over_seeds(final_autoencoder(tables), keys, "test_loss")[[*keys, "mean"]]
    table = used.drop(columns="sd").rename(columns={"mean": "used_loss"})
    table = table.merge(last.rename(columns={"mean": "last_loss"}), on=keys, how="outer")
    ridge = tables.linear_baseline.groupby("direction", sort=False).mean(numeric_only=True)
    ridge = ridge.drop(columns=["seed", "penalty"]).rename(columns={"test_loss": "ridge_loss"})
    ridge.columns = [c.replace("reconstructed_vs_target", "ridge") for c in ridge.columns]
    table = table.merge(ridge.reset_index(), on="direction", how="left")
    rsa = used_rsa(tables)
    rsa = rsa[rsa["pair"] == "reconstructed_vs_target"]
    wide = rsa.pivot_table(index=keys, columns="item_set", values="value").add_prefix(
        "autoencoder_"
    )
    return table.merge(wide.reset_index(), on=keys, how="left")


def transfer_by_seed(tables: StudyTables) -> pd.DataFrame:
    """Return the raw values behind Table 1: one row per seed, representation and size."""
    last = final_transfer(tables)
    order = {name: place for place, name in enumerate(TRANSFER)}
    keys = ["seed", "representation", "bottleneck"]
    ordered = last.sort_values(keys, key=lambda c: c.map(order) if c.name == keys[1] else c)
    return ordered[[*keys, *TRANSFER_METRICS]].reset_index(drop=True)
