"""hybridrep.studies.hybrid.load."""

from __future__ import annotations

from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.tracking.queries import find_study, load_parts
from hybridrep.tracking.studies import _existing_server


def load_study(study: str = "hybridrep", *, experiment: str = "hybridrep") -> StudyTables:
    """Return the tables of a finished study; of several runs of it, the latest.

    Args:
        study: its name, its key (or the first six characters or more), or the id of its run.
        experiment: where to look, unless `MLFLOW_EXPERIMENT_NAME` or `_ID` says so.

    Returns:
        `StudyTables`: the long tables `lstm`, `autoencoder`, `linear_baseline`, `rsa` and
        `transfer` with one row a seed and epoch, and `meta`, what they stand on.

    Raises:
        TrackingError: no database or server there, no such study (the message names those that
            there are), or one that never finished.
        TablesError: it was made by a newer hybridrep.
    """
    server = _existing_server(experiment)
    return StudyTables.from_parts(*load_parts(server, find_study(server, study).run_id))
