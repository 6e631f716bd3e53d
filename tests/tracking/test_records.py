"""Records of runs: what is refused, and how a configuration becomes parameters."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.tracking.records import Contents, check_artifact_path, config_params


def test_a_configuration_becomes_parameters_under_names_of_their_own():
    config = {"seeds": (0, 3), "study": "x", "bottlenecks": [32], "sweep": {"trials": 5}}
    assert config_params(config) == {
        "config/seeds": "0,3",
        "config/study": "x",
        "config/bottlenecks": "32",
        "config/sweep/trials": "5",
    }


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../up.json", "a/../b", "a//b", "", ".", "a/", "a\\b", "a\nb", "./a"]
)
def test_artifact_paths_that_leave_their_folder_or_are_not_normal_are_refused(path):
    with pytest.raises(ValueError, match="artifact path"):
        check_artifact_path(path)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_ -]+", fullmatch=True), min_size=1, max_size=4))
def test_plain_relative_paths_are_allowed(parts):
    check_artifact_path("/".join(parts))


def test_a_table_of_metrics_without_steps_is_refused():
    with pytest.raises(ValueError, match="step"):
        Contents(metrics=pd.DataFrame({"key": ["a"], "value": [1.0]}))


def test_one_path_for_a_table_and_a_file_is_refused():
    with pytest.raises(ValueError, match=r"t\.json"):
        Contents(tables={"t.json": pd.DataFrame()}, files={"t.json": "x"})


def test_a_table_that_the_interface_cannot_show_is_refused():
    with pytest.raises(ValueError, match=r"\.json"):
        Contents(tables={"t.csv": pd.DataFrame()})
