"""Values and ids from files of every kind, and what is refused."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from hybridrep.errors import RepresentationError
from hybridrep.sources.vectors.files import read_file

VALUES = np.random.default_rng(0).normal(size=(6, 3))
IDS = [f"item {n}" for n in range(6)]


def npy(folder):
    np.save(folder / "x.npy", VALUES)
    (folder / "x.ids.txt").write_text("\n".join(IDS))
    return folder / "x.npy"


def things(folder):
    """As thingsvision leaves them."""
    np.save(folder / "features.npy", VALUES)
    (folder / "file_names.txt").write_text("\n".join(IDS) + "\n")
    return folder / "features.npy"


def npz(folder):
    np.savez(folder / "x.npz", features=VALUES, ids=IDS, other=np.zeros(2))
    return folder / "x.npz"


def safetensors(folder):
    save_file({"embeddings": VALUES}, folder / "x.safetensors", {"ids": json.dumps(IDS)})
    return folder / "x.safetensors"


def parquet(folder):
    pd.DataFrame({"id": IDS, "embedding": list(VALUES)}).to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def csv(folder):
    table = pd.DataFrame(VALUES, columns=["dim_2", "dim_0", "dim_1"])
    table = table[["dim_1", "dim_2", "dim_0"]].assign(stimulus_id=IDS, label="a")
    table.to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def h5(folder):
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "x.h5", "w") as file:
        file["features"] = VALUES
        file["ids"] = IDS
    return folder / "x.h5"


def rsatoolbox(folder):
    data = pytest.importorskip("rsatoolbox.data")
    dataset = data.Dataset(VALUES, obs_descriptors={"stimulus": IDS})
    dataset.save(folder / "x.h5", file_type="hdf5")
    return folder / "x.h5"


@pytest.mark.parametrize(
    "write", [npy, things, npz, safetensors, parquet, csv, h5, rsatoolbox], ids=lambda f: f.__name__
)
def test_every_kind_of_file_gives_values_and_ids(write, tmp_path):
    found = read_file(write(tmp_path))
    values = VALUES[:, [1, 2, 0]] if write is csv else VALUES
    np.testing.assert_allclose(found.values, values)
    assert found.ids == IDS
    if write is csv:
        assert found.items["label"].tolist() == ["a"] * 6


def test_rdms_of_rsatoolbox_keep_their_patterns(tmp_path):
    rdms = pytest.importorskip("rsatoolbox.rdm")
    given = rdms.RDMs(np.arange(1.0, 16.0)[None], pattern_descriptors={"conds": IDS})
    given.save(tmp_path / "x.h5", file_type="hdf5")
    found = read_file(tmp_path / "x.h5")
    assert found.ids == IDS
    np.testing.assert_array_equal(found.values, given.dissimilarities)


def test_an_array_of_several_is_named(tmp_path):
    np.savez(tmp_path / "x.npz", first=VALUES, second=VALUES + 1)
    np.testing.assert_array_equal(read_file(tmp_path / "x.npz", "second").values, VALUES + 1)
    with pytest.raises(RepresentationError, match="holds first, second: name the one"):
        read_file(tmp_path / "x.npz")
    with pytest.raises(RepresentationError, match="no array 'third'; there are first, second"):
        read_file(tmp_path / "x.npz", "third")


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("it was run",))


def test_pickles_are_never_run_and_the_message_says_how_to_convert(tmp_path):
    (tmp_path / "x.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RepresentationError, match=r"torch\.load\('x\.pt', weights_only=True\)"):
        read_file(tmp_path / "x.pt")
    np.save(tmp_path / "x.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(RepresentationError, match=r"x\.npy: holds Python objects"):
        read_file(tmp_path / "x.npy")
    np.savez(tmp_path / "x.npz", features=np.array([Bomb()], dtype=object))
    with pytest.raises(RepresentationError, match=r"x\.npz: holds Python objects"):
        read_file(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.npy", b"no array", r"x\.npy: cannot be read: it is no file of NumPy"),
        ("x.npy", b"PK\x03\x04 an archive", r"an archive of arrays: let its name end in \.npz"),
        ("x.npy", b"\x93NUMPY\x01\x00\xff\xff{" + b" " * 70000, r"x\.npy: cannot be read"),
        ("x.npz", b"\x93NUMPY\x01\x00", r"a single array: let its name end in \.npy"),
        ("x.npz", b"PK\x03\x04 cut", r"x\.npz: cannot be read"),
        ("x.safetensors", b"\xff" * 20, r"x\.safetensors: cannot be read"),
        ("x.parquet", b"no table", r"x\.parquet: cannot be read"),
        ("x.csv", b"id,a\n1,2\n", "has neither a column `embedding`"),
        ("x.csv", b"id,0,2\na,1,2\n", "2 columns of numbers, from 0 to 2: .* without a gap"),
        ("x.csv", b"id,0,1\na,1,2\nb,1,two\n", r"x\.csv, row 2, column 1: 'two' is no number"),
        ("x.csv", b'id,embedding\na,"[1, 2]"\nb,"[1]"\n', r"row 2: has 1 numbers, row 1 2"),
        ("x.csv", b"id,embedding\na,what\n", "row 1: is no list of numbers"),
        ("x.txt", b"1 2 3", "files of values end in .csv, .h5"),
    ],
)
def test_what_is_damaged_or_something_else_is_refused(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RepresentationError, match=message):
        read_file(tmp_path / name)


def test_ids_that_are_no_list_or_no_text_are_said_to_be(tmp_path):
    save_file({"features": VALUES}, tmp_path / "x.safetensors", {"ids": "first, second"})
    with pytest.raises(RepresentationError, match=r"its metadata 'ids' is no list in JSON"):
        read_file(tmp_path / "x.safetensors")
    np.save(tmp_path / "y.npy", VALUES)
    (tmp_path / "y.ids.txt").write_text("\n".join(IDS), encoding="utf-16")
    with pytest.raises(RepresentationError, match=r"y\.ids\.txt: byte 0xff is not UTF-8: save it"):
        read_file(tmp_path / "y.npy")


def test_no_file_at_all_is_said_to_be_missing():
    with pytest.raises(RepresentationError, match="no file is named: files of values end in"):
        read_file(Path())


def test_a_missing_number_is_one_not_a_mistake(tmp_path):
    (tmp_path / "x.csv").write_text("id,0,1\na,1,\nb,1,2\n")
    assert np.isnan(read_file(tmp_path / "x.csv").values).sum() == 1


def test_a_missing_file_is_said_to_be_and_a_relative_one_where_it_was_looked_for(
    tmp_path, monkeypatch
):
    with pytest.raises(RepresentationError, match="there is no such file") as caught:
        read_file(tmp_path / "x.npy")
    assert "Looked for" not in str(caught.value)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RepresentationError, match=f"no such file. Looked for: '{tmp_path}/x.npy'"):
        read_file(Path("x.npy"))
