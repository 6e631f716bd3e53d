"""What a sweep maximises and models are chosen by: two measures of correlated similarities.

*Transformability* is how well the reconstruction's similarities correlate with the target's.
*Diffusibility* is the smaller of the bottleneck's correlations with input and target, so that
only a bottleneck that carries both scores high. Both are Pearson r: range -1 to 1, higher =
better. All choices are made on tweets that no model saw, never on test tweets.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from hybridrep.analysis.names import PAIRS

OBJECTIVES = ("transformability", "diffusibility")
CHOSEN_ON = "unseen"
"""The item set that choices are made on: validation tweets that no model was trained on."""


def measures(rsa: pd.DataFrame, item_set: str = CHOSEN_ON) -> pd.DataFrame:
    """Return the pairs and both objectives of every seed and epoch, side by side.

    Args:
        rsa: columns `seed`, `item_set`, `epoch`, `pair`, `value`, of one kind of autoencoder.
        item_set: one of `ITEM_SETS`.

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

    Args:
        values: as `measures` returns them.

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


def pareto_front(values: Float[np.ndarray, "trials objectives"]) -> Bool[np.ndarray, " trials"]:
    """Tell which rows no other row beats: none is as good everywhere and better somewhere.

    Of equal rows all are on the front; a row with NaN never is, and beats none. Optuna's
    `Study.best_trials` says the same, but only of a study that maximises all of the objectives.
    """
    finite = np.isfinite(values).all(axis=1)
    known = values[finite]
    no_worse = (known[:, None, :] >= known[None, :, :]).all(axis=2)
    better = (known[:, None, :] > known[None, :, :]).any(axis=2)
    front = np.zeros(len(values), dtype=bool)
    front[finite] = ~(no_worse & better).any(axis=0)
    return front


def best_row(values: Float[np.ndarray, " rows"]) -> int | None:
    """Return the place of the highest value, the first of equals; None if none is finite."""
    finite = np.where(np.isfinite(values), values, -np.inf)
    return int(finite.argmax()) if np.isfinite(finite).any() else None
