"""The short version of `make chaos`: a small study survives a fault."""

from __future__ import annotations

import random
import shutil
import signal

import pytest

from chaos.faults import ArtifactRemoved, DiskFull, Fault, ResultDamaged, Signal, WorkerKilled
from chaos.moments import Reference, play, undisturbed
from chaos.mounts import Unavailable
from chaos.study import Study
from tests import small_study
from tests.databases import template


@pytest.fixture(scope="module")
def undrawn():
    """Run studies without drawing their reports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chaos.study.COMMAND", ("-m", "tests.undrawn", "entrypoints.full"))
        yield


@pytest.fixture(scope="module")
def reference(
    undrawn: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], Reference]:
    folder = tmp_path_factory.mktemp("chaos")
    given = {**small_study.parameters(folder / "data"), "bottlenecks": "8", "workers": "2"}
    study = prepared(Study(folder / "undisturbed", given), tmp_path_factory)
    return given, undisturbed(study)


def prepared(study: Study, factory: pytest.TempPathFactory) -> Study:
    """Give a study MLflow's database, whose making takes as long as the rest."""
    study.tracking.mkdir(parents=True)
    shutil.copy(template(factory), study.database)
    return study


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "share"),
    [
        (Signal(signal.SIGKILL), 0.6),
        pytest.param(WorkerKilled(), 0.5, marks=pytest.mark.long),
        pytest.param(DiskFull("store"), 0.7, marks=pytest.mark.long),
        pytest.param(ResultDamaged("cut"), 0.8, marks=pytest.mark.long),
        pytest.param(ArtifactRemoved(), 0.8, marks=pytest.mark.long),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_study_survives(reference, tmp_path, tmp_path_factory, fault, share):
    given, expected = reference
    folder = tmp_path / "study"
    prepared(Study(folder, given), tmp_path_factory)
    try:
        survival = play(folder, given, fault, share, "results", expected, random.Random(0))
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert survival.problems == ()
