"""Finding studies and seeds, and reading tables back, in a real SQLite store."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridrep.errors import TrackingError
from hybridrep.tracking import names
from hybridrep.tracking.queries import (
    find_study,
    list_studies,
    load_parts,
    save_parts,
    search,
    seed_runs,
    study_runs,
)
from hybridrep.tracking.records import RunRecord

pytest_plugins = ["hybridrep.testing.tracking_store"]


def make_study(tracker, study, key, status="FINISHED", **tags):
    tags |= {names.KIND: "study", names.STUDY: study, names.STUDY_KEY: key}
    run = tracker.server.client.create_run(tracker.server.experiment_id, tags=tags)
    if status != "RUNNING":
        tracker.server.client.set_terminated(run.info.run_id, status)
    return run.info.run_id


def test_a_study_is_found_by_name_key_prefix_and_run(tracker):
    run_id = make_study(tracker, "pilot", "abcdef0123")
    make_study(tracker, "other", "ffffff0123")
    for text in ("pilot", "abcdef0123", "abcdef", run_id):
        assert find_study(tracker.server, text, "hybrid").run_id == run_id


def test_a_prefix_that_is_too_short_finds_nothing(tracker):
    make_study(tracker, "pilot", "abcdef0123")
    with pytest.raises(TrackingError, match="there are: pilot"):
        find_study(tracker.server, "abc", "hybrid")


def test_a_study_that_never_finished_is_said_to_be_so(tracker):
    run_id = make_study(tracker, "pilot", "abcdef0123", "KILLED")
    with pytest.raises(TrackingError, match=r"never finished.*KILLED"):
        find_study(tracker.server, "pilot", "hybrid")
    assert find_study(tracker.server, "pilot", "hybrid", finished=False).run_id == run_id


def test_the_finished_run_of_a_study_is_preferred_to_a_later_failed_one(tracker):
    run_id = make_study(tracker, "pilot", "abcdef0123")
    make_study(tracker, "pilot", "abcdef0123", "FAILED")
    assert find_study(tracker.server, "pilot", "hybrid").run_id == run_id


def test_no_study_at_all_says_what_to_do(tracker):
    with pytest.raises(TrackingError, match="make full"):
        find_study(tracker.server, "pilot", "hybrid")


OF_ANOTHER = {names.SIMULATION: "nback"}


def test_a_run_without_the_tag_is_read_as_one_of_the_first_simulation(tracker):
    run_id = make_study(tracker, "pilot", "abcdef0123")
    for simulation in ("hybrid", None):
        found = find_study(tracker.server, "pilot", simulation)
        assert (found.run_id, found.simulation) == (run_id, "hybrid")
    assert list_studies()["simulation"].tolist() == ["hybrid"]


def test_studies_of_two_simulations_are_not_mixed_whatever_they_are_called(tracker):
    mine = make_study(tracker, "pilot", "abcdef0123", **{names.SIMULATION: "hybrid"})
    other = make_study(tracker, "pilot", "abcdef0123", **OF_ANOTHER)
    make_study(tracker, "sole", "ffffff0123", **OF_ANOTHER)
    for text in ("pilot", "abcdef0123", "abcdef"):
        assert [r.run_id for r in study_runs(tracker.server, text, "hybrid")] == [mine]
        assert find_study(tracker.server, text, "nback").run_id == other
        assert {r.run_id for r in study_runs(tracker.server, text, None)} == {mine, other}
    for text in ("sole", other):
        with pytest.raises(TrackingError, match=r"only one of .* 'nback'; there are: pilot$"):
            find_study(tracker.server, text, "hybrid")
    assert list_studies()["simulation"].tolist() == ["nback", "nback", "hybrid"]
    for simulation, count in (("hybrid", 1), ("nback", 2), (None, 3)):
        assert len(search(tracker.server, {}, simulation=simulation)) == count


NASTY = ["it's", 'say "x"', "a' or 'b' = 'b", "back\\slash", "100%", "<b>", "a; DROP TABLE runs;--"]


@pytest.mark.parametrize("study", NASTY)
def test_names_with_quotes_are_names_and_never_part_of_a_filter(tracker, study):
    run_id = make_study(tracker, study, "abcdef0123")
    make_study(tracker, "innocent", "ffffff0123")
    assert find_study(tracker.server, study, "hybrid").run_id == run_id
    assert [r.info.run_id for r in search(tracker.server, {names.STUDY: study})] == [run_id]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=st.text(min_size=1, max_size=40))
def test_any_text_can_be_searched_for(tracker, value):
    make_study(tracker, "innocent", "ffffff0123")
    found = search(tracker.server, {names.STUDY: value})
    assert all(run.data.tags[names.STUDY] == value for run in found)


def test_pages_of_runs_are_read_to_the_end(tracker, monkeypatch):
    for _ in range(5):
        make_study(tracker, "pilot", "abcdef0123")
    client = tracker.server.client
    whole = client.search_runs
    monkeypatch.setattr(client, "search_runs", lambda *a, **k: whole(*a, max_results=2, **k))
    assert len(search(tracker.server, {names.STUDY: "pilot"})) == 5
    assert len(search(tracker.server, {names.STUDY: "pilot"}, limit=3)) == 3


def test_seed_runs_are_a_table_of_a_studys_finished_seeds(tracker):
    for seed in (0, 4):
        metrics = pd.DataFrame({"key": "x/y", "value": [1.0, 2.0 + seed], "step": [1, 2]})
        tags = {names.STUDY_KEY: "k", names.CACHE_KEY: f"c{seed}"}
        tracker.log_finished(
            RunRecord(
                name=f"seed {seed}",
                kind="seed",
                params={"seed": str(seed)},
                tags=tags,
                metrics=metrics,
            )
        )
    table = seed_runs(tracker.server, "k", "hybrid").sort_values("seed")
    assert table["seed"].tolist() == [0, 4]
    assert table["cache_key"].tolist() == ["c0", "c4"]
    assert table["x/y"].tolist() == [2.0, 6.0]
    assert seed_runs(tracker.server, "other", "hybrid").empty
    assert seed_runs(tracker.server, "k", "nback").empty


def test_parts_come_back_as_they_were(tracker):
    run_id = make_study(tracker, "pilot", "k")
    rng = np.random.default_rng(0)
    parts = {
        "rsa": pd.DataFrame(
            {"seed": [0, 1], "pair": ["input_vs_target", "é"], "value": rng.random(2)}
        ),
        "empty": pd.DataFrame({"a": pd.Series([], dtype="float64")}),
    }
    meta = {"schema_version": 1, "study": "pilot's", "seeds_failed": {}}
    save_parts(tracker.server, run_id, parts, meta)
    loaded, loaded_meta = load_parts(tracker.server, run_id)
    assert loaded_meta == meta
    assert loaded.keys() == parts.keys()
    for name, table in parts.items():
        pd.testing.assert_frame_equal(loaded[name], table, check_exact=True)


def test_a_run_without_parts_says_so(tracker):
    run_id = make_study(tracker, "pilot", "k")
    with pytest.raises(TrackingError, match="holds no tables"):
        load_parts(tracker.server, run_id)


def test_damaged_parts_say_so(tracker):
    run_id = make_study(tracker, "pilot", "k")
    save_parts(tracker.server, run_id, {"rsa": pd.DataFrame({"a": [1]})}, {})
    tracker.server.client.log_text(run_id, "junk", "study/rsa.parquet")
    with pytest.raises(TrackingError, match="damaged"):
        load_parts(tracker.server, run_id)


@pytest.mark.parametrize("name", ["../up", "A", "a b", ""])
def test_a_part_with_a_name_that_is_no_file_name_is_refused(tracker, name):
    with pytest.raises(ValueError, match="part's name"):
        save_parts(tracker.server, "0" * 32, {name: pd.DataFrame()}, {})
