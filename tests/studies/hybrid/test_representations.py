"""A finished study's representations, as `measure` takes them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hybridrep.command import run
from hybridrep.errors import HybridrepError, ParameterError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.study import Prepared
from hybridrep.sources.encoders.reading import Reading
from hybridrep.sources.encoders.text import embed_texts
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.inputs import read_corpus
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.representations import LABEL, representations, tweets
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.testing import small_study
from hybridrep.tracking.queries import find_study
from hybridrep.tracking.server import open_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Parameters of the small study, whose runs can be found; nothing is written to them."""
    place = small_study.shared(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}/tracking/mlflow.db")
        yield small_study.finished(tmp_path_factory)


def asked(given, layer: str = "", pooling: str = "cls") -> SimpleNamespace:
    return SimpleNamespace(store=given["store"], encoder_layer=layer, encoder_pooling=pooling)


def of_study(given, **how: str):
    run_id = find_study(open_server("hybridrep"), "hybridrep", "hybrid").run_id
    return representations(run_id, "hybridrep", asked(given, **how))


def test_they_are_the_vectors_that_the_study_has(given):
    store = Store(given["store"])
    study = Prepared(prepare(resolve(given, Config), store), store)
    corpus = read_corpus(store, study.inputs.emotion.key)
    rows = tweets(corpus)
    assert {corpus.splits[row] for row in rows} == {"validation", "test"}
    found = {one.name: one for one in of_study(given)}
    assert list(found) == ["global", "task_specific.s0", "task_specific.s1"]
    encoded = embed_texts(study.inputs.encoder, [corpus.texts[row] for row in rows])
    np.testing.assert_allclose(found["global"].values, encoded, atol=1e-5)
    stored = study.open(task_specific.vectors_node(study, 1)).arrays("vectors")["emotion"]
    np.testing.assert_array_equal(found["task_specific.s1"].values, stored[rows])
    assert found["task_specific.s1"].group == "task_specific"
    assert found["task_specific.s1"].seed == 1
    assert {one.ids for one in found.values()} == {tuple(f"emotion:{row + 1}" for row in rows)}
    labels = found["global"].items[LABEL]
    assert labels[f"emotion:{rows[3] + 1}"] == corpus.label_names[corpus.labels[rows[3]]]
    layers = [one for one in of_study(given, layer="all", pooling="mean") if "layer" in one.name]
    assert [one.name for one in layers] == [f"global.layer{n}" for n in range(3)]
    texts = [corpus.texts[row] for row in rows]
    first = embed_texts(study.inputs.encoder, texts, Reading("mean", 1))
    np.testing.assert_allclose(layers[1].values, first, atol=1e-5)


def test_measure_takes_a_study_by_its_name(given, capsys):
    sources = {"representations": "study:hybridrep", "store": given["store"], "labels": LABEL}
    table = run("measure", **sources, measures="cka", plan=True)
    assert table["pairs"].tolist() == [3]
    said = capsys.readouterr().out
    assert "task_specific.s1" in said
    with pytest.raises(HybridrepError, match="no study"):
        run("measure", **{**sources, "representations": "study:gone"}, plan=True)
    with pytest.raises(ParameterError, match="has the items' column 'mood'; there are emotion"):
        run("measure", **{**sources, "labels": "mood"}, plan=True)
