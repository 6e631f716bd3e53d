"""Tokens and vocabularies: ids, padding, cutting, and independence from the texts' order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.sources.words.tokens import TokenBatch, Vocabulary, tokenize

TEXTS = ["I feel SO happy!", 'so sad; "so" sad', "", '"":;', "i didn't"]


def test_tokens_are_those_of_basic_english():
    assert tokenize("Don't (ever) feel 3.5<br />low, Ok?!") == (
        ["don", "'", "t", "(", "ever", ")", "feel", "3", ".", "5", "low", ",", "ok", "?", "!"]
    )


def test_a_text_of_dropped_punctuation_has_no_tokens():
    assert tokenize('"";: \n') == []


def test_vocabulary_depends_on_the_set_of_texts_only():
    forwards = Vocabulary.from_texts(TEXTS)
    backwards = Vocabulary.from_texts([*reversed(TEXTS), *TEXTS])
    assert forwards.words == ("!", "'", "didn", "feel", "happy", "i", "sad", "so", "t")
    assert backwards == forwards
    assert backwards.fingerprint == forwards.fingerprint
    assert Vocabulary.from_texts(TEXTS[:2]).fingerprint != forwards.fingerprint


def test_padding_in_front_ends_a_row_with_the_tweet():
    vocabulary = Vocabulary(("a", "b", "c"))
    batch = vocabulary.encode(["a b", "c", "", "b x a"], time_steps=3, padding="front")
    np.testing.assert_array_equal(batch.token_ids, [[0, 2, 3], [0, 0, 4], [0, 0, 0], [3, 1, 2]])
    np.testing.assert_array_equal(batch.lengths, [2, 1, 0, 3])


def test_padding_after_starts_a_row_with_the_tweet():
    vocabulary = Vocabulary(("a", "b", "c"))
    batch = vocabulary.encode(["a b", "c", "", "b x a"], time_steps=3, padding="after")
    np.testing.assert_array_equal(batch.token_ids, [[2, 3, 0], [4, 0, 0], [0, 0, 0], [3, 1, 2]])


@pytest.mark.parametrize("padding", ["front", "after"])
def test_long_tweets_keep_their_first_tokens(padding):
    batch = Vocabulary(("a", "b", "c")).encode(["a b c c"], time_steps=2, padding=padding)
    np.testing.assert_array_equal(batch.token_ids, [[2, 3]])
    np.testing.assert_array_equal(batch.lengths, [2])


@given(st.lists(st.text(max_size=30), max_size=5), st.integers(1, 8))
def test_rows_give_back_the_tokens(texts, time_steps):
    vocabulary = Vocabulary.from_texts([*texts, "a"])
    batch = vocabulary.encode(texts, time_steps, padding="front")
    for text, row, length in zip(texts, batch.token_ids, batch.lengths, strict=True):
        words = [vocabulary.words[i - 2] for i in row[time_steps - length :]]
        assert words == tokenize(text)[:time_steps]
        assert not row[: time_steps - length].any()


def test_no_texts_make_an_empty_batch():
    batch = Vocabulary(("a",)).encode([], time_steps=4)
    assert batch.token_ids.shape == (0, 4)
    assert batch.lengths.shape == (0,)


def test_lengths_and_rows_must_agree():
    with pytest.raises(Exception, match="items"):
        TokenBatch(np.zeros((2, 3), dtype=np.int64), np.zeros(1, dtype=np.int64))


def test_texts_without_any_word_are_refused():
    with pytest.raises(CorpusError, match="No text has a single word"):
        Vocabulary.from_texts(["", '""'])


def test_bad_settings_are_refused():
    vocabulary = Vocabulary(("a",))
    with pytest.raises(ParameterError, match="time_steps must be 1 or above, not 0"):
        vocabulary.encode(["a"], time_steps=0)
    with pytest.raises(ValueError, match="distinct and sorted"):
        Vocabulary(("b", "a"))
    with pytest.raises(ValueError, match="distinct and sorted"):
        Vocabulary(("a", "a"))


def test_the_longest_real_emotion_tweet_has_66_tokens(real_data):
    lines = (real_data / "emotion" / "train.txt").read_text(encoding="utf-8").splitlines()
    assert max(len(tokenize(line.rsplit(";", 1)[0])) for line in lines) == 66
