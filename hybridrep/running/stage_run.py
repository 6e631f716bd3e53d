"""One stage run on its own: what it needs comes from the store or is computed, then logged.

Its run carries the stage's tables for all seeds, and as metrics the means over them.
"""

from __future__ import annotations

from hybridrep.running import work
from hybridrep.running.invocation import (
    Invocation,
    check,
    open_invocation,
    print_plan,
    refuse_incomplete,
)
from hybridrep.studies.hybrid import pipeline
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.results.gather import TABLES, study_tables
from hybridrep.studies.hybrid.results.seed_run import metrics
from hybridrep.tracking.records import Contents


def run_stage(stage: str, config: Config) -> None:
    """Run one of `pipeline.STAGES` for all seeds and log it as a run of kind `stage`.

    Raises:
        HybridrepError: bad input before any work, or an incomplete result after it.
    """
    prepared = check(config)
    tasks = pipeline.tasks(prepared.inputs, prepared.store, stage)
    if config.plan:
        print_plan(tasks, prepared.store, config)
        return
    description = f"The stage `{stage}` of the study **{config.study}** on its own."
    name = f"{config.study} {stage}"
    with open_invocation(prepared, "stage", name, description, tasks) as invocation:
        outcome = work.compute(prepared.inputs, prepared.store, tasks, workers=invocation.workers)
        refuse_incomplete(outcome)
        _log(stage, invocation)


def _log(stage: str, invocation: Invocation) -> None:
    inputs, store = invocation.inputs, invocation.store
    if not TABLES[stage]:
        return
    tables = study_tables(inputs, store, inputs.config.seeds, {}, stages=[stage])
    points = metrics(tables)
    means = points.groupby(["key", "step"], sort=False)["value"].mean().reset_index()
    parts = {f"tables/{name}.json": getattr(tables, name) for name in TABLES[stage]}
    invocation.main.log(Contents(metrics=means, tables=parts))
