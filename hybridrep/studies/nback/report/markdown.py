"""The report as Markdown, for pasting: summary, claims with their controls, performance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from hybridrep.reporting.formatting import counted, interval, number
from hybridrep.reporting.html.views import records
from hybridrep.reporting.markup import as_markdown, fenced, inline, plain
from hybridrep.studies.nback.report.reproduce import reproduce_command
from hybridrep.studies.nback.results.performance import performance_markdown
from hybridrep.studies.nback.results.tables import NBackTables


def study_markdown(
    tables: NBackTables, frames: Mapping[str, pd.DataFrame], summary: Sequence[str]
) -> str:
    """Return one study's `report.md`."""
    parts = [
        f"# {plain(str(tables.meta['study']))}",
        standing(tables),
        "\n".join(f"{place}. {inline(sentence)}" for place, sentence in enumerate(summary, 1)),
    ]
    if len(frames["claims"]):
        parts += ["## The paper’s claims", as_markdown(_claims(frames["claims"]))]
    parts += ["## Performance", performance_markdown(frames["performance"])]
    parts += ["## Make it again", fenced(reproduce_command(tables), "sh")]
    return "\n\n".join(part for part in parts if part) + "\n"


def standing(tables: NBackTables) -> str:
    """Say on how many seeds the study stands, and what became of the others."""
    complete = len(tables.seeds)
    failed = tables.meta["seeds_failed"]
    text = f"{counted(complete, 'seed')}, each with one network of every architecture and diet."
    if failed:
        listed = "; ".join(f"seed {seed}: {reason}" for seed, reason in failed.items())
        text += f" Not complete: {listed}."
    return text


def _claims(table: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (
            row["verdict"], f"{'↳ control: ' if row['role'] == 'control' else ''}{row['sentence']}",
            number(row["estimate"]), interval(row["low"], row["high"]), row["n"], row["holds"],
        )
        for row in records(table)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Verdict", "Claim", "Statistic", "95% CI", "Seeds", "Holds"])
