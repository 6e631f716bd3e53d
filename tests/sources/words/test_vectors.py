"""Word vectors: every container and every kind of broken file, lookup and coverage."""

import hashlib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hybridrep.errors import VectorsError
from hybridrep.sources.words import _glove_download
from hybridrep.sources.words.tokens import Vocabulary
from hybridrep.sources.words.vectors import coverage, load_word_vectors, lookup, vectors_fingerprint
from hybridrep.testing.glove_files import MATRIX, TEXT, WORDS, write


@pytest.fixture(params=["glove.txt", "glove.txt.gz", "glove.zip"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_every_container_gives_the_same_vectors(path):
    vectors = load_word_vectors(write(path))
    assert vectors.words == WORDS
    np.testing.assert_array_equal(vectors.matrix, MATRIX)
    assert str(path) in vectors.source


def test_only_wanted_words_are_kept_and_the_fingerprint_stays(path):
    source = write(path)
    some = load_word_vectors(source, words=["happy", "unheard-of"])
    assert some.words == ("happy",)
    np.testing.assert_array_equal(some.matrix, MATRIX[1:2])
    assert some.fingerprint == load_word_vectors(source).fingerprint == vectors_fingerprint(source)


def test_the_fingerprint_follows_the_content(tmp_path):
    path = tmp_path / "v.txt"
    before = vectors_fingerprint(write(path))
    assert vectors_fingerprint(write(tmp_path / "copy.txt")) == before
    assert vectors_fingerprint(write(path, TEXT.replace("6", "7.25"))) != before


def test_vectors_of_another_language_are_refused(tmp_path):
    with pytest.raises(VectorsError, match="a vector for none of the 2 words"):
        load_word_vectors(write(tmp_path / "v.txt"), words=["heureux", "triste"])


def test_vectors_that_are_all_zeros_are_refused(tmp_path):
    path = write(tmp_path / "v.txt", "sun 0 0\nrain 0 0\nmoon 1 2\n")
    with pytest.raises(VectorsError, match="only zeros for the 2 words"):
        load_word_vectors(path, words=["sun", "rain"])
    assert load_word_vectors(path, words=["sun", "moon"]).words == ("sun", "moon")


def test_a_missing_file_names_the_alternatives(tmp_path):
    with pytest.raises(VectorsError, match=r"no file of word vectors .*glove-50"):
        load_word_vectors(str(tmp_path / "nowhere.txt"))
    with pytest.raises(VectorsError, match="is a folder"):
        load_word_vectors(str(tmp_path))


@pytest.mark.parametrize("name", ["v.txt.gz", "v.zip"])
@pytest.mark.parametrize("damage", [lambda data: data[:-12], lambda data: data[:40]])
def test_cut_archives_are_refused(tmp_path, name, damage):
    path = tmp_path / name
    write(path, TEXT * 50)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(VectorsError, match="cannot be read"):
        load_word_vectors(str(path))


def test_a_flipped_byte_in_an_archive_is_noticed(tmp_path):
    path = tmp_path / "v.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("v.txt", TEXT)
    path.write_bytes(path.read_bytes().replace(b"happy 1", b"happy 7"))
    with pytest.raises(VectorsError, match="CRC"):
        load_word_vectors(str(path))


def several(path: Path, *members: str) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for number, member in enumerate(members):
            archive.writestr(member, f"a {number}.0 {number}.5\n")
    return str(path)


def test_of_several_files_in_an_archive_the_paper_s_size_is_read(tmp_path):
    source = several(tmp_path / "v.zip", "glove.6B.50d.txt", "glove.6B.300d.txt", "README.md")
    vectors = load_word_vectors(source)
    np.testing.assert_array_equal(vectors.matrix, [[1.0, 1.5]])
    other = load_word_vectors(f"{source}#glove.6B.50d.txt")
    np.testing.assert_array_equal(other.matrix, [[0.0, 0.5]])
    assert other.fingerprint != vectors.fingerprint


def test_an_archive_of_several_unknown_files_asks_for_one(tmp_path):
    source = several(tmp_path / "v.zip", "one.txt", "two.txt")
    with pytest.raises(VectorsError, match=r"holds one.txt, two.txt. Name the one"):
        load_word_vectors(source)
    with pytest.raises(VectorsError, match=r"no file 'three.txt' inside, but one.txt, two.txt"):
        load_word_vectors(f"{source}#three.txt")
    empty = several(tmp_path / "empty.zip")
    with pytest.raises(VectorsError, match=r"holds no .txt or .vec file"):
        load_word_vectors(empty)
    with pytest.raises(VectorsError, match="is no zip archive"):
        load_word_vectors(write(tmp_path / "v.txt") + "#one.txt")


def test_an_archive_never_writes_outside_itself(tmp_path, monkeypatch):
    inside = tmp_path / "work"
    inside.mkdir()
    monkeypatch.chdir(inside)
    write(inside / "v.zip", member="../../escaped.txt")
    assert load_word_vectors("v.zip").words == WORDS
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["v.zip", "work"]


def test_an_encrypted_archive_is_refused(tmp_path):
    path = tmp_path / "v.zip"
    write(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(VectorsError, match="is encrypted"):
        load_word_vectors(str(path))


def test_packaged_glove_is_the_genuine_one():
    vectors = load_word_vectors("glove-50", words=["the", "happy", "notaword"])
    assert vectors.words == ("the", "happy")
    # the first numbers of "the" in Stanford's glove.6B.50d.txt
    np.testing.assert_allclose(vectors.matrix[0, :4], [0.418, 0.24968, -0.41242, 0.1217], rtol=1e-6)
    assert vectors.matrix.shape == (2, 50)
    assert vectors.matrix.dtype == np.float32
    assert vectors.fingerprint == vectors_fingerprint("glove-50")


def test_the_whole_packaged_glove_loads():
    vectors = load_word_vectors("glove-50")
    assert len(vectors.words) == len(set(vectors.words)) == 400_000
    assert vectors.words[:5] == ("the", ",", ".", "of", "to")
    assert np.isfinite(vectors.matrix).all()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty working directory, with a network that must not be used."""
    import torch.hub  # noqa: F401  (it keeps its own reference to urlopen)

    def refuse(*_, **__):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return tmp_path / ".vector_cache"


def test_torchtext_s_name_takes_its_unpacked_file(cache):
    cache.mkdir()
    write(cache / "glove.6B.300d.txt")
    assert load_word_vectors("glove.6B.300d").words == WORDS


def test_torchtext_s_name_takes_its_archive_when_it_is_genuine(cache, monkeypatch):
    cache.mkdir()
    several(cache / "glove.6B.zip", "glove.6B.50d.txt", "glove.6B.300d.txt")
    with pytest.raises(VectorsError, match="not the genuine GloVe 6B archive"):
        load_word_vectors("glove.6B.300d")
    digest = hashlib.sha256((cache / "glove.6B.zip").read_bytes()).hexdigest()
    monkeypatch.setattr(_glove_download, "SHA256", digest)
    np.testing.assert_array_equal(load_word_vectors("glove.6B.50d").matrix, [[0.0, 0.5]])
    np.testing.assert_array_equal(load_word_vectors("glove.6B.300d").matrix, [[1.0, 1.5]])


def test_without_a_network_the_ways_out_are_named(cache):
    with pytest.raises(VectorsError, match=r"no network in tests.*\.vector_cache/.*glove-50"):
        load_word_vectors("glove.6B.300d")
    assert not cache.exists()


def test_a_download_of_the_wrong_content_is_thrown_away(cache, tmp_path, monkeypatch):
    served = tmp_path / "served.zip"
    several(served, "glove.6B.300d.txt")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_glove_download, "URL", served.as_uri())
    with pytest.raises(VectorsError, match="invalid hash value"):
        load_word_vectors("glove.6B.300d")
    assert list(cache.iterdir()) == []
    digest = hashlib.sha256(served.read_bytes()).hexdigest()
    monkeypatch.setattr(_glove_download, "SHA256", digest)
    assert load_word_vectors("glove.6B.300d").words == ("a",)
    assert [file.name for file in cache.iterdir()] == ["glove.6B.zip"]


def test_lookup_lays_vectors_out_by_word_id(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt"))
    vocabulary = Vocabulary((",", "happy", "zebra"))
    table = lookup(vectors, vocabulary)
    zeros = np.zeros(3)
    np.testing.assert_array_equal(table, [zeros, zeros, MATRIX[2], MATRIX[1], zeros])
    assert table.dtype == np.float32


def test_lookup_and_ids_agree(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt"))
    vocabulary = Vocabulary.from_texts(["the happy, zebra"])
    batch = vocabulary.encode(["happy zebra"], time_steps=3)
    embedded = lookup(vectors, vocabulary)[batch.token_ids]
    np.testing.assert_array_equal(embedded, [[np.zeros(3), MATRIX[1], np.zeros(3)]])


def test_lookup_without_common_words_is_zero(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt"))
    assert not lookup(vectors, Vocabulary(("zebra",))).any()


def test_coverage_counts_running_and_distinct_words(tmp_path):
    vectors = load_word_vectors(write(tmp_path / "v.txt"))
    found = coverage(vectors, ["the happy zebra", "the, zebra zebra"])
    assert found.tokens == pytest.approx(4 / 7)  # the happy the ,
    assert found.types == pytest.approx(3 / 4)
    assert coverage(vectors, ["", '""']).tokens == 0


def test_coverage_of_the_real_emotion_tweets_is_high(real_data):
    lines = (real_data / "emotion" / "train.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.rsplit(";", 1)[0] for line in lines]
    words = Vocabulary.from_texts(texts).words
    found = coverage(load_word_vectors("glove-50", words), texts)
    assert found.tokens > 0.95
    assert found.types > 0.85
