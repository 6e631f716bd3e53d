"""Weights and settings that transformers leaves out, and the positions that a text really has."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from hybridrep.errors import EncoderError
from hybridrep.execution.store import Store
from hybridrep.sources.encoders.text import embed_texts, resolve_encoder, try_encoder
from hybridrep.studies.hybrid.global_vectors.trial import keep_trial
from hybridrep.testing.tiny_encoder import configure, make_model, plain_vectors

pytest_plugins = ["hybridrep.testing.encoder_folders"]


def add_weight(folder: Path, name: str) -> None:
    file = folder / "model.safetensors"
    save_file({**load_file(file), name: torch.ones(3)}, file)


def with_head(folder: Path, kind: str = "BertForMaskedLM") -> None:
    config = transformers.BertConfig.from_pretrained(folder)
    getattr(transformers, kind)(config).save_pretrained(folder)


def with_head_and(folder: Path, name: str) -> None:
    with_head(folder)
    add_weight(folder, name)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            partial(add_weight, name="encoder.layer.0.attention.self.distance_embedding.weight"),
            "the weight encoder.layer.0.attention.self.distance_embedding.weight",
        ),
        (partial(with_head_and, name="bert.encoder.gate.weight"), "the weight bert.encoder.gate."),
        (partial(add_weight, name="stem.weight"), "the weight stem.weight"),
        (partial(configure, num_hidden_layers=2), "output.dense.bias and 13 more"),
        (
            partial(configure, position_embedding_type="relative_key"),
            'the setting position_embedding_type="relative_key" of config.json',
        ),
        (partial(configure, layer_norm_epsilon=0.1), "the setting layer_norm_epsilon=0.1"),
        (partial(configure, hidden_act="swishy"), "it knows no 'swishy'"),
    ],
)  # fmt: skip
def test_what_the_model_leaves_out_of_an_encoder_is_refused_by_name(folder, change, named):
    change(folder)
    source = resolve_encoder(str(folder))
    with pytest.raises(EncoderError, match=re.escape(named)):
        embed_texts(source, ["happy"])


@pytest.mark.parametrize(
    "change",
    [
        with_head,
        partial(with_head, kind="BertForSequenceClassification"),
        partial(with_head_and, name="frobnicate.weight"),
        partial(add_weight, name="embeddings.position_ids"),
        partial(add_weight, name="qa_outputs.weight"),
        partial(
            configure, position_embedding_type="absolute", gradient_checkpointing=False,
            directionality="bidi", pooler_num_attention_heads=12, author="Ada", language="en",
        ),
    ],
)  # fmt: skip
def test_heads_poolers_buffers_and_notes_are_no_part_of_a_vector(folder, change):
    change(folder)
    assert try_encoder(resolve_encoder(str(folder))) == 16


@pytest.mark.parametrize("kind", ["Roberta", "XLMRoberta", "MPNet"])
@pytest.mark.parametrize("padding", [0, 1])
def test_positions_up_to_the_paddings_are_no_texts(tmp_path, kind, padding):
    make_model(tmp_path, kind, max_position_embeddings=16, pad_token_id=padding)
    source = resolve_encoder(str(tmp_path))
    padding = 1 if kind == "MPNet" else padding  # which it always has
    assert try_encoder(source) == 16 - padding - 1
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    kept = 16 - padding - 1 - 2
    text = "happy " * kept
    assert len(tokenizer(text)["input_ids"]) == kept + 2
    np.testing.assert_allclose(
        embed_texts(source, [text, text + "sad sad"]), plain_vectors(tmp_path, [text] * 2, 2),
        atol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["Bert", "Electra", "Albert"])
def test_others_read_texts_as_long_as_their_table(tmp_path, kind):
    make_model(tmp_path, kind)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    assert try_encoder(resolve_encoder(str(tmp_path))) == 16


def test_an_encoder_is_tried_once_before_any_work(folder, tmp_path, monkeypatch):
    store, tried = Store(tmp_path / "store"), []
    module = keep_trial.__module__
    monkeypatch.setattr(f"{module}.try_encoder", lambda source: tried.append(source) or 16)
    for _ in range(2):
        keep_trial(store, resolve_encoder(str(folder)))
    keep_trial(store, resolve_encoder("minilm"))
    assert len(tried) == 1


def test_an_encoder_that_fails_its_trial_is_tried_again(folder, tmp_path):
    store = Store(tmp_path / "store")
    configure(folder, position_embedding_type="relative_key")
    for _ in range(2):
        with pytest.raises(EncoderError, match="position_embedding_type"):
            keep_trial(store, resolve_encoder(str(folder)))
