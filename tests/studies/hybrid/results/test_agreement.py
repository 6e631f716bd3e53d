"""Do measures agree, and what can be detected: the tables behind the page."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from hybridrep.analysis.inference.power_analysis import power
from hybridrep.studies.hybrid.names import PAIRS
from hybridrep.studies.hybrid.results.agreement import (
    ACROSS_TABLES,
    identification_table,
    measures_agreement,
    measures_summary,
)
from hybridrep.studies.hybrid.results.detectable import power_sentences, power_table
from hybridrep.studies.hybrid.results.tables import StudyTables
from hybridrep.testing.reporting_fixtures import seeds_compared, study_tables


@pytest.fixture(scope="module")
def tables() -> StudyTables:
    return study_tables(seeds=4, epochs=4, bottlenecks=(8, 4))


def test_agreement_is_the_mean_rank_correlation_over_pairs(tables):
    found = measures_agreement(tables).set_index(["first", "second"])
    used = tables.measures.query("epoch == 2")
    rhos = []
    for seed in range(4):
        sides = [
            used[(used["seed"] == seed) & (used["measure"] == key)]
            .sort_values(["bottleneck", "direction", "pair"], ascending=[False, True, True])
            .reset_index(drop=True)
            for key in ("cka", "procrustes")
        ]
        once = [0] + [i for i in range(24) if sides[0]["pair"][i] != PAIRS[0]]
        once[0] = sides[0].index[sides[0]["pair"] == PAIRS[0]][0]
        rhos.append(spearmanr(*(side["value"][once] for side in sides)).statistic)
    row = found.loc[("cka", "procrustes")]
    assert row["rho"] == pytest.approx(np.mean(rhos))
    assert (row["n"], row["pairs"]) == (4, 21)
    assert len(found) == 15


def test_distances_are_turned_around(tables):
    angles = tables.measures[tables.measures["measure"] == "procrustes"].copy()
    angles["value"] = np.arccos(angles["value"].clip(0, 1))
    rows = pd.concat([tables.measures, angles.assign(measure="shape_angle")])
    more = StudyTables(**{**tables.to_parts()[0], "measures": rows}, meta=tables.meta)
    found = measures_agreement(more).set_index(["first", "second"])
    assert found.loc[("procrustes", "shape_angle"), "rho"] == pytest.approx(1, abs=0.01)


def test_the_summary_has_every_pair_beside_chance(tables):
    found = measures_summary(tables)
    assert len(found) == 6 * 2 * 2 * 6
    row = found.query("measure == 'cka' and direction == 'bert_to_lstm' and bottleneck == 4").iloc[
        0
    ]
    values = tables.measures.query(
        "epoch == 2 and measure == 'cka' and direction == 'bert_to_lstm' and bottleneck == 4 and "
        "pair == @row.pair"
    )["value"]
    assert (row["mean"], row["sd"]) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    assert row["chance"] == 0


def test_measures_are_ranked_by_accuracy_then_auc():
    one = seeds_compared()["identification"]
    shuffled = [one.iloc[[place]] for place in (3, 0, 5, 1)]
    assert (
        identification_table(shuffled)["measure"].tolist() == one["measure"][[0, 1, 3, 5]].tolist()
    )
    for name, (_, columns) in ACROSS_TABLES.items():
        assert tuple(seeds_compared()[name].columns) == columns


def test_power_is_of_the_tests_that_the_report_makes(tables):
    found = power_table(tables)
    row = found.query("what == 'test_loss' and first == 'bert'").iloc[0]
    last = tables.transfer.query("epoch == epoch.max()")
    values = {
        name: last[last["representation"] == name].sort_values("seed")["test_loss"].to_numpy()
        for name in ("bert", "baseline")
    }
    expected = power(values["bert"], values["baseline"], tests=6)
    assert (row["n"], row["tests"]) == (4, 6)
    assert row["detectable_80"] == pytest.approx(expected.detectable_80)
    assert row["difference"] == pytest.approx((values["bert"] - values["baseline"]).mean())
    sentence = next(s for s in power_sentences(found) if s.startswith("Test loss"))
    largest = found.query("what == 'test_loss'")["detectable_80"].max()
    assert f"with 4 seeds, differences from {largest:.2g} on can be detected" in sentence


def test_one_seed_detects_nothing_and_says_so():
    sentences = power_sentences(power_table(study_tables(seeds=1, epochs=2)))
    assert sentences
    assert all("not known: fewer than two seeds" in sentence for sentence in sentences)
