"""What every invocation does around its stage: checks first, then a run that ends as it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.errors import IncompleteStudyError
from hybridrep.execution.code_version import fix_code_versions
from hybridrep.execution.local import worker_count
from hybridrep.execution.planning import plan, wall_seconds
from hybridrep.execution.progress import duration_text
from hybridrep.execution.schedule import Outcome
from hybridrep.execution.store import Store
from hybridrep.execution.tasks import Task
from hybridrep.execution.temporary import check_temporary_folder
from hybridrep.execution.terminal import printed_last, show
from hybridrep.parameters import CPU, Parameters, device_of
from hybridrep.running import work
from hybridrep.running.place import store_folder
from hybridrep.running.stage import Node, tasks_of
from hybridrep.running.study import Invocation, Prepared, Study
from hybridrep.tracking.pages import where_to_look
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import connect


def check(study: Study, config: Parameters, **options: Any) -> Prepared[Any]:
    """Check the store and everything that the study reads before any long work.

    A plan only looks: what preparing it makes is gone when it is printed.
    """
    fix_code_versions("hybridrep.studies")
    check_temporary_folder()
    store = Store(store_folder(config.store))
    if config.plan:
        store.check_makeable()
        store = store.untouched()
    else:
        store.check_writable()
    return Prepared(study.prepare(config, store, **options), store)


@contextmanager
def open_invocation(
    study: Study,
    prepared: Prepared[Any],
    kind: str,
    name: str,
    description: str,
    tasks: Sequence[Task],
) -> Iterator[Invocation]:
    """Connect to MLflow, close what dead processes left, and open this invocation's run.

    Meanwhile the workers get ready for the tasks. The run's kind is `study` or `stage`. What the
    invocation has `later` to say is printed when the run is closed.
    """
    config = prepared.config
    with printed_last() as later, work.open_workers(config) as workers:
        work.warm_up(workers, study.warm_up, tasks, prepared.store)
        tracker = connect(study.name)
        tracker.close_stale_runs()
        with tracker.main_run(
            kind, name, study=config.study, study_key=study.key(prepared.inputs),
            description=description, config=config.as_text(),
        ) as main:  # fmt: skip
            main.log(Contents(inputs=study.data(prepared.inputs)))
            yield Invocation(study, prepared, tracker, main, workers, later)
        later.say(where_to_look(tracker.server, main.run_id))


def print_plan(tasks: Sequence[Task], store: Store, config: Parameters) -> pd.DataFrame:
    """Print and return per stage what would run and what is reused, and print how long it takes."""
    frame = plan(tasks, store)
    table = Table(title="Plan: nothing is run", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("stage")
    for heading in ("to do", "reused", "on one core"):
        table.add_column(heading, justify="right")
    for row in frame.to_dict("records"):
        left = row["units"] - row["units_reused"]
        time = duration_text(row["seconds"]) if row["tasks_to_run"] else ""
        table.add_row(
            row["stage"], f"{left:,.0f} {row['noun']}", f"{row['units_reused']:,.0f}", time
        )
    show(table, _how_long(frame, tasks, store, config))
    return frame


def _how_long(frame: pd.DataFrame, tasks: Sequence[Task], store: Store, config: Parameters) -> str:
    """Say how long a plan would take, and what the estimate stands on."""
    left = frame[frame["tasks_to_run"] > 0]
    if not len(left):
        return "All of it is finished: a run would only log and report."
    if config.cluster:
        time = f"{duration_text(left['seconds'].sum())} of work, shared by the cluster's workers"
    else:
        workers = worker_count(work.processes(config))
        seconds = wall_seconds(tasks, store, work.processes(config))
        time = f"{duration_text(seconds)} on {workers} {'worker' if workers == 1 else 'workers'}"
        if (device := device_of(config)) != CPU:
            time += f" with {device}"
    measured = (left["basis"] == "measured").all()
    basis = "by the times of finished results" if measured else "a first guess"
    return f"About {time}, and a minute for start and report ({basis})."


def compute_beside(invocation: Invocation, nodes: Sequence[Node]) -> None:
    """Compute what a report shows beside the seeds' own results.

    Raises:
        IncompleteStudyError: some of it could not be computed.
    """
    prepared = invocation.prepared
    refuse_incomplete(
        work.compute(prepared.config, prepared.store, tasks_of(nodes), workers=invocation.workers)
    )


def refuse_incomplete(outcome: Outcome) -> None:
    """Raise when tasks failed, with the first reasons; the log has their tracebacks."""
    if not outcome.failures:
        return
    shown = "\n".join(f"  {f.label}: {f.reason}" for f in outcome.failures[:5])
    raise IncompleteStudyError(
        f"{len(outcome.failures)} tasks did not finish; what is finished is kept, and the same "
        f"command tries the rest again:\n{shown}"
    )
