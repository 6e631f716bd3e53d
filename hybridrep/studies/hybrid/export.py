"""Export: a finished study as one file, to be passed on and opened elsewhere."""

from __future__ import annotations

from pathlib import Path

from hybridrep.errors import ParameterError
from hybridrep.execution.terminal import show
from hybridrep.parameters import resolve_path
from hybridrep.reporting.facts import config_value
from hybridrep.studies.hybrid.finished import Finished, read_finished
from hybridrep.studies.hybrid.names import SIMULATION
from hybridrep.studies.hybrid.report.config import ExportConfig
from hybridrep.studies.hybrid.report.kept_example import example_files
from hybridrep.studies.hybrid.report.report import build_report
from hybridrep.studies.hybrid.results.table_1 import table_1_markdown
from hybridrep.tracking.queries import existing_server
from hybridrep.tracking.study_file import check_place, place_of, write_study_file, written


def export(config: ExportConfig) -> Path:
    """Write a finished study into a file and return its path; nothing is computed or logged.

    Raises:
        HybridrepError: there is no such study, it has no complete seed, its tweets may not be
            shown, or the file is there already or cannot be written.
    """
    name = config.source or config.study
    if config.to:
        check_place(resolve_path(config.to))
    (found,) = read_finished(existing_server("hybridrep"), "source", [name])
    file = place_of(config.to, found.run.study)
    tables = found.results.tables
    if config.texts and not config_value(tables.meta, "share_text", False):
        raise ParameterError(
            f"parameter texts: the study {name!r} was run with share_text=false, so no tweet of "
            "it may be passed on: leave texts out"
        )
    parts, meta = tables.to_parts()
    write_study_file(
        file, SIMULATION, parts, meta, _files(found, texts=config.texts), texts=config.texts
    )
    tweets = "tweets of its example seed are in it" if config.texts else "no tweet is in it"
    show(written(file, found.run.study, tweets), soft_wrap=True)
    return file


def _files(found: Finished, *, texts: bool) -> dict[str, bytes | str]:
    """Return the study's report and example as files, with tweets only if they may be there."""
    results = found.results
    example = found.example.without_texts() if found.example and not texts else found.example
    report = build_report([results], [example], [found.inference], [found.remarks], texts=texts)
    files = report.files
    files["report/table_1.md"] = table_1_markdown(results.table_1[results.size])
    return files | (example_files(example) if example else {})
