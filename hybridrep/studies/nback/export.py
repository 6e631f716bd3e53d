"""Export: a finished N-back study as one file, to be passed on and opened elsewhere."""

from __future__ import annotations

from pathlib import Path

from hybridrep.errors import ParameterError
from hybridrep.execution.terminal import show
from hybridrep.studies.nback.load import load
from hybridrep.studies.nback.names import SIMULATION
from hybridrep.tracking.queries import existing_server, find_study, load_folder
from hybridrep.tracking.study_file import place_of, write_study_file, written

_REPORT = "report"
"""Folder of a study's run: the page, tables and figures, the contact sheet of its stimuli too."""


def export(name: str, to: str, *, texts: bool = False) -> Path:
    """Write a finished study into a file and return its path; nothing is computed or logged.

    Its tables and its report travel, as they lie in its run.

    Args:
        name: the study's name, its key, or the id of its run.
        to: the file; empty: one that is named after the study, in this folder.
        texts: whether texts were asked for, of which there are none.

    Raises:
        HybridrepError: there is no such study, it never finished or has no finished seed, or the
            file is there already or cannot be written.
    """
    if texts:
        raise ParameterError("parameter texts: an N-back study holds no tweets: leave it out")
    server = existing_server("hybridrep")
    run = find_study(server, name, SIMULATION)
    file = place_of(to, run.study)
    tables = load(server, run.run_id)
    if not tables.seeds:
        raise ParameterError(
            f"parameter source: {run.study!r} has no finished seed to pass on. Run it again with "
            "the same parameters, it goes on from what is there."
        )
    parts, meta = tables.to_parts()
    files = load_folder(server, run.run_id, _REPORT)
    write_study_file(file, SIMULATION, parts, meta, files, texts=False)
    show(written(file, run.study, "its stimuli are shown in the report"), soft_wrap=True)
    return file
