"""Which commit and versions a run says it came from."""

import platform
from importlib import metadata
from pathlib import Path

import pytest
from git import Repo

from hybridrep.tracking import names
from hybridrep.tracking.provenance import _git_tags, package_versions
from hybridrep.tracking.writing import clip

COMMIT = "mlflow.source.git.commit"


@pytest.fixture
def repository(tmp_path: Path) -> Repo:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "a.py").write_text("1")
    (tmp_path / "notes.txt").write_text("1")
    repository = Repo.init(tmp_path)
    repository.index.add(["package/a.py", "notes.txt"])
    with repository.config_writer() as config:
        config.set_value("user", "name", "Ada").set_value("user", "email", "ada@example.org")
    repository.index.commit("first")
    return repository


def test_the_commit_is_named_and_changes_of_the_package_are_said(repository, tmp_path):
    clean = _git_tags(tmp_path / "package")
    assert clean == {COMMIT: repository.head.commit.hexsha, names.UNCOMMITTED: "false"}
    (tmp_path / "notes.txt").write_text("2")
    assert _git_tags(tmp_path / "package")[names.UNCOMMITTED] == "false"
    (tmp_path / "package" / "a.py").write_text("2")
    assert _git_tags(tmp_path / "package")[names.UNCOMMITTED] == "true"


def test_an_installed_package_is_not_taken_for_part_of_the_repository_around_it(
    repository, tmp_path
):
    folder = tmp_path / ".venv" / "site-packages" / "hybridrep"
    folder.mkdir(parents=True)
    assert _git_tags(folder) == {}


def test_without_a_repository_or_a_commit_there_is_no_commit(tmp_path):
    assert _git_tags(tmp_path) == {}
    Repo.init(tmp_path)
    assert _git_tags(tmp_path) == {}


def test_the_versions_are_those_that_are_installed():
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["torch"] == metadata.version("torch")
    assert "missing" not in versions.values()


def test_long_texts_are_cut_to_what_the_database_holds():
    assert clip("abcd", 4) == "abcd"
    assert clip("abcde", 4) == "abc…"
