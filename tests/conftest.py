"""Shapes in signatures are checked at run time; the real corpora are found if they are there."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

from tests import typechecking

install_import_hook(
    ["hybridrep.corpora", "hybridrep.models", "hybridrep.analysis"],
    f"{typechecking.__name__}.{typechecking.check.__name__}",
)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real corpora (`emotion/*.txt`, `hate/train.csv`), or a skip."""
    folder = os.environ.get("HYBRIDREP_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("the real corpora are not here: set HYBRIDREP_DATA to their folder")
    return Path(folder)
