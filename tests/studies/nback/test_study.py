"""The study on two categories and two views: runs, names, reuse, numbers that stay the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from safetensors.numpy import load_file

import hybridrep
from hybridrep.errors import ParameterError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.study import Prepared
from hybridrep.running.study_run import run_stage, run_study
from hybridrep.studies.catalogue import compare as compare_studies
from hybridrep.studies.hybrid.report.config import CompareConfig
from hybridrep.studies.nback import pipeline
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.load import load
from hybridrep.studies.nback.memory import stage as memory
from hybridrep.studies.nback.memory.networks import recipes
from hybridrep.studies.nback.register.register import run as register_best
from hybridrep.studies.nback.results.catalogue import PLACEHOLDERS, VERSION_TAGS
from hybridrep.studies.nback.results.tables import NBackTables
from hybridrep.studies.nback.study import NBACK
from hybridrep.testing.databases import set_store
from hybridrep.testing.documented_runs import check_names, check_run
from hybridrep.testing.small_nback import small_config, small_study
from hybridrep.testing.undrawn import undraw_reports
from hybridrep.tracking.server import open_server

NETWORKS = 7  # of a seed: rnn and gru with two diets and untrained each, and a smaller gru


@pytest.fixture(scope="module")
def client(small_nback: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{small_nback}/tracking/mlflow.db")


@pytest.fixture(scope="module")
def tables(small_nback: Path) -> NBackTables:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{small_nback}/tracking/mlflow.db")
        patch.chdir(small_nback / "tracking")
        server = open_server("hybridrep")
        (study,) = runs(MlflowClient(server.uri), "study")
        return load(server, study.info.run_id)


@pytest.fixture
def elsewhere(small_nback: Path, tmp_path: Path, tmp_path_factory, monkeypatch) -> Path:
    """A folder with a tracking store of its own, and the vision model."""
    set_store(monkeypatch, tmp_path_factory, tmp_path)
    undraw_reports(monkeypatch)
    shutil.copytree(small_nback / "vision-model", tmp_path / "vision-model")
    return tmp_path


def runs(client: MlflowClient, kind: str) -> list[Run]:
    experiment = client.get_experiment_by_name("hybridrep")
    return client.search_runs([experiment.experiment_id], f"tags.`hybridrep.kind` = '{kind}'")


PART = {"seeds": 1, "architectures": "gru"}
"""A part of the small study that is enough to run it elsewhere: one seed's GRUs."""


def same(one: NBackTables, other: NBackTables) -> None:
    """Compare all tables, of `other` the rows of the seeds and architectures that `one` has."""
    for name, table in one.to_parts()[0].items():
        expected = other.to_parts()[0][name]
        for column in {"seed", "architecture"} & {*expected.columns}:
            expected = expected[expected[column].isin(table[column])].reset_index(drop=True)
        pd.testing.assert_frame_equal(table, expected)


def test_one_study_run_and_a_flat_run_per_seed_all_finished(client):
    (study,) = runs(client, "study")
    seeds = runs(client, "seed")
    assert sorted(seed.data.params["seed"] for seed in seeds) == ["0", "1"]
    assert {each.info.status for each in (study, *seeds)} == {"FINISHED"}
    assert {each.data.tags["hybridrep.simulation"] for each in (study, *seeds)} == {"nback"}
    key = study.data.tags["hybridrep.study_key"]
    assert all(seed.data.tags["hybridrep.study_key"] == key for seed in seeds)
    (data,) = study.inputs.dataset_inputs
    assert data.dataset.name == "stimuli"


def test_runs_hold_what_the_reference_says(client):
    (study,) = runs(client, "study")
    check_run(client, study, "study", "nback")
    for seed in runs(client, "seed"):
        check_run(client, seed, "seed", "nback")


def test_a_seed_has_a_network_of_every_architecture_and_diet(tables):
    found = set(tables.networks[["architecture", "hidden", "diet"]].itertuples(index=False))
    diets = ("mtmf", "stsf_1L", "untrained")
    expected = {(name, 16, diet) for name in ("rnn", "gru") for diet in diets}
    assert set(map(tuple, found)) == {*expected, ("gru", 8, "mtmf")}
    assert len(tables.networks) == 2 * NETWORKS
    untrained = tables.networks[tables.networks["diet"] == "untrained"]
    assert (untrained["iterations"] == 0).all()
    assert (tables.networks["recurrent"] < tables.networks["total"]).all()


def test_metrics_are_the_tables(client, tables):
    run = next(run for run in runs(client, "seed") if run.data.params["seed"] == "1")
    ends = tables.curves.sort_values("iteration").groupby(
        ["seed", "architecture", "hidden", "diet", "split"]
    )["response_accuracy"].last()  # fmt: skip
    for split in ("train", "val_angle", "val_identity", "selection"):
        key = f"nback/gru/mtmf/response_accuracy/{split}"
        assert run.data.metrics[key] == ends[1, "gru", 16, "mtmf", split]
        key = f"nback/gru-8/mtmf/response_accuracy/{split}"
        assert run.data.metrics[key] == ends[1, "gru", 8, "mtmf", split]
    history = client.get_metric_history(run.info.run_id, "nback/rnn/mtmf/accuracy/train")
    assert [point.step for point in history] == [0, 30]


def test_every_seed_run_tells_what_can_be_decoded_from_the_images(client, tables):
    table = tables.perceptual.set_index(["space", "folds", "feature"])["multiclass"]
    for run in runs(client, "seed"):
        for feature in ("location", "identity", "category"):
            key = f"perceptual/decode/{feature}"
            assert run.data.metrics[key] == table["perceptual", "images", feature]
            assert run.data.metrics[f"{key}_grouped"] == table["perceptual", "grouped", feature]


def test_weights_are_artifacts_named_as_modules_name_them(client, tmp_path):
    run = runs(client, "seed")[0]
    path = "nback/gru/stsf_1L/weights.safetensors"
    state = load_file(client.download_artifacts(run.info.run_id, path, str(tmp_path)))
    assert state["recurrent.weight_hh_l0"].shape == (48, 16)
    assert state["input.weight"].shape == (16, 8 + 6)


def test_seeds_and_networks_differ(tables):
    ends = tables.losses.groupby(["seed", "architecture", "hidden", "diet"])["train_loss"].last()
    assert ends.nunique() == len(ends) == 2 * (NETWORKS - 2)


def test_a_finished_study_is_not_computed_again(small_nback, elsewhere, tables):
    """All from the store, whatever MLflow knows: the same tables, in runs of their own."""
    config = small_config(elsewhere, store=str(small_nback / "store"))
    before = {
        path: path.stat().st_mtime_ns for path in (small_nback / "store").rglob("*.safetensors")
    }
    again = run_study(small_study(), config)
    same(again, tables)
    after = {
        path: path.stat().st_mtime_ns for path in (small_nback / "store").rglob("*.safetensors")
    }
    assert after == before


def test_a_change_makes_only_what_depends_on_it(small_nback):
    def keys(**given: object) -> set[str]:
        config = small_config(small_nback, **given)
        store = Store(Path(config.store))
        prepared = Prepared(small_study().prepare(config, store), store)
        nodes = [*pipeline.shared(prepared), *pipeline.of_seed(prepared, 0)]
        return {node.key for node in nodes}

    usual = keys()
    shared = 1 + 3 + 1 + 1  # components; a chunk of maps a split; decoded from them; trials
    angles, tested = 1 + NETWORKS, 2 * (NETWORKS - 2)  # the untrained answer nothing
    assert len(usual) == shared + 3 * NETWORKS + angles + tested
    other_rnns = usual & keys(learning_rate="rnn=0.5,gru=0.003")
    assert len(other_rnns) == shared + 3 * (NETWORKS - 3) + angles - 3 + tested - 4
    assert len(usual & keys(components=4)) == shared - 1 + 1  # and the angles of the maps
    assert len(usual & keys(bootstraps=99)) == len(usual) - angles
    assert usual == keys(workers=2)
    assert len(usual & keys(analysis_trials=99)) == shared + 2 * NETWORKS
    assert len(usual & keys(penalty="1")) == shared + 2 * NETWORKS
    assert usual < keys(diets="mtmf,stsf_1L,stmf_2")


@pytest.mark.slow
def test_two_workers_give_one_seed_the_same_numbers_as_one_beside_another(elsewhere, tables):
    same(run_study(small_study(), small_config(elsewhere, workers=2, **PART)), tables)


@pytest.mark.slow
def test_a_cluster_gives_the_same_numbers(elsewhere, tables):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        config = small_config(elsewhere, cluster=cluster.scheduler_address, **PART)
        same(run_study(small_study(), config), tables)


@pytest.mark.slow
def test_a_killed_study_goes_on_and_ends_with_the_same_tables(small_nback, elsewhere, tables):
    """SIGKILL in the middle of training: nothing is trained twice."""
    code = (
        "from pathlib import Path; from hybridrep.running.study_run import run_study; "
        "from hybridrep.testing.small_nback import small_config, small_study; "
        f"run_study(small_study(), small_config(Path({str(elsewhere)!r}), **{PART!r}))"
    )
    root = str(Path(hybridrep.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=elsewhere, env={**os.environ, "PYTHONPATH": root}
    )
    store = elsewhere / "store" / "nback_train"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if len(list(store.rglob("weights.safetensors"))) >= 2:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in store.rglob("weights.safetensors")}
    assert before
    same(run_study(small_study(), small_config(elsewhere, **PART)), tables)
    assert all(path.stat().st_mtime_ns == made for path, made in before.items())


def test_a_stage_alone_logs_its_tables(small_nback, elsewhere):
    config = small_config(elsewhere, store=str(small_nback / "store"))
    found = run_stage(small_study(), "nback_train", config)
    assert len(found.networks) == 2 * NETWORKS
    client = MlflowClient()
    (run,) = runs(client, "stage")
    check_run(client, run, "stage", "nback")


def test_every_network_has_streams_of_its_own():
    config = Config.model_validate({"diets": "all", "hidden": "rnn=512/256,gru=256,lstm=256"})
    found = recipes(config)
    assert len(found) == 3 * (9 + 3 + 1 + 1) + 1
    assert len({recipe.stream for recipe in found}) == len(found)
    control = found[14]
    assert (control.name, control.diet, control.hidden) == ("rnn-256", "mtmf", 256)
    assert control.network(512, 1).recurrent_parameters < found[0].network(512, 1).parameters
    assert np.isfinite([recipe.seconds(512) for recipe in found]).all()


@pytest.fixture
def registered(small_nback, tmp_path, tmp_path_factory, monkeypatch):
    """Models of the small study, registered in a copy of its tracking store."""
    shutil.copytree(small_nback / "tracking", tmp_path / "tracking")
    set_store(monkeypatch, tmp_path_factory, tmp_path / "tracking")
    shutil.copy(small_nback / "tracking" / "mlflow.db", tmp_path / "tracking" / "mlflow.db")
    client = MlflowClient()
    (study,) = runs(client, "study")
    places = {"store": str(small_nback / "store"), "workers": 1}
    return register_best(study.info.run_id, places, small_study())


@pytest.mark.slow
def test_the_best_network_of_each_architecture_is_registered_and_answers(registered, tables):
    import mlflow

    assert registered["name"].tolist() == ["hybridrep-nback-gru", "hybridrep-nback-rnn"]
    ends = tables.curves[
        (tables.curves["split"] == "selection") & (tables.curves["diet"] == "mtmf")
    ]
    ends = ends[ends["iteration"] == 30]
    client = MlflowClient()
    for name in ("rnn", "gru"):
        version = client.get_model_version_by_alias(f"hybridrep-nback-{name}", "best")
        best = ends[ends["architecture"] == name]["response_accuracy"].max()
        assert float(version.tags["score"]) == best
        check_names(name, list(version.tags), list(VERSION_TAGS), PLACEHOLDERS)
    model = mlflow.pyfunc.load_model("models:/hybridrep-nback-gru@best")
    example = model.input_example
    answer = model.predict(example)
    assert list(answer) == ["non_match", "match", "no_action"]
    total = sum(np.stack(list(answer[name])) for name in answer)
    np.testing.assert_allclose(total, np.ones((1, 4)), atol=1e-6)
    vectors = pd.DataFrame({"task": ["2back_category"], "vectors": [np.zeros((4, 8)).tolist()]})
    assert len(model.predict(vectors)["match"][0]) == 4
    for wrong, message in (
        ({"task": ["9back_location"]}, "was trained on n = 1, 2"),
        ({"task": ["back"]}, "is no task"),
        ({"vectors": [np.zeros((5, 8)).tolist()]}, "a trial has 4 frames"),
        ({"vectors": [np.zeros((4, 9)).tolist()]}, "give 392"),
    ):
        with pytest.raises(MlflowException, match=rf"trial 1: .*{message}") as refused:
            model.predict(vectors.assign(**wrong))
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE", "what a server says itself"
    with pytest.raises(MlflowException, match=r"trial 1: .*not the base64"):
        model.predict(pd.DataFrame({"task": ["1back_location"], "images": [["no image"] * 4]}))


@pytest.mark.slow
def test_a_study_against_itself_under_another_name(small_nback, elsewhere):
    """Two studies side by side, by the entry point that serves every study."""
    config = small_config(elsewhere, store=str(small_nback / "store"), seeds=2, study="one")
    run_study(small_study(), config)
    other = {"study": "two", "learning_rate": "rnn=0.02,gru=0.02", "diets": "mtmf"}
    run_study(small_study(), small_config(elsewhere, architectures="gru", **other))
    found = compare_studies(resolve({"studies": "one,two"}, CompareConfig))
    made = found["compare_made"].set_index("parameter")
    assert {"learning_rate", "diets", "architectures"} <= {*made.index}
    rows = found["compare_performance"]
    mine = rows[(rows["study"] == "two") & (rows["architecture"] == "gru") & (rows["hidden"] == 16)]
    assert mine[mine["diet"] == "mtmf"]["difference"].notna().all()
    assert (rows[rows["study"] == "one"]["difference"].isna()).all()
    client = MlflowClient()
    run = next(run for run in runs(client, "stage") if "compare" in run.info.run_name)
    check_run(client, run, "compare", "nback")
    path = client.download_artifacts(run.info.run_id, "report/report.html", str(elsewhere))
    page = Path(path).read_text("utf-8")
    assert "two minus one" in page
    assert "learning_rate" in page
    assert 'id="figure-compare_representations"' in page
    turned = found["compare_representations"]
    turned = turned[(turned["name"] == "gru") & (turned["measure"] == "procrustes/joint")]
    assert turned["mean"].notna().all()
    with pytest.raises(ParameterError, match="the same study run"):
        compare_studies(resolve({"studies": f"one,{runs(client, 'study')[1].info.run_id}"},
                                CompareConfig))  # fmt: skip


@pytest.mark.skipif(torch.cuda.device_count() > 98, reason="this machine has it")
def test_a_device_that_is_not_here_is_refused_before_any_work(tmp_path):
    config = resolve({"device": "cuda:98", "store": str(tmp_path / "store")}, Config)
    with pytest.raises(ParameterError, match="device=cuda:98: PyTorch finds no such device"):
        NBACK.prepare(config, Store(tmp_path / "store"))


def test_only_another_device_stands_in_keys(small_nback, monkeypatch):
    monkeypatch.setattr("hybridrep.studies.nback.prepare.check_device", lambda *_: [])
    config = small_config(small_nback, store=str(small_nback / "store"))
    store = Store(small_nback / "store")
    found = {}
    for device in ("cpu", "cuda"):
        there = config.model_copy(update={"device": device})
        study = Prepared(small_study().prepare(there, store), store)
        found[device] = [memory.node(study, recipe, 0) for recipe in recipes(there)]
    for mine, theirs in zip(*found.values(), strict=True):
        assert (mine.device, theirs.device) == ("cpu", "cuda")
        assert "device" not in mine.about
        assert mine.key != theirs.key
        assert mine.arguments == theirs.arguments
    assert "device" not in config.study_identity()
