"""hybridrep.running.work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from hybridrep.execution.progress import progress_for
from hybridrep.execution.schedule import Outcome
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.execution.workers import Workers
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.inputs import Inputs

GROUP = 5
"""Seeds that are trained as one stack and finished together."""


def groups(seeds: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Cut seeds into groups of at most `GROUP`."""
    for start in range(0, len(seeds), GROUP):
        yield tuple(seeds[start : start + GROUP])


def compute(
    inputs: Inputs,
    store: Store,
    found: Sequence[Task],
    on_stored: Callable[[frozenset[str]], None] | None = None,
    workers: Workers | None = None,
) -> Outcome:
    """Run tasks where the configuration says: processes of this machine or a cluster.

    Args:
        workers: as from `open_workers`, where several batches share them; None: for this call.
    """
    with ExitStack() as stack:
        mine = workers if workers is not None else stack.enter_context(open_workers(inputs.config))
        progress = stack.enter_context(progress_for())
        return run_tasks(found, store, workers=mine, progress=progress, on_stored=on_stored)


def open_workers(config: Config) -> Workers:
    """Return the workers that a configuration asks for, to be used as a context."""
    return Workers(config.workers, config.cluster)


def warm_up(workers: Workers, tasks: Sequence[Task], store: Store) -> None:
    """Let workers import what a study needs, in the background, if anything is to be computed."""
    if any(not store.has(key) for task in tasks for key in task.produces):
        names = [
            "hybridrep.studies.hybrid.task_specific.training",
            "hybridrep.transforms.stacked",
            "hybridrep.studies.hybrid.transfer.stacked",
        ]
        workers.warm_up((__name__, *names, "hybridrep.sources.encoders._model"))
