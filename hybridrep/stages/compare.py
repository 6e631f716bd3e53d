"""Finished studies side by side: their tables are read back from MLflow, nothing is computed."""

from __future__ import annotations

from rich.console import Console

from hybridrep.analysis.tables import StudyTables
from hybridrep.compare_config import CompareConfig
from hybridrep.execution.fingerprint import content_key
from hybridrep.reporting.markup import plain
from hybridrep.reporting.report import build_report
from hybridrep.reporting.table_1 import table_1_rich
from hybridrep.stages.report import report_files
from hybridrep.tracking.queries import StudyRun, find_study, load_parts
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker, connect


def run(config: CompareConfig) -> None:
    """Write one report on several studies into a run of kind `stage`.

    Raises:
        TrackingError: a study does not exist or never finished.
        TablesError: a study was made by a newer version.
    """
    tracker = connect()
    tracker.close_stale_runs()
    found = [find_study(tracker.server, name) for name in config.studies]
    tables = [StudyTables.from_parts(*load_parts(tracker.server, s.run_id)) for s in found]
    report = build_report(tables)
    name = " against ".join(config.studies)
    with tracker.main_run(
        "stage",
        f"compare {name}"[:250],
        study=config.study,
        study_key=content_key({"compare": [study.study_key for study in found]}),
        description=_description(tracker, found),
        config={"studies": ",".join(config.studies)},
    ) as main:
        main.log(Contents(files=report_files(report)))
    console = Console()
    for study in tables:
        console.print(table_1_rich(study))
    console.print("The report is an artifact of this run: make ui", highlight=False)


def _description(tracker: Tracker, found: list[StudyRun]) -> str:
    lines = ["Studies side by side; open `report/report.html` among the artifacts.", ""]
    lines += [f"- **{plain(s.study)}**: [study run]({tracker.link(s.run_id)})" for s in found]
    return "\n".join(lines)
