"""Hostile encoder folders: other sizes work; damage, code and pickles are refused and never run."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing

from hybridrep.errors import EncoderError, HybridrepError
from hybridrep.sources.encoders.text import embed_texts, forget_encoder, resolve_encoder
from hybridrep.testing.hostile import MARKUP, attempt, damaged, examples
from hybridrep.testing.pickle_bombs import pickle_bomb
from hybridrep.testing.tiny_encoder import (
    SPECIAL,
    TEXTS,
    WORDS,
    configure,
    make_model,
    plain_vectors,
)

pytest_plugins = ["hybridrep.testing.encoder_folders"]


@pytest.mark.parametrize(("size", "heads"), [(4, 1), (8, 2), (20, 4), (96, 3)])
def test_encoders_of_other_sizes_are_used_as_they_are(tmp_path, size, heads):
    make_model(tmp_path, hidden_size=size, num_attention_heads=heads)
    source = resolve_encoder(str(tmp_path))
    assert source.hidden_size == size
    np.testing.assert_allclose(
        embed_texts(source, TEXTS), plain_vectors(tmp_path, TEXTS, 1), atol=2e-5
    )


FILES = ("config.json", "tokenizer_config.json", "vocab.txt", "model.safetensors")


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@examples(25)
def test_a_damaged_folder_is_used_or_refused_by_name(saved, tmp_path, name, data):
    folder = tmp_path / "tiny"
    shutil.copytree(saved, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(data.draw(damaged((saved / name).read_bytes())))
    forget_encoder()
    vectors, refusal = attempt(lambda: embed_texts(resolve_encoder(str(folder)), ["so happy"]))
    assert str(folder) in refusal if refusal else np.isfinite(vectors).all()


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", ["[" * 100_000, "{}", "[]", "null", '{"a": ', "\ud83d", ""])
def test_any_json_in_its_place_is_refused_or_harmless(folder, name, content):
    (folder / name).write_bytes(content.encode("utf-8", "surrogatepass"))
    source, refusal = attempt(lambda: resolve_encoder(str(folder)))
    assert str(folder) in refusal if refusal else source.hidden_size == 24


@pytest.mark.parametrize("size", [0, -1, "24", None, True, 10**9])
def test_sizes_that_cannot_be_are_refused(folder, size):
    configure(folder, hidden_size=size)
    with pytest.raises(EncoderError, match=str(folder)):
        embed_texts(resolve_encoder(str(folder)), ["so"])


def limit_texts(folder, stated) -> None:
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "model_max_length": stated}))


@pytest.mark.parametrize("stated", [1.5, float("nan"), True, "16", [16]])
def test_a_longest_text_that_is_no_whole_number_is_refused_at_once(folder, stated):
    limit_texts(folder, stated)
    with pytest.raises(EncoderError, match=r"model_max_length .* no whole number\. Correct it"):
        resolve_encoder(str(folder))


@pytest.mark.parametrize("stated", [-5, 0, 1, 2])
def test_a_longest_text_without_room_for_a_word_is_refused_at_once(folder, stated):
    """With room for [CLS] and [SEP] alone every text would have the same vector."""
    limit_texts(folder, stated)
    with pytest.raises(EncoderError, match=f"reads at most {stated} tokens of a text"):
        resolve_encoder(str(folder))


@pytest.mark.parametrize("stated", [3, 16.0, 1e30])
def test_any_other_longest_text_cuts_texts(folder, stated):
    limit_texts(folder, stated)
    vectors = embed_texts(resolve_encoder(str(folder)), ["happy", "happy " * 40, "sad " * 40])
    assert not np.array_equal(vectors[1], vectors[2])
    assert np.array_equal(vectors[0], vectors[1]) == (stated == 3)


def test_a_token_beyond_the_table_of_words_is_refused_at_once(folder):
    words = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(WordPiece({**words, "happy": 99_999}, unk_token="[UNK]"))
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    (folder / "vocab.txt").unlink()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "[CLS]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(EncoderError, match=r"a token the number 99999, but .* tokens 0 to 16 only"):
        resolve_encoder(str(folder))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_hidden_layers": 0}, "has 0 layers"),
        ({"num_hidden_layers": -1}, "has -1 layers"),
        ({"is_decoder": True}, r"`is_decoder` .* \[CLS\] sees no word"),
    ],
)
def test_an_encoder_whose_cls_sees_no_word_is_refused_at_once(folder, settings, message):
    configure(folder, **settings)
    with pytest.raises(EncoderError, match=message):
        resolve_encoder(str(folder))


def test_an_encoder_with_one_vector_for_all_texts_is_refused(folder):
    weights = load_file(folder / "model.safetensors")
    nothing = {name: np.zeros_like(tensor) for name, tensor in weights.items()}
    save_file(nothing, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match="exactly the same vector"):
        embed_texts(resolve_encoder(str(folder)), ["so happy", "sad"])


@pytest.mark.parametrize("spread", [1e-3, 0.02])
def test_vectors_that_are_merely_close_are_no_reason_to_refuse(tmp_path, spread):
    make_model(tmp_path, initializer_range=spread)
    assert np.isfinite(embed_texts(resolve_encoder(str(tmp_path)), TEXTS)).all()


def test_what_the_model_itself_refuses_is_the_user_s_to_mend(folder):
    configure(folder, chunk_size_feed_forward=3)
    with pytest.raises(EncoderError, match="cannot be run with transformers: The dimension"):
        embed_texts(resolve_encoder(str(folder)), ["so happy"])


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "vocab.txt"])
def test_a_pipe_in_a_folder_is_refused_not_waited_for(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(EncoderError, match=rf"{name} is no regular file"):
        resolve_encoder(str(folder))


def test_names_of_files_break_no_terminal(folder):
    (folder / "model.safetensors").rename(folder / "a\x1b[2J.safetensors")
    with pytest.raises(EncoderError, match=r"it has a\\x1b\[2J\.safetensors"):
        resolve_encoder(str(folder))


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_in_a_folder_is_never_run(folder, file, tmp_path):
    trace = tmp_path / "it-ran"
    (folder / "evil.py").write_text(f"import pathlib; pathlib.Path({str(trace)!r}).touch()\n")
    settings = json.loads((folder / file).read_text())
    names = {"AutoConfig": "evil.C", "AutoModel": "evil.M", "AutoTokenizer": ["evil.T", None]}
    (folder / file).write_text(json.dumps({**settings, "auto_map": names, "model_type": "evil"}))
    vectors, refusal = attempt(lambda: embed_texts(resolve_encoder(str(folder)), ["so"]))
    assert str(folder) in refusal if refusal else vectors.shape == (1, 24)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_a_pickle_is_refused_under_any_name(folder, tmp_path, name):
    trace = tmp_path / "it-ran"
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle_bomb(trace))
    with pytest.raises(EncoderError, match=str(folder)):
        embed_texts(resolve_encoder(str(folder)), ["so"])
    assert not trace.exists()


@pytest.mark.parametrize("name", [m for m in MARKUP if "/" not in m])
def test_the_advised_command_is_one_argument_of_python(tmp_path, name):
    """It is meant to be pasted into a shell, with whatever name the folder has."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin").touch()
    with pytest.raises(EncoderError) as caught:
        resolve_encoder(str(folder))
    advice = str(caught.value)
    command = advice[advice.index("python -c ") : advice.index(", and give the folder NEW")]
    python, option, code = shlex.split(command)
    assert (python, option) == ("python", "-c")
    compile(code, "advice", "exec")
    assert f"f = {str(folder.resolve())!r};" in code


@pytest.mark.parametrize(
    "source",
    ["~nobody-of-this-name/x", "x" * 300, "a/" * 2000, "hub:../x", "hub:a/b@../c", *MARKUP],
)
def test_any_name_is_found_or_refused(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HybridrepError):
        resolve_encoder(source)


def test_the_bomb_of_these_tests_goes_off_where_a_pickle_is_loaded(tmp_path):
    (tmp_path / "bomb").write_bytes(pickle_bomb(tmp_path / "it-ran"))
    code = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
    subprocess.run([sys.executable, "-c", code, tmp_path / "bomb"], check=True)
    assert (tmp_path / "it-ran").exists()
