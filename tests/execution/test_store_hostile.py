"""A store that somebody has edited: nothing outside of it is read or removed, nothing hangs."""

import errno
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from hybridrep.command import exit_code
from hybridrep.errors import StoreError
from hybridrep.execution import disk
from hybridrep.execution.fingerprint import canonical_json
from hybridrep.execution.store import Store
from hybridrep.execution.stored import is_outdated
from hybridrep.running.store_command import store as command
from hybridrep.testing.execution_stores import fill, left_behind
from hybridrep.testing.execution_tasks import key

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def rewrite(folder, **changes):
    """Change a manifest, or leave parts of it out (None), and give it the digest of that."""
    content = {**json.loads((folder / "manifest.json").read_text())["content"], **changes}
    put(folder, {name: value for name, value in content.items() if value is not None})


def put(folder, content):
    digest = hashlib.sha256(canonical_json(content).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"sha256": digest, "content": content}))


def add_file(folder, name, size, content=b""):
    manifest = json.loads((folder / "manifest.json").read_text())["content"]
    record = {"bytes": size, "sha256": hashlib.sha256(content).hexdigest()}
    rewrite(folder, files={**manifest["files"], name: record})


def make(folder, name, maker):
    (folder / name).unlink()
    maker(folder / name)


def link_to(target):
    return lambda path: path.symlink_to(target)


PASSWORDS = Path("/etc/passwd")
FAULTS = {
    "nested without end": lambda f: (f / "manifest.json").write_text("[" * 200_000),
    "nested content": lambda f: (f / "manifest.json").write_text(
        f'{{"sha256": "", "content": {"[" * 900}{"]" * 900}}}'
    ),
    "a list": lambda f: put(f, [1]),
    **{
        f"no {part}": lambda f, part=part: rewrite(f, **{part: None})
        for part in ("key", "stage", "format", "meta", "inputs", "seconds", "created", "files")
    },
    "format a text": lambda f: rewrite(f, format="x"),
    "format a truth": lambda f: rewrite(f, format=True),
    "created on a word": lambda f: rewrite(f, created="yesterday"),
    "created a number": lambda f: rewrite(f, created=7),
    "created before all": lambda f: rewrite(f, created="0001-01-01T00:00:00+14:00"),
    "created in the year 1": lambda f: rewrite(f, created="0001-01-02T00:00:00+00:00"),
    "seconds a text": lambda f: rewrite(f, seconds="x"),
    "seconds nan in a text": lambda f: rewrite(f, seconds="nan"),
    "seconds without end": lambda f: rewrite(f, seconds=10**400),
    "meta a list": lambda f: rewrite(f, meta=[1]),
    "code a list": lambda f: rewrite(f, code=[1]),
    "code of numbers": lambda f: rewrite(f, code={"a": 1}),
    "files a list": lambda f: rewrite(f, files=["a"]),
    "files of texts": lambda f: rewrite(f, files={"a.json": "x"}),
    "a size that is a text": lambda f: add_file(f, "a.json", "x"),
    "a size beyond all": lambda f: add_file(f, "a.json", 10**30),
    "a file elsewhere": lambda f: add_file(
        f, str(PASSWORDS), PASSWORDS.stat().st_size, PASSWORDS.read_bytes()
    ),
    "a file above": lambda f: add_file(f, "../x.json", 0),
    "a file without end": lambda f: add_file(f, "/dev/zero", 0),
    "a file with a NUL": lambda f: add_file(f, "a\0", 1),
    "a file with a long name": lambda f: add_file(f, "a" * 300, 1),
    "another stage": lambda f: rewrite(f, stage="rsa"),
    "a stage elsewhere": lambda f: rewrite(f, stage="/tmp"),
    "a stage above": lambda f: rewrite(f, stage=".."),
    "a stage that paints": lambda f: rewrite(f, stage="\x1b[31mred"),
    "manifest a pipe": lambda f: make(f, "manifest.json", os.mkfifo),
    "manifest a folder": lambda f: make(f, "manifest.json", os.mkdir),
    "manifest a loop": lambda f: make(f, "manifest.json", link_to("manifest.json")),
    "manifest elsewhere": lambda f: make(f, "manifest.json", link_to(PASSWORDS)),
    "data a pipe": lambda f: make(f, "states.safetensors", os.mkfifo),
    "data a folder": lambda f: make(f, "states.safetensors", os.mkdir),
    "data a loop": lambda f: make(f, "states.safetensors", link_to("states.safetensors")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_manifest_says_is_damage_that_is_shown_pruned_and_mended(store, fault):
    folder = fill(store, "x")
    FAULTS[fault](folder)
    only_the_manifest = not fault.startswith("data")
    assert len(store.entries()) == (0 if only_the_manifest else 1)
    assert exit_code(command, ["show", "--store", str(store.root)]) == 0
    told = store.prune(dry_run=True)
    if only_the_manifest:
        assert told[["kind", "stage", "key"]].to_numpy().tolist() == [["damaged", "lstm", key("x")]]
    assert list(told["path"]) == [folder]

    assert not store.has(key("x"))
    (quarantined,) = (store.root / ".quarantine").iterdir()
    fill(store, "x")
    assert store.has(key("x"))
    assert list(store.prune()["path"]) == [folder, quarantined]
    assert not folder.exists()
    assert not quarantined.exists()


@pytest.mark.parametrize("fault", ["nested without end", "a stage elsewhere", "manifest a pipe"])
def test_what_is_damaged_is_pruned_where_it_lies_if_it_is_of_what_is_asked_for(store, fault):
    folder = fill(store, "x")
    good = fill(store, "good")
    FAULTS[fault](folder)
    assert store.prune(stages=["rsa"]).empty
    assert list(store.prune(keep=[key("x")], dry_run=True)["key"]) == [key("good")]
    assert list(store.prune(stages=["lstm"], keep=[key("good")])["path"]) == [folder]
    assert not folder.exists()
    assert good.exists()
    assert left_behind(store) == []


def test_nothing_outside_of_the_store_is_pruned(store, tmp_path):
    folder = fill(store, "x")
    victim = tmp_path / "victim" / key("x")[:2] / key("x")
    victim.mkdir(parents=True)
    (victim / "precious.txt").write_text("mine")
    rewrite(folder, stage=str(tmp_path / "victim"))
    assert exit_code(command, ["prune", "--store", str(store.root)]) == 0
    assert (victim / "precious.txt").read_text() == "mine"
    assert not folder.exists()


def test_the_folder_that_was_listed_is_the_one_that_is_pruned(store):
    folder = fill(store, "x")
    other = folder.parents[1] / "zz" / folder.name
    other.parent.mkdir()
    folder.rename(other)
    assert list(store.entries()["path"]) == [other]
    assert list(store.prune()["path"]) == [other]
    assert not other.exists()


@pytest.mark.parametrize(
    "name",
    ["", ".x", "..", "a..b", "__main__", "sys", "a\0b", "no.such", "é", "a/b", "." * 9,
     "a." * 10**5, "lib2to3.tests.data.py2_test_grammar", "os.path.x"],
)  # fmt: skip
def test_code_that_no_module_can_be_is_outdated(store, name):
    assert is_outdated({name: "0"})
    rewrite(fill(store, "x"), code={name: "0"})
    assert list(store.entries()["outdated"]) == [True]
    assert store.has(key("x"))


class TestLinks:
    def test_a_store_that_leads_to_itself_is_named(self, tmp_path, capsys):
        loop = tmp_path / "loop"
        loop.symlink_to(loop)
        assert exit_code(command, ["show", "--store", str(loop)]) == 2
        said = capsys.readouterr().err
        assert f"{loop} is a symbolic link that leads to itself" in said
        assert "parameter `store`" in said
        with pytest.raises(StoreError, match="leads to itself"):
            Store(loop).has(key("x"))

    def test_loops_inside_of_a_store_are_no_harm(self, store):
        fill(store, "x")
        (store.root / "loop").symlink_to(store.root / "loop")
        (store.root / "self").symlink_to(store.root)
        assert len(store.entries()) == 1
        assert store.has(key("x"))

    def test_of_a_result_that_is_a_link_only_the_link_is_pruned(self, store, tmp_path):
        folder = fill(store, "x")
        folder.rename(tmp_path / "moved")
        folder.symlink_to(tmp_path / "moved")
        assert list(store.prune(dry_run=True)["path"]) == [folder]
        assert exit_code(command, ["prune", "--store", str(store.root)]) == 0
        assert not folder.is_symlink()
        assert len(list((tmp_path / "moved").iterdir())) == 2
        assert left_behind(store) == []

    def test_what_an_earlier_removal_has_left_is_swept(self, store, tmp_path):
        store.temporary.mkdir(parents=True)
        ours = f"{disk._host()}.{2**22 + 1}"  # a number that no process has
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "file").write_text("mine")
        (store.temporary / f"{ours}.aa").symlink_to(tmp_path / "kept")
        (store.temporary / f"{ours}.bb").symlink_to(tmp_path / "nowhere")
        (store.temporary / f"{ours}.cc").write_text("a file")
        table = store.prune(dry_run=True)
        assert sorted(table["kind"]) == ["left over"] * 3
        store.sweep()
        assert left_behind(store) == []
        assert (tmp_path / "kept" / "file").read_text() == "mine"


class TestTheTemporaryFolder:
    def test_one_that_is_a_file_is_named_where_it_is_needed(self, store):
        store.root.mkdir()
        store.temporary.write_text("x")
        store.sweep()
        assert store.prune().empty
        with pytest.raises(StoreError, match=r"\.tmp.* is a file, not a folder"):
            store.check_writable()

    @pytest.mark.parametrize("pid", [10**30, -1, 0, "9" * 200])
    def test_a_name_with_a_number_that_no_process_has_is_left_over(self, store, pid):
        (store.temporary / f"{disk._host()}.{pid}.aa").mkdir(parents=True)
        store.sweep()
        assert left_behind(store) == []

    def test_one_that_cannot_be_listed_is_explained(self, store, monkeypatch):
        def fail(_folder):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(disk, "left_over", fail)
        for use in (store.sweep, store.prune):
            with pytest.raises(StoreError, match=re.escape(os.strerror(errno.EIO))):
                use()
