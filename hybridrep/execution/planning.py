"""What running some tasks would do and how long it would take, without running them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import pandas as pd

from hybridrep.execution.local import worker_count
from hybridrep.execution.schedule import Schedule
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task

COLUMNS = ["stage", "noun", "units", "units_reused", "tasks", "tasks_to_run", "seconds", "basis"]


def plan(tasks: Sequence[Task], store: Store) -> pd.DataFrame:
    """Return one row per stage, in the order of the tasks, on what would run.

    Columns: stage; noun; units and units_reused (what is stored already); tasks and
    tasks_to_run; seconds (estimate for the rest, on one core); basis (`measured`: the tasks'
    estimates corrected by the times of finished results of that stage in the store, or these
    times alone where a task has no estimate; `estimated`: the tasks' estimates alone).
    """
    schedule = Schedule(tasks, store.has)
    history = _History(store)
    records = []
    for task in tasks:
        missing = len(schedule.missing(task))
        reused = (len(task.produces) - missing) * task.units_per_key
        seconds = history.seconds(task, missing)
        basis = "measured" if history.knows(task) else "estimated"
        work = (task.units, reused, 1, int(missing > 0), seconds)
        records.append((task.stage, task.noun, *work, basis))
    table = pd.DataFrame(records, columns=COLUMNS)
    kept, summed = ["noun", "basis"], COLUMNS[2:7]
    how = {**dict.fromkeys(kept, "first"), **dict.fromkeys(summed, "sum")}
    return table.groupby("stage", sort=False, as_index=False).agg(how)[COLUMNS]


def wall_seconds(tasks: Sequence[Task], store: Store, workers: int) -> float:
    """Return how long the missing results would take on so many workers (0 = one per core).

    Plays the run through with the estimates of `plan`: tasks wait for what they need, and the
    first in the list goes first. Start-up of the workers is not in it.
    """
    schedule = Schedule(tasks, store.has)
    history = _History(store)
    free = worker_count(workers)
    now = 0.0
    running: list[tuple[float, int]] = []
    place = {task.label: number for number, task in enumerate(schedule.tasks)}
    while True:
        for task in list(schedule.ready())[:free]:
            schedule.start(task)
            free -= 1
            end = now + history.seconds(task, len(schedule.missing(task)))
            heapq.heappush(running, (end, place[task.label]))
        if not running:
            return now
        now, number = heapq.heappop(running)
        free += 1
        schedule.add(schedule.tasks[number].produces)
        schedule.finish(schedule.tasks[number])


class _History:
    """How long finished results of each stage took, alone and against their estimates."""

    def __init__(self, store: Store) -> None:
        entries = store.entries()
        self._seconds = entries.groupby("stage")["seconds"].median().to_dict()
        known = entries[entries["expected_seconds"] > 0]
        ratio = known["seconds"] / known["expected_seconds"]
        self._ratio = ratio.groupby(known["stage"]).median().to_dict()

    def knows(self, task: Task) -> bool:
        """Tell whether finished results bear on the estimate."""
        return task.stage in (self._ratio if task.seconds > 0 else self._seconds)

    def seconds(self, task: Task, results: int) -> float:
        """Return the estimate for so many results of a task."""
        if task.seconds > 0:
            return float(results * task.seconds_per_key * self._ratio.get(task.stage, 1.0))
        return float(results * self._seconds.get(task.stage, 0.0))
