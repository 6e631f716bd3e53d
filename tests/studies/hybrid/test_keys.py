"""What a result's key covers: the code that makes it, as it was when the process began."""

from __future__ import annotations

import dataclasses
import pickle
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from hybridrep.execution import code_version as versions
from hybridrep.execution.code_version import code_version, covered_modules
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running import invocation
from hybridrep.running import stage as stages
from hybridrep.running.stage import Stage
from hybridrep.running.study import Prepared
from hybridrep.sources.encoders.text import Reading, resolve_encoder
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.fusion import new_task, validation
from hybridrep.studies.hybrid.fusion import stage as fusing
from hybridrep.studies.hybrid.global_vectors import chunks
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.report import example_stage as example
from hybridrep.studies.hybrid.report import stage as report
from hybridrep.studies.hybrid.results import seed_run as records
from hybridrep.studies.hybrid.similarity import measured, pictures, representations, resamples
from hybridrep.studies.hybrid.similarity import stage as similarity
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.task_specific import stage as task_specific
from hybridrep.studies.hybrid.transfer import stage as transfer
from hybridrep.studies.hybrid.transformation import baseline
from hybridrep.studies.hybrid.transformation import stage as transformation
from hybridrep.studies.hybrid.tweets import tokens
from hybridrep.studies.hybrid.tweets.loading import load_corpus

TRAININGS = {
    task_specific: 15, baseline: 40, transformation: 42, transfer: 40, fusing: 55, new_task: 55,
}  # fmt: skip
"""Every stage that trains or fits, and the most modules that its key may cover."""

STAGES = [
    chunks, tokens, task_specific, transformation, baseline, similarity, pictures, resamples,
    representations, measured, transfer, fusing, new_task, validation, example, report,
]  # fmt: skip

LOADERS = (
    "hybridrep.sources.encoders",
    "hybridrep.sources.hub",
    "hybridrep.sources.texts.files",
    "hybridrep.sources.texts.hub",
    "hybridrep.sources.texts.rows",
    "hybridrep.sources.words.vectors",
    "hybridrep.sources.words._",
    "hybridrep.studies.hybrid.tweets.loading",
    "hybridrep.studies.hybrid.tweets._classes",
    "hybridrep.studies.hybrid.tweets.cleaning",
    "hybridrep.studies.hybrid.tweets.sample",
    "hybridrep.studies.hybrid.prepare",
    "hybridrep.studies.hybrid.config",
    "hybridrep.messages",
    "hybridrep.parameters",
    "hybridrep.reporting",
    "hybridrep.studies.hybrid.report",
    "hybridrep.studies.hybrid.results",
)
"""What reads, checks, words or reports, and can change no number of a training."""


@pytest.mark.parametrize("stage", TRAININGS)
def test_a_trainings_key_covers_no_loader_no_message_and_no_report(stage):
    covered = covered_modules(stage.__name__)
    assert not [name for name in sorted(covered) if name.startswith(LOADERS)]
    assert len(covered) <= TRAININGS[stage]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Prepared:
    store, config = Store(tmp_path_factory.mktemp("store")), resolve({}, Config)
    return Prepared(prepare(config, store), store)


@pytest.mark.parametrize(
    "of", [HYBRID.shared, *(partial(f, seed=0) for f in (HYBRID.of_seed, HYBRID.beyond))]
)
def test_every_node_keeps_the_contract_of_stages(study, of):
    nodes, again = of(study), of(study)
    assert nodes
    for node, other in zip(nodes, again, strict=True):
        assert node.key == other.key
        assert node.make.__module__ == node.stage.module  # whose code stands in the key
        assert getattr(import_module(node.stage.module), node.make.__name__) is node.make
        assert not {node.key} & {*node.needed}
        assert pickle.loads(pickle.dumps(node.call)) == node.call
    keys = [node.key for node in nodes]
    assert len(set(keys)) == len(keys)
    labels = [task.label for task in stages.tasks_of(nodes)]
    assert len(set(labels)) == len(labels)


def test_no_stage_of_a_seed_is_forgotten_here(study):
    nodes = HYBRID.of_seed(study, 0)
    assert {node.stage.module for node in nodes} <= {stage.__name__ for stage in STAGES}
    trained = {node.stage.module for node in nodes if node.stage.part_of != "rsa"}
    assert trained == {stage.__name__ for stage in TRAININGS}


@pytest.mark.parametrize("stage", STAGES)
def test_a_key_names_the_module_that_makes_the_result(stage, monkeypatch):
    asked = []
    declared = [each for each in vars(stage).values() if isinstance(each, Stage)]
    assert declared
    for each in declared:
        before = each.key("argument")
        with monkeypatch.context() as patch:
            patch.setattr(stages, "code_version", lambda name: asked.append(name) or "other")
            assert each.key("argument") != before
    assert set(asked) == {stage.__name__}


def test_a_chunk_counts_by_its_encoders_fingerprint_and_its_texts():
    encoder = resolve_encoder("minilm")
    renamed = dataclasses.replace(encoder, description="another name")
    other = dataclasses.replace(encoder, fingerprint="0" * 64)
    keys = [chunks.node(each, Reading(), ("a", "b"), "x").key for each in (encoder, renamed, other)]
    assert keys[0] == keys[1] != keys[2]
    assert chunks.node(encoder, Reading(), ("a", "c"), "x").key != keys[0]
    for reading in (Reading("mean"), Reading("cls", 3)):
        assert chunks.node(encoder, reading, ("a", "b"), "x").key != keys[0]


def test_tokens_depend_on_the_corpus_the_vectors_and_the_padding(tmp_path, monkeypatch):
    store, corpus = Store(tmp_path), load_corpus("emotion", "sample")
    monkeypatch.setattr(tokens, "_make", lambda *_: stages.Made())
    config = resolve({}, Config)

    def key(corpus_key="corpus", vectors="vectors", steps=66, **change: str) -> str:
        changed = config.model_copy(update=change)
        return tokens.store_tokens(store, changed, corpus, corpus_key, vectors, steps)

    keys = [key(), key("other"), key(vectors="other"), key(steps=7), key(padding="after")]
    assert len(set(keys)) == 5
    assert key() == keys[0]


def test_vectors_and_tokens_do_not_depend_on_other_stages():
    for stage in (chunks, tokens):
        covered = covered_modules(stage.__name__)
        others = {each.__name__ for each in STAGES} - {stage.__name__}
        assert not covered & others


def test_a_version_stops_at_other_stages(tmp_path, monkeypatch):
    package = tmp_path / "stopping"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("import stopping.loader\nSTAGE = Stage('first')\n")
    (package / "loader.py").write_text("WORDS = 'one message'\n")
    (package / "second.py").write_text("import stopping.first, stopping.maths\nX = Stage('x')\n")
    (package / "maths.py").write_text("import stopping.first\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert covered_modules("stopping.second") == {"stopping.second", "stopping.maths"}
    assert covered_modules("stopping.first") == {"stopping.first", "stopping.loader"}


def test_all_versions_are_fixed_before_any_work(monkeypatch, tmp_path: Path):
    for function in (versions._read, code_version):
        function.cache_clear()
    study = dataclasses.replace(HYBRID, prepare=lambda *_: None)
    invocation.check(study, resolve({"store": str(tmp_path)}, Config))

    def late(name: str) -> None:
        raise AssertionError(f"{name} is read during the run")

    monkeypatch.setattr(versions, "_read", late)
    for stage in (example, pictures, records, report):
        code_version(stage.__name__)
