"""Connecting: which experiment, what is refused, and how quickly."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import mlflow
import pytest
import sqlalchemy
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from hybridrep.errors import TrackingError
from hybridrep.messages import public_uri
from hybridrep.tracking import sqlite
from hybridrep.tracking.runs import connect
from hybridrep.tracking.server import readable_errors

pytest_plugins = ["hybridrep.testing.tracking_store"]


def test_the_default_experiment_is_made_once(tracker):
    assert tracker.server.experiment_name == "hybridrep"
    assert connect("hybrid").server.experiment_id == tracker.server.experiment_id


def test_mlflows_variables_choose_the_experiment(tracker, monkeypatch):
    identifier = mlflow.MlflowClient().create_experiment("mine")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", identifier)
    assert connect("hybrid").server.experiment_name == "mine"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "named")
    assert connect("hybrid").server.experiment_name == "named"


def test_a_sibling_experiment_is_named_after_it(tracker):
    sibling = tracker.sibling("sweep")
    assert sibling.server.experiment_name == "hybridrep-sweep"
    assert sibling.server.experiment_id != tracker.server.experiment_id
    assert tracker.sibling("sweep").server.experiment_id == sibling.server.experiment_id


def test_an_unknown_experiment_id_is_refused(tracker, monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "4711")
    with pytest.raises(TrackingError, match="4711"):
        connect("hybrid")


def test_a_deleted_experiment_is_refused_with_the_command_that_restores_it(tracker):
    tracker.server.client.delete_experiment(tracker.server.experiment_id)
    with pytest.raises(TrackingError, match="mlflow experiments restore"):
        connect("hybrid")


@pytest.mark.parametrize("uri", ["./mlruns", "file:///tmp/mlruns"])
def test_the_folder_store_is_refused_with_the_alternative(store_uri, monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match=r"sqlite:///mlflow\.db"):
        connect("hybrid")


@pytest.mark.parametrize("variable", ["MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"])
@pytest.mark.parametrize(
    ("uri", "instead"),
    [
        ("sqlite:mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite:/mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite:", "sqlite:///mlflow.db"),
        ("sqlite://mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite://host:abc/x", "sqlite:///mlflow.db"),
        ("http://[::1", "http://HOST:5000"),
        ("postgresql://h:abc/x", "postgresql://USER@HOST:5432/DATABASE"),
        ("postgresql://ada:pa@ss:w0rd@h/x", "write @ as %40"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_with_what_to_write(
    store_uri, monkeypatch, variable, uri, instead
):
    monkeypatch.setenv(variable, uri)
    with pytest.raises(TrackingError) as caught:
        connect("hybrid")
    assert instead in str(caught.value)
    assert "MLFLOW_TRACKING_URI" in str(caught.value)
    printed = "".join(traceback.format_exception(caught.value))
    assert "w0rd" not in printed.replace(uri, "")


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2"])
def test_a_server_that_is_not_there_is_refused_at_once_and_without_its_password(
    store_uri, monkeypatch, scheme
):
    port = closed_port()
    uri = f"{scheme}://ada:s3cr3t@127.0.0.1:{port}/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError) as caught:
        connect("hybrid")
    message = str(caught.value)
    assert f"{scheme}://127.0.0.1:{port}/mlflow cannot be reached" in message
    assert "Connection refused" in message
    assert "s3cr3t" not in message


def test_a_driver_that_is_not_installed_is_named(store_uri, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg://ada:s3cr3t@127.0.0.1/mlflow")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(TrackingError, match="psycopg") as caught:
        connect("hybrid")
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.slow
def test_a_server_that_never_answers_is_refused_within_seconds(store_uri, monkeypatch):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        uri = f"http://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        began = time.monotonic()
        with pytest.raises(TrackingError, match="cannot be reached"):
            connect("hybrid")
        assert time.monotonic() - began < 60  # MLflow's own retries take more than four minutes
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


@pytest.mark.parametrize(
    ("uri", "public"),
    [
        ("https://me:pw@host/path?token=t#x", "https://host/path"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("mlruns", "mlruns"),
    ],
)
def test_addresses_are_shown_without_secrets(uri, public):
    assert public_uri(uri) == public


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("(sqlite3.OperationalError) database is locked", "another program holds it locked"),
        ("(sqlite3.OperationalError) database or disk is full", "free some space"),
        ("(sqlite3.OperationalError) attempt to write a readonly database", "writable"),
        ("(sqlite3.OperationalError) unable to open database file", "writable"),
        ("(sqlite3.OperationalError) disk I/O error", "check it"),
    ],
)
def test_a_failing_database_is_told_with_what_to_do(said, remedy):
    with (
        pytest.raises(TrackingError, match=f"{remedy}.*then run the same command again") as error,
        readable_errors("sqlite:///mlflow.db", "logging"),
    ):
        raise MlflowException(f"{said}\n[SQL: INSERT INTO metrics]")
    assert "SQL:" not in str(error.value)


AUTOFLUSH = (
    "(raised as a result of Query-invoked autoflush; consider using a session.no_autoflush block "
    "if this autoflush is occurring prematurely)\n"
    "(sqlite3.OperationalError) database is locked\n[SQL: INSERT INTO metrics (key) VALUES (?)]"
)
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_locked_database_is_told_with_who_has_it_open_and_no_remark_on_flushing(store_uri):
    path = store_uri.removeprefix("sqlite:///")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"locked\n"
        with (
            pytest.raises(TrackingError) as caught,
            readable_errors(store_uri, "logging the run 'pilot seed 3'"),
        ):
            raise MlflowException(AUTOFLUSH)
        other.stdin.close()
    message = str(caught.value)
    assert message.startswith(
        f"MLflow at {store_uri} failed at logging the run 'pilot seed 3': "
        f"(sqlite3.OperationalError) database is locked; process {other.pid} ({sys.executable}"
    )
    assert message.endswith("holds it locked: end that one, then run the same command again")
    assert "autoflush" not in message


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("127.0.0.1:5093", "set it to http://127.0.0.1:5093"),
        ("localhost:5000", "set it to http://localhost:5000"),
        ("localhost", "set it to http://localhost"),
        ("tracking.lab:5000/mlflow", "set it to http://tracking.lab:5000/mlflow"),
        ("[::1]:5000", r"set it to http://\[::1\]:5000"),
        ("mlflow.db", "set it to sqlite:///mlflow.db"),
        ("runs/my.sqlite", "set it to sqlite:///runs/my.sqlite"),
        ("mlruns", "folder store"),
        ("file:///data/mlruns", "folder store"),
        ("sqlite:///", "names no file, and a database in memory is gone"),
        ("sqlite:///:memory:", "names no file, and a database in memory is gone"),
        ("sqlite:///mlflow.db ", "begins or ends with a blank: take it out"),
        ("http://127.0.0.1:5000  ", "begins or ends with a blank: take it out"),
        ("http://127.0.0.1:99999", "its host or its port is not written as one"),
        ("http://", "its host or its port is not written as one"),
    ],
)
def test_an_address_that_lacks_its_scheme_is_told_which(store_uri, monkeypatch, uri, told):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match=told):
        connect("hybrid")


@pytest.mark.parametrize("uri", ["databricks", "databricks://nobody", "ftp://host/x", "htp://h:5"])
def test_addresses_that_nothing_answers_at_are_told_as_what_they_are(store_uri, monkeypatch, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError) as caught:
        connect("hybrid")
    assert "folder store" not in str(caught.value)


def test_a_failing_database_shows_no_traceback_of_mlflows(tracker, store_uri, tmp_path, caplog):
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("ALTER TABLE runs RENAME TO lost")
    with pytest.raises(TrackingError, match="no such table"):
        tracker.find_finished("seed", "k", "c")
    assert [record for record in caplog.records if record.exc_info] == []


class TestTheDatabase:
    def test_is_made_complete_with_a_write_ahead_log(self, empty_database):
        with closing(sqlite3.connect(empty_database)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        assert runs == 0
        names = {path.name for path in empty_database.parent.iterdir()}
        assert names == {"mlflow.db", "mlflow.db.lock"}

    def test_a_file_that_is_no_database_is_left_alone_and_named(self, tmp_path, monkeypatch):
        path = tmp_path / "notes.db"
        path.write_text("my notes")
        with pytest.raises(TrackingError, match=r"notes\.db cannot be used: file is not a data"):
            sqlite.prepare_database(f"sqlite:///{path}")
        assert path.read_text() == "my notes"

    def test_somebody_elses_database_is_left_alone(self, tmp_path):
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE songs (name TEXT)")
        before = path.read_bytes()
        with pytest.raises(TrackingError, match="not MLflow's"):
            sqlite.prepare_database(f"sqlite:///{path}")
        assert path.read_bytes() == before

    @pytest.mark.parametrize("name", ["a b", "it's", "100% ü", "what?now=1", "a#b"])
    def test_signs_in_the_folder_s_name_leave_nothing_beside_it(self, tmp_path, monkeypatch, name):
        folder = tmp_path / "here" / name
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        assert connect("hybrid").server.experiment_name
        assert [path.name for path in (tmp_path / "here").iterdir()] == [name]
        assert {"mlflow.db", "mlflow.db.lock"} <= {path.name for path in folder.iterdir()}

    def test_a_folder_whose_name_mlflow_reads_as_another_is_refused(self, tmp_path, monkeypatch):
        folder = tmp_path / "p%41b"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with pytest.raises(TrackingError, match="holds %41, which MLflow takes for another letter"):
            connect("hybrid")
        assert [*folder.iterdir()] == []

    def test_a_disk_that_is_full_before_there_are_tables_is_told_in_a_line(
        self, tmp_path, monkeypatch
    ):
        def full(url: str) -> None:
            with sqlalchemy.create_engine(url).begin() as connection:
                connection.execute(sqlalchemy.text("PRAGMA max_page_count = 1"))
                connection.execute(sqlalchemy.text("CREATE TABLE experiments (name TEXT)"))

        monkeypatch.setattr("mlflow.db.upgrade.callback", full)
        with pytest.raises(TrackingError, match="or disk is full; its disk is full: free") as told:
            sqlite.prepare_database(f"sqlite:///{tmp_path}/mlflow.db")
        assert "CREATE TABLE" not in str(told.value)
        assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db.lock"}

    def test_a_disk_that_is_full_while_tables_are_upgraded_is_told_and_all_is_kept(
        self, tmp_path, monkeypatch
    ):
        def full(url: str) -> None:
            raise OperationalError("ALTER ...", {}, sqlite3.OperationalError("disk is full"))

        monkeypatch.setattr(sqlite, "SETTLE_SECONDS", 0.0)
        monkeypatch.setattr("mlflow.db.upgrade.callback", full)
        path = tmp_path / "mlflow.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY)")
        with pytest.raises(TrackingError, match="disk is full; its disk is full: free some space"):
            sqlite.prepare_database(f"sqlite:///{path}")
        assert sqlite._has_content(path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_without_write_permission_is_named(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(TrackingError, match="writable"):
            sqlite.prepare_database(f"sqlite:///{tmp_path}/mlflow.db")

    @pytest.mark.slow
    def test_what_a_killed_creation_left_is_put_aside(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sqlite, "SETTLE_SECONDS", 0.0)
        path = tmp_path / "mlflow.db"
        with sqlite3.connect(path) as connection:  # a table of a later migration, without others
            connection.execute("CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY)")
            connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
            connection.execute("INSERT INTO alembic_version VALUES ('never')")
        sqlite.prepare_database(f"sqlite:///{path}")
        assert sqlite._is_prepared(path)
        assert (tmp_path / "mlflow.db.before-upgrade").exists()

    @pytest.mark.slow
    def test_a_newer_database_with_runs_is_refused_and_kept(self, tmp_path, store_uri, tracker):
        tracker.server.client.create_run(tracker.server.experiment_id)
        path = tmp_path / "newer.db"
        with (
            sqlite3.connect(tmp_path / "mlflow.db") as source,
            sqlite3.connect(path) as connection,
        ):
            source.backup(connection)
            connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
            connection.execute("PRAGMA user_version = 0")
        with pytest.raises(TrackingError, match="install the MLflow that made it"):
            sqlite.prepare_database(f"sqlite:///{path}")
        assert sqlite._holds_runs(path)

    @pytest.mark.slow
    def test_one_that_mlflow_made_itself_is_taken_as_it_is(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sqlite, "SETTLE_SECONDS", 0.0)
        path = tmp_path / "mlflow.db"
        client = mlflow.MlflowClient(f"sqlite:///{path}")
        run = client.create_run("0")
        sqlite.prepare_database(f"sqlite:///{path}")
        assert sqlite._is_prepared(path)
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        assert not (tmp_path / "mlflow.db.before-upgrade").exists()

    @pytest.mark.slow
    @pytest.mark.long
    def test_four_processes_meeting_an_empty_folder_all_log_into_it(self, store_uri, tmp_path):
        (tmp_path / "mlflow.db").unlink()
        code = (
            "from hybridrep.tracking.runs import connect; "
            "from hybridrep.tracking.records import RunRecord; import pandas as pd; "
            "m = pd.DataFrame({'key': 'a', 'value': 1.0, 'step': range(300)}); "
            "t = connect('hybrid'); "
            "[t.log_finished(RunRecord(name=str(i), kind='seed', metrics=m)) for i in range(5)]"
        )

        def work(_: int) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-c", code]
            return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(work, range(4)))
        assert [process.returncode for process in done] == [0] * 4, done
        tracker = connect("hybrid")
        runs = tracker.server.client.search_runs([tracker.server.experiment_id])
        assert [run.info.status for run in runs] == ["FINISHED"] * 20

    def test_the_command_prepares_and_reports(self, store_uri, tmp_path, monkeypatch, capsys):
        assert sqlite.main() == 0
        shutil.rmtree(tmp_path / "mlruns", ignore_errors=True)
        (tmp_path / "bad.db").write_text("x" * 200)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/bad.db")
        assert sqlite.main() == 2
        assert "hybridrep: the tracking database" in capsys.readouterr().err
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:mlflow.db")
        assert sqlite.main() == 2
        assert "e.g. sqlite:///mlflow.db" in capsys.readouterr().err
