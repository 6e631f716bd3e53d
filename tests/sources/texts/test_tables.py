"""Delimited tables: a quoted cell that holds rows is refused, and nothing else changes."""

import csv
import gzip
import io

import pandas as pd
import pytest

from hybridrep.errors import CorpusError
from hybridrep.sources.texts.files import read_path
from hybridrep.sources.texts.rows import ColumnChoice

ROWS = [(f"plain tweet {n} of mine", n % 2) for n in range(60)]
FORMS = {"a.csv": ",", "semicolons.csv": ";", "a.tsv": "\t", "a.csv.gz": ",", "bars.csv": "|"}


def choice(quoting: str = "", columns: str = "") -> ColumnChoice:
    return ColumnChoice(columns, "hate_columns", "tweets", quoting=quoting)


def write(folder, name: str, text: str) -> str:
    content = text.encode()
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return str(path)


def unquoted(rows, delimiter: str, header=("tweet", "label")) -> str:
    lines = [delimiter.join(map(str, row)) for row in (header, *rows)]
    return "\n".join(lines) + "\n"


def with_quotes(first: int, last: int) -> list[tuple[str, int]]:
    """The rows, one of whose texts begins with a quote, and a later one that ends with one."""
    rows = list(ROWS)
    rows[first] = (f'"{rows[first][0]}', rows[first][1])
    rows[last] = (f'{rows[last][0]}"', rows[last][1])
    return rows


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("first", "last"), [(10, 50), (10, 12), (10, 11), (0, 59)])
def test_a_quoted_cell_that_holds_rows_is_refused_with_its_lines(tmp_path, name, first, last):
    path = write(tmp_path, name, unquoted(with_quotes(first, last), FORMS[name]))
    with pytest.raises(CorpusError) as caught:
        read_path(path, choice())
    said = str(caught.value)
    assert f"{path}, lines {first + 2} to {last + 2}: they are one quoted cell" in said
    assert "give hate_quoting=none; if the cell is right as it is, hate_quoting=standard" in said


@pytest.mark.parametrize("name", FORMS)
def test_the_user_says_how_it_is_meant(tmp_path, name):
    path = write(tmp_path, name, unquoted(with_quotes(10, 50), FORMS[name]))
    (plain,) = read_path(path, choice("none"))
    expected = pd.read_csv(path, sep=FORMS[name], quoting=csv.QUOTE_NONE, dtype=str)
    assert list(plain.texts) == expected["tweet"].tolist()
    assert list(plain.labels) == expected["label"].tolist()
    (usual,) = read_path(path, choice("standard"))
    expected = pd.read_csv(path, sep=FORMS[name], dtype=str)
    assert list(usual.texts) == expected["tweet"].tolist()
    assert len(usual.texts) == 20


RIGHT = [
    "so glad, so very glad\nand on it goes",
    "one, two\nthree, four\nfive, six",
    "roses are red,\n\nviolets, blue\nsugar, sweet\nand so, are you",
    'he said "no, never"\nand left, 2',
    "a list:\n1, this\n2, that\nthe end, yes",
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "columns", [("tweet", "label"), ("label", "tweet"), ("id", "tweet", "label")]
)
def test_rightly_quoted_texts_of_several_lines_are_read_as_they_are(tmp_path, delimiter, columns):
    texts = [*(text.replace(",", delimiter) for text in RIGHT), *(text for text, _ in ROWS)]
    frame = pd.DataFrame({"tweet": texts, "label": [n % 2 for n in range(len(texts))]})
    frame["id"] = range(len(texts))
    path = tmp_path / ("a.tsv" if delimiter == "\t" else "a.csv")
    frame[list(columns)].to_csv(path, sep=delimiter, index=False)
    (rows,) = read_path(str(path), choice())
    assert list(rows.texts) == texts


def test_rows_that_are_swallowed_beside_an_id_are_seen_too(tmp_path):
    rows = [(n, label, text) for n, (text, label) in enumerate(with_quotes(5, 30))]
    path = write(tmp_path, "a.csv", unquoted(rows, ",", ("id", "label", "tweet")))
    with pytest.raises(CorpusError, match="lines 7 to 32"):
        read_path(path, choice())


def test_what_a_stray_quote_makes_of_a_row_names_the_way_out(tmp_path):
    open_to_the_end = list(ROWS)
    open_to_the_end[3] = ('"it opens', 0)
    for rows in (open_to_the_end, [('"one" two', 0), *ROWS]):
        path = write(tmp_path, "a.csv", unquoted(rows, ","))
        with pytest.raises(CorpusError, match=r"line \d+: the row .* give hate_quoting=none"):
            read_path(path, choice())
        assert read_path(path, choice("none"))[0].texts[0] in (rows[0][0], '"one" two')
    path = write(tmp_path, "b.csv", 'tweet,label\n"a\nb"\nc,1\n')
    with pytest.raises(
        CorpusError, match=r"line 2: 1 cells.* goes on to line 3.*hate_quoting=none"
    ):
        read_path(path, choice())


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("first_line", ["", "sep={}\n"])
def test_the_first_line_says_what_parts_the_cells(tmp_path, name, delimiter, first_line):
    text = first_line.format(delimiter) + unquoted(ROWS, delimiter)
    (rows,) = read_path(write(tmp_path, name, text), choice())
    assert list(zip(rows.texts, map(int, rows.labels), strict=True)) == ROWS
    assert rows.numbers[0] == (3 if first_line else 2)


def test_rows_parted_by_another_sign_than_the_first_line_say_so(tmp_path):
    text = "tweet,label\nso glad;1\n"
    with pytest.raises(CorpusError, match="parted by semicolons, the first line by commas"):
        read_path(write(tmp_path, "a.csv", text), choice())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "is a ZIP or Excel file"),
        (gzip.compress(b"text,label\na,1\n"), r"packed by gzip\. End its name in \.gz"),
        (b"PAR1 .. PAR1", "is a Parquet file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "run|Run `git lfs pull`"),
        (b"\n<!DOCTYPE html>\n<html>", "is a web page"),
        ("text,label\na,1\n".encode("utf-16-le"), "is in UTF-16"),
        ("text,label\na,1\n".encode("utf-16-be"), "is in UTF-16"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(CorpusError, match=message) as caught:
        read_path(str(tmp_path / "a.csv"), choice())
    assert "a.csv" in str(caught.value)


def test_many_columns_of_split_words_part_a_table(tmp_path):
    out = io.StringIO()
    fold = ["Train"] * 40 + ["dev"] * 10 + ["TEST"] * 10
    pd.DataFrame(ROWS, columns=["tweet", "label"]).assign(fold=fold).sample(
        frac=1, random_state=0
    ).to_csv(out, index=False)
    path = write(tmp_path, "a.csv", out.getvalue())
    found = read_path(path, ColumnChoice("", "hate_columns", "tweets", split="Fold"))
    expected = pd.read_csv(path)
    assert [rows.split for rows in found] == ["train", "validation", "test"]
    for rows, word in zip(found, ("Train", "dev", "TEST"), strict=True):
        mine = expected[expected["fold"] == word]
        assert list(rows.texts) == mine["tweet"].tolist()
        assert list(rows.numbers) == (mine.index + 2).tolist()


@pytest.mark.parametrize(
    ("fold", "split", "message"),
    [
        (
            ["train"] * 59 + ["holdout"],
            "fold",
            "line 61: the split 'holdout' is unknown.*hate_split",
        ),
        (["train"] * 59 + [""], "fold", r"line 61: no split\. The column 'fold'"),
        (["test"] * 60, "fold", "no text is marked `train`"),
        (["train"] * 60, "part", "no column 'part'.*Give hate_split one of them"),
    ],
)
def test_split_columns_that_are_not_clear_are_refused(tmp_path, fold, split, message):
    path = tmp_path / "a.csv"
    pd.DataFrame(ROWS, columns=["tweet", "label"]).assign(fold=fold).to_csv(path, index=False)
    with pytest.raises(CorpusError, match=message):
        read_path(str(path), ColumnChoice("", "hate_columns", "tweets", split=split))


def test_a_folder_of_splits_has_no_split_column_beside(tmp_path):
    for name in ("train", "test"):
        write(tmp_path, f"{name}.csv", "tweet,label,fold\na,1,train\n")
    with pytest.raises(CorpusError, match=r"train\.csv is the train split by its name"):
        read_path(str(tmp_path), ColumnChoice("", "hate_columns", "tweets", split="fold"))
