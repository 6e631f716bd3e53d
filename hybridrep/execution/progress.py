"""What people see of running work: a bar for each stage, or plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.progress import Task as RichTask
from rich.text import Text

LINE_SECONDS = 10.0
"""Least time between two lines about a stage that goes on, in a log."""


@dataclass(frozen=True)
class StageTotal:
    """How much work a stage is: `done` of `total` units, called `noun`, at the beginning.

    `seconds` is an estimate of what the rest takes on one core; 0 = unknown.
    """

    noun: str = "seeds"
    done: float = 0.0
    total: float = 0.0
    seconds: float = 0.0


@dataclass
class StageClock:
    """The pace of one stage; what was there before counts for the bar, not for the rate.

    The time left goes by work: units may be of any size, and the largest come first. Its times are
    those of its own clock, which stands while no task of the stage runs: seeds go through the
    stages in groups, and the other stages' time is not this one's.
    """

    total: StageTotal
    clock: Callable[[], float] = time.monotonic
    made: float = 0.0
    failed: float = 0.0
    worked: float = 0.0  # of the estimated seconds, those of what was made or given up
    started: float | None = None
    heard: float | None = None  # when units were stored or given up, the last time
    ended: float | None = None
    _stopped: float | None = None  # when the last running task ended
    _stood: float = 0.0  # how long the clock stood before

    def resume(self, total: StageTotal) -> None:
        """Go on with more work: what is done stays done, and the pace counts all of it."""
        more = total.total - total.done
        self.total = replace(
            self.total, total=self.done + self.failed + more, seconds=self.worked + total.seconds
        )
        self.ended = None if more > 1e-9 else self.ended

    @property
    def now(self) -> float:
        """The time on the stage's own clock."""
        return (self.clock() if self._stopped is None else self._stopped) - self._stood

    def start(self) -> None:
        """A task has started; the first starts the clock."""
        if self._stopped is not None:
            self._stood += self.clock() - self._stopped
            self._stopped = None
        if self.started is None:
            self.started = self.now

    def rest(self) -> None:
        """No task runs any more, for now: the clock stands."""
        if self._stopped is None:
            self._stopped = self.clock()

    def advance(self, units: float = 0.0, failed: float = 0.0, seconds: float = 0.0) -> None:
        """Units were stored or given up, `seconds` of the estimate; the last stops the clock."""
        self.made += units
        self.failed += failed
        self.worked += seconds
        self.heard = self.now
        self.ended = self.now if self.left < 1e-9 else None

    @property
    def done(self) -> float:
        """Units that are stored, also from before."""
        return self.total.done + self.made

    @property
    def left(self) -> float:
        """Units that are still to be made."""
        return self.total.total - self.done - self.failed

    @property
    def seconds(self) -> float:
        """Time in which tasks ran since the first started, until now or the end of the stage."""
        if self.started is None:
            return 0.0
        return (self.now if self.ended is None else self.ended) - self.started

    @property
    def rate(self) -> float | None:
        """Units a second, once there are some."""
        return self.made / self.seconds if self.made > 0 and self.seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace up to the last news."""
        if self.rate is None or self.started is None or self.heard is None:
            return None
        done, left = self.made, self.left
        if self.total.seconds > 0:
            done, left = self.worked, max(0.0, self.total.seconds - self.worked)
        since = self.now - self.heard
        if done <= 0:
            return None
        expected = left * (self.heard - self.started) / done - since
        return expected if expected > 0 else left * self.seconds / done  # it takes longer

    def describe(self) -> str:
        """Return e.g. `10/25 seeds, 3.2/min, 4 min left`."""
        parts = [f"{self.done:.0f}/{self.total.total:.0f} {self.total.noun}"]
        if self.left > 1e-9 and self.rate is not None and self.seconds_left is not None:
            parts += [rate_text(self.rate), f"{duration_text(self.seconds_left)} left"]
        if self.failed:
            parts.append(f"{self.failed:.0f} failed")
        return ", ".join(parts)


def progress_for(stream: TextIO | None = None) -> Progress:
    """Return bars if the stream (stderr) is a terminal, else plain lines."""
    stream = stream or sys.stderr
    return Bars(Console(file=stream)) if stream.isatty() else Lines(stream)


@dataclass
class Progress:
    """Told how the work goes on, as a context around it; this one shows nothing, but keeps time."""

    clocks: dict[str, StageClock] = field(default_factory=dict)
    _clock: Callable[[], float] = time.monotonic

    def begin(self, stages: Mapping[str, StageTotal]) -> None:
        """Work on these stages begins, or more of it. Sets or resumes their clocks."""
        for stage, total in stages.items():
            if stage in self.clocks:
                self.clocks[stage].resume(total)
            else:
                self.clocks[stage] = StageClock(total, self._clock)

    def start(self, stage: str) -> None:
        """A task of the stage has started."""
        self.clocks[stage].start()

    def rest(self, stage: str) -> None:
        """No task of the stage runs any more, for now."""
        self.clocks[stage].rest()

    def advance(self, stage: str, units: float, seconds: float = 0.0) -> None:
        """So many units, of so many estimated seconds, are stored; fewer than 0: lost again."""
        self.clocks[stage].advance(units, seconds=seconds)

    def fail(self, stage: str, units: float, seconds: float = 0.0) -> None:
        """So many units will not be made."""
        self.clocks[stage].advance(failed=units, seconds=seconds)

    def tick(self) -> None:
        """Some time has gone by."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Lines(Progress):
    """Plain lines: one when a stage starts and ends, and few between."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(_clock=clock)
        self._stream = stream
        self._last: dict[str, tuple[float, str]] = {}

    def begin(self, stages: Mapping[str, StageTotal]) -> None:
        """Say what is there already."""
        known = set(self.clocks)
        super().begin(stages)
        for stage, total in stages.items():
            if stage not in known and total.done >= total.total:
                self._say(stage, f"all {total.total:.0f} {total.noun} were finished before")

    def start(self, stage: str) -> None:
        """Say that a stage starts, at its first task."""
        if self.clocks[stage].started is None:
            self._say(stage, f"started, {self.clocks[stage].describe()}")
        super().start(stage)

    def advance(self, stage: str, units: float, seconds: float = 0.0) -> None:
        """Say that a stage has ended, or now and then how far it is."""
        super().advance(stage, units, seconds)
        self._end_or_tick(stage)

    def fail(self, stage: str, units: float, seconds: float = 0.0) -> None:
        """Say that a stage has ended, if these were the last units."""
        super().fail(stage, units, seconds)
        self._end_or_tick(stage)

    def tick(self) -> None:
        """Say how far each stage is that has something new, if long enough ago."""
        for stage, clock in self.clocks.items():
            if clock.started is None or clock.left < 1e-9:
                continue
            said, progress = self._last[stage]
            now = clock.describe()
            news = now.split(",")[0] != progress.split(",")[0]
            if news and self._clock() - said >= LINE_SECONDS:
                self._say(stage, now)

    def _end_or_tick(self, stage: str) -> None:
        clock = self.clocks[stage]
        if clock.left < 1e-9:
            self._say(stage, f"ended, {clock.describe()}, {duration_text(clock.seconds)}")
        else:
            self.tick()

    def _say(self, stage: str, text: str) -> None:
        self._last[stage] = (self._clock(), text.removeprefix("started, "))
        self._stream.write(f"{stage}: {text}\n")
        self._stream.flush()


class _PaceColumn(ProgressColumn):
    """Units done, rate, time left and failures, from a stage's own clock."""

    def render(self, task: RichTask) -> Text:
        """Return the text beside the bar."""
        clock: StageClock = task.fields["clock"]
        return Text(clock.describe(), style="red" if clock.failed else "")


class Bars(Progress):
    """A bar for each stage on a terminal."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._bars = RichProgress(
            TextColumn("{task.description}"), BarColumn(), _PaceColumn(), console=console
        )
        self._ids: dict[str, TaskID] = {}

    def begin(self, stages: Mapping[str, StageTotal]) -> None:
        """Draw the bars."""
        super().begin(stages)
        for stage in stages:
            clock = self.clocks[stage]
            if stage not in self._ids:
                self._ids[stage] = self._bars.add_task(stage, clock=clock)
            self._bars.update(
                self._ids[stage], clock=clock, total=clock.total.total, completed=clock.done
            )

    def advance(self, stage: str, units: float, seconds: float = 0.0) -> None:
        """Move a bar."""
        super().advance(stage, units, seconds)
        self._bars.update(self._ids[stage], completed=self.clocks[stage].done)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


def rate_text(per_second: float) -> str:
    """Return a rate in the unit that gives a number people can read: `2.5/s`, `7.0/min`."""
    for scale, unit in ((1, "s"), (60, "min")):
        if per_second * scale >= 1:
            return f"{per_second * scale:.1f}/{unit}"
    return f"{per_second * 3600:.1f}/h"


def duration_text(seconds: float) -> str:
    """Return a time in at most two units: `8 s`, `4 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
