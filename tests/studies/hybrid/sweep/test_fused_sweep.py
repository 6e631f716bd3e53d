"""A search over fusions: its space, its values, and what it leaves."""

from __future__ import annotations

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from hybridrep.errors import ParameterError
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.fusion.stage import Fusion
from hybridrep.studies.hybrid.fusion.validation import without_test
from hybridrep.studies.hybrid.sweep.fused_config import FusionSweepConfig
from hybridrep.studies.hybrid.sweep.fused_sweep import run
from hybridrep.studies.hybrid.sweep.fused_trainings import fusion_at, space_of
from hybridrep.studies.hybrid.transfer.items import Items
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.documented_runs import check_run


def config(**given: str) -> FusionSweepConfig:
    return resolve(given, FusionSweepConfig)


def test_the_space_is_that_of_the_parameters():
    given = config(fusions="pca_task,joint_autoencoder", bottlenecks="8,4", weights="0.5,0.2",
                   lengths="4-10", sampler="grid")  # fmt: skip
    grid = space_of(given).grid()
    assert len(grid) == 2 * 2 * 2 * 3
    found = {fusion_at(point) for point in grid}
    assert Fusion("pca_task", 4) in found, "weight and length make no other of it"
    assert Fusion("joint_autoencoder", 8, 10, 0.2) in found
    assert len(found) == 2 + 2 * 2 * 3
    assert config(lengths=given.as_text()["lengths"]).lengths == (4, 10)
    assert given.training().bottlenecks == (8, 4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weights": "0.5,1.2"}, "'1.2' is not a number from 0 to 1"),
        ({"weights": "0.5,0.5"}, "write each weight once"),
        ({"fusions": "none"}, "a sweep needs at least one fusion"),
        ({"fusions": "magic"}, "there is no fusion 'magic'"),
        ({"lengths": "9-3"}, "the range is inverted"),
    ],
)
def test_what_cannot_be_searched_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        config(**given)


def test_choices_are_made_without_the_test_tweets_of_the_new_task():
    rng = np.random.default_rng(0)
    labels = np.array([0, 1] * 20 + [0] * 10)
    items = Items(
        seed=3, rows=np.arange(50), labels=labels, train=40, classes=2,
        task_specific=rng.normal(size=(50, 3)), global_=rng.normal(size=(50, 4)),
    )  # fmt: skip
    inner = without_test(items)
    assert set(inner.rows) == set(range(40))
    assert inner.train == 32
    assert inner.labels[inner.train :].tolist().count(0) == 4
    np.testing.assert_array_equal(inner.global_, items.global_[inner.rows])
    np.testing.assert_array_equal(inner.rows, without_test(items).rows)


@pytest.mark.slow
def test_a_sweep_finds_the_front_of_both_objectives_and_goes_on(tmp_path_factory):
    given = {
        **small_study.finished(tmp_path_factory), "fusions": "truncated_svd,similarity_matched",
        "bottlenecks": "4,8", "lengths": "2", "sampler": "grid", "study": "small fusions",
    }  # fmt: skip
    for name in ("autoencoder_epochs", "fusion_epochs"):
        del given[name]
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, folder)
        found = run(config(**given))
        again = run(config(**given))
        client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
        experiment = client.get_experiment_by_name("hybridrep")
        where = "tags.`hybridrep.stage` = 'fuse_sweep'"
        runs = client.search_runs([experiment.experiment_id], where)
        trial_runs = client.search_runs(
            [client.get_experiment_by_name("hybridrep-sweep").experiment_id]
        )
        check_run(client, trial_runs[0], "trial", "hybrid")
        files = {each.path for each in client.list_artifacts(runs[0].info.run_id, "figures")}
    trials = found.trials
    assert (trials["state"] == "COMPLETE").all()
    assert all({"method", "size", "weight"} <= run.data.params.keys() for run in trial_runs)
    assert len(trials) == 4
    assert again.trials.equals(trials)
    wide = found.seeds.pivot(index=["trial", "seed"], columns="measure", values="value")
    means = wide.groupby("trial").mean()
    for name in ("diffusibility", "transfer"):
        np.testing.assert_allclose(trials.set_index("trial")[name], means[name])
    best = trials.loc[trials["diffusibility"].idxmax()]
    assert best["pareto"]
    assert set(found.best["best_by"]) == {"diffusibility", "transfer"}
    assert {"figures/pareto_front.png", "figures/history_transfer.png"} <= files
    assert runs[0].data.metrics["best/fused/diffusibility"] == pytest.approx(best["diffusibility"])
