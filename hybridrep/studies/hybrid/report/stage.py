"""The report of a study: tables, tests and figures as artifacts, Table 1 for the terminal."""

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
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.report import example_stage as example
from hybridrep.studies.hybrid.report import reproduce
from hybridrep.studies.hybrid.report.kept_example import example_files
from hybridrep.studies.hybrid.results.agreement import across_tables
from hybridrep.studies.hybrid.results.facts import cautions_of
from hybridrep.studies.hybrid.results.inference import inference_table
from hybridrep.studies.hybrid.results.representative import Representative, representative_seed
from hybridrep.studies.hybrid.results.results import Results
from hybridrep.studies.hybrid.results.table_1 import table_1_markdown, table_1_rich
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.similarity import across
from hybridrep.studies.hybrid.similarity.items import ExampleItems
from hybridrep.tracking.queries import save_parts
from hybridrep.tracking.records import Contents

STAGE = Stage("report", module=__name__)


def write_report(invocation: Invocation, tables: StudyTables, seed_runs: Mapping[int, str]) -> None:
    """Log a study's tables and report, with links to its seeds' runs, into its run.

    The report is filed in the store like any result, so an unchanged study draws nothing again.
    Table 1 is left to be printed when the run is closed.
    """
    prepared, results = invocation.prepared, Results.of(tables)
    chosen = representative_seed(tables)
    nodes = example.nodes(prepared, chosen.seed) if chosen else []
    nodes += across.nodes(prepared, results.seeds("complete"))
    stored = STAGE.keep(
        prepared.store, _key(invocation, tables, nodes),
        lambda: _make(invocation, results, chosen, nodes),
        {"study": prepared.config.study, "seeds": len(_seeds(tables))},
    )  # fmt: skip
    files = {path: stored.file(name) for name, path in stored.meta["paths"].items()}
    # the tables first: a run that ends in between is a study without its report
    save_parts(invocation.tracker.server, invocation.main.run_id, *tables.to_parts())
    invocation.main.log(Contents(files=files))
    table = files["report/table_1.md"].read_text("utf-8")
    invocation.main.describe(_description(invocation, results, table, seed_runs))
    table_1 = pd.read_csv(files["report/table_1.csv"], dtype=str, keep_default_na=False)
    invocation.later.say(
        table_1_rich(table_1, results.size), results.standing,
        *(f"Caution: {caution}" for caution in cautions_of(tables)),
        "Browse the runs and the report: make ui",
    )  # fmt: skip


def _key(invocation: Invocation, tables: StudyTables, nodes: Sequence[Node]) -> str:
    """Key of a study's report: its seeds' results, everything it says of them, and the code.

    Code is here also the page's files, and the configuration's defaults, which the command to make
    it again stands on. Of the study's record only where it was computed is left out.
    """
    study, prepared = invocation.study, invocation.prepared
    config, places = tables.meta["config"], with_role(Config, "place")
    return STAGE.key(
        code_version(reproduce.__name__, exclude=()), page_files(__name__.rpartition(".")[0]),
        {**tables.meta, "config": {n: v for n, v in config.items() if n not in places}},
        beside=nodes,
        **{
            f"seed {seed}": list(study.complete(prepared, int(seed)).values())
            for seed in _seeds(tables)
        },
    )  # fmt: skip


def _seeds(tables: StudyTables) -> list[int]:
    """Return the seeds that have results; each has autoencoders."""
    return sorted(map(int, set(tables.autoencoder["seed"])))


def _make(
    invocation: Invocation, results: Results, chosen: Representative | None, nodes: Sequence[Node]
) -> Made:
    from hybridrep.reporting.report import drawn_on
    from hybridrep.studies.hybrid.report.report import build_report

    prepared, tables = invocation.prepared, results.tables
    seeds = _seeds(tables)
    inference = inference_table(prepared, tables, seeds) if seeds else None
    compute_beside(invocation, nodes)
    items = _example(invocation, chosen) if chosen else None
    compared = across_tables(prepared, results.seeds("complete"))
    report = build_report(
        [results], [items], [inference], across=[compared], draw_plans=drawn_on(invocation.workers)
    )
    invocation.workers.close()
    if report.remark:
        invocation.later.say(report.remark)
    files = report.files
    files["report/table_1.md"] = table_1_markdown(results.table_1[results.size])
    if items is not None:
        files |= example_files(items)
    paths = {f"{n:03}{PurePosixPath(path).suffix}": path for n, path in enumerate(files)}
    contents = {name: files[path] for name, path in paths.items()}
    return Made(
        files={n: c.encode() if isinstance(c, str) else c for n, c in contents.items()},
        meta={"paths": paths},
    )


def _example(invocation: Invocation, chosen: Representative) -> ExampleItems:
    """Read what may be shown of one seed."""
    prepared = invocation.prepared
    items = example.example_items(prepared, chosen)
    return items if prepared.config.share_text else items.without_texts()


def _description(
    invocation: Invocation, results: Results, table: str, seed_runs: Mapping[int, str]
) -> str:
    """The study run's note: what it is, how many seeds it stands on, links to their runs."""
    inputs, tracker = invocation.prepared.inputs, invocation.tracker
    lines = [f"The study **{inputs.config.study}**. {results.standing}", ""]
    if inputs.emotion.synthetic or inputs.hate.synthetic:
        lines += ["**Synthetic data**: it shows how the platform works, not how people feel.", ""]
    lines += [f"**Caution**: {caution}\n" for caution in cautions_of(results.tables)]
    lines += [table, "", "Open `report/report.html` among the artifacts.", ""]
    links = [f"[{seed}]({tracker.link(run)})" for seed, run in sorted(seed_runs.items())]
    if links:
        lines += [f"Seed runs: {', '.join(links)}"]
    return "\n".join(lines)
