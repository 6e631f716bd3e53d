"""Optuna's storage: what cannot be used is refused, what is damaged by a crash is mended."""

import contextlib
import os
import time
import traceback

import optuna
import pytest

from hybridrep.errors import ParameterError
from hybridrep.sweeping.heartbeat import heartbeats
from hybridrep.sweeping.search import Rules, Search
from hybridrep.sweeping.storage import (
    HEARTBEAT_SECONDS,
    check_space,
    open_storage,
    open_study,
    public_storage,
    quiet,
)
from hybridrep.testing.servers import Unavailable, free_port, postgresql
from hybridrep.testing.sweep_searches import toy_space

SPACE = {"bottlenecks": (8, 16), "study": "s", "prune": False}


def study_in(path, space=SPACE, name="s there"):
    storage = open_storage(str(path), path)
    return storage, open_study(storage, name, space, 1)


def test_the_default_is_made_with_its_folder(tmp_path):
    default = tmp_path / "a" / "b.journal"
    storage = open_storage("", default)
    assert storage.get_all_studies() == []
    assert default.exists()


def test_the_same_space_is_taken_up_again(tmp_path):
    _, study = study_in(tmp_path / "j")
    study.tell(study.ask(), 1.0)
    storage, again = study_in(tmp_path / "j")
    check_space(storage, study.study_name, SPACE, "here")
    assert len(again.trials) == 1


def test_another_space_is_refused_and_nothing_changes(tmp_path):
    _, study = study_in(tmp_path / "j")
    study.tell(study.ask(), 1.0)
    before = (tmp_path / "j").read_bytes()
    storage = open_storage(str(tmp_path / "j"), tmp_path)
    other = {**SPACE, "bottlenecks": (8, 32), "kinds": ("x",)}
    with pytest.raises(ParameterError, match="another search space") as error:
        check_space(storage, study.study_name, other, "/the/journal")
    text = str(error.value)
    assert "/the/journal" in text
    assert "bottlenecks 8,16 there" in text
    assert "kinds nothing there" in text
    assert "study" not in text.partition("(")[2].partition(")")[0]
    assert (tmp_path / "j").read_bytes() == before


def test_a_study_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "j"
    storage = open_storage(str(path), path)
    theirs = optuna.create_study(storage=storage, study_name="s there")
    check_space(storage, "s there", SPACE, "here")  # empty: a crash may have left it
    theirs.tell(theirs.ask(), 1.0)
    with pytest.raises(ParameterError, match="did not make"):
        check_space(storage, "s there", SPACE, "here")


def test_a_line_that_was_never_finished_is_cut_off(tmp_path):
    path = tmp_path / "j"
    _, study = study_in(path)
    study.tell(study.ask(), 1.0)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":4,"worker_')
    _, again = study_in(path)
    again.tell(again.ask(), 2.0)
    assert path.read_bytes().startswith(whole)
    assert [t.value for t in study_in(path)[1].trials] == [1.0, 2.0]


@pytest.mark.timeout(60)
def test_a_pipe_is_refused_before_it_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ParameterError, match="it is no plain file"):
        open_storage(str(tmp_path / "pipe"), tmp_path)


def test_a_journal_with_a_line_nested_without_end_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "j"
    study_in(path)
    content = path.read_bytes() + b"[" * 100_000 + b"\n"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match="not a journal of Optuna"):
        open_storage(str(path), tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("space", [5, [], "x", True])
def test_a_study_that_remembers_no_search_space_is_refused(tmp_path, space):
    storage, study = study_in(tmp_path / "j")
    study.set_user_attr("search_space", space)
    with pytest.raises(ParameterError, match="did not make"):
        check_space(storage, study.study_name, SPACE, "here")


@pytest.mark.parametrize("content", [b"label,tweet\n0,hello\n1,bye", b"\x00\xff\x00", b"{}\n"])
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match="not a journal"):
        open_storage(str(path), tmp_path)
    assert path.read_bytes() == content


def test_places_that_cannot_be_opened_are_named(tmp_path):
    with pytest.raises(ParameterError, match="cannot be opened"):
        open_storage(str(tmp_path / "no" / "such" / "folder" / "j"), tmp_path)
    with pytest.raises(ParameterError, match="cannot be opened"):
        open_storage(str(tmp_path), tmp_path)
    if os.geteuid():
        tmp_path.chmod(0o500)
        with pytest.raises(ParameterError, match="cannot be opened"):
            open_storage(str(tmp_path / "j"), tmp_path)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("sqlite:///sweep.db", "not supported"),
        ("redis://localhost", "not supported"),
        ("postgresql+nothing://localhost/x", "cannot be used"),
    ],
)
def test_other_databases_are_refused(tmp_path, monkeypatch, address, reason):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=reason):
        open_storage(address, tmp_path / "default")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    started = time.monotonic()
    address = f"postgresql://ada:secret@127.0.0.1:{free_port()}/sweeps"
    with pytest.raises(ParameterError, match="cannot be reached") as error:
        open_storage(address, tmp_path / "default")
    assert "secret" not in str(error.value)
    assert time.monotonic() - started < 30
    assert public_storage(address).startswith("postgresql://127.0.0.1:")
    assert public_storage("/a/b.journal") == "/a/b.journal"


@pytest.mark.parametrize(
    "address",
    ["postgresql://h:abc/x", "postgresql://[::1/x", "postgresql://ada:pa@ss:w0rd@h/x"],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(tmp_path, address):
    with pytest.raises(ParameterError, match="postgresql://USER@HOST:5432/DATABASE") as caught:
        open_storage(address, tmp_path / "default")
    assert "w0rd" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.slow
def test_on_postgresql_a_silent_trial_is_taken_over_by_another_machine(tmp_path, monkeypatch):
    space = toy_space(epochs=(10, 10))

    stack = contextlib.ExitStack()

    def search(host, address):
        storage = open_storage(address, tmp_path)
        stack.callback(storage.engine.dispose)  # the server waits for its clients to leave
        stack.callback(storage.remove_session)
        study = open_study(storage, "s there", SPACE, 1)
        # No process of another machine is ever known to be gone.
        mine = Search("there", study, space, Rules("grid", 2, ("t",)), host, lambda _: False)
        return storage, mine

    monkeypatch.setattr("hybridrep.sweeping.storage.HEARTBEAT_SECONDS", 1)
    monkeypatch.setattr("hybridrep.sweeping.storage.GRACE_SECONDS", 3)
    try:
        with postgresql() as address, stack:
            bare = address.replace("+psycopg2", "")
            storage, silent = search({"host": "a"}, bare)
            silent.resume()
            with heartbeats(storage, asked := silent.ask(1)):
                _, other = search({"host": "b"}, bare)
                other.resume()
                (taken,) = other.ask(2)  # the other one is at work elsewhere
                other.complete(taken, {"t": 1.0})
                time.sleep(4)  # longer than the grace, but it gives signs of life
                other.reclaim()
                assert other.ask(1) == []
                assert other.pending()
            time.sleep(5)  # now it is silent
            other.reclaim()
            (again,) = other.ask(2)
            assert again.key == asked[0].key
            assert again.point == asked[0].point
            other.complete(again, {"t": 2.0})
            assert [a.measures["t"] for a in other.attempts()] in ([1.0, 2.0], [2.0, 1.0])
            assert not other.pending()
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_trial_gives_a_sign_of_life_as_soon_as_it_is_asked_for(tmp_path):
    """Else one whose machine dies before the batch is complete would be waited for for ever."""
    space = toy_space(epochs=(10, 10))
    with quiet():
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{tmp_path}/s.db", heartbeat_interval=1, grace_period=1
        )
    study = open_study(storage, "s there", SPACE, 1)
    dying, other = (
        Search("there", study, space, Rules("grid", 2, ("t",)), {"host": host}, lambda _: False)
        for host in "ab"
    )
    dying.resume()
    (lost,) = dying.ask(1)
    other.reclaim()
    assert other.pending()
    time.sleep(3)
    other.reclaim()
    assert not other.pending()
    assert lost.key in [asked.key for asked in other.ask(2)]
    storage.remove_session()
    storage.engine.dispose()


def test_a_journal_needs_no_heartbeats(tmp_path):
    storage, _ = study_in(tmp_path / "j")
    with heartbeats(storage, []):
        pass
    assert HEARTBEAT_SECONDS > 1
