"""The data's way through a study: which tasks make a seed's results, in which order.

    corpora -> embed ----------+-> autoencode -> rsa
            -> lstm -----------+              -> transfer

Seeds are worked through in groups, so that the first seeds are finished while later ones wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from hybridrep.config import Config
from hybridrep.execution.progress import progress_for
from hybridrep.execution.schedule import Outcome
from hybridrep.execution.scheduler import run_tasks
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.execution.workers import Workers
from hybridrep.stages import (
    autoencode,
    embed,
    inference,
    linear_baseline,
    lstm,
    pictures,
    rsa,
    transfer,
)
from hybridrep.stages.inputs import Inputs

STAGES = ("embed", "lstm", "autoencode", "rsa", "transfer")
"""The stages that compute something, as the entry points are named."""

GROUP = 5
"""Seeds that are trained as one stack and finished together."""

_UPSTREAM = {
    "embed": {"embed"},
    "lstm": {"lstm"},
    "autoencode": {"embed", "lstm", "autoencode"},
    "rsa": {"embed", "lstm", "autoencode", "rsa"},
    "transfer": {"embed", "lstm", "autoencode", "transfer"},
}


def groups(seeds: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Cut seeds into groups of at most `GROUP`."""
    for start in range(0, len(seeds), GROUP):
        yield tuple(seeds[start : start + GROUP])


def tasks(inputs: Inputs, store: Store, stage: str = "") -> list[Task]:
    """Return the tasks of a study, or those that one stage needs, in the order of priority.

    Args:
        stage: one of `STAGES`; empty: all of them.
    """
    wanted = _UPSTREAM[stage] if stage else set(STAGES)
    found: list[Task] = []
    if "embed" in wanted:
        found += embed.tasks(inputs, store)
    for seeds in groups(inputs.config.seeds):
        if "lstm" in wanted:
            found += [task for seed in seeds for task in lstm.tasks(inputs, seed)]
        if "autoencode" in wanted:
            found += autoencode.tasks(inputs, store, seeds)
            found += linear_baseline.tasks(inputs, store, seeds)
        if "rsa" in wanted:
            found += rsa.tasks(inputs, store, seeds)
            found += pictures.tasks(inputs, store, seeds)
            found += inference.tasks(inputs, store, seeds)
        if "transfer" in wanted:
            found += transfer.tasks(inputs, store, seeds)
    return found


def seed_keys(inputs: Inputs, store: Store, seed: int) -> dict[str, str]:
    """Return the keys of everything that a complete seed consists of, by a readable name."""
    keys = {"lstm": lstm.network_key(inputs, seed), "task_specific": lstm.vectors_key(inputs, seed)}
    keys["linear_baseline"] = linear_baseline.key(inputs, store, seed)
    for variant in autoencode.variants(inputs):
        name = f"{variant.direction}/b{variant.bottleneck}"
        keys[f"autoencoder/{name}"] = autoencode.key(inputs, store, variant, seed)
        keys[f"rsa/{name}"] = rsa.key(inputs, store, variant, seed)
        keys[f"pictures/{name}"] = pictures.key(inputs, store, variant, seed)
        keys[f"inference/{name}"] = inference.key(inputs, store, variant, seed)
    for bottleneck in (0, *inputs.config.bottlenecks):
        keys[f"transfer/b{bottleneck}"] = transfer.key(inputs, store, bottleneck, seed)
    return keys


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
        models = ("lstm_training", "stacked_autoencoder", "stacked_classifier")
        names = [f"hybridrep.models.{each}" for each in models]
        workers.warm_up((__name__, *names, "hybridrep.corpora._encoder_model"))
