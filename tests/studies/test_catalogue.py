"""The catalogue says of every parameter what it bears on, and that is true."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from hybridrep.errors import ParameterError
from hybridrep.execution import devices
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve, stages_of
from hybridrep.running import work
from hybridrep.running.study import Prepared
from hybridrep.studies.catalogue import CATALOGUE, imported
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.testing import small_study

NAMES = [*CATALOGUE.entry_points]


def bearing(name: str) -> set[str]:
    return {*CATALOGUE.bearing(CATALOGUE.entry_points[name])}


@pytest.mark.parametrize("name", NAMES)
def test_what_an_entry_point_names_is_there(name):
    entry = CATALOGUE.entry_point(name)
    assert callable(entry.function)
    assert CATALOGUE.study_of(entry).parameters.model_fields.keys() <= {
        *entry.parameters.model_fields
    }, "one line of parameters serves all entry points of a study"


@pytest.mark.parametrize("study", CATALOGUE.studies, ids=lambda study: study.name)
def test_what_a_study_names_is_there(study):
    assert callable(imported(study.load))
    assert import_module(study.documentation).METRICS
    assert len(study.entry_points) == len({entry.name for entry in study.entry_points})


def test_names_of_entry_points_are_those_of_one_study():
    names = [entry.name for study in CATALOGUE.studies for entry in study.entry_points]
    assert len(names) == len(set(names))


def test_every_stage_that_a_parameter_names_is_run_by_an_entry_point():
    run = {stage for entry in CATALOGUE.entry_points.values() for stage in entry.stages}
    said = {stage for name in Config.model_fields for stage in stages_of(name, Config)}
    assert said <= run


def test_parameters_bear_on_what_reads_them():
    always = {"profile", "study", "workers", "cluster", "store", "plan"}
    assert bearing("embed") == always | {
        "device", "encoder", "encoder_layer", "encoder_pooling",
        "emotion", "emotion_columns", "emotion_split", "emotion_quoting", "emotion_names", "hate",
        "hate_columns", "hate_split", "hate_quoting", "hate_positive",
    }  # fmt: skip
    assert bearing("compare") == {"study", "studies"}
    assert bearing("full") == {*Config.model_fields} - {"trials", "timeout"}
    assert bearing("report") == bearing("full") | {"source"}
    assert {"transfer_epochs", "share_text"} & bearing("sweep") == set()
    assert {"trials", "timeout", "sampler", "bottlenecks"} <= bearing("sweep")
    assert bearing("transfer") - bearing("rsa") == {"transfer_epochs", "baseline_pooling"}
    assert CATALOGUE.bearing(CATALOGUE.entry_points["lstm"])[-1] == "plan"  # places come last


def test_an_unknown_entry_point_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match=r"'transfr' \(did you mean transfer\?\); the entry"):
        CATALOGUE.entry_point("transfr")


STAGES = ("embed", "lstm", "autoencode", "rsa", "transfer", "fuse")
CHANGES = {
    "seeds": "1", "bottlenecks": "8", "lstm_epochs": "3", "autoencoder_epochs": "5",
    "transfer_epochs": "3", "padding": "after", "lstm_path": "plain", "lstm_precision": "bfloat16",
    "baseline_pooling": "flatten", "duplicates": "keep", "items_per_emotion": "9",
    "share_text": "false", "trials": "7", "timeout": "7", "study": "other", "workers": "2",
    "cluster": "tcp://nowhere:1", "plan": "true", "fusions": "joint_autoencoder",
    "fusion_weight": "0.3", "fusion_epochs": "3", "encoder_layer": "0", "encoder_pooling": "mean",
    "measures": "cka", "device": "cuda:1",
}  # fmt: skip


def results(given: dict[str, str], store: Store) -> dict[str, set[str]]:
    """Return the keys of all that each stage's entry point makes or needs."""
    prepared = Prepared(HYBRID.prepare(resolve(given, Config), store), store)
    return {
        stage: {key for task in work.study_tasks(HYBRID, prepared, stage) for key in task.produces}
        for stage in STAGES
    }


def given_vectors(path: Path, given: dict[str, str]) -> str:
    """Write random vectors of all tweets, by text, and return the parameter that names them."""
    texts = sorted(
        {t for name in ("emotion", "hate") for t in load_corpus(name, given[name]).texts}
    )
    values = np.random.default_rng(0).standard_normal((len(texts), 12))
    np.savez(path, ids=np.array(texts), features=values)
    return f"vectors:{path}"


@pytest.mark.slow
def test_what_bears_on_an_entry_point_changes_its_results_and_nothing_else_does(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(devices, "_count", lambda kind: 2)
    given = small_study.parameters(tmp_path)
    store = Store(tmp_path / "store")
    others = small_study.write_corpora(
        tmp_path / "other", {"train": 104, "validation": 13, "test": 3}
    )
    hate = Path(others["hate"])
    hate.write_text("\n".join(hate.read_text().splitlines()[:-2]))
    texts = load_corpus("emotion", "sample").texts
    encoder = small_study.write_encoder(tmp_path / "encoder-2", texts, seed=1)
    (tmp_path / "glove.txt").write_text("i 0.1 0.2 0.3\nfeel 0.3 0.1 0.2\n")
    changes = {**CHANGES, **others, "encoder": str(encoder), "vectors": str(tmp_path / "glove.txt")}
    changes["task_specific"] = given_vectors(tmp_path / "given.npz", given)
    same_columns = {  # how files are read that these are not: other names of the same texts
        f"{part}_{word}" for part in ("emotion", "hate") for word in ("columns", "split", "quoting")
    } | {"emotion_names", "hate_positive"}
    by_place = {"profile", "study", "workers", "cluster", "store", "plan"}
    before = results(given, store)
    assert changes.keys() == Config.model_fields.keys() - same_columns - {"profile", "store"}
    for name, value in changes.items():
        after = results({**given, name: value}, store)
        changed = {stage for stage in STAGES if after[stage] != before[stage]}
        assert changed == {s for s in STAGES if name in bearing(s) and name not in by_place}, name
