"""Registering the best of a study or a sweep: which one, that it is it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from hybridrep.errors import ExecutionError, HybridrepError, TrackingError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.study import Prepared, Study
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.inputs import read_corpus
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.register import chosen as register_models
from hybridrep.studies.hybrid.register.fused import fused_nodes
from hybridrep.studies.hybrid.register.register import run
from hybridrep.studies.hybrid.results.catalogue import (
    MODELS,
    PLACEHOLDERS,
    VERSION_TAGS,
)
from hybridrep.studies.hybrid.study import run as run_full
from hybridrep.studies.hybrid.sweep.config import RegisterConfig, SweepConfig
from hybridrep.studies.hybrid.sweep.sweep import run as run_sweep
from hybridrep.studies.hybrid.transformation.seed_data import seed_data_of
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.documented_runs import check_names, check_run
from hybridrep.testing.stage_runs import study_values
from hybridrep.testing.undrawn import undraw_all
from hybridrep.transforms.autoencoder import AutoencoderConfig, build_autoencoder
from hybridrep.transforms.methods import load_transform

pytestmark = pytest.mark.slow
SWEEP = {"trials": "6", "autoencoder_epochs": "3-9", "seeds": "0-1", "study": "small sweep"}
DIRECTIONS = ("bert_to_lstm", "lstm_to_bert")
NAMES = tuple(
    f"hybridrep-{d.replace('_', '-')}{end}" for d in (*DIRECTIONS, "fused") for end in ("", "-text")
)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return small_study.finished(tmp_path_factory)


@pytest.fixture(scope="module")
def client(given, tmp_path_factory):
    """MLflow's client, for a finished study and a finished sweep."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, folder)
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
        undraw_all(patch)
        run_full(resolve(given, Config))
        run_sweep(resolve({**given, **SWEEP}, SweepConfig))
        yield mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")


def register(given: dict[str, str], **change: str) -> None:
    run(resolve({**given, **change}, RegisterConfig))


@pytest.fixture(scope="module")
def registered(given, client):
    """The best of the study, registered first."""
    register(given)
    return {name: client.get_model_version_by_alias(name, "best") for name in NAMES}


@pytest.fixture(scope="module")
def stored(given) -> Prepared:
    """The study's inputs and store."""
    store = Store(Path(given["store"]))
    return Prepared(prepare(resolve(given, Config), store), store)


def read(answer, name: str) -> np.ndarray:
    return np.stack(list(answer[name]))


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return np.abs(found - expected).max() <= 1e-6 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_best_of_all_seeds_and_sizes_on_unseen_tweets_is_registered(
    client, registered, direction
):
    values = study_values(client, direction)
    best = values.loc[values["value"].idxmax()]
    for end in ("", "-text"):
        version = registered[f"hybridrep-{direction.replace('_', '-')}{end}"]
        assert int(version.tags["seed"]) == best["seed"]
        assert int(version.tags["bottleneck"]) == best["bottleneck"]
        assert float(version.tags["score"]) == pytest.approx(best["value"], abs=1e-9)
        assert version.tags["selected_by"] == "reconstructed_vs_target"
        assert version.run_id == best["run_id"]
        assert len(version.tags["study_key"]) == 64
        assert version.tags["epoch"] == "2"


def test_the_run_and_the_versions_are_what_the_reference_says(client, registered):
    experiment = client.get_experiment_by_name("hybridrep")
    where = "tags.`hybridrep.stage` = 'register'"
    (run,) = client.search_runs([experiment.experiment_id], where, order_by=["start_time"])[:1]
    check_run(client, run, "register")
    assert [name for name, *_ in MODELS] == sorted(NAMES, key=lambda name: name.endswith("-text"))
    for version in registered.values():
        check_names(version.name, list(version.tags), list(VERSION_TAGS), PLACEHOLDERS)


def test_a_registered_model_gives_what_the_plain_module_gives(client, registered, stored):
    for direction in DIRECTIONS:
        version = registered[f"hybridrep-{direction.replace('_', '-')}"]
        seed, size = int(version.tags["seed"]), int(version.tags["bottleneck"])
        data = seed_data_of(stored, seed)
        vectors = data.sides(direction)[0][:20]
        config = AutoencoderConfig(
            input_size=vectors.shape[1], output_size=data.sides(direction)[1].shape[1],
            bottleneck=size, epochs=4,
        )  # fmt: skip
        module = build_autoencoder(config)
        weights = client.download_artifacts(
            version.run_id, f"autoencoder/{direction}/b{size}/half.safetensors"
        )
        module.load_state_dict(load_file(weights), assign=True)
        with torch.no_grad():
            batch = torch.from_numpy(np.array(vectors))
            bottleneck, reconstructed = module.bottleneck(batch), module(batch)
        model = mlflow.pyfunc.load_model(f"models:/{version.name}@best")
        answer = model.predict(vectors.astype(np.float64))
        assert close(read(answer, "bottleneck"), bottleneck.numpy())
        assert close(read(answer, "reconstructed"), reconstructed.numpy())


def test_a_text_model_gives_the_vectors_of_training_for_ten_tweets(registered, stored):
    texts = read_corpus(stored.store, stored.inputs.emotion.key).texts
    rows = np.arange(0, len(texts), len(texts) // 10)[:10]
    for direction in DIRECTIONS:
        version = registered[f"hybridrep-{direction.replace('_', '-')}-text"]
        data = seed_data_of(stored, int(version.tags["seed"]))
        answer = mlflow.pyfunc.load_model(f"models:/{version.name}@best").predict(
            [texts[row] for row in rows]
        )
        assert close(read(answer, "global"), data.representations["global"][rows])
        assert close(read(answer, "task_specific"), data.representations["task_specific"][rows])
        vectors = mlflow.pyfunc.load_model(
            f"models:/{version.name.removesuffix('-text')}@best"
        ).predict(data.sides(direction)[0][rows].astype(np.float64))
        assert close(read(answer, "diffused"), read(vectors, "bottleneck"))
        assert close(read(answer, "transformed"), read(vectors, "reconstructed"))


def test_the_fusion_of_the_highest_share_on_unseen_tweets_gives_what_its_file_gives(
    client, registered, stored
):
    version = registered["hybridrep-fused"]
    shares = {
        (fusion.method, seed): stored.open(node).table("fusion").query(
            "item_set == 'selection' and bottleneck == 8"
        ).sort_values("epoch")["share_of_ceiling"].iloc[-1]
        for seed in (0, 1)
        for fusion, node in fused_nodes(stored, seed)
    }  # fmt: skip
    method, seed = max(shares, key=lambda key: shares[key])
    assert (version.tags["method"], version.tags["seed"]) == (method, str(seed))
    assert float(version.tags["score"]) == pytest.approx(shares[method, seed])
    assert version.tags["selected_by"] == "share_of_ceiling"
    (node,) = (n for f, n in fused_nodes(stored, seed) if f.method == method)
    transform = load_transform(stored.open(node).file("transform.safetensors"))
    data = seed_data_of(stored, seed)
    sides = {name: side[:20] for name, side in data.representations.items()}
    expected = transform.apply(sides["global"], sides["task_specific"])[:, :8]
    model = mlflow.pyfunc.load_model("models:/hybridrep-fused@best")
    asked = pd.DataFrame({name: [row.tolist() for row in side] for name, side in sides.items()})
    assert close(read(model.predict(asked), "fused"), expected)
    corpus = read_corpus(stored.store, stored.inputs.emotion.key)
    answer = mlflow.pyfunc.load_model("models:/hybridrep-fused-text@best").predict(
        list(corpus.texts[:20])
    )
    assert close(read(answer, "fused"), expected)
    assert "fused" in client.get_model_version(version.name, version.version).description


def test_the_card_says_what_it_is_and_what_it_is_not(client, registered):
    for name, version in registered.items():
        card = version.description
        assert card.startswith("# ")
        for part in ("What it does", "Made from", "Numbers", "How it was chosen", "Limits"):
            assert f"**{part}" in card, (name, part)
        assert f"seed {version.tags['seed']}" in card
        assert f"{float(version.tags['score']):.3f}".replace("-", "−") in card
        fused = name.startswith("hybridrep-fused")
        assert ("of 8 fusions of this size" if fused else "of 4 trained autoencoders") in card
        assert fused or "ridge regression" in card
        assert "synthetic" not in card  # the corpora are files


def test_again_nothing_new_and_another_criterion_is_a_candidate(
    given, client, registered, tmp_path
):
    register(given)
    register(given, store=str(tmp_path / "store"))  # trained again, to the same models
    assert len(client.search_model_versions(f"name = '{NAMES[0]}'")) == 1
    register(given, by="diffusibility")
    assert len(client.search_model_versions("name = 'hybridrep-fused'")) == 1
    for name in NAMES[:4]:
        candidate = client.get_model_version_by_alias(name, "candidate")
        assert candidate.tags["selected_by"] == "diffusibility"
        assert client.get_model_version_by_alias(name, "best").version == 1


def test_a_model_of_any_epoch_of_a_sweep_is_the_one_that_was_judged(given, client, registered):
    """Most epochs' models are not kept: they are trained again, and must be the same."""
    register(given, source="sweep", study="small sweep")
    experiment = client.get_experiment_by_name("hybridrep-sweep")
    trials = client.search_runs([experiment.experiment_id])
    config = resolve({**given, **SWEEP}, SweepConfig).training()
    store = Store(Path(config.store))
    study = Prepared(prepare(config, store), store)
    for direction in DIRECTIONS:
        name = f"hybridrep-{direction.replace('_', '-')}"
        versions = client.search_model_versions(f"name = '{name}'")
        (version,) = [v for v in versions if v.tags["source"] == "sweep"]
        mine = [t for t in trials if t.data.params["direction"] == direction]
        each_seed = {
            (t.info.run_id, seed): t.data.metrics[f"transformability/seed_{seed}"]
            for t in mine for seed in (0, 1) if t.data.params["state"] == "COMPLETE"
        }  # fmt: skip
        value = max(each_seed.values())
        assert each_seed[version.run_id, int(version.tags["seed"])] == value
        assert float(version.tags["score"]) == pytest.approx(value, abs=1e-9)
        assert version.tags["epoch"] == client.get_run(version.run_id).data.params["epochs"]
        data = seed_data_of(study, int(version.tags["seed"]))
        rows = data.rows.items["selection"]
        sources, targets = (side[rows].astype(np.float64) for side in data.sides(direction))
        model = mlflow.pyfunc.load_model(f"models:/{name}/{version.version}")
        reconstructed = read(model.predict(sources), "reconstructed").astype(np.float64)
        below = np.tril_indices(len(rows), -1)
        cosines = []
        for vectors in (reconstructed, targets):
            unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            cosines.append((unit @ unit.T)[below])
        assert np.corrcoef(*cosines)[0, 1] == pytest.approx(value, abs=1e-6)


def test_best_is_the_higher_score_of_the_same_data(client, given, registered):
    register(given, source="sweep", study="small sweep")
    for name in NAMES:
        criterion = "share_of_ceiling" if "fused" in name else "reconstructed_vs_target"
        versions = [
            v for v in client.search_model_versions(f"name = '{name}'")
            if v.tags["selected_by"] == criterion
        ]  # fmt: skip
        assert len({v.tags["data_fingerprint"] for v in versions}) == 1
        best = client.get_model_version_by_alias(name, "best")
        assert float(best.tags["score"]) == max(float(v.tags["score"]) for v in versions)


def test_a_study_or_sweep_can_be_named(given, client, registered):
    experiment = client.get_experiment_by_name("hybridrep")
    runs = client.search_runs([experiment.experiment_id])
    keys = {r.info.run_name: r.data.tags["hybridrep.study_key"] for r in runs}
    count = len(client.search_model_versions(f"name = '{NAMES[0]}'"))
    other = {"bottlenecks": "2", "autoencoder_epochs": "9"}  # what is recorded counts
    for source in ("hybridrep", keys["hybridrep study"][:10]):
        register({**given, **other}, source=source)
    for source in ("small sweep sweep", "small sweep", keys["small sweep sweep"]):
        register({**given, **other}, source=source)
    assert len(client.search_model_versions(f"name = '{NAMES[0]}'")) <= count + 1


def state(client) -> list:
    runs = [r for e in client.search_experiments() for r in client.search_runs([e.experiment_id])]
    models = [(v.name, v.version) for v in client.search_model_versions()]
    aliases = [(m.name, dict(m.aliases)) for m in client.search_registered_models()]
    return [sorted(r.info.run_id for r in runs), sorted(models), sorted(aliases, key=str)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": "no such study"}, "there is no study 'no such study'.*there are: hybridrep"),
        ({"source": "sweep", "study": "none"}, "no finished sweep named 'none'"),
        ({"study": "other"}, "'other' with these parameters has no finished seed"),
        ({"seeds": "5-7"}, "no finished seed.*finished are seeds=0-1"),
        ({"lstm_epochs": "3"}, "has no finished seed"),
        ({"bottlenecks": "33"}, "33 is above 32"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_is_written(given, client, registered, change,
                                                            reason):  # fmt: skip
    before = state(client)
    with pytest.raises(HybridrepError, match=reason) as error:
        register(given, **change)
    assert error.value.exit_code == 2
    assert state(client) == before


def test_seeds_of_another_version_of_the_code_are_refused(given, client, registered, monkeypatch):
    before = state(client)
    monkeypatch.setattr(Study, "cache_key", lambda *_: "other")
    with pytest.raises(TrackingError, match="another version of the code"):
        register(given)
    monkeypatch.setattr("hybridrep.studies.hybrid.register.source.sweep_key", lambda *_: "other")
    with pytest.raises(TrackingError, match="another version of the code"):
        register(given, source="sweep", study="small sweep")
    assert state(client) == before


def test_a_model_that_is_not_what_was_judged_is_not_registered(
    given, client, registered, monkeypatch
):
    apply = register_models.apply_autoencoder
    models = state(client)[1:]

    def slightly_wrong(*args):
        bottleneck, reconstructed = apply(*args)
        noise = np.random.default_rng(0).normal(0, 1e-2, reconstructed.shape)
        return bottleneck, reconstructed + noise.astype(np.float32)

    monkeypatch.setattr(register_models, "apply_autoencoder", slightly_wrong)
    with pytest.raises(ExecutionError, match="not the one that was judged"):
        register(given, by="bottleneck_vs_reconstructed")
    assert state(client)[1:] == models


def test_a_plan_registers_and_trains_nothing(given, client, registered, tmp_path, capsys):
    before = state(client)
    register(given, by="bottleneck_vs_target", plan="true")
    register(given, by="bottleneck_vs_target", plan="true", store=str(tmp_path / "store"))
    assert state(client) == before
    shown = " ".join(capsys.readouterr().out.split())
    assert "All of it is finished" in shown
    assert "autoencode 8 autoencoders 0" in shown
    assert not list((tmp_path / "store").rglob("*"))
