"""A finished study as one file, from the command line to its tables elsewhere."""

import re
import zipfile
from dataclasses import replace

import pytest

from hybridrep.command import command, exit_code
from hybridrep.studies.catalogue import load_study
from hybridrep.studies.hybrid.report.kept_example import example_files
from hybridrep.testing.kept_study import keep_study
from hybridrep.testing.reporting_fixtures import example_items, study_tables
from hybridrep.testing.undrawn import undraw_all
from hybridrep.tracking.records import Contents

pytest_plugins = ["hybridrep.testing.tracking_store"]


def tables_of(*, share_text: bool, **meta):
    tables = study_tables(seeds=3, epochs=2)
    config = {**tables.meta["config"], "share_text": share_text}
    return replace(tables, meta={**tables.meta, "config": config, **meta})


@pytest.fixture
def kept(tracker, tmp_path, monkeypatch):
    """A study with an example whose tweets are known, in the folder that tests work in."""
    undraw_all(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", tracker.server.experiment_name)
    example = example_items(12)

    def keep(**given):
        tables = tables_of(**given)
        shown = example if given["share_text"] else example.without_texts()
        keep_study(tracker, tables, Contents(files=example_files(shown)))
        return tables

    keep.tweets = [text for each in example.emotion_matrices for text in each.items.texts]
    return keep


def contents_of(path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("latin-1") for name in archive.namelist()}


def export(*arguments: str) -> int:
    pairs = [part for each in arguments for part in ("-P", each)]
    return exit_code(command("export"), pairs)


def test_a_study_travels_without_its_tweets(kept, tmp_path, capsys):
    tables = kept(share_text=True, study="mine")
    assert export("study=mine") == 0
    file = tmp_path / "mine.hybridrep.zip"
    assert f"The study 'mine' is in {file} (" in capsys.readouterr().out
    found = contents_of(file)
    assert {"report/report.html", "report/table_1.md", "config.json", "study/example.npz"} <= {
        *found
    }
    assert not [name for name, text in found.items() if any(t in text for t in kept.tweets)]
    assert load_study(file).meta == tables.meta
    assert export("study=mine") == 2
    assert "is there already: name another, or remove it first" in capsys.readouterr().err


def test_tweets_travel_where_they_are_allowed_twice(kept, tmp_path, capsys):
    kept(share_text=True, study="open")
    kept(share_text=False, study="closed")
    assert export("source=open", "texts=true", "to=open.zip") == 0
    assert "tweets of its example seed are in it" in capsys.readouterr().out
    assert any(kept.tweets[0] in text for text in contents_of(tmp_path / "open.zip").values())
    assert export("source=closed", "texts=true") == 2
    assert "share_text=false, so no tweet of it may be passed on" in capsys.readouterr().err
    assert not (tmp_path / "closed.hybridrep.zip").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["source=none"], "there is no study 'none'.*there are: .*mine"),
        (["source=mine", "to=a.tar"], "does not end with .zip"),
        (["source=mine", "to=nowhere/a.zip"], "there is no folder"),
        (["source=mine", "texts=maybe"], "parameter texts"),
        (["source=mine", "file=a.zip"], "unknown parameter 'file'"),
        (["source=unfinished"], "has no finished seed to report"),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(kept, tmp_path, capsys, given, message):
    kept(share_text=True, study="mine")
    kept(share_text=True, study="unfinished", seeds_wanted=[7, 8], study_key="b" * 64)
    assert export(*given) == 2
    error = capsys.readouterr().err
    assert re.search(message, error.replace("\n", " ")), error
    assert "Traceback" not in error
    assert list(tmp_path.glob("*.zip")) == []
