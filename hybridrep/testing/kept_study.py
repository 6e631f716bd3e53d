"""Made-up studies kept in MLflow as real ones are."""

from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker


def keep_study(tracker: Tracker, tables: StudyTables, more: Contents | None = None) -> str:
    """Keep tables, and more, in a finished run, as a study does; return its id."""
    with tracker.main_run(
        "study", "x", study=tables.meta["study"], study_key=tables.meta["study_key"]
    ) as main:
        save_parts(tracker.server, main.run_id, *tables.to_parts())
        if more is not None:
            main.log(more)
    return main.run_id
