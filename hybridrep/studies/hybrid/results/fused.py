"""What fusions reached: how much of both they carry, against the ceiling, and on the new task.

Correlations are of each method's last epoch (of the paper's bottlenecks, the epoch used). Where
methods are compared, on tweets that no model saw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from hybridrep.analysis.statistics import holm
from hybridrep.analysis.t_tests import one_sample
from hybridrep.analysis.verdicts import Claim, claim_of, part_of
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.fusion.methods import COMPARED, METHODS, title_of
from hybridrep.studies.hybrid.names import CHOSEN_ON, DIRECTIONS, SHOWN_ITEM_SETS
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import bottleneck_sizes, last_epoch, transfer_values

COMPARED_ON = "unseen"
"""The item set of all comparisons: validation tweets that no model was trained on."""

AGAINST = (*DIRECTIONS, "pca_global", "pca_task")
"""What a fusion is compared with, at its own size: the paper's bottlenecks, and compression."""

_CLAIMED = ("similarity_matched", "matryoshka_matched", "truncated_svd", "joint_autoencoder", "cca")
"""Which fusion of a size speaks for all in the first claim: the first of these that there is, so
that none is picked by its numbers."""

_SERVING = ("concatenated", *_CLAIMED)
"""The same for the second claim, on the new task."""

_PARTS = {"bert": "BERT", "lstm": "the LSTM"}


def final_fusion(tables: StudyTables, item_set: str | None = None) -> pd.DataFrame:
    """Return what is reported of each fusion: its last epoch, on one item set or all."""
    rows = tables.fusion
    last = rows.groupby(["method", "bottleneck"])["epoch"].transform("max")
    rows = rows[rows["epoch"] == last]
    return rows if item_set is None else rows[rows["item_set"] == item_set]


def shares(tables: StudyTables, method: str, bottleneck: int, item_set: str = COMPARED_ON,
           measure: str = "share_of_ceiling") -> pd.Series:  # fmt: skip
    """Return one measure of a fusion of every seed, indexed by seed."""
    rows = final_fusion(tables, item_set)
    mine = rows[(rows["method"] == method) & (rows["bottleneck"] == bottleneck)]
    return mine.set_index("seed")[measure].sort_index()


_SUMMARY = (
    *("item_set", "method", "bottleneck", "n", "vs_global", "vs_global_sd", "vs_task_specific"),
    *("vs_task_specific_sd", "diffusibility", "diffusibility_sd", "ceiling", "share_of_ceiling"),
    *("share_low", "share_high"),
)


@report_table(
    "fusion",
    "what fusions, and the paper's bottlenecks, carry of both: means and SDs over seeds, the "
    "ceiling, and diffusibility as a share of it with its 95% interval",
    _SUMMARY,
)
def fusion_summary(tables: StudyTables) -> pd.DataFrame:
    """Return one row an item set, method and size."""
    rows = []
    last = final_fusion(tables)
    shown = last[last["item_set"] != CHOSEN_ON]
    for keys, mine in shown.groupby(["item_set", "method", "bottleneck"]):
        spread: dict[str, float] = {}
        for name in ("vs_global", "vs_task_specific", "diffusibility"):
            spread |= {name: mine[name].mean(), f"{name}_sd": mine[name].std(ddof=1)}
        share = mine["share_of_ceiling"].dropna().to_numpy(np.float64)
        test = one_sample(share)
        rows.append(
            {
                **dict(zip(("item_set", "method", "bottleneck"), keys, strict=True)),
                "n": len(mine), **spread, "ceiling": mine["ceiling"].mean(),
                "share_of_ceiling": share.mean() if len(share) else np.nan,
                "share_low": test.low, "share_high": test.high,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(_SUMMARY))
    return table.sort_values(["item_set", "method", "bottleneck"], key=_in_order, ignore_index=True)


def _in_order(column: pd.Series) -> pd.Series:
    orders = {"item_set": SHOWN_ITEM_SETS, "method": COMPARED}
    if (order := orders.get(str(column.name))) is None:
        return column
    return column.map({name: place for place, name in enumerate(order)})


_TESTS = (
    "method",
    "bottleneck",
    "against",
    "n",
    "difference",
    "low",
    "high",
    "p",
    "holm_p",
    "note",
)


@report_table(
    "fusion_tests",
    "every fusion of a size against the paper's bottlenecks and PCA of the same size: difference "
    "of diffusibility as a share of its ceiling, paired by seed, on unseen tweets; Holm corrects "
    "over all of a size",
    _TESTS,
)
def fusion_tests(tables: StudyTables) -> pd.DataFrame:
    """Return one row a method, size and what it is compared with."""
    parts = []
    known = final_fusion(tables, COMPARED_ON)
    for size in bottleneck_sizes(tables):
        mine = known[known["bottleneck"].isin([0, size])]
        wide = mine.pivot(index="seed", columns="method", values="share_of_ceiling")
        rows = [
            _compared(wide, method, other, size)
            for method in (name for name in COMPARED if name in wide and name not in AGAINST)
            for other in (name for name in AGAINST if name in wide)
        ]
        table = pd.DataFrame(rows, columns=[*_TESTS[:8], "note"])
        table["holm_p"] = holm(table["p"].to_numpy(dtype=np.float64))
        parts.append(table[list(_TESTS)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_TESTS))


def _compared(wide: pd.DataFrame, method: str, other: str, size: int) -> dict[str, object]:
    apart = (wide[method] - wide[other]).dropna().to_numpy(np.float64)
    test = one_sample(apart)
    return {
        "method": method, "bottleneck": size if METHODS[method].sized else 0, "against": other,
        "n": len(apart), "difference": test.difference, "low": test.low, "high": test.high,
        "p": test.p, "note": test.note,
    }  # fmt: skip


_NEW_TASK = (
    *("representation", "bottleneck", "n", "test_loss", "test_loss_sd", "test_accuracy"),
    *("test_accuracy_sd", "difference", "low", "high", "p", "holm_p"),
)


@report_table(
    "fused_new_task",
    "what each fused representation gives on the new task beside its two parts and the paper's "
    "bottlenecks; `difference` is its test loss minus that of the better of both parts, seed by "
    "seed (below 0: better than both), with its 95% interval, p and Holm's p over all fusions",
    _NEW_TASK,
)
def fused_new_task(tables: StudyTables) -> pd.DataFrame:
    """Return one row a representation and size; nothing where nothing was fused."""
    fused = last_epoch(tables.fused_transfer)
    if fused.empty:
        return pd.DataFrame(columns=list(_NEW_TASK))
    parts = _parts_losses(tables).min(axis=1, skipna=False)
    rows = []
    for name, size, mine in _tested(tables, fused):
        apart = (mine["test_loss"] - parts).dropna().to_numpy(np.float64)
        test = one_sample(apart) if name not in _PARTS else None
        rows.append(
            {
                "representation": name, "bottleneck": size, "n": len(mine),
                **{
                    key: value
                    for measure in ("test_loss", "test_accuracy")
                    for key, value in (
                        (measure, mine[measure].mean()),
                        (f"{measure}_sd", mine[measure].std(ddof=1)),
                    )
                },
                **({} if test is None else {"difference": test.difference, "low": test.low,
                                            "high": test.high, "p": test.p}),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=[*_NEW_TASK[:-1]])
    of_fusions = table["representation"].str.startswith("fused_")
    table["holm_p"] = np.nan
    table.loc[of_fusions, "holm_p"] = holm(table.loc[of_fusions, "p"].to_numpy(np.float64))
    return table


def _tested(tables: StudyTables, fused: pd.DataFrame) -> list[tuple[str, int, pd.DataFrame]]:
    """Return what stands in the table of the new task: name, size, and its seeds' last values."""
    others = last_epoch(tables.transfer)
    wanted = (*_PARTS, *(f"{direction}_bottleneck" for direction in DIRECTIONS))
    both = pd.concat([others[others["representation"].isin(wanted)], fused])
    order = (*wanted, *(method.representation for method in METHODS.values()))
    groups = {
        (str(name), int(str(size))): mine.set_index("seed")
        for (name, size), mine in both.groupby(["representation", "bottleneck"])
    }
    placed = sorted(groups, key=lambda key: (order.index(key[0]), key[1]))
    return [(*key, groups[key]) for key in placed]


def _parts_losses(tables: StudyTables) -> pd.DataFrame:
    """Return the test losses of the global and the task-specific representation, by seed."""
    loss = transfer_values(tables, "test_loss")
    wide = loss.pivot(index="seed", columns="representation", values="value")
    return wide.reindex(columns=list(_PARTS)).astype(np.float64)


def fusion_claims(tables: StudyTables) -> tuple[Claim, ...]:
    """Test what the platform itself claims of fusions; none where nothing was fused."""
    if tables.fusion.empty:
        return ()
    return (_carries_more(tables), _serves_better(tables))


def _carries_more(tables: StudyTables) -> Claim:
    size = next(iter(bottleneck_sizes(tables)), 0)
    known = set(tables.fusion["method"])
    speaker = next((name for name in _CLAIMED if name in known), "")
    own = shares(tables, speaker, size, measure="diffusibility")
    parts = [
        part_of(
            f"against {title_of(other)}",
            own - shares(tables, other, size, measure="diffusibility"), tables.seeds_wanted,
        )
        for other in DIRECTIONS
    ]  # fmt: skip
    return claim_of(
        "fused_bottleneck_carries_more",
        "A fused bottleneck of the paper’s size carries more of both than the paper’s bottlenecks.",
        f"diffusibility on unseen tweets at b = {size} of {_named(speaker)} minus that of the "
        "paper’s bottleneck, paired by seed; claimed above 0",
        parts,
    )


def _serves_better(tables: StudyTables) -> Claim:
    size = next(iter(bottleneck_sizes(tables)), 0)
    known = set(tables.fused_transfer["representation"])
    speaker = next((name for name in _SERVING if f"fused_{name}" in known), "")
    own = fused_losses(tables, speaker, size)
    losses = _parts_losses(tables)
    parts = [
        part_of(f"against {readable_part}", losses[part] - own, tables.seeds_wanted)
        for part, readable_part in _PARTS.items()
    ]
    return claim_of(
        "fusion_serves_better",
        "A fused representation serves the new task better than the better of its two parts.",
        f"test loss of each part minus that of {_named(speaker)}, paired by seed; claimed above 0 "
        "against both",
        parts,
    )


def _named(method: str) -> str:
    return title_of(method) if method else "any fusion (there is none of both)"


def fused_losses(tables: StudyTables, method: str, size: int) -> pd.Series:
    """Return a fusion's test losses on the new task, by seed."""
    rows = last_epoch(tables.fused_transfer)
    wanted = size if method in METHODS and METHODS[method].sized else 0
    mine = rows[(rows["representation"] == f"fused_{method}") & (rows["bottleneck"] == wanted)]
    return mine.set_index("seed")["test_loss"].astype(np.float64)


Makers = Sequence[Callable[[StudyTables], pd.DataFrame]]
FUSION_TABLES: Makers = (fusion_summary, fusion_tests, fused_new_task)
"""The tables of the report's section on fusion."""
