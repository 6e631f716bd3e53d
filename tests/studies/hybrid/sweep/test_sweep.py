"""A sweep end to end on about 60 items: values, runs, reuse, pruning, and what is refused."""

from __future__ import annotations

import io
import itertools
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from PIL import Image

from hybridrep.errors import HybridrepError, IncompleteStudyError, ParameterError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.sweep import run
from hybridrep.studies.hybrid.transformation import stage as autoencode
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.documented_runs import check_run
from hybridrep.testing.stage_runs import (
    GRID,
    experiments_and_runs,
    main_run,
    read_table,
    trajectory,
    trial_runs,
)

pytestmark = pytest.mark.slow
TRAIN = autoencode.train
DIRECTIONS = ("bert_to_lstm", "lstm_to_bert")


def must_not_run(*_: object) -> None:
    raise AssertionError("a finished training was computed again")


def fails_for_one(stack):
    if stack[0][1].place == "bert_to_lstm b4":
        raise MemoryError("no room")
    return TRAIN(stack)


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> dict[str, str]:
    return small_study.finished(tmp_path_factory)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where runs go: a store of MLflow's of its own for this module."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, folder)
        yield folder


@pytest.fixture(scope="module")
def client(place) -> MlflowClient:
    return MlflowClient(f"sqlite:///{place}/mlflow.db")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """Draw no figures but those of `grid`, which a module's fixture has finished before."""
    monkeypatch.setattr("hybridrep.studies.hybrid.sweep.report.to_png", lambda _: b"png")


@pytest.fixture(scope="module")
def grid(given, client):
    """The grid, run once."""
    run(resolve({**given, **GRID}, SweepConfig))
    return main_run(client, "grid")


def test_each_point_is_a_trial_with_the_values_of_the_stored_trajectories(given, client, grid):
    trials = read_table(client, grid, "sweep/trials.json")
    points = set(zip(trials["direction"], trials["bottleneck"], trials["epochs"], strict=True))
    assert points == {(d, b, e) for d in DIRECTIONS for b in (4, 8) for e in (2, 12)}
    assert len(trials) == 8
    for row in trials.to_dict("records"):
        seeds = [trajectory(given, row["direction"], row["bottleneck"], s) for s in (0, 1)]
        at = [each.loc[row["epochs"]] for each in seeds]
        r = [each["reconstructed_vs_target"] for each in at]
        d = [min(each["bottleneck_vs_input"], each["bottleneck_vs_target"]) for each in at]
        assert row["transformability"] == pytest.approx(np.mean(r), abs=1e-9)
        assert row["transformability_sd"] == pytest.approx(np.std(r, ddof=1), abs=1e-9)
        assert row["diffusibility"] == pytest.approx(np.mean(d), abs=1e-9)
        assert row["diffusibility_sd"] == pytest.approx(np.std(d, ddof=1), abs=1e-9)


def test_trials_that_differ_in_epochs_share_one_training(given, grid):
    store = Store(Path(given["store"]))
    entries = store.entries()
    keys = entries.loc[entries["stage"] == "autoencode", "key"]
    epochs = [store.open(key).inputs["epochs"] for key in keys]
    assert epochs.count(12) == 2 * 2 * 2  # directions x sizes x seeds
    assert set(epochs) == {12, 4}  # none of the other epochs searched; 4 are the study's


def test_every_trial_is_a_finished_run_with_curves_and_spread(given, client, grid):
    runs = trial_runs(client, "grid")
    assert len(runs) == 8
    assert {each.info.status for each in runs} == {"FINISHED"}
    keys = {each.data.tags["hybridrep.study_key"] for each in (*runs, grid)}
    assert len(keys) == 1
    each = next(
        r for r in runs
        if r.data.params["direction"] == "lstm_to_bert"
        and (r.data.params["bottleneck"], r.data.params["epochs"]) == ("4", "12")
    )  # fmt: skip
    assert each.data.params["learning_rate"] == "0.001"
    assert {"activation", "kind"} <= each.data.params.keys()
    assert each.data.tags["mlflow.note.content"]
    assert [i.dataset.name for i in each.inputs.dataset_inputs] == ["emotion"]
    seeds = [trajectory(given, "lstm_to_bert", 4, seed) for seed in (0, 1)]
    means = (seeds[0]["reconstructed_vs_target"] + seeds[1]["reconstructed_vs_target"]) / 2
    history = client.get_metric_history(each.info.run_id, "transformability")
    assert [point.step for point in history] == list(range(13))
    assert [point.value for point in history] == pytest.approx(means.tolist())
    for seed in (0, 1):
        final = each.data.metrics[f"transformability/seed_{seed}"]
        assert final == pytest.approx(seeds[seed].loc[12, "reconstructed_vs_target"])
    assert "diffusibility_sd" in each.data.metrics


def test_the_sweeps_run_carries_tables_and_figures(client, grid):
    assert grid.info.status == "FINISHED"
    assert grid.data.tags["hybridrep.kind"] == "stage"
    folder = Path(client.download_artifacts(grid.info.run_id, ""))
    figures = {path.relative_to(folder / "figures").as_posix() for path in folder.rglob("*.png")}
    trajectories = {
        f"fig_{letter}{place}_trajectories_{direction}_b{size}.png"
        for letter, direction in zip("ab", DIRECTIONS, strict=True)
        for place, size in ((1, 4), (2, 8))
    }
    assert trajectories | {f"unseen/{name}" for name in trajectories} <= figures
    assert {"optimisation_history.png", "parameter_importance.png", "pareto_front.png"} <= figures
    for name in figures:
        picture = Image.open(io.BytesIO((folder / "figures" / name).read_bytes())).convert("L")
        assert np.asarray(picture).std() > 5, name
    best = read_table(client, grid, "sweep/best.json")
    trials = read_table(client, grid, "sweep/trials.json")
    for row in best.to_dict("records"):
        mine = trials[trials["direction"] == row["direction"]]
        assert row[row["best_by"]] == mine[row["best_by"]].max()
    assert len(best) == 4
    assert set(read_table(client, grid, "sweep/importance.json")["parameter"]) == {
        "bottleneck", "epochs",
    }  # fmt: skip
    note = grid.data.tags["mlflow.note.content"]
    assert note == (folder / "sweep" / "summary.md").read_text()
    assert "Between 4 and 8 bottleneck dimensions" in note


def test_its_runs_hold_what_the_reference_says_and_nothing_else(client, grid):
    check_run(client, grid, "sweep")
    for each in trial_runs(client, "grid"):
        check_run(client, each, "trial")


def test_run_again_nothing_is_computed_or_logged_twice(given, client, grid, monkeypatch):
    monkeypatch.setattr(autoencode, "train", must_not_run)
    before = read_table(client, grid, "sweep/trials.json")
    run(resolve({**given, **GRID}, SweepConfig))
    assert len(trial_runs(client, "grid")) == 8
    after = read_table(client, main_run(client, "grid"), "sweep/trials.json")
    pd.testing.assert_frame_equal(before, after)


def test_runs_that_mlflow_lost_are_logged_again(given, client, grid):
    gone = trial_runs(client, "grid")[:3]
    for each in gone:
        client.delete_run(each.info.run_id)
    run(resolve({**given, **GRID}, SweepConfig))
    again = trial_runs(client, "grid")
    assert len(again) == 8
    params = [each.data.params for each in again]
    assert all(each.data.params in params for each in gone)


def test_tpe_with_two_objectives_runs_the_wanted_trials(given, client):
    more = {
        "study": "tpe", "objective": "both", "trials": "7", "learning_rates": "0.0005:0.005",
        "autoencoder_epochs": "2-6", "kinds": "convolutional,fully_connected", "batch": "2",
    }  # fmt: skip
    run(resolve({**given, **more}, SweepConfig))
    trials = read_table(client, main_run(client, "tpe"), "sweep/trials.json")
    assert trials["direction"].value_counts().to_dict() == {"bert_to_lstm": 4, "lstm_to_bert": 3}
    assert len(trial_runs(client, "tpe")) == 7
    assert trials["learning_rate"].nunique() == 7
    front = read_table(client, main_run(client, "tpe"), "sweep/pareto.json")
    assert set(front["direction"]) == set(DIRECTIONS)


def test_pruning_spares_the_later_epochs_of_trials_that_fall_behind(given, client):
    given = {**given, "store": str(Path(given["store"]).with_name("prune"))}
    more = {
        "study": "prune", "prune": "true", "trials": "16", "batch": "1", "seeds": "0,",
        "learning_rates": "0.0001:0.003", "autoencoder_epochs": "2-20", "bottlenecks": "8",
        "directions": "bert_to_lstm",
    }  # fmt: skip
    run(resolve({**given, **more}, SweepConfig))
    trials = read_table(client, main_run(client, "prune"), "sweep/trials.json")
    pruned = trials[trials["state"] == "PRUNED"]
    assert len(trials) == 16
    assert 0 < len(pruned) < 12
    assert (pruned["epoch"] < pruned["epochs"]).all()
    store = Store(Path(given["store"]))
    entries = store.entries()
    trained: dict[float, int] = {}
    for key in entries.loc[entries["stage"] == "autoencode", "key"]:
        inputs = store.open(key).inputs
        rate = round(inputs["learning_rate"], 10)  # as MLflow's tables show it
        trained[rate] = max(trained.get(rate, 0), inputs["epochs"])
    for row in trials[trials["state"] != "VOID"].to_dict("records"):
        reached = row["epoch"] if row["state"] == "PRUNED" else row["epochs"]
        assert trained[round(row["learning_rate"], 10)] == next(
            r for r in (2, 6, 20) if r >= reached
        )
    run_ = next(r for r in trial_runs(client, "prune") if r.data.params["state"] == "PRUNED")
    last = client.get_metric_history(run_.info.run_id, "transformability")[-1]
    assert last.step in (2, 6)


def test_a_failing_training_leaves_the_others_and_is_tried_again(given, client, monkeypatch):
    more = {**GRID, "study": "failing", "autoencoder_epochs": "3"}
    monkeypatch.setattr(autoencode, "train", fails_for_one)
    with pytest.raises(IncompleteStudyError, match="MemoryError"):
        run(resolve({**given, **more}, SweepConfig))
    broken = main_run(client, "failing")
    assert broken.info.status == "FAILED"
    trials = read_table(client, broken, "sweep/trials.json")
    assert trials["state"].value_counts().to_dict() == {"COMPLETE": 3, "FAIL": 1}
    assert len(trial_runs(client, "failing")) == 3
    monkeypatch.setattr(autoencode, "train", TRAIN)
    run(resolve({**given, **more}, SweepConfig))
    trials = read_table(client, main_run(client, "failing"), "sweep/trials.json")
    assert trials["state"].tolist() == ["COMPLETE"] * 4
    assert len(trial_runs(client, "failing")) == 4


def test_a_timeout_ends_the_search_but_not_the_report(given, client, monkeypatch):
    more = {**GRID, "study": "late", "timeout": "1", "batch": "1"}
    ticks = itertools.count(0.0, 0.6)  # 0.6 s go by between two looks
    clock = SimpleNamespace(monotonic=lambda: next(ticks), perf_counter=time.perf_counter)
    monkeypatch.setattr("hybridrep.sweeping.run.time", clock)
    run(resolve({**given, **more}, SweepConfig))
    trials = read_table(client, main_run(client, "late"), "sweep/trials.json")
    assert trials["state"].tolist() == ["COMPLETE"] * 2  # one batch: one a direction
    assert len(trial_runs(client, "late")) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bottlenecks": "8,33"}, "33 is above 32"),
        ({"storage": "/no/such/folder/x.journal"}, "cannot be opened"),
        ({"storage": "sqlite:///x.db"}, "not supported"),
        ({"storage": "postgresql://127.0.0.1:9/x"}, "cannot be reached"),
        ({"emotion": "/no/such/corpus"}, "/no/such/corpus"),
    ],
)
def test_bad_input_is_refused_before_any_run(given, client, grid, change, reason):
    before = experiments_and_runs(client)
    with pytest.raises(HybridrepError, match=reason) as error:
        run(resolve({**given, **GRID, **change}, SweepConfig))
    assert error.value.exit_code == 2
    assert experiments_and_runs(client) == before


def test_a_storage_of_another_search_is_refused(given, client, grid, tmp_path):
    journal = {"storage": str(tmp_path / "j"), "autoencoder_epochs": "2"}
    run(resolve({**given, **GRID, **journal}, SweepConfig))
    content = (tmp_path / "j").read_bytes()
    before = experiments_and_runs(client)
    with pytest.raises(ParameterError, match="another search space") as error:
        run(resolve({**given, **GRID, **journal, "bottlenecks": "8,16"}, SweepConfig))
    assert "bottlenecks" in str(error.value)
    assert (tmp_path / "j").read_bytes() == content
    assert experiments_and_runs(client) == before
    run(resolve({**given, **GRID, **journal, "study": "another"}, SweepConfig))


def test_a_plan_runs_nothing(given, client, grid, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    before = experiments_and_runs(client)
    fresh = {"store": str(tmp_path / "store"), "plan": "true"}
    run(resolve({**given, **GRID, **fresh}, SweepConfig))
    assert "autoencode" in capsys.readouterr().out
    assert experiments_and_runs(client) == before
    assert not (tmp_path / "store").exists()
