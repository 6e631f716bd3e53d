"""How time and memory grow with seeds, tweets and bottleneck sizes: `python -m benchmarks scale`.

Every point is a process of its own on one thread, so its peak of memory is its own. One axis is
varied at a time, from the point in `CENTRE`. Made-up data, and so few epochs that the largest point
takes about a minute: time per epoch is what counts. The exponent of an axis is the slope of the
logarithms by least squares: 1 where doubling the axis doubles the time. What a process takes before
it has any data (Python, PyTorch) is measured too and subtracted from its memory, else a floor of
some hundred megabytes would hide the growth.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.harness import read_entries, watched, write_entries

AXES = {
    "seeds": (5, 25, 100),
    "items": (2_000, 16_000, 100_000),
    "bottleneck": (32, 64, 128, 256),
}
"""What is varied; the sizes of the paper and beyond."""

CENTRE = {"seeds": 5, "items": 2_000, "bottleneck": 32}

STAGES = {
    "autoencode": ("seeds", "items", "bottleneck"),
    "rsa": ("seeds", "bottleneck"),
    "transfer": ("seeds", "items"),
    "lstm": ("items",),
}
"""What is measured, and the axes that it depends on; LSTMs train seed by seed."""

INPUTS, OUTPUTS, ITEMS_OF_RSA = 768, 300, 300


@dataclass(frozen=True)
class Point:
    """One measurement: of a stage at some sizes; without a stage, of a process with no data."""

    stage: str
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class Measured:
    """Seconds of the work, peak of memory of the whole process in MB, cores that others used."""

    seconds: float
    megabytes: float
    others: float


def points(stages: Sequence[str] = tuple(STAGES)) -> list[Point]:
    """Return every distinct point of some stages, the cheap ones first."""
    found = {
        (stage, tuple((CENTRE | {axis: value}).items())): None
        for stage in stages for axis in STAGES[stage] for value in AXES[axis]
    }  # fmt: skip
    made = [Point(stage, dict(sizes)) for stage, sizes in found]
    return sorted(made, key=lambda point: math.prod(point.sizes.values()))


def exponent(values: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of log cost on log value; NaN with fewer than two points above zero.

    Examples:
        >>> round(exponent([1, 10, 100], [3, 30, 300]), 3)
        1.0
    """
    pairs = [(value, cost) for value, cost in zip(values, costs, strict=True) if cost > 0]
    if len({value for value, _ in pairs}) < 2:
        return math.nan
    logs = np.log(np.array(pairs, dtype=np.float64))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def measure_apart(point: Point) -> Measured:
    """Measure a point in a process of its own."""
    given = json.dumps([point.stage, dict(point.sizes)])
    with watched() as others:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale", given],
            cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise RuntimeError(f"{point.stage} at {dict(point.sizes)}: {last}")
    seconds, megabytes = json.loads(done.stdout)
    return Measured(seconds, megabytes, others[0])


def run_scale(
    path: Path, console: Console, stages: Sequence[str] = tuple(STAGES),
    measure: Callable[[Point], Measured] = measure_apart,
) -> list[dict[str, Any]]:  # fmt: skip
    """Measure all points, each written to the file at `path` as it ends; print the table."""
    empty = measure(Point("", {}))
    rows: list[dict[str, Any]] = []
    for point in points(stages):
        console.print(f"{point.stage} {dict(point.sizes)} ...", style="dim")
        try:
            found: dict[str, Any] = asdict(measure(point))
            found["megabytes"] = max(0.0, found["megabytes"] - empty.megabytes)
        except RuntimeError as error:  # too large for this machine: the others still count
            found = {"failed": str(error)}
            console.print(str(error), style="red")
        rows.append({"stage": point.stage, **point.sizes, **found})
        entries = read_entries(path)
        entries["scale"] = {
            "points": rows, "exponents": exponents(rows), "empty_megabytes": empty.megabytes,
        }  # fmt: skip
        write_entries(path, entries)
    console.print(table(rows))
    return rows


def exponents(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return stage, axis, and the exponents of time and memory along it."""
    found = []
    for stage, axis in ((stage, axis) for stage, axes in STAGES.items() for axis in axes):
        along = _along(rows, stage, axis)
        if len(along) > 1:
            values = [row[axis] for row in along]
            slopes = {
                f"{cost}_exponent": exponent(values, [row[cost] for row in along])
                for cost in ("seconds", "megabytes")
            }
            found.append({"stage": stage, "axis": axis} | slopes)
    return found


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the points of every axis and its exponents as a table."""
    shown = Table(
        "stage", "axis", "seconds", "exponent", "MB", "exponent", title="one axis at a time"
    )
    for slopes in exponents(rows):
        along = _along(rows, slopes["stage"], slopes["axis"])
        cells = [
            ", ".join(f"{row[slopes['axis']]:,}: {row[cost]:.3g}" for row in along)
            for cost in ("seconds", "megabytes")
        ]
        shown.add_row(
            slopes["stage"], slopes["axis"], cells[0], f"{slopes['seconds_exponent']:.2f}",
            cells[1], f"{slopes['megabytes_exponent']:.2f}",
        )  # fmt: skip
    return shown


def _along(rows: Sequence[Mapping[str, Any]], stage: str, axis: str) -> list[Mapping[str, Any]]:
    """Return a stage's rows that differ from the centre along an axis alone, by its values."""
    return sorted(
        (
            row for row in rows
            if row["stage"] == stage and "failed" not in row
            and all(row[name] == value for name, value in CENTRE.items() if name != axis)
        ),
        key=lambda row: row[axis],
    )  # fmt: skip


def _autoencode(seeds: int, items: int, bottleneck: int) -> Callable[[], Any]:
    """One epoch of autoencoders on inputs that all seeds share."""
    import torch

    from hybridrep.transforms.autoencoder import AutoencoderConfig, ModelData
    from hybridrep.transforms.stacked import train_autoencoders

    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((items, INPUTS), dtype=np.float32)
    models = [
        ModelData(
            inputs=inputs, targets=rng.standard_normal((items, OUTPUTS), dtype=np.float32),
            train=np.arange(items - 64), test=np.arange(items - 64, items),
            init=torch.Generator().manual_seed(seed), order=np.random.default_rng(seed),
        )
        for seed in range(seeds)
    ]  # fmt: skip
    config = AutoencoderConfig(INPUTS, OUTPUTS, bottleneck, epochs=1)
    return lambda: train_autoencoders(config, models)


def _rsa(seeds: int, items: int, bottleneck: int) -> Callable[[], Any]:
    """All six correlations of an epoch, 300 items a seed."""
    from hybridrep.studies.hybrid.pairs import fix_sides

    rng = np.random.default_rng(0)
    sides = [
        rng.standard_normal((seeds, ITEMS_OF_RSA, size), dtype=np.float32)
        for size in (INPUTS, OUTPUTS, bottleneck, OUTPUTS)
    ]
    return lambda: fix_sides(sides[0], sides[1]).pairs(sides[2], sides[3])


def _transfer(seeds: int, items: int, bottleneck: int) -> Callable[[], Any]:
    """One epoch of a classifier of the encoder's vectors a seed, which all seeds share."""
    import torch

    from hybridrep.studies.hybrid.transfer.classifier import ClassifierConfig
    from hybridrep.studies.hybrid.transfer.stacked import ClassifierData, train_classifiers

    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((items, INPUTS), dtype=np.float32)
    labels, rows = rng.integers(0, 2, items), np.arange(items)
    held_out = items // 5
    models = [
        ClassifierData(
            vectors, labels, rows[held_out:], rows[:held_out], torch.Generator().manual_seed(seed),
            np.random.default_rng(seed),
        )
        for seed in range(seeds)
    ]  # fmt: skip
    return lambda: train_classifiers(ClassifierConfig(epochs=1), models)


def _lstm(seeds: int, items: int, bottleneck: int) -> Callable[[], Any]:
    """The task-specific vectors of tweets of about 20 words, by an LSTM that is not trained."""
    import torch

    from hybridrep.sources.words.tokens import TokenBatch
    from hybridrep.studies.hybrid.task_specific.lstm import LSTMConfig, TaskLSTM, state_arrays
    from hybridrep.studies.hybrid.task_specific.training import extract_hidden

    rng = np.random.default_rng(0)
    steps, words = 66, 15_000
    lengths = np.clip(rng.poisson(20, items), 1, steps)
    ids = rng.integers(2, words, (items, steps))
    ids[np.arange(steps) < steps - lengths[:, None]] = 0
    lookup = rng.standard_normal((words, OUTPUTS), dtype=np.float32)
    config = LSTMConfig(OUTPUTS, steps, 6, OUTPUTS)
    state = state_arrays(TaskLSTM(config, lookup, torch.Generator().manual_seed(0)))
    return lambda: extract_hidden(config, state, lookup, TokenBatch(ids, lengths))


_WORK = {"autoencode": _autoencode, "rsa": _rsa, "transfer": _transfer, "lstm": _lstm}


def main(given: str) -> None:
    """Measure the point that is given as JSON; print seconds and peak megabytes."""
    import resource

    import torch

    torch.set_num_threads(1)
    stage, sizes = json.loads(given)
    seconds = 0.0
    if stage:
        work = _WORK[stage](**sizes)
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, but bytes on macOS
    scale = 2**20 if sys.platform == "darwin" else 2**10
    print(json.dumps([seconds, peak / scale]))


if __name__ == "__main__":
    main(sys.argv[1])
