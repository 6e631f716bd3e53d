"""A study as one file: read back as it was written, and refused where it is anything else."""

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from hybridrep.errors import ParameterError, TablesError, TrackingError
from hybridrep.studies.catalogue import load_study
from hybridrep.testing.reporting_fixtures import study_tables
from hybridrep.tracking import study_file
from hybridrep.tracking.study_file import check_place, read_study_file, write_study_file

TABLES = study_tables(seeds=2, epochs=2)


def write(file: Path, simulation: str = "hybrid", **files) -> Path:
    write_study_file(
        file, simulation, *TABLES.to_parts(), {"report/report.html": "<p>", **files}, texts=False
    )
    return file


@pytest.fixture
def written(tmp_path) -> Path:
    return write(tmp_path / "study.zip")


def changed(file: Path, **changes) -> Path:
    """Write a file anew with some of its entries changed; None leaves one out."""
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {**contents, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    return file


def about(file: Path, **changes) -> Path:
    with zipfile.ZipFile(file) as archive:
        said = json.loads(archive.read("study.json"))
    return changed(file, **{"study.json": json.dumps({**said, **changes})})


def test_a_study_is_read_back_as_it_was_written(written):
    for given in (written, str(written)):
        found = load_study(given)
        assert found.meta == TABLES.meta
        for name, table in TABLES.to_parts()[0].items():
            pd.testing.assert_frame_equal(getattr(found, name), table)
    said = read_study_file(written).about
    assert said["written_by"].startswith("hybridrep ")
    assert said["holds_texts"] is False
    with zipfile.ZipFile(written) as archive:
        assert json.loads(archive.read("config.json")) == TABLES.meta["config"]
        assert {"report/report.html", "versions.json"} <= {*archive.namelist()}


def test_equal_studies_are_equal_files(written, tmp_path):
    (tmp_path / "other").mkdir()
    again = write(tmp_path / "other" / "study.zip")
    assert again.read_bytes() == written.read_bytes()


def test_a_file_leaves_nothing_half_written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        study_file, "_put", lambda part, file: (_ for _ in ()).throw(OSError(28, "x"))
    )
    with pytest.raises(ParameterError, match="cannot be written"):
        write(tmp_path / "study.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(written):
    before = written.read_bytes()
    with pytest.raises(ParameterError, match="is there already"):
        check_place(written)
    with pytest.raises(ParameterError, match="is there by now"):
        write(written)
    assert written.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("study.tar", "does not end with .zip"),
        ("folder/study.zip", "no folder"),
        ("file/study.zip", "no folder"),
        (".", "does not end with"),
    ],
)
def test_a_bad_place_is_refused_before_any_work(tmp_path, name, message):
    (tmp_path / "file").write_text("")
    with pytest.raises(ParameterError, match=message):
        check_place(tmp_path / name)


def test_a_missing_file_is_named_and_a_relative_one_as_it_was_looked_for(tmp_path, monkeypatch):
    with pytest.raises(TablesError, match=r"there is no file .*none\.zip"):
        load_study(tmp_path / "none.zip")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TablesError, match=f"Looked for: '{tmp_path}/none.zip'"):
        load_study("none.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(TablesError, match="cannot be read: Is a directory"):
        load_study(tmp_path / "folder.zip")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-400])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def encrypt(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(len(content) - 4):
        if content[place : place + 4] == b"PK\x01\x02":
            content[place + 8] |= 1
        if content[place : place + 4] == b"PK\x03\x04":
            content[place + 6] |= 1
    file.write_bytes(content)


PARQUET = "study/rsa.parquet"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut, "is damaged"),
        (flip, "is damaged"),
        (encrypt, "is damaged"),
        (lambda f: f.write_text("no archive"), "is no study that hybridrep has exported"),
        (lambda f: f.write_bytes(b""), "is no study that hybridrep has exported"),
        (lambda f: changed(f, **{"study.json": None}), "is no study that hybridrep has exported"),
        (lambda f: changed(f, **{"study.json": "{"}), "is damaged"),
        (lambda f: changed(f, **{"study.json": "[]"}), "is no study"),
        (lambda f: about(f, format="other"), "is no study"),
        (
            lambda f: about(f, format_version=2, written_by="hybridrep 9"),
            "newer .*hybridrep 9.*upd",
        ),
        (lambda f: about(f, format_version="1"), "is not as it was written"),
        (lambda f: about(f, files=None), "is not as it was written"),
        (lambda f: about(f, files={}), "is damaged"),
        (lambda f: changed(f, **{PARQUET: None}), "lacks 'study/rsa.parquet'"),
        (lambda f: changed(f, **{PARQUET: b"PAR1"}), "'study/rsa.parquet' is not what was written"),
        (lambda f: changed(f, **{"study/meta.json": "{}"}), "'study/meta.json' is not what"),
    ],
)
def test_damaged_foreign_and_newer_files_are_told_apart(written, damage, message):
    damage(written)
    with pytest.raises(TablesError, match=message):
        load_study(written)


def test_nothing_is_read_but_what_the_list_names(written, tmp_path):
    """Entries with names that lead elsewhere are left alone: nothing is ever unpacked."""
    outside = "../../outside.txt"
    changed(written, **{outside: "x", "/etc/hybridrep": "x", "study/../evil.parquet": "x"})
    assert load_study(written).meta == TABLES.meta
    assert sorted(path.name for path in tmp_path.parent.rglob("outside.txt")) == []


def test_a_claim_of_endless_size_is_refused_unread(written, monkeypatch):
    monkeypatch.setattr(study_file, "MOST_BYTES", 1000)
    with pytest.raises(TablesError, match="more than any study"):
        load_study(written)


def test_two_entries_of_one_name_are_refused(written):
    with zipfile.ZipFile(written, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(PARQUET, b"other")
    with pytest.raises(TablesError, match="twice"):
        load_study(written)


def test_a_study_that_this_version_does_not_know_is_named(tmp_path):
    with pytest.raises(TrackingError, match="of the study 'dice', which this version does not"):
        load_study(write(tmp_path / "dice.zip", simulation="dice"))
