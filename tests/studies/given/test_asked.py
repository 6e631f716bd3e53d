"""What is asked for is checked before any work, and used as it was checked."""

import os
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hybridrep.errors import ParameterError
from hybridrep.sources.vectors.records import Representation
from hybridrep.studies.given import asked, comparing
from hybridrep.studies.given import run as running
from hybridrep.studies.given.comparison import measure
from hybridrep.studies.given.config import MeasureConfig
from hybridrep.studies.given.names import PRIMARY_TAG
from hybridrep.studies.given.report import page

FEW = {"resamples": 4, "permutations": 4}
ITEMS = 100
IDS = tuple(f"i{n}" for n in range(ITEMS))
RNG = np.random.default_rng(0)
COLUMNS = pd.DataFrame(
    {
        "class": [str(n % 2) for n in range(ITEMS)],
        "speaker": [f"speaker {n % 4}" for n in range(ITEMS)],
        "two": [str(n % 2) for n in range(ITEMS)],
        "one": ["same"] * ITEMS,
        "uneven": ["most"] * 90 + [str(n) for n in range(10)],
    },
    index=list(IDS),
)
PLAIN, WIDE = RNG.normal(size=(ITEMS, 4)), RNG.normal(size=(ITEMS, 6))


def one(name: str, values: np.ndarray) -> Representation:
    return Representation(name, "vectors", values, IDS, f"{name}.csv", items=COLUMNS)


GIVEN = [one("x", PLAIN), one("y", WIDE)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"measures": "core", "groups": "speaker"},
            "parameter groups: 4 groups of items with the same speaker are too few for 5 folds: "
            "say folds=4, or leave out ridge_r2",
        ),
        (
            {"groups": "two", "measures": ["ridge_r2", "unit_r"]},
            "parameter groups: 2 groups .* name another column, or leave out ridge_r2, unit_r",
        ),
        (
            {"groups": "speaker", "labels": "class", "describe": ("decoding",)},
            "parameter groups: 4 groups .* say folds=4, or leave out decoding",
        ),
        (
            {"groups": "uneven", "measures": "ridge_r2"},
            "parameter groups: the largest group .* has 90 of 100 items, so that 2 of 5 folds",
        ),
        ({"groups": "one"}, "parameter groups: all items have the same one"),
        ({"folds": 2}, "parameter folds: 2 are too few, .* choose 3 or more"),
        ({"folds": 101, "measures": "core"}, "parameter folds: 100 items are too few for 101"),
        (
            {"measures": "alignment_index"},
            "parameter measures: alignment_index compares the same dimensions, and x has 4, y 6",
        ),
        ({"measures": "mutual_knn.k0"}, "parameter measures: no measure 'mutual_knn.k0': neigh"),
        ({"describe": ("mle_dimension",), "k": 1}, "parameter describe: .* at least two neighbour"),
        (
            {"quantiles": (0.125, 0.875)},
            "parameter quantiles: 0.125 has more than two decimals, .* write 0.12 or 0.13",
        ),
        ({"alpha": 0.004}, "parameter alpha: 0.004 has more than two .* write 0.00 or 0.01"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(wrong, message, monkeypatch):
    monkeypatch.setattr(comparing, "_numbers", lambda *_: pytest.fail("measured"))
    with pytest.raises(ParameterError, match=message):
        measure(GIVEN, **{"measures": "cka", **FEW, **wrong})


def test_two_decimals_are_taken_however_they_are_rounded():
    found = measure(GIVEN, ["trsa", "shape_angle"], quantiles=(0.07, 0.57), alpha=0.29, **FEW)
    assert [each.key for each in found.measures] == ["trsa.l7.u57", "shape_angle.a29"]


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (np.repeat(PLAIN[:2], 50, axis=0), "2 distinct items are too few for 5 folds"),
        (np.vstack([np.zeros((90, 4)), PLAIN[:10]]), "leaves items in 2 of 5 folds"),
    ],
)
def test_equal_items_leave_one_value_undefined_and_all_else_computed(values, note):
    given = [one("x", values), *GIVEN[1:], one("z", PLAIN)]
    found = measure(
        given, ["cka", "ridge_r2", "unit_r"], reference="y", labels="class",
        describe=("mean_cosine", "decoding"), **FEW,
    )  # fmt: skip
    rows = found.pairs.set_index(["measure", "first", "second"])
    for key in ("ridge_r2", "unit_r"):
        assert np.isnan(rows.loc[(key, "x", "y"), "value"])
        assert note in rows.loc[(key, "x", "y"), "note"]
    defined = rows.drop([("ridge_r2", "x", "y"), ("unit_r", "x", "y")])
    assert np.isfinite(defined["value"]).all()
    alone = found.tables["describe"].set_index(["measure", "representation"])
    assert np.isfinite(alone.drop(("decoding", "x"))["value"]).all()
    assert note in page(found)


def test_representations_of_as_many_dimensions_are_compared_in_their_space():
    found = measure([GIVEN[0], one("z", -PLAIN)], "alignment_index", **FEW)
    assert found.pairs["value"].tolist() == pytest.approx([1, 1])


def test_a_plan_names_the_measures_that_will_be_run(capsys):
    config = MeasureConfig(
        representations="sample", plan=True, k=7, alpha=0.5, quantiles="0.1,0.4",
        measures="core,trsa,shape_angle",
    )  # fmt: skip
    named = running.run(config)["measure"].tolist()
    assert named[-3:] == ["ridge_r2", "trsa.l10.u40", "shape_angle.a50"]
    assert "mutual_knn.k7" in named
    assert "mutual_knn.k10" not in capsys.readouterr().out


def test_a_run_says_what_was_measured_and_aligns_once(tmp_path, monkeypatch):
    tags, often = {}, []

    @contextmanager
    def main_run(*_, **said):
        tags.update(said["tags"])
        yield SimpleNamespace(log=lambda _: None)

    tracker = SimpleNamespace(close_stale_runs=lambda: None, main_run=main_run)
    monkeypatch.setattr(running, "connect", lambda _: tracker)
    aligned = asked.aligned
    monkeypatch.setattr(asked, "aligned", lambda *some: often.append(1) or aligned(*some))
    found = running.run(
        MeasureConfig(
            representations="sample", store=str(tmp_path), k=7, measures="mutual_knn",
            primary="mutual_knn", resamples=4, permutations=4,
        )
    )  # fmt: skip
    assert tags[PRIMARY_TAG] == "mutual_knn.k7"
    assert {*found.pairs["measure"]} == {"mutual_knn.k7"}
    assert found.pairs["primary"].all()
    assert len(often) == 1


def test_no_run_is_opened_for_what_is_refused(monkeypatch):
    monkeypatch.setattr(running, "connect", lambda _: pytest.fail("a run was opened"))
    with pytest.raises(ParameterError, match=r"parameter quantiles: 0\.125 has more than two"):
        running.run(MeasureConfig(representations="sample", quantiles="0.125,0.875"))


def test_all_is_measured_on_one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    threads, numbers = [], comparing._numbers

    def watched(*some):
        threads.append(os.environ["OMP_NUM_THREADS"])
        return numbers(*some)

    monkeypatch.setattr(comparing, "_numbers", watched)
    measure(GIVEN, ["cka", "rsa"], **FEW)
    assert threads == ["1", "1"]
    assert os.environ["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize(("items", "k"), [(12, 10), (8, 6)])
def test_the_page_says_how_many_nearest_items_were_looked_at(items, k):
    values = RNG.normal(size=(2, items, 3))
    found = measure(dict(zip("xy", values, strict=True)), "cka", k=3, **FEW)
    assert f"Items whose {k} nearest are shared most" in page(found)
