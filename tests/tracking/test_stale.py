"""Which runs are closed for a dead process, and which are left alone."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from hybridrep.tracking import names, stale
from hybridrep.tracking.process import _identity, is_gone, other_project_runs, process_tags
from hybridrep.tracking.runs import connect

pytest_plugins = ["hybridrep.testing.tracking_store"]


@pytest.fixture
def dead_tags() -> dict[str, str]:
    """The tags that a process left which has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    tags = dict(_identity(process.pid))
    process.communicate(b"\n")
    return tags


def test_this_process_lives_and_one_that_ended_is_gone(dead_tags):
    assert not is_gone(process_tags())
    assert is_gone(dead_tags)


def without_birth(tags: dict[str, str]) -> dict[str, str]:
    """What runs of before, and of systems without /proc, are tagged with."""
    return {name: value for name, value in tags.items() if name != names.PROCESS_BIRTH}


def test_a_process_id_that_is_used_again_is_another_process():
    boot, ticks = process_tags()[names.PROCESS_BIRTH].split("/")
    assert is_gone({**process_tags(), names.PROCESS_BIRTH: f"{boot}/{int(ticks) - 1}"})
    start = psutil.Process().create_time() - 3_600
    assert is_gone({**without_birth(process_tags()), names.PROCESS_START: f"{start:.2f}"})


def test_the_same_id_and_ticks_after_another_boot_are_another_process():
    ticks = process_tags()[names.PROCESS_BIRTH].partition("/")[2]
    other = f"00000000-0000-4000-8000-000000000000/{ticks}"
    assert is_gone({**process_tags(), names.PROCESS_BIRTH: other})


@pytest.mark.parametrize("step", [-7_200.0, 2.5, 86_400.0])
def test_a_clock_that_is_set_makes_no_living_process_dead(monkeypatch, dead_tags, step):
    before, now = process_tags(), psutil.boot_time()
    # Linux counts back from the clock to the time of its start, and psutil counts on from that.
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: now + step)
    assert abs(psutil.Process().create_time() - float(before[names.PROCESS_START]) - step) < 1
    assert not is_gone(before)
    assert is_gone(dead_tags)


def test_runs_of_before_are_told_by_the_clock(dead_tags):
    assert not is_gone(without_birth(process_tags()))
    assert is_gone(without_birth(dead_tags))


def test_the_birth_is_that_of_psutil_whatever_the_command_is_called(tmp_path):
    command = tmp_path / "a (b) c) 1 2 3"
    command.symlink_to(sys.executable)
    process = subprocess.Popen([command, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        ticks = int(_identity(process.pid)[names.PROCESS_BIRTH].partition("/")[2])
        seconds = psutil.Process(process.pid).create_time() - psutil.boot_time()
        assert abs(ticks / os.sysconf("SC_CLK_TCK") - seconds) < 0.02
    finally:
        process.communicate(b"\n")


def test_a_zombie_is_gone():
    process = subprocess.Popen([sys.executable, "-c", ""])
    tags = _identity(process.pid)
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert is_gone(tags)
    process.wait()


@pytest.mark.parametrize("change", [{names.HOST: "elsewhere"}, {names.PID: "x"}])
def test_processes_of_other_hosts_and_broken_tags_count_as_living(dead_tags, change):
    assert not is_gone({**dead_tags, **change})
    assert not is_gone({})


def test_only_runs_of_dead_processes_are_closed(tracker, dead_tags):
    client = tracker.server.client
    other = client.create_experiment("hybridrep-sweep")

    def run(tags, experiment=tracker.server.experiment_id):
        return client.create_run(experiment, tags=tags).info.run_id

    dead, dead_trial = run(dead_tags), run(dead_tags, other)
    alive = run(process_tags())
    elsewhere = run({**dead_tags, names.HOST: "elsewhere"})
    somebody_elses = run({})
    finished = run(dead_tags)
    client.set_terminated(finished)

    assert set(tracker.close_stale_runs()) == {dead, dead_trial}
    states = {r: client.get_run(r).info.status for r in (dead, alive, elsewhere, finished)}
    assert states == {
        dead: "KILLED",
        alive: "RUNNING",
        elsewhere: "RUNNING",
        finished: "FINISHED",
    }
    assert client.get_run(somebody_elses).info.status == "RUNNING"


NOW = time.time()


class TestProjectRunsThatNobodyTookOver:
    """`mlflow run` makes the run first; it may die, or find no conda, before we start."""

    @pytest.fixture
    def run_id(self, tracker):
        tags = {"mlflow.project.entryPoint": "full"}
        return tracker.server.client.create_run(tracker.server.experiment_id, tags=tags).info.run_id

    def test_is_closed_when_no_other_project_runs_on_this_machine(
        self, tracker, run_id, monkeypatch
    ):
        monkeypatch.setattr(stale, "other_project_runs", list)
        assert tracker.close_stale_runs() == [run_id]

    def test_is_left_alone_while_another_project_runs(self, tracker, run_id, monkeypatch):
        monkeypatch.setattr(stale, "other_project_runs", lambda: [os.getpid()])
        assert tracker.close_stale_runs() == []

    def test_is_closed_after_a_day_in_any_case(self, tracker, run_id, monkeypatch):
        monkeypatch.setattr(stale, "other_project_runs", lambda: [os.getpid()])
        monkeypatch.setattr(stale.time, "time", lambda: NOW + 25 * 3_600)
        assert tracker.close_stale_runs() == [run_id]

    def test_is_never_the_run_of_this_process(self, tracker, run_id, monkeypatch):
        monkeypatch.setattr(stale, "other_project_runs", list)
        monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
        assert connect("hybrid").close_stale_runs() == []


def test_other_projects_are_recognised_by_their_command(tmp_path):
    script = tmp_path / "mlflow"
    script.write_text("input()")
    command = [sys.executable, str(script), "run", "."]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        assert process.pid in other_project_runs()
    finally:
        process.communicate(b"\n")
    assert process.pid not in other_project_runs()
