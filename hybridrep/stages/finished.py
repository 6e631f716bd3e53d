"""Reports on finished studies: their tables are read back from MLflow, nothing is computed.

So a study that an older version of the code has made, whose stored results are not used any more
or gone, can still be reported and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import final_transfer
from hybridrep.compare_config import CompareConfig, ReportConfig
from hybridrep.config import Config
from hybridrep.execution.fingerprint import content_key
from hybridrep.reporting.report import build_report
from hybridrep.reporting.table_1 import table_1_markdown, table_1_rich
from hybridrep.stages.full import run_study
from hybridrep.stages.report import report_files
from hybridrep.tracking.queries import StudyRun, find_study, load_parts
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker, connect


def compare(config: CompareConfig) -> None:
    """Write one report on several studies into a run of kind `stage`.

    Raises:
        TrackingError: a study does not exist or never finished.
        TablesError: a study was made by a newer version.
    """
    tracker, found, tables = _read(config.studies)
    name = f"compare {' against '.join(config.studies)}"
    key = content_key({"compare": [study.study_key for study in found]})
    given = {"studies": ",".join(config.studies)}
    _report(tracker, found, tables, name, (config.study, key), given)


def report(config: ReportConfig) -> None:
    """Report the study of the parameters, computing what it lacks, or a finished one by its name.

    Raises:
        HybridrepError: as `run_study`, or as `compare`.
    """
    if config.source == "study":
        fields = {name: getattr(config, name) for name in Config.model_fields}
        run_study(Config.model_validate(fields), "stage")
        return
    tracker, found, tables = _read([config.source])
    (study,) = found
    files = {"report/table_1.md": table_1_markdown(tables[0])}
    seeds = {"seeds.json": final_transfer(tables[0]).drop(columns="epoch")}
    _report(
        tracker, found, tables, f"{study.study} report", (study.study, study.study_key),
        {"source": config.source}, Contents(files=files, tables=seeds),
    )  # fmt: skip


def _read(names: Sequence[str]) -> tuple[Tracker, list[StudyRun], list[StudyTables]]:
    """Read studies before any run is opened."""
    tracker = connect()
    tracker.close_stale_runs()
    found = [find_study(tracker.server, name) for name in names]
    tables = [StudyTables.from_parts(*load_parts(tracker.server, s.run_id)) for s in found]
    return tracker, found, tables


def _report(
    tracker: Tracker,
    found: Sequence[StudyRun],
    tables: Sequence[StudyTables],
    name: str,
    study: tuple[str, str],
    given: Mapping[str, object],
    more: Contents | None = None,
) -> None:
    """Log a report on studies into a run of its own, and print their Tables 1.

    Args:
        study: the run's study and its key.
        given: the parameters to log.
        more: what else goes into the run.
    """
    built = build_report(tables)
    with tracker.main_run(
        "stage",
        name[:250],
        study=study[0],
        study_key=study[1],
        description=_description(tracker, found),
        config=given,
    ) as main:
        main.log(Contents(files=report_files(built)))
        if more is not None:
            main.log(more)
    console = Console()
    for each in tables:
        console.print(table_1_rich(each))
    console.print("The report is an artifact of this run: make ui", highlight=False)


def _description(tracker: Tracker, found: Sequence[StudyRun]) -> str:
    lines = ["Read from finished studies; open `report/report.html` among the artifacts.", ""]
    lines += [f"- **{s.study}**: [study run]({tracker.link(s.run_id)})" for s in found]
    return "\n".join(lines)
