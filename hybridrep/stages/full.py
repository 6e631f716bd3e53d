"""The whole simulation over all seeds: compute what is missing, log each seed, report."""

from __future__ import annotations

from functools import partial

from hybridrep.analysis.views import final_transfer
from hybridrep.config import Config
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.stages import example, pipeline
from hybridrep.stages.inputs import Inputs
from hybridrep.stages.invocation import (
    Invocation,
    check,
    failed_seeds,
    open_invocation,
    print_plan,
    refuse_incomplete,
)
from hybridrep.stages.records import cache_key, seed_artifacts, seed_record
from hybridrep.stages.report import write_report
from hybridrep.stages.tables import study_key, study_tables
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
        outcome = pipeline.compute(inputs, store, tasks, log_complete, invocation.workers)
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


class SeedRuns:
    """Logs each seed as a run of its own as soon as all its results are stored.

    Attributes:
        ids: seed -> id of its finished run, new or found.
    """

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        inputs, store = invocation.inputs, invocation.store
        self._waiting = {
            seed: frozenset(pipeline.seed_keys(inputs, store, seed).values())
            for seed in inputs.config.seeds
        }
        self.ids: dict[int, str] = {}

    def log_complete(self, stored: frozenset[str]) -> None:
        """Log the seeds whose results are all among `stored` and that have no run yet.

        A run of before whose artifacts are gone is given them again.
        """
        inputs, store = self._invocation.inputs, self._invocation.store
        for seed in [seed for seed, keys in self._waiting.items() if keys <= stored]:
            del self._waiting[seed]
            tracker = self._invocation.tracker
            link = tracker.link(self._invocation.main.run_id)
            record = partial(seed_record, inputs, store, seed, link)
            found = tracker.find_finished("seed", study_key(inputs), cache_key(inputs, store, seed))
            if found:
                tracker.restore(found, seed_artifacts(inputs, store, seed), record)
            self.ids[seed] = found.run_id if found else tracker.log_finished(record())
