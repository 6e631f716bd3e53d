import hashlib
import json
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridrep.execution.fingerprint import canonical_json, content_key, is_key

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(st.text(), plain, max_size=5)


@settings(deadline=None)
@given(payloads)
def test_canonical_json_says_the_same_as_the_payload(payload):
    text = canonical_json(payload)
    assert json.loads(text) == payload
    assert text.isascii()
    assert is_key(content_key(payload))


@settings(deadline=None)
@given(payloads)
def test_order_does_not_count(payload):
    backwards = dict(reversed(list(payload.items())))
    assert content_key(backwards) == content_key(payload)


def test_key_is_the_sha256_of_the_json():
    assert (
        content_key({"b": [1, 2.5], "a": None})
        == hashlib.sha256(b'{"a":null,"b":[1,2.5]}').hexdigest()
    )


def test_tuples_are_lists_and_numbers_keep_their_kind():
    assert content_key({"a": (1, 2)}) == content_key({"a": [1, 2]})
    keys = {content_key({"a": value}) for value in (1, 1.0, True, "1", [1], None, -0.0, 0.0)}
    assert len(keys) == 8


class Word(StrEnum):
    WORD = "word"


@pytest.mark.parametrize(
    "bad",
    [np.float64(1), np.int64(1), np.zeros(2), Path("x"), b"x", {1, 2}, object(), 1j, Word.WORD],
)
def test_other_types_are_refused_with_their_place(bad):
    with pytest.raises(TypeError, match=r"\['list'\]\[1\]"):
        content_key({"list": [0, bad]})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match=r"payload\['deep'\]\['x'\]"):
        content_key({"deep": {"x": bad}})


def test_names_must_be_text():
    with pytest.raises(TypeError, match="not text"):
        content_key({1: "a"})  # JSON would make it "1"


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 64 + "\n", None])
def test_what_is_no_key(text):
    assert not is_key(text)
