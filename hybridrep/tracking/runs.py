"""Runs from their beginning to their end: the main run of a process, and finished ones at once.

Every run that this module opens is closed by it, whatever happens: FINISHED when its work is
complete, FAILED after an exception, KILLED after Ctrl-C or SIGTERM. What a SIGKILL leaves RUNNING
is closed by the next process (`Tracker.close_stale_runs`).
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from hybridrep.messages import publishable, without_passwords
from hybridrep.tracking import names
from hybridrep.tracking.pages import run_page
from hybridrep.tracking.process import process_tags, terminated_with_parent, undisturbed
from hybridrep.tracking.provenance import environment_json, provenance_tags
from hybridrep.tracking.queries import search
from hybridrep.tracking.records import Contents, RunRecord, config_params
from hybridrep.tracking.server import Server, impatient, open_server, readable_errors
from hybridrep.tracking.stale import close_stale_runs
from hybridrep.tracking.writing import (
    NAME_LENGTH,
    TAG_LENGTH,
    clip,
    lost_artifacts,
    write_artifacts,
    write_contents,
)

_RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
_logger = logging.getLogger(__name__)


def connect(simulation: str, default_experiment: str = "hybridrep") -> Tracker:
    """Connect to MLflow as its environment variables say, for the runs of one simulation.

    Raises:
        TrackingError: within seconds, when the server does not answer or names do not exist.
    """
    return Tracker(open_server(default_experiment), simulation)


@dataclass(frozen=True)
class FoundRun:
    """A run that is there already: its id, and the address of its artifacts."""

    run_id: str
    artifacts: str


class Tracker:
    """Writes runs of one simulation into one experiment; no others are found or used again."""

    def __init__(self, server: Server, simulation: str) -> None:
        self.server, self.simulation = server, simulation

    def sibling(self, suffix: str) -> Tracker:
        """Return a tracker for the experiment `NAME-suffix`, e.g. the trials of a sweep."""
        return Tracker(self.server.sibling(suffix), self.simulation)

    def link(self, run_id: str) -> str:
        """Return a link to a run of this experiment that works inside the UI's descriptions."""
        return run_page(self.server.experiment_id, run_id).place

    @contextmanager
    def main_run(
        self,
        kind: str, name: str, *, study: str, study_key: str, description: str = "",
        config: Mapping[str, object] | None = None, tags: Mapping[str, str] | None = None,
    ) -> Iterator[MainRun]:  # fmt: skip
        """Open the run of this invocation, and close it with the right status in any case.

        The first one takes over the run that `mlflow run` made, if it made one.

        Args:
            kind: `study` or `stage`.
            name: readable name; one that the user gave to `mlflow run` stays.
            study_key: shared with its seed runs.
            description: Markdown for the run's page.
            config: the resolved configuration, logged as `config/NAME` and `config.json`.

        Raises:
            TrackingError: when the run cannot be opened, written or closed as finished.
        """
        all_tags = {**(tags or {}), names.STUDY: study, names.STUDY_KEY: study_key}
        project_run = self.server.project_run_id
        with self._errors(f"opening the run {name!r}"):
            run_id = project_run or self._create(name, kind, all_tags, description)
        # Children, and a second main run of this process, must not take the same run again.
        os.environ.pop("MLFLOW_RUN_ID", None)
        self.server = replace(self.server, project_run_id=None)
        with terminated_with_parent() if project_run else nullcontext(), self._closing(run_id):
            run = MainRun(self, run_id)
            if project_run:
                self._take_over(run, name, self._tags(kind, all_tags, description))
            text = json.dumps(config or {}, indent=2, default=str, ensure_ascii=False)
            files = {"environment.json": environment_json(), "config.json": text}
            run.log(Contents(params=config_params(config or {}), files=files))
            yield run

    def log_finished(self, record: RunRecord) -> str:
        """Write a whole run at once and return its id.

        FINISHED is set last: a finished run is complete. One that cannot be written becomes
        FAILED, and one whose process is killed meanwhile is closed by the next process.

        Raises:
            TrackingError: when the server, its database or its disk fails.
        """
        with self._errors(f"logging the run {record.name!r}"):
            run_id = self._create(record.name, record.kind, {}, record.description)
        with self._closing(run_id), self._errors(f"logging the run {record.name!r}"):
            write_contents(self.server.client, run_id, record)
        return run_id

    def find_finished(self, kind: str, study_key: str | None, cache_key: str) -> FoundRun | None:
        """Return the latest finished run with this cache key, or None; of any study for None."""
        tags = {names.KIND: kind, names.CACHE_KEY: cache_key}
        if study_key is not None:
            tags[names.STUDY_KEY] = study_key
        with self._errors("looking for a run"):
            server, mine = self.server, self.simulation
            runs = search(server, tags, simulation=mine, status="FINISHED", limit=1)
        return FoundRun(runs[0].info.run_id, runs[0].info.artifact_uri) if runs else None

    def restore(
        self, found: FoundRun, expected: Mapping[str, int | None], contents: Callable[[], Contents]
    ) -> list[str]:
        """Write a finished run's artifacts again if some are gone; return which were.

        Expected are paths with their size in bytes, or None for any; `contents` makes what the run
        holds and is called only if something is gone.
        """
        run_id = found.run_id
        with self._errors(f"looking through the artifacts of the run {run_id}"):
            lost = lost_artifacts(self.server.uri, found.artifacts, expected)
        if lost:
            names_of_lost = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
            _logger.warning(
                "%d artifacts of the finished run %s were gone or cut short and are written "
                "again: %s", len(lost), run_id, names_of_lost,
            )  # fmt: skip
            with self._errors(f"restoring the artifacts of the run {run_id}"):
                write_artifacts(self.server.client, run_id, contents())
        return lost

    def close_stale_runs(self) -> list[str]:
        """Mark runs of dead processes KILLED, before one of this process opens; return ids."""
        with self._errors("closing the runs of dead processes"):
            return close_stale_runs(self.server)

    def _create(self, name: str, kind: str, tags: Mapping[str, str], description: str) -> str:
        every, name = self._tags(kind, tags, description), clip(name, NAME_LENGTH)
        run = self.server.client.create_run(self.server.experiment_id, run_name=name, tags=every)
        return str(run.info.run_id)

    def _tags(self, kind: str, tags: Mapping[str, str], description: str) -> dict[str, str]:
        """Add to a run's own tags its simulation, kind, process, provenance and description."""
        from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

        note = {MLFLOW_RUN_NOTE: description} if description else {}
        every = {**provenance_tags(), **process_tags(), **note, **tags}
        every |= {names.KIND: kind, names.SIMULATION: self.simulation}
        return {key: clip(value, TAG_LENGTH) for key, value in every.items()}

    def _take_over(self, run: MainRun, name: str, tags: Mapping[str, str]) -> None:
        """Tag a project's run as ours, and name it readably unless the user chose a name."""
        with self._errors(f"taking over the run {run.run_id}"):
            existing = self.server.client.get_run(run.run_id)
            if _RANDOM_NAME.fullmatch(existing.info.run_name or "random-name-0"):
                self.server.client.update_run(run.run_id, name=clip(name, NAME_LENGTH))
        sources = {tag for tag in existing.data.tags if tag.startswith("mlflow.source.")}
        run.log(Contents(tags={tag: tags[tag] for tag in tags.keys() - sources}))

    @contextmanager
    def _closing(self, run_id: str) -> Iterator[None]:
        """Close the run: FINISHED, FAILED after an exception, KILLED when told to stop."""
        try:
            yield
        except Exception as error:
            self._abandon(run_id, "FAILED", publishable(error))
            raise
        except BaseException as error:  # KeyboardInterrupt, termination
            self._abandon(run_id, "KILLED", type(error).__name__)
            raise
        with self._errors("closing a finished run"):
            self.server.client.set_terminated(run_id, "FINISHED")

    def _abandon(self, run_id: str, status: str, reason: str) -> None:
        """Close a run that did not finish; never hides the reason by an error of its own."""
        reason = without_passwords(reason, self.server.uri)
        with undisturbed(), impatient():
            try:
                self.server.client.set_tag(run_id, names.FAILURE, clip(reason, TAG_LENGTH))
                self.server.client.set_terminated(run_id, status)
            except Exception as error:  # noqa: BLE001 - the exception on its way matters more
                why = without_passwords(str(error), self.server.uri)
                _logger.warning("run %s could not be marked %s: %s", run_id, status, why)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        with readable_errors(self.server.uri, doing):
            yield


class MainRun:
    """The open main run of a process; see `Tracker.main_run`."""

    def __init__(self, tracker: Tracker, run_id: str) -> None:
        self._tracker, self.run_id = tracker, run_id
        self.description = ""  # the last that `describe` wrote

    def log(self, contents: Contents) -> None:
        """Write contents into the run; a TrackingError says when its server or disk fails."""
        server = self._tracker.server
        with readable_errors(server.uri, "writing into the main run"):
            write_contents(server.client, self.run_id, contents)

    def describe(self, description: str) -> None:
        """Replace the run's description (Markdown)."""
        from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

        self.log(Contents(tags={MLFLOW_RUN_NOTE: description}))
        self.description = description
