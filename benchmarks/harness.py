"""Runs the plain and the fast side of a part in turn and compares them with the machine's floor.

A round times the plain side with each number of threads that it may have and the fast side, one
after the other, every second round in the opposite order: what slows the machine down slows both.
While a round ran, other processes may have used the cores: such a round is marked and left out, and
up to as many again are run in their place. Every round is written as it ends, so a killed run keeps
what it measured.

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

import psutil
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
class Agreement:
    """What a check says of both sides' results, and whether they agree."""

    said: str
    holds: bool = True


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
        check: takes both results once, before anything is timed. It judges in float64, where
            rounding decides nothing; in float32 it only reports. A part that differs is measured
            all the same, and the run ends with an error.
        plain_share: share of the fast side's work that the plain side does; its time is
            divided by it.
        plain_threads: threads of the plain side; 0: one and PyTorch's default number are both
            timed in every round, and the quicker by its median counts (small layers lose by a
            second thread).
        fast_threads: threads of the fast side; 0 leaves PyTorch's default.
    """

    name: str
    plain: Callable[[], Any]
    fast: Callable[[], Any]
    flops: float
    bytes: float
    sizes: Mapping[str, Any]
    check: Callable[[Any, Any], Agreement] | None = None
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
class Round:
    """One round: seconds of the plain side by its threads, of the fast side, and what disturbed it.

    Attributes:
        others: cores that other processes used while it ran, on average.
    """

    plain_s: dict[int, float]
    fast_s: float
    others: float

    @property
    def busy(self) -> bool:
        """Whether other processes used more than `BUSY` cores."""
        return self.others > BUSY


BUSY = 0.15
"""Cores of others above which a round does not count."""


@dataclass(frozen=True)
class Result:
    """Medians over the quiet rounds; `ratio` is the median of the rounds' own ratios.

    Attributes:
        rounds: how many count. Where no round was quiet all count, and `busy_rounds` is as many.
        busy_rounds: how many were marked as busy.
        others: cores that other processes used, round by round, busy ones too.
        agreement: what the part's check said of the two sides' results; `agrees`: whether they do.
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
    agrees: bool = True
    busy_rounds: int = 0
    ratios: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)


def measure(
    part: Part, machine: Machine, rounds: int, on_round: Callable[[Result], Any] = lambda _: None
) -> Result:
    """Warm both sides up, check them against each other, and time them in turn.

    Args:
        part: what to measure.
        machine: measured with the threads of the part's fast side.
        rounds: how many quiet rounds are wanted; at most twice as many are run.
        on_round: called after every round with the result so far.
    """
    tried = [part.plain_threads] if part.plain_threads else sorted({1, torch.get_num_threads()})
    plain, fast = _once(part.plain, tried[0]), _once(part.fast, part.fast_threads)
    agreement = part.check(plain.result, fast.result) if part.check else Agreement("")
    del plain, fast
    done: list[Round] = []
    while len(done) < 2 * rounds and sum(not each.busy for each in done) < rounds:
        done.append(_round(part, tried, backwards=len(done) % 2 == 1))
        on_round(_result(part, machine, agreement, done))
    return _result(part, machine, agreement, done)


def _round(part: Part, tried: Iterable[int], backwards: bool) -> Round:
    """Time every side once."""
    sides = [(threads, part.plain, threads) for threads in tried]
    sides.append((-1, part.fast, part.fast_threads))
    seconds: dict[int, float] = {}
    with watched() as others:
        for name, side, threads in reversed(sides) if backwards else sides:
            seconds[name] = _once(side, threads).seconds
    fast = seconds.pop(-1)
    plain = {threads: time_ / part.plain_share for threads, time_ in sorted(seconds.items())}
    return Round(plain, fast, others[0])


def _result(part: Part, machine: Machine, agreement: Agreement, done: list[Round]) -> Result:
    counted = [each for each in done if not each.busy] or done
    medians = {
        threads: statistics.median(each.plain_s[threads] for each in counted)
        for threads in counted[0].plain_s
    }
    threads = min(medians, key=lambda name: medians[name])
    arithmetic = part.flops / (machine.gflops * 1e9)
    traffic = part.bytes / (machine.gigabytes * 1e9)
    ratios = [each.plain_s[threads] / each.fast_s for each in counted]
    return Result(
        plain_s=medians[threads],
        fast_s=statistics.median(each.fast_s for each in counted),
        floor_s=max(arithmetic, traffic),
        ratio=statistics.median(ratios),
        sizes=dict(part.sizes),
        machine=asdict(machine),
        rounds=len(counted),
        plain_threads=threads,
        bound_by="arithmetic" if arithmetic >= traffic else "memory",
        agreement=agreement.said,
        agrees=agreement.holds,
        busy_rounds=sum(each.busy for each in done),
        ratios=ratios,
        others=[each.others for each in done],
    )


def run(
    parts: Iterable[Part], rounds: int, path: Path, console: Console
) -> dict[str, dict[str, Any]]:
    """Measure parts, print a row for each, and put them into the file at `path`, round by round.

    Entries of parts that were not run stay in the file as they are.
    """
    parts = list(parts)
    machines = {threads: Machine.measure(threads) for threads in sorted(set(map(_fast, parts)))}
    for machine in machines.values():
        console.print(
            f"{machine.processor}, {machine.threads} threads: {machine.gflops:.0f} GFLOP/s, "
            f"{machine.gigabytes:.0f} GB/s, load {machine.load:.1f}"
        )
    entries = read_entries(path)
    table = Table("part", *_HEADINGS, title=f"medians of {rounds} rounds")
    for part in parts:
        console.print(f"{part.name} ...", style="dim")

        def keep(result: Result, name: str = part.name) -> None:
            entries[name] = asdict(result)
            write_entries(path, entries)

        result = measure(part, machines[_fast(part)], rounds, keep)
        table.add_row(part.name, *_row(result))
        if not result.agrees:
            console.print(f"{part.name}: the two sides differ: {result.agreement}", style="red")
    console.print(table)
    return entries


_HEADINGS = (
    "plain s",
    "fast s",
    "ratio",
    "of rounds",
    "busy",
    "floor s",
    "fast / floor",
    "agreement",
)


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
        f"{result.busy_rounds} of {len(result.others)}",
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


@contextmanager
def watched() -> Iterator[list[float]]:
    """Measure how many cores other processes use meanwhile: the list gets the number at the end."""
    start, before, own = time.perf_counter(), _used(psutil.cpu_times()), _own_seconds()
    others: list[float] = []
    yield others
    wall = max(time.perf_counter() - start, 1e-9)
    used = _used(psutil.cpu_times()) - before - (_own_seconds() - own)
    others.append(max(0.0, used) / wall)


def _used(times: Any) -> float:
    """Return the seconds that all cores of the machine have spent on processes."""
    return float(times.user + times.system + getattr(times, "nice", 0.0))


def _own_seconds() -> float:
    """Return the processor seconds of this process and its children, the finished ones too."""
    this = psutil.Process()
    total = 0.0
    for process in (this, *this.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:  # it ended meanwhile; its parent has its seconds
            continue
    return total


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def read_entries(path: Path) -> dict[str, Any]:
    """Read the entries of earlier runs; a file that is not one of ours is started anew."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_entries(path: Path, entries: Mapping[str, Any]) -> None:
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
