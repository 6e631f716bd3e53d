"""Break a small study at random moments: `python -m chaos [--moments N] [--seed S]`.

It ends with 0 only when every moment asked for was tried and survived, but for the faults that
this machine does not let be made.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from chaos.choice import choose
from chaos.faults import Fault, TooLate
from chaos.moments import By, Reference, Survival, play, undisturbed
from chaos.mounts import Unavailable
from chaos.study import Study
from hybridrep.testing import small_study
from hybridrep.testing.servers import NotStarted

LATEST = Path(__file__).with_name("latest.json")
TRIES = 3
"""A fault that came too late is tried again so often, each time in the first half before."""

STUDY = {"seeds": "6", "bottlenecks": "8", "workers": "2"}
"""Two groups of seeds, so that some are logged while others still train."""


@dataclass(frozen=True)
class NotTried:
    """A moment asked for that told nothing.

    Attributes:
        fault: its name.
        reason: for people.
        excused: whether this machine does not let the fault be made, so that none is missing.
    """

    fault: str
    reason: str
    excused: bool = False


@click.command()
@click.option("--moments", default=24, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=0, show_default=True, help="of the moments and targets")
@click.option("--minutes", default=30.0, show_default=True, help="after which none is begun")
@click.option(
    "--output", default=LATEST, show_default=True, type=click.Path(dir_okay=False, path_type=Path)
)
def main(moments: int, seed: int, minutes: float, output: Path) -> None:
    """Break a small study at MOMENTS random moments, run it again, and compare."""
    # Ignored in the background of a shell, and then by the studies too; they are to get some.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console()
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        given = {**small_study.parameters(folder / "data"), **STUDY}
        reference = undisturbed(Study(folder / "undisturbed", given))
        console.print(
            f"undisturbed: {reference.seconds:.1f} s, {len(reference.times)} results stored"
        )
        survivals: list[Survival] = []
        not_tried: list[NotTried] = []
        for fault, when, chance in plan(moments, seed):
            if time.monotonic() > end:
                not_tried.append(NotTried(fault.name, f"the {minutes:g} minutes were over"))
                continue
            try:
                survivals.append(_play(folder, given, fault, when, reference, chance))
            except TooLate:
                not_tried.append(NotTried(fault.name, "the study had always ended before"))
            except Unavailable as reason:
                not_tried.append(NotTried(fault.name, str(reason), excused=True))
            except NotStarted as reason:
                not_tried.append(NotTried(fault.name, str(reason)))
            else:
                _say(console, len(survivals), survivals[-1])
    console.print(_table(survivals))
    for each in not_tried:
        console.print(f"not tried: {each.fault}: {each.reason}", highlight=False, markup=False)
    passed, verdict = judge(survivals, not_tried)
    console.print(verdict, highlight=False)
    _write(output, seed, reference, survivals, not_tried)
    sys.exit(0 if passed else 1)


def judge(survivals: Sequence[Survival], not_tried: Sequence[NotTried]) -> tuple[bool, str]:
    """Return whether the run shows what it was asked to show, and that in words."""
    asked, tried = len(survivals) + len(not_tried), len(survivals)
    lost = sum(not each.survived for each in survivals)
    missing = sum(not each.excused for each in not_tried)
    words = f"{asked} moments asked for, {tried} tried, {tried - lost} survived"
    if lost:
        return False, f"LOST: {words}"
    if missing or not tried:
        return False, f"INCOMPLETE: {words}"
    return True, f"passed: {words}" + (", the rest cannot be made here" if not_tried else "")


def plan(moments: int, seed: int) -> Iterator[tuple[Fault, tuple[float, By], random.Random]]:
    """Yield so many faults, each with its moment and its chance.

    Half of the moments are spread evenly over the study's time, half over its results.
    """
    chance = random.Random(seed)
    places: list[tuple[float, By]] = []
    halves: tuple[tuple[int, By], ...] = (((moments + 1) // 2, "results"), (moments // 2, "time"))
    for count, by in halves:
        places += [((n + chance.random()) / count, by) for n in range(count)]
    chance.shuffle(places)
    for number, (fault, place) in enumerate(zip(choose(moments, seed), places, strict=True)):
        yield fault, place, random.Random(f"{seed}/{number}")


def _play(
    folder: Path,
    given: Mapping[str, str],
    fault: Fault,
    when: tuple[float, By],
    reference: Reference,
    chance: random.Random,
) -> Survival:
    """Play a moment in a folder of its own; earlier where it came too late."""
    share, by = when
    for attempt in range(TRIES):
        place = folder / "disturbed"
        try:
            return play(place, given, fault, share / 2**attempt, by, reference, chance)
        except TooLate:
            if attempt + 1 == TRIES:
                raise
        finally:
            shutil.rmtree(place, ignore_errors=True)
    raise TooLate


def _say(console: Console, number: int, survival: Survival) -> None:
    console.print(
        f"{number}. {survival.fault} in {survival.stage}: exit {survival.exit_code}, "
        f"{survival.seconds:.0f} s, {'survived' if survival.survived else 'LOST'}",
        highlight=False,
    )
    for problem in survival.problems:
        console.print(f"   {problem}", style="red", highlight=False, markup=False)


def _table(survivals: list[Survival]) -> Table:
    columns = ("fault", "at", "in", "exit", "seconds", "again", "kept", "survived")
    table = Table(*columns, title="A study disturbed, then the same command again")
    for each in survivals:
        table.add_row(
            each.fault, f"{each.share:.0%} of {each.by}", each.stage, str(each.exit_code),
            f"{each.seconds:.0f}", f"{each.again_seconds:.0f}", str(each.finished),
            "yes" if each.survived else "NO",
        )  # fmt: skip
    return table


def _write(
    output: Path,
    seed: int,
    reference: Reference,
    survivals: list[Survival],
    not_tried: Sequence[NotTried],
) -> None:
    content = {
        "seed": seed,
        "undisturbed": {"seconds": reference.seconds, "results": len(reference.times)},
        "asked": len(survivals) + len(not_tried),
        "moments": len(survivals),
        "survived": sum(each.survived for each in survivals),
        "not_tried": [asdict(each) for each in not_tried],
        "each": [{**asdict(each), "survived": each.survived} for each in survivals],
    }
    output.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
