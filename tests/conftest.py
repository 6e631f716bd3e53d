"""Shapes in signatures are checked at run time; the real corpora are found if they are there."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import settings

from hybridrep.testing import hostile, typechecking

if TYPE_CHECKING:
    from hybridrep.testing.small_report import SmallReport

# What is imported stays: looking for garbage in it, again and again, is a tenth of the time.
gc.disable()

typechecking.install()

# The same inputs in every run, so that a failure is one of the change at hand; more of them, and
# others each time, on demand (see hybridrep/testing/hostile.py).
settings.register_profile("usual", derandomize=True, deadline=None)
settings.register_profile("many", deadline=None, max_examples=100 * hostile.FACTOR)
settings.load_profile("usual" if hostile.FACTOR == 1 else "many")

# Under nohup or in the background signals are ignored, and children inherit that; tests send some.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests, so that all processes end at about one time.

    First of all comes one that makes the study for which others would wait.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.name != "test_study.py", item.path not in slow))


def pytest_collection_finish() -> None:
    """Let what collecting has imported out of all later searches for garbage."""
    gc.freeze()
    gc.set_threshold(50_000, 20)
    gc.enable()


def pytest_unconfigure() -> None:
    """Spare the last search for garbage, as the commands do."""
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real corpora (`emotion/*.txt`, `hate/train.csv`), or a skip."""
    folder = os.environ.get("HYBRIDREP_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("the real corpora are not here: set HYBRIDREP_DATA to their folder")
    return Path(folder)


@pytest.fixture(scope="session")
def small_report(tmp_path_factory: pytest.TempPathFactory) -> SmallReport:
    """The report of a small study, drawn once for all tests."""
    from hybridrep.testing.small_report import small_report

    return small_report(tmp_path_factory)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let PyTorch compute with one thread, as tasks do."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
