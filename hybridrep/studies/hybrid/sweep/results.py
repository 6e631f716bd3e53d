"""What a sweep found, as tables: its trials, the best of them, and what the size changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.analysis.pareto import best_row, pareto_front
from hybridrep.studies.hybrid.sweep.objectives import CHOSEN_ON, OBJECTIVES
from hybridrep.studies.hybrid.sweep.sizes import at_best_epoch, size_effects, size_sentence
from hybridrep.studies.hybrid.sweep.space import Point
from hybridrep.studies.hybrid.sweep.training import Trainings
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.attempts import Attempt
from hybridrep.sweeping.search import Search

POINT = ("bottleneck", "epochs", "learning_rate", "activation", "kind")
_VALUES = [column for name in OBJECTIVES for column in (name, f"{name}_sd")]
TRIALS = ("direction", "trial", "state", *POINT, *_VALUES, "epoch", "pareto", "note")


@dataclass(frozen=True, eq=False)
class SweepResults:
    """A sweep's tables.

    Attributes:
        trials: one row a trial: `TRIALS`. `epoch` is where the values were read; `pareto` tells
            whether no other complete trial of the direction is better in both objectives.
        seeds: direction, trial, seed, pair, value on `CHOSEN_ON` tweets, of complete trials.
        best: the best complete trial of each direction and objective, with the mean r of the
            linear baseline beside transformability.
        rsa: correlations over epochs of the best training of each direction and bottleneck, as
            a study's table `rsa`.
        linear: the linear baselines of the seeds.
        by_size: as from `at_best_epoch`.
        effects: as from `size_effects`.
        sentence: what the size changed and what it did not.
    """

    trials: pd.DataFrame
    seeds: pd.DataFrame
    best: pd.DataFrame
    rsa: pd.DataFrame
    linear: pd.DataFrame
    by_size: pd.DataFrame
    effects: pd.DataFrame
    sentence: str


def sweep_results(
    searches: Sequence[Search],
    trainings: Trainings,
    epochs: tuple[int, int],
    linear: pd.DataFrame,
) -> SweepResults:
    """Gather what the searches found.

    Args:
        searches: one a direction.
        trainings: where the values come from.
        epochs: least and most epochs that were searched.
        linear: linear baselines, with the column `seed`.
    """
    attempts = [(search, attempt) for search in searches for attempt in search.attempts()]
    trials = trials_table(searches)
    stored = _stored_variants(attempts, trainings)
    values = _values_by_epoch(stored, trainings)
    by_size = at_best_epoch(values, epochs)
    effects = size_effects(by_size)
    sizes = sorted({variant.bottleneck for variant in stored})
    return SweepResults(
        trials=trials,
        seeds=_seeds_table(searches),
        best=best_table(trials, linear),
        rsa=_trajectories(by_size, stored, trainings),
        linear=linear,
        by_size=by_size,
        effects=effects,
        sentence=size_sentence(effects, sizes),
    )


def trials_table(searches: Sequence[Search]) -> pd.DataFrame:
    """Return one row for every trial that was chosen; the order does not depend on restarts."""
    rows = []
    for search in searches:
        for place, attempt in enumerate(search.attempts()):
            if attempt.point is None:
                continue
            measured = {name: attempt.measures.get(name) for name in (*_VALUES, "epoch")}
            rows.append(
                {
                    "direction": search.direction, "trial": place, "state": attempt.state,
                    **vars(attempt.point), **measured, "note": attempt.note,
                }
            )  # fmt: skip
    table = pd.DataFrame(rows, columns=[c for c in TRIALS if c != "pareto"])
    table[_VALUES] = table[_VALUES].astype(float)
    table["epoch"] = table["epoch"].astype("Int64")
    table["pareto"] = False
    for _, mine in table[table["state"] == "COMPLETE"].groupby("direction"):
        table.loc[mine.index, "pareto"] = pareto_front(mine[list(OBJECTIVES)].to_numpy(float))
    return table[list(TRIALS)]


def best_table(trials: pd.DataFrame, linear: pd.DataFrame) -> pd.DataFrame:
    """Return the best complete trial of each direction and objective, the first of equals."""
    ridge = linear.groupby("direction")[f"reconstructed_vs_target_{CHOSEN_ON}"].mean()
    rows = []
    complete = trials[trials["state"] == "COMPLETE"]
    for direction, mine in complete.groupby("direction", sort=False):
        for objective in OBJECTIVES:
            place = best_row(mine[objective].to_numpy(float))
            if place is None:
                continue
            row = mine.iloc[place]
            rows.append(
                {
                    "direction": direction, "best_by": objective, "trial": row["trial"],
                    **{name: row[name] for name in (*POINT, *_VALUES)},
                    "linear_baseline": ridge.get(direction, np.nan),
                }
            )  # fmt: skip
    columns = ["direction", "best_by", "trial", *POINT, *_VALUES, "linear_baseline"]
    return pd.DataFrame(rows, columns=columns)


def _seeds_table(searches: Sequence[Search]) -> pd.DataFrame:
    rows = [
        (search.direction, place, int(seed), pair, value)
        for search in searches
        for place, attempt in enumerate(search.attempts())
        if attempt.state == "COMPLETE"
        for seed, pairs in attempt.measures["seeds"].items()
        for pair, value in pairs.items()
    ]
    return pd.DataFrame(rows, columns=["direction", "trial", "seed", "pair", "value"])


def _stored_variants(
    attempts: Sequence[tuple[Search, Attempt]], trainings: Trainings
) -> dict[Variant, Point]:
    """Return the longest stored training of everything that some trial chose."""
    found: dict[Variant, Point] = {}
    for search, attempt in attempts:
        if attempt.point is None or not attempt.is_final:
            continue
        for rung in reversed(trainings.rungs):
            variant = attempt.point.variant(search.direction, rung)
            if variant in found:
                break
            if trainings.is_stored(variant):
                found[variant] = attempt.point
                break
    return found


def _label(variant: Variant) -> str:
    return f"{variant.kind}, {variant.activation}, {variant.learning_rate!r}, {variant.epochs}"


def _values_by_epoch(stored: dict[Variant, Point], trainings: Trainings) -> pd.DataFrame:
    parts = [
        trainings.measures(variant)[["seed", "epoch", *OBJECTIVES]].assign(
            direction=variant.direction, bottleneck=variant.bottleneck, variant=_label(variant)
        )
        for variant in stored
    ]
    columns = ["seed", "epoch", *OBJECTIVES, "direction", "bottleneck", "variant"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _trajectories(
    by_size: pd.DataFrame, stored: dict[Variant, Point], trainings: Trainings
) -> pd.DataFrame:
    """Return the correlations of each direction and size, of its most transformable training."""
    chosen = by_size[by_size["objective"] == OBJECTIVES[0]]
    wanted = set(zip(chosen["direction"], chosen["bottleneck"], chosen["variant"], strict=True))
    parts = [
        trainings.rsa(variant).assign(direction=variant.direction, bottleneck=variant.bottleneck)
        for variant in sorted(stored, key=lambda v: (v.direction, v.bottleneck))
        if (variant.direction, variant.bottleneck, _label(variant)) in wanted
    ]
    columns = ["seed", "item_set", "epoch", "pair", "value", "direction", "bottleneck"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
