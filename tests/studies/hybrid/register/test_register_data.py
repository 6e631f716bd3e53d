"""What scores of registered models were measured on: the data, whatever code and libraries."""

import dataclasses

from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.register.register import data_fingerprint
from hybridrep.testing import small_study


def test_newer_code_or_libraries_leave_the_data_what_it_is(tmp_path, monkeypatch):
    given = {**small_study.parameters(tmp_path), "store": str(tmp_path / "store")}
    store = Store(tmp_path / "store")
    now = prepare(resolve(given, Config), store)
    with monkeypatch.context() as patch:
        patch.setattr("hybridrep.running.stage.code_version", lambda _: "newer")
        newer = prepare(resolve(given, Config), store)
    assert newer.emotion.tokens_key != now.emotion.tokens_key
    assert data_fingerprint(newer) == data_fingerprint(now)
    other = prepare(resolve({**given, "padding": "after"}, Config), store)
    assert data_fingerprint(other) != data_fingerprint(now)
    vectors = dataclasses.replace(now, vectors_fingerprint="others")
    assert data_fingerprint(vectors) != data_fingerprint(now)
