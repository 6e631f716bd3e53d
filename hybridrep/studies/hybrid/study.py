"""The whole simulation over all seeds: compute what is missing, log each seed, report."""

from __future__ import annotations

from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.running import work
from hybridrep.running.invocation import (
    check,
    failed_seeds,
    open_invocation,
    print_plan,
    refuse_incomplete,
)
from hybridrep.running.seed_runs import SeedRuns
from hybridrep.studies.hybrid import pipeline
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.inputs import Inputs
from hybridrep.studies.hybrid.report import example_stage as example
from hybridrep.studies.hybrid.report.stage import write_report
from hybridrep.studies.hybrid.results.gather import study_tables
from hybridrep.studies.hybrid.results.views import final_transfer
from hybridrep.tracking.records import Contents


def run(config: Config) -> None:
    """Run a study; what the store holds is not computed again.

    Raises:
        HybridrepError: bad input before any work, or seeds that could not be finished after it.
    """
    run_study(config, "study")


def run_study(config: Config, kind: str) -> None:
    """Compute what a study lacks and report it in a run of this kind.

    Args:
        kind: `study` also logs each complete seed as a run of its own; `stage` only reports.

    Raises:
        HybridrepError: as `run`.
    """
    prepared = check(config)
    inputs, store = prepared.inputs, prepared.store
    tasks = pipeline.tasks(inputs, store)
    if config.plan:
        print_plan([*tasks, *_projections(inputs, store)], store, config)
        return
    name = f"{config.study} {'study' if kind == 'study' else 'report'}"
    description = f"The study **{config.study}** over {len(config.seeds)} seeds."
    with open_invocation(prepared, kind, name, description, tasks) as invocation:
        runs = SeedRuns(invocation)
        log_complete = runs.log_complete if kind == "study" else None
        outcome = work.compute(inputs, store, tasks, log_complete, invocation.workers)
        failed = failed_seeds(inputs, store, outcome)
        complete = [seed for seed in config.seeds if seed not in failed]
        tables = study_tables(inputs, store, complete, failed)
        seeds = final_transfer(tables).drop(columns="epoch")
        invocation.main.log(Contents(tables={"seeds.json": seeds}))
        write_report(invocation, tables, runs.ids)
        refuse_incomplete(outcome)


def _projections(inputs: Inputs, store: Store) -> list[Task]:
    """Return the tasks of the report's example seed, for a plan.

    Which seed it will be, only finished results tell; one that has them already stands for it.
    """
    each = (example.tasks(inputs, store, seed) for seed in inputs.config.seeds)
    return max(each, key=lambda tasks: sum(store.has(k) for task in tasks for k in task.produces))
