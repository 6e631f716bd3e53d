"""Items that were measured repeatedly, from files of every kind, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from hybridrep.errors import RepresentationError
from hybridrep.sources.vectors.manifest import load, load_vectors

IDS, LABELS = list("abcde"), ["run 1", "run 2", "run 3"]
CUBE = np.random.default_rng(0).normal(size=(5, 3, 4))
"""Items x repeats x dimensions."""
ORDER = np.random.default_rng(1).permutation(15)
"""Rows of the files stand in no order."""
ROWS = CUBE.reshape(15, 4)[ORDER]
ROW_IDS = np.repeat(IDS, 3)[ORDER].tolist()
ROW_LABELS = np.tile(LABELS, 5)[ORDER].tolist()


def npy(folder):
    np.save(folder / "x.npy", ROWS)
    table = pd.DataFrame({"id": ROW_IDS, "repeat": ROW_LABELS})
    table.to_csv(folder / "x.ids.csv", index=False)
    return folder / "x.npy"


def npz(folder):
    np.savez(folder / "x.npz", hidden=ROWS, ids=ROW_IDS, repeat=ROW_LABELS)
    return folder / "x.npz"


def safetensors(folder):
    told = {"ids": json.dumps(ROW_IDS), "repeat": json.dumps(ROW_LABELS)}
    save_file({"features": ROWS}, folder / "x.safetensors", told)
    return folder / "x.safetensors"


def parquet(folder):
    columns = {"item": ROW_IDS, "repeat": ROW_LABELS, "embedding": list(ROWS)}
    pd.DataFrame(columns).to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def csv(folder):
    table = pd.DataFrame(ROWS, columns=[f"dim_{n}" for n in range(4)])
    table.assign(id=ROW_IDS, repeat=ROW_LABELS).to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def h5(folder):
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "x.h5", "w") as file:
        file["features"], file["ids"], file["repeat"] = ROWS, ROW_IDS, ROW_LABELS
    return folder / "x.h5"


def rsatoolbox(folder):
    data = pytest.importorskip("rsatoolbox.data")
    given = data.Dataset(ROWS, obs_descriptors={"item": ROW_IDS, "repeat": ROW_LABELS})
    given.save(folder / "x.h5", file_type="hdf5")
    return folder / "x.h5"


def axis(folder):
    """An array that has an axis of its own for repeats; in the order of the other files."""
    first = [IDS.index(name) for name in dict.fromkeys(ROW_IDS)]
    np.savez(folder / "x.npz", features=CUBE[first], ids=np.array(IDS)[first])
    entry = '[[representation]]\nname = "x"\nfile = "x.npz"\naxis = "repeats"\n'
    (folder / "x.toml").write_text(entry)
    return folder / "x.toml"


@pytest.mark.parametrize(
    "write", [npy, npz, safetensors, parquet, csv, h5, rsatoolbox, axis], ids=lambda f: f.__name__
)
def test_every_kind_of_file_gives_its_repeats(write, tmp_path):
    (found,) = load(str(write(tmp_path)))
    assert (found.name, found.repeats, found.size) == ("x", 3, 5)
    assert list(found.ids) == list(dict.fromkeys(ROW_IDS))
    items = [IDS.index(name) for name in found.ids]
    np.testing.assert_allclose(found.values, CUBE[items].mean(axis=1))
    labels = LABELS if write is axis else list(dict.fromkeys(ROW_LABELS))
    repeats = [LABELS.index(label) for label in labels]
    np.testing.assert_allclose(found.measurements, CUBE[items][:, repeats])


def test_what_was_measured_once_says_so(tmp_path):
    np.savez(tmp_path / "x.npz", features=CUBE[:, 0], ids=IDS)
    np.savez(tmp_path / "y.npz", features=1 - np.eye(5), ids=IDS)
    entries = [f'[[representation]]\nname = "{n}"\nfile = "{n}.npz"\n' for n in "xy"]
    (tmp_path / "x.toml").write_text("".join(entries) + 'kind = "rdm"\n')
    assert [one.repeats for one in load(str(tmp_path / "x.toml"))] == [1, 0]


def test_layers_and_seeds_keep_their_repeats(tmp_path):
    deep = np.stack([ROWS, ROWS + 1], axis=1)
    np.savez(tmp_path / "deep.npz", features=deep, ids=ROW_IDS, repeat=ROW_LABELS)
    layers = load(str(tmp_path / "deep.npz"))
    assert [(one.name, one.repeats) for one in layers] == [("deep.layer0", 3), ("deep.layer1", 3)]
    np.testing.assert_allclose(layers[1].measurements, layers[0].measurements + 1)
    one = pd.read_csv(csv(tmp_path))
    both = pd.concat([one.assign(run=4), one.assign(run=2, dim_0=one["dim_0"] + 1)])
    both.to_csv(tmp_path / "x.csv", index=False)
    second, fourth = load(str(tmp_path / "x.csv"), "run")
    assert [(s.name, s.seed, s.repeats) for s in (second, fourth)] == [
        ("x.s2", 2, 3), ("x.s4", 4, 3),
    ]  # fmt: skip
    np.testing.assert_allclose(
        second.measurements - fourth.measurements, [[[1, 0, 0, 0]] * 3] * 5, atol=1e-12
    )
    both.iloc[:-1].to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(RepresentationError, match=r"x.csv, seed 2: the item .* is missing in rep"):
        load(str(tmp_path / "x.csv"), "run")


def test_repeats_may_be_asked_for_as_seeds(tmp_path):
    table = pd.read_csv(csv(tmp_path))
    table["repeat"] = table["repeat"].str.removeprefix("run ")
    table.to_csv(tmp_path / "x.csv", index=False)
    found = load(str(tmp_path / "x.csv"), "repeat")
    assert [(one.name, one.seed, one.repeats) for one in found] == [
        ("x.s1", 1, 1), ("x.s2", 2, 1), ("x.s3", 3, 1),
    ]  # fmt: skip


def test_columns_that_differ_between_repeats_are_no_columns_of_the_items(tmp_path):
    table = pd.read_csv(csv(tmp_path))
    table["kind"] = table["id"].isin(["a", "c"]).map({True: "animal", False: "tool"})
    table["seconds"] = np.arange(15)
    table.to_csv(tmp_path / "x.csv", index=False)
    (found,) = load(str(tmp_path / "x.csv"))
    assert list(found.items.columns) == ["kind"]
    kinds = {"a": "animal", "b": "tool", "c": "animal", "d": "tool", "e": "tool"}
    assert found.items["kind"].to_dict() == kinds


FULL = [(item, repeat) for item in "abc" for repeat in "12"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(i, "1") for i in "abc"], "`repeat` is '1' in every row: give two repeats or more, or"),
        (FULL[:-1], "the item 'c' is missing in repeat '2': every item stands once in each of the"),
        (FULL[1:4], r"the item 'a' is missing in repeat '1': every item"),
        (
            [("a", "1"), ("a", "2"), ("a", "3"), ("b", "2"), ("c", "1")],
            r"the item 'b' is missing in repeat '1' \(and 3 more are\)",
        ),
        (
            [*FULL, ("b", "2")],
            "the item 'b' stands twice in repeat '2', in rows 4 and 7: every item stands once",
        ),
        ([("a", "1"), ("a", "1")], "the item 'a' stands twice in repeat '1', in rows 1 and 2"),
        ([*FULL, ("d", "")], "the repeat of row 7 is empty"),
        ([*FULL, (" ", "2")], "the id of row 7 is empty"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "npz", "parquet"])
def test_items_that_do_not_stand_once_in_each_repeat_are_refused(rows, message, ending, tmp_path):
    ids, repeats = map(list, zip(*rows, strict=True))
    values = np.arange(2.0 * len(rows)).reshape(-1, 2)
    if ending == "npz":
        np.savez(tmp_path / "x.npz", features=values, ids=ids, repeat=repeats)
    else:
        table = pd.DataFrame({"id": ids, "repeat": repeats, "0": values[:, 0], "1": values[:, 1]})
        if ending == "csv":
            table.to_csv(tmp_path / "x.csv", index=False)
        else:
            table["repeat"] = table["repeat"].replace("", None)
            table.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(RepresentationError, match=f"x.{ending}: {message}"):
        load(str(tmp_path / f"x.{ending}"))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"ids": ROW_IDS, "repeat": ROW_LABELS[:-1]}, "there are 14 repeats for 15 ids"),
        ({"ids": ROW_IDS[:-1], "repeat": ROW_LABELS[:-1]}, "there are 14 ids for 15 rows"),
        ({"repeat": ROW_LABELS}, "has `repeat`, but no ids that say which item"),
        ({"ids": ROW_IDS, "repeat": ROW_LABELS, "features": ROWS[:, 0]}, "vectors are items x dim"),
        (
            {"ids": [], "repeat": [], "features": ROWS[:0]},
            r"vectors are .* none of them 0; .* shape \(0, 4\)",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "x.npz", **{"features": ROWS, **arrays})
    with pytest.raises(RepresentationError, match=f"x.npz: {message}"):
        load(str(tmp_path / "x.npz"))


@pytest.mark.parametrize(
    ("entry", "values", "message"),
    [
        ('axis = "repeats"', CUBE[:, :1], r"with two repeats or more; .* shape \(5, 1, 4\)"),
        ('axis = "repeats"', CUBE[:, 0], r"are items x repeats x dimensions, .* shape \(5, 4\)"),
        ('kind = "rdm"', 1 - np.eye(5), "with kind = 'rdm' there are none: leave it out"),
    ],
)
def test_manifests_that_do_not_fit_are_refused(entry, values, message, tmp_path):
    more = {"repeat": ["1"] * 5} if "rdm" in entry else {}
    np.savez(tmp_path / "x.npz", features=values, ids=IDS, **more)
    text = f'[[representation]]\nname = "x"\nfile = "x.npz"\n{entry}\n'
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(RepresentationError, match=f"x.npz: .*{message}"):
        load(str(tmp_path / "x.toml"))


def test_an_axis_and_a_key_of_repeats_are_one_too_many(tmp_path):
    npz(tmp_path)
    axis_text = '[[representation]]\nname = "x"\nfile = "x.npz"\nkey = "hidden"\naxis = "repeats"\n'
    (tmp_path / "x.toml").write_text(axis_text)
    with pytest.raises(RepresentationError, match=r"x.npz: repeats are named twice, by axis"):
        load(str(tmp_path / "x.toml"))


@pytest.mark.parametrize("write", [npz, csv])
def test_where_one_vector_each_is_wanted_repeats_are_refused(write, tmp_path):
    with pytest.raises(RepresentationError, match=r"x\.\w+: holds repeats .*take the mean over"):
        load_vectors(str(write(tmp_path)))
