"""Search over architecture, hidden size and learning rate, which goes on when it was stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.errors import ParameterError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.schedule import Outcome
from hybridrep.execution.terminal import printed_last
from hybridrep.parameters import resolve_path
from hybridrep.reporting.formatting import number
from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.style import house_style, to_png
from hybridrep.running import work
from hybridrep.running.invocation import check, print_plan, refuse_incomplete
from hybridrep.running.study import Study
from hybridrep.studies.nback.inputs import NBack
from hybridrep.studies.nback.names import SIMULATION
from hybridrep.studies.nback.results.seed_run import data_inputs
from hybridrep.studies.nback.study import NBACK
from hybridrep.studies.nback.sweep import trainings as trainings_module
from hybridrep.studies.nback.sweep.config import SweepConfig
from hybridrep.studies.nback.sweep.trainings import (
    OBJECTIVE,
    PART,
    Trainings,
    recipe_of,
    space_of,
)
from hybridrep.sweeping.figures import optimisation_history, parameter_importance
from hybridrep.sweeping.run import Clock, SweepRun, foreseen
from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.storage import check_space, open_storage, open_study, public_storage
from hybridrep.sweeping.tables import (
    Terms,
    best_table,
    importance_table,
    seeds_table,
    trials_table,
)
from hybridrep.sweeping.trials import TrialContents, TrialLog
from hybridrep.tracking import names
from hybridrep.tracking.pages import where_to_look
from hybridrep.tracking.process import is_gone, process_tags
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import METRIC_COLUMNS, Contents
from hybridrep.tracking.runs import connect

TERMS = Terms("diet", (OBJECTIVE,), measure="measure", unit="response accuracy", readable=str)
"""How the sweep names things."""


@dataclass(frozen=True, eq=False)
class SweepResults:
    """A sweep's tables."""

    trials: pd.DataFrame
    seeds: pd.DataFrame
    best: pd.DataFrame
    importance: pd.DataFrame


def run(config: SweepConfig, study: Study = NBACK) -> SweepResults | pd.DataFrame:
    """Run a sweep to its end, or go on with one that was stopped; of a plan return its table."""
    prepared: NBack = check(study, config)
    trainings, space = Trainings(prepared, config), space_of(config)
    described = search_space(config, trainings)
    if config.plan:
        return _print_plan(config, trainings, described)
    key = content_key(described)
    search, storage = _open(config, trainings, described, key)
    tracker = connect(SIMULATION)
    tracker.close_stale_runs()
    text = {**config.as_text(), "storage": public_storage(config.storage)}
    with printed_last() as later, work.open_workers(config) as workers, tracker.main_run(
        "stage", f"{config.study} sweep", study=config.study, study_key=key,
        description=f"The sweep **{config.study}** is at work.", config=text,
        tags={names.STAGE: "sweep"},
    ) as main:  # fmt: skip
        main.log(Contents(inputs=data_inputs(prepared.inputs)))
        started, clock = time.perf_counter(), Clock()
        log = TrialLog(config.study, key, _trial_contents(config, trainings), tracker)
        sweep_run = SweepRun(
            [search], storage, trainings, workers, batch=config.side_by_side,
            timeout=config.timeout, shared=bool(config.storage), log_own=log.log_own,
            log_left=log.log_left, clock=clock,
        )  # fmt: skip
        sweep_run.work()
        workers.close()
        trials = trials_table([search], space, TERMS)
        results = SweepResults(
            trials, seeds_table([search], TERMS), best_table(trials, space, TERMS, {}),
            importance_table([search], TERMS),
        )  # fmt: skip
        main.log(_contents(config, results, clock, time.perf_counter() - started))
        parts = {"trials": results.trials, "seeds": results.seeds, "best": results.best}
        meta = {"sweep": config.study, "study_key": key, "config": text}
        save_parts(tracker.server, main.run_id, parts, meta)
        main.describe(_summary(config, results))
        later.say(_printed(config, results), where_to_look(tracker.server, main.run_id))
        refuse_incomplete(Outcome(frozenset(), frozenset(), tuple(sweep_run.failures)))
        return results


def search_space(config: SweepConfig, trainings: Trainings) -> dict[str, Any]:
    """Describe a sweep so that another one can be told apart, in JSON's types.

    The number of trials, where they run and how many at a time are no part of it.
    """
    first = recipe_of(config, space_of(config).grid()[0])
    low, high = config.learning_rates
    return {
        "study": config.study, "seeds": list(config.seeds), "sampler": config.sampler,
        "architectures": list(config.architectures), "sizes": list(config.sizes),
        "learning_rates": [low, high], "iterations": config.iterations,
        # a network's key covers stimuli, vision model, all other parameters and the code
        "data": content_key({"networks": [node.key for node in trainings.nodes(first)]}),
    }  # fmt: skip


def _open(
    config: SweepConfig, trainings: Trainings, described: dict[str, Any], key: str
) -> tuple[Search, Any]:
    default = trainings.study.store.root / ".sweeps" / f"{key[:16]}.journal"
    if config.storage and "://" not in config.storage and resolve_path(config.storage).is_dir():
        raise ParameterError(
            f"parameter storage: {config.storage} is a folder: name a journal file in it"
        )
    storage = open_storage(config.storage, default)
    title = f"{config.study} {PART}"
    check_space(storage, title, described, public_storage(config.storage) or str(default))
    return _search(config, described, storage), storage


def _search(config: SweepConfig, described: dict[str, Any], storage: Any) -> Search:
    return Search(
        PART, open_study(storage, f"{config.study} {PART}", described, 1), space_of(config),
        Rules(config.sampler, config.trials, (OBJECTIVE,)), process_tags(), is_gone,
    )  # fmt: skip


def _print_plan(
    config: SweepConfig, trainings: Trainings, described: dict[str, Any]
) -> pd.DataFrame:
    """Print what a sweep would train, as far as it can be known before (see `foreseen`)."""
    from optuna.storages import InMemoryStorage

    search = _search(config, described, InMemoryStorage())
    points = foreseen(search, trainings, config.side_by_side, search.wanted)
    recipes = [trainings.of(*each, trainings.rungs[-1]) for each in points]
    return print_plan(trainings.tasks(recipes), trainings.study.store, config)


def _trial_contents(config: SweepConfig, trainings: Trainings) -> TrialContents:
    return TrialContents(
        part=TERMS.part,
        remark=(
            f"Response accuracy is a mean over {len(config.seeds)} seeds on selection trials of "
            "new view angles; step = iterations at most."
        ),
        params={"seeds": config.as_text()["seeds"], "sampler": config.sampler},
        inputs=data_inputs(trainings.study.inputs), metrics=trainings.metrics,
        code=trainings_module.__name__,
    )  # fmt: skip


def _contents(config: SweepConfig, results: SweepResults, clock: Clock, wall: float) -> Contents:
    """Lay out everything that goes into the sweep's run."""
    pictures = {}
    remark = f"{len(config.seeds)} seeds, selection trials of new view angles"
    with house_style():
        if (results.trials["state"] == "COMPLETE").any():
            figure = optimisation_history(results.trials, OBJECTIVE, TERMS, remark)
            pictures["figures/optimisation_history.png"] = to_png(figure)
        if len(results.importance):
            figure = parameter_importance(results.importance, TERMS, f"fANOVA; {remark}")
            pictures["figures/parameter_importance.png"] = to_png(figure)
    rows = [(f"best/{OBJECTIVE}", row[OBJECTIVE], 0) for row in results.best.to_dict("records")]
    rows += [("sweep/seconds", wall, 0), ("sweep/trials", float(len(results.trials)), 0)]
    rows += [(f"sweep/{what}_seconds", spent, 0) for what, spent in clock.seconds.items()]
    return Contents(
        metrics=pd.DataFrame(rows, columns=list(METRIC_COLUMNS)),
        tables={
            "sweep/trials.json": results.trials.astype({"epoch": "float64"}),
            "sweep/best.json": results.best, "sweep/importance.json": results.importance,
        },
        files={**pictures, "sweep/summary.md": _summary(config, results)},
    )  # fmt: skip


def _best(results: SweepResults) -> pd.DataFrame:
    best = results.best
    return pd.DataFrame({
        "trial": best["trial"], "architecture": best["architecture"], "hidden": best["hidden"],
        "learning rate": [f"{rate:.2g}" for rate in best["learning_rate"]],
        "response accuracy": [
            f"{number(mean)} ± {number(sd)}"
            for mean, sd in zip(best[OBJECTIVE], best[f"{OBJECTIVE}_sd"], strict=True)
        ],
    })  # fmt: skip


def _summary(config: SweepConfig, results: SweepResults) -> str:
    states = results.trials["state"].value_counts()
    counts = ", ".join(f"{count} {str(state).lower()}" for state, count in states.items())
    lines = [
        f"The sweep **{config.study}** ({config.sampler}, {len(config.seeds)} seeds): "
        f"{len(results.trials)} trials, {counts or 'none'}."
    ]
    if len(results.best):
        lines += [
            as_markdown(_best(results)),
            "Mean ± SD over seeds of response accuracy on selection trials. The best of many "
            "trials is best partly by luck.",
        ]
    return "\n\n".join(lines) + "\n"


def _printed(config: SweepConfig, results: SweepResults) -> Table | str:
    """Return what is printed of a sweep: its best points."""
    if not len(results.best):
        return f"{config.study}: no trial was finished."
    shown = _best(results)
    table = Table(
        title=f"{config.study}: best of {len(results.trials)} trials", title_justify="left",
        box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for column in shown.columns:
        table.add_column(str(column))
    for row in shown.itertuples(index=False):
        table.add_row(*map(str, row))
    return table
