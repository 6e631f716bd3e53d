"""Hostile names of corpora, folders of any files, and command lines of any words."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridrep.command import command, exit_code
from hybridrep.errors import CorpusError
from hybridrep.execution.fingerprint import content_key
from hybridrep.execution.store import Store
from hybridrep.parameters import resolve
from hybridrep.running.store_command import store
from hybridrep.sources.texts import hub
from hybridrep.sources.texts.hub import CONVERTED
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.testing.hostile import attempt, examples, texts

NAME_PIECES = (
    "..", ".", "/", "\\", "~", "@", ":", "%2e%2e", "hub:", "sample", "a", "b.c", "\0", "\n", " ",
    "refs/pr/1", "file://", "*", "C:",
)  # fmt: skip
sources = st.one_of(texts, st.lists(st.sampled_from(NAME_PIECES), max_size=8).map("".join))


@given(sources)
@example("../secret\0.csv")
@example("a" * 5000)
@examples(100)
def test_names_without_a_corpus_are_refused_and_leave_nothing_behind(tmp_path, source):
    with contextlib.chdir(tmp_path):
        corpus, refusal = attempt(lambda: load_corpus("hate", f"{tmp_path}/{source}"))
    assert corpus is None
    assert refusal
    assert list(tmp_path.iterdir()) == []


@given(sources)
@example("a/b@../../x")
@example("a/..")
@example("a/b\n")
@examples(150)
def test_only_plain_names_are_asked_of_the_hub(monkeypatch, name):
    asked = []

    def fetch(kind, source, revisions, _):
        asked.extend((kind.parse(source)[0], revision) for revision in revisions)
        raise CorpusError("no hub here")

    monkeypatch.setattr(hub, "fetch", fetch)
    _, refusal = attempt(lambda: load_corpus("emotion", f"hub:{name}"))
    if not asked:
        assert "does not name a hub corpus" in refusal
    for repository, revision in asked:
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repository, re.ASCII)
        assert re.fullmatch(rf"[\w./-]*|{CONVERTED}", revision, re.ASCII)
        assert ".." not in repository + revision
        assert not (repository + revision).startswith(("/", "."))


SPLIT_OF = {
    "train": "train", "Training": "train", "dev": "validation", "val": "validation",
    "my_validation": "validation", "test": "test", "TESTING": "test", "train-test": "",
    "tweets": "", "trained": "",
}  # fmt: skip
SHARDS = ("", "-00000-of-00002", "-00001-of-00002", "-final")
folders = st.lists(
    st.tuples(
        st.sampled_from(["", "", "", ".", "more/"]),
        st.sampled_from(sorted(SPLIT_OF)),
        st.sampled_from(SHARDS),
        st.sampled_from([".csv", ".txt", ".jsonl", ".md", ".py"]),
    ),
    unique=True,
    max_size=6,
)


def file_of(place: str, ending: str) -> str:
    if ending == ".jsonl":
        return "".join(f'{{"text": "{place}", "label": {label}}}\n' for label in (0, 1))
    if ending == ".txt":
        return f"{place};0\n{place};1\n"
    return f"text,label\n{place},0\n{place},1\n"


@given(folders)
@examples(100)
def test_a_folder_gives_its_own_files_in_order_or_is_refused_by_name(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "more").mkdir()
    splits, shards = {}, {}
    for prefix, word, shard, ending in files:
        name = f"{prefix}{word}{shard}{ending}"
        (folder / name).write_text(file_of(name, ending))
        if not prefix and ending not in (".md", ".py"):
            splits[name], shards[name] = SPLIT_OF[word], "-of-" in shard
    corpus, refusal = attempt(lambda: load_corpus("hate", str(folder)))
    several = [s for s in ("train", "validation", "test") if list(splits.values()).count(s) > 1]
    plain = [name for name, split in splits.items() if split in several and not shards[name]]
    if refusal:
        assert str(folder) in refusal
        lone_and_unnamed = len(splits) == 1 and not any(splits.values())
        assert plain or ("train" not in splits.values() and not lone_and_unnamed)
        return
    assert not plain
    found = list(dict.fromkeys(zip(corpus.splits, corpus.texts, strict=True)))
    if "train" in splits.values():
        order = ("train", "validation", "test")
        named = [(split, name) for name, split in splits.items() if split]
        assert found == sorted(named, key=lambda each: (order.index(each[0]), each[1]))
    else:
        assert found == [("", name) for name in splits]


def run(entry, arguments: list[str]) -> tuple[int, str]:
    """Return the exit code and the messages of a command line."""
    messages = io.StringIO()
    with contextlib.redirect_stderr(messages), contextlib.redirect_stdout(io.StringIO()):
        code = exit_code(entry, arguments)
    return code, messages.getvalue()


names = st.one_of(st.sampled_from([*Config.model_fields, "", "=", "pairs", "seed"]), texts)
pairs = st.lists(
    st.one_of(
        st.tuples(names, texts).map("=".join),
        st.tuples(st.sampled_from(["seeds", "bottlenecks"]), st.integers(1, 99).map(str)).map(
            "=".join
        ),
        st.text(max_size=300),
    ),
    max_size=3,
)


@given(pairs)
@example(["seeds=5", "seeds="])
@example(["study=a=b"])
@examples(80)
def test_any_pairs_are_taken_as_options_are_or_refused_in_few_words(given_pairs):
    taken = []
    arguments = [word for pair in given_pairs for word in ("-P", pair)]
    code, said = run(command("full", taken.append), arguments)
    assert (code, bool(said)) in ((0, False), (2, True))
    assert len(said) < 3_500
    assert len(taken) == (code == 0)
    if taken:
        split = [pair.split("=", 1) for pair in given_pairs]
        assert taken[0] == resolve({name.strip(): value for name, value in split}, Config)
    elif all("=" in pair for pair in given_pairs):
        assert said.startswith(("hybridrep: parameter ", "hybridrep: unknown parameter "))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with a store of one result and a file beside it."""
    (tmp_path / "beside.txt").write_text("not the store's")
    Store(tmp_path / "store").write(
        content_key({}), stage="lstm", inputs={}, arrays={"a": {"x": np.zeros(1)}}, seconds=1.0
    )
    return tmp_path


def contents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


ages = st.one_of(st.floats().map(repr), st.integers().map(str), st.text(max_size=20))


@given(
    place=st.one_of(st.just("store"), texts.map(lambda text: text.replace("/", "_"))),
    age=st.one_of(st.none(), ages),
    stages=st.lists(st.one_of(st.sampled_from(["lstm", "../store", "*"]), texts), max_size=2),
    flags=st.sets(st.sampled_from(["--outdated", "--dry_run"])),
)
@example(place="store", age="nan", stages=[], flags={"--dry_run"})
@example(place="store", age="inf", stages=[], flags={"--dry_run"})
@example(place="store", age="1e300", stages=[], flags={"--dry_run"})
@example(place="a\0b", age=None, stages=[], flags=set())
@example(place="beside.txt", age=None, stages=[], flags=set())
@example(place="a" * 300, age=None, stages=[], flags=set())
@examples(30)
def test_any_options_prune_the_store_alone_or_are_refused_in_few_words(
    kept, place, age, stages, flags
):
    before = contents(kept)
    options = [f"--store={place}", *(f"--stage={stage}" for stage in stages), *flags]
    if age is not None:
        options.append(f"--older_than={age}")
    with contextlib.chdir(kept):
        codes = [run(store, ["prune", *options]), run(store, ["show", f"--store={place}"])]
    for code, said in codes:
        assert (code, bool(said)) in ((0, False), (2, True))
        assert len(said) < 8_000
    after = contents(kept)
    if "--dry_run" in flags or place.strip() != "store" or "nan" in (age or ""):
        assert after == before
    assert kept / "beside.txt" in after
