"""Closing runs whose process died: killed, out of memory, or the machine lost power."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from hybridrep.tracking import names
from hybridrep.tracking.process import is_gone, other_project_runs
from hybridrep.tracking.queries import search
from hybridrep.tracking.server import Server

if TYPE_CHECKING:
    from mlflow.entities import Run

ABANDONED_HOURS = 24.0
_logger = logging.getLogger(__name__)


def close_stale_runs(server: Server) -> list[str]:
    """Mark as KILLED the RUNNING runs whose process is known to be gone; return their ids.

    That is every run with this host's tags whose process has ended, in any experiment, and, in
    the server's own experiment, every run that `mlflow run` made whose process died before it
    could leave its tags. The latter are closed only if the store is a file of this machine and
    no other `mlflow run` is alive on it, or after a day.
    """
    closed = []
    experiments = [str(e.experiment_id) for e in server.client.search_experiments()]
    for run in search(server, {}, status="RUNNING", experiments=experiments):
        if run.info.run_id == server.project_run_id:
            continue
        tags = run.data.tags
        if is_gone(tags) if names.PID in tags else _is_abandoned(server, run):
            reason = "closed later: its process had ended without closing it"
            server.client.set_tag(run.info.run_id, names.FAILURE, reason)
            server.client.set_terminated(run.info.run_id, "KILLED")
            closed.append(str(run.info.run_id))
    if closed:
        _logger.info("%d runs of dead processes marked KILLED", len(closed))
    return closed


def _is_abandoned(server: Server, run: Run) -> bool:
    """Judge a run without a process's tags: made by `mlflow run`, never taken over by anyone."""
    from mlflow.utils.mlflow_tags import MLFLOW_PROJECT_ENTRY_POINT

    own = run.info.experiment_id == server.experiment_id
    if not own or MLFLOW_PROJECT_ENTRY_POINT not in run.data.tags:
        return False
    hours = (time.time() - run.info.start_time / 1_000) / 3_600
    return hours > ABANDONED_HOURS or (server.is_local and not other_project_runs())
