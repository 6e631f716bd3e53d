"""A sweep that is one search: its run in MLflow, from the first trial to its tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybridrep.execution.schedule import Outcome
from hybridrep.execution.terminal import printed_last
from hybridrep.parameters import Parameters
from hybridrep.running import work
from hybridrep.running.invocation import refuse_incomplete
from hybridrep.sweeping.run import Clock, SweepRun, Trainings
from hybridrep.sweeping.search import Search
from hybridrep.sweeping.storage import public_storage
from hybridrep.sweeping.tables import SearchTables, Terms, search_tables
from hybridrep.sweeping.trials import TrialContents, TrialLog
from hybridrep.tracking import names
from hybridrep.tracking.pages import where_to_look
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import connect

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from rich.table import Table


@dataclass(frozen=True)
class OneSearch:
    """What a sweep of one search is, and how its run tells of it.

    Attributes:
        simulation: the study that it is of.
        stage: the entry point's name in the runs' tags.
        noun: what descriptions call it.
        key: identifies it: what it searches, how, and on which data.
        terms: how it names things.
        trial: what its trials' runs hold.
        contents: its tables and the points of its time -> what its run holds.
        summary: its tables -> Markdown.
        printed: its tables -> what is printed at the end.
    """

    simulation: str
    stage: str
    noun: str
    key: str
    terms: Terms
    trial: TrialContents
    contents: Callable[[SearchTables, list[tuple[str, float, int]]], Contents]
    summary: Callable[[SearchTables], str]
    printed: Callable[[SearchTables], Table | str]

    def work_off(
        self, config: Parameters, trainings: Trainings[Any], search: Search, storage: BaseStorage,
        *, place: str, batch: int, timeout: int,
    ) -> SearchTables:  # fmt: skip
        """Run the search to its end, or go on with one that was stopped; log and tell it.

        Args:
            config: the sweep's parameters.
            trainings: what its trials read.
            search: opened in `storage`.
            storage: Optuna's, of this search.
            place: the parameter `storage` as it was given; where it is, others may search too.
            batch: trials that run side by side.
            timeout: seconds after which no further trial starts; 0: no limit.

        Raises:
            IncompleteStudyError: some trials could not be finished; those that could are logged.
        """
        tracker = connect(self.simulation)
        tracker.close_stale_runs()
        text = {**config.as_text(), "storage": public_storage(place)}
        with printed_last() as later, work.open_workers(config) as workers, tracker.main_run(
            "stage", f"{config.study} {self.stage}", study=config.study, study_key=self.key,
            description=f"The {self.noun} **{config.study}** is at work.", config=text,
            tags={names.STAGE: self.stage},
        ) as main:  # fmt: skip
            main.log(Contents(inputs=self.trial.inputs))
            started, clock = time.perf_counter(), Clock()
            log = TrialLog(config.study, self.key, self.trial, tracker)
            sweep_run = SweepRun(
                [search], storage, trainings, workers, batch=batch, timeout=timeout,
                shared=bool(place), log_own=log.log_own, log_left=log.log_left, clock=clock,
            )  # fmt: skip
            sweep_run.work()
            workers.close()
            found = search_tables(search, self.terms)
            wall = time.perf_counter() - started
            main.log(self.contents(found, clock.points(wall, len(found.trials))))
            parts = {"trials": found.trials, "seeds": found.seeds, "best": found.best}
            meta = {"sweep": config.study, "study_key": self.key, "config": text}
            save_parts(tracker.server, main.run_id, parts, meta)
            main.describe(self.summary(found))
            later.say(self.printed(found), where_to_look(tracker.server, main.run_id))
            refuse_incomplete(Outcome(frozenset(), frozenset(), tuple(sweep_run.failures)))
            return found
