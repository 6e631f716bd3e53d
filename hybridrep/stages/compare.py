"""Studies side by side: their tables are read back from MLflow, nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.console import Console

from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import seeds_by_status, standing
from hybridrep.compare_config import CompareConfig
from hybridrep.errors import ParameterError
from hybridrep.execution.fingerprint import content_key
from hybridrep.reporting.markup import plain
from hybridrep.reporting.report import build_report
from hybridrep.reporting.result_tables import INFERENCE_COLUMNS
from hybridrep.reporting.table_1 import table_1_rich
from hybridrep.stages.report import report_files
from hybridrep.tracking.queries import StudyRun, load_csv, load_parts, study_runs
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker, connect
from hybridrep.tracking.server import Server


def run(config: CompareConfig) -> None:
    """Write one report on several studies into a run of kind `stage`.

    A study counts as soon as it has a complete seed; the report says what each stands on.

    Raises:
        ParameterError: two names mean the same run, or a study has no complete seed.
        TrackingError: a study does not exist or has left no tables.
        TablesError: a study was made by a newer version.
    """
    tracker = connect()
    tracker.close_stale_runs()
    server = tracker.server
    found = _find(server, config.studies)
    tables = [_read(server, name, s) for name, s in zip(config.studies, found, strict=True)]
    inference = [_inference(server, study) for study in found]
    report = build_report(tables, inference=inference)
    name = " against ".join(config.studies)
    with tracker.main_run(
        "stage",
        f"compare {name}"[:250],
        study=config.study,
        study_key=content_key({"compare": [study.study_key for study in found]}),
        description=_description(tracker, found, tables),
        config={"studies": ",".join(config.studies)},
    ) as main:
        main.log(Contents(files=report_files(report)))
    console = Console()
    for study in tables:
        console.print(table_1_rich(study))
        console.print(standing(study))
    console.print("The report is an artifact of this run: make ui", highlight=False)


def _find(server: Server, names: Sequence[str]) -> list[StudyRun]:
    """Return each study's latest finished run, or its latest where none finished."""
    found: dict[str, str] = {}
    runs = []
    for name in names:
        every = study_runs(server, name)
        chosen = next((study for study in every if study.status == "FINISHED"), every[0])
        if chosen.run_id in found:
            raise ParameterError(
                f"parameter studies: {found[chosen.run_id]!r} and {name!r} are the same study run "
                f"({chosen.run_id}): name two that differ, by study name, study key or run id"
            )
        found[chosen.run_id] = name
        runs.append(chosen)
    return runs


def _read(server: Server, name: str, study: StudyRun) -> StudyTables:
    tables = StudyTables.from_parts(*load_parts(server, study.run_id))
    if not seeds_by_status(tables, "complete"):
        raise ParameterError(
            f"parameter studies: {name!r} has no finished seed to compare. {standing(tables)} Run "
            "it again with the same parameters, it goes on from what is there."
        )
    return tables


def _inference(server: Server, study: StudyRun) -> pd.DataFrame | None:
    """Return the study's table of inference over seeds and items, if its own report has one."""
    table = load_csv(server, study.run_id, "report/inference.csv")
    if table is None or not set(INFERENCE_COLUMNS) <= set(table.columns):
        return None
    return table[list(INFERENCE_COLUMNS)].assign(note=table["note"].astype(object).fillna(""))


def _description(tracker: Tracker, found: list[StudyRun], tables: list[StudyTables]) -> str:
    lines = ["Studies side by side; open `report/report.html` among the artifacts.", ""]
    lines += [
        f"- **{plain(study.study)}**: [study run]({tracker.link(study.run_id)}). {standing(each)}"
        for study, each in zip(found, tables, strict=True)
    ]
    return "\n".join(lines)
