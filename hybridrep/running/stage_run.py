"""One stage run on its own: what it needs comes from the store or is computed, then logged."""

from __future__ import annotations

from typing import Any

from hybridrep.parameters import Parameters
from hybridrep.running import work
from hybridrep.running.invocation import check, open_invocation, print_plan, refuse_incomplete
from hybridrep.running.study import Study


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
