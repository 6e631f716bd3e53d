"""Register: of what a study has trained, the best becomes models that can be loaded and served.

A study says what there is to choose from (`Source`) and what a chosen model is (`Chosen`). Chosen
are single trained models, by a stated criterion; before anything is registered, each is shown to
be the one that was judged, and nothing is registered unless all of it can be.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from hybridrep.analysis.pareto import best_row
from hybridrep.errors import ExecutionError, TrackingError
from hybridrep.execution.tasks import Task
from hybridrep.execution.terminal import show
from hybridrep.parameters import Parameters, seeds_as_text
from hybridrep.running import work
from hybridrep.running.invocation import print_plan
from hybridrep.running.study import Prepared, Study
from hybridrep.tracking import names
from hybridrep.tracking.queries import StudyRun, search, seed_runs, study_of
from hybridrep.tracking.records import Contents
from hybridrep.tracking.registry import Registration, ToRegister, register_models
from hybridrep.tracking.runs import Tracker
from hybridrep.tracking.server import Server, readable_errors

T = TypeVar("T")


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """A trained model that can be chosen."""

    labels: Mapping[str, str | int]  # what it is, by name; the best is chosen of each first one
    trained: T  # a training that passes through it, as the study knows it
    epoch: int
    seed: int
    value: float  # of the criterion; higher is better
    run_id: str
    rivals: int = 0  # among how many it was chosen; 0 as long as it is not

    @property
    def group(self) -> str:
        """What it would be the best of."""
        return str(next(iter(self.labels.values())))


@dataclass(frozen=True, eq=False)
class Source(Generic[T]):
    """What is chosen from."""

    kind: str
    key: str
    prepared: Prepared[Any]
    server: Server
    tasks: Sequence[Task]  # make again what the store has lost since; come before `candidates`
    read: Callable[[], Sequence[Candidate[T]]]

    @cached_property
    def candidates(self) -> list[Candidate[T]]:
        """Every trained model, in the order of labels, epoch and seed."""
        return sorted(self.read(), key=lambda each: (*each.labels.values(), each.epoch, each.seed))

    @property
    def table(self) -> pd.DataFrame:
        """The candidates with their values, one row each."""
        names_ = ("epoch", "seed", "value")
        return pd.DataFrame(
            [{**each.labels, **{n: getattr(each, n) for n in names_}} for each in self.candidates]
        )


class Chosen(Protocol):
    """A chosen model with everything around it."""

    def tasks(self) -> Sequence[Task]:
        """Return the tasks that make what is missing of it: usually none."""

    def verify(self) -> None:
        """Show that it is the one that was judged; an `ExecutionError` names what differs."""

    def to_register(self) -> Sequence[ToRegister]:
        """Return the models that it becomes."""


def finished_seeds(
    study: Study, prepared: Prepared[Any], server: Server, command: str
) -> dict[int, str]:
    """Return a study's finished seeds and their runs, as its parameters and the code ask for."""
    config, key = prepared.config, study.key(prepared.inputs)
    runs = seed_runs(server, key, study.name)
    wanted = runs[runs["seed"].isin(config.seeds)]
    place = f"the experiment {server.experiment_name!r} at {server.place}"
    if not len(wanted):
        hint = f": run `{command}` first"
        if len(runs):
            hint = f"; finished are seeds={seeds_as_text(tuple(sorted({*runs['seed']})))}"
        elif namesake := _namesake(server, config.study, key, study.name):
            hint = (
                f"; the run of that name of {namesake.started:%Y-%m-%d %H:%M} UTC had other "
                "parameters or data, or another version of the code. Give what it was given; if "
                f"that is the same, run `{command}` again first"
            )
        raise TrackingError(
            f"the study {config.study!r} with these parameters has no finished seed in {place}"
            f"{hint}"
        )
    asked = {seed: study.cache_key(prepared, seed) for seed in map(int, wanted["seed"].unique())}
    latest = wanted[wanted["cache_key"] == wanted["seed"].map(asked)].drop_duplicates("seed")
    current = {int(row["seed"]): str(row["run_id"]) for row in latest.to_dict("records")}
    if not current:
        raise TrackingError(
            f"the finished seeds of the study {config.study!r} in {place} were made by another "
            f"version of the code: run `{command}` with the same parameters first"
        )
    return current


def _namesake(server: Server, name: str, key: str, simulation: str) -> StudyRun | None:
    """Return the latest finished study of a name whose key is another."""
    with readable_errors(server.uri, "looking for the study"):
        tags = {names.KIND: "study", names.STUDY: name}
        runs = search(server, tags, simulation=simulation, status="FINISHED")
    return next((each for each in map(study_of, runs) if each.study_key != key), None)


def choose(source: Source[T], noun: str) -> list[Candidate[T]]:
    """Return the candidate of the highest value of each group, the first of equals."""
    chosen = []
    for group, some in groupby(source.candidates, key=lambda each: each.group):
        rivals = list(some)
        best = best_row(np.array([each.value for each in rivals]))
        if best is None:
            raise TrackingError(
                f"no {group} {noun} of the {source.kind} {source.key[:12]} has a value "
                "of this criterion: choose another with by=..."
            )
        chosen.append(replace(rivals[best], rivals=len(rivals)))
    return chosen


def register(
    tracker: Tracker, source: Source[T], model_of: Callable[[Candidate[T]], Chosen],
    config: Parameters, data: Contents, *, by: str, noun: str, judged_on: str, served: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Choose, check, log and register; nothing is registered unless all of it can be.

    Returns what became of each model; of a plan the plan's table. `judged_on` says what the values
    of the candidates stand on, `served` how the name ends of the model that is served
    where there is one.
    """

    def chosen() -> list[Chosen]:
        return [model_of(candidate) for candidate in choose(source, noun)]

    # Where trainings are missing, only they will tell which model is the best.
    models = [] if source.tasks else chosen()
    if config.plan:
        return print_plan(source.tasks or _lacking(models), source.prepared.store, config)
    tracker.close_stale_runs()
    study = source.prepared.config.study
    what = f"The best {noun}s of the {source.kind} **{study}** by `{by}`"
    with tracker.main_run(
        "stage", f"{study} register", study=study, study_key=source.key, description=f"{what}.",
        config=config.as_text(), tags={names.STAGE: "register"},
    ) as main:  # fmt: skip
        main.log(data)
        if source.tasks:
            _compute(source, source.tasks)
            models = chosen()
        _compute(source, _lacking(models))
        for model in models:
            model.verify()
        done = register_models(source.server, [e for model in models for e in model.to_register()])
        table = pd.DataFrame([vars(each) for each in done])
        main.log(Contents(tables={"registered.json": table, "candidates.json": source.table}))
        lines = [f"- `{each.uri}`, version {each.version}: {each.reason}" for each in done]
        main.describe(f"{what} on {judged_on}:\n\n" + "\n".join(lines))
    _print(done, source.server, served)
    return table


def _lacking(models: Sequence[Chosen]) -> list[Task]:
    """Return what models lack, each task once."""
    return list({task.label: task for model in models for task in model.tasks()}.values())


def _compute(source: Source[Any], tasks: Sequence[Task]) -> None:
    """Make what is missing in the store."""
    if not tasks:
        return
    outcome = work.compute(source.prepared.config, source.prepared.store, tasks)
    if outcome.failures:
        first = outcome.failures[0]
        raise ExecutionError(f"{first.label} failed: {first.reason}")


def _print(done: Sequence[Registration], server: Server, served: str) -> None:
    lines = [f"{each.uri} (version {each.version}): {each.reason}" for each in done]
    uri = next((each.uri for each in done if each.name.endswith(served)), done[0].uri)
    mlflow = shutil.which("mlflow") or "mlflow"
    address, program, model = map(shlex.quote, (server.place, mlflow, uri))
    serving = (
        f"Serve one:\n  MLFLOW_TRACKING_URI={address} \\\n  {program} models serve "
        f"-m {model} --env-manager local --port 5001"
    )
    show(*lines, serving, soft_wrap=True)
