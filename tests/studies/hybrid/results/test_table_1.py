"""Table 1: the paper's layout, its stars, and what happens with too few seeds."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy import stats

from hybridrep.reporting.markup import as_markdown
from hybridrep.studies.hybrid.results.table_1 import (
    against_baseline,
    table_1,
    table_1_markdown,
    table_1_rich,
)
from hybridrep.testing.reporting_fixtures import study_tables, without_seed


def final(tables, representation, measure, bottleneck=0):
    rows = tables.transfer
    rows = rows[(rows["representation"] == representation) & (rows["epoch"] == 20)]
    return rows.loc[rows["bottleneck"] == bottleneck, measure].to_numpy()


def test_cells_hold_mean_sd_and_stars_of_the_independent_t_test():
    tables = study_tables(seeds=8)
    table = table_1(tables).set_index(["Model", "Representation"])
    cells = {
        ("LSTM", "Task-specific"): ("lstm", 0),
        ("BERT", "Global"): ("bert", 0),
        ("BERT-to-LSTM", "Diffused"): ("bert_to_lstm_bottleneck", 32),
        ("LSTM-to-BERT", "Transformed"): ("lstm_to_bert_reconstructed", 32),
    }
    columns = {"train_loss": "Train Loss", "test_loss": "Test Loss", "test_accuracy": "Test Acc"}
    for row, (name, size) in cells.items():
        for measure, column in columns.items():
            mine = final(tables, name, measure, size)
            p = stats.ttest_ind(mine, final(tables, "baseline", measure)).pvalue
            marks = "***" if p < 0.001 else "**" if p < 0.01 else "*" if p < 0.05 else ""
            expected = f"{mine.mean():.3f}({mine.std(ddof=1):.3f}) {marks}".strip()
            assert table.loc[row, column] == expected


def test_rows_and_columns_are_the_papers():
    table = table_1(study_tables(seeds=3))
    assert list(table.columns) == [
        "Model", "Representation", "Train Loss", "Test Loss", "Test Acc", "Seeds",
    ]  # fmt: skip
    assert list(table["Model"]) == [
        "Baseline", "LSTM", "BERT", "BERT-to-LSTM", "BERT-to-LSTM", "LSTM-to-BERT", "LSTM-to-BERT",
    ]  # fmt: skip
    assert "*" not in "".join(table.iloc[0].astype(str))


def test_another_bottleneck_changes_only_the_autoencoders():
    tables = study_tables(seeds=4, bottlenecks=(32, 64))
    first, second = table_1(tables), table_1(tables, 64)
    pd.testing.assert_frame_equal(first.iloc[:3], second.iloc[:3])
    assert (first["Test Loss"].iloc[3:] != second["Test Loss"].iloc[3:]).all()


def test_one_seed_has_no_sd_and_no_stars():
    table = table_1(study_tables(seeds=1))
    cells = table[["Train Loss", "Test Loss", "Test Acc"]].to_numpy().ravel()
    assert all(re.fullmatch(r"0\.\d{3}\(–\)", cell) for cell in cells)
    assert set(table["Seeds"]) == {"1"}


def test_a_missing_seed_shows_in_the_number_of_seeds_and_in_the_note():
    tables = without_seed(study_tables(seeds=5), 2, "transfer")
    assert set(table_1(tables)["Seeds"]) == {"4"}
    assert against_baseline(tables)["note"].str.contains("no value for seed 2").all()


def test_no_variance_gives_a_mean_but_no_test():
    tables = study_tables(seeds=3)
    for measure in ("train_loss", "test_loss", "test_accuracy"):
        tables.transfer[measure] = 0.5
    table = table_1(tables)
    assert set(table["Test Loss"]) == {"0.500(0.000)"}
    assert against_baseline(tables)["student_p"].isna().all()


def test_markdown_keeps_stars_and_bars_as_text():
    text = table_1_markdown(table_1(study_tables(seeds=4)))
    assert text.count("\n| ") == 7
    assert not re.search(r"(?<!\\)\*", text)
    assert as_markdown(pd.DataFrame({"a": ["x|y*z"]})).splitlines()[2] == r"| x\|y\*z |"


def test_terminal_table_fits_80_columns_uncut():
    stream = io.StringIO()
    Console(file=stream, width=80).print(table_1_rich(table_1(study_tables(seeds=25)), 32))
    text = stream.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "BERT-to-LSTM Transformed" in text.replace("  ", " ")
    assert "n = 25 seeds" in text


@pytest.mark.parametrize("measure", ["train_loss", "test_loss", "test_accuracy"])
def test_holm_corrects_within_a_measure(measure):
    tests = against_baseline(study_tables(seeds=6)).query("measure == @measure")
    order = np.sort(tests["student_p"].to_numpy())
    expected = np.minimum(1, np.maximum.accumulate(order * np.arange(6, 0, -1)))
    np.testing.assert_allclose(np.sort(tests["holm_p"].to_numpy()), expected)
