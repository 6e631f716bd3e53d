"""What is to be computed, and where: tasks of a study, run on this machine or a cluster.

Seeds are worked through in groups, so that the first seeds are finished while later ones wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from hybridrep.execution.devices import process_count
from hybridrep.execution.progress import Progress, progress_for
from hybridrep.execution.schedule import Outcome
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.execution.workers import Workers
from hybridrep.parameters import Parameters, device_of
from hybridrep.running.stage import Node, tasks_of
from hybridrep.running.study import Prepared, Study

GROUP = 5
"""Seeds that are trained as one stack and finished together."""


def groups(seeds: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Cut seeds into groups of at most `GROUP`."""
    for start in range(0, len(seeds), GROUP):
        yield tuple(seeds[start : start + GROUP])


def study_tasks(study: Study, prepared: Prepared[Any], stage: str = "") -> list[Task]:
    """Return the tasks of a study, or of one entry point of it, in the order of priority.

    A result that belongs to several seeds is made once, where it comes first.
    """
    batches: list[list[Node]] = [list(study.shared(prepared))]
    known = {node.key for node in batches[0]}
    for seeds in groups(prepared.config.seeds):
        every = (node for seed in seeds for node in study.of_seed(prepared, seed))
        batches.append([node for node in every if node.key not in known])
        known.update(node.key for node in batches[-1])
    tasks = [task for nodes in batches for task in tasks_of(_stage_by_stage(nodes))]
    if not stage:
        return tasks
    wanted = {n.key for nodes in batches for n in nodes if n.stage.part_of == stage}
    return needed_tasks(tasks, wanted)


def _stage_by_stage(nodes: Sequence[Node]) -> list[Node]:
    """Order nodes by their stages, as these first appear."""
    order = {name: place for place, name in enumerate(dict.fromkeys(n.stage.name for n in nodes))}
    return sorted(nodes, key=lambda node: order[node.stage.name])


def needed_tasks(tasks: Sequence[Task], wanted: Iterable[str]) -> list[Task]:
    """Return the tasks that make some results, and before them those that make what these need."""
    needed = set(wanted)
    kept = []
    for task in reversed(tasks):  # what is needed by what is needed comes last
        if needed.intersection(task.produces):
            needed.update(task.needs)
            kept.append(task)
    return kept[::-1]


def compute(
    config: Parameters, store: Store, tasks: Sequence[Task],
    on_stored: Callable[[frozenset[str]], None] | None = None, workers: Workers | None = None,
    progress: Progress | None = None,
) -> Outcome:  # fmt: skip
    """Run tasks where the configuration says: processes of this machine or a cluster.

    `on_stored` is told what is stored as it grows; several batches can share open `workers` and
    one open `progress`.
    """
    with ExitStack() as stack:
        mine = workers if workers is not None else stack.enter_context(open_workers(config))
        shown = progress if progress is not None else stack.enter_context(progress_for())
        return run_tasks(tasks, store, workers=mine, progress=shown, on_stored=on_stored)


def open_workers(config: Parameters) -> Workers:
    """Return the workers that a configuration asks for, to be used as a context."""
    return Workers(processes(config), config.cluster)


def processes(config: Parameters) -> int:
    """Return how many processes of this machine compute, 0: one for each core."""
    return process_count(device_of(config), config.workers)


def warm_up(
    workers: Workers, modules: tuple[str, ...], tasks: Sequence[Task], store: Store
) -> None:
    """Let workers import what tasks need, in the background, if anything is to be computed."""
    if any(not store.has(key) for task in tasks for key in task.produces):
        workers.warm_up(modules)


def missing_tasks(batches: Sequence[Sequence[Node]], store: Store) -> list[Task]:
    """Return the tasks of nodes that are not stored, and before them all that these lack.

    Those of one batch may train as one stack. The longest come first: what is short fills the
    cores while the last of them end.
    """
    tasks = [
        task
        for nodes in batches
        for task in tasks_of(nodes)
        if not all(map(store.has, task.produces))
    ]
    last = {key for task in tasks for key in task.produces}
    before: dict[str, Node] = {}
    wanted = (node for nodes in batches for node in nodes if node.key in last)
    waiting = [need for node in wanted for need in node.needed_nodes]
    while waiting:
        node = waiting.pop()
        if node.key not in last and node.key not in before and not store.has(node.key):
            before[node.key] = node
            waiting.extend(node.needed_nodes)
    longest_first = sorted(tasks, key=lambda task: -task.seconds)
    return [*tasks_of([*before.values()][::-1]), *longest_first]
