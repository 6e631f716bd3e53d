"""A real MLflow store for a test: SQLite and artifacts in its own folder, made from a template.

A test module asks for these fixtures with `pytest_plugins = ["hybridrep.testing.tracking_store"]`.
"""

from pathlib import Path

import pytest

from hybridrep.testing.databases import set_store, template
from hybridrep.tracking.runs import Tracker, connect


@pytest.fixture
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of all databases."""
    return template(tmp_path_factory)


@pytest.fixture
def store_uri(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The address of an empty store in the test's own folder, set for MLflow as well."""
    return set_store(monkeypatch, tmp_path_factory, tmp_path)


@pytest.fixture
def tracker(store_uri: str) -> Tracker:
    """A tracker on that store."""
    return connect("hybrid")
