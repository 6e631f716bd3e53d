"""Finished studies side by side, from the command line to the page."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from hybridrep.command import command, exit_code
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.studies.hybrid.study import run
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.reporting_fixtures import shown_table, text_of, without_seed
from hybridrep.testing.undrawn import undraw_all
from hybridrep.tracking.queries import load_parts, save_parts
from hybridrep.tracking.runs import Tracker, connect

FAST = {
    "bottlenecks": "4", "lstm_epochs": "1", "autoencoder_epochs": "2", "transfer_epochs": "1",
    "fusions": "truncated_svd,joint_autoencoder", "fusion_epochs": "1", "measures": "cka",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    """A tracking store with three small studies: duplicates kept, dropped, and another encoder."""
    folder = tmp_path_factory.mktemp("studies")
    given = small_study.parameters(folder) | FAST
    hate = pd.read_csv(given["hate"])
    hate["tweet"] = hate["tweet"].where(hate.index % 5 > 0, hate["tweet"].groupby(hate["label"])
                                        .transform("first"))  # fmt: skip
    hate.to_csv(given["hate"], index=False)
    other = small_study.write_encoder(
        folder / "other", load_corpus("emotion", "sample").texts, seed=1
    )
    changes = {
        "keep": {"duplicates": "keep"},
        "drop": {"duplicates": "drop"},
        "encoder": {"duplicates": "drop", "encoder": str(other)},
    }
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, folder)
        undraw_all(patch)  # figures have their own tests
        for study, change in changes.items():
            run(resolve({**given, **change, "study": study}, Config))
        yield folder


@pytest.fixture
def tracker(place: Path) -> Tracker:
    return connect("hybrid")


def leave_with(studies: str) -> int:
    return exit_code(command("compare"), ["--studies", studies])


def comparisons(place: Path) -> list:
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    experiment = client.get_experiment_by_name("hybridrep")
    return client.search_runs([experiment.experiment_id], "tags.`hybridrep.kind` = 'stage'")


def scripts(html: str) -> list[str]:
    return re.findall(r'<script [^>]*id="([^"]+)"', html)


def study_run(place: Path, name: str):
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    experiment = client.get_experiment_by_name("hybridrep")
    wanted = f"tags.`hybridrep.kind` = 'study' and tags.`hybridrep.study` = '{name}'"
    return client.search_runs([experiment.experiment_id], wanted)[0]


def downloaded(place: Path, made) -> Path:
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    return Path(client.download_artifacts(made.info.run_id, ""))


def test_duplicates_kept_stand_beside_dropped_in_one_report(place):
    assert leave_with("keep,drop") == 0
    made = comparisons(place)[0]
    assert made.info.status == "FINISHED"
    note = made.data.tags["mlflow.note.content"]
    assert all(f"/runs/{study_run(place, name).info.run_id}" in note for name in ("keep", "drop"))
    files = downloaded(place, made)
    html = (files / "report/report.html").read_text("utf-8")
    text = text_of(html)
    assert "They differ in duplicates." in text
    assert "keep: All 2 seeds are complete." in text
    assert shown_table(html, "compare-made").iloc[0].tolist() == ["duplicates", "keep", "drop"]
    transfer = shown_table(html, "compare-transfer")
    assert len(transfer) == 7 * 3
    for name in ("keep", "drop"):
        own = pd.read_csv(downloaded(place, study_run(place, name)) / "report/transfer_by_seed.csv")
        mine = own.loc[own["representation"] == "bert", "test_accuracy"]
        row = transfer.query("Representation == 'BERT' and Measure == 'test accuracy'").iloc[0]
        assert row[name] == f"{mine.mean():.3f} ± {mine.std(ddof=1):.3f} (2)"
    # each study's part is whole: its own tables, its inference, and where the rest is
    assert {"keep-table_1", "drop-table_1"} <= {p.stem for p in (files / "report").glob("*.csv")}
    assert len(shown_table(html, "keep-inference")) == 2 * 6
    assert {"keep-explorer-data", "drop-explorer-data", "plotly"} <= set(scripts(html))
    figures = {path.stem for path in (files / "report/figures").iterdir()}
    for name in ("keep", "drop"):
        own = (downloaded(place, study_run(place, name)) / "report/figures").iterdir()
        assert {f"{name}-{path.stem}" for path in own} <= figures
    assert "Left out" not in text
    assert "also stand in its training (mean over 2 seeds)" in text


def test_two_encoders_stand_side_by_side_and_the_encoder_is_what_differs(place):
    assert leave_with("drop,encoder") == 0
    html = (downloaded(place, comparisons(place)[0]) / "report/report.html").read_text("utf-8")
    assert "They differ in encoder." in text_of(html)
    table = shown_table(html, "compare-transfer").set_index(["Representation", "Measure"])
    same = table.loc[[("Baseline", "test loss"), ("LSTM", "test loss")]]
    assert set(same["encoder minus drop"]) == {"0.000"}


@pytest.mark.parametrize(
    ("studies", "message"),
    [
        ("keep", "at least two"),
        ("keep,keep", "named twice"),
        ("keep,nothing", "there is no study 'nothing'"),
    ],
)
def test_what_cannot_be_compared_is_named_before_any_work(place, capsys, studies, message):
    before = len(comparisons(place))
    assert leave_with(studies) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown
    assert len(comparisons(place)) == before


def test_the_plan_of_a_finished_study_s_report_opens_no_run(place, capsys):
    before = len(comparisons(place))
    assert exit_code(command("report"), ["--source", "keep", "--plan", "true"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Plan: nothing is run. A report of the study 'keep'" in said
    assert "All 2 seeds are complete." in said
    assert len(comparisons(place)) == before


def test_a_missing_study_is_told_with_those_that_there_are(place, capsys):
    leave_with("keep,nothing")
    words = " ".join(capsys.readouterr().err.split())
    assert all(name in words for name in ("keep", "drop", "encoder"))


def test_a_study_of_another_simulation_is_not_compared(place, tracker, capsys):
    with Tracker(tracker.server, "nback").main_run("study", "n", study="drop", study_key="n" * 64):
        pass
    assert leave_with("keep,drop") == 0  # the later one of that name is of the other simulation
    capsys.readouterr()
    assert leave_with(f"keep,{'n' * 64}") == 2
    words = " ".join(capsys.readouterr().err.split())
    assert "only one of the simulation 'nback'; there are: " in words


def test_one_study_by_two_of_its_names_is_refused(place, capsys):
    assert leave_with(f"keep,{study_run(place, 'keep').info.run_id}") == 2
    assert "are the same study run" in " ".join(capsys.readouterr().err.split())


@contextmanager
def ended_by_a_failure(tracker: Tracker, name: str):
    """Open a study's run, which then ends as failed."""
    with (
        suppress(MemoryError),
        tracker.main_run("study", name, study=name, study_key=f"{name}0000") as main,
    ):
        yield main
        raise MemoryError


def failed_study(tracker: Tracker, place: Path, name: str, *lost: int) -> None:
    """Log a study like `keep` that lost some of its seeds and ended as failed."""
    parts, meta = load_parts(tracker.server, study_run(place, "keep").info.run_id)
    reasons = {str(seed): "out of memory" for seed in lost}
    tables = StudyTables.from_parts(parts, {**meta, "study": name, "seeds_failed": reasons})
    for seed in lost:
        tables = without_seed(tables, seed)
    with ended_by_a_failure(tracker, name) as main:
        save_parts(tracker.server, main.run_id, *tables.to_parts())


def test_a_study_without_a_finished_seed_is_refused(place, tracker, capsys):
    failed_study(tracker, place, "empty", 0, 1)
    assert leave_with("drop,empty") == 2
    words = " ".join(capsys.readouterr().err.split())
    assert "'empty' has no finished seed to report" in words
    assert "failed: 0, 1" in words


def test_a_study_with_a_failed_seed_is_compared_and_says_what_it_stands_on(place, tracker):
    failed_study(tracker, place, "partial", 1)
    assert leave_with("drop,partial") == 0
    html = (downloaded(place, comparisons(place)[0]) / "report/report.html").read_text("utf-8")
    text = text_of(html)
    assert "partial: 1 of 2 seeds are complete; failed: 1." in text
    # its report was never written: only the other study has what reports keep
    assert "drop-explorer-data" in scripts(html)
    assert "partial-explorer-data" not in scripts(html)
    assert text.count("No single simulation is kept with this study") == 1
    assert text.count("Inference over seeds and items (intervals, permutation tests, noise ") == 1
    row = shown_table(html, "compare-transfer").iloc[0]
    assert row["partial"].endswith("(1)")
    assert row["p (Welch)"] == "–"
    assert row["p (paired)"] == "– (1)"


def test_a_study_that_left_no_tables_is_refused(place, tracker, capsys):
    with ended_by_a_failure(tracker, "dead"):
        pass
    assert leave_with("drop,dead") == 2
    assert "holds no tables of a study" in " ".join(capsys.readouterr().err.split())
