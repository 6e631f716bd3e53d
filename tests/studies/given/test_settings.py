"""The measures' own parameters, and columns of the items: used, kept together, refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybridrep.analysis.collapse import cdnv
from hybridrep.analysis.predictivity import ridge_r2
from hybridrep.analysis.probes import decoding
from hybridrep.errors import ParameterError
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given.aligned import aligned
from hybridrep.studies.given.comparing import CORE, chosen_measures
from hybridrep.studies.given.comparison import measure
from hybridrep.studies.given.settings import Settings, column

FEW = {"resamples": 8, "permutations": 9}
IDS = tuple(f"i{n}" for n in range(30))
RNG = np.random.default_rng(0)


def one(name: str, columns: dict[str, list[str]] | None = None) -> Representation:
    items = pd.DataFrame(columns or {}, index=list(IDS)) if columns else pd.DataFrame()
    values = np.random.default_rng(len(name)).normal(size=(30, 4)) + np.arange(30)[:, None] / 9
    return Representation(name, "vectors", values, IDS, f"{name}.csv", items=items)


CLASSES = [str(n // 15) for n in range(30)]
SPEAKERS = [f"speaker {n // 3}" for n in range(30)]


@pytest.fixture(scope="module")
def given() -> list[Representation]:
    return [one("x", {"class": CLASSES, "speaker": SPEAKERS}), one("yy"), one("zzz")]


def test_parameters_stand_in_the_keys_that_they_change():
    settings = Settings(k=7, alpha=0.5, quantiles=(0.1, 0.4))
    names = ["mutual_knn", "jaccard_knn.euclidean", "shape_angle", "trsa", "cka"]
    keys = [each.key for each in chosen_measures(names, settings)]
    assert keys == [
        "mutual_knn.k7", "jaccard_knn.k7.euclidean", "shape_angle.a50", "trsa.l10.u40", "cka",
    ]  # fmt: skip
    core = [each.key for each in chosen_measures(["core"], settings)]
    assert core == [key.replace("k10", "k7") for key in CORE]
    assert [each.key for each in chosen_measures(["core"])] == list(CORE)
    every = {each.key for each in chosen_measures(["all"], settings)}
    assert {"jaccard_knn.k7", "cknna.k7"} <= every
    assert not any(".k10" in key for key in every)


def test_classes_are_described_and_groups_stay_together(given):
    x = given[0].values
    speaker = np.repeat(np.arange(10), 3)
    found = measure(
        given, "ridge_r2", describe=("core",), labels="class", groups="speaker", folds=4, k=3, **FEW
    )
    row = found.pairs.set_index(["first", "second"]).loc[("x", "yy")]
    expected = ridge_r2(x, given[1].values, 4, groups=speaker)
    assert row["value"] == pytest.approx(expected.value, rel=1e-12)
    assert row["low"] < row["value"] < row["high"]
    table = found.tables["describe"]
    assert {*table["measure"]} == {
        "participation_ratio", "twonn", "mean_cosine", "cdnv", "decoding",
    }  # fmt: skip
    alone = table.set_index(["measure", "representation"])["value"]
    labels = np.repeat([0, 1], 15)
    assert alone[("cdnv", "x")] == pytest.approx(cdnv(x, labels).value, rel=1e-12)
    read = decoding(x, labels, 4, groups=speaker)
    assert alone[("decoding", "x")] == pytest.approx(read.value, rel=1e-12)


def test_halves_keep_groups_whole(given):
    kept = measure(given, "cka", groups="speaker", k=3, **FEW).pairs.iloc[0]
    alone = measure(given, "cka", k=3, **FEW).pairs.iloc[0]
    assert kept["value"] == alone["value"]
    assert kept["se"] != alone["se"]
    weights = measure(given, "rsa", groups="speaker", k=3, **FEW).pairs
    assert np.isfinite(weights["se"]).all()


def test_many_items_are_drawn_by_class():
    classes = ["rare"] * 6 + ["usual"] * 24
    given = [one("x", {"class": classes}), one("yy")]
    drawn = aligned(given, max_items=10, labels="class")
    assert sum(name in IDS[:6] for name in drawn.ids) == 2
    assert "10 of 30 common items are drawn at random, by class." in drawn.notes
    assert drawn.ids == aligned(given, max_items=10, labels="class").ids


@pytest.mark.parametrize(
    ("columns", "name", "message"),
    [
        (
            {"class": CLASSES},
            "kind",
            "no representation has the items' column 'kind'; there are cl",
        ),
        (None, "class", "column 'class'; none has any columns"),
        ({"class": ["", *CLASSES[1:]]}, "class", "1 items have no class, the first 'i0'"),
    ],
)
def test_columns_that_are_not_there_are_refused(columns, name, message):
    with pytest.raises(ParameterError, match=message):
        column(aligned([one("x", columns), one("yy")]), name, "labels")


def test_columns_that_differ_are_refused():
    other = one("yy", {"class": ["9", *CLASSES[1:]]})
    with pytest.raises(ParameterError, match=r"the item 'i0' has class = '0', and '9' in yy.csv"):
        column(aligned([one("x", {"class": CLASSES}), other]), "class", "labels")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"describe": ("cdnv",)}, r"cdnv needs the classes .* labels=COLUMN"),
        ({"k": 30}, "30 nearest of 30 items are all of them"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(given, wrong, message):
    with pytest.raises(ParameterError, match=message):
        measure(given, "cka", **FEW, **wrong)


def test_settings_of_the_same_groups_have_the_same_key(given):
    settings = [Settings(groups=np.arange(4) // 2), Settings(groups=np.arange(4) // 2)]
    cka, ridge = chosen_measures(["cka", "ridge_r2"])
    assert settings[0].identity(cka) == settings[1].identity(cka)
    assert replace(settings[0], folds=9).identity(cka) == settings[0].identity(cka)
    assert replace(settings[0], folds=9).identity(ridge) != settings[0].identity(ridge)
