"""How many of a corpus' words an encoder knows: the share, the refusal and the caution."""

from types import SimpleNamespace

import numpy as np
import pytest
import transformers

from hybridrep.errors import EncoderError
from hybridrep.execution.store import Store
from hybridrep.sources.encoders import _settings
from hybridrep.sources.encoders import text as encoders
from hybridrep.sources.encoders.text import known_share, resolve_encoder
from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.global_vectors import known_words
from hybridrep.studies.hybrid.global_vectors.known_words import few_known, known_shares
from hybridrep.testing.tiny_encoder import TEXTS

pytest_plugins = ["hybridrep.testing.encoder_folders"]


def corpus(*texts: str, name: str = "hate", synthetic: bool = False) -> Corpus:
    return Corpus(
        name=name, texts=texts, labels=np.zeros(len(texts), dtype=np.int64), label_names=("a",),
        splits=("",) * len(texts), source="mine.csv", synthetic=synthetic,
    )  # fmt: skip


def test_the_share_is_that_of_transformers_tokens(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokens = [piece for text in sorted(set(TEXTS)) for piece in tokenizer.tokenize(text)]
    expected = 1 - tokens.count("[UNK]") / len(tokens)
    assert 0.5 < expected < 1
    assert known_share(resolve_encoder(str(folder)), TEXTS) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("texts", "share"),
    [(("happy sad",), 1.0), (("happy feline",), 0.5), (("x y",), 0.0), ((), 1)],
)
def test_known_words_are_shares_of_tokens(folder, texts, share):
    assert known_share(resolve_encoder(str(folder)), texts) == share


def test_of_many_texts_some_are_asked_from_first_to_last(folder, monkeypatch):
    monkeypatch.setattr(encoders, "MOST_ASKED", 10)
    half, whole = [f"happy {n:04}" for n in range(30)], ["so" + " so" * n for n in range(30)]
    encoder = resolve_encoder(str(folder))
    assert known_share(encoder, half) == 0.5
    assert 0.8 < known_share(encoder, half + whole) < 1


def test_a_vocabulary_without_an_unknown_token_knows_everything(folder, monkeypatch):
    encoder, nothing_unknown = resolve_encoder(str(folder)), SimpleNamespace(unk_token_id=None)
    monkeypatch.setattr(_settings, "load_settings", lambda _: (None, nothing_unknown))
    assert known_share(encoder, ["x y"]) == 1.0


def test_an_encoder_that_knows_no_word_is_refused_before_any_work(folder, tmp_path):
    store, encoder = Store(tmp_path / "store"), resolve_encoder(str(folder))
    with pytest.raises(EncoderError, match=r"knows no word of the hate corpus \(mine.csv\)"):
        known_shares(store, encoder, corpus("so happy", name="emotion"), corpus("ฉัน", "มี"))
    minilm = resolve_encoder("minilm")
    with pytest.raises(EncoderError, match="knows no word of the emotion corpus"):
        known_shares(store, minilm, corpus("ฉันมีความสุข", name="emotion"))


def test_shares_are_asked_for_once_and_few_known_words_are_told(folder, tmp_path, monkeypatch):
    store, encoder = Store(tmp_path / "store"), resolve_encoder(str(folder))
    asked = []
    monkeypatch.setattr(
        known_words, "known_share", lambda *given: asked.append(1) or known_share(*given)
    )
    few, half = corpus("happy one two three"), corpus("happy one", name="emotion")
    for _ in range(2):
        shares = known_shares(store, encoder, few, half)
        assert shares == {"hate": 0.25, "emotion": 0.5}
    assert len(asked) == 2
    (said,) = few_known(shares)
    assert said.startswith("The encoder knows 25% of the tokens of the hate corpus")
    sample = corpus("\U0001f600", synthetic=True)
    assert known_shares(store, resolve_encoder("minilm"), sample) == {}
    assert len(asked) == 2
