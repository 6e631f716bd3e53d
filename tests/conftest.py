"""Shapes in signatures are checked at run time; the real corpora are found if they are there."""

import os
import signal
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

from tests import typechecking

install_import_hook(
    ["hybridrep.corpora", "hybridrep.models", "hybridrep.analysis"],
    f"{typechecking.__name__}.{typechecking.check.__name__}",
)

# Under nohup or in the background signals are ignored, and children inherit that; tests send some.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real corpora (`emotion/*.txt`, `hate/train.csv`), or a skip."""
    folder = os.environ.get("HYBRIDREP_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("the real corpora are not here: set HYBRIDREP_DATA to their folder")
    return Path(folder)
