"""The folder for temporary files, missing or full, is told from other disks."""

import errno
import gc
import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from hybridrep.errors import ExecutionError, TrackingError
from hybridrep.execution import temporary
from hybridrep.execution.temporary import Scratch, check_temporary_folder, temporary_fault
from hybridrep.tracking.server import readable_errors


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def full(folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
    return folder


def test_one_with_room_is_content(folder):
    check_temporary_folder()


def test_a_full_one_is_refused_before_any_work(full):
    with pytest.raises(ExecutionError, match=r"has 1.0 MiB left, and 32 are needed.*TMPDIR"):
        check_temporary_folder()


def test_none_at_all_is_refused(monkeypatch):
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/x']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(ExecutionError, match=r"No usable temporary directory.*TMPDIR"):
        check_temporary_folder()


FULL = OSError(errno.ENOSPC, "No space left on device")


def test_a_full_one_is_blamed_and_not_the_artifacts_disk(full):
    with pytest.raises(TrackingError) as caught, readable_errors("sqlite:///x.db", "logging"):
        raise FULL
    assert "logging failed: the folder for temporary files" in str(caught.value)
    assert "artifacts of" not in str(caught.value)


def test_a_file_in_it_is_enough_to_blame_it(folder):
    denied = PermissionError(errno.EACCES, "denied", str(folder / "hybridrep-x" / "f"))
    assert temporary_fault(denied).startswith(f"the folder for temporary files, {folder}, cannot")
    assert temporary_fault(OSError(errno.ENOSPC, "full", str(folder / "f"))).endswith("again")


def test_another_full_disk_is_none_of_its_faults(folder):
    assert temporary_fault(FULL) == ""
    with pytest.raises(TrackingError, match="artifacts of"), readable_errors("sqlite:///x", "log"):
        raise OSError(errno.ENOSPC, "full", "/elsewhere/file")


def test_a_disk_that_is_mounted_in_it_is_not_its_own(folder, monkeypatch):
    mounted = folder / "mounted"
    mounted.mkdir()
    own = temporary._disk
    monkeypatch.setattr(temporary, "_disk", lambda p: -7 if mounted in p.parents else own(p))
    for number in (errno.ENOSPC, errno.EROFS):
        assert temporary_fault(OSError(number, "fault", str(mounted / "artifacts" / "f"))) == ""
        assert temporary_fault(OSError(number, "fault", str(folder / "artifacts" / "f")))


@pytest.mark.skipif(not hasattr(os, "sendfile"), reason="copies otherwise")
def test_of_a_copy_the_disk_that_is_written_is_blamed(folder, tmp_path_factory, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "sendfile", full)
    made, artifact = folder / "hybridrep-x", tmp_path_factory.mktemp("artifacts") / "x"
    made.write_text("an artifact")
    with pytest.raises(OSError, match="No space left") as caught:
        shutil.copyfile(made, artifact)
    assert caught.value.filename == str(made)  # as `shutil` names what it read, too
    assert temporary_fault(caught.value) == ""
    with pytest.raises(OSError, match="No space left") as caught:
        shutil.copyfile(artifact, made)
    assert "TMPDIR" in temporary_fault(caught.value)


def test_what_is_not_there_yet_is_on_the_disk_of_what_it_would_be_in(folder):
    assert temporary._disk(folder / "a" / "b") == folder.stat().st_dev
    (folder / "file").touch()
    assert temporary._disk(folder / "file" / "b") == folder.stat().st_dev
    assert temporary._disk(Path("/proc/self/status")) != folder.stat().st_dev


def test_a_scratch_folder_goes_with_its_last_reference(folder):
    scratch = other = Scratch()
    (scratch.folder / "a").write_text("b")
    del scratch
    gc.collect()
    assert other.folder.is_dir()
    del other
    gc.collect()
    assert [*folder.iterdir()] == []
    assert temporary.LEAST_BYTES > 0
