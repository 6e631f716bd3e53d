"""Transformability and diffusibility, and their means over seeds."""

import math

import numpy as np
import pandas as pd
import pytest

from hybridrep.studies.hybrid.names import ALL_ITEM_SETS, PAIRS
from hybridrep.studies.hybrid.sweep.objectives import curves, measures


def rsa_table(seeds=(0, 1, 2), epochs=range(4)) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = [
        (seed, items, epoch, pair, random.uniform(-1, 1))
        for seed in seeds
        for items in ALL_ITEM_SETS
        for epoch in epochs
        for pair in PAIRS
    ]
    return pd.DataFrame(rows, columns=["seed", "item_set", "epoch", "pair", "value"])


def one(table: pd.DataFrame, seed: int, items: str, epoch: int, pair: str) -> float:
    chosen = (table["seed"] == seed) & (table["item_set"] == items)
    chosen &= (table["epoch"] == epoch) & (table["pair"] == pair)
    (value,) = table.loc[chosen, "value"]
    return value


def test_measures_are_read_off_the_tweets_that_choices_are_made_on():
    table = rsa_table().sample(frac=1, random_state=1)  # rows in any order
    found = measures(table)
    assert list(zip(found["seed"], found["epoch"], strict=True)) == [
        (seed, epoch) for seed in range(3) for epoch in range(4)
    ]
    for row in found.to_dict("records"):
        values = {pair: one(table, row["seed"], "selection", row["epoch"], pair) for pair in PAIRS}
        assert {pair: row[pair] for pair in PAIRS} == values
        assert row["transformability"] == values["reconstructed_vs_target"]
        smaller = min(values["bottleneck_vs_input"], values["bottleneck_vs_target"])
        assert row["diffusibility"] == smaller


def test_a_measure_without_its_correlations_is_nan():
    table = rsa_table(seeds=(0,), epochs=(1,))
    table.loc[table["pair"] == "bottleneck_vs_input", "value"] = np.nan
    (row,) = measures(table).to_dict("records")
    assert math.isnan(row["diffusibility"])
    assert row["transformability"] == one(table, 0, "selection", 1, "reconstructed_vs_target")


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
