"""A study on another device: refused where there is none, and nothing of it left elsewhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from hybridrep.command import command, exit_code
from hybridrep.errors import ParameterError
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running import work
from hybridrep.running.invocation import print_plan
from hybridrep.running.stage import tasks_of
from hybridrep.running.study import Prepared
from hybridrep.sources.encoders.text import forget_encoder
from hybridrep.studies.catalogue import CATALOGUE
from hybridrep.studies.hybrid import prepare as preparing
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.prepare import prepare
from hybridrep.studies.hybrid.results.gather import study_key, study_tables
from hybridrep.studies.hybrid.study import HYBRID
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.testing import small_study
from hybridrep.testing.pretended_device import pretended_device

TRAINED = {"embed", "lstm", "task_specific", "autoencode", "transfer", "fuse", "fused_transfer"}
"""Stages that train or run networks."""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return small_study.finished(tmp_path_factory)


@pytest.fixture
def any_device(monkeypatch):
    """Let every device be here, with memory free."""
    monkeypatch.setattr(preparing, "check_device", lambda *_: [])
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2**33, 2**34))
    for name in ("memory_reserved", "memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda _: 0)


def study(given: dict[str, str], device: str, store: str = "") -> Prepared:
    config = resolve({**given, **({"store": store} if store else {})}, Config)
    place = Store(Path(config.store))
    return Prepared(prepare(config.model_copy(update={"device": device}), place), place)


@pytest.mark.parametrize("plan", ["false", "true"])
@pytest.mark.parametrize("name", ["full", "embed", "lstm", "autoencode", "transfer", "fuse",
                                  "rsa", "sweep", "fuse_sweep"])  # fmt: skip
def test_a_device_that_is_not_here_is_refused_before_any_work(name, plan, tmp_path, capsys):
    store = tmp_path / "store"
    code = exit_code(command(name), ["--device", "cuda:98", "--store", str(store), "--plan", plan])
    said = capsys.readouterr()
    assert code == 2
    assert said.err.count("\n") == 1
    assert "device=cuda:98: PyTorch finds no such device on this machine" in said.err
    assert not [path for path in store.rglob("*") if path.is_file() and "corpus" in path.name]


def test_a_device_of_another_name_is_refused():
    with pytest.raises(ParameterError, match="parameter device='gpu'"):
        resolve({"device": "gpu"}, Config)


def test_a_cluster_and_a_device_are_refused():
    config = resolve({"device": "cuda", "cluster": "tcp://127.0.0.1:8786"}, Config)
    with pytest.raises(ParameterError, match="cannot be asked before they work"):
        prepare(config, Store(Path("/no/such/store")))


def test_it_bears_on_whatever_trains_and_on_nothing_else():
    entries = CATALOGUE.entry_points
    bearing = {n for n, entry in entries.items() if "device" in CATALOGUE.bearing(entry)}
    assert {"full", "embed", "lstm", "autoencode", "rsa", "transfer", "fuse", "report", "sweep",
            "fuse_sweep", "register"} <= bearing  # fmt: skip
    assert not bearing & {"compare", "export", "measure", "nback_stimuli"}
    swept = resolve({"device": "cuda:1"}, SweepConfig)
    assert swept.training().device == swept.as_text()["device"] == "cuda:1"


def test_only_another_device_stands_in_keys(given, any_device):
    (one, other), cards = (study(given, name) for name in ("cpu", "cuda")), study(given, "cuda:1")
    nodes = {s.config.device: HYBRID.of_seed(s, 0) + HYBRID.shared(s) for s in (one, other, cards)}
    for mine, theirs, third in zip(*nodes.values(), strict=True):
        on_device = mine.stage.name in TRAINED and mine.make.__name__ not in (
            "fit",
            "of_bottleneck",
        )
        assert (theirs.device == "cuda") == on_device, mine.stage.name
        assert ("device" in theirs.about) == on_device
        assert (mine.device, "device" in mine.about) == ("cpu", False)
        assert len({mine.key, theirs.key, third.key}) == 3  # also of what reads it
    stage = nodes["cpu"][0].stage
    plain, there = (stage.node(len, 1, device=name).key for name in ("cpu", "cuda"))
    assert plain == stage.key(1) != there
    keys = {study_key(each.inputs) for each in (one, other, cards)}
    assert len(keys) == 3
    identity = one.config.study_identity()
    assert "device" not in identity
    assert identity | {"device": "cuda"} == other.config.study_identity()


def test_a_plan_and_the_workers_are_of_one_process(given, any_device, capsys):
    prepared = study({**given, "workers": "8"}, "cuda")
    assert work.processes(prepared.config) == 1
    tasks = work.study_tasks(HYBRID, prepared)
    print_plan(tasks, prepared.store, prepared.config)
    assert "on 1 worker with cuda" in " ".join(capsys.readouterr().out.split())


def test_the_whole_of_a_seed_runs_there_with_the_processors_numbers(
    given, tmp_path, any_device, one_thread
):
    """Every stage, with its tensors on a device that refuses to meet the processor's."""
    with pretended_device() as device:
        forget_encoder()
        mine = study(given, device.name, str(tmp_path / "store"))
        moved = {}
        nodes = [*HYBRID.shared(mine), *HYBRID.of_seed(mine, 0)]
        for task in tasks_of(nodes):
            before = len(device.moved)
            task.function(mine.store, task.payload, task.produces)
            moved[task.stage] = moved.get(task.stage, 0) + len(device.moved) - before
        forget_encoder()
    assert {stage for stage, count in moved.items() if count} == TRAINED
    found, wanted = (study_tables(each, [0], {}) for each in (mine, study(given, "cpu")))
    # the encoder's attention is computed otherwise there, which training makes more of
    for table in ("lstm", "autoencoder", "rsa", "transfer", "fusion", "fused_transfer"):
        pd.testing.assert_frame_equal(
            getattr(found, table), getattr(wanted, table), rtol=0.1, atol=0.02, obj=table
        )
