"""MLflow: names find exactly their own runs; passwords reach no run, no log, no message."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.command import command, exit_code
from hybridrep.errors import TrackingError
from hybridrep.parameters import resolve
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.sweep.config import SweepConfig
from hybridrep.studies.hybrid.sweep.sweep import _config_text
from hybridrep.testing.databases import set_store
from hybridrep.testing.hostile import MARKUP, examples, texts
from hybridrep.testing.servers import mlflow_server
from hybridrep.tracking.queries import find_study, search
from hybridrep.tracking.records import Contents, RunRecord
from hybridrep.tracking.runs import connect

pytest_plugins = ["hybridrep.testing.tracking_store"]
QUOTES = ("a' OR tags.x != 'b", 'a" or "1"="1', "a` = 'b", "\\", "'", "a;b", "%", "--", "a'--")
SECRET = "s3cr3t-w0rd"


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A store with a finished study run of every hostile name."""
    folder = tmp_path_factory.mktemp("mlflow")
    names = list(dict.fromkeys([*QUOTES, *MARKUP, "plain"]))
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, tmp_path_factory, folder)
        tracker = connect("hybrid")
        for name in names:
            tags = {"hybridrep.study": name, "hybridrep.study_key": "k"}
            tracker.log_finished(RunRecord(name=name, kind="study", tags=tags))
        yield tracker.server, names


def test_every_hostile_name_finds_its_own_run_alone(named):
    server, names = named
    for name in names:
        found = search(server, {"hybridrep.study": name})
        assert [run.data.tags["hybridrep.study"] for run in found] == [name]
        assert find_study(server, name, "hybrid").study == name


@given(st.one_of(texts, st.text(max_size=20)))
@examples(40)
def test_any_text_finds_the_runs_that_carry_it_and_no_other(named, text):
    server, names = named
    found = search(server, {"hybridrep.study": text})
    assert [run.data.tags["hybridrep.study"] for run in found] == [n for n in names if n == text]


@pytest.mark.parametrize("name", ["no such", "x' or ''='"])
def test_a_name_that_there_is_not_is_refused(named, name):
    with pytest.raises(TrackingError, match="there is no study"):
        find_study(named[0], name, "hybrid")


@pytest.mark.slow
def test_a_password_in_the_server_s_address_is_in_no_run_log_or_message(
    store_uri, tmp_path, monkeypatch, capfd, caplog
):
    caplog.set_level(logging.DEBUG, "hybridrep")
    artifacts = tmp_path / "artifacts"
    with mlflow_server(store_uri, artifacts) as address:
        place = address.removeprefix("http://")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:{SECRET}@{place}")
        monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "false")
        tracker = connect("hybrid")
        config = resolve({}, Config).as_text()

        def fail() -> None:
            with tracker.main_run(
                "study", "name", study="name", study_key="k", config=config
            ) as run:
                run.log(Contents(files={"a.txt": tracker.server.place}))
                raise TrackingError(f"no answer from {tracker.server.uri}")

        with pytest.raises(TrackingError):
            fail()
        with pytest.raises(TrackingError) as caught:
            find_study(tracker.server, "none", "hybrid")
        (run,) = search(tracker.server, {"hybridrep.study": "name"})
        recorded = json.dumps(run.to_dictionary())
    assert "no answer from http://***@127.0.0.1" in recorded
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 4
    shown = [recorded, str(caught.value), caplog.text, *capfd.readouterr()]
    assert not [text for text in shown if SECRET in text]
    assert not [content for content in written if SECRET.encode() in content]


def test_a_sweep_s_password_is_in_nothing_that_is_logged():
    storage = f"postgresql://ada:{SECRET}@db.lab/sweeps?sslpassword={SECRET}"
    logged = _config_text(resolve({"storage": storage}, SweepConfig))
    assert logged["storage"] == "postgresql://db.lab/sweeps"
    assert SECRET not in json.dumps(logged)


def test_a_password_that_mlflow_run_has_recorded_is_refused_with_the_remedy(capsys, monkeypatch):
    """`mlflow run` prints and records parameters before this program is started."""
    ran = []
    entry = command("sweep", ran.append)
    arguments = ["--storage", f"postgresql://ada:{SECRET}@db.lab/sweeps"]
    monkeypatch.setenv("MLFLOW_RUN_ID", "f" * 32)
    assert exit_code(entry, arguments) == 2
    shown = capsys.readouterr().err
    assert "parameter storage holds a password" in shown
    assert f"mlflow runs delete --run-id {'f' * 32}" in shown
    assert SECRET not in shown
    assert not ran
    monkeypatch.delenv("MLFLOW_RUN_ID")
    assert exit_code(entry, arguments) == 0
    assert ran[0].storage == arguments[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--seeds", f"postgresql://ada:{SECRET}@db.lab/x"],
        ["--bottlenecks", f"postgresql://ada:{SECRET}@db.lab/x"],
        ["--study", f"http://ada:{SECRET}@db.lab"],
        ["--plan", f"http://x/?password={SECRET}&y=1"],
    ],
)
def test_a_password_in_a_bad_value_is_not_repeated(capsys, arguments):
    assert exit_code(command("full", print), arguments) == 2
    shown = capsys.readouterr().err
    assert arguments[0].removeprefix("--") in shown
    assert SECRET not in shown


def test_the_last_word_of_a_command_never_holds_the_server_s_password(capsys, monkeypatch):
    def fail(_: Config) -> None:
        raise TrackingError(f"http://ada:{SECRET}@db.lab refused {SECRET!r}")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:{SECRET}@db.lab")
    assert exit_code(command("full", fail), []) == 2
    shown = capsys.readouterr().err
    assert "http://***@db.lab refused '***'" in shown
