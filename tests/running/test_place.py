"""Where the store is if nobody says."""

import sys

import pytest

from hybridrep.errors import ParameterError
from hybridrep.running import place
from hybridrep.running.place import store_folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A clone of the project, as `mlflow run GIT-URL` makes one each time."""
    monkeypatch.delitem(sys.modules, "mlflow", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    clone = tmp_path / "clone"
    clone.mkdir()
    monkeypatch.chdir(clone)
    return clone


def test_it_stands_beside_the_tracking_database_wherever_the_code_is(tmp_path, monkeypatch):
    database = tmp_path / "project" / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    first = store_folder("")
    monkeypatch.chdir(tmp_path)
    assert store_folder("") == first == tmp_path / "project" / ".hybridrep"


def test_without_an_address_that_is_the_current_folder(elsewhere):
    assert store_folder("") == elsewhere / ".hybridrep"


@pytest.mark.parametrize("uri", ["http://host:5000", "postgresql://ada@db/x", "sqlite://"])
def test_with_a_server_it_is_in_the_data_folder(tmp_path, monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert store_folder("") == tmp_path / "data" / "hybridrep" / "store"


def test_one_of_before_goes_on_being_used(elsewhere, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    (elsewhere / ".hybridrep").mkdir()
    assert store_folder("") == elsewhere / ".hybridrep"


def test_what_is_given_is_taken(tmp_path):
    assert store_folder(str(tmp_path / "a b")) == tmp_path / "a b"


def test_without_a_home_it_must_be_given(monkeypatch):
    import platformdirs

    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_, **__: "~/.local/share/hybridrep")
    monkeypatch.setattr(place.Path, "expanduser", lambda self: self)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    with pytest.raises(ParameterError, match="store=/data/hybridrep"):
        store_folder("")
