"""A tiny encoder for a test, saved once.

A test module asks for these fixtures with `pytest_plugins = ["hybridrep.testing.encoder_folders"]`.
"""

import shutil
from pathlib import Path

import pytest

from hybridrep.testing.tiny_encoder import make_model


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT in Hugging Face format, which no test may change."""
    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    make_model(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """The test's own copy of it."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))
