"""Finished studies side by side: read back from their runs, nothing is computed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.analysis.statistics import against_first
from hybridrep.errors import ParameterError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.terminal import show
from hybridrep.parameters import with_role
from hybridrep.reporting.formatting import NOTHING, interval, number, p_value
from hybridrep.reporting.tables import report_table
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.load import load
from hybridrep.studies.nback.names import ARCHITECTURES, SIMULATION, SPLITS
from hybridrep.studies.nback.results.across_studies import compare_representations
from hybridrep.studies.nback.results.performance import NETWORK, final
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.tracking.queries import find_study, load_file
from hybridrep.tracking.records import Contents
from hybridrep.tracking.runs import connect

_SHEET = "report/figures/stimuli.png"
"""The artifact of a study's run that shows its stimuli."""

_IGNORED = with_role(Config, "name", "place", "amount", "profile")
"""Parameters that change no number, or that the page says elsewhere."""


def compare(studies: Sequence[str], name: str) -> dict[str, pd.DataFrame]:
    """Write the comparison of finished studies into a run of kind `stage`.

    Args:
        studies: names, keys or run ids; the first is what the others are compared with.
        name: what the run's study is called.

    Raises:
        ParameterError: two of them are the same run.
        TrackingError: one is not there, or never finished.
    """
    tracker = connect(SIMULATION)
    tracker.close_stale_runs()
    found = [find_study(tracker.server, each, SIMULATION) for each in studies]
    if len({run.run_id for run in found}) < len(found):
        raise ParameterError(
            "parameter studies: two of them are the same study run: name two that differ, by "
            "study name, study key or run id"
        )
    tables = [load(tracker.server, run.run_id) for run in found]
    from hybridrep.reporting.report import labels_of  # its figures load matplotlib
    from hybridrep.studies.nback.report.comparison import comparison_report

    labels = labels_of([run.study for run in found])
    made = {
        "compare_made": differences_in_making(tables, labels),
        "compare_performance": compare_performance(tables, labels),
        "compare_representations": compare_representations(tables, labels),
    }
    sheets = {
        label: png
        for label, run in zip(labels, found, strict=True)
        if (png := load_file(tracker.server, run.run_id, _SHEET)) is not None
    }
    for label, each in zip(labels, tables, strict=True):
        if not each.seeds:
            raise ParameterError(
                f"parameter studies: {label!r} has no finished seed to compare. Run it again with "
                "the same parameters, it goes on from what is there."
            )
    key = content_key({"compare": [run.study_key for run in found]})
    title = f"compare {' against '.join(labels)}"
    links = [
        f"- **{label}**: [study run]({tracker.link(run.run_id)}), {len(each.seeds)} seeds"
        for label, run, each in zip(labels, found, tables, strict=True)
    ]
    with tracker.main_run(
        "stage", title[:250], study=name, study_key=key,
        description="\n".join(
            ["Read from finished studies; open `report/report.html` among the artifacts.", "",
             *links]
        ),
        config={"studies": ",".join(studies)},
    ) as main:  # fmt: skip
        report = comparison_report(tables, labels, made, sheets=sheets)
        main.log(Contents(files=report.files))
    show(
        _printed(made["compare_performance"], labels),
        "The report is an artifact of this run: make ui",
    )
    return made


@report_table("compare_made", "what differs in how the studies were made", ("parameter",))
def differences_in_making(tables: Sequence[NBackTables], names: Sequence[str]) -> pd.DataFrame:
    """Return the parameters and data in which studies differ: parameter, one column a study."""
    recorded = [
        {
            **{n: json.dumps(v) for n, v in each.meta["config"].items() if n not in _IGNORED},
            "stimuli": each.meta["stimuli"]["digest"][:12],
            "vision model": each.meta["backbone"]["fingerprint"][:12],
        }
        for each in tables
    ]
    rows = [
        (parameter, *(record.get(parameter, NOTHING) for record in recorded))
        for parameter in dict.fromkeys(key for record in recorded for key in record)
        if len({record.get(parameter) for record in recorded}) > 1
    ]
    return pd.DataFrame(rows, columns=["parameter", *names])


@report_table(
    "compare_performance",
    "response accuracy by network and split, every study's against the first's: Welch, Holm within "
    "an architecture, and paired by seed",
    (
        "architecture", "hidden", "diet", "split", "study", "n", "mean", "sd", "difference", "low",
        "high", "welch_p", "holm_p", "paired_p", "paired_n",
    ),
)  # fmt: skip
def compare_performance(tables: Sequence[NBackTables], names: Sequence[str]) -> pd.DataFrame:
    """Compare the response accuracies of networks that have one architecture, size and diet."""
    parts = [final(each).assign(study=name) for each, name in zip(tables, names, strict=True)]
    values = pd.concat(parts, ignore_index=True)
    values = values[values["split"].isin(SPLITS)].rename(columns={"response_accuracy": "value"})
    groups = (ARCHITECTURES, sorted(set(values["hidden"])), dict.fromkeys(values["diet"]), SPLITS)
    order = {part: place for group in groups for place, part in enumerate(group)}
    return against_first(values, [*NETWORK, "split"], names, order)


def _printed(table: pd.DataFrame, names: Sequence[str]) -> Table:
    made = Table(title="Response accuracy", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("network", "trials", "study", "mean", f"minus {names[0]}", "95% CI", "p"):
        made.add_column(heading)
    for row in table.to_dict("records"):
        made.add_row(
            f"{row['architecture']}-{row['hidden']} {row['diet']}", str(row["split"]),
            str(row["study"]), number(row["mean"]), number(row["difference"]),
            interval(row["low"], row["high"]), p_value(row["welch_p"]),
        )  # fmt: skip
    return made
