"""Tables of toy searches: trials, the best of them, values of seeds, and what mattered."""

import pandas as pd
import pytest

from hybridrep.sweeping.tables import (
    Terms,
    best_table,
    importance_table,
    seeds_table,
    trials_table,
)
from hybridrep.testing.sweep_searches import CONTINUOUS, SPACE, search, value, work

TERMS = Terms("place", ("t", "d"), measure="what", unit="points", readable=str.title)


def finish(searching, asked) -> None:
    score = value(asked.point)
    searching.complete(asked, {
        "t": score, "t_sd": 0.5, "d": -score, "d_sd": None, "epoch": asked.point["epochs"],
        "seeds": {"4": {"a": score, "b": 0.0}},
    })  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A grid of six points: one diverged, five complete."""
    searching = search(tmp_path_factory.mktemp("grid") / "journal")
    searching.resume()
    first, *rest = sorted(searching.ask(6), key=lambda asked: asked.key)
    searching.void(first, "diverged")
    for asked in rest:
        finish(searching, asked)
    return searching


def test_every_trial_is_a_row_with_its_point_and_values(finished):
    table = trials_table([finished], SPACE, TERMS)
    assert list(table) == [
        "place", "trial", "state", "size", "epochs", "rate", "shape",
        "t", "t_sd", "d", "d_sd", "epoch", "pareto", "note",
    ]  # fmt: skip
    assert table["state"].tolist() == ["VOID", *["COMPLETE"] * 5]
    assert table[["size", "epochs"]].to_numpy().tolist() == [
        [point["size"], point["epochs"]] for point in SPACE.grid()
    ]
    assert table.loc[0, "note"] == "diverged"
    assert table.loc[0, ["t", "d", "epoch"]].isna().all()
    assert table["pareto"].tolist() == [False, *[True] * 5]  # better in one is worse in the other
    assert table["epoch"].dtype == "Int64"
    assert table[["t", "t_sd", "d", "d_sd"]].dtypes.eq(float).all()


def test_the_best_of_each_objective_stands_beside_other_values(finished):
    trials = trials_table([finished], SPACE, TERMS)
    best = best_table(trials, SPACE, TERMS, {"other": pd.Series({"there": 0.25})})
    assert best["best_by"].tolist() == ["t", "d"]
    assert best["t"].tolist() == [trials["t"].max(), trials["t"].min()]
    assert best["other"].tolist() == [0.25, 0.25]
    assert best_table(trials, SPACE, TERMS, {"other": pd.Series({})})["other"].isna().all()
    none = best_table(trials[:1], SPACE, TERMS, {})
    assert len(none) == 0
    assert list(none) == [c for c in best if c != "other"]


def test_seeds_of_complete_trials_alone_have_values(finished):
    seeds = seeds_table([finished], TERMS)
    assert list(seeds) == ["place", "trial", "seed", "what", "value"]
    assert seeds["trial"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert set(seeds["seed"]) == {4}
    assert seeds["what"].tolist() == ["a", "b"] * 5


def test_a_trial_that_nothing_is_known_of_is_no_row(tmp_path):
    waiting = search(tmp_path / "journal")
    waiting.resume()
    assert len(trials_table([waiting], SPACE, TERMS)) == 0
    assert len(importance_table([waiting], TERMS)) == 0


def test_importance_is_a_share_of_what_is_varied(tmp_path):
    searching = search(tmp_path / "journal", "tpe", 12, CONTINUOUS)
    work(searching)
    table = importance_table([searching], TERMS)
    assert list(table) == ["place", "objective", "parameter", "importance"]
    assert set(table["parameter"]) == set(CONTINUOUS.varied)
    assert table["importance"].sum() == pytest.approx(1)
    assert table.loc[table["importance"].idxmax(), "parameter"] == "rate"
