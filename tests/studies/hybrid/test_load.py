"""Studies as pandas tables: what was kept comes back, and what is missing is said."""

import mlflow
import pandas as pd
import pytest

from hybridrep.errors import TrackingError
from hybridrep.studies.catalogue import load_study
from hybridrep.testing.kept_study import keep_study
from hybridrep.testing.reporting_fixtures import study_tables
from hybridrep.tracking.queries import STUDY_COLUMNS, list_studies

pytest_plugins = ["hybridrep.testing.tracking_store"]


def test_a_study_comes_back_by_name_key_and_run(tracker):
    tables = study_tables(seeds=2, epochs=4, study="pilot")
    run_id = keep_study(tracker, tables)
    for text in ("pilot", tables.meta["study_key"], run_id):
        back = load_study(text)
        assert back.meta == tables.meta
        for name, table in tables.to_parts()[0].items():
            pd.testing.assert_frame_equal(getattr(back, name), table, check_exact=True)


def test_of_several_runs_of_a_study_the_latest_is_taken(tracker):
    keep_study(tracker, study_tables(seeds=2, epochs=4, study="pilot"))
    keep_study(tracker, study_tables(seeds=3, epochs=4, study="pilot"))
    assert load_study("pilot").seeds_wanted == (0, 1, 2)


def test_studies_are_listed_the_latest_first(tracker):
    assert list_studies().empty
    for name in ("one", "two"):
        keep_study(tracker, study_tables(seeds=2, epochs=4, study=name))
    found = list_studies()
    assert tuple(found.columns) == STUDY_COLUMNS
    assert found["study"].tolist() == ["two", "one"]
    assert set(found["status"]) == {"FINISHED"}


def test_an_unknown_study_names_those_that_there_are(tracker):
    keep_study(tracker, study_tables(seeds=2, epochs=4, study="pilot"))
    with pytest.raises(TrackingError, match="there are: pilot"):
        load_study("other")


def test_reading_makes_no_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    try:
        with pytest.raises(TrackingError, match="no tracking database"):
            load_study()
    finally:
        mlflow.set_tracking_uri(None)
    assert not list(tmp_path.iterdir())
