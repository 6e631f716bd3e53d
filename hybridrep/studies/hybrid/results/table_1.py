"""The paper's Table 1: means, SDs and stars of the seven representations on the new task."""

from __future__ import annotations

import pandas as pd
from rich import box
from rich.table import Table

from hybridrep.analysis.statistics import (
    compare_with_baseline,
    stars_against_baseline,
    summarise,
)
from hybridrep.reporting.formatting import count_range, mean_sd
from hybridrep.reporting.markup import as_markdown, starred
from hybridrep.studies.hybrid.names import BASELINE, TRANSFER_METRICS, readable
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.results.views import bottleneck_sizes, transfer_values

STARS_NOTE = "*** p < 0.001 ** p < 0.01 * p < 0.05, independent t-test against the baseline."

_ROWS = {
    "baseline": ("Baseline", "-"),
    "lstm": ("LSTM", "Task-specific"),
    "bert": ("BERT", "Global"),
    "bert_to_lstm_bottleneck": ("BERT-to-LSTM", "Diffused"),
    "bert_to_lstm_reconstructed": ("BERT-to-LSTM", "Transformed"),
    "lstm_to_bert_bottleneck": ("LSTM-to-BERT", "Diffused"),
    "lstm_to_bert_reconstructed": ("LSTM-to-BERT", "Transformed"),
}

_HEADINGS = {"train_loss": "Train Loss", "test_loss": "Test Loss", "test_accuracy": "Test Acc"}


def against_baseline(tables: StudyTables, bottleneck: int | None = None) -> pd.DataFrame:
    """Return `compare_with_baseline` for the three measures, under a first column `measure`."""
    parts = []
    for measure in TRANSFER_METRICS:
        values = transfer_values(tables, measure, bottleneck)
        part = compare_with_baseline(values, BASELINE, tables.seeds_wanted)
        part.insert(0, "measure", measure)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def table_1(tables: StudyTables, bottleneck: int | None = None) -> pd.DataFrame:
    """Return Table 1 in the paper's layout: "0.618(0.028) ***" is mean, SD over seeds and stars.

    The stars are those of the independent Student t-test against the baseline, as in the paper.
    Columns: Model, Representation, Train Loss, Test Loss, Test Acc, Seeds (how many each cell
    stands on: one number, or the least and the most).
    """
    cells: dict[str, dict[str, str]] = {}
    seeds: dict[str, list[int]] = {}
    for measure in TRANSFER_METRICS:
        values = transfer_values(tables, measure, bottleneck)
        marks = stars_against_baseline(values, BASELINE)
        for row in summarise(values).itertuples():
            name = str(row.representation)
            text = f"{mean_sd(float(row.mean), float(row.sd))} {marks.get(name, '')}".strip()  # type: ignore[arg-type]
            cells.setdefault(name, {})[_HEADINGS[measure]] = text
            seeds.setdefault(name, []).append(int(row.n))  # type: ignore[arg-type]
    records = []
    for name, mine in cells.items():
        model, representation = _ROWS.get(name, (readable(name), ""))
        names = {"Model": model, "Representation": representation}
        records.append({**names, **mine, "Seeds": count_range(seeds[name])})
    return pd.DataFrame(records, columns=["Model", "Representation", *_HEADINGS.values(), "Seeds"])


def table_1_markdown(tables: StudyTables, bottleneck: int | None = None) -> str:
    """Return Table 1 as Markdown, with the line that explains its stars."""
    return f"{as_markdown(table_1(tables, bottleneck))}\n\n{starred(STARS_NOTE)}\n"


def table_1_rich(tables: StudyTables, bottleneck: int | None = None) -> Table:
    """Return Table 1 for the terminal, within 80 columns."""
    frame = table_1(tables, bottleneck)
    size = bottleneck or next(iter(bottleneck_sizes(tables)), 0)
    seeds = sorted(set(frame["Seeds"]))
    title = f"Table 1: bottleneck {size}, n = {' to '.join(dict.fromkeys(seeds))} seeds"
    printed = Table(
        title=title, caption=STARS_NOTE, title_justify="left", caption_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, padding=0,
    )  # fmt: skip
    frame = frame.drop(columns="Seeds")
    for name in frame.columns:
        printed.add_column(name, no_wrap=True)
    for position, row in enumerate(frame.itertuples(index=False)):
        printed.add_row(*map(str, row), end_section=position == 0)
    return printed
