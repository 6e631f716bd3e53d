"""What is published of an exception cites no data, and no path of the machine."""

import json

import pytest

from hybridrep.errors import ParameterError
from hybridrep.messages import publishable
from hybridrep.parameters import parse_seeds


def test_a_message_for_people_is_published():
    assert publishable(ParameterError("seeds: write 25")) == "ParameterError: seeds: write 25"


def test_of_a_fault_only_its_type_and_its_last_line_here_are_published():
    with pytest.raises(ValueError, match="write how many seeds") as error:
        parse_seeds("a tweet")
    said = publishable(error.value)
    assert said.startswith("ValueError in hybridrep/parameters.py, line ")
    assert "seeds" not in said


def test_a_fault_of_another_package_is_its_type():
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads("a tweet")
    assert publishable(error.value) == "JSONDecodeError (its message is in the log)"
