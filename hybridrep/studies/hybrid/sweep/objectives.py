"""What a sweep maximises and models are chosen by: two measures of correlated similarities.

*Transformability* is how well the reconstruction's similarities correlate with the target's.
*Diffusibility* is the smaller of the bottleneck's correlations with input and target, so that
only a bottleneck that carries both scores high. Both are Pearson r: range -1 to 1, higher =
better. All choices are made on tweets that no model saw, never on test tweets, nor on those that
all seeds share.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hybridrep.studies.hybrid.names import CHOSEN_ON, PAIRS

OBJECTIVES = ("transformability", "diffusibility")


def measures(rsa: pd.DataFrame, item_set: str = CHOSEN_ON) -> pd.DataFrame:
    """Return the pairs and both objectives of every seed and epoch, side by side.

    Returns:
        Columns `seed`, `epoch`, those of `PAIRS` and of `OBJECTIVES`; one row a seed and epoch,
        sorted. A measure is NaN where a correlation that it needs is.
    """
    rows = rsa[rsa["item_set"] == item_set]
    wide = rows.pivot(index=["seed", "epoch"], columns="pair", values="value")
    wide = wide.reindex(columns=list(PAIRS)).sort_index()
    return with_objectives(wide.rename_axis(columns=None).reset_index())


def with_objectives(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a table that has a column for each of `PAIRS` with those of `OBJECTIVES` beside."""
    both = pairs[["bottleneck_vs_input", "bottleneck_vs_target"]]
    return pairs.assign(
        transformability=pairs["reconstructed_vs_target"],
        diffusibility=both.min(axis=1, skipna=False),
    )


def curves(values: pd.DataFrame) -> pd.DataFrame:
    """Average the objectives over seeds at every epoch.

    Returns:
        Columns `epoch`, and per objective its mean (NaN if any seed's is) and, as `NAME_sd`, its
        SD over seeds (ddof 1; NaN for one seed); sorted by epoch.
    """
    columns: dict[str, pd.Series] = {}
    grouped = values.groupby("epoch")
    for name in OBJECTIVES:
        complete = grouped[name].agg(lambda v: np.isfinite(v).all())
        columns[name] = grouped[name].mean().where(complete)
        columns[f"{name}_sd"] = grouped[name].std(ddof=1).where(complete)
    return pd.DataFrame(columns).reset_index()
