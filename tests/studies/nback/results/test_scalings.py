"""Both scalings side by side: one factor a network, and each unit by its own SD."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from hybridrep.parameters import resolve
from hybridrep.studies.nback.config import Config
from hybridrep.studies.nback.decoding.stage import decoding_of, spaces_of
from hybridrep.studies.nback.memory.networks import recipe
from hybridrep.studies.nback.results import catalogue
from hybridrep.studies.nback.results.decoding import decoding_numbers, zscored_numbers
from hybridrep.studies.nback.results.decoding_summary import decoding_methods, decoding_summary
from hybridrep.studies.nback.results.geometry import geometry_numbers
from hybridrep.studies.nback.results.seed_run import decode_table, metrics
from tests.studies.nback.made_up import made_up

LOWER = 0.1
"""What made-up scores of z-scored units are below those of one factor."""


@pytest.fixture(scope="module")
def both():
    """A study of both scalings, and the same without the second."""
    plain = made_up(1, scaling="both", architectures="gru", diets="mtmf")
    names, added = ("decoding", "cross_task", "rotations"), {}
    for name in names:
        table = getattr(plain, name)
        table = table[table["diet"] == "mtmf"]
        lower = table.assign(space="z", score=table["score"] - LOWER)
        added[name] = pd.concat([getattr(plain, name), lower], ignore_index=True)
    return replace(plain, **added).validate(), plain


def test_numbers_of_z_scored_units_stand_beside_those_of_one_factor(both):
    tables, plain = both
    pd.testing.assert_frame_equal(decoding_numbers(tables), decoding_numbers(plain))
    beside = zscored_numbers(tables)
    keys = ["seed", "name", "diet", "measure", "step"]
    main = decoding_numbers(plain)
    main = main[main["diet"] == "mtmf"].assign(measure=lambda t: t["measure"] + "_zscored")
    joined = main.merge(beside, on=keys, how="outer", indicator=True)
    assert (joined["_merge"] == "both").all()
    moved = joined[joined["measure"].str.contains("validation|first_step|retained")]
    apart = (moved["value_x"] - moved["value_y"]).to_numpy()
    assert apart == pytest.approx(LOWER)
    assert len(zscored_numbers(plain)) == 0


def test_they_are_metrics_that_the_reference_explains(both):
    tables, plain = both
    angled = tables.orthogonality
    angled = angled[
        angled["measure"].isin(["index", "corrected"]) & (angled["diet"] == "mtmf")
    ]  # fmt: skip
    lower = angled.assign(measure=angled["measure"] + "_zscored", score=angled["score"] - LOWER)
    joined = pd.concat([tables.orthogonality, lower], ignore_index=True)
    tables = replace(tables, orthogonality=joined).validate()
    added = {*metrics(tables)["key"]} - {*metrics(plain)["key"]}
    assert {"procrustes/gru/joint_zscored", "cross_task/gru/other_feature_zscored",
            "across_time/gru/mtmf/executive/paper_zscored",
            "orthogonality/gru/identity/o_zscored"} <= added  # fmt: skip
    for key in added:
        assert any(each.matches(key, catalogue.PLACEHOLDERS) for each in catalogue.METRICS), key
    turned = geometry_numbers(tables).groupby("measure")["value"].mean()
    difference = turned["procrustes/joint"] - turned["procrustes/joint_zscored"]
    assert difference == pytest.approx(LOWER)
    assert "first_step/relevant_zscored" in decode_table(tables)
    assert "first_step/relevant_zscored" in {*decoding_summary(tables)["measure"]}
    methods = decoding_methods(tables).set_index("what")["here"]
    assert "_zscored" in methods["scaling"]


def test_the_paper_s_profile_reads_both_of_networks_of_all_tasks():
    paper, quick = (resolve({"profile": p}, Config) for p in ("paper", "quickstart"))
    spaces = {
        (architecture, diet): spaces_of(recipe(paper, architecture, diet), decoding_of(paper))
        for architecture in ("gru", "lstm")
        for diet in ("mtmf", "stmf_1", "untrained")
    }
    assert spaces["gru", "mtmf"] == ("h", "z")
    assert spaces["lstm", "mtmf"] == ("h", "c", "z")
    assert {v for (_, diet), v in spaces.items() if diet != "mtmf"} == {("h",)}
    assert spaces_of(recipe(quick, "gru", "mtmf"), decoding_of(quick)) == ("h",)
