"""A finished study as pandas tables, whichever study it is."""

from __future__ import annotations

from typing import Any

from hybridrep.errors import TrackingError
from hybridrep.studies.catalogue import CATALOGUE, Catalogue, imported
from hybridrep.tracking.queries import find_study
from hybridrep.tracking.studies import existing_server


def load_study(
    study: str = "hybridrep", *, experiment: str = "hybridrep", catalogue: Catalogue = CATALOGUE
) -> Any:
    """Return the tables of a finished study; of several runs of it, the latest.

    Args:
        study: its name, its key (or the first six characters or more), or the id of its run.
        experiment: where to look, unless `MLFLOW_EXPERIMENT_NAME` or `_ID` says so.
        catalogue: the studies that it may be one of.

    Returns:
        Of the study `hybrid`, `StudyTables`: the long tables `lstm`, `autoencoder`,
        `linear_baseline`, `rsa` and `transfer` with one row a seed and epoch, and `meta`, what
        they stand on.

    Raises:
        TrackingError: no database or server there, no such study (the message names those that
            there are), one that never finished, or one of a newer hybridrep.
        TablesError: its tables were made by a newer hybridrep.
    """
    server = existing_server(experiment)
    run = find_study(server, study, None)
    listing = next((each for each in catalogue.studies if each.name == run.simulation), None)
    if listing is None:
        raise TrackingError(
            f"the run {run.run_id} is of the study {run.simulation!r}, which this version does not "
            "know: update hybridrep to read it"
        )
    return imported(listing.load)(server, run.run_id)
