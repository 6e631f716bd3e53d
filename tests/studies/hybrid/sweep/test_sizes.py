"""The rule that says what the bottleneck's size changed, on constructed numbers."""

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from hybridrep.studies.hybrid.sweep.sizes import (
    CHANGED,
    OPEN,
    UNCHANGED,
    at_best_epoch,
    size_effects,
    size_sentence,
)

SEEDS, SIZES = range(6), (32, 64, 128)


def by_size(means: dict[tuple[str, str], tuple[float, ...]], noise=0.005, seeds=SEEDS, sizes=SIZES):
    """Values around given means per size, with a level of each seed's own."""
    random = np.random.default_rng(0)
    rows = [
        (direction, objective, size, "v", 50, seed, mean + level + random.normal(0, noise))
        for (direction, objective), levels in means.items()
        for seed, level in zip(seeds, random.normal(0, 0.05, len(seeds)), strict=True)
        for size, mean in zip(sizes, levels, strict=True)
    ]
    columns = ["direction", "objective", "bottleneck", "variant", "epoch", "seed", "value"]
    return pd.DataFrame(rows, columns=columns)


THREE = by_size(
    {
        ("bert_to_lstm", "transformability"): (0.30, 0.35, 0.40),
        ("bert_to_lstm", "diffusibility"): (0.50, 0.501, 0.502),
    }
)


def test_p_is_that_of_a_repeated_measures_anova_corrected_after_holm():
    found = size_effects(THREE).set_index("objective")
    p = []
    for objective in found.index:
        mine = THREE[THREE["objective"] == objective]
        anova = pingouin.rm_anova(mine, dv="value", within="bottleneck", subject="seed")
        p.append(float(anova[next(c for c in anova.columns if c.startswith("p"))].iloc[0]))
        assert found.loc[objective, "p"] == pytest.approx(p[-1], rel=1e-6)
    smaller, greater = sorted(p)
    expected = sorted([min(1, 2 * smaller), max(greater, min(1, 2 * smaller))])
    assert sorted(found["holm_p"]) == pytest.approx(expected)


def test_seeds_may_differ_more_than_sizes():
    """Seeds are blocks: an unpaired test would not see what every seed shows."""
    mine = THREE[THREE["objective"] == "transformability"]
    mine = mine.assign(value=mine["value"] + 0.2 * (mine["seed"] % 3))
    groups = [g["value"] for _, g in mine.groupby("bottleneck")]
    assert stats.f_oneway(*groups).pvalue > 0.2
    assert size_effects(mine)["p"].iloc[0] < 1e-6


def test_a_change_needs_a_small_p_and_a_difference_that_matters():
    found = size_effects(THREE).set_index("objective")
    assert found.loc["transformability", "verdict"] == CHANGED
    assert found.loc["diffusibility", "verdict"] == UNCHANGED
    assert found.loc["transformability", ["least_at", "most_at"]].tolist() == [32, 128]
    means = THREE[THREE["objective"] == "transformability"].groupby("bottleneck")["value"].mean()
    assert found.loc["transformability", "most"] == pytest.approx(means[128])


def test_a_tiny_difference_is_no_change_however_sure():
    sure = by_size({("bert_to_lstm", "transformability"): (0.3, 0.31, 0.305)}, noise=1e-5)
    (row,) = size_effects(sure).to_dict("records")
    assert row["p"] < 1e-10
    assert row["verdict"] == UNCHANGED


@pytest.mark.parametrize("seeds", [(4,), (0, 1, 2)])
def test_noise_or_a_single_seed_leaves_the_question_open(seeds):
    noisy = by_size({("lstm_to_bert", "diffusibility"): (0.3, 0.4, 0.3)}, 0.2, seeds)
    (row,) = size_effects(noisy).to_dict("records")
    assert row["verdict"] == OPEN
    assert np.isnan(row["p"]) == (len(seeds) == 1)


def test_a_seed_that_lacks_a_size_is_left_out():
    short = THREE[~((THREE["seed"] == 2) & (THREE["bottleneck"] == 64))]
    assert size_effects(short)["seeds"].tolist() == [5, 5]


def test_the_sentence_names_what_changed_and_what_did_not():
    text = size_sentence(size_effects(THREE), SIZES)
    changed, unchanged = text.split("; ")
    assert changed.startswith("Between 32 and 128 bottleneck dimensions, the size changed BERT-to")
    assert "BERT-to-LSTM transformability (0.2" in changed or "(0.3" in changed
    assert "p < 0.001" in changed
    assert "diffusibility" not in changed
    assert unchanged.startswith("it left BERT-to-LSTM diffusibility")
    assert "6 seeds" in unchanged
    assert text.endswith(").")
    assert text.count(".)") == 0


def test_the_sentence_admits_what_it_cannot_say():
    noisy = by_size({("lstm_to_bert", "diffusibility"): (0.3, 0.4, 0.3)}, 0.2, (0, 1, 2))
    assert "3 seeds leave open whether it changed LSTM-to-BERT diffusibility" in size_sentence(
        size_effects(noisy), SIZES
    )
    only = by_size({("lstm_to_bert", "diffusibility"): (0.3,)}, sizes=(32,))
    assert "only 32 dimensions were tried" in size_sentence(size_effects(only), (32,))
    assert "too few sizes" in size_sentence(size_effects(only.head(0)), ())


def test_each_size_stands_with_its_best_epoch_and_variant_inside_the_range():
    rows = [
        ("bert_to_lstm", size, variant, seed, epoch, value + seed, 0.1 * epoch)
        for size, variant, values in (
            (32, "a", (0.9, 0.1, 0.4, 0.2)),  # the best is before the range
            (32, "b", (0.0, 0.3, 0.3, 0.1)),
            (64, "a", (0.0, 0.0, 0.5, 0.5)),  # the earliest of equals
        )
        for epoch, value in enumerate(values)
        for seed in (0, 1)
    ]
    names = ["direction", "bottleneck", "variant", "seed", "epoch"]
    table = pd.DataFrame(rows, columns=[*names, "transformability", "diffusibility"])
    found = at_best_epoch(table, (1, 3))
    chosen = found[found["objective"] == "transformability"]
    where = chosen[["bottleneck", "variant", "epoch", "seed"]].values.tolist()
    assert where == [[32, "a", 2, 0], [32, "a", 2, 1], [64, "a", 2, 0], [64, "a", 2, 1]]
    assert chosen["value"].tolist() == [0.4, 1.4, 0.5, 1.5]
    assert set(found.loc[found["objective"] == "diffusibility", "epoch"]) == {3}
