"""What is in the store, and taking it away."""

import json
import multiprocessing
import os
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from hybridrep.errors import StoreError
from hybridrep.execution import disk, stored
from hybridrep.execution.store import Store
from hybridrep.testing.execution_stores import DAMAGES, fill, left_behind
from hybridrep.testing.execution_tasks import key


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


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
