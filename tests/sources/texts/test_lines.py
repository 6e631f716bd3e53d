"""Lines of text files: every kind of line end, long cells, odd names, and what is no file."""

import json
import os

import pytest

from hybridrep.errors import CorpusError
from hybridrep.studies.hybrid.tweets.loading import load_corpus


def load(folder, name: str, content: str, part="hate"):
    path = folder / name
    path.write_bytes(content.encode())
    return load_corpus(part, str(path))


ROWS = {
    "a.txt": ("so glad;0", "be gone;1", "so it is;0"),
    "a.csv": ("text,label", "so glad,0", "be gone,1", "so it is,0"),
    "a.tsv": ("text\tlabel", "so glad\t0", "be gone\t1", "so it is\t0"),
    "a.jsonl": tuple(
        json.dumps({"text": text, "label": label})
        for text, label in (("so glad", 0), ("be gone", 1), ("so it is", 0))
    ),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("name", ROWS)
def test_lines_may_end_in_any_of_the_three_ways(tmp_path, name, end, last):
    corpus = load(tmp_path, name, end.join(ROWS[name]) + end * last)
    assert corpus.texts == ("so glad", "be gone", "so it is")
    assert corpus.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_lines_of_one_file_may_end_in_different_ways(tmp_path, name):
    first, second, third = ROWS[name]
    corpus = load(tmp_path, name, f"{first}\r{second}\n{third}\r\n")
    assert corpus.texts == ("so glad", "be gone", "so it is")


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_table_of_mixed_line_ends_is_refused_with_the_reason(tmp_path, name):
    header, first, second, third = ROWS[name]
    with pytest.raises(CorpusError, match=r"line 2: .* carriage return \(CR\) stands alone"):
        load(tmp_path, name, f"{header}\n{first}\r{second}\n{third}\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_inside_quoted_cells_stay(tmp_path, end):
    corpus = load(tmp_path, "a.csv", end.join(["text,label", f'"so{end}glad",0', "gone,1", ""]))
    assert corpus.texts == (f"so{end}glad", "gone")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("line", "message"),
    [("no label", "no semicolon"), ("a;\x80", "not UTF-8"), ("a\0;1", "NUL"), ("a;7", "'7'")],
)
def test_lines_are_counted_whatever_ends_them(tmp_path, end, line, message):
    content = end.join(["so glad;0", "be gone;1", line, "so it is;0"])
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode("latin1"))
    with pytest.raises(CorpusError, match=f"a.txt, line 3: .*{message}"):
        load_corpus("hate", str(path))


def test_a_cell_that_is_too_long_is_said_to_be_so(tmp_path):
    content = f"text,label\n{'x' * 140_000},0\nb,1\n"
    with pytest.raises(CorpusError, match=r"line 2: .*131072.* No cell may be so long.*\.jsonl"):
        load(tmp_path, "a.csv", content)
    record = {"text": "x" * 140_000, "label": 0}
    assert len(load(tmp_path, "a.jsonl", f'{json.dumps(record)}\n{{"text": "b", "label": 1}}')) == 2


def test_yes_and_no_are_words_in_every_format(tmp_path):
    """They are no numbers: 0 and 1 would be emotions."""
    rows = [(f"tweet {i}", i % 2 == 1) for i in range(12)]
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    table = ["text,label", *(f"{text},{label}" for text, label in rows)]
    by_json = load(tmp_path, "a.jsonl", "\n".join(lines), "emotion")
    assert by_json.label_names == ("false", "true")
    assert by_json.fingerprint == load(tmp_path, "a.csv", "\n".join(table), "emotion").fingerprint
    assert load(tmp_path, "a.jsonl", "\n".join(lines)).label_names == ("no-hate", "hate")


@pytest.mark.parametrize("name", ["pipe.csv", "pipe.txt", "pipe.parquet"])
def test_a_pipe_is_refused_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(CorpusError, match=rf"{name}' is no regular file"):
        load_corpus("hate", str(tmp_path / name))
    (tmp_path / "link.csv").symlink_to(tmp_path / name)
    with pytest.raises(CorpusError, match=r"link\.csv' is no regular file"):
        load_corpus("hate", str(tmp_path / "link.csv"))


@pytest.mark.parametrize("content", ["a;7\nb;0\n", "no label", "\x80", "a;\0", ""])
def test_names_of_files_in_a_folder_break_no_terminal(tmp_path, content):
    (tmp_path / "train\x1b[31m\n.txt").write_bytes(content.encode("latin1"))
    with pytest.raises(CorpusError) as caught:
        load_corpus("hate", str(tmp_path))
    assert r"train\x1b[31m\n.txt" in str(caught.value)
    assert str(caught.value).isprintable()


def test_names_in_lists_of_files_break_no_terminal(tmp_path):
    for name in ("train\x1b.txt", "train.csv"):
        (tmp_path / name).touch()
    with pytest.raises(CorpusError, match=r"several train files: train\\x1b\.txt, train\.csv"):
        load_corpus("hate", str(tmp_path))
