"""One thread a task, so that results do not depend on how many workers share the machine.

Numeric libraries read it from the environment, on loading, or are told.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import threadpoolctl

_VARIABLES = {
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip


@contextmanager
def single_thread() -> Iterator[None]:
    """Compute with one thread inside, in every numeric library, loaded already or only inside.

    Sums over several threads are rounded in another order than over one. PyTorch, where it is
    loaded already, gets its own number of threads back at the end.
    """
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 0
    with single_thread_environment(), threadpoolctl.threadpool_limits(1):
        if torch is not None:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)


@contextmanager
def single_thread_environment() -> Iterator[None]:
    """Set the environment that numeric libraries, also of child processes, read on loading."""
    with environment(_VARIABLES):
        yield


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, for child processes too, and bring the former ones back."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
