"""The fast sides on all cores, as the package runs its tasks: a process a core, one thread each."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import torch

from benchmarks.harness import Timed


def on_all_cores(work: Callable[[Sequence[int]], Timed], seeds: int) -> Timed:
    """Share seeds among the workers, which start together and count as long as the slowest.

    Args:
        work: a function of a module, given its share of the seeds.
        seeds: how many.

    Returns:
        The longest of the workers' times and all their results; that with seed 0 is first.
    """
    cores = _cores()
    shares = [tuple(range(worker, seeds, cores)) for worker in range(min(cores, seeds))]
    done = list(_pool().map(work, shares))
    return Timed(max(each.seconds for each in done), [each.result for each in done])


@cache
def _pool() -> ProcessPoolExecutor:
    """Workers that stay, so that they make their data only once."""
    return ProcessPoolExecutor(
        _cores(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=torch.set_num_threads,
        initargs=(1,),
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0))
