"""`share_text=false`: no tweet is in anything that a study, a sweep's or a model's reader gets.

Every tweet carries a word of its own, every other one a word that has a vector. The words are
looked for in all that is published - runs, notes, artifacts, the report's figures' data, registered
models - unpacked as deeply as it is packed, and in what the terminal shows; and in the store, which
holds the corpora and must be found to. One seed fails by an exception whose message is a tweet.
"""

import base64
import gzip
import io
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from hybridrep.command import command, exit_code
from hybridrep.errors import IncompleteStudyError
from hybridrep.parameters import resolve
from hybridrep.reporting.html.packing import packed
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.register.chosen import EXAMPLES
from hybridrep.studies.hybrid.register.logging import EXAMPLE_TEXTS
from hybridrep.studies.hybrid.register.register import run as run_register
from hybridrep.studies.hybrid.study import run as run_full
from hybridrep.studies.hybrid.sweep.config import RegisterConfig, SweepConfig
from hybridrep.studies.hybrid.sweep.sweep import run as run_sweep
from hybridrep.studies.hybrid.transformation import baseline as linear_baseline
from hybridrep.testing import small_study
from hybridrep.testing.databases import set_store
from hybridrep.testing.undrawn import undraw_all

pytestmark = pytest.mark.slow
MARK = re.compile(rb"zq[a-z]{6}qz")
FAULT = "so very glad zqfaultsqz today"
FIT = linear_baseline.make
WORDS = ("i", "am", "so", "very", "glad", "angry", "today", "you", "all", "with", "this", "world")


def words_of_their_own() -> Iterator[str]:
    rng = np.random.default_rng(5)
    while True:
        yield "zq" + "".join(rng.choice(list("abcdefghijklm"), 6)) + "qz"


def write_corpora(folder: Path) -> dict[str, str]:
    """Tweets of common words, each with a user's name that stands nowhere else."""
    marks, rng = words_of_their_own(), np.random.default_rng(6)
    known = []

    def tweet() -> str:
        if len(known) < 40:
            known.append(next(marks))
            return f"{' '.join(rng.choice(WORDS, 5))} {next(marks)} {known[-1]}"
        return f"{' '.join(rng.choice(WORDS, 5))} {next(marks)} {' '.join(rng.choice(WORDS, 3))}"

    place = folder / "emotion"
    place.mkdir()
    for split, count in {"train": 110, "validation": 14, "test": 4}.items():
        lines = [f"{tweet()};{label}\n" for _ in range(count) for label in ("anger", "joy")]
        (place / f"{split}.txt").write_text("".join(lines))
    rows = [{"tweet": tweet(), "label": label} for _ in range(40) for label in (0, 1)]
    pd.DataFrame(rows).to_csv(folder / "hate.csv", index=False)
    vectors = "".join(
        f"{word} {' '.join(map(str, rng.normal(size=6)))}\n" for word in (*WORDS, *known)
    )
    (folder / "vectors.txt").write_text(vectors)
    return {
        "emotion": str(place),
        "hate": str(folder / "hate.csv"),
        "vectors": str(folder / "vectors.txt"),
    }


def fit_but_one(read, seed, per_emotion):
    """Fail for a seed as a lookup by text would."""
    if seed == 1:
        raise KeyError(FAULT)
    return FIT(read, seed, per_emotion)


@contextmanager
def recorded(place: Path) -> Iterator[None]:
    """Write what the terminal shows into one file, and what is logged into another."""
    handler = logging.FileHandler(place / "log.txt")
    logging.getLogger().addHandler(handler)
    try:
        with (
            (place / "terminal.txt").open("w") as shown,
            redirect_stdout(shown),
            redirect_stderr(shown),
        ):
            yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A study with a seed that fails, two sweeps, and models registered from all of them.

    The study and the sweep `quiet` were made with `share_text=false`, the sweep `open` was not.
    """
    folder = tmp_path_factory.mktemp("study")
    encoder = small_study.write_encoder(folder / "encoder", WORDS)
    given = {
        **write_corpora(folder),
        "encoder": str(encoder), "seeds": "2", "bottlenecks": "4", "lstm_epochs": "1",
        "autoencoder_epochs": "2", "transfer_epochs": "1", "items_per_emotion": "10",
        "workers": "1", "store": str(folder / "store"),
    }  # fmt: skip
    place, seen = folder / "mlflow", folder / "seen"
    place.mkdir()
    seen.mkdir()
    no_text = {"share_text": "false"}
    sweep = {**given, "trials": "2", "seeds": "1"}
    with pytest.MonkeyPatch.context() as patch, recorded(seen):
        set_store(patch, tmp_path_factory, place)
        patch.setattr(linear_baseline, "make", fit_but_one)
        undraw_all(patch)  # in pixels no word could be found; the captions stay
        with pytest.raises(IncompleteStudyError):
            run_full(resolve({**given, **no_text}, Config))
        run_sweep(resolve({**sweep, "study": "open"}, SweepConfig))
        run_sweep(resolve({**sweep, **no_text, "study": "quiet"}, SweepConfig))
        run_register(resolve({**given, **no_text}, RegisterConfig))
        for source, shared in (("open", "true"), ("open", "false"), ("quiet", "true")):
            chosen = {"source": f"{source} sweep", "share_text": shared}
            run_register(resolve({**sweep, **chosen}, RegisterConfig))
        yield place, seen, sorted((folder / "store").rglob("*"))


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


def test_with_share_text_false_no_word_of_a_tweet_is_published(world):
    place, _, _ = world
    files = [path for path in place.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"report.html", "report.md", "mlflow.db", "vocabulary.json", "MLmodel"} <= names
    assert {"similarity_matrices.npz", "seeds.json", "input_example.json", "trials.json"} <= names
    assert {name.partition("#")[0] for name in marked(files)} == {"vocabulary.json"}


def test_the_vocabulary_has_only_words_that_have_vectors(world):
    """Documented: the others, many a user's name among them, are left out."""
    place, _, _ = world
    vectors = (place.parent / "vectors.txt").read_bytes()
    for path in place.rglob("vocabulary.json"):
        words = set(MARK.findall(path.read_bytes()))
        assert words
        assert words <= set(MARK.findall(vectors))


def test_no_tweet_is_shown_and_only_a_faults_own_message_is_logged(world):
    _, seen, _ = world
    shown, logged = ((seen / name).read_text() for name in ("terminal.txt", "log.txt"))
    assert "Table 1" in shown
    assert "models serve" in shown
    assert MARK.findall(shown.encode()) == []
    assert set(MARK.findall(logged.encode())) == {b"zqfaultsqz"}


def test_a_fault_is_published_by_its_kind_and_place(world):
    place, _, _ = world
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    experiment = client.get_experiment_by_name("hybridrep")
    where = "tags.`hybridrep.kind` = 'study'"
    (run,) = client.search_runs([experiment.experiment_id], where)
    assert run.info.status == "FAILED"
    said = "KeyError in hybridrep/running/stage.py, line "
    assert said in run.data.tags["hybridrep.failure"]
    assert said in next(place.rglob("report.html")).read_text()


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


def test_the_store_holds_the_tweets_and_must_be_kept_as_they_are(world):
    """Documented: it is a working folder, not a publication."""
    found = {name.partition("#")[0] for name in marked(world[2])}
    assert found == {"corpus.parquet", "vocabulary.parquet"}


def rows_of(example: Path) -> int:
    content = json.loads(example.read_text())
    return len(content if isinstance(content, list) else content.get("data", content.get("inputs")))


def rows_of_examples(place: Path, name: str) -> dict[tuple[str, str], int]:
    """Return how many rows the input examples of a registered model's versions have."""
    client = MlflowClient(f"sqlite:///{place}/mlflow.db")
    found = {}
    for version in client.search_model_versions(f"name = '{name}'"):
        run = client.get_run(version.run_id).data.tags
        model = version.source.rsplit("/", 1)[-1]
        (example,) = place.rglob(f"{model}/**/input_example.json")
        key = (run["hybridrep.study"], version.tags.get("share_text", ""))
        assert key not in found
        found[key] = rows_of(example)
    return found


@pytest.mark.parametrize("direction", ["bert-to-lstm", "lstm-to-bert"])
def test_examples_are_of_tweets_only_where_study_and_registration_allow_it(world, direction):
    written = len(EXAMPLE_TEXTS)
    assert rows_of_examples(world[0], f"hybridrep-{direction}") == {
        ("hybridrep", "false"): written,
        ("open", "true"): EXAMPLES,
        ("open", "false"): written,
        ("quiet", "false"): written,
    }
    assert written != EXAMPLES
    texts = rows_of_examples(world[0], f"hybridrep-{direction}-text")
    assert texts == dict.fromkeys([("hybridrep", ""), ("open", ""), ("quiet", "")], written)


def test_a_first_row_without_names_is_not_shown(tmp_path, capfd):
    tweet = "so glad zqabcdefqz today"
    (tmp_path / "hate.csv").write_text(f"{tweet},0\n{tweet},1\n")
    given = ["-P", f"hate={tmp_path / 'hate.csv'}", "-P", f"store={tmp_path / 'store'}"]
    assert exit_code(command("full", run_full), given) == 2
    shown = "".join(capfd.readouterr())
    assert "2 cells, which do not look like names of columns" in shown
    assert "zq" not in shown
