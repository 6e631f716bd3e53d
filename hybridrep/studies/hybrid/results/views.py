"""What reports ask of a study's tables: final values, values at the used epoch, who is missing."""

from __future__ import annotations

import pandas as pd

from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.names import DIRECTIONS, TRANSFER
from hybridrep.studies.hybrid.results.schema import SCHEMAS
from hybridrep.studies.hybrid.results.tables import StudyTables


def bottleneck_sizes(tables: StudyTables) -> tuple[int, ...]:
    """Return the study's bottleneck sizes as its configuration orders them; the first counts."""
    found = {int(size) for size in tables.rsa["bottleneck"].unique()}
    found |= {int(size) for size in tables.autoencoder["bottleneck"].unique()}
    found |= {int(size) for size in tables.transfer["bottleneck"].unique() if size > 0}
    configured = tables.meta.get("config", {}).get("bottlenecks", [])
    ordered = [int(s) for s in configured] if isinstance(configured, list | tuple) else []
    return tuple([s for s in ordered if s in found] + sorted(found - set(ordered)))


def directions_of(tables: StudyTables) -> tuple[str, ...]:
    """Return the directions that the RSA table holds, in the paper's order."""
    found = set(tables.rsa["direction"].unique())
    return tuple(direction for direction in DIRECTIONS if direction in found)


def last_epoch(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the study's last epoch; a seed that stopped before has none."""
    return table[table["epoch"] == table["epoch"].max()].reset_index(drop=True)


def final_transfer(tables: StudyTables) -> pd.DataFrame:
    """Return the transfer results of the last epoch: one row a seed, representation and size."""
    return last_epoch(tables.transfer)


def transfer_values(
    tables: StudyTables, metric: str, bottleneck: int | None = None
) -> pd.DataFrame:
    """Return a metric's final values (seed, representation, value), in the order of `TRANSFER`.

    Without a size of the autoencoders, those of the study's first.
    """
    final = final_transfer(tables)
    size = _first_size(tables) if bottleneck is None else bottleneck
    chosen = final[(final["bottleneck"] == 0) | (final["bottleneck"] == size)]
    ordered = chosen.sort_values(
        ["representation", "seed"],
        key=lambda c: c.map(TRANSFER.index) if c.name == "representation" else c,
    )
    values = ordered[["seed", "representation", metric]].rename(columns={metric: "value"})
    return values.reset_index(drop=True)


def _first_size(tables: StudyTables) -> int:
    return next(iter(bottleneck_sizes(tables)), 0)


def used_rsa(tables: StudyTables, item_set: str | None = None) -> pd.DataFrame:
    """Return the correlations of the models at half of the epochs, of one item set or all."""
    rows = tables.rsa[tables.rsa["epoch"] == tables.half_epoch]
    if item_set is not None:
        rows = rows[rows["item_set"] == item_set]
    return rows.reset_index(drop=True)


def rsa_values(
    tables: StudyTables, direction: str, pair: str, bottleneck: int | None = None,
    item_set: str = "test", epoch: int | None = None,
) -> pd.Series:  # fmt: skip
    """Return one pair's correlation of every seed, indexed by seed.

    Without a bottleneck the study's first, without an epoch (0 = before training) the used one.
    """
    size = _first_size(tables) if bottleneck is None else bottleneck
    rows = tables.rsa
    chosen = rows[
        (rows["direction"] == direction)
        & (rows["pair"] == pair)
        & (rows["bottleneck"] == size)
        & (rows["item_set"] == item_set)
        & (rows["epoch"] == (tables.half_epoch if epoch is None else epoch))
    ]
    return chosen.set_index("seed")["value"].sort_index()


@report_table("seeds", "whether each seed can be counted on", ("seed", "status", "note"))
def seed_status(tables: StudyTables) -> pd.DataFrame:
    """Say of every seed wanted or found whether it can be counted on, with a note why not.

    `complete`, `failed`, `missing` (no results), `incomplete` (fewer rows in some table than other
    seeds) or `unexpected` (not asked for).
    """
    failed = tables.seeds_failed
    counts = pd.DataFrame(
        {name: getattr(tables, name)["seed"].value_counts() for name in SCHEMAS}
    ).fillna(0)
    most = counts.max() if len(counts) else pd.Series(0.0, index=list(SCHEMAS))
    rows = []
    for seed in sorted({*tables.seeds_wanted, *failed, *map(int, counts.index)}):
        own = counts.loc[seed] if seed in counts.index else None
        if seed in failed:
            rows.append((seed, "failed", failed[seed]))
        elif own is None:
            rows.append((seed, "missing", "no results"))
        elif seed not in tables.seeds_wanted:
            rows.append((seed, "unexpected", "has results but was not asked for"))
        elif (own < most).any():
            short = [
                f"{n}: {own[n]:.0f} of {most[n]:.0f} rows" for n in SCHEMAS if own[n] < most[n]
            ]
            rows.append((seed, "incomplete", ", ".join(short)))
        else:
            rows.append((seed, "complete", ""))
    return pd.DataFrame(rows, columns=["seed", "status", "note"])


def seeds_by_status(tables: StudyTables, status: str) -> list[int]:
    """Return the seeds that `seed_status` gives a status, e.g. "complete"."""
    seeds = seed_status(tables)
    return [int(seed) for seed in seeds.loc[seeds["status"] == status, "seed"]]


def standing(tables: StudyTables, known: pd.DataFrame | None = None) -> str:
    """Say how many seeds a study stands on and what became of the others (`seed_status`)."""
    status = seed_status(tables) if known is None else known
    wanted = len(tables.seeds_wanted)
    complete = int((status["status"] == "complete").sum())
    if complete == wanted == len(status):
        return f"All {wanted} seeds are complete." if wanted != 1 else "The one seed is complete."
    parts = []
    for state in ("failed", "missing", "incomplete", "unexpected"):
        seeds = status.loc[status["status"] == state, "seed"]
        if len(seeds):
            parts.append(f"{state}: {', '.join(map(str, seeds))}")
    return f"{complete} of {wanted} seeds are complete; {'; '.join(parts)}."
