"""The GloVe text format: what is harmless, what is broken and on which line."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.errors import VectorsError
from hybridrep.sources.words._glove_text import read_glove
from hybridrep.sources.words.vectors import load_word_vectors
from hybridrep.testing.glove_files import MATRIX, TEXT, WORDS, write


@pytest.fixture(params=["glove.txt", "glove.txt.gz", "glove.zip"])
def path(request, tmp_path):
    return tmp_path / request.param


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.replace("\n", "\r\n"), id="windows line ends"),
        pytest.param(TEXT.rstrip(), id="no last line end"),
        pytest.param("\ufeff" + TEXT, id="byte order mark"),
        pytest.param("3 3\n" + TEXT, id="header"),
        pytest.param(TEXT.replace("\n", " \n"), id="space at the end"),
        pytest.param(TEXT.replace("\n", "\n\n"), id="blank lines"),
        pytest.param(TEXT + "the 7 8 9\n", id="repeated word"),
    ],
)
def test_harmless_oddities_change_nothing(tmp_path, content):
    vectors = load_word_vectors(write(tmp_path / "v.txt", content))
    assert vectors.words == WORDS
    np.testing.assert_array_equal(vectors.matrix, MATRIX)


def test_words_with_spaces_are_read_from_the_right(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt", "a 1 2\n. . . 3 4\nat n@d.com 5 6\n"))
    assert vectors.words == ("a", ". . .", "at n@d.com")
    np.testing.assert_array_equal(vectors.matrix, [[1, 2], [3, 4], [5, 6]])


def test_a_first_word_with_spaces_does_not_change_the_width(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt", ". . . 3 4\na 1 2\n"))
    assert vectors.words == (". . .", "a")


def test_no_break_spaces_belong_to_the_word(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt", "a\xa0b 1 2\n\x85 3 4\n"))
    assert vectors.words == ("a\xa0b", "\x85")


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n "), min_size=1).filter(
            lambda word: word[0] != "\ufeff"
        ),
        st.lists(
            st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_is_read(table):
    text = "".join(f"{word} {' '.join(map(repr, row))}\n" for word, row in table.items())
    words, matrix = read_glove(io.BytesIO(text.encode()), "a file")
    assert words == tuple(table)
    np.testing.assert_array_equal(matrix, np.array(list(table.values()), dtype=np.float32))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data):
    try:
        words, matrix = read_glove(io.BytesIO(data), "a file")
    except VectorsError:
        pass  # any other error would fail the test
    else:
        assert matrix.shape[0] == len(words)
        assert np.isfinite(matrix).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2\nb 1\n", "line 2: expected 2 numbers .* found 1 values after the word: 'b 1'"),
        ("a 1 2\nb 1 2 3\n", "line 2: expected 2 numbers .* found 3 values"),
        ("a 1 2\n\nb 1 x\n", "line 3: expected finite numbers"),
        ("a 1 2\nb 1 nan\n", "line 2: expected finite numbers"),
        ("a 1 2\nb -inf 1\n", "line 2: expected finite numbers"),
        ("a 1 2\nb 1 1e39\n", "line 2: expected numbers that fit 32 bits"),
        ("a 1 2\nb 1 1-2\n", "line 2: expected numbers after the word"),
        ("a 1 2\nb 1  2\n", "line 2: expected 2 numbers"),
        ("a 1 2\n 1 2\n", "line 2: expected a word before the numbers"),
        ("some text\n", "line 1: expected a word and its numbers"),
        ("sun 1 2\n".encode("utf-16"), "is in UTF-16. Save it as UTF-8"),
        ("word\t1\t2\n", "line 1: expected a word and its numbers"),
        (b"a 1 2\n\xff\xfe 1 2\n", r"line 2: expected a word in UTF-8, .*'\\\\xff"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a" * (1 << 20) + " 1 2", "line 1 is longer than"),
    ],
)
def test_a_broken_line_is_named(path, content, message):
    with pytest.raises(VectorsError, match=message) as caught:
        load_word_vectors(write(path, content))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", ["a 1 2\nb 1 nan\n", "a 1 2\nb 1\n"])
def test_lines_of_unwanted_words_are_checked_too(tmp_path, content):
    with pytest.raises(VectorsError, match="line 2"):
        load_word_vectors(write(tmp_path / "v.txt", content), words=["a"])
