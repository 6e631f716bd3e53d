"""Search over architecture, hidden size and learning rate, which goes on when it was stopped."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from rich.table import Table

from hybridrep.execution.fingerprint import content_key
from hybridrep.reporting.formatting import number
from hybridrep.reporting.markup import as_markdown
from hybridrep.reporting.style import house_style, to_png
from hybridrep.running.invocation import check, print_plan
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
from hybridrep.sweeping.one_search import OneSearch
from hybridrep.sweeping.run import foreseen
from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.storage import open_own, open_study
from hybridrep.sweeping.tables import SearchTables, Terms, counts_of, printed_table
from hybridrep.sweeping.trials import TrialContents
from hybridrep.tracking.process import is_gone, process_tags
from hybridrep.tracking.records import METRIC_COLUMNS, Contents

TERMS = Terms("diet", (OBJECTIVE,), measure="measure", unit="response accuracy", readable=str)
"""How the sweep names things."""


def run(config: SweepConfig, study: Study = NBACK) -> SearchTables | pd.DataFrame:
    """Run a sweep to its end, or go on with one that was stopped; of a plan return its table."""
    prepared: NBack = check(study, config)
    trainings = Trainings(prepared, config)
    described = search_space(config, trainings)
    if config.plan:
        return _print_plan(config, trainings, described)
    key = content_key(described)
    search, storage = _open(config, trainings, described, key)
    sweep = OneSearch(
        SIMULATION, "sweep", "sweep", key, TERMS, _trial_contents(config, trainings),
        partial(_contents, config), partial(_summary, config), partial(_printed, config),
    )  # fmt: skip
    return sweep.work_off(
        config, trainings, search, storage, place=config.storage, batch=config.side_by_side,
        timeout=config.timeout,
    )  # fmt: skip


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
    root = trainings.study.store.root
    storage = open_own(config.storage, root, key, described, [f"{config.study} {PART}"])
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


def _contents(
    config: SweepConfig, results: SearchTables, times: list[tuple[str, float, int]]
) -> Contents:
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
    return Contents(
        metrics=pd.DataFrame(rows + times, columns=list(METRIC_COLUMNS)),
        tables={
            "sweep/trials.json": results.trials.astype({"epoch": "float64"}),
            "sweep/best.json": results.best, "sweep/importance.json": results.importance,
        },
        files={**pictures, "sweep/summary.md": _summary(config, results)},
    )  # fmt: skip


def _best(results: SearchTables) -> pd.DataFrame:
    best = results.best
    return pd.DataFrame({
        "trial": best["trial"], "architecture": best["architecture"], "hidden": best["hidden"],
        "learning rate": [f"{rate:.2g}" for rate in best["learning_rate"]],
        "response accuracy": [
            f"{number(mean)} ± {number(sd)}"
            for mean, sd in zip(best[OBJECTIVE], best[f"{OBJECTIVE}_sd"], strict=True)
        ],
    })  # fmt: skip


def _summary(config: SweepConfig, results: SearchTables) -> str:
    lines = [
        f"The sweep **{config.study}** ({config.sampler}, {len(config.seeds)} seeds): "
        f"{counts_of(results.trials)}."
    ]
    if len(results.best):
        lines += [
            as_markdown(_best(results)),
            "Mean ± SD over seeds of response accuracy on selection trials. The best of many "
            "trials is best partly by luck.",
        ]
    return "\n\n".join(lines) + "\n"


def _printed(config: SweepConfig, results: SearchTables) -> Table | str:
    """Return what is printed of a sweep: its best points."""
    if not len(results.best):
        return f"{config.study}: no trial was finished."
    title = f"{config.study}: best of {len(results.trials)} trials"
    return printed_table(_best(results), title)
