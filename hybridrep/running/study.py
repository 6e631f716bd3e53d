"""What a study tells the platform: one record, from its preparation to its report.

The machine room knows no study. Whatever it needs of one, which results make a seed complete,
what a seed's run holds, how the report is made, it is told by a `Study`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from hybridrep.execution.code_version import code_version
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.stored import StoredResult
from hybridrep.execution.terminal import Later
from hybridrep.tracking.records import Contents

if TYPE_CHECKING:
    from hybridrep.execution.workers import Workers
    from hybridrep.running.stage import Node
    from hybridrep.tracking.records import DataInput
    from hybridrep.tracking.runs import MainRun, Tracker


class Inputs(Protocol):
    """What a study's tasks need to know: small, frozen and hashable, sent to workers."""

    @property
    def config(self) -> Any:
        """The study's parameters."""


I_co = TypeVar("I_co", bound=Inputs, covariant=True)


@dataclass(frozen=True)
class Prepared(Generic[I_co]):
    """A checked study: what it reads, and where its results are."""

    inputs: I_co
    store: Store
    declared: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `declared_once` keeps: results that were declared already."""

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


S = TypeVar("S", bound=Prepared[Any])
P = ParamSpec("P")
Declared = TypeVar("Declared")


def declared_once(
    declare: Callable[Concatenate[S, P], Declared],
) -> Callable[Concatenate[S, P], Declared]:
    """Keep what a function declares of a checked study as long as that study.

    A result is declared by all that read it, and again by all that read those: in a study of many
    seeds dozens of times, each with the hashing of its key. Of the same study and arguments, which
    must be hashable, the function is called once.
    """

    @wraps(declare)
    def declared(study: S, /, *arguments: P.args, **named: P.kwargs) -> Declared:
        place = (declare, arguments, *named.items())
        if place not in study.declared:
            study.declared[place] = declare(study, *arguments, **named)
        kept: Declared = study.declared[place]
        return kept

    return declared


@dataclass(frozen=True)
class Study:
    """One study, as the platform runs it.

    Attributes:
        name: what tells its runs from those of other studies (the tag `hybridrep.simulation`).
        prepare: loads and checks everything that the parameters name, before any long work.
        key: identifies a study: its parameters and data, whatever its seeds and where it runs.
        of_seed: the results that make a seed complete, stage by stage.
        tables: the tables of some seeds: `(prepared, seeds, failed, stages)`, where `stages` names
            the entry points whose tables are filled; None: all.
        seed_contents: what the run of a complete seed holds.
        describe_seed: its note, in Markdown: `(inputs, seed, link to the study's run)`.
        seed_artifacts: the artifacts that such a run holds, with their sizes where known.
        layout: the module whose code lays a seed's run out.
        report: logs tables and report into the study's run and leaves its summary to be printed
            (`invocation.later`): `(invocation, tables, seed -> run id)`.
        shared: the results that all seeds share, in the order of their priority.
        beyond: further results that the report needs, for a plan; of any complete seed.
        warm_up: modules that workers import while the parent still gets ready.
        data: the data that it read, as MLflow's data set inputs.
        overview: what the study's run holds beside its report, from its tables.
        stage_contents: what the run of one stage holds, from the tables of that stage.
        highlights: metrics of a seed's run that a table of all seeds shows first, at most eight.
    """

    name: str
    prepare: Callable[..., Any]
    key: Callable[[Any], str]
    of_seed: Callable[[Any, int], Sequence[Node]]
    tables: Callable[[Any, Sequence[int], Mapping[int, str], Sequence[str] | None], Any]
    seed_contents: Callable[[Any, int], Contents]
    describe_seed: Callable[[Any, int, str], str]
    seed_artifacts: Callable[[Any, int], dict[str, int | None]]
    layout: str
    report: Callable[[Invocation, Any, Mapping[int, str]], None]
    shared: Callable[[Any], Sequence[Node]] = lambda prepared: ()
    beyond: Callable[[Any, int], Sequence[Node]] = lambda prepared, seed: ()
    warm_up: tuple[str, ...] = ()
    data: Callable[[Any], tuple[DataInput, ...]] = lambda inputs: ()
    overview: Callable[[Any], Contents] = lambda tables: Contents()
    stage_contents: Callable[[str, Any], Contents] = lambda stage, tables: Contents()
    highlights: Callable[[Any], tuple[str, ...]] = lambda inputs: ()

    def cache_key(self, prepared: Any, seed: int) -> str:
        """Identify what a seed's run holds: its results and the code that lays them out."""
        results = [node.key for node in self.of_seed(prepared, seed)]
        return content_key({"results": results, "layout": code_version(self.layout)})

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
    later: Later  # what is to be printed, when all is finished
