"""JSON, Excel, packed files and saved data sets: read as the library that wrote them reads them."""

import gzip
import json
import zipfile
from datetime import datetime

import openpyxl
import pandas as pd
import pytest

from hybridrep.errors import CorpusError
from hybridrep.sources.texts import files
from hybridrep.sources.texts.files import read_path
from hybridrep.sources.texts.rows import ColumnChoice

FRAME = pd.DataFrame(
    {
        "id": range(12),
        "text": [f'tweet {n}, "so" \U0001f495 caf\u00e9\nand on' for n in range(12)],
        "label": ["joy", "none", "NA"] * 4,
    }
)
PLAIN = FRAME.assign(text=FRAME["text"].str.replace("\n", " "))


def read(path, **said) -> list[tuple[str, object, object]]:
    parts = read_path(str(path), ColumnChoice("", "emotion_columns", "tweets", **said))
    return [
        (rows.split, text, label)
        for rows in parts
        for text, label in zip(rows.texts, rows.labels, strict=True)
    ]


def expected(frame: pd.DataFrame, split: str = "") -> list[tuple[str, object, object]]:
    return [(split, *row) for row in zip(frame["text"], frame["label"], strict=True)]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("orient", ["records", "columns", "split", "index", "table", "lists"])
def test_json_as_pandas_writes_it(tmp_path, orient, packed):
    text = json.dumps(FRAME.to_dict("list")) if orient == "lists" else FRAME.to_json(orient=orient)
    path = tmp_path / ("a.json.gz" if packed else "a.json")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert read(path) == expected(FRAME)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
def test_json_lines_under_any_of_their_names(tmp_path, name):
    FRAME.to_json(tmp_path / name, orient="records", lines=True)
    assert read(tmp_path / name) == expected(FRAME)


def test_json_of_splits_gives_them(tmp_path):
    parts = {"test": FRAME[8:], "train": FRAME[:8]}
    (tmp_path / "a.json").write_text(
        json.dumps({split: frame.to_dict("records") for split, frame in parts.items()})
    )
    assert read(tmp_path / "a.json") == [
        *expected(FRAME[:8], "train"), *expected(FRAME[8:], "test"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("[]", "has no tweets"),
        ("7", "a single value of the type int. Expected is a list of objects"),
        ("[1, 2]", "a list, but not of objects"),
        ('[["text", "label"], ["a", 0]]', "a list, but not of objects"),
        ('[{"text": "a", "label": 0},]', "line 1: not JSON"),
        ('[{"text": "a", "label": 0}, {"text": "b"}]', "record 2: no 'label', which other records"),
        ('{"text": ["a", "b"], "label": [0]}', "the columns have 2 and 1 values"),
        ('{"text": ["a"], "label": {"0": 1}}', "the columns are no lists"),
        ('{"text": {"0": "a"}, "label": {"1": 1}}', "the columns' keys differ"),
        ('{"a": [{"text": "a"}], "b": [{"text": "a"}]}', "an object of another form. Its columns"),
        ("[" * 100_000, "not JSON"),
        ('[{"a": "x", "b": 1}]', 'record 1, has no column .*emotion_columns="TEXT,LABEL"'),
    ],
)
def test_json_of_no_known_form_is_refused_by_name(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(CorpusError, match=message) as caught:
        read(tmp_path / "a.json")
    assert "a.json" in str(caught.value)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.tsv.gz"])
def test_packed_tables_as_pandas_writes_them(tmp_path, name):
    FRAME.to_csv(tmp_path / name, index=False, sep="\t" if "tsv" in name else ",")
    assert read(tmp_path / name) == expected(FRAME)


def test_a_packed_file_that_is_none_or_cut_or_huge_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.csv.gz"
    path.write_text("text,label\na,1\n")
    with pytest.raises(CorpusError, match=r"a\.csv\.gz cannot be unpacked by gzip \(Not a gzipped"):
        read(path)
    whole = gzip.compress(("text,label\n" + "a,joy\n" * 2000).encode())
    path.write_bytes(whole[:-12])
    with pytest.raises(CorpusError, match=r"cannot be unpacked by gzip .* Is it complete"):
        read(path)
    path.write_bytes(whole)
    monkeypatch.setattr(files, "LARGEST", 5_000)
    with pytest.raises(CorpusError, match="holds more than 5,000 bytes unpacked"):
        read(path)


def test_excel_as_pandas_writes_it(tmp_path):
    FRAME.to_excel(tmp_path / "a.xlsx", index=False)
    assert read(tmp_path / "a.xlsx") == expected(FRAME)


def sheets(path, **frames: pd.DataFrame) -> None:
    with pd.ExcelWriter(path) as writer:
        for name, frame in frames.items():
            frame.to_excel(writer, sheet_name=name, index=False)


def test_sheets_are_splits_or_one_is_chosen(tmp_path, caplog):
    sheets(tmp_path / "a.xlsx", test=FRAME[8:], Train=FRAME[:8], notes=FRAME[:1])
    assert read(tmp_path / "a.xlsx") == [
        *expected(FRAME[:8], "train"), *expected(FRAME[8:], "test"),
    ]  # fmt: skip
    assert "a.xlsx: its sheet 'notes' is left out" in caplog.text
    sheets(tmp_path / "b.xlsx", tweets=FRAME, others=FRAME[:3], empty=pd.DataFrame())
    with pytest.raises(CorpusError, match=r"several sheets: tweets, others, empty.*b\.xlsx#tweets"):
        read(tmp_path / "b.xlsx")
    assert read(f"{tmp_path}/b.xlsx#others") == expected(FRAME[:3])
    with pytest.raises(CorpusError, match=r"'nope' is not there\. Its sheets: tweets, oth"):
        read(f"{tmp_path}/b.xlsx#nope")
    with pytest.raises(CorpusError, match="the sheet 'empty' is empty"):
        read(f"{tmp_path}/b.xlsx#empty")


def workbook(path, *rows: list[object], merged: str = "") -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    book.save(path)


def test_rows_of_a_sheet_are_counted_as_excel_does(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path, [], ["text", "label"], ["a", True], [], ["b", 2.0], [None, None])
    (rows,) = read_path(str(path), ColumnChoice("", "emotion_columns"))
    assert (list(rows.texts), list(rows.labels)) == (["a", "b"], [True, 2])
    assert rows.where(1) == f"{path}, sheet Sheet, row 5"
    workbook(path, ["Tweets of 2024", None], ["text", "label"], ["a", "joy"], merged="A1:B1")
    with pytest.raises(CorpusError, match="row 1, does not name the columns, but row 2 does"):
        read(path)
    workbook(path, ["text", "label"], [datetime(2024, 1, 2), "joy"])
    (rows,) = read_path(str(path), ColumnChoice("", "emotion_columns"))
    assert isinstance(rows.texts[0], datetime)  # which the study refuses with its row


def test_an_excel_file_that_is_none_or_huge_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.xlsx"
    path.write_text("text,label\na,1\n")
    with pytest.raises(CorpusError, match=r"a\.xlsx cannot be read as \.xlsx"):
        read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "a" * 100_000)
    with pytest.raises(CorpusError, match=r"a\.xlsx cannot be read as \.xlsx"):
        read(path)
    monkeypatch.setattr(files, "LARGEST", 50_000)
    with pytest.raises(CorpusError, match="has 100,000 bytes; at most 50,000"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(CorpusError, match="is empty"):
        read(path)


def test_what_save_to_disk_wrote_is_read(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict

    whole = Dataset.from_pandas(FRAME)
    whole.save_to_disk(tmp_path / "one")
    assert read(tmp_path / "one") == expected(FRAME)
    parts = DatasetDict(
        train=whole.select(range(8)), test=whole.select(range(8, 12)), validation=whole.select([]),
        unsupervised=whole.select([1]),
    )  # fmt: skip
    parts.save_to_disk(tmp_path / "parts")
    assert read(tmp_path / "parts") == [
        *expected(FRAME[:8], "train"), *expected(FRAME[8:], "test"),
    ]  # fmt: skip
    assert read(tmp_path / "parts" / "test") == expected(FRAME[8:])
    names = ClassLabel(names=["NA", "joy", "none"])
    whole.cast_column("label", names).save_to_disk(tmp_path / "named")
    (rows,) = read_path(str(tmp_path / "named"), ColumnChoice("", "emotion_columns"))
    assert [rows.label_names[label] for label in rows.labels] == FRAME["label"].tolist()
    split = whole.add_column("fold", ["train"] * 8 + ["test"] * 4)
    split.save_to_disk(tmp_path / "fold")
    assert read(tmp_path / "fold", split="fold") == read(tmp_path / "parts")


def test_saved_data_that_is_damaged_or_unclear_is_refused_by_its_folder(tmp_path):
    from datasets import Dataset, DatasetDict

    whole = Dataset.from_pandas(FRAME)
    DatasetDict(a=whole, b=whole).save_to_disk(tmp_path / "odd")
    with pytest.raises(CorpusError, match="odd has the splits a, b; expected are train"):
        read(tmp_path / "odd")
    whole.select([]).save_to_disk(tmp_path / "empty")
    with pytest.raises(CorpusError, match="empty', of `save_to_disk`, holds an empty data set"):
        read(tmp_path / "empty")
    whole.save_to_disk(tmp_path / "lost")
    (tmp_path / "lost" / "dataset_info.json").unlink()
    with pytest.raises(CorpusError, match="lost', of `save_to_disk`, cannot be read"):
        read(tmp_path / "lost")
    whole.save_to_disk(tmp_path / "cut")
    for file in (tmp_path / "cut").glob("*.arrow"):
        file.write_bytes(b"not arrow")
    with pytest.raises(CorpusError, match="cut', of `save_to_disk`, cannot be read"):
        read(tmp_path / "cut")
    (tmp_path / "cut" / "state.json").unlink()
    with pytest.raises(CorpusError, match="cut', of `save_to_disk`, cannot be read"):
        read(tmp_path / "cut")


def table(folder, name: str, split: str = "") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    PLAIN.assign(text=f"{name} {split}").to_csv(folder / name, index=False)


def test_several_tasks_of_a_folder_are_never_joined(tmp_path):
    for task in ("emotion", "hate", "offensive"):
        for split in ("train", "test"):
            table(tmp_path, f"many/{task}/{split}.csv")
            table(tmp_path, f"flat/{task}_{split}.csv")
    for folder in ("many", "flat"):
        place = f"{tmp_path}/{folder}"
        with pytest.raises(CorpusError, match=rf"configurations: emotion, hate.*{place}#em"):
            read(place)
        found = {text for _, text, _ in read(f"{place}#hate")}
        assert len(found) == 2
        assert all("hate" in text for text in found)
        with pytest.raises(CorpusError, match=r"no configuration 'nope'\. There is: emot"):
            read(f"{place}#nope")
    with pytest.raises(CorpusError, match="names nothing behind `#`"):
        read(f"{tmp_path}/many#")
    (tmp_path / "a.csv").write_text("text,label\na,1\n")
    with pytest.raises(CorpusError, match="no parts to choose by `#x`"):
        read(f"{tmp_path}/a.csv#x")


def test_folders_named_by_split_are_one_task(tmp_path):
    table(tmp_path, "train/data.csv")
    table(tmp_path, "test/data.csv")
    assert {split for split, _, _ in read(tmp_path)} == {"train", "test"}
    table(tmp_path, "other/more/train.csv")
    with pytest.raises(CorpusError, match=r"several configurations: \., other/more"):
        read(tmp_path)
    with pytest.raises(CorpusError, match=r"its folder 'more' does\. Give .*other/more"):
        read(tmp_path / "other")


CARD = """---
configs:
- config_name: split
  data_files: [{{split: train, path: split/train-*}}]
  {default}
- config_name: unsplit
  data_files: [{{split: train, path: unsplit/all.csv}}]
---
"""


def test_the_card_of_a_local_copy_names_its_configurations(tmp_path):
    table(tmp_path, "split/train-0.csv")
    table(tmp_path, "unsplit/all.csv")
    (tmp_path / "README.md").write_text(CARD.format(default="default: true"))
    assert {text for _, text, _ in read(tmp_path)} == {"split/train-0.csv "}
    assert {text for _, text, _ in read(f"{tmp_path}#unsplit")} == {"unsplit/all.csv "}
    (tmp_path / "README.md").write_text(CARD.format(default=""))
    with pytest.raises(CorpusError, match="several configurations: split, unsplit"):
        read(tmp_path)
    outside = CARD.format(default="").replace("unsplit/all.csv", "../secret.csv")
    (tmp_path / "README.md").write_text(outside)
    with pytest.raises(CorpusError, match=r"names '\.\./secret\.csv', which may lie outside"):
        read(tmp_path)


def test_a_readme_of_prose_is_no_card_and_nothing_is_said_of_it(tmp_path, monkeypatch):
    from huggingface_hub import repocard

    monkeypatch.setattr(repocard.logger, "warning", pytest.fail)
    table(tmp_path, "train.csv")
    for prose in ("# My tweets\n\nOf 2026.\n", ""):
        (tmp_path / "README.md").write_text(prose)
        assert {text for _, text, _ in read(tmp_path)} == {"train.csv "}


def test_a_relative_path_is_shown_as_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=rf"such\.csv'\. Looked for: '{tmp_path}/no/such\.csv"):
        read("no/such.csv")
    with pytest.raises(CorpusError) as caught:
        read(f"{tmp_path}/no/such.csv")
    assert "Looked for" not in str(caught.value)
