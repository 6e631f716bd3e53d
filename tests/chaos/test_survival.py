"""The short version of `make chaos`: a small study survives a fault."""

from __future__ import annotations

import json
import random
import shutil
import signal

import pytest

from chaos import checks
from chaos.faults import ArtifactRemoved, DiskFull, Fault, ResultDamaged, Signal, WorkerKilled
from chaos.moments import Reference, play
from chaos.mounts import Unavailable
from chaos.study import Study
from hybridrep.testing import small_study
from hybridrep.testing.databases import template


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Reference]:
    """The undisturbed study: the one that other tests look at, made without drawing its report."""
    place = small_study.shared(tmp_path_factory)
    given = {**json.loads((place / "given.json").read_text()), "workers": "2"}
    started, ended = json.loads((place / "times.json").read_text())
    study = Study(place, given)
    made = [(entry / "manifest.json").stat().st_mtime - started for entry in study.entries()]
    return given, Reference(checks.read(study), tuple(sorted(made)), ended - started)


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
def test_a_study_survives(reference, tmp_path, tmp_path_factory, monkeypatch, fault, share):
    monkeypatch.setattr(
        "chaos.study.COMMAND", ("-m", "hybridrep.testing.undrawn", "entrypoints.full")
    )
    given, expected = reference
    folder = tmp_path / "study"
    study = Study(folder, given)
    study.tracking.mkdir(parents=True)
    shutil.copy(template(tmp_path_factory), study.database)  # making one takes as long as the rest
    try:
        survival = play(folder, given, fault, share, "results", expected, random.Random(0))
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert survival.problems == ()
