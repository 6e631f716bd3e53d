import errno
import json
import logging
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridrep.errors import StoreError
from hybridrep.execution import disk, stored
from hybridrep.execution import store as store_module
from hybridrep.execution.disk import StoreUnwritableError
from hybridrep.execution.store import Store
from tests.execution_tasks import key

ARRAYS = {"states": {"weight": np.arange(12, dtype=np.float32).reshape(3, 4), "n": np.array(3)}}
TABLE = pd.DataFrame({"seed": [0, 1], "name": ["a", None], "value": [0.5, float("nan")]})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def fill(store, name, **more):
    more = {"stage": "lstm", "inputs": {"seed": 3}, "arrays": ARRAYS, "seconds": 2.5, **more}
    store.write(key(name), **more)
    return store.root / more["stage"] / key(name)[:2] / key(name)


def left_behind(store):
    return [p.name for p in store.temporary.iterdir()] if store.temporary.exists() else []


def test_everything_comes_back(store):
    assert not store.has(key("x"))
    fill(
        store,
        "x",
        tables={"curves": TABLE},
        files={"picture.png": b"\x89PNG", "raw.npz": b"1"},
        meta={"note": "é", "list": [1, 2.5]},
    )
    result = store.open(key("x"))
    weight = result.arrays("states")["weight"]
    assert weight.dtype == np.float32
    np.testing.assert_array_equal(weight, ARRAYS["states"]["weight"])
    assert result.arrays("states")["n"].shape == ()
    weight += 1  # the caller's own copy
    np.testing.assert_array_equal(result.arrays("states")["weight"], ARRAYS["states"]["weight"])
    pd.testing.assert_frame_equal(result.table("curves"), TABLE)
    assert result.file("picture.png").read_bytes() == b"\x89PNG"
    assert (result.stage, result.key, result.seconds) == ("lstm", key("x"), 2.5)
    assert result.inputs == {"seed": 3}
    assert result.meta == {"note": "é", "list": [1, 2.5]}
    assert abs(result.created - datetime.now(UTC)) < timedelta(minutes=1)
    assert left_behind(store) == []


@settings(deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u8", "?", ">f4"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    ),
    st.sampled_from(["", "transposed", "stepped"]),
)
def test_arrays_of_any_layout_come_back(tmp_path_factory, array, layout):
    if layout == "transposed":
        array = array.T
    elif layout == "stepped" and array.ndim:
        array = array[::-2]
    store = Store(tmp_path_factory.mktemp("store"))
    fill(store, "x", arrays={"a": {"value": array}})
    back = store.open(key("x")).arrays("a")["value"]
    assert back.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(back, array)


def test_layout_and_formats(store):
    folder = fill(store, "x", tables={"t": TABLE})
    assert sorted(p.name for p in folder.iterdir()) == [
        "manifest.json",
        "states.safetensors",
        "t.parquet",
    ]
    assert json.loads((folder / "manifest.json").read_text())["content"]["key"] == key("x")


@pytest.mark.parametrize(
    "more",
    [
        {"arrays": {"a": {"x": np.array(["text"])}}},
        {"arrays": {"a": {"x": np.array([object()])}}},
        {"arrays": {"a": {"x": [1, 2]}}},
        {"files": {"model.pkl": b""}},
        {"files": {"model.pt": b""}},
        {"files": {"../out.json": b""}},
        {"files": {".hidden.json": b""}},
        {"files": {"manifest.json": b""}},
        {"files": {"a/b.json": b""}},
        {"files": {"states.safetensors": b""}},
        {"arrays": {"../a": {}}},
        {"tables": {"t": pd.DataFrame({"x": [1, "a"]})}},
        {"stage": "../lstm"},
        {"stage": ".tmp"},
        {"meta": {"x": np.float64(1)}},
        {"meta": {"x": float("nan")}},
        {"inputs": {"x": Path("a")}},
    ],
)
def test_what_may_not_be_stored_is_refused(store, more):
    with pytest.raises(StoreError):
        fill(store, "x", **more)
    assert not store.has(key("x"))
    assert left_behind(store) == []


@pytest.mark.parametrize("bad", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a/" * 32])
def test_only_keys_are_looked_up(store, bad):
    for use in (store.has, store.open):
        with pytest.raises(StoreError, match="no key"):
            use(bad)
    with pytest.raises(StoreError, match="no key"):
        store.write(bad, stage="lstm", inputs={}, seconds=0)


def test_missing_results_and_parts_are_named(store):
    with pytest.raises(StoreError, match="run the same command again"):
        store.open(key("x"))
    fill(store, "x")
    with pytest.raises(StoreError, match=r"has no 'other.parquet'; it has: states.safetensors"):
        store.open(key("x")).table("other")


def damage_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "a byte changed": lambda f: damage_byte(f / "states.safetensors"),
    "cut": lambda f: os.truncate(f / "states.safetensors", 10),
    "grown": lambda f: (f / "states.safetensors").open("ab").write(b"x"),
    "empty": lambda f: os.truncate(f / "states.safetensors", 0),
    "file gone": lambda f: (f / "states.safetensors").unlink(),
    "manifest changed": lambda f: damage_byte(f / "manifest.json"),
    "manifest cut": lambda f: os.truncate(f / "manifest.json", 100),
    "manifest empty": lambda f: os.truncate(f / "manifest.json", 0),
    "manifest gone": lambda f: (f / "manifest.json").unlink(),
    "manifest no mapping": lambda f: (f / "manifest.json").write_text("[1]"),
    "manifest NULs": lambda f: (f / "manifest.json").write_bytes(bytes(300)),
    "other key": lambda f: f.rename(f.parent / (f.name[:2] + "0" * 62)),
}


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_damaged_results_count_as_missing(store, caplog, damage, seen_before):
    folder = fill(store, "x")
    if seen_before:
        assert store.has(key("x"))
    DAMAGES[damage](folder)
    lost = key("x") if damage != "other key" else key("x")[:2] + "0" * 62
    with caplog.at_level(logging.WARNING):
        assert not store.has(lost)
    assert "is damaged" in caplog.text
    assert len(list((store.root / ".quarantine").iterdir())) == 1
    fill(store, "x")
    np.testing.assert_array_equal(
        store.open(key("x")).arrays("states")["weight"], ARRAYS["states"]["weight"]
    )


def test_every_byte_of_the_manifest_is_watched(store):
    folder = fill(store, "x", meta={"score": 0.5})
    manifest = folder / "manifest.json"
    good = manifest.read_bytes()
    for place in range(0, len(good), 7):
        bad = bytearray(good)
        bad[place] ^= 0x10
        manifest.write_bytes(bad)
        assert not store.has(key("x")) or json.loads(bad) == json.loads(good)
        (store.root / ".quarantine").exists() and [
            p.rename(folder) for p in (store.root / ".quarantine").iterdir()
        ]
        manifest.write_bytes(good)
    assert store.has(key("x"))


def test_writing_replaces_a_damaged_result(store):
    folder = fill(store, "x")
    DAMAGES["cut"](folder)
    fill(store, "x")
    assert store.has(key("x"))


def test_results_of_a_later_version_are_left_alone(store, monkeypatch):
    monkeypatch.setattr(stored, "_FORMAT", 2)
    fill(store, "x")
    monkeypatch.setattr(stored, "_FORMAT", 1)
    with pytest.raises(StoreError, match="later version"):
        store.has(key("x"))
    assert not (store.root / ".quarantine").exists()


def test_a_result_is_hashed_once_a_process(store, monkeypatch):
    fill(store, "x")
    hashed = []
    real = stored.hashlib.file_digest
    monkeypatch.setattr(
        stored.hashlib, "file_digest", lambda f, a: hashed.append(f.name) or real(f, a)
    )
    for _ in range(3):
        assert store.has(key("x"))
        store.open(key("x"))
    assert len(hashed) == 1
    os.utime(store.open(key("x")).file("states.safetensors"), (1, 1))
    assert store.has(key("x"))
    assert len(hashed) == 2


def test_the_second_writer_loses_quietly(store):
    fill(store, "x", seconds=1.0)
    fill(store, "x", seconds=2.0)
    assert store.open(key("x")).seconds == 1.0


def test_writers_at_the_same_moment(store, monkeypatch):
    """All see the result missing, then all write it: one wins, none fails, it is whole."""
    count = 8
    together = threading.Barrier(count)
    real = disk.write_folder

    def write_folder(*args):
        together.wait()
        return real(*args)

    monkeypatch.setattr(disk, "write_folder", write_folder)
    errors = []

    def work(number):
        try:
            fill(store, "x", arrays={"states": {"n": np.full(1000, number)}})
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert errors == []
    assert len(set(store.open(key("x")).arrays("states")["n"])) == 1
    assert left_behind(store) == []


def test_interrupted_writes_leave_nothing(store, monkeypatch):
    def interrupt(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(disk.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fill(store, "x")
    assert not store.has(key("x"))
    assert left_behind(store) == []


WRITER = """
import sys
import numpy as np
from hybridrep.execution.store import Store
from tests.execution_tasks import key
store = Store(sys.argv[1])
print("ready", flush=True)
for n in range(10_000):
    arrays = {str(a): {"x": np.full(200_000, n)} for a in range(4)}
    store.write(key(f"{n}"), stage="lstm", inputs={}, arrays=arrays, seconds=1)
"""


@pytest.mark.slow
def test_kill_9_while_writing_leaves_whole_results_or_none(store):
    generator = np.random.default_rng(0)
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store.root)], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(generator.uniform(0.05, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    found = [f for f in store.root.glob("lstm/*/*") if f.is_dir()]
    assert found
    for folder in found:
        assert store.has(folder.name)
    assert not (store.root / ".quarantine").exists(), "nothing half-written may appear"
    store.sweep()
    assert left_behind(store) == []


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


def test_making_a_store_touches_nothing_and_survives_travel(store, tmp_path, monkeypatch):
    assert not store.root.exists()
    assert store.entries().empty
    assert store.prune().empty
    assert pickle.loads(pickle.dumps(Store(store.root, 2.0, print))) == Store(store.root, 2.0)
    monkeypatch.chdir(tmp_path)
    assert Store(Path("relative")).root == tmp_path / "relative"


def test_listener_hears_of_what_is_written(store):
    heard = []
    fill(Store(store.root, listener=heard.append), "x")
    assert heard == [key("x")]


def test_entries(store):
    fill(store, "x", seconds=1.5)
    fill(Store(store.root, expected_seconds=4.0), "y", stage="rsa", files={"a.json": b"{}"})
    table = store.entries()
    assert list(table["stage"]) == ["lstm", "rsa"]
    assert list(table["key"]) == [key("x"), key("y")]
    assert list(table["seconds"]) == [1.5, 2.5]
    assert list(table["expected_seconds"]) == [0.0, 4.0]
    assert list(table["files"]) == [1, 2]
    sizes = [store.open(k).file("states.safetensors").stat().st_size for k in table["key"]]
    assert list(table["bytes"]) == [sizes[0], sizes[1] + 2]
    assert table["created"].is_monotonic_increasing
    assert str(table["created"].dt.tz) == "UTC"


def age(folder, days):
    """Rewrite a result as if it were older."""
    manifest = json.loads((folder / "manifest.json").read_text())["content"]
    manifest.pop("files")
    created = datetime.now(UTC) - timedelta(days=days)
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"}
    (folder / "manifest.json").write_bytes(stored.manifest_bytes(manifest, files, created))


def test_prune_by_age_stage_and_key(store):
    old = fill(store, "old")
    age(old, 10)
    kept = fill(store, "kept")
    age(kept, 10)
    other = fill(store, "other", stage="rsa")
    age(other, 10)
    new = fill(store, "new")
    how = {"older_than": timedelta(days=5), "stages": ["lstm"], "keep": {key("kept")}}
    told = store.prune(**how, dry_run=True)
    assert list(told["key"]) == [key("old")]
    assert old.exists()
    removed = store.prune(**how)
    pd.testing.assert_frame_equal(removed, told)
    assert [f.exists() for f in (old, kept, other, new)] == [False, True, True, True]
    assert not store.has(key("old"))
    assert store.has(key("kept"))
    assert set(store.prune()["key"]) == {key("kept"), key("other"), key("new")}
    assert store.entries().empty
    assert left_behind(store) == []


def test_prune_takes_what_the_dead_have_left(store):
    dead = multiprocessing.get_context("spawn").Process(target=os.getpid)
    dead.start()
    dead.join()
    host = disk._host()
    for name in (f"{host}.{dead.pid}.aa", f"{host}.{os.getpid()}.bb", "other-host.1.cc"):
        (store.temporary / name).mkdir(parents=True)
        (store.temporary / name / "half.safetensors").write_bytes(b"12345")
    long_ago = time.time() - 3 * 24 * 3600
    (store.temporary / "far-away.1.dd").mkdir()
    os.utime(store.temporary / "far-away.1.dd", (long_ago, long_ago))
    DAMAGES["cut"](fill(store, "x"))
    store.has(key("x"))
    table = store.prune(stages=[])
    assert sorted(table["kind"]) == ["damaged", "left over", "left over"]
    assert table.loc[table["key"].str.endswith(".aa"), "bytes"].item() == 5
    assert sorted(left_behind(store)) == sorted([f"{host}.{os.getpid()}.bb", "other-host.1.cc"])


def test_a_result_removed_while_open_is_explained(store):
    fill(store, "x")
    result = store.open(key("x"))
    store.prune()
    with pytest.raises(StoreError, match="removed while it was in use"):
        result.arrays("states")
    assert not store.has(key("x"))


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
