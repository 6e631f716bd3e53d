"""A folder that was renamed or copied with its tracking database in it."""

import logging
import shutil

import pytest

from hybridrep.errors import TrackingError
from hybridrep.testing.databases import set_store
from hybridrep.tracking import moved
from hybridrep.tracking.records import RunRecord
from hybridrep.tracking.runs import connect

PARAMS = {"files": {"a.txt": "words"}}


@pytest.fixture
def old(tmp_path_factory, tmp_path, monkeypatch):
    """A project that has a run with an artifact."""
    folder = tmp_path / "old place"
    folder.mkdir()
    set_store(monkeypatch, tmp_path_factory, folder)
    monkeypatch.chdir(folder)
    connect("hybrid").log_finished(RunRecord(name="one", kind="seed", **PARAMS))
    return folder


def use(folder, monkeypatch) -> str:
    uri = f"sqlite:///{next(folder.glob('*.db'))}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(folder)
    return uri


def test_a_renamed_folder_is_told_and_the_command_mends_it(old, monkeypatch, capsys):
    new = old.rename(old.with_name("new"))
    uri = use(new, monkeypatch)
    with pytest.raises(TrackingError) as caught:
        connect("hybrid")
    message = str(caught.value)
    assert f"lie at {old / 'mlruns'}" in message
    assert f"They are at {new / 'mlruns'}" in message
    assert not old.exists()
    command = message.partition("Move the addresses: ")[2]
    assert command.startswith(f"MLFLOW_TRACKING_URI={uri} ")
    assert f"-m hybridrep.tracking.moved '{old / 'mlruns'}' {new / 'mlruns'}" in command

    assert moved.main([str(old / "mlruns"), str(new / "mlruns")]) == 0
    assert " addresses in " in capsys.readouterr().out
    tracker = connect("hybrid")
    client, experiment = tracker.server.client, tracker.server.experiment_id
    (run,) = client.search_runs([experiment])
    assert [each.path for each in client.list_artifacts(run.info.run_id)] == ["a.txt"]
    assert not old.exists()


def test_a_copied_folder_goes_on_writing_to_the_first_and_says_so(old, monkeypatch, caplog):
    new = shutil.copytree(old, old.with_name("copy"))
    use(new, monkeypatch)
    with caplog.at_level(logging.WARNING):
        connect("hybrid")
    assert f"lie at {old / 'mlruns'}" in caplog.text
    assert "hybridrep.tracking.moved" in caplog.text


def test_a_folder_that_is_nowhere_is_told(old, monkeypatch, tmp_path):
    database = next(old.glob("*.db"))
    new = tmp_path / "alone"
    new.mkdir()
    shutil.copy(database, new)
    for rest in old.glob("*.db-*"):
        shutil.copy(rest, new)
    shutil.rmtree(old)
    use(new, monkeypatch)
    with pytest.raises(TrackingError, match=r"nor is the folder that it stood in"):
        connect("hybrid")


def test_an_experiment_without_artifacts_yet_is_content(old, monkeypatch):
    tracker = connect("hybrid").sibling("sweep")
    run = tracker.log_finished(RunRecord(name="two", kind="trial"))
    assert run
    assert connect("hybrid")


def test_the_command_says_what_it_lacks(old, capsys):
    assert moved.main([]) == 2
    assert moved.main(["/old", str(old / "missing")]) == 2
    assert "is no folder" in capsys.readouterr().err
