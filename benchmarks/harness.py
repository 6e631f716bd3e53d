"""Runs the plain and the fast side of a part in turn and compares them with the machine's floor.

The floor is the time that the fast side would take if the machine did nothing but its arithmetic
at the measured rate of a large float32 matrix product, or moved nothing but its bytes at the
measured bandwidth of a large copy, whichever takes longer; both measured with as many threads as
the fast side has.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Timed:
    """What a side returns when only a part of its work should count.

    Attributes:
        seconds: the time that counts.
        result: what the side computed.
    """

    seconds: float
    result: Any = None


@dataclass(frozen=True)
class Part:
    """One part of the simulation, done as a plain user would and as this package does.

    Attributes:
        name: key in `latest.json`.
        plain: does the work plainly; its call is timed, unless it returns `Timed`.
        fast: does the same work on the same data as the package does.
        flops: floating-point operations of the fast side.
        bytes: bytes that the fast side must move between memory and processor.
        sizes: what was run, for people and for `latest.json`; says so where the plain side did
            less.
        check: takes both results once, before anything is timed, and raises if they differ by
            more than they may. What it returns is printed.
        plain_share: share of the fast side's work that the plain side does; its time is
            divided by it.
        plain_threads: threads of the plain side; 0: one or PyTorch's default number, whichever
            is quicker in the warm-up (small layers lose by a second thread, more so when the
            machine is not idle).
        fast_threads: threads of the fast side; 0 leaves PyTorch's default.
    """

    name: str
    plain: Callable[[], Any]
    fast: Callable[[], Any]
    flops: float
    bytes: float
    sizes: Mapping[str, Any]
    check: Callable[[Any, Any], Any] | None = None
    plain_share: float = 1.0
    plain_threads: int = 0
    fast_threads: int = 0


@dataclass(frozen=True)
class Machine:
    """The machine as measured just before the parts.

    Attributes:
        cores: that this process may use.
        threads: with which the two rates were measured.
        gflops: float32 matrix product, 10^9 operations a second.
        gigabytes: read and written by a copy of 256 MB, 10^9 bytes a second.
        load: the system's load average over the last minute, before the parts.
    """

    processor: str
    cores: int
    threads: int
    gflops: float
    gigabytes: float
    load: float
    versions: dict[str, str]

    @classmethod
    def measure(cls, threads: int) -> Machine:
        """Measure the rate of matrix products and of copies with some threads."""
        size = 1536
        first, second = torch.rand(size, size), torch.rand(size, size)
        product = torch.empty(size, size)
        source = torch.zeros(2**26).fill_(1.0)
        target = torch.zeros(2**26).fill_(2.0)
        with _threads(threads):
            rate = 2 * size**3 / _best(lambda: torch.mm(first, second, out=product))
            bandwidth = 2 * source.nbytes / _best(lambda: target.copy_(source))
        return cls(
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)),
            threads=threads,
            gflops=rate / 1e9,
            gigabytes=bandwidth / 1e9,
            load=os.getloadavg()[0],
            versions={"python": platform.python_version(), "torch": str(torch.__version__)},
        )


@dataclass(frozen=True)
class Result:
    """Medians over the rounds; `ratio` is the median of the rounds' own ratios.

    `agreement` is what the part's check said of the two sides' results.
    """

    plain_s: float
    fast_s: float
    floor_s: float
    ratio: float
    sizes: dict[str, Any]
    machine: dict[str, Any]
    rounds: int
    bound_by: str
    plain_threads: int
    agreement: str = ""
    ratios: list[float] = field(default_factory=list)


def measure(part: Part, machine: Machine, rounds: int) -> Result:
    """Warm both sides up, check them against each other, and time them in turn.

    Args:
        part: what to measure.
        machine: measured with the threads of the part's fast side.
        rounds: how many times each side is timed.

    Raises:
        Exception: whatever the check raises when the two sides differ.
    """
    tried = [part.plain_threads] if part.plain_threads else sorted({1, torch.get_num_threads()})
    warmed_up = {threads: _once(part.plain, threads) for threads in tried}
    threads, plain = min(warmed_up.items(), key=lambda item: item[1].seconds)
    fast = _once(part.fast, part.fast_threads)
    agreement = part.check(plain.result, fast.result) if part.check else ""
    del warmed_up, plain, fast
    pairs = []
    for _ in range(rounds):
        slow = _once(part.plain, threads).seconds / part.plain_share
        pairs.append((slow, _once(part.fast, part.fast_threads).seconds))
    arithmetic = part.flops / (machine.gflops * 1e9)
    traffic = part.bytes / (machine.gigabytes * 1e9)
    ratios = [slow / quick for slow, quick in pairs]
    return Result(
        plain_s=statistics.median(slow for slow, _ in pairs),
        fast_s=statistics.median(quick for _, quick in pairs),
        floor_s=max(arithmetic, traffic),
        ratio=statistics.median(ratios),
        sizes=dict(part.sizes),
        machine=asdict(machine),
        rounds=rounds,
        plain_threads=threads,
        bound_by="arithmetic" if arithmetic >= traffic else "memory",
        agreement=str(agreement),
        ratios=ratios,
    )


def run(
    parts: Iterable[Part], rounds: int, path: Path, console: Console
) -> dict[str, dict[str, Any]]:
    """Measure parts, print a row for each, and put them into the file at `path`.

    Entries of parts that were not run stay in the file as they are.
    """
    parts = list(parts)
    machines = {threads: Machine.measure(threads) for threads in sorted(set(map(_fast, parts)))}
    for machine in machines.values():
        console.print(
            f"{machine.processor}, {machine.threads} threads: {machine.gflops:.0f} GFLOP/s, "
            f"{machine.gigabytes:.0f} GB/s, load {machine.load:.1f}"
        )
    entries = _entries(path)
    table = Table("part", *_HEADINGS, title=f"medians of {rounds} rounds")
    for part in parts:
        console.print(f"{part.name} ...", style="dim")
        result = measure(part, machines[_fast(part)], rounds)
        table.add_row(part.name, *_row(result))
        entries[part.name] = asdict(result)
        _write(path, entries)
    console.print(table)
    return entries


_HEADINGS = ("plain s", "fast s", "ratio", "of rounds", "floor s", "fast / floor", "agreement")


def adam_bytes(parameters: int) -> float:
    """Return the bytes that a step of Adam must move for one model, in float32.

    Parameters and both moments are read and written; nothing where a core's share of a usual
    last-level cache holds them from one step to the next.
    """
    state = 3 * 4 * parameters
    return 2.0 * state if state > _CACHE else 0.0


_CACHE = 16 * 2**20


def _fast(part: Part) -> int:
    return part.fast_threads or torch.get_num_threads()


def _row(result: Result) -> tuple[str, ...]:
    return (
        f"{result.plain_s:.3g}",
        f"{result.fast_s:.3g}",
        f"{result.ratio:.1f}x",
        f"{min(result.ratios):.1f} to {max(result.ratios):.1f}",
        f"{result.floor_s:.3g} ({result.bound_by})",
        f"{result.fast_s / result.floor_s:.1f}" if result.floor_s else "-",
        result.agreement,
    )


def _once(side: Callable[[], Any], threads: int) -> Timed:
    """Run one side, timed."""
    with _threads(threads or torch.get_num_threads()):
        start = time.perf_counter()
        result = side()
        seconds = time.perf_counter() - start
    return result if isinstance(result, Timed) else Timed(seconds, result)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let PyTorch compute with a number of threads, and give it back its own."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _best(call: Callable[[], Any], repetitions: int = 7) -> float:
    """Return the shortest time of a call, after one to warm up."""
    call()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _entries(path: Path) -> dict[str, Any]:
    """Read the entries of earlier runs; a file that is not one of ours is started anew."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, entries: Mapping[str, Any]) -> None:
    """Replace the file at once, so that a killed run leaves the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(entries, file, indent=1, sort_keys=True)
            file.write("\n")
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
