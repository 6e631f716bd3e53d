"""The report of a study: tables, tests and figures as artifacts, Table 1 on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from hybridrep.analysis.tables import StudyTables
from hybridrep.analysis.views import standing
from hybridrep.reporting.table_1 import table_1, table_1_markdown, table_1_rich
from hybridrep.stages.invocation import Invocation
from hybridrep.tracking.records import Contents


def write_report(invocation: Invocation, tables: StudyTables, seed_runs: Mapping[int, str]) -> None:
    """Log a study's tables and report into its run, and print Table 1.

    Args:
        seed_runs: seed -> id of its run, for links.
    """
    files = {
        "report/table_1.csv": table_1(tables).to_csv(index=False),
        "report/table_1.md": table_1_markdown(tables),
    }
    invocation.main.log(Contents(files=files))
    console = Console()
    console.print(table_1_rich(tables))
    console.print(standing(tables))
    console.print("Browse the runs: make ui", highlight=False)
