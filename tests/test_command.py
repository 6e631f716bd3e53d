"""What a user's mistake looks like: one message that says what to do, exit code 2, no open run."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from hybridrep.command import command, exit_code
from hybridrep.errors import CorpusError
from hybridrep.execution import cluster
from hybridrep.execution.store import Store
from hybridrep.running.store_command import store
from hybridrep.studies.hybrid.config import Config
from hybridrep.testing import execution_tasks, small_study


def full(config: Config) -> None:
    from hybridrep.studies.hybrid.study import run

    run(config)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return small_study.parameters(tmp_path_factory.mktemp("study"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def leave_with(given: dict[str, str], **change: str) -> int:
    arguments = [
        part for name, value in {**given, **change}.items() for part in (f"--{name}", value)
    ]
    return exit_code(command("full", full), arguments)


def test_a_terminal_without_columns_is_taken_for_one_of_the_usual_width(
    place, given, monkeypatch, capsys
):
    monkeypatch.setenv("COLUMNS", "0")
    assert leave_with(given, plan="true") == 0
    assert "Plan: nothing is run" in capsys.readouterr().out


def test_a_folder_that_is_gone_is_told(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert exit_code(command("full"), ["--plan", "true"]) == 2
    assert "the current folder is not there any more" in capsys.readouterr().err


def open_runs(place: Path) -> list:
    if not (place / "mlflow.db").exists():
        return []
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return client.search_runs(experiments, "attributes.status = 'RUNNING'")


def empty_file(folder: Path) -> str:
    (folder / "empty.csv").write_text("")
    return str(folder / "empty.csv")


def bad_row(folder: Path) -> str:
    (folder / "bad.txt").write_text("i feel fine;joy\nno label here\n")
    return str(folder / "bad.txt")


def unknown_label(folder: Path) -> str:
    (folder / "unknown.csv").write_text("tweet,label\nhello,maybe\nbye,hate\n")
    return str(folder / "unknown.csv")


def few_items(folder: Path) -> str:
    rows = [f"tweet {n} of {name};{name}" for name in ("joy", "anger") for n in range(20)]
    (folder / "few.txt").write_text("\n".join(rows))
    return str(folder / "few.txt")


def undecodable(folder: Path) -> str:
    (folder / "bytes.txt").write_bytes(b"i feel fine;joy\n\xff\xfe\xff;anger\n")
    return str(folder / "bytes.txt")


def no_weights(folder: Path) -> str:
    (folder / "encoder").mkdir()
    (folder / "encoder" / "config.json").write_text('{"model_type": "bert"}')
    return str(folder / "encoder")


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("emotion", lambda _: "nowhere/at/all", "nowhere/at/all"),
        ("emotion", empty_file, "empty"),
        ("emotion", bad_row, "line 2"),
        ("emotion", few_items, "to draw from"),
        ("emotion", undecodable, "line 2"),
        ("hate", unknown_label, "maybe"),
        ("encoder", no_weights, "safetensors"),
        ("encoder", lambda _: "hub:someone/something", "minilm"),
        ("emotion", lambda _: "hub:someone/something", "sample"),
        ("vectors", lambda _: "no/such/vectors.txt", "no/such/vectors.txt"),
        ("bottlenecks", lambda _: "4096", "4096"),
        ("seeds", lambda _: "7-3", "3-7"),
        ("cluster", lambda _: "tcp://127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_a_mistake_is_named_and_leaves_no_open_run(
    given, place, capsys, monkeypatch, name, make, message
):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    assert leave_with(given, **{name: make(place)}) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown
    assert open_runs(place) == []


def test_an_unknown_parameter_lists_the_known_ones(place, capsys):
    assert exit_code(command("full", full), ["--sseds", "3"]) == 2
    shown = capsys.readouterr().err
    assert "'sseds' (did you mean seeds?)" in shown
    assert "autoencoder_epochs" in shown


def test_what_a_message_repeats_cannot_command_the_terminal(capsys):
    def refuse(_: Config) -> None:
        raise CorpusError("\x1b]0;owned\x07\x1b[2J.csv\nis empty")

    assert exit_code(command("full", refuse), []) == 2
    shown = capsys.readouterr().err
    assert shown == "hybridrep: \\x1b]0;owned\\x07\\x1b[2J.csv\nis empty\n"


def test_an_argument_without_p_is_told_how_parameters_are_given(capsys):
    assert exit_code(command("full", full), ["seeds=3"]) == 2
    assert "-P NAME=VALUE" in capsys.readouterr().err


def read(arguments: list[str]) -> Config:
    found: list[Config] = []
    assert exit_code(command("full", found.append), arguments) == 0
    return found[0]


def test_parameters_may_be_given_as_mlflow_run_takes_them():
    config = read(["--seeds", "9", "-P", "seeds=2", "-P", "vectors=a=b.txt", "--plan", "true"])
    assert (config.seeds, config.vectors, config.plan) == ((0, 1), "a=b.txt", True)


@pytest.mark.parametrize("style", [["-P", "seeds={}"], ["--seeds", "{}"]])
def test_two_values_of_a_parameter_are_refused(style, capsys):
    twice = [part.format(value) for value in (2, 3) for part in style]
    assert exit_code(command("full", full), twice) == 2
    assert "parameter seeds is given more than once, as '2' and '3'" in capsys.readouterr().err
    assert read([part.format(2) for part in style] * 2).seeds == (0, 1)


def test_the_experiment_may_be_named_as_mlflow_run_takes_it(monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "of the shell")
    read(["--experiment-name", "mine", "-P", "seeds=1"])
    assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "mine"


@pytest.mark.parametrize(("pair", "message"), [("seeds", "NAME=VALUE"), ("sseds=3", "mean seeds?")])
def test_a_pair_that_is_none_or_unknown_is_refused(pair, message, capsys):
    assert exit_code(command("full", full), ["-P", pair]) == 2
    assert message in capsys.readouterr().err


def test_a_plan_runs_nothing(given, place, capsys):
    assert leave_with(given, plan="true", store=str(place / "store")) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "lstm" in shown
    assert "example 20 projections" in shown
    assert not (place / "mlflow.db").exists()
    assert not list((place / "store").glob("lstm/*"))


def test_an_unreachable_tracking_server_is_named_before_any_work(given, place, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert leave_with(given, store=str(place / "store")) == 2
    assert "127.0.0.1:9" in capsys.readouterr().err
    assert not list((place / "store").glob("lstm/*"))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_an_end_from_outside_has_the_code_that_shells_expect(number, code, capsys):
    def stopped(_: Config) -> None:
        os.kill(os.getpid(), number)

    assert exit_code(command("full", stopped), []) == code
    assert "goes on from what is finished" in capsys.readouterr().err


def test_the_store_is_shown_in_sizes_and_times_that_people_read(tmp_path, capsys):
    execution_tasks.write(Store(tmp_path), execution_tasks.key("x"), [0.0] * 1000)
    assert exit_code(store, ["show", "--store", str(tmp_path)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert re.search(r"stage │ 1 │ 8\.\d kB │ 1 │ \d{4}-\d\d-\d\d \d\d:\d\d │", shown)
