"""A disk that is full, read-only or failing: what it means for the store, and what is said."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from hybridrep.errors import StoreError
from hybridrep.execution import disk
from hybridrep.execution import store as store_module
from hybridrep.execution.disk import StoreUnwritableError
from hybridrep.execution.store import Store
from hybridrep.testing.execution_stores import DAMAGES, fill, left_behind
from hybridrep.testing.execution_tasks import key


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB, where the user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root on Linux only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_explained_and_leaves_nothing(small_disk):
    store = Store(small_disk / "store")
    fill(store, "small")
    with pytest.raises(StoreUnwritableError, match=r"disk is full.*prune"):
        fill(store, "big", arrays={"a": {"x": np.zeros(500_000)}})
    assert left_behind(store) == []
    assert store.has(key("small"))
    fill(store, "also small")


def test_a_read_only_disk_is_explained(small_disk):
    store = Store(small_disk / "store")
    folder = fill(store, "x")
    damaged = fill(store, "y")
    DAMAGES["cut"](damaged)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreUnwritableError, match="read-only"):
        store.check_writable()
    with pytest.raises(StoreUnwritableError, match="read-only"):
        fill(store, "z")
    assert store.has(key("x"))
    assert not store.has(key("y"))  # it cannot be moved away, but is not used
    assert folder.exists()


@pytest.mark.parametrize("number", ["EACCES", "EPERM", "ESTALE", "ENOSPC", "EDQUOT"])
def test_any_error_of_the_disk_says_where_and_what_to_do(store, monkeypatch, number):
    def fail(_handle):
        raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)))

    monkeypatch.setattr(disk.os, "fsync", fail)
    with pytest.raises(StoreUnwritableError, match="parameter `store`") as caught:
        fill(store, "x")
    assert str(store.root) in str(caught.value)
    assert left_behind(store) == []


def test_a_file_in_the_place_of_the_folder_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritableError, match="not a folder"):
        Store(tmp_path / "file").check_writable()


def test_checking_a_good_folder_leaves_nothing(store):
    store.check_writable()
    store.check_writable()
    assert left_behind(store) == []


@pytest.mark.parametrize(("number", "is_damage"), [("EACCES", False), ("EIO", True)])
def test_forbidden_results_are_not_taken_for_damaged(store, monkeypatch, number, is_damage):
    fill(store, "x")

    def fail(_folder):
        raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)))

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "read_verified", fail)
        if is_damage:
            assert not store.has(key("x"))
        else:
            with pytest.raises(StoreError, match="permission denied"):
                store.has(key("x"))
    assert store.has(key("x")) is not is_damage
