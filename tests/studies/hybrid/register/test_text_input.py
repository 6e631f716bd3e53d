"""What a served text model takes as texts, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from hybridrep.studies.hybrid.register.text_input import texts_of

LABELLED = pd.DataFrame({"label": ["joy", "fear"], "text": ["a", "b"]})


@pytest.mark.parametrize(
    "given",
    [
        ["a", "b"],
        ("a", "b"),
        np.array(["a", "b"]),
        np.array([["a"], ["b"]]),
        pd.Series(["a", "b"], index=[7, 3]),
        LABELLED,
        LABELLED[["text"]].rename(columns={"text": "tweet"}),
        LABELLED.to_dict("records"),
        LABELLED.to_dict("list"),
        {"text": np.array(["a", "b"])},
        pd.DataFrame({"text": pd.array(["a", "b"], dtype="string")}),
    ],
)
def test_texts_are_found_in_every_form_of_a_request(given):
    assert texts_of(given) == ["a", "b"]


def test_one_text_is_one_and_none_are_none():
    assert texts_of("a") == texts_of({"text": "a"}) == ["a"]
    assert texts_of([]) == texts_of(pd.DataFrame({"text": []})) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([None], "text 1 is missing"),
        (["a", None], "text 2 is missing"),
        (["a", float("nan")], "text 2 is missing"),
        (pd.DataFrame({"text": ["a", pd.NA]}), "text 2 is missing"),
        ([1, 2], "text 1 is a number"),
        (["a", 1], "text 2 is a number"),
        (["a", "half \ud83d"], r"text 2 holds half a character \(U\+D83D\)"),
        ("\udfff", r"text 1 holds half a character \(U\+DFFF\)"),
        ([True], "text 1 is a truth value"),
        ([["a", "b"]], "text 1 is of the type list"),
        (3, "a request is a number"),
        (None, "of the type NoneType"),
        ({"input": ["a"]}, "no column `text` but input"),
        ({}, "no column `text` but nothing"),
        (pd.DataFrame({"label": ["joy"], "tweet": ["a"]}), r"2 columns \(label, tweet\), none"),
        (pd.DataFrame({"text": [1.5]}), "text 1 is a number"),
        ([{"text": "a"}, {"tweet": "b"}], "text 2 is missing"),
        ([{"text": "a"}, "b"], "text 1 is of the type dict"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), "2 columns `text`"),
    ],
)
def test_what_is_no_text_is_refused(given, message):
    with pytest.raises(ValueError, match=message) as caught:
        texts_of(given)
    assert isinstance(caught.value, MlflowException)
    assert caught.value.get_http_status_code() == 400
    assert '{"inputs": ["...", "..."]}' in str(caught.value)
