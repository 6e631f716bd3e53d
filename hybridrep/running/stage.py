"""What a stage is: the name of its results, the code behind them, and a pure function.

A stage says once what a result depends on, and gets its key and its place among the tasks from
that. Its function is given the arguments that stand in the key and a `Reader` of the results that
it said it needs, and returns what it made; it knows no clock, no file and no loop over what is
missing:

    STAGE = Stage("rsa", module=__name__, noun="autoencoders")

    @declared_once
    def node(study, variant, seed):
        return STAGE.node(make, variant, seed, autoencoder=trained.node(study, variant, seed))

    def make(read, variant, seed):
        return Made(files={"similarity_matrices.npz": ...})

The version of a stage's code (`hybridrep.execution.code_version`) stops at modules that declare a
stage: their code enters through the keys of what is needed from them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.execution.devices import memory_explained
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.execution.stored import StoredResult
from hybridrep.execution.tasks import Task
from hybridrep.parameters import CPU


@dataclass(frozen=True)
class Made:
    """What a stage's function returns for one key.

    Attributes:
        arrays: file name without ending -> arrays by name, filed as safetensors.
        tables: name -> table, filed as Parquet.
        files: name -> content.
        meta: what else is worth knowing, in JSON's types.
    """

    arrays: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """The results that one call of a stage's function may read, by the names it gave them.

    `device` is where it trains or runs networks.
    """

    store: Store
    keys: Mapping[str, tuple[str, ...]]
    device: str = CPU

    @classmethod
    def of(cls, store: Store, **needs: Needs) -> Reader:
        """Return a reader of some results, for whoever is no stage."""
        return cls(store, {name: tuple(map(_key, _all(need))) for name, need in needs.items()})

    def __getitem__(self, name: str) -> StoredResult:
        """Open the one result of a name."""
        return self.store.open(self.key(name))

    def key(self, name: str) -> str:
        """Return the key of the one result of a name."""
        (key,) = self.keys[name]
        return key


Function = Callable[..., Any]
"""`make(read, *arguments) -> Made`; of a stack `make([(read, *arguments), ...])`, which yields one
`Made` for each in their order."""


@dataclass(frozen=True)
class Node:
    """One result: its key, what it is made of, and how. `Stage.node` makes it."""

    stage: Stage
    key: str
    make: Function
    arguments: tuple[Any, ...]  # what `make` is called with beside its `Reader`; all in the key
    needs: Mapping[str, tuple[Node | str, ...]]  # name -> what it reads
    name: str = ""  # what people read beside the stage's own name, e.g. `b32`
    seed: int | None = None  # the simulation; None: it is of none
    stack: str = ""  # nodes of a stage with the same text, not empty, are made in one call
    units: int = 1  # how much work it is, in the stage's noun
    seconds: float = 0.0  # estimate on one core; 0 = unknown
    about: Mapping[str, Any] = field(default_factory=dict)  # what its manifest says, for people
    device: str = CPU  # where its networks are trained or run

    @property
    def needed(self) -> tuple[str, ...]:
        """Keys of everything that it reads, each once."""
        return tuple(dict.fromkeys(_key(each) for some in self.needs.values() for each in some))

    @property
    def needed_nodes(self) -> tuple[Node, ...]:
        """The nodes among what it reads."""
        every = (each for some in self.needs.values() for each in some)
        return tuple(each for each in every if isinstance(each, Node))

    @property
    def call(self) -> Call:
        """Return what another process needs to make it."""
        keys = {name: tuple(map(_key, some)) for name, some in self.needs.items()}
        return Call(
            self.stage, self.key, self.make, self.arguments, keys, dict(self.about), self.device
        )


def _key(need: Node | str) -> str:
    return need if isinstance(need, str) else need.key


@dataclass(frozen=True)
class Call:
    """A node as it is sent to a worker: without the nodes behind it."""

    stage: Stage
    key: str
    make: Function
    arguments: tuple[Any, ...]
    keys: Mapping[str, tuple[str, ...]]
    about: Mapping[str, Any]
    device: str = CPU

    def reading(self, store: Store) -> tuple[Any, ...]:
        """Return what its function is called with."""
        return Reader(store, self.keys, self.device), *self.arguments


Needs = Node | str | Iterable[Node | str]


@dataclass(frozen=True)
class Stage:
    """What a stage is."""

    name: str  # its results are filed under it, and its progress bar bears it
    module: str  # whose code makes its results; a module that declares a stage
    noun: str = "seeds"  # what its progress counts
    entry: str = ""  # the entry point that it is part of; empty: the one of its own name
    title: str = ""  # how labels of tasks begin; empty: the name

    @property
    def part_of(self) -> str:
        """The entry point that the stage belongs to."""
        return self.entry or self.name

    def key(self, *arguments: Any, **needs: Needs) -> str:
        """Return the key of a result: a hash of the stage's code, the arguments and the needs.

        A data class counts by its fields, an object with a `fingerprint` by that alone.
        """
        return self._key_on(CPU, arguments, needs)

    def _key_on(self, device: str, arguments: Sequence[Any], needs: Mapping[str, Needs]) -> str:
        """Return the key of a result on a device, which counts unless it is the processor."""
        return content_key(
            {
                "stage": self.name,
                "code": code_version(self.module),
                "arguments": [_plain(each) for each in arguments],
                "needs": {
                    name: [_key(each) for each in _all(need)] for name, need in needs.items()
                },
                **({} if device == CPU else {"device": device}),
            }
        )

    def node(
        self, make: Function, *arguments: Any, reads: Mapping[str, Needs] | None = None,
        name: str = "", seed: int | None = None, stack: str = "", units: int = 1,
        seconds: float = 0.0, about: Mapping[str, Any] | None = None, device: str = CPU,
        **needs: Needs,
    ) -> Node:  # fmt: skip
        """Declare a result: its key and what it reads, at once.

        Args:
            make: at the top of the stage's module.
            arguments: what `make` is called with; they stand in the key.
            reads: what it reads beside `needs` whose content follows from the rest of the key.
            needs: results that it reads, by the names that it reads them under; they stand in the
                key.
            name: as for `Node`, like the following.
            seed: the simulation; its number stands in the key if it is among the arguments.
            device: where its networks are trained or run, its reader's `device`.
        """
        read = {name: _all(need) for name, need in {**needs, **(reads or {})}.items()}
        key = self._key_on(device, arguments, needs)
        told = {"seed": seed} if about is None else {**about}
        told |= {} if device == CPU else {"device": device}
        return Node(
            self, key, make, arguments, read, name, seed, stack, units, seconds, told, device
        )

    def keep(
        self, store: Store, key: str, make: Callable[[], Made], about: Mapping[str, Any]
    ) -> StoredResult:
        """Return a result that is made now unless it is stored: small, before the tasks."""
        if not store.has(key):
            started = time.perf_counter()
            made = make()
            _file(store, self, key, made, about, time.perf_counter() - started)
        return store.open(key)


def _all(need: Needs) -> tuple[Node | str, ...]:
    return (need,) if isinstance(need, Node | str) else tuple(need)


def _plain(value: Any) -> Any:
    """Return an argument as it stands in a key."""
    if (fingerprint := getattr(value, "fingerprint", None)) is not None:
        return fingerprint
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def tasks_of(nodes: Iterable[Node]) -> list[Task]:
    """Return the tasks that make some nodes: one for each, or for each stack of them."""
    together: dict[tuple[str, str], list[Node]] = {}
    for node in {node.key: node for node in nodes}.values():
        together.setdefault((node.stage.name, node.stack or node.key), []).append(node)
    return [_task(some) for some in together.values()]


def _task(nodes: Sequence[Node]) -> Task:
    first = nodes[0]
    return Task(
        stage=first.stage.name, label=_label(nodes), produces=tuple(node.key for node in nodes),
        needs=tuple(dict.fromkeys(key for node in nodes for key in node.needed)),
        function=make_stack if first.stack else make_each,
        payload=tuple(node.call for node in nodes), units=sum(node.units for node in nodes),
        noun=first.stage.noun, seconds=sum(node.seconds for node in nodes),
        parts=tuple(_part(node) for node in nodes) if len(nodes) > 1 else (),
    )  # fmt: skip


def _part(node: Node) -> Task:
    """Return the task of one node of a stack."""
    alone = _task([replace(node, stack="")])
    return replace(alone, function=make_stack)


def _label(nodes: Sequence[Node]) -> str:
    """`rsa bert b32 seed 3`; of a stack `autoencode b32; b64, seeds 0,1`."""
    first = nodes[0]
    names = "; ".join(dict.fromkeys(node.name for node in nodes if node.name))
    words = [first.stage.title or first.stage.name, *([names] if names else [])]
    seeds = ",".join(dict.fromkeys(str(node.seed) for node in nodes if node.seed is not None))
    if first.stack:
        return f"{' '.join(words)}, seeds {seeds}"
    return " ".join([*words, *([f"seed {seeds}"] if seeds else [])])


def make_each(store: Store, calls: tuple[Call, ...], missing: tuple[str, ...]) -> None:
    """Make what is missing of some calls, one after the other, and file it."""
    for call in calls:
        if call.key in missing:
            started = time.perf_counter()
            with memory_explained():
                made = call.make(*call.reading(store))
            _file(store, call.stage, call.key, made, call.about, time.perf_counter() - started)


def make_stack(store: Store, calls: tuple[Call, ...], missing: tuple[str, ...]) -> None:
    """Make what is missing of a stack in one call, and file each result as it comes.

    The work is done when the first comes; it is shared evenly among all.
    """
    left = [call for call in calls if call.key in missing]
    started = time.perf_counter()
    seconds = 0.0
    with memory_explained():
        results: Iterator[Made] = iter(left[0].make([call.reading(store) for call in left]))
        for call, made in zip(left, results, strict=True):
            seconds = seconds or (time.perf_counter() - started) / len(left)
            _file(store, call.stage, call.key, made, call.about, seconds)


def _file(
    store: Store, stage: Stage, key: str, made: Made, about: Mapping[str, Any], seconds: float
) -> None:
    store.write(
        key, stage=stage.name, inputs=dict(about),
        arrays={name: dict(arrays) for name, arrays in made.arrays.items()},
        tables=dict(made.tables), files=dict(made.files), meta=dict(made.meta),
        code=(stage.module,), seconds=seconds,
    )  # fmt: skip
