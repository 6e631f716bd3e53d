"""Tasks for the tests of `hybridrep.execution`; importable, as worker processes need them."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from hybridrep.errors import CorpusError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task


def key(name: str) -> str:
    return content_key({"name": name})


def task(
    name: str,
    function: Any = None,
    needs: tuple[str, ...] = (),
    produces: tuple[str, ...] = (),
    payload: Any = None,
    **more: Any,
) -> Task:
    """A task `name` that stores `name` (or `produces`) after the results named in `needs`."""
    return Task(
        stage=more.pop("stage", "stage"),
        label=name,
        produces=tuple(key(n) for n in (produces or (name,))),
        needs=tuple(key(n) for n in needs),
        function=function or put,
        payload=payload,
        **more,
    )


def write(store: Store, which: str, value: Any = 0.0, seconds: float = 1.0) -> None:
    arrays = {"a": {"value": np.asarray(value)}}
    store.write(which, stage="stage", inputs={}, arrays=arrays, seconds=seconds)


def value(store: Store, name: str) -> np.ndarray:
    return store.open(key(name)).arrays("a")["value"]


def put(store: Store, payload: Any, missing: tuple[str, ...]) -> None:
    for which in missing:
        write(store, which, float(payload or 0))


def note(store: Store, folder: Path, missing: tuple[str, ...]) -> None:
    """Leave a trace of every call: a file for each, with the process's number."""
    for which in missing:
        mark = folder / f"{which[:12]}-{time.time_ns()}"
        mark.write_text(str(os.getpid()))
        write(store, which)


def add_needs(store: Store, needs: tuple[str, ...], missing: tuple[str, ...]) -> None:
    total = sum(float(store.open(k).arrays("a")["value"]) for k in needs)
    write(store, missing[0], total + 1)


def fail(_store: Store, _payload: Any, _missing: tuple[str, ...]) -> None:
    raise ZeroDivisionError("on purpose")


def fail_politely(_store: Store, _payload: Any, _missing: tuple[str, ...]) -> None:
    raise CorpusError("the corpus is empty: give another")


def fail_after_one(store: Store, _payload: Any, missing: tuple[str, ...]) -> None:
    write(store, missing[0])
    raise RuntimeError("after one")


def forget(_store: Store, _payload: Any, _missing: tuple[str, ...]) -> None:
    """Store nothing."""


def die_once(store: Store, marker: Path, missing: tuple[str, ...]) -> None:
    """Store the first result and be killed; the second time, go on with the rest."""
    calls = marker.with_suffix(".calls")
    with calls.open("a") as file:
        file.write(f"{len(missing)}\n")
    if not marker.exists():
        marker.touch()
        write(store, missing[0])
        os.kill(os.getpid(), signal.SIGKILL)
    for which in missing:
        write(store, which)


def die(_store: Store, _payload: Any, _missing: tuple[str, ...]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(store: Store, payload: tuple[Path, float], missing: tuple[str, ...]) -> None:
    """Say which process this is, then take a while."""
    folder, seconds = payload
    (folder / f"{os.getpid()}.pid").touch()
    time.sleep(seconds)
    put(store, None, missing)


def threads_and_sum(store: Store, _payload: Any, missing: tuple[str, ...]) -> None:
    """Store the number of threads and a product whose rounding depends on it."""
    import torch

    generator = np.random.default_rng(0)
    left = torch.from_numpy(generator.normal(size=(64, 20_000)).astype(np.float32))
    right = torch.from_numpy(generator.normal(size=(20_000, 64)).astype(np.float32))
    product = (left @ right).numpy()
    sums = np.array([torch.get_num_threads(), float(left.flatten().sum())])
    write(store, missing[0], np.concatenate([sums, product.ravel().astype(np.float64)]))
