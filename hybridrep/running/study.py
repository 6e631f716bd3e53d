"""What a study tells the platform: one record, from its preparation to its report.

The machine room knows no study. Whatever it needs of one, which results make a seed complete,
what a seed's run holds, how the report is made, it is told by a `Study`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from hybridrep.execution.store import Store
from hybridrep.execution.stored import StoredResult

if TYPE_CHECKING:
    from hybridrep.execution.workers import Workers
    from hybridrep.running.stage import Node
    from hybridrep.tracking.records import Contents, DataInput, RunRecord
    from hybridrep.tracking.runs import MainRun, Tracker


class Inputs(Protocol):
    """What a study's tasks need to know: small, frozen and hashable, sent to workers."""

    @property
    def config(self) -> Any:
        """The study's parameters."""


I_co = TypeVar("I_co", bound=Inputs, covariant=True)


@dataclass(frozen=True)
class Prepared(Generic[I_co]):
    """A checked study: what it reads, and where its results are.

    Attributes:
        inputs: as the study's `prepare` returned them.
        store: of its results.
    """

    inputs: I_co
    store: Store

    @property
    def config(self) -> Any:
        """The study's parameters."""
        return self.inputs.config

    def open(self, node: Node) -> StoredResult:
        """Open a stored result."""
        return self.store.open(node.key)

    def has(self, node: Node) -> bool:
        """Tell whether a result is stored."""
        return self.store.has(node.key)


@dataclass(frozen=True)
class Study:
    """One study, as the platform runs it.

    Attributes:
        name: what tells its runs from those of other studies (the tag `hybridrep.simulation`).
        prepare: loads and checks everything that the parameters name, before any long work.
        key: identifies a study: its parameters and data, whatever its seeds and where it runs.
        shared: the results that all seeds share, in the order of their priority.
        of_seed: the results that make a seed complete, stage by stage.
        beyond: further results that the report needs, for a plan; of any complete seed.
        warm_up: modules that workers import while the parent still gets ready.
        data: the data that it read, as MLflow's data set inputs.
        tables: the tables of some seeds: `(prepared, seeds, failed, stages)`, where `stages` names
            the entry points whose tables are filled; None: all.
        overview: what the study's run holds beside its report.
        stage_contents: what the run of one stage holds, from `tables` of that stage.
        cache_key: identifies what a seed's run holds.
        seed_record: a complete seed as a run: `(prepared, seed, link to the study's run)`.
        seed_artifacts: the artifacts that such a run holds, with their sizes where known.
        report: logs tables and report into the study's run and prints its summary:
            `(invocation, tables, seed -> run id)`.
    """

    name: str
    prepare: Callable[..., Any]
    key: Callable[[Any], str]
    shared: Callable[[Any], Sequence[Node]]
    of_seed: Callable[[Any, int], Sequence[Node]]
    beyond: Callable[[Any, int], Sequence[Node]]
    warm_up: tuple[str, ...]
    data: Callable[[Any], tuple[DataInput, ...]]
    tables: Callable[[Any, Sequence[int], Mapping[int, str], Sequence[str] | None], Any]
    overview: Callable[[Any], Contents]
    stage_contents: Callable[[str, Any], Contents]
    cache_key: Callable[[Any, int], str]
    seed_record: Callable[[Any, int, str], RunRecord]
    seed_artifacts: Callable[[Any, int], dict[str, int | None]]
    report: Callable[[Invocation, Any, Mapping[int, str]], None]

    def complete(self, prepared: Any, seed: int) -> dict[str, str]:
        """Return the keys of everything that a complete seed consists of, by a readable name."""
        nodes = self.of_seed(prepared, seed)
        return {f"{n.stage.name}/{n.name}".rstrip("/"): n.key for n in nodes}


@dataclass(frozen=True)
class Invocation:
    """A checked study with its open main run, and the workers that compute for it."""

    study: Study
    prepared: Prepared[Any]
    tracker: Tracker
    main: MainRun
    workers: Workers
