"""Study tables: their layout is checked, upgraded and kept; views say what they stand on."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybridrep.analysis import statistics
from hybridrep.errors import HybridrepError, TablesError
from hybridrep.studies.hybrid.names import (
    ALL_ITEM_SETS,
    DIRECTIONS,
    PAIRS,
    SIZED,
    TRANSFER,
    UNSIZED,
)
from hybridrep.studies.hybrid.results import tables as tables_module
from hybridrep.studies.hybrid.results import views
from hybridrep.studies.hybrid.results.schema import SCHEMAS, frame
from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables

EPOCHS = 4
HALF = 2


def meta(seeds: list[int], sizes: tuple[int, ...] = (32,), **more: Any) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "study": "test",
        "study_key": "abc",
        "config": {"bottlenecks": list(sizes)},
        "half_epoch": HALF,
        "seeds_wanted": seeds,
        "seeds_failed": {},
        **more,
    }


def study(seeds: list[int], sizes: tuple[int, ...] = (32,), **more: Any) -> StudyTables:
    """A complete study whose every value says where it comes from."""
    epochs = range(1, EPOCHS + 1)
    losses = {"train_loss": 0.5, "test_loss": 0.6}
    lstm = [
        {
            "seed": s,
            "epoch": e,
            "train_loss": 1 / e,
            "validation_loss": 1.0,
            "validation_accuracy": 0.5,
            "test_accuracy": 0.4,
        }
        for s in seeds
        for e in epochs
    ]
    autoencoder = [
        {"seed": s, "direction": d, "bottleneck": b, "epoch": e, **losses}
        for s in seeds
        for d in DIRECTIONS
        for b in sizes
        for e in epochs
    ]
    ridge = [
        {
            "seed": s,
            "direction": d,
            "penalty": 1.0,
            "test_loss": 0.4,
            "mean_loss": 0.9,
            **{f"reconstructed_vs_target_{i}": 0.3 for i in ALL_ITEM_SETS},
        }
        for s in seeds
        for d in DIRECTIONS
    ]
    rsa = [
        {
            "seed": s,
            "item_set": i,
            "direction": d,
            "bottleneck": b,
            "epoch": e,
            "pair": p,
            "value": 0.001 * s + 0.1 * e + 0.01 * n + 0.0001 * b * k - 0.002 * m,
        }
        for s in seeds
        for m, i in enumerate(ALL_ITEM_SETS)
        for k, d in enumerate(DIRECTIONS)
        for b in sizes
        for e in range(EPOCHS + 1)
        for n, p in enumerate(PAIRS)
    ]
    names = [(r, 0) for r in UNSIZED] + [(r, b) for r in SIZED for b in sizes]
    transfer = [
        {
            "seed": s,
            "representation": r,
            "bottleneck": b,
            "epoch": e,
            "train_loss": 0.7 - 0.1 * e,
            "test_loss": 0.7 - 0.01 * e + 0.02 * (s % 3) + 0.001 * n,
            "test_accuracy": 0.5 + 0.01 * e,
        }
        for s in seeds
        for n, (r, b) in enumerate(names)
        for e in epochs
    ]
    return StudyTables(
        lstm=frame("lstm", lstm),
        autoencoder=frame("autoencoder", autoencoder),
        linear_baseline=frame("linear_baseline", ridge),
        rsa=frame("rsa", rsa),
        transfer=frame("transfer", transfer),
        meta=meta(seeds, sizes, **more),
    )


def without(tables: StudyTables, name: str, where: pd.Series) -> StudyTables:
    parts, info = tables.to_parts()
    return StudyTables(**{**parts, name: parts[name][~where]}, meta=info)


def test_a_complete_study_is_valid_and_survives_its_parts() -> None:
    tables = study([0, 1], sizes=(32, 64)).validate()
    parts, info = tables.to_parts()
    assert set(parts) == set(SCHEMAS)
    rough = {
        name: pd.DataFrame(json.loads(table.astype(object).to_json(orient="records")))
        for name, table in parts.items()
    }
    rough["lstm"]["epoch"] = rough["lstm"]["epoch"].astype(float)
    back = StudyTables.from_parts(rough, json.loads(json.dumps(info)))
    for name in SCHEMAS:
        pd.testing.assert_frame_equal(getattr(back, name), parts[name])
    assert back.meta == info


def test_an_empty_study_is_valid() -> None:
    tables = StudyTables(meta=meta([])).validate()
    assert list(tables.rsa.columns) == list(SCHEMAS["rsa"].columns)
    assert tables.rsa["value"].dtype == np.float64
    assert tables.rsa["seed"].dtype == np.int64
    StudyTables.from_parts(*tables.to_parts())


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("rsa", {"pair": "input_vs_output"}, "'input_vs_output' is not one of input_vs_target"),
        ("rsa", {"value": 1.5}, "column 'value': .*1.5.* is not between -1 and 1"),
        ("lstm", {"epoch": 0}, "column 'epoch': .*0.* is not between 1 and inf"),
        ("lstm", {"seed": 0.5}, "column 'seed': is float64, not int"),
        ("transfer", {"test_accuracy": -0.2}, "is not between 0 and 1"),
        ("transfer", {"bottleneck": 0}, "bottleneck 0 for 'bert_to_lstm_bottleneck'"),
        ("transfer", {"bottleneck": 7}, "bottleneck 7 for 'baseline'"),
        ("autoencoder", {"epoch": 3}, "table 'autoencoder' has .* rows twice"),
        ("linear_baseline", {"more": 1}, "unknown column 'more'"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(table: str, change: dict, message: str) -> None:
    parts, info = study([0]).to_parts()
    broken = StudyTables(**{**parts, table: parts[table].assign(**change)}, meta=info)
    with pytest.raises(TablesError, match=message) as error:
        broken.validate()
    assert f"table '{table}'" in str(error.value)
    assert isinstance(error.value, HybridrepError)


def test_values_that_could_not_be_computed_are_allowed_but_keys_are_whole() -> None:
    parts, info = study([0]).to_parts()
    StudyTables(**{**parts, "rsa": parts["rsa"].assign(value=math.nan)}, meta=info).validate()
    seeds = parts["rsa"]["seed"].astype(float)
    seeds[0] = math.nan
    with pytest.raises(TablesError, match=r"column 'seed'.*whole numbers"):
        StudyTables.from_parts({**parts, "rsa": parts["rsa"].assign(seed=seeds)}, info)
    pairs = parts["rsa"]["pair"].astype(object)
    pairs[0] = None
    with pytest.raises(TablesError, match=r"column 'pair'.*missing"):
        StudyTables.from_parts({**parts, "rsa": parts["rsa"].assign(pair=pairs)}, info)


def test_missing_tables_columns_and_meta_are_named() -> None:
    parts, info = study([0]).to_parts()
    with pytest.raises(TablesError, match="there is no table 'rsa'"):
        StudyTables.from_parts({k: v for k, v in parts.items() if k != "rsa"}, info)
    with pytest.raises(TablesError, match="'extra' is not a table"):
        StudyTables.from_parts({**parts, "extra": parts["rsa"]}, info)
    with pytest.raises(TablesError, match="table 'lstm' has no column 'epoch'"):
        StudyTables.from_parts({**parts, "lstm": parts["lstm"].drop(columns="epoch")}, info)
    with pytest.raises(TablesError, match="meta has no 'half_epoch'"):
        StudyTables.from_parts(parts, {k: v for k, v in info.items() if k != "half_epoch"})
    with pytest.raises(TablesError, match="meta\\['seeds_wanted'\\] is int"):
        StudyTables.from_parts(parts, {**info, "seeds_wanted": 3})
    with pytest.raises(TablesError, match="cannot be written as JSON"):
        StudyTables(**parts, meta={**info, "when": object()}).validate()


def test_a_newer_layout_is_refused_and_an_older_one_needs_an_upgrade() -> None:
    parts, info = study([0]).to_parts()
    with pytest.raises(TablesError, match=r"newer hybridrep.*version 99.*update"):
        StudyTables.from_parts(parts, {**info, "schema_version": 99})
    with pytest.raises(TablesError, match=r"version 0.*make the study again"):
        StudyTables.from_parts(parts, {**info, "schema_version": 0})
    with pytest.raises(TablesError, match="no schema_version"):
        StudyTables.from_parts(parts, {})


def test_an_older_layout_is_upgraded_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    parts, info = study([0]).to_parts()
    old = {**parts, "lstm": parts["lstm"].rename(columns={"epoch": "step"})}

    def first(given: dict, m: dict) -> tuple[dict, dict]:
        return {**given, "lstm": given["lstm"].rename(columns={"step": "round"})}, m

    def second(given: dict, m: dict) -> tuple[dict, dict]:
        return {**given, "lstm": given["lstm"].rename(columns={"round": "epoch"})}, {**m, "new": 1}

    oldest = SCHEMA_VERSION - 2
    monkeypatch.setattr(tables_module, "UPGRADES", {oldest: first, oldest + 1: second})
    back = StudyTables.from_parts(old, {**info, "schema_version": oldest})
    pd.testing.assert_frame_equal(back.lstm, parts["lstm"])
    assert (back.meta["schema_version"], back.meta["new"]) == (SCHEMA_VERSION, 1)
    assert back.meta["made_with_schema"] == oldest
    assert "made_with_schema" not in StudyTables.from_parts(parts, info).meta
    assert "step" in old["lstm"]


def test_final_values_are_those_of_the_last_epoch() -> None:
    tables = study([0, 1])
    final = views.final_transfer(tables)
    assert (final["epoch"] == EPOCHS).all()
    assert len(final) == 2 * len(TRANSFER)
    stopped = without(
        tables, "transfer", (tables.transfer["seed"] == 1) & (tables.transfer["epoch"] == EPOCHS)
    )
    assert set(views.final_transfer(stopped)["seed"]) == {0}
    assert (views.last_epoch(tables.lstm)["epoch"] == EPOCHS).all()
    assert (views.last_epoch(tables.autoencoder)["epoch"] == EPOCHS).all()
    assert views.final_transfer(StudyTables(meta=meta([]))).empty


def test_transfer_values_are_of_one_size_in_the_papers_order() -> None:
    tables = study([1, 0], sizes=(64, 32))
    assert views.bottleneck_sizes(tables) == (64, 32)
    values = views.transfer_values(tables, "test_loss")
    assert list(values.columns) == ["seed", "representation", "value"]
    assert list(dict.fromkeys(values["representation"])) == list(TRANSFER)
    assert len(values) == 2 * len(TRANSFER)
    row = views.final_transfer(tables).query(
        "seed == 1 and representation == 'lstm_to_bert_bottleneck' and bottleneck == 32"
    )
    small = views.transfer_values(tables, "test_loss", bottleneck=32).set_index(
        ["seed", "representation"]
    )
    assert small.loc[(1, "lstm_to_bert_bottleneck"), "value"] == row["test_loss"].item()


def test_used_correlations_are_those_at_the_half_epoch() -> None:
    tables = study([0, 1], sizes=(32, 64))
    used = views.used_rsa(tables, "seen")
    assert (used["epoch"] == HALF).all()
    assert set(used["item_set"]) == {"seen"}
    assert len(views.used_rsa(tables)) == 2 * 5 * 2 * 2 * 6
    values = views.rsa_values(tables, "lstm_to_bert", "bottleneck_vs_target", 64, "unseen")
    expected = {s: 0.001 * s + 0.1 * HALF + 0.02 + 0.0064 - 0.002 for s in (0, 1)}
    assert values.to_dict() == pytest.approx(expected)
    before = views.rsa_values(tables, "lstm_to_bert", "bottleneck_vs_target", 64, "unseen", epoch=0)
    assert before[0] == pytest.approx(expected[0] - 0.1 * HALF)


def test_over_seeds_averages_finite_values_and_counts_them() -> None:
    tables = study([0, 1, 2])
    rows = tables.rsa.copy()
    spoiled = (rows["seed"] == 2) & (rows["epoch"] == 3) & (rows["pair"] == PAIRS[1])
    rows.loc[spoiled, "value"] = math.nan
    keys = ["direction", "bottleneck", "pair", "epoch"]
    found = statistics.over_seeds(rows[rows["item_set"] == "test"], keys)
    assert len(found) == 2 * 6 * (EPOCHS + 1)
    indexed = found.set_index(keys)
    whole = indexed.loc[("bert_to_lstm", 32, PAIRS[1], 2)]
    assert (whole["n"], whole["mean"]) == (3, pytest.approx(0.001 + 0.2 + 0.01))
    assert whole["sd"] == pytest.approx(0.001)
    part = indexed.loc[("bert_to_lstm", 32, PAIRS[1], 3)]
    assert (part["n"], part["mean"]) == (2, pytest.approx(0.0005 + 0.3 + 0.01))


def test_every_seed_is_accounted_for() -> None:
    whole = study([0, 1, 2, 7])
    assert views.standing(whole) == "All 4 seeds are complete."
    tables = without(
        whole, "transfer", (whole.transfer["seed"] == 1) & (whole.transfer["epoch"] > 2)
    )
    tables = StudyTables(
        **tables.to_parts()[0],
        meta=meta([0, 1, 2, 3, 4], seeds_failed={"4": "out of memory"}),
    )
    status = views.seed_status(tables).set_index("seed")
    assert status["status"].to_dict() == {
        0: "complete",
        1: "incomplete",
        2: "complete",
        3: "missing",
        4: "failed",
        7: "unexpected",
    }
    assert status.loc[1, "note"] == "transfer: 14 of 28 rows"
    assert status.loc[4, "note"] == "out of memory"
    assert views.standing(tables) == (
        "2 of 5 seeds are complete; failed: 4; missing: 3; incomplete: 1; unexpected: 7."
    )
    nothing = StudyTables(meta=meta([0, 1]))
    assert views.standing(nothing) == "0 of 2 seeds are complete; missing: 0, 1."
