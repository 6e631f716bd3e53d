"""Results of code that has changed are told from those that are still used, and pruned."""

import numpy as np
import pytest

from hybridrep.execution import stored
from hybridrep.execution.code_version import code_version
from hybridrep.execution.store import Store
from hybridrep.testing.execution_tasks import key

LSTM, ENCODER = "hybridrep.studies.hybrid.task_specific.lstm", "hybridrep.sources.encoders.text"


@pytest.fixture
def store(tmp_path):
    """One result of the LSTM's code, one of the encoder's too, one of no code at all."""
    store = Store(tmp_path)
    for name, code in (("lstm", [LSTM]), ("both", [LSTM, ENCODER]), ("corpus", [])):
        store.write(
            key(name), stage=name, inputs={}, arrays={"a": {"x": np.ones(3)}}, code=code, seconds=1
        )
    return store


def outdated(store):
    entries = store.entries()
    return set(entries.loc[entries["outdated"], "stage"])


def changed(monkeypatch, module):
    real = code_version
    monkeypatch.setattr(stored, "code_version", lambda n: "new" if n == module else real(n))


def test_a_result_is_outdated_once_any_module_of_its_key_has_changed(store, monkeypatch):
    assert store.open(key("both")).code == {
        LSTM: code_version(LSTM),
        ENCODER: code_version(ENCODER),
    }
    assert outdated(store) == set()
    changed(monkeypatch, ENCODER)
    assert outdated(store) == {"both"}
    changed(monkeypatch, LSTM)
    assert outdated(store) == {"lstm", "both"}


def test_a_result_of_a_module_that_is_gone_is_outdated(store, monkeypatch):
    def gone(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(stored, "code_version", gone)
    assert outdated(store) == {"lstm", "both"}


def test_only_the_outdated_are_pruned_when_asked(store, monkeypatch):
    assert store.prune(outdated=True).empty
    changed(monkeypatch, ENCODER)
    assert store.prune(outdated=True, stages=["lstm"]).empty
    assert list(store.prune(outdated=True, dry_run=True)["stage"]) == ["both"]
    assert list(store.prune(outdated=True)["stage"]) == ["both"]
    assert set(store.entries()["stage"]) == {"lstm", "corpus"}
