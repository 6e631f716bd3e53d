"""How fast a stage goes, in words that people read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class StageTotal:
    """How much work a stage is: `done` of `total` units, called `noun`, at the beginning."""

    noun: str = "seeds"
    done: float = 0.0
    total: float = 0.0


@dataclass
class StageClock:
    """The pace of one stage; what was there before counts for the bar, not for the rate."""

    total: StageTotal
    clock: Callable[[], float] = time.monotonic
    made: float = 0.0
    failed: float = 0.0
    started: float | None = None
    ended: float | None = None

    def start(self) -> None:
        """The first task starts the clock."""
        if self.started is None:
            self.started = self.clock()

    def advance(self, units: float = 0.0, failed: float = 0.0) -> None:
        """Units were stored or given up; the last one stops the clock."""
        self.made += units
        self.failed += failed
        self.ended = self.clock() if self.left < 1e-9 else None

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
        """Time since the first task started, until now or the end of the stage."""
        if self.started is None:
            return 0.0
        return (self.clock() if self.ended is None else self.ended) - self.started

    @property
    def rate(self) -> float | None:
        """Units a second, once there are some."""
        return self.made / self.seconds if self.made > 0 and self.seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at this pace."""
        return None if self.rate is None or self.started is None else self.left / self.rate

    def describe(self) -> str:
        """Return e.g. `10/25 seeds, 3.2/min, 4 min left`."""
        parts = [f"{self.done:.0f}/{self.total.total:.0f} {self.total.noun}"]
        if self.left > 1e-9 and self.rate is not None and self.seconds_left is not None:
            parts += [rate_text(self.rate), f"{duration_text(self.seconds_left)} left"]
        if self.failed:
            parts.append(f"{self.failed:.0f} failed")
        return ", ".join(parts)


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
