"""The tables of a report as plain tables of numbers, each a function of a study's tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pandas as pd

from hybridrep.analysis.t_tests import one_sample
from hybridrep.studies.hybrid.names import (
    DIRECTIONS,
    ITEM_SETS,
    PAIRS,
    SIZED,
    TRANSFER,
    TRANSFER_METRICS,
)
from hybridrep.studies.hybrid.results.claims import claims, claims_table
from hybridrep.studies.hybrid.results.published import (
    BOTTLENECKS,
    beside_paper,
    recompute_table_1,
    rsa_beside_paper,
)
from hybridrep.studies.hybrid.results.table_1 import against_baseline, table_1
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import (
    bottleneck_sizes,
    final_autoencoder,
    final_transfer,
    seed_status,
    transfer_values,
    used_rsa,
)

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


@dataclass(frozen=True)
class ReportTable:
    """One CSV file of a report.

    Attributes:
        name: the file's name without its ending.
        meaning: what it holds.
        columns: in order; of `compare_made` and `compare_claims` one more a study follows.
    """

    name: str
    meaning: str
    columns: tuple[str, ...]


_TABLE_1 = ("Model", "Representation", "Train Loss", "Test Loss", "Test Acc", "Seeds")


_TESTS = (
    *("measure", "representation", "n", "mean", "sd"),
    *("baseline_n", "baseline_mean", "baseline_sd"),
    *("difference", "difference_low", "difference_high"),
    *("student_t", "student_df", "student_p", "stars"),
    *("welch_t", "welch_df", "welch_p", "welch_low", "welch_high"),
    *("paired_n", "paired_t", "paired_df", "paired_p", "paired_low", "paired_high"),
    *("holm_p", "cohens_d", "cohens_d_low", "cohens_d_high", "note"),
)


STUDY_TABLES: tuple[ReportTable, ...] = (
    ReportTable("table_1", 'the paper\'s Table 1: "mean(SD) stars" a cell', _TABLE_1),
    ReportTable("table_1_bN", "the same at the further bottleneck size N", _TABLE_1),
    ReportTable(
        "tests",
        "every representation against the baseline: `difference` is representation minus "
        "baseline; the paper's independent Student t-test, Welch's, paired by seed; Student's p "
        "after Holm; Cohen's d (pooled SD)",
        _TESTS,
    ),
    ReportTable("tests_bN", "the same at the further bottleneck size N", _TESTS),
    ReportTable(
        "claims",
        "the paper's claims, each with a verdict by a fixed rule",
        (
            *("name", "sentence", "statistic", "estimate", "low", "high", "n", "verdict"),
            "note",
        ),
    ),
    ReportTable(
        "beside_paper",
        "our transfer results at bottleneck 32 (without it, the study's first) beside the printed "
        "Table 1; `in_published_sds` and `in_own_sds` are the difference in SDs of the paper and "
        "of ours",
        (
            *("representation", "metric", "published_mean", "published_sd"),
            *("mean", "sd", "n", "difference", "in_published_sds", "in_own_sds", "bottleneck"),
        ),
    ),
    ReportTable(
        "paper_recomputed",
        "t and stars that follow from the paper's own printed means and SDs; `p_low` and "
        "`p_high` are what their rounding leaves open; `contradicts`: no p between them earns "
        "the printed stars",
        (
            *("representation", "metric", "mean", "sd", "stars", "n"),
            *("t", "df", "p", "p_low", "p_high", "recomputed_stars", "contradicts"),
        ),
    ),
    ReportTable(
        "rsa",
        "every correlation at half of the epochs, over seeds",
        ("direction", "bottleneck", "pair", "item_set", "n", "mean", "sd", "low", "high"),
    ),
    ReportTable(
        "rsa_beside_paper",
        "our correlations at the last epoch beside the ranges that the paper gives",
        (
            *("direction", "pair", "published_low", "published_high", "where"),
            *("mean", "sd", "n", "difference", "in_own_sds", "item_set", "bottleneck"),
        ),
    ),
    ReportTable(
        "linear_baseline",
        "ridge regression beside the autoencoders: test losses at the used and the last epoch, "
        "of ridge, and of predicting the mean; r of reconstruction and target per item set",
        (
            *("direction", "bottleneck", "n", "used_loss", "last_loss", "ridge_loss", "mean_loss"),
            *("ridge_test", "ridge_unseen", "ridge_seen"),
            *("autoencoder_seen", "autoencoder_test", "autoencoder_unseen"),
        ),
    ),
    ReportTable(
        "transfer_by_seed",
        "the values behind Table 1",
        ("seed", "representation", "bottleneck", "train_loss", "test_loss", "test_accuracy"),
    ),
    ReportTable("seeds", "whether each seed can be counted on", ("seed", "status", "note")),
    ReportTable(
        "inference",
        "how sure each mean r is: 95% bootstrap intervals over items, over seeds and over both, "
        "a two-sided permutation test, and the noise ceiling (how well seeds agree)",
        (
            *("direction", "bottleneck", "pair", "item_set", "n", "estimate"),
            *("items_low", "items_high", "seeds_low", "seeds_high", "both_low", "both_high"),
            *("permutation_p", "ceiling_lower", "ceiling_upper", "note"),
        ),
    ),
)
"""The tables of one study's report."""


_AGAINST_FIRST = (
    *("study", "n", "mean", "sd", "difference", "low", "high", "welch_p", "holm_p", "paired_p"),
    "paired_n",
)


COMPARISON_TABLES: tuple[ReportTable, ...] = (
    ReportTable("compare_made", "what differs in how the studies were made", ("parameter",)),
    ReportTable(
        "compare_transfer",
        "the new task: every study against the first at the bottlenecks that all have (0: none), "
        "Welch's interval and p, Holm's correction, p paired by shared seeds",
        ("metric", "representation", "bottleneck", *_AGAINST_FIRST),
    ),
    ReportTable(
        "compare_rsa",
        "the same of the correlations at half of the epochs, test tweets",
        ("direction", "pair", "bottleneck", *_AGAINST_FIRST),
    ),
    ReportTable("compare_claims", "the verdict on each claim, a study a column", ("claim",)),
)
"""What a comparison adds."""
