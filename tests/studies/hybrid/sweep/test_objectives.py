"""Transformability and diffusibility, their means over seeds, and the Pareto front."""

import math

import numpy as np
import optuna
import pandas as pd
import pytest

from hybridrep.analysis.pareto import best_row, pareto_front
from hybridrep.studies.hybrid.names import ITEM_SETS, PAIRS
from hybridrep.studies.hybrid.sweep.objectives import curves, measures


def rsa_table(seeds=(0, 1, 2), epochs=range(4)) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = [
        (seed, items, epoch, pair, random.uniform(-1, 1))
        for seed in seeds
        for items in ITEM_SETS
        for epoch in epochs
        for pair in PAIRS
    ]
    return pd.DataFrame(rows, columns=["seed", "item_set", "epoch", "pair", "value"])


def one(table: pd.DataFrame, seed: int, items: str, epoch: int, pair: str) -> float:
    chosen = (table["seed"] == seed) & (table["item_set"] == items)
    chosen &= (table["epoch"] == epoch) & (table["pair"] == pair)
    (value,) = table.loc[chosen, "value"]
    return value


def test_measures_are_read_off_the_unseen_tweets():
    table = rsa_table().sample(frac=1, random_state=1)  # rows in any order
    found = measures(table)
    assert list(zip(found["seed"], found["epoch"], strict=True)) == [
        (seed, epoch) for seed in range(3) for epoch in range(4)
    ]
    for row in found.to_dict("records"):
        values = {pair: one(table, row["seed"], "unseen", row["epoch"], pair) for pair in PAIRS}
        assert {pair: row[pair] for pair in PAIRS} == values
        assert row["transformability"] == values["reconstructed_vs_target"]
        smaller = min(values["bottleneck_vs_input"], values["bottleneck_vs_target"])
        assert row["diffusibility"] == smaller


def test_a_measure_without_its_correlations_is_nan():
    table = rsa_table(seeds=(0,), epochs=(1,))
    table.loc[table["pair"] == "bottleneck_vs_input", "value"] = np.nan
    (row,) = measures(table).to_dict("records")
    assert math.isnan(row["diffusibility"])
    assert row["transformability"] == one(table, 0, "unseen", 1, "reconstructed_vs_target")


def test_curves_are_means_and_sds_of_each_seeds_own_minimum():
    values = measures(rsa_table())
    found = curves(values).set_index("epoch")
    for epoch in range(4):
        each = values.loc[values["epoch"] == epoch, "diffusibility"].to_numpy()
        assert found.loc[epoch, "diffusibility"] == pytest.approx(np.mean(each))
        assert found.loc[epoch, "diffusibility_sd"] == pytest.approx(np.std(each, ddof=1))


def test_a_mean_lacks_no_seed_silently():
    values = measures(rsa_table())
    values.loc[(values["seed"] == 1) & (values["epoch"] == 2), "transformability"] = np.nan
    found = curves(values).set_index("epoch")
    assert found["transformability"].isna().tolist() == [False, False, True, False]
    assert found["diffusibility"].notna().all()


def test_one_seed_has_a_mean_and_no_sd():
    found = curves(measures(rsa_table(seeds=(5,))))
    assert found["transformability"].notna().all()
    assert found["transformability_sd"].isna().all()


def test_the_front_is_that_of_optuna():
    random = np.random.default_rng(3)
    values = random.integers(0, 6, size=(40, 2)).astype(float)  # with ties and equal rows
    study = optuna.create_study(directions=["maximize", "maximize"])
    for row in values:
        study.add_trial(optuna.create_trial(values=list(row)))
    expected = {trial.number for trial in study.best_trials}
    assert set(np.flatnonzero(pareto_front(values))) == expected
    assert 0 < len(expected) < len(values)


def test_what_is_unknown_is_not_on_the_front_and_beats_nobody():
    values = np.array([[0.1, 0.1], [np.nan, 9.0], [0.2, 0.0]])
    assert pareto_front(values).tolist() == [True, False, True]
    assert pareto_front(np.full((2, 2), np.nan)).tolist() == [False, False]


def test_the_best_row_is_the_first_of_the_highest():
    assert best_row(np.array([0.1, np.nan, 0.3, 0.3])) == 2
    assert best_row(np.array([-0.5])) == 0
    assert best_row(np.array([np.nan, np.nan])) is None
    assert best_row(np.array([])) is None
