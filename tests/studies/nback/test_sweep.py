"""The sweep over networks: trials, runs, the best, and going on without training twice."""

from __future__ import annotations

import pytest
from mlflow.tracking import MlflowClient

from hybridrep.errors import ParameterError
from hybridrep.parameters import resolve
from hybridrep.studies.catalogue import CATALOGUE
from hybridrep.studies.catalogue import _sweeps as sweeps_named
from hybridrep.studies.nback.memory.training import SELECTION
from hybridrep.studies.nback.register.register import run as register_best
from hybridrep.studies.nback.sweep.config import SweepConfig
from hybridrep.studies.nback.sweep.sweep import run
from hybridrep.studies.nback.sweep.trainings import recipe_of, space_of
from hybridrep.testing.databases import set_store
from hybridrep.testing.documented_runs import check_run
from hybridrep.testing.small_nback import small_config, small_study


def sweep_config(folder, **given) -> SweepConfig:
    small = small_config(folder).as_text()
    small |= {"seeds": "2", "sizes": "8,16", "learning_rates": "0.01", "iterations": "10"}
    return resolve({**small, "architectures": "gru", **given}, SweepConfig)


@pytest.mark.slow
def test_a_grid_finds_the_best_and_is_not_trained_twice(tmp_path, tmp_path_factory, monkeypatch):
    set_store(monkeypatch, tmp_path_factory, tmp_path)
    config = sweep_config(tmp_path, sampler="grid")
    found = run(config, small_study())
    assert found.trials["state"].tolist() == ["COMPLETE"] * 2
    assert found.trials["hidden"].tolist() == [8, 16]
    assert len(found.seeds) == 4
    (best,) = found.best.to_dict("records")
    assert best["response_accuracy"] == found.trials["response_accuracy"].max()
    weights = {p: p.stat().st_mtime_ns for p in (tmp_path / "store").rglob("weights.safetensors")}
    again = run(sweep_config(tmp_path, sampler="grid"), small_study())
    assert again.trials.equals(found.trials)
    assert weights == {
        p: p.stat().st_mtime_ns for p in (tmp_path / "store").rglob("weights.safetensors")
    }
    client = MlflowClient()
    of = {
        name: client.search_runs([client.get_experiment_by_name(name).experiment_id])
        for name in ("hybridrep", "hybridrep-sweep")
    }
    assert len(of["hybridrep-sweep"]) == 2
    for trial in of["hybridrep-sweep"]:
        check_run(client, trial, "trial", "nback")
    check_run(client, of["hybridrep"][0], "sweep", "nback")

    # the best of it is registered, found by the sweep's name as by its run
    latest = of["hybridrep"][0].info.run_id
    ((listing, run_id),) = sweeps_named("small", CATALOGUE)
    assert (listing.name, run_id) == ("nback", latest)
    places = {"store": str(tmp_path / "store"), "workers": 1}
    registered = register_best(run_id, places, small_study())
    assert registered["name"].tolist() == ["hybridrep-nback-gru"]
    version = client.get_model_version_by_alias("hybridrep-nback-gru", "best")
    assert version.tags["source"] == "sweep"
    assert version.run_id in {trial.info.run_id for trial in of["hybridrep-sweep"]}
    assert float(version.tags["score"]) == found.seeds["value"].max()


def test_a_point_is_a_network_of_its_size_and_rate(tmp_path):
    config = sweep_config(tmp_path, learning_rates="0.001:0.1", architectures="rnn,gru")
    space = space_of(config)
    assert len(space.grid()) == 2 * 2 * 3
    assert space.varied == ("architecture", "hidden", "learning_rate")
    made = recipe_of(config, space.grid()[-1])
    assert (made.name, made.hidden, made.diet) == ("gru", 16, "mtmf")
    assert made.training.learning_rate == 0.1
    rates = [recipe_of(config, p).training.learning_rate for p in space.grid()]
    assert rates == [p["learning_rate"] for p in space.grid()]
    assert SELECTION == "selection"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sizes": "8,big"}, "'big' is not a whole number from 1 to"),
        ({"sizes": "8,8"}, "write each size once"),
        ({"sampler": "random"}, "parameter sampler='random'"),
        ({"learning_rates": "0.1:0.01"}, "the range is inverted: write 0.01:0.1"),
    ],
)
def test_a_bad_space_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        resolve(given, SweepConfig)
