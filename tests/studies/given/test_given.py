"""Given representations: matched by id, measured, tested, reported, exported, refused."""

import dataclasses
import io
import math

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

from hybridrep.analysis.measures import CORE, MEASURES
from hybridrep.analysis.schema import table_problems
from hybridrep.errors import ParameterError, RepresentationError
from hybridrep.execution.store import Store
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given import comparing
from hybridrep.studies.given.aligned import aligned
from hybridrep.studies.given.comparison import Comparison, measure
from hybridrep.studies.given.export import exports
from hybridrep.studies.given.report import page
from hybridrep.studies.given.sample import ITEMS, sample
from hybridrep.studies.given.tables import SCHEMAS

FEW = {"resamples": 12, "permutations": 19}


def one(name: str, values: np.ndarray, ids: str | tuple = "", kind: str = "vectors"):
    return Representation(name, kind, values, tuple(ids), f"{name}.npz")


@pytest.fixture(scope="module")
def found() -> Comparison:
    return measure(sample(), describe=("participation_ratio",), reference="first", **FEW)


def test_items_are_matched_by_id_not_by_position():
    values = np.random.default_rng(0).normal(size=(7, 3))
    given = aligned([one("x", values, "abcdefg"), one("y", values[::-1], "gfedcba")])
    first, second = given.representations
    np.testing.assert_array_equal(first.values, second.values)
    assert given.ids == tuple("abcdefg")


def test_items_agree_on_their_neighbours_by_as_much_as_the_measure_says_of_all():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 3, size=(30, 4)).astype(float) + 1  # with items that are equal
    vectors = [one("x", values), one("y", values[:, :2])]
    matrices = [
        one("x", squareform(pdist(values))[None], kind="rdm"),
        one("y", -squareform(pdist(values[:, :2]))[None], kind="similarity"),
    ]
    for given in (vectors, matrices):
        named = [dataclasses.replace(each, ids=tuple(map(str, range(30)))) for each in given]
        tables = measure(named, measures=("mutual_knn.k10",), resamples=0, permutations=0).tables
        mean = tables["alignment"]["overlap"].mean()
        assert mean == pytest.approx(tables["pairs"]["value"].item(), rel=1e-9)


def test_only_common_and_finite_items_are_kept():
    values = np.random.default_rng(0).normal(size=(8, 3))
    spoiled = values.copy()
    spoiled[2, 1] = np.nan
    given = aligned([one("x", spoiled, "abcdefgh"), one("y", values[:7], "bcdefgh")])
    assert given.ids == tuple("bdefgh")
    assert given.lost == {"x": 2, "y": 1}
    assert "1 items have a value that is not finite, the first 'c'" in given.notes[0]


def test_a_representation_that_tells_no_item_from_another_is_named():
    values = np.random.default_rng(0).normal(size=(8, 3))
    given = aligned([one("x", values, "abcdefgh"), one("y", np.ones((8, 2)), "abcdefgh")])
    assert given.notes == ("y has the same vector for all items: no measure tells anything of it.",)


def test_a_table_without_ids_is_told_of_its_column():
    table = dataclasses.replace(one("x", np.ones((6, 2))), source="x.csv")
    with pytest.raises(RepresentationError, match="names no ids of its items; give the table a"):
        aligned([table, table])


def test_of_many_items_some_are_drawn_the_same_ones_every_time():
    values = np.random.default_rng(0).normal(size=(50, 3))
    ids = [f"i{n}" for n in range(50)]
    drawn = [aligned([one("x", values, ids), one("y", values, ids)], max_items=9) for _ in "ab"]
    assert drawn[0].ids == drawn[1].ids
    assert len(drawn[0].ids) == 9


@pytest.mark.parametrize(
    ("given", "items", "message"),
    [
        ([one("x", np.ones((6, 2)), "abcdef")], "common", "two representations are needed"),
        (
            [one("x", np.ones((6, 2)), "abcdef"), one("y", np.ones((6, 2)))], "common",
            "y.npz: y names no ids.*items=position",
        ),
        (
            [one("x", np.ones((6, 2)), "abcdef"), one("y", np.ones((6, 2)), "ABCDEf")], "common",
            "only 1 items are in all.*x 6, y 6.*spelled alike.*x: 'a'; y: 'A'",
        ),
        (
            [one("x", np.ones((6, 2))), one("y", np.ones((5, 2)))], "position",
            "items=position needs as many items of each: x 6, y 5",
        ),
        ([one(n, np.ones((6, 2)), "abcdef") for n in "xy"], "gone.txt", "gone.txt: is no file"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(given, items, message):
    with pytest.raises(RepresentationError, match=message):
        aligned(given, items)


def test_a_file_of_ids_chooses_items_and_is_checked(tmp_path):
    values = np.random.default_rng(0).normal(size=(7, 3))
    given = [one("x", values, "abcdefg"), one("y", values, "abcdefg")]
    (tmp_path / "ids.txt").write_text("g\nc\na\nb\nd\n")
    assert aligned(given, str(tmp_path / "ids.txt")).ids == tuple("gcabd")
    (tmp_path / "ids.txt").write_text("g\nz\na\nb\nd\n")
    with pytest.raises(RepresentationError, match=r"ids.txt, line 2: x has no item 'z'"):
        aligned(given, str(tmp_path / "ids.txt"))
    (tmp_path / "ids.txt").write_text("g\ng\na\nb\nd\n")
    with pytest.raises(RepresentationError, match=r"names the item 'g' twice"):
        aligned(given, str(tmp_path / "ids.txt"))


def test_values_are_those_of_the_measures(found):
    given = {each.name: each.values for each in sample()}
    assert {*found.pairs["measure"]} == {*CORE}
    for row in found.pairs.to_dict("records"):
        score = MEASURES[row["measure"]].compute(given[row["first"]], given[row["second"]])
        assert row["value"] == pytest.approx(score.value, rel=1e-9)
        assert row["n"] == ITEMS
        assert row["low"] <= row["value"] <= row["high"] or row["measure"].startswith("ridge")


def test_tables_are_as_their_schemas_say(found):
    for name, table in found.tables.items():
        assert table_problems(name, SCHEMAS[name], table) == []
        # the sample holds no judgements and no groups of several seeds
        assert (name in ("judgements", "identification", "ceiling")) != bool(len(table))


def test_what_belongs_together_is_told_from_what_does_not(found):
    pairs = found.pairs.set_index(["measure", "first", "second"])
    for key in ("rsa.cosine.pearson", "cka", "procrustes", "mutual_knn.k10"):
        assert pairs.loc[(key, "turned", "first"), "p"] == 1 / 20
        assert pairs.loc[(key, "other", "first"), "p"] > 1 / 20
    primary = found.pairs[found.pairs["primary"] == 1]
    assert {*primary["measure"]} == {"cka"}
    assert (primary["p_corrected"] == primary["p"]).all()
    others = found.pairs[(found.pairs["primary"] == 0) & found.pairs["p"].notna()]
    assert (others["p_corrected"] >= others["p"]).all()
    assert {*others["correction"]} == {"maxt"}
    fitted = found.pairs[found.pairs["measure"] == "ridge_r2"]
    assert fitted["p"].isna().all()
    assert fitted["note"].str.contains("chance is at most 0").all()


def test_differences_say_who_is_closer_to_the_reference(found):
    rows = found.tables["differences"].set_index(["measure", "first", "second"])
    row = rows.loc[("cka", "turned", "other")]
    cka = found.matrix("cka")
    expected = cka.loc["turned", "first"] - cka.loc["other", "first"]
    assert row["difference"] == pytest.approx(expected, abs=1e-12)
    assert row["low"] > 0
    assert row["p"] == pytest.approx(1 / 13)


def test_a_matrix_side_is_compared_by_dissimilarities():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 12, 4))
    subjects = np.stack(
        [squareform(pdist(x + noise)) for noise in 0.1 * rng.normal(size=(2, 12, 4))]
    )
    ids = [f"i{n}" for n in range(12)]
    given = [one("people", subjects, ids, "rdm"), one("y", y, ids)]
    row = measure(given, "rsa.euclidean.spearman", **FEW).pairs.iloc[0]
    rows, columns = np.tril_indices(12, -1)
    apart = squareform(pdist(y))[rows, columns]
    expected = spearmanr(subjects.mean(axis=0)[rows, columns], apart).statistic
    assert row["value"] == pytest.approx(expected, rel=1e-9)
    with pytest.raises(ParameterError, match="cka need vectors, and people gives dissimilarities"):
        measure(given, "cka", **FEW)


def test_beside_a_matrix_vectors_have_the_dissimilarities_of_the_measures_key():
    rng = np.random.default_rng(3)
    x, y, seen = rng.normal(size=(3, 14, 4)) + 1
    ids = [f"i{n}" for n in range(14)]
    matrix = squareform(pdist(seen))
    given = [one("x", x, ids), one("y", y, ids), one("people", matrix[None], ids, "rdm")]
    apart = {"rsa.cosine.spearman": "cosine", "rsa.sqeuclidean.cosine": "sqeuclidean",
             "trsa.l20.u80": "sqeuclidean", "trsa.l20.u80.correlation": "correlation",
             "mutual_knn.k4": "cosine", "mutual_knn.k4.euclidean": "euclidean"}  # fmt: skip
    found = measure(given, [*apart], **FEW, k=4).pairs.set_index(["measure", "first", "second"])
    rows, columns = np.tril_indices(14, -1)
    for key, metric in apart.items():
        own = squareform(pdist(x, metric))[rows, columns]
        expected = MEASURES[key].of_dissimilarities(own, matrix[rows, columns])
        row = found.loc[(key, "x", "people")]
        assert row["value"] == pytest.approx(expected.value, rel=1e-9)
        assert row["chance"] == pytest.approx(expected.chance, rel=1e-9)
        both = MEASURES[key].compute(x, y)
        row = found.loc[(key, "x", "y")]
        assert row["value"] == pytest.approx(both.value, rel=1e-9)
        assert row["chance"] == pytest.approx(both.chance, rel=1e-9)


def test_shuffled_and_halved_matrices_are_those_of_shuffled_and_halved_vectors():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 12, 3))
    by_name = {"x": one("x", x), "y": one("y", y)}
    rows = np.stack([rng.permutation(12) for _ in range(5)])
    for key in ("rsa.sqeuclidean.spearman", "mutual_knn.k3", "rsa.euclidean.tau_a", "trsa.l20.u80"):
        sides = [
            way(MEASURES[key], by_name) for way in (comparing._Described, comparing._Dissimilar)
        ]
        for pairs in ([("x", "y")], [("x", "y"), ("y", "x")]):
            np.testing.assert_allclose(*(each.paired(pairs, rows) for each in sides), atol=1e-9)
            halves = rows[:, :6]
            np.testing.assert_allclose(*(each.halved(pairs, halves) for each in sides), atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"measures": "ckb"}, "no measure 'ckb'"),
        ({"measures": "twonn"}, "twonn compares one representation"),
        ({"primary": "ckb"}, "parameter primary: no measure"),
        ({"reference": "second"}, "there is no 'second', only first, turned"),
        ({"describe": ("cka",)}, "cka takes two representations, not one"),
    ],
)
def test_bad_parameters_are_refused_by_their_name(wrong, message):
    with pytest.raises(ParameterError, match=message):
        measure(sample(), **{"measures": "cka", **FEW, **wrong})


def test_finished_measures_come_from_the_store(tmp_path, monkeypatch):
    store = Store(tmp_path)
    first = measure(sample(), "cka", store=store, **FEW)
    monkeypatch.setattr(comparing, "_numbers", lambda *_: pytest.fail("measured anew"))
    again = measure(sample(), "cka", store=store, **FEW)
    pd.testing.assert_frame_equal(first.pairs, again.pairs)


def test_exports_are_read_by_others(found, tmp_path):
    rdms = pytest.importorskip("rsatoolbox.rdm.rdms")
    files = exports(found, ["csv", "netrep", "rsatoolbox"])
    (tmp_path / "x.h5").write_bytes(files["export/rsatoolbox.h5"])
    theirs = rdms.load_rdm(str(tmp_path / "x.h5"), file_type="hdf5")
    for row, each in zip(theirs.dissimilarities, sample(), strict=True):
        np.testing.assert_allclose(row, pdist(each.values, "cosine"), atol=1e-12)
    texts = (theirs.rdm_descriptors["name"], theirs.pattern_descriptors["id"])
    names, ids = ([each.decode() for each in text] for text in texts)  # as rsatoolbox's own files
    assert names == found.given.names
    assert ids == list(found.given.ids)
    with np.load(io.BytesIO(files["export/netrep.npz"])) as arrays:
        np.testing.assert_array_equal(arrays["train_1"], sample()[1].values)
        angle = MEASURES["shape_angle"].compute(*(each.values for each in sample()[:2])).value
        assert arrays["shape_angle"][0, 1] == pytest.approx(angle)
    table = pd.read_csv(io.BytesIO(files["export/pairs.csv"]))
    assert len(table) == len(found.pairs)


def test_the_page_shows_every_measure_and_the_extremes(found):
    html = page(found)
    for each in found.measures:
        assert escape(each.reference.split("(")[0].strip()) in html
    assert "Do the measures agree?" in html
    assert "item_" in html


def test_a_table_saved_is_the_table(found, tmp_path):
    found.save(tmp_path / "out")
    again = pd.read_csv(tmp_path / "out" / "pairs.csv", keep_default_na=True)
    assert again["value"].tolist() == pytest.approx(found.pairs["value"].tolist(), nan_ok=True)
    assert math.isclose(found.matrix("cka").loc["first", "first"], 1.0)
