"""Results go into the store whole and come back as they were; damaged ones are noticed."""

import gc
import json
import logging
import os
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridrep.errors import StoreError
from hybridrep.execution import stored
from hybridrep.execution.store import Store
from hybridrep.testing.execution_stores import ARRAYS, DAMAGES, TABLE, fill, left_behind
from hybridrep.testing.execution_tasks import key, write


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


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


def test_making_a_store_touches_nothing_and_survives_travel(store, tmp_path, monkeypatch):
    assert not store.root.exists()
    assert store.entries().empty
    assert store.prune().empty
    back = pickle.loads(pickle.dumps(Store(store.root, 2.0, print)))
    assert (back, back.expected_seconds, back.listener) == (store, 2.0, None)
    monkeypatch.chdir(tmp_path)
    assert Store(Path("relative")).root == tmp_path / "relative"


def test_estimate_and_listener_are_no_part_of_equality(store):
    other = Store(store.root, 2.0, print)
    assert (other, hash(other)) == (store, hash(store))
    assert other != Store(store.root / "elsewhere")


def test_listener_hears_of_what_is_written(store):
    heard = []
    fill(Store(store.root, listener=heard.append), "x")
    assert heard == [key("x")]


class TestALook:
    def test_sees_what_is_there_and_leaves_nothing(self, tmp_path):
        store = Store(tmp_path / "store")
        write(store, key("old"))
        before = sorted(tmp_path.rglob("*"))
        look = store.untouched()
        write(look, key("new"), 3.0)
        assert look.has(key("old"))
        assert look.open(key("new")).arrays("a")["value"] == 3.0
        assert not store.has(key("new"))
        assert sorted(tmp_path.rglob("*")) == before
        folder = look.scratch.folder
        assert folder.is_dir()
        del look
        gc.collect()
        assert not folder.exists()

    def test_asks_whether_a_store_could_be_made_without_making_it(self, tmp_path):
        Store(tmp_path / "a" / "b").check_makeable()
        assert [*tmp_path.iterdir()] == []
        (tmp_path / "file").write_text("x")
        with pytest.raises(StoreError, match="is a file, not a folder"):
            Store(tmp_path / "file" / "store").check_makeable()

    def test_what_is_in_the_way_of_a_store_is_named(self, tmp_path):
        (tmp_path / "file").write_text("x")
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        with pytest.raises(StoreError, match=r"/file is a file, not a folder. Move it away"):
            write(Store(tmp_path / "file"), key("a"))
        with pytest.raises(StoreError, match=r"/link is a symbolic link that leads nowhere"):
            write(Store(tmp_path / "link"), key("a"))

    @pytest.mark.skipif(not Path("/proc/version").exists(), reason="a read-only place of Linux")
    def test_a_place_that_cannot_be_written_is_told(self):
        with pytest.raises(StoreError, match=r"cannot be used.*(read-only|denied|set the param)"):
            Store(Path("/proc/1/store")).check_makeable()
