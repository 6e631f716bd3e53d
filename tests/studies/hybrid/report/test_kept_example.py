"""The example seed comes back from its files as it was, and nothing else does."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from hybridrep.studies.hybrid.report.explorers import explorer_data
from hybridrep.studies.hybrid.report.kept_example import (
    ARRAYS_FILE,
    RECORD_FILE,
    ExampleError,
    example_files,
    read_example,
)
from hybridrep.testing.reporting_fixtures import NASTY, example_items


def kept() -> tuple[bytes, str]:
    files = example_files(example_items(3, (8, 4), projected=12, nasty=True))
    return files[ARRAYS_FILE], files[RECORD_FILE]


def with_record(**change: object) -> tuple[bytes, bytes]:
    arrays, record = kept()
    return arrays, json.dumps({**json.loads(record), **change}).encode()


def test_an_example_comes_back_as_it_was():
    example = example_items(3, (8, 4), projected=12, nasty=True)
    files = example_files(example)
    back = read_example(files[ARRAYS_FILE], files[RECORD_FILE].encode())
    assert (back.seed, back.reason) == (example.seed, example.reason)
    assert explorer_data(back) == explorer_data(example)
    assert back.hate_matrices[-1].bottleneck == 4
    assert back.emotion_projections[0].items.texts[0] == NASTY


def test_without_texts_no_tweet_is_in_the_files():
    files = example_files(example_items(3, projected=12).without_texts())
    assert "feel" not in files[RECORD_FILE]
    back = read_example(files[ARRAYS_FILE], files[RECORD_FILE].encode())
    assert back.emotion_matrices[0].items.texts is None


def test_a_matrix_that_records_share_is_kept_once():
    with np.load(io.BytesIO(kept()[0])) as arrays:
        matrices = [name for name in arrays if arrays[name].ndim == 2 and arrays[name].shape[1] > 2]
    assert len(matrices) == 2 * (2 + 4 * 2)


def pickled() -> bytes:
    content = io.BytesIO()
    np.savez(content, x=np.array([{}], dtype=object))
    return content.getvalue()


@pytest.mark.parametrize(
    ("arrays", "record"),
    [
        (kept()[0], b"{"),
        (kept()[0], b"[]"),
        (kept()[0], b"\xff"),
        (b"", kept()[1].encode()),
        (b"PK\x03\x04", kept()[1].encode()),
        (kept()[0][:-200], kept()[1].encode()),
        (pickled(), kept()[1].encode()),
        with_record(version=2),
        with_record(items=[]),
        with_record(items=[{"labels": "nothing", "label_names": [], "texts": None}]),
        with_record(emotion_matrices=[*json.loads(kept()[1])["hate_matrices"][:1], {}]),
        with_record(seed="three"),
    ],
)
def test_damaged_files_are_refused(arrays, record):
    with pytest.raises(ExampleError):
        read_example(arrays, record)


@pytest.mark.parametrize("change", [{"label_names": ["anger"]}, {"texts": ["one"]}])
def test_classes_and_tweets_must_fit_the_rows(change):
    arrays, record = kept()
    found = json.loads(record)
    found["items"][0] |= change
    with pytest.raises(ExampleError, match="contradict"):
        read_example(arrays, json.dumps(found).encode())
