"""Hostile hub corpora: a card chooses nothing outside its repository, and nothing is unpacked."""

import bz2
import gzip
import io
import lzma
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hybridrep.errors import CorpusError
from hybridrep.sources.hub import Snapshot
from hybridrep.sources.texts import hub
from hybridrep.sources.texts.rows import ColumnChoice
from hybridrep.testing.hostile import attempt
from hybridrep.testing.pickle_bombs import pickle_bomb

ROWS = b"text,label\ni am glad,0\nbe gone,1\n"


def read(folder: Path, files: dict[str, bytes]) -> list[str]:
    """The texts that are read of a repository with these files."""
    snapshot = folder / "snapshot"
    for name, content in files.items():
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).write_bytes(content)
    parts = hub._read_snapshot(
        Snapshot(snapshot, "c"), "", ColumnChoice("", "hate_columns"), "hub:me/mine@c"
    )
    return [str(text) for rows in parts for text in rows.texts]


def card(path: str, key: str = "data_files") -> bytes:
    return f"---\nconfigs:\n- config_name: default\n  {key}: {path}\n---\n".encode()


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["{}", "[{}]", "[{{split: train, path: {}}}]",
                                  "[{{split: train, path: [train.csv, {}]}}]"])  # fmt: skip
@pytest.mark.parametrize(
    "path", ["../private.csv", "HERE/private.csv", "file://HERE/private.csv", "a/../../*.csv"]
)
def test_a_card_cannot_make_the_user_s_own_file_the_corpus(tmp_path, form, path):
    (tmp_path / "private.csv").write_text("text,label\nmy secret,0\nother,1\n")
    written = card(form.format(f'"{path.replace("HERE", str(tmp_path))}"'))
    with pytest.raises(CorpusError, match=r"me/mine@c, README.md: data_files names .* outside"):
        read(tmp_path, {"train.csv": ROWS, "README.md": written})


@pytest.mark.parametrize("path", ["..", "/", "a/../..", "file:///tmp", "~"])
def test_a_card_s_folder_lies_in_the_repository(tmp_path, path):
    (tmp_path / "train.csv").write_text("text,label\nmy secret,0\nother,1\n")
    with pytest.raises(CorpusError, match=r"README.md: data_dir names .* outside"):
        read(tmp_path, {"train.csv": ROWS, "README.md": card(f'"{path}"', "data_dir")})


def test_a_card_cannot_make_the_reader_ask_another_server(tmp_path):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        for address in ("http://{}/x.csv", "zip://x.csv::http://{}/x.zip"):
            written = card(address.format(f"127.0.0.1:{server.server_port}"))
            with pytest.raises(CorpusError, match=r"README.md: data_files names .* outside"):
                read(tmp_path, {"train.csv": ROWS, "README.md": written})
    finally:
        server.shutdown()
        server.server_close()
    assert not asked


@pytest.mark.parametrize("name", ["x.tar", "x.pkl", "x.zip"])
def test_of_a_repository_nothing_but_plain_data_is_read(tmp_path, name):
    """Others may lie in the cache: the user may have fetched the whole repository before."""
    bomb = pickle_bomb(tmp_path / "it-ran")
    content = {"x.tar": tarred("a.pth", bomb), "x.zip": zipped("a.csv", ROWS)}.get(name, bomb)
    files = {"train.csv": ROWS, name: content}
    assert read(tmp_path, files) == ["i am glad", "be gone"]
    with pytest.raises(CorpusError, match=r"me/mine@c or its card, README.md, cannot be read"):
        read(tmp_path, {**files, "README.md": card(name)})
    assert not (tmp_path / "it-ran").exists()


def test_a_card_without_malice_is_followed(tmp_path):
    files = {"one/a.csv": ROWS, "two/train.csv": b"text,label\nleft out,0\n"}
    assert read(tmp_path, {**files, "README.md": card("one/*.csv")}) == ["i am glad", "be gone"]


PACKED = {
    "ZIP": zipped("inner.csv", ROWS),
    "gzip": gzip.compress(ROWS),
    "xz": lzma.compress(ROWS),
    "bzip2": bz2.compress(ROWS),
    "Zstandard": b"\x28\xb5\x2f\xfd" + ROWS,
    "LZ4": b"\x04\x22\x4d\x18" + ROWS,
    "RAR": b"Rar!\x1a\x07\x01\x00" + ROWS,
    "7z": b"7z\xbc\xaf\x27\x1c" + ROWS,
    "tar": tarred("inner.csv", ROWS),
}


@pytest.mark.parametrize("name", ["train.csv", "data/train.jsonl", "train.parquet"])
@pytest.mark.parametrize("kind", PACKED)
def test_a_packed_file_is_refused_under_any_name(tmp_path, monkeypatch, kind, name):
    monkeypatch.setattr(zipfile.ZipFile, "extractall", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(CorpusError, match=rf"me/mine@c, {name}: the file is packed \({kind}\)"):
        read(tmp_path, {name: PACKED[kind]})


def test_an_archive_behind_plain_rows_is_refused(tmp_path):
    """A ZIP is found from its end."""
    with pytest.raises(CorpusError, match=r"train\.csv: the file is packed \(ZIP\)"):
        read(tmp_path, {"train.csv": ROWS + PACKED["ZIP"]})


@pytest.mark.parametrize(
    "content",
    ["configs: [[[", "configs: 5", "configs: !!python/object/apply:os.getcwd []", "- a", "a: 1\na:",
     "configs: [{config_name: default, data_files: train.csv, features: 5}]",
     "configs: [{config_name: default, data_files: {a: [[[[x.csv]]]]}}]",
     "configs: [{config_name: default, data_files: 7}]", "configs: &a [*a]",
     "configs: [{config_name: a, data_files: x.tar}]"],
)  # fmt: skip
def test_a_broken_card_is_refused_or_harmless(tmp_path, content):
    written = f"---\n{content}\n---\n".encode()
    texts, refusal = attempt(lambda: read(tmp_path, {"train.csv": ROWS, "README.md": written}))
    if refusal:
        assert "hub:me/mine@c or its card, README.md, cannot be read" in refusal
    else:
        assert texts == ["i am glad", "be gone"]


def test_names_of_files_break_no_terminal(tmp_path):
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, {"train\x1b[31m\n.csv": PACKED["ZIP"]})
    assert r"train\x1b[31m\n.csv: the file is packed" in str(caught.value)
