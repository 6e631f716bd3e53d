"""What people see of running work: a bar for each stage, or plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn
from rich.progress import Progress as RichProgress
from rich.progress import Task as RichTask
from rich.text import Text

from hybridrep.execution.pace import StageClock, StageTotal, duration_text

LINE_SECONDS = 10.0
"""Least time between two lines about a stage that goes on, in a log."""


class Progress(Protocol):
    """Told how the work goes on; used as a context manager around it."""

    def begin(self, stages: Mapping[str, StageTotal]) -> None:
        """Work on these stages begins; may come several times."""
        ...

    def start(self, stage: str) -> None:
        """A task of the stage has started."""
        ...

    def advance(self, stage: str, units: float) -> None:
        """So many units are stored; fewer than 0: lost again."""
        ...

    def fail(self, stage: str, units: float) -> None:
        """So many units will not be made."""
        ...

    def tick(self) -> None:
        """Some time has gone by."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def progress_for(stream: TextIO | None = None) -> Progress:
    """Return bars if the stream (stderr) is a terminal, else plain lines."""
    stream = stream or sys.stderr
    return Bars(Console(file=stream)) if stream.isatty() else Lines(stream)


@dataclass
class Silent:
    """Shows nothing. Also what the others have in common: a clock for each stage."""

    clocks: dict[str, StageClock] = field(default_factory=dict)

    def begin(self, stages: Mapping[str, StageTotal]) -> None:
        """Set the clock of each stage anew."""
        for stage, total in stages.items():
            self.clocks[stage] = StageClock(total)

    def start(self, stage: str) -> None:
        """Start a stage's clock."""
        self.clocks[stage].start()

    def advance(self, stage: str, units: float) -> None:
        """Count what was stored."""
        self.clocks[stage].advance(units)

    def fail(self, stage: str, units: float) -> None:
        """Count what will not be made."""
        self.clocks[stage].advance(failed=units)

    def tick(self) -> None:
        """Nothing to do."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Lines(Silent):
    """Plain lines: one when a stage starts and ends, and few between."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._stream = stream
        self._clock = clock
        self._last: dict[str, tuple[float, str]] = {}

    def begin(self, stages: Mapping[str, StageTotal]) -> None:
        """Say what is there already."""
        for stage, total in stages.items():
            self.clocks[stage] = StageClock(total, self._clock)
            self._last.pop(stage, None)
            if total.done >= total.total:
                self._say(stage, f"all {total.total:.0f} {total.noun} were finished before")

    def start(self, stage: str) -> None:
        """Say that a stage starts, at its first task."""
        if self.clocks[stage].started is None:
            self._say(stage, f"started, {self.clocks[stage].describe()}")
        super().start(stage)

    def advance(self, stage: str, units: float) -> None:
        """Say that a stage has ended, or now and then how far it is."""
        super().advance(stage, units)
        self._end_or_tick(stage)

    def fail(self, stage: str, units: float) -> None:
        """Say that a stage has ended, if these were the last units."""
        super().fail(stage, units)
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


class Bars(Silent):
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

    def advance(self, stage: str, units: float) -> None:
        """Move a bar."""
        super().advance(stage, units)
        self._bars.update(self._ids[stage], completed=self.clocks[stage].done)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
