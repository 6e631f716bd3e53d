"""A sweep's trials as tables know them: one for each key, however often it was tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybridrep.sweeping.space import Point, Space

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

KEY, OWNER, MEASURES, VOID, LOST = "key", "owner", "measures", "void", "lost"
"""Attributes of a trial: its key; the process that runs it; what was measured; why it has no
value and never will; that it is one too many."""

ENDED = "ended"
"""When it was over, in seconds since 1970: Optuna's own time is in the writer's time zone."""

_ORDER = ("COMPLETE", "PRUNED", "VOID", "RUNNING", "WAITING", "FAIL")


@dataclass(frozen=True)
class Attempt:
    """A trial as tables know it: the best of the attempts that share a key."""

    key: int
    state: str  # COMPLETE, PRUNED, RUNNING, WAITING, VOID (it has no value), FAIL (tried again)
    point: Point | None  # None while it waits, or until Optuna has chosen all of it
    measures: Mapping[str, Any]
    note: str
    number: int
    owner: Mapping[str, str] | None  # the process that worked on it; None when unknown
    ended: float | None  # in seconds since 1970; None: it is not over, or nobody knows

    @property
    def is_final(self) -> bool:
        """Whether it is over and counts."""
        return self.state in ("COMPLETE", "PRUNED", "VOID")


def attempts_of(trials: Iterable[FrozenTrial], space: Space) -> list[Attempt]:
    """Return the attempt that counts of every key, in the order of the keys."""
    best: dict[int, Attempt] = {}
    for trial in trials:
        if LOST in trial.user_attrs:
            continue
        attempt = _attempt(trial, space)
        rival = best.get(attempt.key)
        if rival is None or _ORDER.index(attempt.state) < _ORDER.index(rival.state):
            best[attempt.key] = attempt
    return [best[key] for key in sorted(best)]


def key_of(trial: FrozenTrial | optuna.Trial) -> int:
    """Return the key that all attempts at a trial share."""
    return int(trial.user_attrs.get(KEY, trial.number))


def _attempt(trial: FrozenTrial, space: Space) -> Attempt:
    void = trial.user_attrs.get(VOID, "")
    state = "VOID" if void and trial.state.name == "PRUNED" else trial.state.name
    known = all(name in trial.params for name in space.names)
    return Attempt(
        key=key_of(trial), state=state, point=space.point(trial.params) if known else None,
        measures=trial.user_attrs.get(MEASURES, {}), note=str(void), number=trial.number,
        owner=trial.user_attrs.get(OWNER), ended=trial.user_attrs.get(ENDED),
    )  # fmt: skip


@dataclass(eq=False)
class Asked:
    """A trial that this process works on."""

    trial: optuna.Trial
    point: Point
    key: int
    settled: bool = False
