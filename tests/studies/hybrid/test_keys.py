"""What a result's key covers: the code that makes it, as it was when the process began."""

from __future__ import annotations

import pytest

from hybridrep.execution import code_version as versions
from hybridrep.execution.code_version import code_version
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running import invocation
from hybridrep.sources.encoders.text import resolve_encoder
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.global_vectors import chunks
from hybridrep.studies.hybrid.report import example_stage as example
from hybridrep.studies.hybrid.report import stage as report
from hybridrep.studies.hybrid.results import seed_run as records
from hybridrep.studies.hybrid.similarity import pictures
from hybridrep.studies.hybrid.similarity import stage as rsa
from hybridrep.studies.hybrid.transformation.stage import Variant
from hybridrep.studies.hybrid.tweets import tokens
from hybridrep.studies.hybrid.tweets.loading import load_corpus


@pytest.mark.parametrize("stage", [chunks, pictures, tokens])
def test_a_key_names_the_module_that_makes_the_result(stage, tmp_path, monkeypatch):
    store, corpus = Store(tmp_path), load_corpus("emotion", "sample")
    monkeypatch.setattr(rsa, "key", lambda *_: "matrices")
    monkeypatch.setattr(tokens, "_make", lambda *_: None)

    def key() -> str:
        if stage is chunks:
            return chunks.chunk_of(resolve_encoder("minilm"), corpus.texts[:2]).key
        if stage is pictures:
            return pictures.key(None, store, Variant("bert_to_lstm", 8, 2), 0)
        return tokens.store_tokens(store, resolve({}, Config), corpus, "corpus", "vectors", 66)

    before, asked = key(), []
    monkeypatch.setattr(stage, "code_version", lambda name: asked.append(name) or "other")
    assert key() != before
    assert asked == [stage.__name__]


def test_vectors_and_tokens_do_not_depend_on_other_stages(monkeypatch):
    seen = set()
    real = versions._read
    monkeypatch.setattr(versions, "_read", lambda name: seen.add(name) or real(name))
    for stage in (chunks, tokens):
        versions.code_version.__wrapped__(stage.__name__)
    assert {name for name in seen if ".stages." in name} == {chunks.__name__, tokens.__name__}


def test_all_versions_are_fixed_before_any_work(monkeypatch, tmp_path):
    for function in (versions._read, code_version):
        function.cache_clear()
    monkeypatch.setattr(invocation, "prepare", lambda *_: None)
    invocation.check(resolve({"store": str(tmp_path)}, Config))

    def late(name: str) -> None:
        raise AssertionError(f"{name} is read during the run")

    monkeypatch.setattr(versions, "_read", late)
    for stage in (example, pictures, records, report):
        code_version(stage.__name__)
