"""Search over fusions, their size, weight and length, which goes on when it was stopped."""

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
from hybridrep.studies.hybrid.fusion.methods import title_of
from hybridrep.studies.hybrid.inputs import Hybrid
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.report.figures.diffusion import fusion_front
from hybridrep.studies.hybrid.results.seed_run import data_inputs
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.sweep import fused_trainings
from hybridrep.studies.hybrid.sweep.fused_config import FusionSweepConfig
from hybridrep.studies.hybrid.sweep.fused_trainings import (
    FUSION_OBJECTIVES,
    PART,
    FusionTrainings,
    fusion_at,
    space_of,
)
from hybridrep.sweeping.figures import optimisation_history, parameter_importance
from hybridrep.sweeping.run import Clock, SweepRun
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
from hybridrep.tracking.process import is_gone, process_tags
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import METRIC_COLUMNS, Contents
from hybridrep.tracking.runs import connect

TERMS = Terms("direction", FUSION_OBJECTIVES, measure="measure", unit="see the caption",
              readable=title_of)  # fmt: skip
"""How the sweep names things."""


@dataclass(frozen=True, eq=False)
class FusionSweepResults:
    """A sweep's tables."""

    trials: pd.DataFrame
    seeds: pd.DataFrame
    best: pd.DataFrame
    importance: pd.DataFrame


def run(config: FusionSweepConfig) -> FusionSweepResults | pd.DataFrame:
    """Run a sweep to its end, or go on with one that was stopped; of a plan return its table."""
    prepared: Hybrid = check(HYBRID, config.training())
    trainings, space = FusionTrainings(prepared, config), space_of(config)
    if config.plan:
        every = [fusion_at(point) for point in space.grid()]
        return print_plan(trainings.tasks(every), prepared.store, config)
    described = search_space(config, trainings)
    key = content_key(described)
    search, storage = _open(config, trainings, described, key)
    tracker = connect(SIMULATION)
    tracker.close_stale_runs()
    text = {**config.as_text(), "storage": public_storage(config.storage)}
    with printed_last() as later, work.open_workers(config) as workers, tracker.main_run(
        "stage", f"{config.study} fuse_sweep", study=config.study, study_key=key,
        description=f"The sweep of fusions **{config.study}** is at work.", config=text,
        tags={names.STAGE: "fuse_sweep"},
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
        results = FusionSweepResults(
            trials, seeds_table([search], TERMS), best_table(trials, space, TERMS, {}),
            importance_table([search], TERMS),
        )  # fmt: skip
        main.log(_contents(config, results, clock, time.perf_counter() - started))
        parts = {"trials": results.trials, "seeds": results.seeds, "best": results.best}
        meta = {"sweep": config.study, "study_key": key, "config": text}
        save_parts(tracker.server, main.run_id, parts, meta)
        main.describe(_summary(config, results))
        later.say(_printed(config, results))
        refuse_incomplete(Outcome(frozenset(), frozenset(), tuple(sweep_run.failures)))
        return results


def search_space(config: FusionSweepConfig, trainings: FusionTrainings) -> dict[str, Any]:
    """Describe a sweep so that another one can be told apart, in JSON's types.

    The number of trials, where they run and how many at a time are no part of it.
    """
    first = fusion_at(space_of(config).grid()[0])
    return {
        "study": config.study, "seeds": list(config.seeds), "sampler": config.sampler,
        "objective": config.objective, "fusions": list(config.fusions),
        "sizes": list(config.bottlenecks), "weights": list(config.weights),
        "lengths": list(config.lengths),
        # a fusion's key covers corpora, encoder, word vectors, LSTMs and all code behind them
        "data": content_key({"fusions": [node.key for node in trainings.nodes(first)]}),
    }  # fmt: skip


def _open(
    config: FusionSweepConfig, trainings: FusionTrainings, described: dict[str, Any], key: str
) -> tuple[Search, Any]:
    default = trainings.study.store.root / ".sweeps" / f"{key[:16]}.journal"
    if config.storage and "://" not in config.storage and resolve_path(config.storage).is_dir():
        raise ParameterError(
            f"parameter storage: {config.storage} is a folder: name a journal file in it"
        )
    storage = open_storage(config.storage, default)
    title = f"{config.study} {PART}"
    check_space(storage, title, described, public_storage(config.storage) or str(default))
    objectives = FUSION_OBJECTIVES if config.objective == "both" else (config.objective,)
    search = Search(
        PART, open_study(storage, title, described, len(objectives)), space_of(config),
        Rules(config.sampler, config.trials, objectives), process_tags(), is_gone,
    )  # fmt: skip
    return search, storage


def _trial_contents(config: FusionSweepConfig, trainings: FusionTrainings) -> TrialContents:
    inputs = trainings.study.inputs
    synthetic = "**Synthetic data.** " if inputs.emotion.synthetic else ""
    return TrialContents(
        part=TERMS.part, remark=f"{synthetic}{_meaning(config)}",
        params={
            "seeds": config.as_text()["seeds"], "sampler": config.sampler,
            "objective": config.objective,
        },
        inputs=data_inputs(inputs), metrics=trainings.metrics, code=fused_trainings.__name__,
    )  # fmt: skip


def _meaning(config: FusionSweepConfig) -> str:
    return (
        f"Means over {len(config.seeds)} seeds: diffusibility on validation tweets that no model "
        "saw; transfer is minus the loss on held-out training tweets of the new task. Test tweets "
        "have no say."
    )


def _contents(
    config: FusionSweepConfig, results: FusionSweepResults, clock: Clock, wall: float
) -> Contents:
    """Lay out everything that goes into the sweep's run."""
    pictures = {}
    remark = f"{len(config.seeds)} seeds, validation tweets"
    with house_style():
        if (results.trials["state"] == "COMPLETE").any():
            pictures["figures/pareto_front.png"] = to_png(
                fusion_front(results.trials, results.seeds, f"Mean over {remark}")
            )
            for name in FUSION_OBJECTIVES:
                figure = optimisation_history(results.trials, name, TERMS, remark)
                pictures[f"figures/history_{name}.png"] = to_png(figure)
        if len(results.importance):
            figure = parameter_importance(results.importance, TERMS, f"fANOVA; {remark}")
            pictures["figures/parameter_importance.png"] = to_png(figure)
    rows = [
        (f"best/{PART}/{row['best_by']}", row[row["best_by"]], 0)
        for row in results.best.to_dict("records")
    ]
    rows += [("sweep/seconds", wall, 0), ("sweep/trials", float(len(results.trials)), 0)]
    rows += [(f"sweep/{what}_seconds", spent, 0) for what, spent in clock.seconds.items()]
    return Contents(
        metrics=pd.DataFrame(rows, columns=list(METRIC_COLUMNS)),
        tables={
            "sweep/trials.json": results.trials.astype({"epoch": "float64"}),
            "sweep/best.json": results.best, "sweep/importance.json": results.importance,
            "sweep/pareto.json": results.trials[results.trials["pareto"]].astype(
                {"epoch": "float64"}
            ),
        },
        files={**pictures, "sweep/summary.md": _summary(config, results)},
    )  # fmt: skip


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "trial": rows["trial"], "method": [title_of(name) for name in rows["method"]],
        "size": rows["size"], "weight": rows["weight"], "epochs": rows["epochs"],
        **{
            name: [
                f"{number(mean)} ± {number(sd)}"
                for mean, sd in zip(rows[name], rows[f"{name}_sd"], strict=True)
            ]
            for name in FUSION_OBJECTIVES
        },
    })  # fmt: skip


def _summary(config: FusionSweepConfig, results: FusionSweepResults) -> str:
    states = results.trials["state"].value_counts()
    counts = ", ".join(f"{count} {str(state).lower()}" for state, count in states.items())
    lines = [
        f"The sweep of fusions **{config.study}** ({config.sampler}): {len(results.trials)} "
        f"trials, {counts or 'none'}."
    ]
    front = results.trials[results.trials["pareto"]]
    if len(front):
        lines += [
            "No other trial is better than these in both:",
            as_markdown(_shown(front)),
            f"{_meaning(config)} The best of many trials is best partly by luck.",
        ]
    return "\n\n".join(lines) + "\n"


def _printed(config: FusionSweepConfig, results: FusionSweepResults) -> Table | str:
    """Return what is printed of a sweep: the trials that no other beats in both."""
    front = results.trials[results.trials["pareto"]]
    if not len(front):
        return f"{config.study}: no trial was finished."
    table = Table(
        title=f"{config.study}: the front of {len(results.trials)} trials", title_justify="left",
        box=box.SIMPLE_HEAD,
    )  # fmt: skip
    shown = _shown(front)
    for column in shown.columns:
        table.add_column(str(column))
    for row in shown.itertuples(index=False):
        table.add_row(*map(str, row))
    return table
