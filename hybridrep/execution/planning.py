"""What running some tasks would do and how long it would take, without running them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from functools import cached_property
from itertools import count, islice

import numpy as np
import pandas as pd

from hybridrep.execution.local import worker_count
from hybridrep.execution.schedule import Schedule
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task

ALIKE = 1.25
"""Estimates that are no further apart than this factor are of things of one kind."""

COLUMNS = ["stage", "noun", "units", "units_reused", "tasks", "tasks_to_run", "seconds", "basis"]


def plan(tasks: Sequence[Task], store: Store) -> pd.DataFrame:
    """Return one row per stage, in the order of the tasks, on what would run.

    Columns: stage; noun; units and units_reused (what is stored already); tasks and
    tasks_to_run; seconds (estimate for the rest, on one core); basis (`measured`: the tasks'
    estimates corrected by the times of finished results of their kind in the store, or the
    stage's times alone where a task has no estimate; `estimated`: the tasks' estimates alone).
    """
    history = History(store)
    schedule = Schedule(tasks, store.has, history.seconds)
    records = []
    for task in tasks:
        missing = len(schedule.missing(task))
        reused = (len(task.produces) - missing) * task.units_per_key
        seconds = schedule.seconds(task)
        basis = "measured" if history.knows(task) else "estimated"
        work = (task.units, reused, 1, int(missing > 0), seconds)
        records.append((task.stage, task.noun, *work, basis))
    table = pd.DataFrame(records, columns=COLUMNS)
    kept, summed = ["noun", "basis"], COLUMNS[2:7]
    how = {**dict.fromkeys(kept, "first"), **dict.fromkeys(summed, "sum")}
    return table.groupby("stage", sort=False, as_index=False).agg(how)[COLUMNS]


def wall_seconds(tasks: Sequence[Task], store: Store, workers: int) -> float:
    """Return how long the missing results would take on so many workers (0 = one per core).

    Plays the run through with the estimates of `plan`, as `Schedule.offers` lets tasks start.
    Start-up of the workers is not in it.
    """
    schedule = Schedule(tasks, store.has, History(store).seconds)
    slots = worker_count(workers)
    now = 0.0
    running: list[tuple[float, int, Task]] = []
    number = count()
    while True:
        left = sum(end - now for end, _, _ in running)
        for task in islice(schedule.offers(slots, left), slots - len(running)):
            schedule.start(task)
            heapq.heappush(running, (now + schedule.seconds(task), next(number), task))
        if not running:
            return now
        now, _, task = heapq.heappop(running)
        schedule.add(task.produces)
        schedule.finish(task)


class History:
    """How long finished results of each stage took, alone and against their estimates."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ratios: dict[tuple[str, float], float] = {}

    @cached_property
    def _entries(self) -> pd.DataFrame:
        return self._store.entries()

    @cached_property
    def _seconds(self) -> dict[str, float]:
        medians = self._entries.groupby("stage")["seconds"].median()
        return {str(stage): float(seconds) for stage, seconds in medians.items()}

    @cached_property
    def _measured(self) -> dict[str, pd.DataFrame]:
        """The finished results with an estimate, by stage."""
        known = self._entries[self._entries["expected_seconds"] > 0]
        return {str(stage): some for stage, some in known.groupby("stage")}

    def knows(self, task: Task) -> bool:
        """Tell whether finished results bear on the estimate."""
        return task.stage in (self._measured if task.seconds > 0 else self._seconds)

    def seconds(self, task: Task, results: int) -> float:
        """Return the estimate for so many results of a task."""
        if task.seconds > 0:
            return float(results * task.seconds_per_key * self._ratio(task))
        return float(results * self._seconds.get(task.stage, 0.0))

    def _ratio(self, task: Task) -> float:
        """Return how many times its estimate a task takes: the median of results of its kind.

        A stage may make several kinds of things (each fusion is one), which are off by other
        ratios. Those count whose estimates are the nearest to the task's, up to `ALIKE` times as
        far as the nearest of all.
        """
        asked = (task.stage, task.seconds_per_key)
        if asked not in self._ratios:
            known = self._measured.get(task.stage)
            self._ratios[asked] = 1.0 if known is None else _ratio_at(known, task.seconds_per_key)
        return self._ratios[asked]


def _ratio_at(known: pd.DataFrame, seconds: float) -> float:
    expected = known["expected_seconds"]
    apart = np.abs(np.log(expected / seconds))
    alike = apart <= apart.min() + math.log(ALIKE)
    return float((known["seconds"] / expected)[alike].median())
