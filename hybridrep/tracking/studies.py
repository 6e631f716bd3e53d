"""Finished studies as pandas tables, for notebooks and scripts.

    import hybridrep

    hybridrep.list_studies()
    tables = hybridrep.load_study("hybridrep")
    tables.transfer.groupby("representation")["test_loss"].mean()

Where runs are looked for is what MLflow's own settings say: `mlflow.set_tracking_uri(...)`,
`MLFLOW_TRACKING_URI`, else `mlflow.db` in the working directory.
"""

from __future__ import annotations

import pandas as pd

from hybridrep.errors import TrackingError
from hybridrep.tracking import names
from hybridrep.tracking.queries import search
from hybridrep.tracking.server import Server, open_server, readable_errors
from hybridrep.tracking.sqlite import database_path

STUDY_COLUMNS = ("study", "simulation", "study_key", "status", "started", "run_id")


def list_studies(*, experiment: str = "hybridrep") -> pd.DataFrame:
    """Return all runs of studies, the latest first, with the columns `STUDY_COLUMNS`.

    Args:
        experiment: where to look, unless `MLFLOW_EXPERIMENT_NAME` or `_ID` says so.

    Raises:
        TrackingError: there is no database or server.
    """
    server = existing_server(experiment)
    with readable_errors(server.uri, "listing the studies"):
        runs = search(server, {names.KIND: "study"})
    rows = [
        (
            run.data.tags.get(names.STUDY, ""),
            names.simulation_of(run.data.tags),
            run.data.tags.get(names.STUDY_KEY, ""),
            run.info.status,
            pd.Timestamp(run.info.start_time, unit="ms", tz="UTC"),
            run.info.run_id,
        )
        for run in runs
    ]
    return pd.DataFrame(rows, columns=list(STUDY_COLUMNS))


def existing_server(experiment: str) -> Server:
    """Connect without making anything: whoever reads must not leave an empty database behind.

    Raises:
        TrackingError: there is no database or server.
    """
    import mlflow

    path = database_path(mlflow.get_tracking_uri())
    if path is not None and not path.exists():
        raise TrackingError(
            f"there is no tracking database {path}: `mlflow.set_tracking_uri(...)` or "
            "MLFLOW_TRACKING_URI says where it is, e.g. sqlite:////home/ada/hybridrep/mlflow.db; "
            "`make full` makes one"
        )
    return open_server(experiment)
