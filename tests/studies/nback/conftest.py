"""A finished small study, made once for all tests that need one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridrep.running.study_run import run_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.made_once import made_once
from hybridrep.testing.small_nback import small_config, small_study
from hybridrep.testing.undrawn import undraw_reports


@pytest.fixture(scope="session")
def small_nback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small study, run once: `store`, `tracking`, `vision-model`."""

    def make(folder: Path) -> None:
        (folder / "tracking").mkdir()
        with pytest.MonkeyPatch.context() as patch:
            set_store(patch, tmp_path_factory, folder / "tracking")
            undraw_reports(patch)
            run_study(small_study(), small_config(folder))

    return made_once(tmp_path_factory, "small-nback", make)
