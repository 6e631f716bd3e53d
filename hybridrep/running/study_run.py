"""A whole study over all its seeds, or one stage of it: compute what is missing, log, report."""

from __future__ import annotations

from typing import Any

from hybridrep.execution.schedule import Outcome
from hybridrep.parameters import Parameters
from hybridrep.running import work
from hybridrep.running.invocation import (
    check,
    open_invocation,
    print_plan,
    refuse_incomplete,
)
from hybridrep.running.seed_runs import SeedRuns, link_pages
from hybridrep.running.stage import Node, tasks_of
from hybridrep.running.study import Prepared, Study


def run_study(study: Study, config: Parameters, kind: str = "study") -> Any:
    """Compute what a study lacks, report it, and return its tables; of a plan the plan's.

    The kind `study` also logs each complete seed as a run of its own; `stage` only reports.
    """
    prepared = check(study, config)
    tasks = work.study_tasks(study, prepared)
    if config.plan:
        return print_plan([*tasks, *tasks_of(_beyond(study, prepared))], prepared.store, config)
    name = f"{config.study} {'study' if kind == 'study' else 'report'}"
    description = f"The study **{config.study}** over {len(config.seeds)} seeds."
    with open_invocation(study, prepared, kind, name, description, tasks) as invocation:
        runs = SeedRuns(invocation)
        log_complete = runs.log_complete if kind == "study" else None
        outcome = work.compute(config, prepared.store, tasks, log_complete, invocation.workers)
        failed = _failed_seeds(study, prepared, outcome)
        complete = [seed for seed in config.seeds if seed not in failed]
        tables = study.tables(prepared, complete, failed, None)
        invocation.main.log(study.overview(tables))
        study.report(invocation, tables, runs.ids)
        if runs.ids:
            link_pages(invocation, runs.ids)
        refuse_incomplete(outcome)
        return tables


def _failed_seeds(study: Study, prepared: Prepared[Any], outcome: Outcome) -> dict[int, str]:
    """Return the seeds that are not complete, each with the reason."""
    reasons = {}
    for seed in prepared.config.seeds:
        for key in study.complete(prepared, seed).values():
            if key in outcome.failed:
                failure = outcome.failed[key]
                reasons[seed] = f"{failure.label}: {failure.reason}"
                break
    return reasons


def _beyond(study: Study, prepared: Prepared[Any]) -> list[Node]:
    """Return what the report needs of one seed, for a plan: the one that has most of it."""
    each = (list(study.beyond(prepared, seed)) for seed in prepared.config.seeds)
    return max(each, key=lambda nodes: sum(map(prepared.has, nodes)))


def run_stage(study: Study, stage: str, config: Parameters) -> Any:
    """Run one stage for all seeds, log it as a run of kind `stage`, return its tables or plan."""
    prepared = check(study, config)
    tasks = work.study_tasks(study, prepared, stage)
    if config.plan:
        return print_plan(tasks, prepared.store, config)
    description = f"The stage `{stage}` of the study **{config.study}** on its own."
    name = f"{config.study} {stage}"
    with open_invocation(study, prepared, "stage", name, description, tasks) as invocation:
        outcome = work.compute(config, prepared.store, tasks, workers=invocation.workers)
        refuse_incomplete(outcome)
        tables = study.tables(prepared, config.seeds, {}, [stage])
        invocation.main.log(study.stage_contents(stage, tables))
        return tables
