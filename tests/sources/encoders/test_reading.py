"""Other layers than the last, and means over tokens: equal to plain use of transformers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from hybridrep.errors import EncoderError, ParameterError
from hybridrep.parameters import resolve
from hybridrep.sources.encoders.reading import USUAL, Reading
from hybridrep.sources.encoders.text import embed_layers, embed_texts, resolve_encoder
from hybridrep.studies.hybrid.config import Config
from hybridrep.testing.tiny_encoder import TEXTS, make_model

pytest_plugins = ["hybridrep.testing.encoder_folders"]


def plain_states(folder, text: str) -> list[np.ndarray]:
    """All states of a text, tokens x hidden each, as transformers gives them."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    given = tokenizer(text, return_tensors="pt", truncation=True, max_length=16)
    with torch.no_grad():
        found = model(given["input_ids"], given["attention_mask"], output_hidden_states=True)
    return [each[0].numpy() for each in found.hidden_states]


def test_every_layer_and_pooling_is_that_of_transformers(folder):
    source, texts = resolve_encoder(str(folder)), TEXTS[:3]
    states = [plain_states(folder, text) for text in texts]
    count = source.layers
    assert len(states[0]) == count + 1
    for pooling in ("cls", "mean"):
        layers = embed_layers(source, texts, pooling)
        assert layers.shape == (len(texts), count + 1, source.hidden_size)
        for layer in range(-count - 1, count + 1):
            vectors = embed_texts(source, texts, Reading(pooling, layer))
            each = [own[layer] for own in states]
            expected = [own[0] if pooling == "cls" else own.mean(axis=0) for own in each]
            np.testing.assert_allclose(vectors, expected, atol=1e-5)
            np.testing.assert_allclose(layers[:, layer], vectors, atol=1e-6)


@pytest.mark.parametrize("kind", ["Roberta"])
def test_other_architectures_are_read_in_the_same_way(tmp_path, kind):
    make_model(tmp_path, kind, max_position_embeddings=18, pad_token_id=0)
    found = embed_texts(resolve_encoder(str(tmp_path)), TEXTS[:1], Reading("mean", 1))
    np.testing.assert_allclose(found[0], plain_states(tmp_path, TEXTS[0])[1].mean(0), atol=1e-5)


def test_one_layer_has_one_name_and_others_are_refused():
    assert Reading("cls", 6).of(6) == Reading("cls", -1).of(6) == USUAL
    assert Reading("mean", -7).of(6) == Reading("mean", 0)
    assert Reading("mean", 4).of(6).words == "mean over the tokens of layer 4"
    for layer in (7, -8):
        with pytest.raises(EncoderError, match=f"has 6 layers: layer {layer} is none of 0"):
            Reading("cls", layer).of(6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"encoder_layer": "all"}, "a study takes one layer; `measure` compares all of them"),
        ({"encoder_layer": "last"}, "write a whole number, e.g. -1"),
        ({"encoder_pooling": "max"}, "encoder_pooling"),
    ],
)
def test_what_is_no_layer_or_pooling_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        resolve(given, Config)
