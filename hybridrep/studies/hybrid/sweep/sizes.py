"""What the size of the bottleneck changed and what it did not, by a rule on the numbers.

For every direction and objective, each size stands with its best epoch. A repeated-measures
analysis of variance over the seeds (each seed trained all sizes) asks whether the sizes differ;
its p values are corrected after Holm over all questions of the sweep. The size *changed* a
measure when that p is below `ALPHA` and the means span at least `RELEVANT`; it *hardly changed*
it when the means span less; anything else is *open*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.analysis.pareto import best_row
from hybridrep.analysis.statistics import holm
from hybridrep.analysis.t_tests import varies
from hybridrep.reporting.formatting import listed
from hybridrep.studies.hybrid.names import hyphened
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES, curves

ALPHA = 0.05
RELEVANT = 0.02
"""Least difference of mean r between sizes that is called a change."""

CHANGED, UNCHANGED, OPEN = "changed", "hardly changed", "open"


def at_best_epoch(values: pd.DataFrame, epochs: tuple[int, int]) -> pd.DataFrame:
    """Return every size's values at its best epoch, that of the highest mean over seeds.

    Args:
        values: `direction`, `bottleneck`, `variant` (what else was varied, as text), `seed`,
            `epoch` and the columns of `OBJECTIVES`.

    Returns:
        Columns `direction`, `objective`, `bottleneck`, `variant`, `epoch`, `seed`, `value`: one
        row a seed for the best variant and epoch of each direction, objective and size. Sizes
        without a finite mean are left out.
    """
    inside = values[values["epoch"].between(*epochs)]
    parts = []
    for _, mine in inside.groupby(["direction", "bottleneck"], sort=True):
        for objective in OBJECTIVES:
            best = _best(mine, objective)
            if best is not None:
                parts.append(best.assign(objective=objective).rename(columns={objective: "value"}))
    columns = ["direction", "objective", "bottleneck", "variant", "epoch", "seed", "value"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return table[columns]


def _best(rows: pd.DataFrame, objective: str) -> pd.DataFrame | None:
    """Return one variant's rows at one epoch: the highest mean, the earliest of equals."""
    highest, found = -math.inf, None
    for _, mine in rows.groupby("variant", sort=True):
        means = curves(mine)
        place = best_row(means[objective].to_numpy(dtype=float))
        if place is not None and means[objective].iloc[place] > highest:
            highest = means[objective].iloc[place]
            found = mine[mine["epoch"] == means["epoch"].iloc[place]]
    return found


def size_effects(by_size: pd.DataFrame) -> pd.DataFrame:
    """Judge for every direction and objective whether the bottleneck's size changed it.

    Returns:
        Columns `direction`, `objective`, `sizes`, `seeds` (those with all sizes), `least`,
        `least_at`, `most`, `most_at` (means over these seeds and their sizes), `p`, `holm_p`
        (NaN when there is no test) and `verdict`: `CHANGED`, `UNCHANGED` or `OPEN`.
    """
    rows = []
    for (direction, objective), mine in by_size.groupby(["direction", "objective"], sort=False):
        wide = mine.pivot(index="seed", columns="bottleneck", values="value").dropna()
        if wide.shape[1] < 2 or not len(wide):
            continue
        means = wide.mean().to_numpy(dtype=float)
        sizes = wide.columns.to_numpy(dtype=int)
        rows.append(
            {
                "direction": direction, "objective": objective,
                "sizes": wide.shape[1], "seeds": len(wide),
                "least": means.min(), "least_at": sizes[means.argmin()],
                "most": means.max(), "most_at": sizes[means.argmax()],
                "p": _anova_p(wide),
            }
        )  # fmt: skip
    columns = ["direction", "objective", "sizes", "seeds", "least", "least_at", "most", "most_at"]
    table = pd.DataFrame(rows, columns=[*columns, "p"])
    table["holm_p"] = holm(table["p"].to_numpy(dtype=float))
    small = table["most"] - table["least"] < RELEVANT
    table["verdict"] = np.where(table["holm_p"] < ALPHA, CHANGED, OPEN)
    return table.assign(verdict=table["verdict"].where(~small, UNCHANGED))


def _anova_p(wide: pd.DataFrame) -> float:
    """Return p of a one-way repeated-measures analysis of variance, seeds x sizes; or NaN."""
    if len(wide) < 2:
        return math.nan
    values = wide.to_numpy(dtype=float)
    effects = values - values.mean(axis=1, keepdims=True)
    if not varies((effects - effects.mean(axis=0)).ravel(), scale=float(np.abs(values).max())):
        return math.nan  # every seed agrees to the last digit: nothing to test against
    from statsmodels.stats.anova import AnovaRM

    long = wide.reset_index().melt(id_vars="seed", var_name="bottleneck")
    table = AnovaRM(long, depvar="value", subject="seed", within=["bottleneck"]).fit().anova_table
    return float(table["Pr > F"].iloc[0])


def size_sentence(effects: pd.DataFrame, sizes: Sequence[int]) -> str:
    """Say in one sentence what the bottleneck's size changed and what it did not."""
    if not len(effects):
        tried = f"only {sizes[0]} dimensions were" if len(sizes) == 1 else "too few sizes were"
        return f"What the bottleneck's size changes cannot be said: {tried} tried to the end."
    rows: list[dict[str, Any]] = [
        {str(k): v for k, v in row.items()} for row in effects.to_dict("records")
    ]
    seeds = _span([int(row["seeds"]) for row in rows])
    said = {
        CHANGED: "the size changed {}",
        UNCHANGED: f"it left {{}} within {RELEVANT}",
        OPEN: f"{seeds} leave open whether it changed {{}}",
    }
    parts = [
        words.format(listed([_phrase(row) for row in rows if row["verdict"] == verdict]))
        for verdict, words in said.items()
        if any(row["verdict"] == verdict for row in rows)
    ]
    parts[0] = parts[0].replace("it left", "the size left", 1)
    between = f"Between {min(sizes)} and {max(sizes)} bottleneck dimensions, "
    text = between + "; ".join(parts)
    return f"{text} (mean r over {seeds} on tweets that no model saw, each size at its best epoch)."


def _phrase(row: dict[str, Any]) -> str:
    """Describe one measure: its name, its least and greatest mean, and p if it changed."""
    name = f"{hyphened(str(row['direction']))} {row['objective']}"
    span = f"{row['least']:.2f} at {row['least_at']} to {row['most']:.2f} at {row['most_at']}"
    p = row["holm_p"]
    shown = ""
    if row["verdict"] == CHANGED:
        shown = ", p < 0.001" if p < 0.001 else f", p = {p:.3f}"
    return f"{name} ({span}{shown})"


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    text = f"{low}" if low == high else f"{low} to {high}"
    return f"{text} seed{'s' * (high != 1)}"
