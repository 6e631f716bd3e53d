"""What the sweep's trials read: trained networks, and their response accuracy on selection trials.

Higher is better; from 0 to 1, chance 1/2. The trials are a selection stream's, of new view angles,
which no report shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.execution.tasks import Task
from hybridrep.running.stage import Node
from hybridrep.running.work import missing_tasks
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import NetworkRecipe, recipe
from hybridrep.studies.nback.names import DIET_GROUPS, SELECTION
from hybridrep.studies.nback.sweep.config import SweepConfig
from hybridrep.sweeping.attempts import Attempt
from hybridrep.sweeping.space import EPOCHS, Axis, Point, Space
from hybridrep.tracking.records import METRIC_COLUMNS

OBJECTIVE = "response_accuracy"
PART = DIET_GROUPS[-1]
"""The diet of every trial: all tasks."""


def space_of(config: SweepConfig) -> Space:
    """Return the space that a configuration describes.

    Every training is as long as the configuration says, and stops early by itself.
    """
    axes = (
        Axis.choice("architecture", config.architectures), Axis.choice("hidden", config.sizes),
        Axis.magnitude("learning_rate", *config.learning_rates),
        Axis.whole(EPOCHS, config.iterations, config.iterations),
    )  # fmt: skip
    return Space(axes, nesting=("architecture", "hidden", "learning_rate", EPOCHS))


def recipe_of(config: SweepConfig, point: Point) -> NetworkRecipe:
    """Return the network of a point; all of one architecture share their random streams."""
    name = point["architecture"]
    own = {
        "hidden": (f"{name}={point['hidden']}",),
        "learning_rate": (f"{name}={point['learning_rate']!r}",),
    }
    return recipe(config.model_copy(update=own), name, PART)


class Trainings:
    """The stored networks of a sweep; the study's seeds are those of every trial."""

    def __init__(self, study: NBack, config: SweepConfig) -> None:
        self.study, self._config = study, config

    @property
    def rungs(self) -> tuple[int, ...]:
        """Every training runs to its end at once."""
        return (self._config.iterations,)

    def of(self, part: str, point: Point, epochs: int) -> NetworkRecipe:
        """Return the training that shows a point."""
        return recipe_of(self._config, point)

    def nodes(self, training: NetworkRecipe) -> list[Node]:
        """Return a training's results, one a seed."""
        return [memory.node(self.study, training, seed) for seed in self._config.seeds]

    def is_stored(self, training: NetworkRecipe) -> bool:
        """Tell whether a training is finished for all seeds."""
        return all(map(self.study.has, self.nodes(training)))

    def tasks(self, trainings: Iterable[NetworkRecipe]) -> list[Task]:
        """Return the tasks of some trainings and of what is missing before them."""
        batches = [self.nodes(each) for each in dict.fromkeys(trainings)]
        return missing_tasks(batches, self.study.store)

    def values(self, training: NetworkRecipe) -> dict[int, float]:
        """Return the objective of a stored training at its end, by seed."""
        found = {}
        for seed, node in zip(self._config.seeds, self.nodes(training), strict=True):
            curves = self.study.open(node).table("curves")
            found[seed] = float(curves[curves["split"] == SELECTION][OBJECTIVE].iloc[-1])
        return found

    def at_epoch(self, training: NetworkRecipe, epoch: int) -> dict[str, Any]:
        """Describe a stored training, in JSON's types: mean, SD and the value of each seed."""
        values = self.values(training)
        every = np.array([*values.values()])
        sd = float(every.std(ddof=1)) if every.size > 1 else None
        return {
            "epoch": int(epoch), OBJECTIVE: float(every.mean()), f"{OBJECTIVE}_sd": sd,
            "seeds": {str(seed): {OBJECTIVE: value} for seed, value in values.items()},
        }  # fmt: skip

    def undefined(self, training: NetworkRecipe, epoch: int) -> str:
        """A stored training always has a value: one that diverged is none."""
        return ""

    def metrics(self, part: str, attempt: Attempt) -> pd.DataFrame:
        """Return a trial's points in MLflow: the mean, its SD, and each seed's value."""
        known = attempt.measures
        if known.get(OBJECTIVE) is None:
            return pd.DataFrame(columns=list(METRIC_COLUMNS))
        step = int(known["epoch"])
        rows = [(OBJECTIVE, known[OBJECTIVE], step)]
        if known[f"{OBJECTIVE}_sd"] is not None:
            rows.append((f"{OBJECTIVE}_sd", known[f"{OBJECTIVE}_sd"], step))
        for seed, values in known["seeds"].items():
            rows.append((f"{OBJECTIVE}/seed_{seed}", values[OBJECTIVE], step))
        return pd.DataFrame(rows, columns=list(METRIC_COLUMNS))
