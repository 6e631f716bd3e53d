"""Hostile corpus files: what was written is read back, and anything else is refused by its name."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from hybridrep.errors import CorpusError
from hybridrep.execution.store import Store
from hybridrep.sources.texts import files
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid import prepare
from hybridrep.studies.hybrid.tweets.cleaning import clean_corpus
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.studies.hybrid.tweets.splits import sample_transfer, split_emotion
from hybridrep.testing.hostile import MARKUP, attempt, damaged, examples, texts

LABELS = {"0": "no-hate", "1": "hate", "hate": "hate", "No Hate": "no-hate", "not_hate": "no-hate"}
ENDINGS = ("txt", "csv", "tsv", "jsonl", "parquet")
tables = st.lists(st.tuples(texts, st.sampled_from(sorted(LABELS))), min_size=2, max_size=6).filter(
    lambda table: len({LABELS[label] for _, label in table}) == 2
)


def written(table: list[tuple[str, str]], ending: str) -> bytes:
    """A corpus file, every row with the same id."""
    if ending == "txt":
        return "".join(f"{text};{label}\n" for text, label in table).encode()
    if ending == "jsonl":
        rows = [{"id": 7, "tweet": text, "label": label} for text, label in table]
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    frame = pd.DataFrame(table, columns=["tweet", "label"]).assign(id=7)
    if ending == "parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer)
        return buffer.getvalue()
    separator = "," if ending == "csv" else "\t"
    return frame.to_csv(index=False, sep=separator, quoting=csv.QUOTE_ALL).encode()


def load(folder: Path, ending: str, content: bytes) -> Corpus:
    path = folder / f"corpus.{ending}"
    path.write_bytes(content)
    return load_corpus("hate", str(path))


@pytest.mark.parametrize("ending", ENDINGS)
@given(table=tables)
@examples(60)
def test_any_tweet_is_read_back_from_any_format(tmp_path, ending, table):
    if ending == "txt":  # its lines can hold no line end, and no mark of UTF-8 in front
        table = [(re.sub(r"[\r\n]", " ", text), label) for text, label in table]
        table[0] = (table[0][0].lstrip("\ufeff"), table[0][1])
    corpus = load(tmp_path, ending, written(table, ending))
    assert corpus.texts == tuple(text for text, _ in table)
    names = [corpus.label_names[label] for label in corpus.labels]
    assert names == [LABELS[label] for _, label in table]


WHOLE = [('so; "happy", \U0001f495 caf\u00e9', "0"), ("a\tb 'c' " * 20, "1"), ("", "1")]


def check_outcome(folder: Path, ending: str, content: bytes) -> None:
    """Load a file: it is a corpus, or refused with its name, and the line where lines are read."""
    corpus, refusal = attempt(lambda: load(folder, ending, content))
    if refusal:
        assert f"corpus.{ending}" in refusal
        of_the_file = (
            "is empty", "has no tweets", "UTF-16", "cannot be read as Parquet", "only one class",
            "column that", "columns that could", "is packed by", "is a Parquet", "is a ZIP",
            "is an old", "is a pointer", "is a web page", "UTF-32", "two byte-order marks",
        )  # fmt: skip
        assert re.search(r", (line|row) \d+", refusal) or any(t in refusal for t in of_the_file)
        return
    assert len(corpus) == len(corpus.labels) > 0
    assert corpus.fingerprint
    for text in corpus.texts:
        text.encode()


@pytest.mark.parametrize("ending", ENDINGS)
@given(data=st.data())
@examples(120)
def test_a_damaged_file_is_read_or_refused_by_name(tmp_path, ending, data):
    check_outcome(tmp_path, ending, data.draw(damaged(written(WHOLE, ending))))


@pytest.mark.parametrize("ending", ENDINGS)
@given(content=st.binary(max_size=200))
@examples(60)
def test_any_bytes_are_read_or_refused_by_name(tmp_path, ending, content):
    check_outcome(tmp_path, ending, content)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.text(max_size=3)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)


@given(st.lists(st.tuples(json_values, json_values), min_size=1, max_size=4))
@examples(150)
def test_any_json_values_are_read_or_refused_by_name(tmp_path, rows):
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    check_outcome(tmp_path, "jsonl", "\n".join(lines).encode())


@given(st.lists(st.one_of(st.floats(), st.none(), st.dates(), st.timedeltas()), min_size=1))
@examples(40)
def test_any_column_of_labels_in_parquet_is_read_or_refused_by_name(tmp_path, values):
    kinds = {type(value) for value in values} - {type(None)}
    values = values if len(kinds) < 2 else [v for v in values if isinstance(v, float)] or [None]
    buffer = io.BytesIO()
    try:
        pd.DataFrame({"text": "a", "label": values}).to_parquet(buffer)
    except pyarrow.ArrowInvalid:  # older versions cannot write spans beyond 64 bits
        reject()
    check_outcome(tmp_path, "parquet", buffer.getvalue())


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("jo\x00y", r"line 2: the label 'jo\\x00y' holds a control character \(U\+0000\)"),
        ("jo\ud800y", r"line 2: .*half a character \(U\+D800\)"),
        ("jo\ny", r"line 2: .*control character \(U\+000A\)"),
        ("j\u2028oy", r"line 2: .*line separator"),
        ("joy " * 20, "line 2: .* has 79 characters; 1 to 60 are allowed"),
    ],
)
def test_labels_that_break_lines_or_databases_are_refused_with_their_line(tmp_path, label, message):
    """They become class names: in tags, tables, figures and file formats."""
    rows = [{"text": "a", "label": "sadness"}, {"text": "b", "label": label}]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(CorpusError, match=message):
        load_corpus("emotion", str(path))


@pytest.mark.parametrize(
    "name", [*MARKUP, "\u0645\u0631\u062d\u0628\u0627", "\U0001f468\u200d\U0001f469"]
)
def test_classes_may_be_named_anything_else(tmp_path, name):
    name = name.replace("\n", " ")
    rows = [{"text": f"t{i}", "label": label} for i in range(5) for label in (name, "joy")]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    corpus = load_corpus("emotion", str(path))
    assert set(corpus.label_names) == {name.strip().lower(), "joy"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_class_alone_is_refused(tmp_path, ending):
    with pytest.raises(CorpusError, match="has only one class, 'hate'"):
        load(tmp_path, ending, written([("a", "1"), ("b", "hate")], ending))


@pytest.mark.parametrize("ending", ["txt", "jsonl", "parquet"])
def test_a_huge_file_is_refused_before_it_is_read(tmp_path, ending):
    path = tmp_path / f"huge.{ending}"
    with path.open("wb") as file:
        file.truncate(files.LARGEST + 1)  # takes no room on the disk
    with pytest.raises(CorpusError, match=r"huge.* has 2,147,483,649 bytes; at most"):
        load_corpus("hate", str(path))


def test_parquet_that_unpacks_to_a_huge_table_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    pd.DataFrame({"text": ["a" * 1000] * 5000, "label": [0, 1] * 2500}).to_parquet(
        path, use_dictionary=False
    )
    assert path.stat().st_size < 400_000
    monkeypatch.setattr(files, "LARGEST", 400_000)
    with pytest.raises(CorpusError, match=r"bomb\.parquet.* has 5,.* bytes; at most 400,000"):
        load_corpus("hate", str(path))


def emotion(*texts_: str) -> Corpus:
    labels = np.arange(len(texts_)) % 2
    return Corpus("emotion", texts_, labels, ("anger", "joy"), ("",) * len(texts_), "here", False)


def test_a_tweet_that_would_pad_all_others_beyond_memory_is_refused(tmp_path):
    store = Store(tmp_path)
    assert prepare._time_steps(store, emotion("a", "b c", "! " * 1000)) == 1000
    with pytest.raises(CorpusError, match=r"item 2 of the emotion corpus \(here\) has 1,001 words"):
        prepare._time_steps(store, emotion("a", "word " * 1001))


@given(st.lists(texts, min_size=20, max_size=60), st.integers(0, 2**32 - 1))
@examples(60)
def test_hostile_corpora_split_into_disjoint_stratified_whole_parts(batch, seed):
    corpus = emotion(*batch)
    split = split_emotion(corpus, np.random.default_rng(seed))
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(batch)))
    for part in parts:
        share = corpus.labels[part].mean()
        assert abs(share - corpus.labels.mean()) * len(part) <= 1
    hate = Corpus(
        "hate", corpus.texts, corpus.labels, ("no-hate", "hate"), corpus.splits, "x", False
    )
    try:
        cleaned = clean_corpus(hate).corpus
        chosen = sample_transfer(cleaned, np.random.default_rng(seed), "drop")
    except CorpusError:
        return  # cleaned to nothing, or to too few that differ
    assert not set(chosen.train) & set(chosen.test)
    used = [*chosen.train, *chosen.test]
    assert len({cleaned.texts[i] for i in used}) == len(used)
    for part in (chosen.train, chosen.test):
        ones = int(cleaned.labels[part].sum())
        assert abs(2 * ones - len(part)) <= 1
