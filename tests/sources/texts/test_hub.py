"""The hub is stood in for by a server on this machine that speaks its protocol."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from hybridrep.errors import CorpusError
from hybridrep.studies.hybrid.tweets.loading import load_corpus

HUB_ORDER = ["sadness", "joy", "love", "anger", "fear", "surprise"]
EMOTION_COMMIT = "cab853a1dbdf4c42c2b3ef2173804746df8825fe"
HATE = "tweets-hate-speech-detection/tweets_hate_speech_detection"


class FakeHub:
    """Repositories as {ID: {revision: (commit, {path: bytes})}}, and the requests they got."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, tuple[str, dict[str, bytes]]]] = {}
        self.requests: list[str] = []

    def add(self, repository: str, revision: str, commit: str, files: dict[str, bytes]) -> None:
        revisions = self.repositories.setdefault(repository, {})
        revisions[revision] = revisions[commit] = (commit, files)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(path)
        kind, *parts = [unquote(part) for part in urlsplit(path).path.strip("/").split("/")]
        if kind == "api":  # api/datasets/OWNER/NAME/{revision,tree}/REVISION
            owner, name, what, revision = parts[1:5]
            inside = ""
        else:  # datasets/OWNER/NAME/resolve/REVISION/PATH...
            owner, name, what, revision = parts[:4]
            inside = "/".join(parts[4:])
        repository = self.repositories.get(f"{owner}/{name}")
        if repository is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        if revision not in repository:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        commit, files = repository[revision]
        if what == "revision":
            siblings = [{"rfilename": file} for file in files]
            content: object = {"id": f"{owner}/{name}", "sha": commit, "siblings": siblings}
        elif what == "tree":
            content = [
                {"type": "file", "path": file, "size": len(files[file]), "oid": f"{hash(file)}"}
                for file in files
            ]
        elif inside in files:
            return (
                200,
                {"X-Repo-Commit": commit, "ETag": f'"{abs(hash(files[inside]))}"'},
                files[inside],
            )
        else:
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()


def turn_to(endpoint: str, monkeypatch) -> None:
    """Let the hub's client ask another address."""
    constants = huggingface_hub.constants
    _, path = constants.HUGGINGFACE_CO_URL_TEMPLATE.split("/{repo_id}")
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}" + path)


@pytest.fixture
def fake_hub(monkeypatch, tmp_path):
    fake = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = fake.answer(self.path)
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    turn_to(f"http://127.0.0.1:{server.server_port}", monkeypatch)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def no_hub(monkeypatch, tmp_path):
    """A hub that refuses connections, with an empty cache."""
    turn_to("http://127.0.0.1:9", monkeypatch)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def parquet(folder: Path, texts, labels, names=None, columns=("text", "label")) -> bytes:
    label = ClassLabel(names=names) if names else Value("int64")
    features = Features({columns[0]: Value("string"), columns[1]: label})
    rows = dict(zip(columns, (texts, labels), strict=True))
    file = folder / "written.parquet"
    Dataset.from_dict(rows, features=features).to_parquet(file)
    return file.read_bytes()


def emotion_files(folder: Path) -> dict[str, bytes]:
    """Return the layout of dair-ai/emotion: two configurations, and a card that names both."""
    card = """---
configs:
- config_name: split
  data_files:
  - {split: train, path: split/train-*}
  - {split: validation, path: split/validation-*}
  - {split: test, path: split/test-*}
  default: true
- config_name: unsplit
  data_files:
  - {split: train, path: unsplit/train-*}
---
"""
    part = {
        split: parquet(folder, [f"{split} {i}" for i in range(6)], range(6), HUB_ORDER)
        for split in ("train", "validation", "test")
    }
    return {
        "README.md": card.encode(),
        "emotion.py": b"raise SystemExit('never run')",
        **{f"split/{split}-00000-of-00001.parquet": data for split, data in part.items()},
        "unsplit/train-00000-of-00001.parquet": parquet(folder, ["x"], [0], HUB_ORDER),
    }


def test_the_papers_emotion_corpus_is_read_from_its_pinned_commit(fake_hub, tmp_path):
    fake_hub.add("dair-ai/emotion", "main", "f" * 40, {"split/train-0.parquet": b"newer"})
    fake_hub.add("dair-ai/emotion", "pinned", EMOTION_COMMIT, emotion_files(tmp_path))
    corpus = load_corpus("emotion", "hub:dair-ai/emotion")
    assert corpus.source == f"hub:dair-ai/emotion@{EMOTION_COMMIT}"
    assert corpus.label_names == tuple(sorted(HUB_ORDER))
    assert len(corpus) == 18
    for text, split, label in zip(corpus.texts, corpus.splits, corpus.labels, strict=True):
        assert text.split()[0] == split
        assert corpus.label_names[label] == HUB_ORDER[int(text.split()[1])]
    assert corpus.splits[0] == "train"
    fetched = [request for request in fake_hub.requests if "/resolve/" in request]
    assert fetched
    assert not [path for path in fetched if path.endswith(".py") or "unsplit" in path]


def test_a_fetched_commit_needs_no_network(fake_hub, tmp_path, monkeypatch):
    fake_hub.add("dair-ai/emotion", "pinned", EMOTION_COMMIT, emotion_files(tmp_path))
    first = load_corpus("emotion", "hub:dair-ai/emotion")
    fake_hub.requests.clear()
    turn_to("http://127.0.0.1:9", monkeypatch)
    again = load_corpus("emotion", "hub:dair-ai/emotion")
    assert again.fingerprint == first.fingerprint
    assert not fake_hub.requests


def test_a_revision_of_ones_own_follows_the_card(fake_hub, tmp_path):
    fake_hub.add("dair-ai/emotion", "my/branch", "b" * 40, emotion_files(tmp_path))
    corpus = load_corpus("emotion", "hub:dair-ai/emotion@my/branch")
    assert len(corpus) == 18
    assert corpus.source == f"hub:dair-ai/emotion@{'b' * 40}"


def hate_files(folder: Path, none: int, hate: int) -> dict[str, bytes]:
    labels = [0] * none + [1] * hate
    texts = [f"tweet {i}" for i in range(len(labels))]
    names = ["no-hate-speech", "hate-speech"]
    return {"default/train/0000.parquet": parquet(folder, texts, labels, names, ("tweet", "label"))}


def test_the_papers_hate_corpus_is_read_from_the_converted_branch(fake_hub, tmp_path):
    fake_hub.add(HATE, "main", "a" * 40, {"tweets_hate_speech_detection.py": b"raise SystemExit"})
    fake_hub.add(HATE, "refs/convert/parquet", "c" * 40, hate_files(tmp_path, 29_720, 2_242))
    corpus = load_corpus("hate", f"hub:{HATE}")
    assert corpus.class_counts == {"no-hate": 29_720, "hate": 2_242}
    assert corpus.source == f"hub:{HATE}@{'c' * 40}"
    assert corpus.texts[-1] == "tweet 31961"


def test_a_converted_branch_with_other_contents_is_refused_unless_named(fake_hub, tmp_path):
    fake_hub.add(HATE, "refs/convert/parquet", "c" * 40, hate_files(tmp_path, 3, 2))
    with pytest.raises(CorpusError, match=f"not the paper's corpus any more.*{'c' * 40}"):
        load_corpus("hate", f"hub:{HATE}")
    assert len(load_corpus("hate", f"hub:{HATE}@{'c' * 40}")) == 5


def test_what_is_not_pinned_is_said_with_the_way_to_pin_it(fake_hub, tmp_path, caplog):
    fake_hub.add(HATE, "refs/convert/parquet", "c" * 40, hate_files(tmp_path, 29_720, 2_242))
    first = load_corpus("hate", f"hub:{HATE}")
    assert f"hub:{HATE} is not pinned" in caplog.text
    assert first.source in caplog.text
    caplog.clear()
    load_corpus("hate", first.source)
    fake_hub.add("dair-ai/emotion", "pinned", EMOTION_COMMIT, emotion_files(tmp_path))
    load_corpus("emotion", "hub:dair-ai/emotion")
    assert "pinned" not in caplog.text
    fake_hub.add("dair-ai/emotion", "main", "d" * 40, emotion_files(tmp_path))
    load_corpus("emotion", "hub:dair-ai/emotion@main")
    assert "hub:dair-ai/emotion@main is not pinned" in caplog.text
    assert f"hub:dair-ai/emotion@{'d' * 40}" in caplog.text


def test_an_altered_text_of_the_converted_branch_shows_in_the_fingerprint(fake_hub, tmp_path):
    """The counts of the classes, all that is checked of it, do not tell."""
    files = hate_files(tmp_path, 29_720, 2_242)
    fake_hub.add(HATE, "refs/convert/parquet", "c" * 40, files)
    first = load_corpus("hate", f"hub:{HATE}")
    (name,) = files
    texts = [*first.texts[:-1], f"{first.texts[-1]} "]
    names = ["no-hate-speech", "hate-speech"]
    files = {name: parquet(tmp_path, texts, first.labels, names, ("tweet", "label"))}
    fake_hub.add(HATE, "refs/convert/parquet", "d" * 40, files)
    altered = load_corpus("hate", f"hub:{HATE}")
    assert altered.class_counts == first.class_counts
    assert altered.fingerprint != first.fingerprint
    assert altered.source != first.source


def test_a_corpus_with_only_a_script_is_read_from_its_converted_branch(fake_hub, tmp_path):
    fake_hub.add("me/mine", "main", "a" * 40, {"mine.py": b"raise SystemExit"})
    files = {f"only/{split}/0000.parquet": data for split, data in two_splits(tmp_path).items()}
    fake_hub.add("me/mine", "refs/convert/parquet", "c" * 40, files)
    corpus = load_corpus("emotion", "hub:me/mine")
    assert corpus.splits == ("train",) * 6 + ("test",) * 6
    files["other/train/0000.parquet"] = b""
    fake_hub.add("me/mine", "refs/convert/parquet", "d" * 40, files)
    with pytest.raises(CorpusError, match="several configurations: only, other"):
        load_corpus("emotion", "hub:me/mine")


def two_splits(folder: Path) -> dict[str, bytes]:
    return {
        split: parquet(folder, [f"{split} {i}" for i in range(6)], range(6))
        for split in ("train", "test")
    }


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_other_plain_files_are_read_too(fake_hub, ending):
    rows = [("i am glad", "joy"), ("i am sad", "sadness")]
    if ending == "csv":
        content = "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows)
    else:
        content = "".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in rows)
    fake_hub.add("me/mine", "main", "a" * 40, {f"train.{ending}": content.encode()})
    corpus = load_corpus("emotion", "hub:me/mine")
    assert corpus.texts == ("i am glad", "i am sad")
    assert corpus.label_names == ("joy", "sadness")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("hub:me/nobody", "no public corpus 'me/nobody'"),
        ("hub:me/mine@v9", "'me/mine' has no revision 'v9'"),
        ("hub:me/script", "no revision 'refs/convert/parquet'"),
        ("hub:me/script@main", "has no data files .* loading scripts are not run"),
        ("hub:me/broken", "cannot be read"),
        ("hub:me/mine", 'no column that looks like the text .*emotion_columns="TEXT,LABEL"'),
    ],
)
def test_what_the_hub_cannot_give_is_said(fake_hub, source, message):
    fake_hub.add("me/mine", "main", "a" * 40, {"train.csv": b"a,b\n1,2\n"})
    fake_hub.add("me/script", "main", "a" * 40, {"script.py": b"raise SystemExit"})
    fake_hub.add("me/broken", "main", "a" * 40, {"train.parquet": b"PAR1 not really"})
    with pytest.raises(CorpusError, match=message):
        load_corpus("emotion", source)


@pytest.mark.parametrize(
    "source",
    ["hub:", "hub:a b/c", "hub:../etc", "hub:a/b/c", "hub:a/b@", "hub:a/b@../x", "hub:a/b@-x"],
)
def test_names_that_are_none_never_reach_the_network(no_hub, source):
    with pytest.raises(CorpusError, match="does not name a hub corpus"):
        load_corpus("emotion", source)


@pytest.mark.parametrize("source", ["hub:dair-ai/emotion", f"hub:{HATE}", "hub:me/mine@v1"])
def test_a_hub_that_cannot_be_reached_is_said_with_the_local_alternatives(no_hub, source):
    with pytest.raises(CorpusError, match=r"cannot be reached .* local file or folder .* `sample`"):
        load_corpus("emotion", source)


def several_tasks(folder: Path, card: str = "") -> dict[str, bytes]:
    files = {
        f"{task}/{split}-00000-of-00001.parquet": parquet(
            folder, [f"{task} {split}"] * 4, [0, 1] * 2
        )
        for task in ("emotion", "hate", "offensive")
        for split in ("train", "validation", "test")
    }
    return files | ({"README.md": card.encode()} if card else {})


TASKS_CARD = """---
configs:
- config_name: emotion
  data_files: [{split: train, path: emotion/train-*}, {split: test, path: emotion/test-*}]
- config_name: hate
  data_files: [{split: train, path: hate/train-*}, {split: test, path: hate/test-*}]
dataset_info:
- config_name: hate
  features:
  - {name: text, dtype: string}
  - name: label
    dtype: {class_label: {names: {'0': non-hate, '1': hate}}}
---
"""


@pytest.mark.parametrize("card", ["", "---\nlicense: mit\n---\n", TASKS_CARD])
def test_several_tasks_of_a_repository_are_never_joined(fake_hub, tmp_path, card):
    fake_hub.add("me/tasks", "main", "a" * 40, several_tasks(tmp_path, card))
    with pytest.raises(CorpusError) as caught:
        load_corpus("hate", "hub:me/tasks")
    assert "has several configurations: emotion, hate" in str(caught.value)
    assert f"`hub:me/tasks@{'a' * 40}#emotion`" in str(caught.value)
    for source in ("hub:me/tasks#hate", f"hub:me/tasks@{'a' * 40}#hate"):
        corpus = load_corpus("hate", source)
        assert corpus.source == f"hub:me/tasks@{'a' * 40}#hate"
        assert {text.split()[0] for text in corpus.texts} == {"hate"}
        assert corpus.splits[0] == "train"
        assert corpus.label_names == ("no-hate", "hate")
    with pytest.raises(CorpusError, match=r"no configuration 'irony'\. There is: emotion, hate"):
        load_corpus("hate", "hub:me/tasks#irony")


def test_another_configuration_of_the_pinned_corpus_can_be_chosen(fake_hub, tmp_path):
    files = emotion_files(tmp_path)
    texts = [f"all {n}" for n in range(12)]
    files["unsplit/train-00000-of-00001.parquet"] = parquet(
        tmp_path, texts, [*range(6)] * 2, HUB_ORDER
    )
    fake_hub.add("dair-ai/emotion", "pinned", EMOTION_COMMIT, files)
    corpus = load_corpus("emotion", "hub:dair-ai/emotion#unsplit")
    assert corpus.texts == tuple(texts)
    assert corpus.source == f"hub:dair-ai/emotion@{EMOTION_COMMIT}#unsplit"


@pytest.mark.parametrize("name", ["emotion_train.csv", "tasks/emotion-train.csv"])
def test_tasks_told_by_names_of_files_are_not_joined_either(fake_hub, name):
    files = {name.replace("emotion", task): f"text,label\n{task},0\nb,1\n".encode()
             for task in ("emotion", "hate")}  # fmt: skip
    fake_hub.add("me/flat", "main", "a" * 40, files)
    with pytest.raises(CorpusError, match="several configurations: emotion, hate"):
        load_corpus("hate", "hub:me/flat")
    assert load_corpus("hate", "hub:me/flat#hate").texts == ("hate", "b")


def test_shards_and_folders_of_splits_are_one_corpus_still(fake_hub):
    rows = [f"text,label\nfile {n},{n % 2}\n".encode() for n in range(4)]
    names = ("data/train-00000-of-00002-0a1b2c3d.csv", "data/train-00001-of-00002-9f8e7d6c.csv",
             "data/test-00000-of-00001-0123456789ab.csv")  # fmt: skip
    fake_hub.add("me/shards", "main", "a" * 40, dict(zip(names, rows, strict=False)))
    corpus = load_corpus("hate", "hub:me/shards")
    assert corpus.texts == ("file 0", "file 1", "file 2")
    assert corpus.splits == ("train", "train", "test")
    folders = {"train/0000.csv": rows[0], "train/0001.csv": rows[1], "test/0000.csv": rows[2]}
    fake_hub.add("me/folders", "main", "b" * 40, folders)
    assert load_corpus("hate", "hub:me/folders").texts == corpus.texts


@pytest.mark.parametrize("source", ["hub:a/b#", "hub:a/b#../x", "hub:a/b#/etc"])
def test_names_of_configurations_lead_nowhere_else(no_hub, source):
    with pytest.raises(
        CorpusError, match="behind `#` stands the name of one of its configurations"
    ):
        load_corpus("hate", source)


def test_quoted_cells_that_hold_rows_are_refused_on_the_hub_too(fake_hub):
    rows = [f"tweet {n},{n % 2}" for n in range(20)]
    rows[5], rows[9] = '"tweet 5,1', 'tweet 9",1'
    fake_hub.add(
        "me/mine", "main", "a" * 40, {"train.csv": "\n".join(["text,label", *rows]).encode()}
    )
    with pytest.raises(CorpusError, match=r"train\.csv, lines 7 to 11: they are one quoted cell"):
        load_corpus("hate", "hub:me/mine")
    assert len(load_corpus("hate", "hub:me/mine", quoting="none")) == 20


def test_a_split_column_of_the_hub_is_read(fake_hub):
    text = "text,label,fold\na,0,train\nb,1,train\nc,0,test\nd,1,test\n"
    fake_hub.add("me/mine", "main", "a" * 40, {"all.csv": text.encode()})
    corpus = load_corpus("hate", "hub:me/mine", split="fold")
    assert corpus.splits == ("train", "train", "test", "test")
    files = {f"{split}.csv": text.encode() for split in ("train", "test")}
    fake_hub.add("me/twice", "main", "b" * 40, files)
    with pytest.raises(CorpusError, match="is the train split by its name"):
        load_corpus("hate", "hub:me/twice", split="fold")
