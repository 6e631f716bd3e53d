"""`share_text=false`: no tweet is in anything that a study, a sweep's or a model's reader gets.

Every tweet carries a word of its own that no dictionary has. The words are looked for in all that
is published - runs, notes, artifacts, the report's figures' data, registered models, the terminal -
unpacked as deeply as it is packed; and in the store, which holds the corpora and must be found to.
"""

import base64
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridrep.config import resolve
from hybridrep.corpora.loading import load_corpus
from hybridrep.reporting.html.packing import packed
from hybridrep.stages.full import run as run_full
from hybridrep.stages.register import run as run_register
from hybridrep.sweep_config import RegisterConfig
from hybridrep.tracking.models import EXAMPLE_TEXTS
from tests import small_study

pytestmark = pytest.mark.slow
MARK = re.compile(rb"zq[a-z]{6}qz")
WORDS = ("i", "am", "so", "very", "glad", "angry", "today", "you", "all", "with", "this", "world")


def words_of_their_own() -> Iterator[str]:
    rng = np.random.default_rng(5)
    while True:
        yield "zq" + "".join(rng.choice(list("abcdefghijklm"), 6)) + "qz"


def write_corpora(folder: Path) -> dict[str, str]:
    """Tweets of common words, each with a user's name that stands nowhere else."""
    marks, rng = words_of_their_own(), np.random.default_rng(6)

    def tweet() -> str:
        return f"{' '.join(rng.choice(WORDS, 5))} {next(marks)} {' '.join(rng.choice(WORDS, 3))}"

    place = folder / "emotion"
    place.mkdir()
    for split, count in {"train": 110, "validation": 14, "test": 4}.items():
        lines = [f"{tweet()};{label}\n" for _ in range(count) for label in ("anger", "joy")]
        (place / f"{split}.txt").write_text("".join(lines))
    rows = [{"tweet": tweet(), "label": label} for _ in range(40) for label in (0, 1)]
    pd.DataFrame(rows).to_csv(folder / "hate.csv", index=False)
    vectors = "".join(f"{word} {' '.join(map(str, rng.normal(size=6)))}\n" for word in WORDS)
    (folder / "vectors.txt").write_text(vectors)
    return {
        "emotion": str(place),
        "hate": str(folder / "hate.csv"),
        "vectors": str(folder / "vectors.txt"),
    }


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """All that a study without tweets and its registered models publish; the store's files."""
    folder = tmp_path_factory.mktemp("study")
    encoder = small_study.write_encoder(
        folder / "encoder", load_corpus("emotion", "sample").texts[:500]
    )
    given = {
        **write_corpora(folder),
        "encoder": str(encoder), "seeds": "1", "bottlenecks": "4", "lstm_epochs": "1",
        "autoencoder_epochs": "2", "transfer_epochs": "1", "items_per_emotion": "10",
        "workers": "1", "store": str(folder / "store"),
    }  # fmt: skip
    place = folder / "mlflow"
    place.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}/mlflow.db")
        patch.chdir(place)
        parameters = {**given, "share_text": "false"}
        with (place / "terminal.txt").open("w") as shown, redirect_stdout(shown):
            run_full(resolve(parameters))
            run_register(resolve(parameters, RegisterConfig))
    return place, sorted((folder / "store").rglob("*"))


def unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, and the bytes of everything that is packed inside it."""
    yield name, content
    if content[:2] == b"\x1f\x8b":
        yield from unpacked(f"{name}#gz", gzip.decompress(content))
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield from unpacked(f"{name}#{member}", archive.read(member))
    elif content[:4] == b"PAR1":
        yield f"{name}#table", pd.read_parquet(io.BytesIO(content)).to_json().encode()
    elif name.endswith(".html"):
        for script in re.findall(rb'octet-stream"[^>]*>([A-Za-z0-9+/=\s]+)<', content):
            yield from unpacked(f"{name}#script", base64.b64decode(script))


def marked(paths: list[Path]) -> set[str]:
    """The places that hold a word of a tweet."""
    found = set()
    for path in paths:
        if path.is_file():
            for name, content in unpacked(path.name, path.read_bytes()):
                if MARK.search(content):
                    found.add(name)
    return found


def test_with_share_text_false_no_word_of_a_tweet_is_published(published):
    place, _ = published
    files = [path for path in place.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"report.html", "report.md", "mlflow.db", "vocabulary.json", "MLmodel"} <= names
    assert {"similarity_matrices.npz", "seeds.json", "input_example.json"} <= names
    assert "Table 1" in (place / "terminal.txt").read_text()
    assert marked(files) == set()


def test_the_same_search_finds_a_word_wherever_it_is_packed(tmp_path):
    tweet = "so glad zqabcdefqz today"
    script = f'<script type="application/octet-stream" id="x">{packed(tweet)}</script>'
    (tmp_path / "report.html").write_text(f"<html>{script}</html>")
    (tmp_path / "plain.json").write_text(json.dumps([tweet]))
    pd.DataFrame({"text": [tweet]}).to_parquet(tmp_path / "table.parquet")
    np.savez_compressed(tmp_path / "arrays.npz", a=np.array([tweet.encode()]))
    (tmp_path / "harmless.txt").write_text("so glad today")
    found = {name.partition("#")[0] for name in marked(list(tmp_path.iterdir()))}
    assert found == {"report.html", "plain.json", "table.parquet", "arrays.npz"}


def test_the_store_holds_the_tweets_and_must_be_kept_as_they_are(published):
    """Documented: it is a working folder, not a publication."""
    found = {name.partition("#")[0] for name in marked(published[1])}
    assert found == {"corpus.parquet", "vocabulary.parquet"}


def rows_of(example: Path) -> int:
    content = json.loads(example.read_text())
    return len(content if isinstance(content, list) else content.get("data", content.get("inputs")))


def test_input_examples_are_vectors_of_sentences_written_for_them(published):
    files = list(published[0].rglob("input_example.json"))
    assert [rows_of(file) for file in files] == [len(EXAMPLE_TEXTS)] * 4
