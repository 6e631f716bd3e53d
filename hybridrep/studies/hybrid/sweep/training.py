"""Which trainings show a sweep's trials their values, and what these trainings hold.

A training is deterministic, so one over many epochs passes through the models of all fewer
epochs: trials that differ only in epochs share the training over the most epochs, and read
their values off its trajectory. Only with pruning there are shorter trainings, too (`rungs`): a
trial that falls behind at 10 epochs is spared the other 90, one that stays in the race is
trained anew from the start to the next rung. The store keeps models, not the state of their
optimiser, so the epochs of the lower rungs are then spent twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.execution.tasks import Task
from hybridrep.running import work
from hybridrep.running.stage import Node
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import PAIRS
from hybridrep.studies.hybrid.sweep.objectives import OBJECTIVES, curves, measures
from hybridrep.studies.hybrid.sweep.space import variant_of
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.sweeping.attempts import Attempt
from hybridrep.sweeping.space import EPOCHS, Point
from hybridrep.tracking.records import METRIC_COLUMNS

RUNG_FACTOR = 3


def rungs(epochs: tuple[int, int], prune: bool) -> tuple[int, ...]:
    """Return how many epochs are trained at a time, ascending; the last is the most."""
    low, high = epochs
    found = []
    while prune and 2 * low <= high:
        found.append(low)
        low *= RUNG_FACTOR
    return (*found, high)


class Trainings:
    """The stored trainings of a sweep; the study's seeds are those of every trial."""

    def __init__(self, study: Hybrid, rungs: Sequence[int]) -> None:
        self.study, self.rungs = study, tuple(rungs)
        self._measures: dict[Variant, pd.DataFrame] = {}
        self._curves: dict[Variant, pd.DataFrame] = {}

    def of(self, direction: str, point: Point, epochs: int) -> Variant:
        """Return the training that shows a point at some epochs: a stored one if there is one."""
        least = min(epochs, point[EPOCHS])
        longer = [variant_of(direction, point, rung) for rung in self.rungs if rung >= least]
        return next((each for each in longer if self.is_stored(each)), longer[0])

    def longest(self, direction: str, point: Point) -> Variant | None:
        """Return the stored training over the most epochs that shows a point, if there is one."""
        longest_first = (variant_of(direction, point, rung) for rung in reversed(self.rungs))
        return next(filter(self.is_stored, longest_first), None)

    def nodes(self, variant: Variant) -> list[Node]:
        """Return a training's results, one a seed."""
        return [transformation.node(self.study, variant, s) for s in self.study.config.seeds]

    def is_stored(self, variant: Variant) -> bool:
        """Tell whether a training is finished for all seeds."""
        return variant in self._measures or all(map(self.study.has, self.nodes(variant)))

    def tasks(self, variants: Iterable[Variant]) -> list[Task]:
        """Return the tasks of some trainings and of what is missing before them, by priority."""
        distinct = list(dict.fromkeys(variants))
        batches = [
            [transformation.node(self.study, each, seed) for each in distinct for seed in group]
            for group in work.groups(self.study.config.seeds)
        ]
        return work.missing_tasks(batches, self.study.store)

    def measures(self, variant: Variant) -> pd.DataFrame:
        """Return what a stored training measured, as from `objectives.measures`."""
        if variant not in self._measures:
            self._measures[variant] = measures(self.rsa(variant))
        return self._measures[variant]

    def curves(self, variant: Variant) -> pd.DataFrame:
        """Return the objectives' means over seeds by epoch, as from `objectives.curves`."""
        if variant not in self._curves:
            self._curves[variant] = curves(self.measures(variant))
        return self._curves[variant]

    def at_epoch(self, variant: Variant, epoch: int) -> dict[str, Any]:
        """Describe a stored training at an epoch, in JSON's types.

        Returns:
            `epoch`; per objective the mean over seeds and, as `NAME_sd`, the SD (None where
            there is none); `seeds`: seed -> the correlations of all pairs.
        """
        means = self.curves(variant).set_index("epoch").loc[epoch]
        values = self.measures(variant)
        rows = values[values["epoch"] == epoch].set_index("seed")
        found: dict[str, Any] = {"epoch": int(epoch)}
        for name in OBJECTIVES:
            found[name] = _number(means[name])
            found[f"{name}_sd"] = _number(means[f"{name}_sd"])
        found["seeds"] = {
            str(seed): {pair: _number(value) for pair, value in row.items()}
            for seed, row in rows[list(PAIRS)].to_dict("index").items()
        }
        return found

    def metrics(self, direction: str, attempt: Attempt) -> pd.DataFrame:
        """Return a trial's points in MLflow: curves up to its epochs, each seed's final values."""
        last = attempt.measures.get("epoch")
        if last is None or attempt.point is None:
            return pd.DataFrame(columns=list(METRIC_COLUMNS))
        training = self.of(direction, attempt.point, last)
        if not self.is_stored(training):  # removed from the store since
            known = [(n, attempt.measures[n], last) for n in OBJECTIVES]
            return pd.DataFrame(known, columns=list(METRIC_COLUMNS)).dropna(subset="value")
        wide = self.curves(training)
        wide = wide[wide["epoch"] <= last]
        names = [name for name in wide.columns if name != "epoch"]
        values = self.measures(training)
        final = values[values["epoch"] == last]
        per_seed = [f"{name}/seed_{seed}" for name in OBJECTIVES for seed in final["seed"]]
        points = pd.DataFrame(
            {
                "key": [*np.repeat(names, len(wide)), *per_seed],
                "value": np.concatenate(
                    [*(wide[name] for name in names), *(final[name] for name in OBJECTIVES)]
                ),
                "step": np.concatenate(
                    [np.tile(wide["epoch"], len(names)), np.full(len(per_seed), last)]
                ),
            }
        )
        return points[np.isfinite(points["value"])]

    def undefined(self, variant: Variant, epoch: int) -> str:
        """Say which seeds have no value at an epoch (diverged, collapsed); empty when all have."""
        values = self.measures(variant)
        rows = values[values["epoch"] == epoch]
        finite = np.isfinite(rows[list(OBJECTIVES)].to_numpy(dtype=float)).all(axis=1)
        seeds = ", ".join(str(seed) for seed in rows["seed"].to_numpy()[~finite])
        if not seeds:
            return ""
        return f"no correlation at epoch {epoch}, seed {seeds}: vectors are constant or not finite"

    def rsa(self, variant: Variant) -> pd.DataFrame:
        """Return a stored training's correlations: seed, item_set, epoch, pair, value."""
        parts = [
            self.study.open(node).table("rsa").assign(seed=node.seed)
            for node in self.nodes(variant)
        ]
        return pd.concat(parts, ignore_index=True)


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
