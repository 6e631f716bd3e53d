"""Items that were measured repeatedly: crossvalidated where that is asked, else their means."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr

from hybridrep.analysis.ceilings import noise_ceiling
from hybridrep.analysis.dissimilarity import dissimilarities
from hybridrep.analysis.representational_similarity import rsa
from hybridrep.analysis.schema import table_problems
from hybridrep.errors import ParameterError, RepresentationError
from hybridrep.execution.store import Store
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given import comparing
from hybridrep.studies.given.aligned import aligned
from hybridrep.studies.given.comparison import Comparison, measure
from hybridrep.studies.given.config import MeasureConfig
from hybridrep.studies.given.report import page
from hybridrep.studies.given.run import run
from hybridrep.studies.given.tables import SCHEMAS

FEW = {"resamples": 8, "permutations": 19, "k": 5}
ITEMS = 14
KEYS = [
    f"rsa.{distances}.{comparator}"
    for distances in ("crossnobis", "crossnobis_whitened")
    for comparator in ("pearson", "spearman", "tau_a", "cosine", "whitened_pearson")
]


def cube(seed: int, repeats: int, dim: int) -> np.ndarray:
    """Noisy measurements of items that all seeds share: items x repeats x dim."""
    shared = np.random.default_rng(0).normal(size=(ITEMS, 6))
    rng = np.random.default_rng(seed)
    items = shared @ rng.normal(size=(6, dim))
    return items[:, None] + rng.normal(size=(ITEMS, repeats, dim))


FIRST, SECOND, ONCE = cube(1, 3, 5), cube(2, 4, 7), cube(3, 2, 4)[:, 0]
MATRIX = squareform(pdist(cube(4, 2, 6)[:, 0]))
IDS = tuple(f"i{n}" for n in range(ITEMS))


def matrix(name: str = "people") -> Representation:
    return Representation(name, "rdm", MATRIX[None], IDS, f"{name}.npy", group=name)


@pytest.fixture(scope="module")
def found() -> Comparison:
    given = {"first": FIRST, "second": SECOND, "once": ONCE}
    return measure(given, [*KEYS, "cka", "trsa.l20.u80.crossnobis"], describe=("core",), **FEW)


def test_pairs_with_repeats_are_crossvalidated_and_others_left_out_by_name(found):
    pairs = found.pairs.set_index("measure")
    for key in KEYS:
        _, distances, comparator = key.split(".")
        row = pairs.loc[key]  # a single pair
        assert (row["first"], row["second"]) == ("first", "second")
        expected = rsa(FIRST, SECOND, distances, comparator)
        assert row["value"] == pytest.approx(expected.value, rel=1e-9)
        assert np.isfinite(row[["chance", "p", "se"]].astype(float)).all()
        assert row["low"] < row["value"] < row["high"]
        if np.isfinite(expected.chance):
            assert row["chance"] == pytest.approx(expected.chance)
    assert len(found.pairs[found.pairs["measure"] == "cka"]) == 3
    left_out = found.given.notes[-1]
    assert left_out.startswith("rsa.crossnobis.pearson, rsa.crossnobis.spearman, ")
    assert left_out.endswith(
        "trsa.l20.u80.crossnobis: 2 of 3 pairs are left out, as crossvalidated distances need "
        "repeats and once has none."
    )


def test_all_else_takes_the_mean_over_repeats(found):
    means = {"first": FIRST.mean(axis=1), "second": SECOND.mean(axis=1), "once": ONCE}
    alone = measure(means, "cka", describe=("core",), **FEW)
    own = found.pairs[found.pairs["measure"] == "cka"].reset_index(drop=True)
    columns = ["value", "chance", "se", "low", "high"]
    np.testing.assert_allclose(
        own[columns].to_numpy(float), alone.pairs[columns].to_numpy(float), rtol=1e-9
    )
    for name in ("describe", "alignment"):
        pd.testing.assert_frame_equal(found.tables[name], alone.tables[name], rtol=1e-9)


def test_tables_and_page_say_how_often_items_were_measured(found):
    table = found.tables["representations"].set_index("representation")
    assert table["repeats"].to_dict() == {"first": 3, "second": 4, "once": 1}
    assert table["items"].tolist() == [ITEMS] * 3
    for name, each in found.tables.items():
        assert table_problems(name, SCHEMAS[name], each) == []
    html = page(found)
    assert "2 of 3 pairs are left out" in html
    assert "Times each" in html
    assert "Walther et al." in html
    values = found.matrix("rsa.crossnobis.pearson")
    assert values.loc["first", "first"] == 1
    assert np.isnan(values.loc["once", "once"])


@pytest.mark.parametrize("order", [1, -1])
def test_the_other_side_may_be_a_matrix(order):
    first = Representation(
        "first", "vectors", FIRST.mean(axis=1), IDS, "first.npz", measurements=FIRST
    )
    given = [first, matrix()][::order]
    row = measure(given, "rsa.crossnobis.pearson", **FEW).pairs.iloc[0]
    rows, columns = np.tril_indices(ITEMS, -1)
    expected = pearsonr(dissimilarities(FIRST, "crossnobis"), MATRIX[rows, columns]).statistic
    assert row["value"] == pytest.approx(expected, rel=1e-9)
    assert row["low"] < row["value"] < row["high"]
    with pytest.raises(
        ParameterError, match=r"1 of 1 pairs .* of two matrices neither has repeats"
    ):
        measure([matrix(), matrix("others")], "rsa.crossnobis", **FEW)


def test_groups_of_seeds_are_told_apart_and_agree_by_crossvalidated_distances():
    given = []
    for group, seed in ((g, s) for g in (0, 1) for s in range(3)):
        items = np.random.default_rng(group).normal(size=(ITEMS, 1, 5))
        noise = np.random.default_rng(10 * group + seed).normal(size=(ITEMS, 2, 5))
        name = f"{'ab'[group]}.s{seed}"
        measured = items + 0.3 * noise
        given.append(
            Representation(
                name, "vectors", measured.mean(axis=1), IDS, name, group="ab"[group], seed=seed,
                measurements=measured,
            )
        )  # fmt: skip
    found = measure(given, ["rsa.crossnobis.pearson", "cka"], **FEW)
    assert found.tables["identification"].set_index("measure")["accuracy"].tolist() == [1, 1]
    ceiling = found.tables["ceiling"].set_index(["measure", "group"])
    profiles = [dissimilarities(one.measurements, "crossnobis") for one in given[:3]]
    expected = noise_ceiling(np.stack(profiles))
    lower = ceiling.loc[("rsa.crossnobis.pearson", "a"), "lower"]
    assert lower == pytest.approx(expected.lower, rel=1e-9)
    fewer = [*given[:5], Representation(**{**vars(given[5]), "measurements": np.empty((0, 0, 0))})]
    partly = measure(fewer, ["rsa.crossnobis.pearson", "cka"], **FEW).tables
    assert partly["identification"]["measure"].tolist() == ["cka"]
    kept = partly["ceiling"][partly["ceiling"]["measure"] == "rsa.crossnobis.pearson"]
    assert kept["group"].tolist() == ["a"]


def test_items_are_matched_and_dropped_with_all_their_repeats():
    spoiled = FIRST.copy()
    spoiled[2, 1, 0] = np.nan
    one = Representation(
        "x", "vectors", spoiled.mean(axis=1), IDS, "x.npz", measurements=spoiled.astype(np.float32)
    )
    other = Representation("y", "vectors", ONCE[::-1], IDS[::-1], "y.npz")
    given = aligned([other, one])
    kept = [name for name in IDS[::-1] if name != "i2"]
    assert given.ids == tuple(kept)
    assert given.lost == {"x": 1, "y": 1}
    taken = given.representations[1]
    rows = [IDS.index(name) for name in kept]
    np.testing.assert_array_equal(taken.measurements, spoiled.astype(np.float32)[rows])
    assert taken.measurements.dtype == np.float64
    np.testing.assert_allclose(taken.values, spoiled[rows].mean(axis=1))


def test_stored_numbers_are_those_of_the_repeats_not_of_their_means(tmp_path):
    means = FIRST.mean(axis=1, keepdims=True)
    values = []
    for each in (FIRST, means + 2 * (FIRST - means)):
        found = measure({"x": each, "y": SECOND}, "rsa.crossnobis", store=Store(tmp_path), **FEW)
        expected = rsa(each, SECOND, "crossnobis").value
        assert found.pairs["value"][0] == pytest.approx(expected, rel=1e-9)
        values.append(expected)
    assert values[0] != values[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"x": ONCE, "y": ONCE},
            "1 of 1 pairs are left out, as .* need repeats and x, y have none",
        ),
        ({"x": FIRST, "y": ONCE}, "need repeats and y has none.*column `repeat`"),
    ],
)
def test_where_nothing_has_repeats_nothing_is_run(given, message):
    with pytest.raises(ParameterError, match=f"parameter measures: rsa.crossnobis.*{message}"):
        measure(given, "rsa.crossnobis", **FEW)


def test_of_too_many_items_no_distances_of_all_pairs_are_taken(monkeypatch):
    monkeypatch.setattr(comparing, "MOST_FOR_MATRICES", ITEMS - 1)
    found = measure({"x": FIRST, "y": SECOND}, ["cka", "rsa.crossnobis"], **FEW)
    assert set(found.pairs["measure"]) == {"cka"}
    assert found.given.notes[-1].endswith("distances of all pairs are for 13 items at most.")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (FIRST[:, :1], r"x: repeated vectors are items x repeats x .* shape \(14, 1, 5\)"),
        (FIRST.astype(str), "x: the values are <U32, not real numbers"),
    ],
)
def test_arrays_that_are_no_repeats_are_refused(wrong, message):
    with pytest.raises(RepresentationError, match=message):
        measure({"x": wrong, "y": SECOND}, "cka", **FEW)


def test_a_plan_counts_the_pairs_that_have_repeats(tmp_path, capsys):
    for name, each in (("x", FIRST), ("y", SECOND)):
        ids, repeats = np.repeat(IDS, each.shape[1]), np.tile(range(each.shape[1]), ITEMS)
        rows = each.reshape(-1, each.shape[2])
        np.savez(tmp_path / f"{name}.npz", features=rows, ids=ids, repeat=repeats)
    np.savez(tmp_path / "z.npz", features=ONCE, ids=IDS)
    asked = {"measures": "rsa.crossnobis,cka", "plan": True, "k": 5}
    plan = run(MeasureConfig(representations=str(tmp_path), **asked))
    assert plan["pairs"].tolist() == [1, 3]
    assert "2 of 3 pairs are left out" in " ".join(capsys.readouterr().out.split())


def test_the_example_of_the_page_runs():
    page_text = (Path(__file__).parents[3] / "docs" / "own-representations.md").read_text()
    section = page_text.partition("## Repeats")[2]
    names: dict[str, Comparison] = {}
    exec(section.partition("```python\n")[2].partition("```")[0], names)
    assert names["found"].pairs["p"].max() < 0.05
