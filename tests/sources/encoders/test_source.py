"""Finding encoders: what is accepted, what is refused and how, and what is never loaded."""

import json
import pickle
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
import transformers

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders import _source as _encoder_source
from hybridrep.sources.encoders._hub import ENCODERS, PINNED_REVISIONS
from hybridrep.sources.encoders.text import embed_texts, forget_encoder, resolve_encoder
from hybridrep.testing.tiny_encoder import SPECIAL, TEXTS, WORDS, configure, make_model

pytest_plugins = ["hybridrep.testing.encoder_folders"]


def test_a_source_is_small_hashable_and_picklable(folder):
    source = resolve_encoder(str(folder))
    again = pickle.loads(pickle.dumps(source))
    assert again == source
    assert hash(again) == hash(source)
    assert len(pickle.dumps(source)) < 1000
    assert source.hidden_size == 24
    assert source.description == f"{folder} (bert, 24-d)"


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "model.safetensors"])
def test_the_fingerprint_follows_every_file_that_matters(folder, name):
    before = resolve_encoder(str(folder))
    file = folder / name
    if name == "config.json":
        configure(folder, layer_norm_eps=1e-6)
    elif name == "vocab.txt":
        file.write_text(file.read_text().replace("happy", "merry"))
    else:
        make_model(folder, initializer_range=0.4)
    assert resolve_encoder(str(folder)).fingerprint != before.fingerprint


def test_the_fingerprint_ignores_place_and_notes(folder, tmp_path):
    before = resolve_encoder(str(folder))
    (folder / "README.md").write_text("notes")
    moved = shutil.move(folder, tmp_path / "elsewhere")
    assert resolve_encoder(str(moved)).fingerprint == before.fingerprint


def test_a_worker_finds_the_packaged_encoder_where_it_lies_there():
    source = replace(resolve_encoder("minilm"), folder=Path("/not/on/this/machine"))
    assert embed_texts(source, ["so"]).shape == (1, 384)
    forget_encoder()
    with pytest.raises(EncoderError, match="is not the one that the study began with"):
        embed_texts(replace(source, fingerprint="0" * 64), ["so"])


def test_an_encoder_changed_since_it_was_found_is_refused(folder):
    source = resolve_encoder(str(folder))
    make_model(folder, initializer_range=0.4)
    with pytest.raises(EncoderError, match="is not the one that the study began with"):
        embed_texts(source, ["so"])


def test_shards_are_read_and_missing_ones_named(folder):
    whole = resolve_encoder(str(folder))
    vectors = embed_texts(whole, TEXTS)
    model = transformers.AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="10KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    sharded = resolve_encoder(str(folder))
    assert sharded.fingerprint != whole.fingerprint
    np.testing.assert_array_equal(embed_texts(sharded, TEXTS), vectors)
    shards[1].unlink()
    with pytest.raises(EncoderError, match=f"lacks {shards[1].name}"):
        resolve_encoder(str(folder))


@pytest.mark.parametrize("name", ["../model.safetensors", "/etc/passwd", "weights.bin"])
def test_shards_cannot_lie_outside_the_folder(folder, name):
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"embeddings.LayerNorm.bias": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(EncoderError, match="no safetensors file of the same folder"):
        resolve_encoder(str(folder))


def test_weights_as_a_pickle_are_refused_with_the_way_to_convert_them(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"never read")
    with pytest.raises(EncoderError, match=r"model.safetensors is missing.*convert it once"):
        resolve_encoder(str(folder))


def cut_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-10])


def put(name: str, content: str):
    def damage(folder: Path) -> None:
        (folder / name).write_text(content)

    return damage


def remove(name: str):
    def damage(folder: Path) -> None:
        (folder / name).unlink()

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("config.json"), "has no config.json"),
        (remove("model.safetensors"), "model.safetensors is missing. Give `minilm`"),
        (remove("vocab.txt"), "has no tokenizer: one of tokenizer.json, vocab.txt"),
        (put("config.json", "{"), "config.json cannot be read"),
        (put("config.json", "[]"), "holds no JSON object"),
        (put("config.json", "{}"), "cannot be loaded with transformers"),
        (put("tokenizer.json", "{}"), "cannot be loaded with transformers"),
        (put("vocab.txt", "\n".join([*SPECIAL, *map(str, range(99))])), "has 104 tokens"),
        (put("model.safetensors", "no weights"), "cannot be read .* Fetch it again"),
        (put("model.safetensors", "version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
        (cut_weights, "cannot be read"),
        (partial(configure, model_type="unheard-of"), "cannot be loaded with transformers"),
        (partial(configure, hidden_size="many"), "cannot be loaded with transformers"),
        (partial(configure, is_encoder_decoder=True), "no plain text encoder"),
        (
            partial(configure, auto_map={"AutoConfig": "evil.Config"}, model_type="evil"),
            "comes with program code of its author .* never run here",
        ),
        (
            put(
                "tokenizer_config.json",
                '{"tokenizer_class": "Zz", "auto_map": {"AutoTokenizer": ["z.Zz", null]}}',
            ),
            "comes with program code of its author .* never run here",
        ),
        (partial(configure, quantization_config={"quant_method": "x"}), "quantised weights"),
    ],
)
def test_a_broken_folder_is_refused_at_once(folder, damage, message):
    damage(folder)
    with pytest.raises(EncoderError, match=message):
        resolve_encoder(str(folder))


def test_an_encoder_without_cls_is_refused(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    make_model(tmp_path)
    words = {word: i for i, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / "vocab.txt").unlink()
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match=r"puts no \[CLS\] in front"):
        resolve_encoder(str(tmp_path))


def test_a_missing_folder_names_the_alternatives():
    with pytest.raises(EncoderError, match=r"no encoder folder 'bert-base'.*minilm.*hub:ID"):
        resolve_encoder("bert-base")


def test_packaged_weights_must_have_the_known_checksum(folder, monkeypatch):
    spec = SimpleNamespace(submodule_search_locations=[str(folder.parent)])
    monkeypatch.setattr(_encoder_source.importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(EncoderError, match=r"is not the encoder `minilm`: it is missing"):
        resolve_encoder("minilm")
    folder.rename(folder.parent / "model")
    with pytest.raises(EncoderError, match=r"is not the encoder `minilm`: its SHA-256 is"):
        resolve_encoder("minilm")
    monkeypatch.setattr(_encoder_source.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="not installed"):
        resolve_encoder("minilm")


@pytest.mark.parametrize(
    ("source", "repository", "revision"),
    [
        ("hub:a/b", "a/b", ""),
        ("hub:a/b@v1.0", "a/b", "v1.0"),
        ("hub:a/b@refs/pr/3", "a/b", "refs/pr/3"),
        ("hub:google-bert/bert-base-uncased@main", "google-bert/bert-base-uncased", "main"),
    ],
)
def test_hub_names_are_split(source, repository, revision):
    assert ENCODERS.parse(source) == (repository, revision)


@pytest.mark.parametrize(
    "source", ["hub:", "hub:a b", "hub:../x", "hub:a/b/c", "hub:a/b@", "hub:/"]
)
def test_names_that_are_none_are_refused(source):
    with pytest.raises(EncoderError, match="does not name a hub encoder"):
        resolve_encoder(source)


@pytest.fixture
def hub_cache(tmp_path, monkeypatch) -> Path:
    """An empty hub cache, and a hub at an address where nobody answers."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    return cache


@pytest.mark.usefixtures("hub_cache")
def test_an_unreachable_hub_names_the_local_alternatives():
    with pytest.raises(EncoderError, match=r"cannot be reached.*`minilm`.*local folder"):
        resolve_encoder("hub:google-bert/bert-base-uncased")


def test_what_was_fetched_before_needs_no_network(hub_cache, folder):
    commit = "a" * 40
    stored = hub_cache / "models--someone--tiny"
    shutil.copytree(folder, stored / "snapshots" / commit)
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text(commit)
    for source in ("hub:someone/tiny", f"hub:someone/tiny@{commit}", "hub:someone/tiny@main"):
        encoder = resolve_encoder(source)
        assert f"@{commit}" in encoder.description
        assert encoder.fingerprint == resolve_encoder(str(folder)).fingerprint
    with pytest.raises(EncoderError, match="cannot be reached"):
        resolve_encoder(f"hub:someone/tiny@{'b' * 40}")


def test_a_hub_encoder_without_safetensors_is_refused_before_any_download(hub_cache, monkeypatch):
    files = [SimpleNamespace(rfilename=name) for name in ("config.json", "pytorch_model.bin")]
    info = SimpleNamespace(sha="c" * 40, siblings=files)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    with pytest.raises(EncoderError, match=r"has no config.json with safetensors weights"):
        resolve_encoder("hub:someone/old")
    assert not hub_cache.exists()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hub:someone/tiny@v2", ("someone/tiny", "v2")),
        *((f"hub:{name}", (name, pin)) for name, pin in PINNED_REVISIONS.items()),
    ],
)
def test_only_data_files_of_a_hub_encoder_are_fetched(folder, monkeypatch, source, expected):
    files = [SimpleNamespace(rfilename=f.name) for f in folder.iterdir()]
    info = SimpleNamespace(sha="c" * 40, siblings=files)
    calls = []

    def download(repository, *, local_files_only, **options):
        if local_files_only:
            raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
        calls.append((repository, options["revision"], options["allow_patterns"]))
        return str(folder)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    resolve_encoder(source)
    [(repository, revision, patterns)] = calls
    assert (repository, revision) == expected
    assert len(PINNED_REVISIONS["google-bert/bert-base-uncased"]) == 40
    assert {"config.json", "model.safetensors", "vocab.txt"} <= set(patterns)
    assert not any(pattern.endswith((".py", ".bin", "*")) for pattern in patterns)
