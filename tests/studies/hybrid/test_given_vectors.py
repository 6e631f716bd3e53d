"""Vectors of the tweets that were made elsewhere: matched, refused, and a whole study on them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from hybridrep.errors import ParameterError, RepresentationError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.stage import Reader
from hybridrep.running.study import Prepared
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.given_vectors import Tweets, given_encoder, given_task_specific
from hybridrep.studies.hybrid.global_vectors import stage as global_vectors
from hybridrep.studies.hybrid.inputs import read_corpus
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.register.register import data_fingerprint, left_out_text
from hybridrep.studies.hybrid.results.gather import study_key
from hybridrep.studies.hybrid.study import run
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transfer import stage as transfer
from hybridrep.studies.hybrid.transfer.items import items_of
from hybridrep.studies.hybrid.tweets.cleaning import clean_corpus
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.studies.hybrid.tweets.rows import transfer_rows
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.undrawn import undraw_reports


def corpus_of(name: str, texts: list[str]) -> Corpus:
    labels = np.arange(len(texts)) % 2
    return Corpus(name, tuple(texts), labels, ("one", "other"), ("",) * len(texts), "here", False)


EMOTION = corpus_of("emotion", [f"i feel {n}" for n in range(6)])
RAW = corpus_of("hate", [f"you {n}" for n in range(4)])
CLEANED = clean_corpus(RAW)
RNG = np.random.default_rng(0)


def write(path: Path, ids: list[str], values: np.ndarray | None = None) -> str:
    if values is None:
        values = np.random.default_rng(len(ids)).normal(size=(len(ids), 4))
    np.savez(path, features=values, ids=np.array(ids))
    return f"vectors:{path}"


def given(store: Store, source: str):
    return given_encoder(store, source, Tweets.of(EMOTION), Tweets.of(RAW, CLEANED))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_tweets_are_found_by_number_by_text_and_by_cleaned_text(store, tmp_path):
    raw = corpus_of("hate", ["@ada you 0", "@ada", "you 2", "@ada you 3"])
    cleaned = clean_corpus(raw)
    assert cleaned.rows.tolist() == [0, 2, 3]
    ids = [*EMOTION.texts[:3], "emotion:4", "emotion:5", "emotion:6"]
    ids += [cleaned.corpus.texts[0], "hate:3", raw.texts[3], "of no tweet"]
    values = np.arange(2.0 * len(ids)).reshape(-1, 2)
    source = write(tmp_path / "x.npz", ids, values)
    found = given_encoder(store, source, Tweets.of(EMOTION), Tweets.of(raw, cleaned))
    emotion, hate = (
        store.open(key).arrays("given")["vectors"] for key in (found.emotion_key, found.hate_key)
    )
    np.testing.assert_array_equal(emotion, values[:6].astype(np.float32))
    np.testing.assert_array_equal(hate, values[6:9].astype(np.float32))
    assert emotion.dtype == np.float32
    assert (found.hidden_size, found.path) == (2, str(tmp_path / "x.npz"))


def numbered(emotion: int = 6, hate: int = 0) -> list[str]:
    return [f"emotion:{n + 1}" for n in range(emotion)] + [f"hate:{n + 1}" for n in range(hate)]


def test_a_file_that_lacks_tweets_says_how_many_and_which_is_the_first(store, tmp_path):
    source = write(tmp_path / "x.npz", [name for name in numbered(6) if name[-1] not in "25"])
    with pytest.raises(
        RepresentationError, match=r"parameter encoder: .*x.npz has no vector of 2 of the 6 "
        "emotion tweets, the first `emotion:2`",
    ):  # fmt: skip
        given(store, source)
    with pytest.raises(RepresentationError, match="of 3 of the 4 hate tweets, the first `hate:2`"):
        given(store, write(tmp_path / "y.npz", numbered(6, 1)))
    assert given(store, write(tmp_path / "z.npz", numbered(6))).hate_key == ""
    assert given(store, write(tmp_path / "a.npz", numbered(6, 4))).hate_key


@pytest.mark.parametrize("value", [np.nan, 1e300])
def test_values_that_are_not_finite_are_refused_where_they_are_needed(store, tmp_path, value):
    values = RNG.normal(size=(7, 2))
    values[6] = np.nan
    given(store, write(tmp_path / "x.npz", [*numbered(), "of no tweet"], values))
    values[4, 1] = value
    with pytest.raises(RepresentationError, match=r"1 items have a value .*`emotion:5`"):
        given(store, write(tmp_path / "y.npz", [*numbered(), "of no tweet"], values))


def test_bad_files_are_refused_as_elsewhere(store, tmp_path):
    with pytest.raises(RepresentationError, match="the id 'a' stands at items 1 and 2"):
        given(store, write(tmp_path / "twice.npz", ["a", "a"]))
    np.save(tmp_path / "bare.npy", np.ones((6, 2)))
    with pytest.raises(RepresentationError, match=r"names no ids.*bare.ids.txt, one a line\)$"):
        given(store, f"vectors:{tmp_path}/bare.npy")
    np.save(tmp_path / "bare.npy", np.ones((6, 2, 2)))
    with pytest.raises(RepresentationError, match="holds 2 layers"):
        given(store, f"vectors:{tmp_path}/bare.npy")
    repeat = np.repeat(["1", "2"], 6)
    np.savez(tmp_path / "twice.npz", features=np.ones((12, 2)), ids=numbered() * 2, repeat=repeat)
    with pytest.raises(RepresentationError, match=r"twice.npz: holds repeats .*take the mean over"):
        given(store, f"vectors:{tmp_path}/twice.npz")
    (tmp_path / "x.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(RepresentationError, match="is a pickle, which runs code"):
        given(store, f"vectors:{tmp_path}/x.pkl")
    with pytest.raises(RepresentationError, match="there is no such file"):
        given(store, f"vectors:{tmp_path}/gone.npz")
    with pytest.raises(RepresentationError, match="gives all emotion tweets the same vector"):
        given(store, write(tmp_path / "flat.npz", numbered(), np.ones((6, 2))))
    with pytest.raises(ParameterError, match="global vectors are the same for all seeds"):
        given(store, "vectors:x{seed}.npz")
    with pytest.raises(ParameterError, match="write `lstm` or `vectors:FILE`"):
        resolve({"task_specific": "gru"}, Config)


def test_files_of_seeds_must_agree(store, tmp_path):
    tweets = Tweets.of(EMOTION), Tweets.of(RAW, CLEANED)
    source = f"vectors:{tmp_path}/x{{seed}}.npz"
    write(tmp_path / "x3.npz", numbered(6, 4))
    write(tmp_path / "x7.npz", numbered(6, 4), RNG.normal(size=(10, 5)))
    with pytest.raises(RepresentationError, match=r"x7.npz: has 5 dimensions, .*x3.npz 4"):
        given_task_specific(store, source, [3, 7], *tweets)
    write(tmp_path / "x7.npz", numbered(6))
    with pytest.raises(RepresentationError, match=r"x7.npz: has no vector of any hate tweet"):
        given_task_specific(store, source, [3, 7], *tweets)
    write(tmp_path / "x7.npz", numbered(6, 4), RNG.normal(size=(10, 4)))
    first, second = given_task_specific(store, source, [3, 7], *tweets)
    assert first.emotion_key != second.emotion_key
    assert (first.source, second.source) == tuple(f"vectors:{tmp_path}/x{n}.npz" for n in (3, 7))


@pytest.fixture(scope="module")
def parameters(tmp_path_factory) -> dict[str, str]:
    """Corpora, and files with the vectors of their tweets."""
    folder = tmp_path_factory.mktemp("given")
    corpora = small_study.write_corpora(folder)
    return {
        **corpora, "bottlenecks": "4", "autoencoder_epochs": "2", "transfer_epochs": "2",
        "items_per_emotion": "10", "seeds": "0,", "workers": "1", "store": str(folder / "store"),
        "study": "given", "folder": str(folder),
    }  # fmt: skip


def texts_of(parameters: dict[str, str], *, hate: bool) -> list[str]:
    """Return the distinct texts of the corpora."""
    texts = load_corpus("emotion", parameters["emotion"]).texts
    if hate:
        texts += clean_corpus(load_corpus("hate", parameters["hate"])).corpus.texts
    return list(dict.fromkeys(texts))


def made(parameters: dict[str, str], *, hate: bool) -> dict[str, str]:
    """Write an encoder's vectors and those of two seeds; return a study's parameters."""
    folder, end = Path(parameters["folder"]), "both" if hate else "emotion"
    plain = {name: value for name, value in parameters.items() if name != "folder"}
    ids = texts_of(plain, hate=hate)
    rng = np.random.default_rng(1)
    encoder = rng.normal(size=(len(ids), 12))
    write(folder / f"encoder_{end}.npz", ids, encoder)
    for seed in (0, 1):
        own = encoder[:, :9] + rng.normal(size=(len(ids), 9))
        write(folder / f"task_{end}_{seed}.npz", ids, own)
    return {
        **plain, "encoder": f"vectors:{folder}/encoder_{end}.npz",
        "task_specific": f"vectors:{folder}/task_{end}_{{seed}}.npz",
    }  # fmt: skip


@pytest.mark.slow
def test_a_study_on_given_vectors_alone_runs_to_its_report(
    parameters, tmp_path_factory, tmp_path, monkeypatch, capsys
):
    set_store(monkeypatch, tmp_path_factory, tmp_path)
    undraw_reports(monkeypatch)
    tables = run(resolve(made(parameters, hate=False), Config))
    assert "the new task is left out: " in capsys.readouterr().out
    assert set(tables.rsa["seed"]) == set(tables.linear_baseline["seed"]) == {0}
    assert not len(tables.lstm)
    assert not len(tables.transfer)
    assert tables.meta["task_specific"]["hidden_size"] == 9
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("hybridrep")
    found = client.search_runs([experiment.experiment_id])
    kinds = {each.data.tags["hybridrep.kind"]: each for each in found}
    assert {each.info.status for each in found} == {"FINISHED"}
    named = {each.dataset.name for each in kinds["study"].inputs.dataset_inputs}
    assert named == {"emotion", "hate", "encoder", "task_specific"}
    place = Path(client.download_artifacts(kinds["study"].info.run_id, "report"))
    page, methods = (place / "report.html").read_text(), (place / "methods.txt").read_text()
    assert "The new task is left out" in page
    assert "9-dimensional vector made elsewhere" in methods
    assert "(Hochreiter" not in methods
    keys = set(kinds["seed"].data.metrics)
    assert not any(key.startswith(("lstm/", "transfer/")) for key in keys)
    assert "rsa_unseen/bert_to_lstm/b4/reconstructed_vs_target" in keys


def test_stages_read_the_vectors_that_were_given(parameters):
    config = resolve({**made(parameters, hate=True), "seeds": "0-1"}, Config)
    store = Store(Path(config.store))
    study = Prepared(prepare(config, store), store)
    inputs = study.inputs
    assert inputs.new_task
    assert (inputs.size_of("bert_to_lstm"), inputs.size_of("lstm_to_bert")) == ((12, 9), (9, 12))
    with np.load(f"{Path(parameters['folder'])}/task_both_1.npz") as file:
        own = dict(zip(file["ids"].tolist(), file["features"].astype(np.float32), strict=True))
    with np.load(f"{Path(parameters['folder'])}/encoder_both.npz") as file:
        shared = dict(zip(file["ids"].tolist(), file["features"].astype(np.float32), strict=True))
    emotion, hate = (read_corpus(store, each.key) for each in (inputs.emotion, inputs.hate))
    for corpus, which in ((emotion, inputs.emotion), (hate, inputs.hate)):
        keys = global_vectors.chunk_nodes(study, which)
        found = global_vectors.global_vectors(store, which.key, keys)
        np.testing.assert_array_equal(found, [shared[text] for text in corpus.texts])
    assert global_vectors.nodes(study) == []
    node = task_specific.vectors_node(study, 1)
    vectors = node.make(*node.call.reading(store)).arrays["vectors"]
    rows = transfer_rows(hate, 1, config.duplicates)
    np.testing.assert_array_equal(vectors["emotion"], [own[text] for text in emotion.texts])
    np.testing.assert_array_equal(vectors["hate_test"], [own[hate.texts[r]] for r in rows.test])
    store.write(
        node.key, stage="task_specific", inputs={}, arrays={"vectors": vectors}, seconds=0.0
    )
    read = Reader(store, transfer.node(study, 0, 1).call.keys)
    items = items_of(read, 1, config.duplicates)
    assert (items.global_.shape[1], items.task_specific.shape[1]) == (12, 9)
    assert task_specific.origin(study, 0) != task_specific.origin(study, 1)


def test_a_study_is_known_by_its_files(parameters):
    plain = {**made(parameters, hate=True), "seeds": "0-1"}
    store = Store(Path(plain["store"]))
    folder = Path(parameters["folder"])

    def inputs_of(**change):
        return prepare(resolve({**plain, **change}, Config), store)

    first = inputs_of()
    assert study_key(inputs_of(seeds="0,")) == study_key(first)
    assert data_fingerprint(inputs_of(seeds="0,")) != data_fingerprint(first)
    assert "vectors:" in left_out_text(first)
    one = {"task_specific": f"vectors:{folder}/one.npz"}
    ids = texts_of(plain, hate=True)
    write(folder / "one.npz", ids)
    before = inputs_of(**one)
    write(folder / "one.npz", ids, RNG.normal(size=(len(ids), 4)))
    after = inputs_of(**one)
    assert study_key(before) != study_key(after)
    assert len(after.task_specific) == 1
    with pytest.raises(ParameterError, match="10 is above 4, the size of what goes into lstm_to"):
        inputs_of(**one, bottlenecks="10")
    with pytest.raises(ParameterError, match="taken as they are given: leave both out"):
        inputs_of(encoder_pooling="mean")
