"""Folders, manifests and lists of representations; matrices and judgements; refusals."""

import numpy as np
import pandas as pd
import pytest

from hybridrep.errors import RepresentationError
from hybridrep.sources.vectors.manifest import load

RNG = np.random.default_rng(0)
IDS = np.array(list("abcdef"))


def save(path, values=None, ids=IDS):
    np.savez(path, features=RNG.normal(size=(6, 3)) if values is None else values, ids=ids)


def manifest(folder, text):
    (folder / "reps.toml").write_text(text)
    return str(folder / "reps.toml")


def test_a_folder_is_read_by_file_names(tmp_path):
    save(tmp_path / "one.npz")
    np.save(tmp_path / "two.npy", np.zeros((6, 2)))
    (tmp_path / "two.ids.csv").write_text("id\n" + "\n".join(IDS))
    (tmp_path / "notes.txt").write_text("nothing")
    found = load(str(tmp_path))
    assert [(each.name, each.group, each.ids) for each in found] == [
        ("one", "one", tuple(IDS)), ("two", "two", tuple(IDS)),
    ]  # fmt: skip
    assert len(found[0].digest) == 64


def test_a_manifest_tells_kinds_groups_and_seeds(tmp_path):
    for seed in (0, 1, 2):
        save(tmp_path / f"lstm_{seed}.npz")
    np.save(tmp_path / "people.npy", np.ones((2, 6, 6)) - np.eye(6))
    text = """
        [[representation]]
        name = "lstm"
        file = "lstm_{seed}.npz"
        seeds = "0-2"
        group = "task"
        revision = "v1"
        [[representation]]
        name = "people"
        file = "people.npy"
        kind = "rdm"
    """
    found = load(manifest(tmp_path, text))
    assert [each.name for each in found] == ["lstm.s0", "lstm.s1", "lstm.s2", "people"]
    assert {each.group for each in found[:3]} == {"task"}
    assert [each.seed for each in found] == [0, 1, 2, -1]
    assert found[0].revision == "v1"
    assert found[3].values.shape == (2, 6, 6)
    assert load(str(tmp_path))[3].kind == "rdm"  # the folder's manifest counts


def test_a_list_names_files_and_arrays(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.zeros((4, 2)), b=np.ones((4, 3)))
    found = load(f"one={tmp_path}/x.npz:a, two={tmp_path}/x.npz:b")
    assert [(each.name, each.values.shape) for each in found] == [("one", (4, 2)), ("two", (4, 3))]


def test_layers_are_representations_of_their_own(tmp_path):
    save(tmp_path / "deep.npz", RNG.normal(size=(6, 2, 5)))
    found = load(str(tmp_path))
    assert [each.name for each in found] == ["deep.layer0", "deep.layer1"]
    assert found[1].values.shape == (6, 5)


def test_condensed_matrices_are_those_of_scipy(tmp_path):
    from scipy.spatial.distance import pdist, squareform

    apart = pdist(RNG.normal(size=(6, 3)))
    np.save(tmp_path / "x.npy", apart)
    text = '[[representation]]\nname = "x"\nfile = "x.npy"\nkind = "rdm"\n'
    np.testing.assert_array_equal(load(manifest(tmp_path, text))[0].values[0], squareform(apart))


@pytest.mark.parametrize(
    ("kind", "matrix", "message"),
    [
        ("rdm", np.eye(5), 'item 1 and itself is 1, not 0.*kind = "similarity"'),
        ("similarity", 1 - np.eye(5), r'item 1 is less like itself \(0\).*kind = "rdm"'),
        ("rdm", np.triu(np.ones((5, 5)), 1), "not symmetric: items 1 and 2 have 1 and 0"),
        ("rdm", np.ones(7), "7 values are no upper triangle"),
        ("rdm", np.ones((2, 3, 4)), "items x items"),
    ],
)
def test_matrices_are_checked_by_their_diagonal(kind, matrix, message, tmp_path):
    np.save(tmp_path / "x.npy", matrix)
    text = f'[[representation]]\nname = "x"\nfile = "x.npy"\nkind = "{kind}"\n'
    with pytest.raises(RepresentationError, match=f"x.npy.*{message}"):
        load(manifest(tmp_path, text))


@pytest.mark.parametrize(
    ("kind", "table", "message"),
    [
        ("triplets", "a,b,c,odd\nx,y,z,x\nx,y,z,w\n", "row 2: the odd item 'w' is none"),
        ("triplets", "a,b,c,odd\nx,x,z,x\n", "row 1: names the item 'x' twice"),
        ("triplets", "a,b,odd\nx,y,x\n", "there is no c"),
        ("ratings", "first,second,rating\nx,y,3\nx,z,much\n", "row 2: the rating 'much' is no"),
        ("ratings", "first,second,rating\n", "holds no judgements"),
    ],
)
def test_judgements_are_checked_row_by_row(kind, table, message, tmp_path):
    (tmp_path / "x.csv").write_text(table)
    text = f'[[representation]]\nname = "x"\nfile = "x.csv"\nkind = "{kind}"\n'
    with pytest.raises(RepresentationError, match=f"x.csv.*{message}"):
        load(manifest(tmp_path, text))


def test_judgements_keep_their_subjects(tmp_path):
    (tmp_path / "x.csv").write_text("subject,a,b,c,odd\np,1,2,3,3\nq,1,2,3,1\n")
    text = '[[representation]]\nname = "x"\nfile = "x.csv"\nkind = "triplets"\n'
    (found,) = load(manifest(tmp_path, text))
    expected = pd.DataFrame(
        {
            "a": ["1", "1"],
            "b": ["2", "2"],
            "c": ["3", "3"],
            "odd": ["3", "1"],
            "subject": ["p", "q"],
        }
    )
    pd.testing.assert_frame_equal(found.judgements, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('file = "x.npz"', "representation 1: has no `name`"),
        ('name = "x"', "representation 1: has no `file`"),
        ('name = "x y"\nfile = "x.npz"', "the name 'x y' is not of letters"),
        ('name = "x"\nfile = "x.npz"\nkeys = "a"', "unknown field 'keys'; the fields are name, f"),
        ('name = "x"\nfile = "x.npz"\nkind = "matrix"', "kind = 'matrix' is none of vectors, rdm"),
        ('name = "x"\nfile = "x.npz"\nseeds = "0-3"', "`seeds` and {seed} in `file` belong"),
        ('name = "x"\nfile = "x{seed}.npz"\nseeds = "3-0"', "the range '3-0' is inverted"),
        ('name = "x"\nfile = "gone.npz"', "gone.npz: there is no such file"),
        ('name = "x"; file = "x.npz"', "is no manifest that can be read"),
    ],
)
def test_bad_entries_are_refused_by_their_number(entry, message, tmp_path):
    save(tmp_path / "x.npz")
    with pytest.raises(RepresentationError, match=message):
        load(manifest(tmp_path, f"[[representation]]\n{entry}\n"))


@pytest.mark.parametrize(
    ("values", "ids", "message"),
    [
        (np.zeros((6, 3)), list("abcdea"), "id 'a' stands at items 1 and 6"),
        (np.zeros((6, 3)), list("abcd "), "there are 5 ids for 6 items"),
        (np.zeros((5, 3)), [*"abcd", " "], "the id of item 5 is empty"),
        (np.zeros(5), list("abcde"), "items x dimensions"),
        (np.array([["x"]] * 5), list("abcde"), "are <U1, not real numbers"),
    ],
)
def test_bad_values_and_ids_are_refused_by_their_item(values, ids, message, tmp_path):
    save(tmp_path / "x.npz", values, np.array(ids))
    with pytest.raises(RepresentationError, match=f"x.npz: .*{message}"):
        load(str(tmp_path))


def test_places_where_nothing_is_and_names_given_twice_are_refused(tmp_path, monkeypatch):
    with pytest.raises(RepresentationError, match="holds no manifest"):
        load(str(tmp_path))
    with pytest.raises(RepresentationError, match="there is no such folder"):
        load(str(tmp_path / "gone"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RepresentationError, match=f"Looked for: '{tmp_path}/gone'"):
        load("gone")
    save(tmp_path / "x.npz")
    with pytest.raises(RepresentationError, match="two representations are called 'x'"):
        load(f"x={tmp_path}/x.npz,x={tmp_path}/x.npz")
    with pytest.raises(RepresentationError, match="is not NAME=FILE"):
        load(f"x={tmp_path}/x.npz,y")


def test_a_table_is_parted_by_its_seeds(tmp_path):
    rows = [(name, seed, seed + at, 1.0) for seed in (3, 1) for at, name in enumerate("abc")]
    table = pd.DataFrame(rows, columns=["id", "run", "0", "1"])
    table.assign(kind=list("xyzxyz")).to_csv(tmp_path / "rnn.csv", index=False)
    first, second = load(f"rnn={tmp_path}/rnn.csv", "run")
    assert [(one.name, one.group, one.seed) for one in (first, second)] == [
        ("rnn.s1", "rnn", 1), ("rnn.s3", "rnn", 3),
    ]  # fmt: skip
    assert first.ids == second.ids == ("a", "b", "c")
    assert first.values[:, 0].tolist() == [1, 2, 3]
    assert second.items["kind"].to_dict() == {"a": "x", "b": "y", "c": "z"}
    with pytest.raises(RepresentationError, match="the id 'a' stands at items 1 and 4"):
        load(f"rnn={tmp_path}/rnn.csv")
    table.assign(run=["0", "1", "x"] * 2).to_csv(tmp_path / "rnn.csv", index=False)
    with pytest.raises(RepresentationError, match="row 3, column run: 'x' is no seed"):
        load(f"rnn={tmp_path}/rnn.csv", "run")


def test_an_axis_of_time_is_one_representation_a_time(tmp_path):
    save(tmp_path / "rnn.npz", RNG.normal(size=(6, 3, 2)))
    text = """
        [[representation]]
        name = "rnn"
        file = "rnn.npz"
        axis = "time"
    """
    assert [one.name for one in load(manifest(tmp_path, text))] == ["rnn.t0", "rnn.t1", "rnn.t2"]
    with pytest.raises(RepresentationError, match="axis = 'space' is none of layers, time"):
        load(manifest(tmp_path, text.replace("time", "space")))
