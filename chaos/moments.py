"""One moment: a study is started, something goes wrong, the same command is run again."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chaos import checks
from chaos.checks import Results
from chaos.faults import Fault, TooLate
from chaos.study import Running, Study

By = Literal["time", "results"]
POLL_SECONDS = 0.05
HUNG = -1000
"""Stands for the exit code of a study that was killed as it would not end."""


@dataclass(frozen=True)
class Reference:
    """The undisturbed study: what it left behind, and when.

    Attributes:
        results: all of it.
        times: seconds after the start at which each result was in the store, in order.
        seconds: its duration.
    """

    results: Results
    times: tuple[float, ...]
    seconds: float

    @property
    def patience(self) -> float:
        """Seconds after which a study hangs, with MLflow's own waiting for a lost server."""
        return 60 + 6 * self.seconds

    def moment(self, share: float, by: By) -> tuple[int, float]:
        """Return a moment as a number of stored results and seconds after the last of them.

        The number ties it to what the study does, whatever the machine's speed just then.

        Args:
            share: how far the study is, from 0 to 1.
            by: of its time, where slow stages are met more often, or of its results.
        """
        ends = (0.0, *self.times, self.seconds)
        if by == "time":
            elapsed = share * self.seconds
            done = sum(t <= elapsed for t in self.times)
            return done, elapsed - ends[done]
        place = share * (len(ends) - 1)
        done = int(place)
        return done, (place - done) * (ends[done + 1] - ends[done])


@dataclass(frozen=True)
class Survival:
    """What became of a moment.

    Attributes:
        fault: its name.
        share: when it was meant to be, as a share of the undisturbed study.
        by: of its time or of its results.
        stage: what the study was doing then.
        exit_code: of the disturbed process; negative: ended by that signal.
        message: the last thing it said.
        seconds: of everything, the second run included.
        again_seconds: of the second run.
        finished: results that were finished and whole before the second run.
        problems: whatever is not as it would be without the fault.
    """

    fault: str
    share: float
    by: By
    stage: str
    exit_code: int
    message: str
    seconds: float
    again_seconds: float
    finished: int
    problems: tuple[str, ...]

    @property
    def survived(self) -> bool:
        """Whether nothing was lost, nothing was made twice, and people were told the truth."""
        return not self.problems


def undisturbed(study: Study) -> Reference:
    """Run a study without any fault and note when its results appear.

    Raises:
        RuntimeError: it failed.
    """
    running = study.start()
    times: list[float] = []
    try:
        while not running.ended:
            new = len(study.entries()) - len(times)
            times += [time.monotonic() - running.started] * new
            time.sleep(POLL_SECONDS)
    finally:
        running.kill()
    seconds = time.monotonic() - running.started
    if running.process.returncode:
        raise RuntimeError(f"the undisturbed study failed:\n{running.messages}")
    return Reference(checks.read(study), tuple(times), seconds)


def play(
    folder: Path,
    given: Mapping[str, str],
    fault: Fault,
    share: float,
    by: By,
    reference: Reference,
    chance: random.Random,
) -> Survival:
    """Strike a fault into a new study, run the same command again, and compare.

    Args:
        folder: for the new study.
        given: the study's parameters.
        fault: a new one.
        share: when, as a share of the undisturbed study.
        by: of its time or of its results.
        reference: the undisturbed study.
        chance: decides what exactly is struck.

    Raises:
        TooLate: the study ended before the fault could be made.
        Unavailable: this machine does not let it be made.
    """
    started = time.monotonic()
    with fault.around(Study(folder, given)) as study:
        running = study.start()
        try:
            stage = _reach(study, running, *reference.moment(share, by))
            try:
                running = fault.strike(study, running, chance)
                exit_code = _end(running, reference.patience)
            finally:
                fault.mend()
        finally:
            running.kill()
        problems = [f"process {pid} was left behind" for pid in running.orphans()]
        problems += wrong_end(fault, exit_code, running.messages)
        before = {n: m for n, m in checks.marks(study).items() if n not in fault.damaged}
        again = study.start()
        if code := _end(again, reference.patience):
            problems.append(f"run again, it ended with {code}: {_last(again.messages)}")
        again_seconds = time.monotonic() - again.started
        problems += checks.computed_again(before, checks.marks(study))
        problems += checks.problems(reference.results, checks.read(study))
    return Survival(
        fault=fault.name,
        share=share,
        by=by,
        stage=stage,
        exit_code=exit_code,
        message=_last(running.messages) if exit_code else "",
        seconds=time.monotonic() - started,
        again_seconds=again_seconds,
        finished=len(before),
        problems=tuple(problems),
    )


def wrong_end(fault: Fault, exit_code: int, messages: str) -> list[str]:
    """Return what is wrong with how a disturbed process ended and with what it said."""
    wrong = []
    if exit_code not in fault.exits:
        wrong.append(f"it ended with {exit_code}: {_last(messages)}")
    if exit_code in (1, 2):
        if "Traceback" in messages:
            wrong.append(f"it showed a traceback: {_last(messages)}")
        if not any(words in _message(messages) for words in fault.says):
            wrong.append(f"its message does not say what to do: {_last(messages)}")
    return wrong


def _reach(study: Study, running: Running, results: int, delay: float) -> str:
    """Wait for a moment and return what the study does then."""
    while len(study.entries()) < results:
        if running.ended:
            raise TooLate
        time.sleep(POLL_SECONDS)
    end = time.monotonic() + delay
    while time.monotonic() < end:
        if running.ended:
            raise TooLate
        time.sleep(POLL_SECONDS)
    stages = running.stages()
    if study.seed_runs("RUNNING"):
        stages.append("logging")
    if stages:
        return "+".join(stages)
    return "report" if study.seed_runs("FINISHED") else "start"


def _end(running: Running, patience: float) -> int:
    try:
        return running.finish(patience)
    except subprocess.TimeoutExpired:
        return HUNG


def _message(messages: str) -> str:
    """The message for people: from its mark to the end."""
    return messages[max(messages.rfind("\nhybridrep: "), 0) :].strip()


def _last(messages: str) -> str:
    return _message(messages)[-400:]
