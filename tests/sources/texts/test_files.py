import csv
import gzip
import io
import json
import logging
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridrep.errors import CorpusError
from hybridrep.sources.texts.files import read_path
from hybridrep.sources.texts.rows import ColumnChoice

DETECT = ColumnChoice("", "emotion_columns", noun="tweets")

# Everything a tweet may hold: quotes, separators, line ends, emojis, right-to-left, lone CRs.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
nasty = st.one_of(st.text(characters), st.text(st.sampled_from(";,\t\"'\r\n\ufeff\u2028\x85 a💕ש")))
tables = st.lists(st.tuples(nasty, st.sampled_from(["joy", "anger", "0", "1"])), min_size=1)
for_files = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(path: Path | str, columns: str = "") -> list[tuple]:
    (rows,) = read_path(str(path), ColumnChoice(columns, "emotion_columns", "tweets"))
    return list(zip(rows.texts, rows.labels, strict=True))


def delimited(table, delimiter: str, line_end: str, quoting) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(["id", "text", "label"])
    writer.writerows([number, *row] for number, row in enumerate(table))
    return out.getvalue()


@given(tables, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@for_files
def test_csv_and_tsv_give_back_any_text(tmp_path, table, line_end, bom, tabs):
    quoting = csv.QUOTE_ALL if line_end == "\n" else csv.QUOTE_MINIMAL
    content = delimited(table, "\t" if tabs else ",", line_end, quoting)
    path = tmp_path / ("a.tsv" if tabs else "a.csv")
    write(path, ("\ufeff" if bom else "") + content)
    assert read(path) == table


@given(tables)
@for_files
def test_csv_written_by_pandas_is_read_back(tmp_path, table):
    frame = pd.DataFrame(table, columns=["tweet", "class"])
    frame.to_csv(tmp_path / "a.csv", index=False, quoting=csv.QUOTE_NONNUMERIC)
    assert read(tmp_path / "a.csv") == table


@given(tables, st.booleans(), st.booleans())
@for_files
def test_json_lines_give_back_any_text(tmp_path, table, ascii_only, crlf):
    lines = [
        json.dumps({"id": 7, "content": text, "emotion": label}, ensure_ascii=ascii_only)
        for text, label in table
    ]
    write(tmp_path / "a.jsonl", ("\r\n" if crlf else "\n").join(lines))
    assert read(tmp_path / "a.jsonl") == table


@given(tables)
@for_files
def test_parquet_gives_back_any_text(tmp_path, table):
    pd.DataFrame(table, columns=["sentence", "category"]).to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == table


@given(tables, st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
@for_files
def test_the_label_of_a_text_line_stands_behind_the_last_semicolon(tmp_path, table, end, bom):
    table = [(text.replace("\n", " ").replace("\r", " "), label) for text, label in table]
    table[0] = (table[0][0].lstrip("\ufeff"), table[0][1])  # else it is the file's own mark
    lines = "".join(f"{text};{label}{end}" for text, label in table)
    write(tmp_path / "a.txt", ("\ufeff" if bom else "") + lines)
    assert [(text, label.strip()) for text, label in read(tmp_path / "a.txt")] == table


def test_a_header_of_a_text_file_is_skipped(tmp_path):
    assert read(write(tmp_path / "a.txt", "Text; Label\ni am; glad;joy\n")) == [
        ("i am; glad", "joy")
    ]


def test_lines_are_counted_as_an_editor_does(tmp_path):
    path = write(tmp_path / "a.csv", 'text,label\n"a\nb",joy\n\nc,anger\n"d\r\n\ne",joy\nf,joy\n')
    (rows,) = read_path(path, DETECT)
    assert list(rows.numbers) == [2, 5, 6, 9]
    assert rows.where(3) == f"{path}, line 9"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \r\n", "is empty"),
        ("a.parquet", b"", "is empty"),
        ("a.csv", b"text,label\n", "has no tweets"),
        ("a.txt", b"text;label\n", "has no tweets"),
        (
            "a.csv",
            b"text,label\nok,joy\na,b,joy\n",
            "line 3: 3 cells, but the first line names 2 columns. Its columns: 'text', 'label'",
        ),
        ("a.csv", b'text,label\n"a\nb",joy\nc\n', "line 4: 1 cells"),
        ("a.csv", b'text,label\nok,joy\n"open,joy\nx,joy\n', "line 3: the row that starts here"),
        ("a.csv", b'text,label\n"a" b,joy\n', "line 2: the row that starts here is malformed"),
        ("a.csv", b"text,label\na\rb,joy\n", "line 2: the row that starts here is malformed"),
        ("a.csv", b'text,label\n"' + b"a" * 200_000 + b'",joy\n', "line 2: .*field limit"),
        ("a.csv", b"text,label\nok,joy\ncaf\xe9,joy\n", "line 3: byte 0xe9 is not UTF-8"),
        ("a.csv", b"\xef\xbb\xbftext,label\ncaf\xe9,joy\n", "line 2: byte 0xe9 is not UTF-8"),
        ("a.tsv", b"text\tlabel\nok\tjoy\na\x00b\tjoy\n", "line 3: a NUL byte"),
        ("a.txt", "a;joy\n".encode("utf-16"), "is in UTF-16"),
        ("a.txt", "a;joy\n".encode("utf-32"), "is in UTF-32"),
        ("a.txt", b"\xef\xbb\xbf" * 2 + b"a;joy\n", "begins with two byte-order marks"),
        ("a.csv.gz", gzip.compress(gzip.compress(b"text,label\na,joy\n")), "by gzip twice"),
        ("a.json", b'[{"text": "a", "label": 1, "text": "b"}]', "has the name 'text' twice"),
        ("a.jsonl", b'{"text": "a", "label": 1, "text": "b"}\n', "line 1: .*'text' twice"),
        ("a.parquet", b"no table", r"not a parquet file\.$"),
        ("a.json", b'{"what": 1}', r"Its columns: 'what'\. Expected"),
        ("a.txt", b"ok;joy\n\nno semicolon\n", "line 3: no semicolon"),
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": \n', "line 2: not JSON"),
        ("a.jsonl", b'["a", 1]\n', "line 1: not a JSON object"),
        ("a.jsonl", b"[" * 100_000, "line 1: not JSON"),
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": "b"}\n', "line 2: no 'label'"),
        ("a.parquet", b"PAR1 but not really PAR1", "cannot be read"),
        ("a.xlsx", b"a", "cannot be read as .xlsx"),
        ("a.xls", b"a", "ends in '.xls', which is not a known format"),
        ("a", b"a", "ends in 'nothing'"),
    ],
)
def test_a_malformed_file_is_refused_with_its_name_and_line(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(CorpusError, match=message) as caught:
        read(path)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("path", ["not/there.csv", "~nobody-of-this-name/a.csv", "a\0b.csv"])
def test_a_missing_file_is_refused(path):
    with pytest.raises(CorpusError):
        read_path(path, DETECT)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("i am glad,joy\nso am i,joy\n", ""),
        ("glad!,joy\nme,joy\n", "text,label"),
        ("今日は嬉しい,label\nx,joy\n", ""),
        ("@you,#glad\nx,joy\n", ""),
        (f"{'g' * 41},joy\nx,joy\n", ""),
        ("text,label,so am i\na,joy\n", ""),
    ],
)
def test_a_first_row_that_may_be_a_tweet_is_not_shown(tmp_path, content, columns):
    path = write(tmp_path / "a.csv", content)
    with pytest.raises(CorpusError) as error:
        read(path, columns)
    said = str(error.value)
    assert "do not look like names of columns" in said
    assert not [cell for cell in ("glad", "joy", "嬉", "@", "gg", "so am i") if cell in said]


@pytest.mark.parametrize(
    ("header", "columns", "chosen"),
    [
        ("id,label,tweet", "", ("2", "1")),
        ("Tweet , TARGET,x", "", ("0", "1")),
        ("a,b,c", "c,a", ("2", "0")),
        ("text,b,label", " B , text ", ("1", "0")),
        ("message,category,category", "message,message", "names two columns"),
        ("text,label,c", "text", "names two columns, the text and the label"),
        ("text,label,c", "text,label,c", "names two columns"),
        ("text,label,c", "text,mood", "no column 'mood'. Its columns: 'text', 'label', 'c'"),
        ("text,c,c", "text,c", "several columns 'c'"),
        ("a,b,label", "", "no column that looks like the text .* Its columns: 'a', 'b', 'label'"),
        ("text,b,c", "", 'no column that looks like the label .*emotion_columns="TEXT,LABEL"'),
        ("text,tweet,label", "", "several columns that could be the text"),
        ("1,i am glad,joy", "", "add a first line with the names"),
        ("1,i am glad,joy", "", r"The first row has 3 cells, which do not look like names of"),
        ("i am glad,b,c", "text,label", r"no column 'text'. The first row has 3 cells, which"),
    ],
)
def test_columns_are_found_or_chosen_by_name(tmp_path, header, columns, chosen):
    path = write(tmp_path / "a.csv", f"{header}\n0,1,2\n")
    if isinstance(chosen, tuple):
        assert read(path, columns) == [chosen]
    else:
        with pytest.raises(CorpusError, match=chosen):
            read(path, columns)


def test_text_lines_have_no_columns_to_choose(tmp_path):
    path = write(tmp_path / "a.txt", "a;joy\n")
    with pytest.raises(CorpusError, match="Leave emotion_columns empty"):
        read(path, "text,label")


@pytest.mark.parametrize(
    "names",
    [
        ["test.txt", "train.txt", "val.txt"],
        ["emotion_dev.txt", "emotion-training.txt", "TEST.TXT", "labels.md", ".train.txt.swp"],
        ["train-00001-of-00002.txt", "train-00000-of-00002.txt", "validation.txt", "test.txt"],
    ],
)
def test_a_folder_is_read_training_first(tmp_path, names):
    for name in names:
        write(tmp_path / name, f"{name};joy\n")
    (tmp_path / "train.csv").mkdir()
    parts = read_path(str(tmp_path), DETECT)
    splits = [rows.split for rows in parts]
    assert splits == sorted(splits, key=["train", "validation", "test"].index)
    assert set(splits) == {"train", "validation", "test"}
    for rows in parts:
        assert rows.split[:2] in rows.texts[0].lower().replace("dev", "validation")


def test_a_folder_with_one_file_is_that_file(tmp_path):
    write(tmp_path / "tweets.txt", "a;joy\n")
    (rows,) = read_path(str(tmp_path), DETECT)
    assert rows.split == ""


def test_a_lone_test_file_is_read_where_it_is_asked_for(tmp_path):
    write(tmp_path / "test.txt", "a;joy\n")
    (rows,) = read_path(f"{tmp_path}#test.txt", DETECT)
    assert rows.split == ""


def test_a_file_beside_the_splits_is_said_to_be_left_out(tmp_path, caplog):
    for name in ("train.txt", "test.txt", "more.txt"):
        write(tmp_path / name, f"{name};joy\n")
    with caplog.at_level(logging.WARNING):
        assert len(read_path(str(tmp_path), DETECT)) == 2
    assert "left out, for its name says no split: more.txt" in caplog.text


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "holds no corpus file"),
        (["test.csv"], "holds only test.csv. Expected is a training file"),
        (["validation.csv"], "holds only validation.csv. Expected is a training file"),
        (["readme.md"], "holds no corpus file"),
        (["test.csv", "val.csv"], "holds only test.csv, val.csv. Expected is a training file"),
        (["train.csv", "train.jsonl"], "has several train files: train.csv, train.jsonl"),
        (["train_test.csv", "a.csv"], "holds only a.csv, train_test.csv"),
    ],
)
def test_a_folder_without_a_clear_corpus_is_refused(tmp_path, names, message):
    for name in names:
        write(tmp_path / name, "text,label\na,joy\n")
    with pytest.raises(CorpusError, match=message):
        read_path(str(tmp_path), DETECT)
