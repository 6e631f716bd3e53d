"""A study survives faults; and the checks that say so do find what is wrong."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import chaos.__main__ as harness
from chaos import checks
from chaos.__main__ import main, plan
from chaos.faults import Fault, TooLate
from chaos.moments import Reference, Survival, wrong_end
from chaos.mounts import Unavailable
from chaos.study import Study
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.testing.servers import NotStarted
from hybridrep.tracking import names
from hybridrep.tracking.records import Contents, RunRecord
from hybridrep.tracking.runs import connect

pytest_plugins = ["hybridrep.testing.tracking_store"]

SEED = RunRecord(
    name="seed 0",
    kind="seed",
    params={"seed": "0"},
    tags={names.CACHE_KEY: "c"},
    metrics=pd.DataFrame({"key": "loss", "value": [0.5, 0.25, float("nan")], "step": range(3)}),
    files={"weights/half.bin": b"weights"},
)
KEYS = [content_key({"number": number}) for number in range(2)]


@pytest.fixture
def study(
    empty_database: Path, store_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Study:
    """A finished study of one seed, two results and no computing."""
    study = Study(tmp_path / "study", {})
    study.tracking.mkdir(parents=True)
    monkeypatch.chdir(study.tracking)
    shutil.copy(empty_database, study.database)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{study.database}")
    tracker = connect("hybrid")
    tracker.log_finished(SEED)
    with tracker.main_run("study", "study", study="study", study_key="k") as run:
        run.log(Contents(files={"seeds.json": "[1, 2]", "report/report.html": "drawn at noon"}))
    for key in KEYS:
        Store(study.store).write(
            key, stage="lstm", inputs={}, arrays={"a": {"x": np.arange(9.0)}}, seconds=1.0
        )
    return study


def sql(*statements: str) -> Callable[[Study], None]:
    def change(study: Study) -> None:
        with closing(sqlite3.connect(study.database)) as database, database:
            for statement in statements:
                database.execute(statement)

    return change


def artifact(name: str, content: str | None) -> Callable[[Study], None]:
    def change(study: Study) -> None:
        (path,) = study.artifacts.glob(f"*/*/artifacts/{name}")
        path.unlink()
        if content is not None:
            path.write_text(content)

    return change


def result(change: Callable[[Path], object]) -> Callable[[Study], None]:
    return lambda study: change(sorted(study.entries())[0])


def log_the_seed_again(_: Study) -> None:
    connect("hybrid").log_finished(SEED)


def half_written(study: Study) -> None:
    (study.store / ".tmp" / "host.1.abc").mkdir(parents=True)


A_SEED = "WHERE run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'cache_key')"


@pytest.mark.parametrize(
    ("doctor", "problem"),
    [
        (sql("DELETE FROM metrics WHERE step = 1"), "1 metric points missing"),
        (sql("INSERT INTO metrics SELECT key, value, timestamp + 1, run_uuid, step, is_nan "
             "FROM metrics WHERE step = 2"), "1 metric points twice"),
        (sql("UPDATE metrics SET value = 0.125 WHERE step = 0"), "1 metric points wrong"),
        (sql("UPDATE metrics SET step = 7 WHERE step = 0"), "1 metric points wrong"),
        (sql(f"UPDATE runs SET status = 'RUNNING' {A_SEED}"), "is RUNNING at the end"),
        (sql(f"UPDATE runs SET status = 'FAILED' {A_SEED}"), "seed 0 is FINISHED 0 times"),
        (sql("UPDATE runs SET status = 'KILLED'"), "no run of the study is FINISHED"),
        (sql("UPDATE tags SET value = 'd' WHERE key = 'cache_key'"), "no undisturbed seed has"),
        (log_the_seed_again, "seed 0 is FINISHED 2 times"),
        (artifact("seeds.json", "[1, 3]"), "the artifact seeds.json other"),
        (artifact("seeds.json", None), "the artifact seeds.json missing"),
        (artifact("weights/half.bin", None), "the artifact weights/half.bin missing"),
        (result(lambda f: (f / "a.safetensors").write_bytes(b"x")), "is damaged"),
        (result(lambda f: (f / "a.safetensors").unlink()), "is damaged"),
        (result(lambda f: (f / "manifest.json").write_bytes(b"{}")), "is damaged"),
        (result(shutil.rmtree), "is missing, extra or other"),
        (result(lambda f: shutil.copytree(f, f.parents[2] / "rsa/aa" / f.name)), "stored twice"),
        (half_written, "left in the store, half-written"),
    ],
)  # fmt: skip
def test_a_doctored_study_is_found_out(study, doctor, problem):
    expected = checks.read(study)
    assert checks.problems(expected, checks.read(study)) == []
    doctor(study)
    assert problem in "\n".join(checks.problems(expected, checks.read(study)))


def test_what_may_differ_between_two_runs_of_a_study_is_no_problem(study):
    expected = checks.read(study)
    artifact("report/report.html", "drawn at midnight")(study)
    sql("UPDATE metrics SET timestamp = timestamp + 5")(study)
    assert checks.problems(expected, checks.read(study)) == []


def test_a_result_that_is_written_anew_has_another_mark(study):
    before = checks.marks(study)
    assert checks.computed_again(before, checks.marks(study)) == []
    folder = sorted(study.entries())[0]
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    assert "lost" in checks.computed_again(before, checks.marks(study))[0]
    folder.with_name("copy").rename(folder)
    assert "made again" in checks.computed_again(before, checks.marks(study))[0]


class Full(Fault):
    exits = (0, 2)
    says = ("disk is full",)


@pytest.mark.parametrize(
    ("exit_code", "messages", "problem"),
    [
        (0, "", ""),
        (2, "lstm: started\nhybridrep: its disk is full", ""),
        (1, "hybridrep: its disk is full", "it ended with 1"),
        (-11, "", "it ended with -11"),
        (2, "hybridrep: something failed", "does not say what to do"),
        (2, "its disk is full\nhybridrep: something failed", "does not say what to do"),
        (2, "Traceback (most recent call last):\nhybridrep: disk is full", "showed a traceback"),
    ],
)
def test_how_a_disturbed_study_ends_is_judged(exit_code, messages, problem):
    found = wrong_end(Full(), exit_code, messages)
    assert problem in "".join(found)
    assert bool(found) == bool(problem)


def test_a_moment_is_tied_to_the_results_stored_by_then(study):
    reference = Reference(checks.read(study), times=(4.0, 5.0, 9.0), seconds=10.0)
    assert reference.moment(0.1, "time") == (0, 1.0)
    assert reference.moment(0.6, "time") == (2, 1.0)
    assert reference.moment(0.95, "time") == (3, 0.5)
    assert reference.moment(0.125, "results") == (0, 2.0)
    assert reference.moment(0.625, "results") == (2, 2.0)
    assert reference.moment(0.75, "results") == (3, 0.0)


def test_moments_are_spread_over_the_study_and_repeatable():
    first, second = ([(f.name, when) for f, when, _ in plan(24, seed=3)] for _ in range(2))
    assert first == second
    for kind in ("time", "results"):
        places = sorted(int(share * 12) for _, (share, by) in first if by == kind)
        assert places == list(range(12))
    assert len({name for name, _ in first}) == 15


@pytest.mark.parametrize("count", [1, 4, 7])
def test_short_runs_with_successive_seeds_reach_every_kind(count):
    short = [{f.name for f, _, _ in plan(count, seed)} for seed in range(15)]
    assert short[0] != short[1]
    assert len(set().union(*short[: -(-15 // count)])) == 15


def survival(fault: str, *problems: str) -> Survival:
    return Survival(fault, 0.5, "time", "lstm", -9, "", 1.0, 1.0, 3, problems)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, str, dict]]:
    """The harness, with outcomes of its moments in the place of studies."""

    def run(*outcomes: Exception | str | None, minutes: str = "1") -> tuple[int, str, dict]:
        left = iter(outcomes)

        def play(folder, given, fault, *_):
            outcome = next(left)
            if isinstance(outcome, Exception):
                raise outcome
            return survival(fault.name, *filter(None, [outcome]))

        monkeypatch.setattr(harness, "_play", play)
        monkeypatch.setattr(harness, "undisturbed", lambda _: Reference(None, (), 1.0))
        output = tmp_path / "outcome.json"
        options = ["--moments", str(len(outcomes)), "--minutes", minutes, "--output", str(output)]
        done = CliRunner().invoke(main, options, env={"COLUMNS": "200"})
        return done.exit_code, done.output, json.loads(output.read_text())

    return run


def test_a_run_passes_when_every_moment_it_could_make_was_survived(run):
    code, said, written = run(None, Unavailable("only root may mount a file system"))
    assert code == 0
    assert "passed: 2 moments asked for, 1 tried, 1 survived" in said
    assert "only root may mount" in said
    assert (written["asked"], written["moments"], written["survived"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([None, "seed 0 is FINISHED 2 times"], "LOST: 2 moments asked for, 2 tried, 1 survived"),
        ([None, TooLate()], "INCOMPLETE: 2 moments asked for, 1 tried, 1 survived"),
        ([Unavailable("no mounts")], "INCOMPLETE: 1 moments asked for, 0 tried, 0 survived"),
    ],
)
def test_a_run_fails_when_anything_is_lost_or_missing(run, outcomes, verdict):
    code, said, _ = run(*outcomes)
    assert code == 1
    assert verdict in said


def test_moments_for_which_there_is_no_time_are_named_one_by_one(run):
    code, said, written = run(*[None] * 20, minutes="-1")
    assert code == 1
    assert "INCOMPLETE: 20 moments asked for, 0 tried" in said
    assert len(written["not_tried"]) == 20  # more than there are kinds of faults


def test_a_server_that_does_not_start_costs_its_own_moment_only(run):
    code, said, written = run(None, NotStarted("no MLflow server: [Errno 98]"), None)
    assert code == 1
    assert "INCOMPLETE: 3 moments asked for, 2 tried, 2 survived" in said
    (missing,) = written["not_tried"]
    assert missing["reason"] == "no MLflow server: [Errno 98]"
    assert not missing["excused"]
