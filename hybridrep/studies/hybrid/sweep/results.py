"""What a sweep found, as tables: its trials, the best of them, and what the size changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from hybridrep.studies.hybrid.names import CHOSEN_ON, readable
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES
from hybridrep.studies.hybrid.sweep.sizes import at_best_epoch, size_effects, size_sentence
from hybridrep.studies.hybrid.sweep.space import SIZE
from hybridrep.studies.hybrid.sweep.training import Trainings
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.search import Search
from hybridrep.sweeping.space import EPOCHS, Space
from hybridrep.sweeping.tables import Terms, best_table, seeds_table, trials_table

TERMS = Terms("direction", OBJECTIVES, measure="pair", unit="Pearson r", readable=readable)
"""How the sweep names things."""


@dataclass(frozen=True, eq=False)
class SweepResults:
    """A sweep's tables."""

    trials: pd.DataFrame
    seeds: pd.DataFrame  # of complete trials, on `CHOSEN_ON` tweets
    best: pd.DataFrame  # as from `best_table`, with the mean r of the linear baseline beside
    rsa: pd.DataFrame  # over epochs, of the best training of each direction and bottleneck
    linear: pd.DataFrame
    by_size: pd.DataFrame
    effects: pd.DataFrame
    sentence: str  # what the size changed and what it did not


def sweep_results(
    searches: Sequence[Search], trainings: Trainings, space: Space, linear: pd.DataFrame
) -> SweepResults:
    """Gather what the searches found."""
    trials = trials_table(searches, space, TERMS)
    stored = _stored_variants(searches, trainings, space)
    values = _values_by_epoch(stored, trainings)
    epochs = next(axis.grid for axis in space.axes if axis.name == EPOCHS)
    by_size = at_best_epoch(values, (epochs[0], epochs[-1]))
    effects = size_effects(by_size)
    sizes = sorted({variant.bottleneck for variant in stored})
    ridge = linear.groupby("direction")[f"reconstructed_vs_target_{CHOSEN_ON}"].mean()
    return SweepResults(
        trials=trials, seeds=seeds_table(searches, TERMS),
        best=best_table(trials, space, TERMS, {"linear_baseline": ridge}),
        rsa=_trajectories(by_size, stored, trainings), linear=linear, by_size=by_size,
        effects=effects, sentence=size_sentence(effects, sizes),
    )  # fmt: skip


def _stored_variants(
    searches: Sequence[Search], trainings: Trainings, space: Space
) -> dict[Variant, str]:
    """Return the longest stored training of everything that some trial chose, with its label.

    The label tells all but the direction and the size, in the order of a grid.
    """
    names = [name for name in space.nesting if name != SIZE]
    stored: dict[Variant, str] = {}
    for search in searches:
        for attempt in search.attempts():
            if attempt.point is None or not attempt.is_final:
                continue
            if variant := trainings.longest(search.part, attempt.point):
                stored[variant] = ", ".join(str(getattr(variant, name)) for name in names)
    return stored


def _values_by_epoch(stored: dict[Variant, str], trainings: Trainings) -> pd.DataFrame:
    parts = [
        trainings.measures(variant)[["seed", "epoch", *OBJECTIVES]].assign(
            direction=variant.direction, bottleneck=variant.bottleneck, variant=label
        )
        for variant, label in stored.items()
    ]
    columns = ["seed", "epoch", *OBJECTIVES, "direction", "bottleneck", "variant"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _trajectories(
    by_size: pd.DataFrame, stored: dict[Variant, str], trainings: Trainings
) -> pd.DataFrame:
    """Return the correlations of each direction and size, of its most transformable training."""
    chosen = by_size[by_size["objective"] == OBJECTIVES[0]]
    wanted = set(zip(chosen["direction"], chosen["bottleneck"], chosen["variant"], strict=True))
    parts = [
        trainings.rsa(variant).assign(direction=variant.direction, bottleneck=variant.bottleneck)
        for variant in sorted(stored, key=lambda v: (v.direction, v.bottleneck))
        if (variant.direction, variant.bottleneck, stored[variant]) in wanted
    ]
    columns = ["seed", "item_set", "epoch", "pair", "value", "direction", "bottleneck"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
