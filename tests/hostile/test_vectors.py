"""Hostile files of word vectors: broken lines, mixed widths, bombs, names that lead elsewhere."""

import gzip
import io
import os
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.errors import HybridrepError, VectorsError
from hybridrep.sources.words import _glove_text
from hybridrep.sources.words.vectors import load_word_vectors, vectors_fingerprint
from hybridrep.testing.glove_files import TEXT, WORDS, write
from hybridrep.testing.hostile import MARKUP, attempt, characters, damaged, examples

words = st.text(characters(exclude_categories=["Zl", "Zp"]), min_size=1, max_size=8).map(
    lambda word: (
        word.replace(" ", "_").replace("\n", "_").replace("\r", "_").lstrip("\ufeff") or "_"
    )
)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz", "v.zip"])
@given(st.dictionaries(words, st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=6))
@examples(60)
def test_what_is_written_is_read_from_every_container(tmp_path, name, table):
    lines = [f"{word} {' '.join(map(repr, row))}\n" for word, row in table.items()]
    vectors = load_word_vectors(write(tmp_path / name, "2 2\n" + "".join(lines)))
    assert vectors.words == tuple(table)
    np.testing.assert_array_equal(vectors.matrix, np.array(list(table.values()), np.float32))


def container(name: str) -> bytes:
    buffer = io.BytesIO()
    if name.endswith(".gz"):
        return gzip.compress(TEXT.encode(), mtime=0)
    if name.endswith(".zip"):
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA if "lzma" in name else 8) as archive:
            archive.writestr(zipfile.ZipInfo("glove.txt"), TEXT)
        return buffer.getvalue()
    return TEXT.encode()


@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz", "v.zip", "lzma.zip"])
@given(data=st.data())
@examples(150)
def test_a_damaged_file_is_read_or_refused_by_name(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data.draw(damaged(container(name))))
    vectors, refusal = attempt(lambda: load_word_vectors(str(path)))
    if refusal:
        assert name in refusal
    else:
        assert len(vectors.words) == len(vectors.matrix) > 0
        assert np.isfinite(vectors.matrix).all()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ". .", "\u05e9", "\ufeff", "3"]),
            st.lists(st.sampled_from(["1", "-0.5", "nan", "inf", "x", "1e39", ""]), max_size=4),
        ),
        min_size=1,
        max_size=5,
    )
)
@examples(200)
def test_lines_of_any_widths_are_read_or_named(tmp_path, lines):
    text = "".join(f"{' '.join([word, *row])}\n" for word, row in lines)
    vectors, refusal = attempt(lambda: load_word_vectors(write(tmp_path / "v.txt", text)))
    if refusal:
        assert ", line " in refusal or "holds no word vectors" in refusal
    else:
        assert np.isfinite(vectors.matrix).all()


@pytest.mark.parametrize("digits", [10, 5000])
def test_a_header_of_endless_digits_is_no_header(tmp_path, digits):
    """Five thousand are more than Python turns into a number."""
    line = f"{'9' * digits} {'9' * digits}\n"
    with pytest.raises(VectorsError, match=r", line [12]: expected"):
        load_word_vectors(write(tmp_path / "v.txt", line + "a 1 2\n"))


def test_a_header_alone_is_no_file_of_vectors(tmp_path):
    with pytest.raises(VectorsError, match="nothing follows its header"):
        load_word_vectors(write(tmp_path / "v.txt", "400000 50\n"))


@pytest.mark.parametrize("header", ["", "1 10001\n", "1 999999999\n"])
def test_more_numbers_a_word_than_any_vectors_have_are_refused(tmp_path, header):
    path = write(tmp_path / "v.txt", f"{header}happy{' 1' * 10_001}\n")
    with pytest.raises(VectorsError, match=r"line 1: [0-9,]+ numbers a word; at most 10,000"):
        load_word_vectors(path)
    path = write(tmp_path / "v.txt", f"happy{' 1' * 10_000}\n")
    assert load_word_vectors(path).matrix.shape == (1, 10_000)


def test_a_header_that_counts_other_lines_than_follow_is_warned_of(tmp_path, caplog):
    path = write(tmp_path / "v.txt", "400000 2\na 1 2\n")
    assert load_word_vectors(path, {"a"}).words == ("a",)
    assert "v.txt: its header counts 400,000 vectors, but 1 follow" in caplog.text
    caplog.clear()
    load_word_vectors(write(tmp_path / "v.txt", "2 2\na 1 2\n\nb 1 2\n"), {"a"})
    assert not caplog.text


@pytest.mark.parametrize("name", ["v.txt", "v.zip", "v.txt.gz"])
def test_a_pipe_is_refused_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(VectorsError, match=rf"{name}' is a pipe or a device"):
        load_word_vectors(str(tmp_path / name))


@pytest.mark.parametrize("content", [TEXT + "bad 1\n", "", "bad"])
def test_names_inside_an_archive_break_no_terminal(tmp_path, content):
    path = write(tmp_path / "v.zip", content, "a\x1b[31m\n.txt")
    with pytest.raises(VectorsError, match=r"a\\x1b\[31m\\n\.txt") as caught:
        load_word_vectors(path)
    assert str(caught.value).isprintable()


def test_names_in_the_list_of_an_archive_break_no_terminal(tmp_path):
    path = tmp_path / "v.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a\x1b.txt", TEXT)
        archive.writestr("b.txt", TEXT)
    with pytest.raises(VectorsError, match=r"holds a\\x1b\.txt, b\.txt\. Name the one to read"):
        load_word_vectors(str(path))
    assert r"a\x1b.txt" in load_word_vectors(f"{path}#a\x1b.txt").source


@pytest.mark.parametrize("name", ["v.txt.gz", "v.zip"])
def test_an_archive_made_to_fill_memory_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setattr(_glove_text, "_SMALL", 1 << 16)
    path = write(tmp_path / name, "a 1 2\n" * 200_000)
    with pytest.raises(VectorsError, match="unpacks to more than 100 times its size"):
        load_word_vectors(path)


@pytest.mark.parametrize(
    "member", ["../v.txt", "/tmp/v.txt", "..\\v.txt", "C:\\v.txt", "a/../../v.txt"]
)
def test_names_inside_an_archive_lead_nowhere(tmp_path, monkeypatch, member):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = write(folder / "v.zip", TEXT, member)
    before = sorted(tmp_path.rglob("*"))
    assert load_word_vectors(path).words == WORDS
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "source", ["~nobody-of-this-name/v.txt", "x" * 300, "a/" * 2000, "v.zip#" + "y" * 300, *MARKUP]
)
def test_any_name_is_found_or_refused(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HybridrepError):
        vectors_fingerprint(source)
