"""Hostile tweets through cleaning, tokens and the encoder: whatever they hold, the rules hold."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridrep.errors import CorpusError
from hybridrep.sources.encoders.text import embed_texts, resolve_encoder
from hybridrep.sources.words.tokens import PADDING_ID, UNKNOWN_ID, Vocabulary, tokenize
from hybridrep.studies.hybrid.tweets.cleaning import clean_tweet
from hybridrep.testing.hostile import PIECES, examples, texts
from hybridrep.testing.tiny_encoder import make_model, plain_vectors


@given(texts)
@example("\u212awww.x.org")
@example("\u017fhttps://x")
@example("see \u0130t.co/abc")
@examples(400)
def test_cleaning_twice_is_cleaning_once(text):
    clean = clean_tweet(text)
    assert clean_tweet(clean) == clean
    assert clean == " ".join(clean.split())
    assert not set(clean) - {chr(code) for code in range(32, 127)}


@given(st.lists(texts, max_size=6))
@examples(150)
def test_tokens_are_words_and_a_vocabulary_knows_its_own_texts(batch):
    tokens = [tokenize(text) for text in batch]
    for words in tokens:
        assert all(word and not any(map(str.isspace, word)) for word in words)
    if not any(tokens):
        with pytest.raises(CorpusError, match="single word"):
            Vocabulary.from_texts(batch)
        return
    vocabulary = Vocabulary.from_texts(batch)
    assert vocabulary.words == tuple(sorted({word for words in tokens for word in words}))
    for padding in ("front", "after"):
        encoded = vocabulary.encode(batch, 5, padding)
        for row, length, words in zip(encoded.token_ids, encoded.lengths, tokens, strict=True):
            kept = row[5 - length :] if padding == "front" else row[:length]
            assert [vocabulary.words[i - 2] for i in kept] == words[:5]
            assert UNKNOWN_ID not in row
            assert (row == PADDING_ID).sum() == 5 - length


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    make_model(folder)
    return folder, resolve_encoder(str(folder))


@given(st.lists(st.one_of(texts, st.sampled_from(PIECES)), min_size=1, max_size=4))
@examples(40)
def test_the_encoder_gives_any_text_the_vector_of_plain_transformers(encoder, batch):
    folder, source = encoder
    vectors = embed_texts(source, batch)
    assert vectors.shape == (len(batch), 24)
    np.testing.assert_allclose(vectors, plain_vectors(folder, batch, 2), atol=2e-5)


@given(st.text(st.one_of(st.just("\0"), st.characters(codec="utf-8")), max_size=30))
@examples(40)
def test_nul_in_a_text_does_no_harm_after_loading(encoder, text):
    """Loaders refuse NUL; a served model may get it."""
    assert np.isfinite(embed_texts(encoder[1], [text])).all()
    assert "\0" not in clean_tweet(text)
    tokenize(text)
