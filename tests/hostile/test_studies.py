"""Hostile tables of a study, as a server may hand them out: read, or refused by the run's id."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridrep.studies.hybrid.results.tables import SCHEMA_VERSION, StudyTables
from hybridrep.testing.hostile import attempt, damaged, examples, texts
from hybridrep.tracking.queries import load_parts
from tests import stored_study

RUN = "0123456789abcdef"
STORED = stored_study.folder(SCHEMA_VERSION)
META = json.loads((STORED / "meta.json").read_text())


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The artifacts of a study's run."""
    return Path(shutil.copytree(STORED, tmp_path / "study"))


def check_outcome(kept: Path, name: str, content: bytes) -> None:
    """Read a study with one file changed: it is whole and well-formed, or refused by name."""
    (kept / name).write_bytes(content)
    client = SimpleNamespace(
        list_artifacts=lambda *_: [kept], download_artifacts=lambda *_: str(kept)
    )
    server = SimpleNamespace(uri="sqlite:///x.db", place="sqlite:///x.db", client=client)
    parts, refusal = attempt(lambda: load_parts(server, RUN))
    if refusal:
        assert RUN in refusal
        assert "damaged" in refusal
        return
    tables, refusal = attempt(lambda: StudyTables.from_parts(*parts))
    assert tables is not None or refusal


@pytest.mark.parametrize("name", ["rsa.parquet", "lstm.parquet", "meta.json"])
@given(data=st.data())
@examples(25)
def test_a_damaged_file_is_read_or_refused_by_name(kept, name, data):
    check_outcome(kept, name, data.draw(damaged((STORED / name).read_bytes())))


@pytest.mark.parametrize("name", ["rsa.parquet", "meta.json"])
@given(content=st.binary(max_size=100))
@examples(30)
def test_any_bytes_are_refused_by_name(kept, name, content):
    check_outcome(kept, name, content)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=4,
)
metas = st.one_of(
    json_values,
    st.dictionaries(st.sampled_from(sorted(META)), json_values, max_size=3).map(
        lambda other: {**META, **other}
    ),
)


@given(metas)
@example([])
@example({"schema_version": 0})
@example({**META, "schema_version": True})
@example({**META, "study": ["</script>"], "schema_version": 10**30})
@examples(30)
def test_any_meta_is_taken_or_refused_by_name(kept, meta):
    check_outcome(kept, "meta.json", json.dumps(meta).encode())


def test_meta_nested_beyond_reading_is_refused_by_name(kept):
    check_outcome(kept, "meta.json", b"[" * 100_000)
