"""What the trials of a fusion sweep read: fusions, what they carry, and what they serve with.

Both objectives are better when higher: *diffusibility* on validation tweets that no model saw, and
*transfer*, minus the loss on held-out training tweets of the new task, in nats.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.execution.tasks import Task
from hybridrep.running.stage import Node
from hybridrep.running.work import missing_tasks
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.fusion import validation
from hybridrep.studies.hybrid.fusion.methods import chosen_of
from hybridrep.studies.hybrid.fusion.stage import Fusion, fusion_of
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import CHOSEN_ON
from hybridrep.studies.hybrid.sweep.fused_config import FusionSweepConfig
from hybridrep.sweeping.attempts import Attempt
from hybridrep.sweeping.space import EPOCHS, Axis, Point, Space
from hybridrep.tracking.records import METRIC_COLUMNS

FUSION_OBJECTIVES = ("diffusibility", "transfer")
PART = "fused"
_CORRELATIONS = ("vs_global", "vs_task_specific", "between", "diffusibility")


def space_of(config: FusionSweepConfig) -> Space:
    """Return the space that a configuration describes."""
    methods = tuple(method.name for method in chosen_of(config.fusions))
    axes = (
        Axis.choice("method", methods), Axis.choice("size", tuple(sorted(config.bottlenecks))),
        Axis.choice("weight", config.weights), Axis.whole(EPOCHS, *config.lengths, step=4),
    )  # fmt: skip
    return Space(axes, nesting=("method", "size", "weight", EPOCHS))


def fusion_at(point: Point) -> Fusion:
    """Return the fusion of a point; what does not bear on its method makes no other of it."""
    return fusion_of(point["method"], point["size"], point[EPOCHS], point["weight"])


class FusionTrainings:
    """The stored fusions of a sweep; the study's seeds are those of every trial."""

    def __init__(self, study: Hybrid, config: FusionSweepConfig) -> None:
        self.study, self._config = study, config

    @property
    def rungs(self) -> tuple[int, ...]:
        """Every training runs to its end at once."""
        return (self._config.lengths[1],)

    def of(self, part: str, point: Point, epochs: int) -> Fusion:
        """Return the training that shows a point."""
        return fusion_at(point)

    def nodes(self, training: Fusion) -> list[Node]:
        """Return a fusion's results: itself and its classifier, of each seed."""
        made = (fusing.node, validation.node)
        return [node(self.study, training, seed) for node in made for seed in self._config.seeds]

    def is_stored(self, training: Fusion) -> bool:
        """Tell whether all of them are there."""
        return all(map(self.study.has, self.nodes(training)))

    def tasks(self, trainings: Iterable[Fusion]) -> list[Task]:
        """Return the tasks of some fusions and of what is missing before them."""
        batches = [self.nodes(each) for each in dict.fromkeys(trainings)]
        return missing_tasks(batches, self.study.store)

    def values(self, training: Fusion) -> dict[int, dict[str, float]]:
        """Return what was measured of a stored fusion at its end, by seed."""
        found = {}
        for seed in self._config.seeds:
            table = self.study.open(fusing.node(self.study, training, seed)).table("fusion")
            rows = table[(table["item_set"] == CHOSEN_ON) & (table["bottleneck"] == training.size)]
            last = rows.sort_values("epoch").iloc[-1]
            curves = self.study.open(validation.node(self.study, training, seed)).table("curves")
            loss = float(curves.sort_values("epoch")["test_loss"].iloc[-1])
            found[seed] = {name: float(last[name]) for name in _CORRELATIONS} | {"transfer": -loss}
        return found

    def at_epoch(self, training: Fusion, epoch: int) -> dict[str, Any]:
        """Describe a stored fusion, in JSON's types: means, SDs and the values of each seed."""
        values = self.values(training)
        described: dict[str, Any] = {"epoch": int(epoch)}
        for name in FUSION_OBJECTIVES:
            every = np.array([mine[name] for mine in values.values()])
            described[name] = _number(every.mean())
            described[f"{name}_sd"] = _number(every.std(ddof=1)) if every.size > 1 else None
        seeds = {str(seed): {n: _number(v) for n, v in mine.items()} for seed, mine in
                 values.items()}  # fmt: skip
        return {**described, "seeds": seeds}

    def undefined(self, training: Fusion, epoch: int) -> str:
        """Say which seeds have no value (diverged, or all items alike); empty when all have."""
        without = [
            str(seed)
            for seed, mine in self.values(training).items()
            if not np.isfinite([mine[name] for name in FUSION_OBJECTIVES]).all()
        ]
        return f"no value for seed {', '.join(without)}" if without else ""

    def metrics(self, part: str, attempt: Attempt) -> pd.DataFrame:
        """Return a trial's points in MLflow: means, their SDs, and each seed's values."""
        known = attempt.measures
        rows = []
        for name in FUSION_OBJECTIVES:
            if known.get(name) is None:
                continue
            rows.append((name, known[name]))
            if known[f"{name}_sd"] is not None:
                rows.append((f"{name}_sd", known[f"{name}_sd"]))
            for seed, values in known["seeds"].items():
                rows.append((f"{name}/seed_{seed}", values[name]))
        step = int(known.get("epoch", 0))
        return pd.DataFrame([(*row, step) for row in rows], columns=list(METRIC_COLUMNS))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
