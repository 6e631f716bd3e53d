"""[CLS] vectors: equal to plain use, whatever the order, the batches and the architecture."""

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from hybridrep.errors import CorpusError, EncoderError
from hybridrep.sources.encoders.reading import Reading
from hybridrep.sources.encoders.text import (
    embed_texts,
    equal_length_batches,
    forget_encoder,
    resolve_encoder,
    try_encoder,
)
from hybridrep.studies.hybrid.global_vectors.stage import distinct_chunks
from hybridrep.testing.pretended_device import pretended_device
from hybridrep.testing.tiny_encoder import TEXTS, configure, make_model, plain_vectors

pytest_plugins = ["hybridrep.testing.encoder_folders"]


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_vectors_equal_those_of_plain_batches(folder, batch):
    vectors = embed_texts(resolve_encoder(str(folder)), TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, plain_vectors(folder, TEXTS, batch), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["Electra", "Roberta"])
def test_other_architectures_than_bert_take_the_general_path(tmp_path, kind):
    make_model(tmp_path, kind, max_position_embeddings=18, pad_token_id=0)
    source = resolve_encoder(str(tmp_path))
    np.testing.assert_allclose(
        embed_texts(source, TEXTS), plain_vectors(tmp_path, TEXTS, 1), rtol=1e-5, atol=1e-5
    )


def test_packaged_minilm_equals_plain_use_one_text_at_a_time():
    source = resolve_encoder("minilm")
    texts = [*TEXTS, "I'm OK 😀 ñandú", "a" * 300, *(f"{'feel ' * n}fine" for n in range(1, 14))]
    vectors = embed_texts(source, texts)
    assert vectors.shape == (len(texts), 384) == (len(texts), source.hidden_size)
    np.testing.assert_allclose(vectors, plain_vectors(source.folder, texts, 1), atol=1e-5)
    forget_encoder()


def test_order_and_repetition_change_no_bit(folder):
    source = resolve_encoder(str(folder))
    vectors = embed_texts(source, TEXTS)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = embed_texts(source, [TEXTS[i] for i in order] + ["today"])
    np.testing.assert_array_equal(shuffled[:-1], vectors[order])
    np.testing.assert_array_equal(vectors[0], vectors[6])


def test_chunks_one_by_one_equal_all_at_once(folder):
    source = resolve_encoder(str(folder))
    together = dict(zip(TEXTS, embed_texts(source, TEXTS), strict=True))
    for chunk in distinct_chunks(TEXTS, size=3):
        for text, vector in zip(chunk, embed_texts(source, chunk), strict=True):
            np.testing.assert_allclose(vector, together[text], atol=1e-6)


def test_no_texts_give_no_vectors(folder):
    assert embed_texts(resolve_encoder(str(folder)), []).shape == (0, 24)


def test_half_a_surrogate_pair_is_refused(folder):
    with pytest.raises(CorpusError, match="half a surrogate pair"):
        embed_texts(resolve_encoder(str(folder)), ["fine", "bad \ud83d"])


@given(st.lists(st.text(max_size=8)), st.integers(1, 5))
def test_chunks_are_a_partition_that_ignores_order(texts, size):
    chunks = distinct_chunks(texts, size)
    assert chunks == distinct_chunks([*reversed(texts), *texts], size)
    assert sorted(text for chunk in chunks for text in chunk) == sorted(set(texts))
    assert all(len(chunk) == size for chunk in chunks[:-1])
    lengths = [len(text) for chunk in chunks for text in chunk]
    assert lengths == sorted(lengths)


def test_a_chunk_size_of_zero_is_refused():
    with pytest.raises(ValueError, match="must be 1 or above, not 0"):
        distinct_chunks(["a"], 0)


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 100))
def test_batches_are_a_partition_of_equal_lengths_within_the_budget(lengths, budget):
    lengths = np.array(lengths, dtype=np.int64)
    batches = list(equal_length_batches(lengths, budget))
    members = np.concatenate([*batches, np.array([], dtype=np.int64)])
    np.testing.assert_array_equal(np.sort(members), np.arange(len(lengths)))
    for batch in batches:
        assert len(set(lengths[batch])) == 1
        assert len(batch) == 1 or lengths[batch].sum() <= budget


def test_weights_of_another_size_are_refused(folder):
    configure(folder, intermediate_size=41)
    source = resolve_encoder(str(folder))
    with pytest.raises(
        EncoderError, match=r"of another model than config.json: .* is \d+.*, not 41"
    ):
        embed_texts(source, ["happy"])


def test_weights_that_lack_a_layer_are_refused_not_made_up(folder):
    configure(folder, num_hidden_layers=4)
    source = resolve_encoder(str(folder))
    with pytest.raises(EncoderError, match=r"lack 16 tensors of the model, e.g. encoder.layer.3"):
        embed_texts(source, ["happy"])


def test_weights_that_are_not_finite_are_refused(folder):
    model = transformers.AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.encoder.layer[1].output.dense.bias[0] = torch.nan
    model.save_pretrained(folder)
    with pytest.raises(EncoderError, match="not finite"):
        embed_texts(resolve_encoder(str(folder)), ["happy"])


def test_a_word_whose_weights_are_not_finite_is_found_before_it_is_read(folder):
    model = transformers.AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.get_input_embeddings().weight[-1, 0] = torch.inf
    model.save_pretrained(folder)
    with pytest.raises(EncoderError, match=r"not finite, the first in embeddings\.word_embeddings"):
        try_encoder(resolve_encoder(str(folder)))


def test_a_checkpoint_in_half_precision_is_computed_in_float32(folder):
    transformers.AutoModel.from_pretrained(folder).half().save_pretrained(folder)
    vectors = embed_texts(resolve_encoder(str(folder)), TEXTS)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).float().eval()
    with torch.no_grad():
        plain = model(**tokenizer(TEXTS[1], return_tensors="pt")).last_hidden_state[0, 0]
    np.testing.assert_allclose(vectors[1], plain.numpy(), atol=1e-5)


@pytest.mark.parametrize("reading", [Reading(), Reading("mean", 1)])
def test_on_a_device_nothing_is_left_elsewhere_and_ids_are_moved_once(folder, reading):
    source = resolve_encoder(str(folder))
    wanted = embed_texts(source, TEXTS, reading)
    forget_encoder()
    with pretended_device() as device:
        embed_texts(source, TEXTS[:1], reading, device.name)  # loads the weights
        device.moved.clear()
        found = embed_texts(source, TEXTS, reading, device.name)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert len(device.moved) == 1
    forget_encoder()
