"""Reports on finished studies: their tables are read back from MLflow, nothing is computed.

So a study that an older version of the code has made, whose stored results are not used any more
or gone, can still be reported and compared.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from hybridrep.errors import ParameterError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.planning import COLUMNS
from hybridrep.execution.terminal import show
from hybridrep.reporting.markup import plain
from hybridrep.reporting.report import Report
from hybridrep.running.study_run import run_study
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.report.config import CompareConfig, ReportConfig
from hybridrep.studies.hybrid.report.kept_example import (
    ARRAYS_FILE,
    RECORD_FILE,
    ExampleError,
    read_example,
)
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.results.agreement import ACROSS_TABLES
from hybridrep.studies.hybrid.results.inference import INFERENCE_COLUMNS
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.seed_run import overview
from hybridrep.studies.hybrid.results.table_1 import table_1_markdown, table_1_rich
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity.items import ExampleItems
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.tracking.queries import StudyRun, existing_server, load_file, load_parts, study_runs
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import Tracker, connect
from hybridrep.tracking.server import Server


@dataclass(frozen=True, eq=False)
class Finished:
    """A study as its run tells of it."""

    run: StudyRun
    results: Results
    inference: pd.DataFrame | None  # over seeds and items; None where it cannot be shown
    across: dict[str, pd.DataFrame]  # what compares its seeds, as far as it can be shown
    example: ExampleItems | None  # its example seed; None where it cannot be shown
    remarks: tuple[str, ...]  # why what cannot be shown is left out


def compare(config: CompareConfig) -> dict[str, pd.DataFrame]:
    """Write one report on several studies into a run of kind `stage`.

    A study counts as soon as it has a complete seed; the report says what each stands on.
    """
    tracker = _connect()
    found = read_finished(tracker.server, "studies", config.studies)
    key = content_key({"compare": [each.run.study_key for each in found]})
    given = {"studies": ",".join(config.studies)}
    name = f"compare {' against '.join(config.studies)}"
    return _report(tracker, found, name, (config.study, key), given).tables


def report(config: ReportConfig) -> StudyTables | pd.DataFrame:
    """Report the study of the parameters, with what it lacks computed, or a finished one."""
    if config.source == "study":
        fields = {name: getattr(config, name) for name in Config.model_fields}
        made: StudyTables | pd.DataFrame
        made = run_study(HYBRID, Config.model_validate(fields), "stage")
        return made
    if config.plan:
        return _planned(config.source)
    tracker = _connect()
    (found,) = read_finished(tracker.server, "source", [config.source])
    results = found.results
    more = Contents(
        files={"report/table_1.md": table_1_markdown(results.table_1[results.size])},
        tables=dict(overview(results.tables).tables),
    )
    study = (found.run.study, found.run.study_key)
    _report(tracker, [found], f"{found.run.study} report", study, {"source": config.source}, more)
    return found.results.tables


def _planned(source: str) -> pd.DataFrame:
    """Say what would be reported; as a plan, without anything that would run."""
    (found,) = read_finished(existing_server("hybridrep"), "source", [source])
    show(
        f"Plan: nothing is run. A report of the study {found.run.study!r} (run {found.run.run_id}) "
        f"would be made anew from its tables. {found.results.standing}"
    )
    return pd.DataFrame(columns=COLUMNS)


def _connect() -> Tracker:
    tracker = connect(SIMULATION)
    tracker.close_stale_runs()
    return tracker


def read_finished(server: Server, parameter: str, names: Sequence[str]) -> list[Finished]:
    """Read studies before any run is opened: of each its latest finished run, or its latest."""
    known: dict[str, str] = {}
    found = []
    for name in names:
        every = study_runs(server, name, SIMULATION)
        run = next((study for study in every if study.status == "FINISHED"), every[0])
        if run.run_id in known:
            raise ParameterError(
                f"parameter {parameter}: {known[run.run_id]!r} and {name!r} are the same study run "
                f"({run.run_id}): name two that differ, by study name, study key or run id"
            )
        known[run.run_id] = name
        results = Results(StudyTables.from_parts(*load_parts(server, run.run_id)))
        if not results.seeds("complete"):
            raise ParameterError(
                f"parameter {parameter}: {name!r} has no finished seed to report. "
                f"{results.standing} Run it again with the same parameters, it goes on from what "
                "is there."
            )
        inference, no_inference = _inference(server, run)
        example, no_example = _example(server, run)
        across = _across(server, run)
        remarks = tuple(filter(None, (no_inference, no_example)))
        found.append(Finished(run, results, inference, across, example, remarks))
    return found


def _inference(server: Server, study: StudyRun) -> tuple[pd.DataFrame | None, str]:
    """Return the inference over seeds and items of the study's own report, or why there is none."""
    content = load_file(server, study.run_id, "report/inference.csv")
    if content is None:
        return None, (
            "Inference over seeds and items (intervals, permutation tests, noise ceiling) is not "
            "shown: the study's run holds none, as of older versions and of unfinished reports."
        )
    try:
        table = pd.read_csv(io.BytesIO(content))
    except ValueError:  # pandas' and the decoder's errors are ValueErrors
        table = pd.DataFrame()
    if lacking := [name for name in INFERENCE_COLUMNS if name not in table.columns]:
        return None, (
            "Inference over seeds and items is not shown: the study's table, of another version or "
            f"damaged, lacks {', '.join(lacking)}."
        )
    columns = table[list(INFERENCE_COLUMNS)]
    return columns.assign(note=table["note"].astype(object).fillna("")), ""


def _across(server: Server, study: StudyRun) -> dict[str, pd.DataFrame]:
    """Return what the study's own report says of its seeds compared, as far as it can be read."""
    found = {}
    for name, (_, columns) in ACROSS_TABLES.items():
        content = load_file(server, study.run_id, f"report/{name}.csv")
        try:
            table = pd.read_csv(io.BytesIO(content or b""))
        except ValueError:  # nothing is there, or it is damaged
            continue
        if not {*columns} - {*table.columns}:
            table = table[list(columns)]
            if "note" in table:
                table = table.assign(note=table["note"].astype(object).fillna(""))
            found[name] = table
    return found


def _example(server: Server, study: StudyRun) -> tuple[ExampleItems | None, str]:
    """Return the example seed that the study filed with its tables, or why there is none."""
    arrays, record = (load_file(server, study.run_id, p) for p in (ARRAYS_FILE, RECORD_FILE))
    try:
        if arrays is None or record is None:
            raise ExampleError("its run holds none, as of older versions and unfinished reports")
        return read_example(arrays, record), ""
    except ExampleError as error:
        return None, (
            "Similarity matrices and t-SNE maps of a single simulation, and the interactive views, "
            f"are not shown for this study: {error}."
        )


def _report(
    tracker: Tracker, found: Sequence[Finished], name: str, study: tuple[str, str],
    given: Mapping[str, object], more: Contents | None = None,
) -> Report:  # fmt: skip
    """Log a report on studies into a run of its own, print their Tables 1, and return it."""
    built = build_report(
        [each.results for each in found], [each.example for each in found],
        [each.inference for each in found], [each.remarks for each in found],
        across=[each.across for each in found],
    )  # fmt: skip
    with tracker.main_run(
        "stage", name[:250], study=study[0], study_key=study[1],
        description=_description(tracker, found), config=given,
    ) as main:  # fmt: skip
        main.log(Contents(files=built.files))
        if more is not None:
            main.log(more)
    if built.remark:
        show(built.remark, soft_wrap=True)
    for each in found:
        if len(found) > 1:  # the tables alone do not say whose they are
            show(f"Study {each.run.study}:")
        results = each.results
        show(table_1_rich(results.table_1[results.size], results.size), results.standing)
    show("The report is an artifact of this run: make ui")
    return built


def _description(tracker: Tracker, found: Sequence[Finished]) -> str:
    lines = ["Read from finished studies; open `report/report.html` among the artifacts.", ""]
    lines += [
        f"- **{plain(each.run.study)}**: [study run]({tracker.link(each.run.run_id)}). "
        f"{each.results.standing}"
        for each in found
    ]
    return "\n".join(lines)
