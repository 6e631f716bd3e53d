"""The paper's Table 1: means, SDs and stars of the seven representations on the new task."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.analysis.statistics import (
    COMPARISON_COLUMNS,
    HOLM_CORRECTS,
    compare_with_baseline,
    holm,
    summarise,
)
from hybridrep.reporting.formatting import count_range, mean_sd
from hybridrep.reporting.markup import as_markdown, starred
from hybridrep.reporting.tables import report_table
from hybridrep.studies.hybrid.names import (
    BASELINE,
    DIRECTIONS,
    TRANSFER_METRICS,
    hyphened,
    readable,
)
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import transfer_values

STARS_NOTE = "*** p < 0.001 ** p < 0.01 * p < 0.05, independent t-test against the baseline."

_ROWS = {
    "baseline": ("Baseline", "-"),
    "lstm": ("LSTM", "Task-specific"),
    "bert": ("BERT", "Global"),
    **{
        f"{direction}_{part}": (hyphened(direction), name)
        for direction in DIRECTIONS
        for part, name in (("bottleneck", "Diffused"), ("reconstructed", "Transformed"))
    },
}

_HEADINGS = {"train_loss": "Train Loss", "test_loss": "Test Loss", "test_accuracy": "Test Acc"}


def uncorrected_tests(tables: StudyTables, bottleneck: int | None = None) -> pd.DataFrame:
    """Return the tests of all three measures, `holm_p` still empty: what the stars stand on."""
    parts = []
    for measure in TRANSFER_METRICS:
        values = transfer_values(tables, measure, bottleneck)
        part = compare_with_baseline(values, BASELINE, tables.seeds_wanted, corrected=False)
        part.insert(0, "measure", measure)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


@report_table(
    "tests",
    "every representation against the baseline: `difference` is representation minus "
    "baseline; the paper's independent Student t-test, Welch's, paired by seed; Student's p "
    "after Holm; Cohen's d (pooled SD)",
    ("measure", *COMPARISON_COLUMNS),
    ("_bN", "the same at the further bottleneck size N"),
)
def against_baseline(
    tables: StudyTables, bottleneck: int | None = None, tests: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the tests of the three measures (`uncorrected_tests`), with Holm's correction."""
    done = uncorrected_tests(tables, bottleneck) if tests is None else tests
    p = done.groupby("measure")[HOLM_CORRECTS]
    return done.assign(holm_p=p.transform(lambda p: holm(p.to_numpy(dtype=np.float64))))


@report_table(
    "table_1",
    'the paper\'s Table 1: "mean(SD) stars" a cell',
    ("Model", "Representation", *_HEADINGS.values(), "Seeds"),
    ("_bN", "the same at the further bottleneck size N"),
)
def table_1(
    tables: StudyTables, bottleneck: int | None = None, tests: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return Table 1 as printed: "0.618(0.028) ***" is mean, SD over seeds, Student's stars.

    Seeds: how many each cell stands on, one number, or the least and the most.
    """
    done = uncorrected_tests(tables, bottleneck) if tests is None else tests
    marks = done.set_index(["measure", "representation"])["stars"].to_dict()
    cells: dict[str, dict[str, str]] = {}
    seeds: dict[str, list[int]] = {}
    for measure in TRANSFER_METRICS:
        values = transfer_values(tables, measure, bottleneck)
        for row in summarise(values).itertuples():
            name = str(row.representation)
            text = mean_sd(float(row.mean), float(row.sd))  # type: ignore[arg-type]
            cell = f"{text} {marks.get((measure, name), '')}".strip()
            cells.setdefault(name, {})[_HEADINGS[measure]] = cell
            seeds.setdefault(name, []).append(int(row.n))  # type: ignore[arg-type]
    records = []
    for name, mine in cells.items():
        model, representation = _ROWS.get(name, (readable(name), ""))
        names = {"Model": model, "Representation": representation}
        records.append({**names, **mine, "Seeds": count_range(seeds[name])})
    return pd.DataFrame(records, columns=["Model", "Representation", *_HEADINGS.values(), "Seeds"])


def table_1_markdown(table: pd.DataFrame) -> str:
    """Return `table_1` as Markdown, with the line that explains its stars."""
    return f"{as_markdown(table)}\n\n{starred(STARS_NOTE)}\n"


def table_1_rich(table: pd.DataFrame, bottleneck: int) -> Table:
    """Return `table_1` of a bottleneck size for the terminal, within 80 columns."""
    counts = " to ".join(sorted(set(table["Seeds"])))
    printed = Table(
        title=f"Table 1: bottleneck {bottleneck}, n = {counts} seeds", caption=STARS_NOTE,
        title_justify="left", caption_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, padding=0,
    )  # fmt: skip
    shown = table.drop(columns="Seeds")
    for name in shown.columns:
        printed.add_column(name, no_wrap=True)
    for position, row in enumerate(shown.itertuples(index=False)):
        printed.add_row(*map(str, row), end_section=position == 0)
    return printed
