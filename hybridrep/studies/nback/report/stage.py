"""The report of a study: tables and figures as artifacts, performance on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import pandas as pd

from hybridrep.execution.code_version import code_version
from hybridrep.parameters import with_role
from hybridrep.reporting.html.page import page_files
from hybridrep.running.invocation import compute_beside
from hybridrep.running.stage import Made, Node, Stage
from hybridrep.running.study import Invocation
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.report import reproduce
from hybridrep.studies.nback.results.gather import across_tables
from hybridrep.studies.nback.results.performance import performance_markdown, performance_rich
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.similarity import across
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import Contents

STAGE = Stage("nback_report", module=__name__)


def write_report(invocation: Invocation, tables: NBackTables, seed_runs: Mapping[int, str]) -> None:
    """Log a study's tables and report into its run; print its table of performance.

    The report is filed in the store like any result, so an unchanged study draws nothing again.
    """
    prepared = invocation.prepared
    nodes = across.nodes(prepared, tables.seeds)
    stored = STAGE.keep(
        prepared.store, _key(invocation, tables, nodes), lambda: _make(invocation, tables, nodes),
        {"study": prepared.config.study, "seeds": len(tables.seeds)},
    )  # fmt: skip
    files = {path: stored.file(name) for name, path in stored.meta["paths"].items()}
    # the tables first: a run that ends in between is a study without its report
    save_parts(invocation.tracker.server, invocation.main.run_id, *tables.to_parts())
    invocation.main.log(Contents(files=files))
    text = files["report/performance.md"].read_text("utf-8")
    invocation.main.describe(_description(invocation, tables, text, seed_runs))
    invocation.later.say(
        performance_rich(pd.read_csv(files["report/performance.csv"])),
        "Browse the runs and the report: make ui",
    )


def _key(invocation: Invocation, tables: NBackTables, nodes: Sequence[Node]) -> str:
    """Key of a study's report: its seeds' results, everything it says of them, and the code."""
    study, prepared = invocation.study, invocation.prepared
    config, places = tables.meta["config"], with_role(Config, "place")
    return STAGE.key(
        code_version(reproduce.__name__, exclude=()), page_files(__name__.rpartition(".")[0]),
        {**tables.meta, "config": {n: v for n, v in config.items() if n not in places}},
        beside=nodes,
        **{
            f"seed {seed}": list(study.complete(prepared, seed).values()) for seed in tables.seeds
        },
    )  # fmt: skip


def _make(invocation: Invocation, tables: NBackTables, nodes: Sequence[Node]) -> Made:
    from hybridrep.reporting.report import drawn_on
    from hybridrep.studies.nback.report.explorer import explorer_data
    from hybridrep.studies.nback.report.report import build_report
    from hybridrep.studies.nback.report.sheet import sheet_of

    sheet = sheet_of(invocation.prepared) if tables.seeds else None
    shown = explorer_data(invocation.prepared, tables)
    compute_beside(invocation, nodes)
    compared = across_tables(invocation.prepared, tables.seeds)
    draw = drawn_on(invocation.workers)
    report = build_report(tables, sheet, draw, explored=shown, across=compared)
    invocation.workers.close()
    text = performance_markdown(report.tables["performance"])
    files = {**report.files, "report/performance.md": text}
    paths = {f"{n:03}{PurePosixPath(path).suffix}": path for n, path in enumerate(files)}
    contents = {name: files[path] for name, path in paths.items()}
    return Made(
        files={n: c.encode() if isinstance(c, str) else c for n, c in contents.items()},
        meta={"paths": paths},
    )


def _description(
    invocation: Invocation, tables: NBackTables, table: str, seed_runs: Mapping[int, str]
) -> str:
    """The study run's note: what it is, how many seeds it stands on, links to their runs."""
    from hybridrep.studies.nback.report.markdown import standing

    tracker = invocation.tracker
    lines = [f"The study **{invocation.prepared.config.study}**. {standing(tables)}", ""]
    lines += [table, "", "Open `report/report.html` among the artifacts.", ""]
    links = [f"[{seed}]({tracker.link(run)})" for seed, run in sorted(seed_runs.items())]
    if links:
        lines += [f"Seed runs: {', '.join(links)}"]
    return "\n".join(lines)
