"""A study of about 60 items that runs in seconds: files of the sample corpora, a tiny BERT."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.tweets.loading import load_corpus
from hybridrep.testing.databases import set_store
from hybridrep.testing.made_once import made_once

PER_EMOTION = {"train": 100, "validation": 24, "test": 6}
PER_HATE_CLASS = 40


def write_corpora(folder: Path, per_emotion: Mapping[str, int] = PER_EMOTION) -> dict[str, str]:
    """Write small parts of the sample corpora as files; return the parameters that name them."""
    emotion = load_corpus("emotion", "sample")
    places = folder / "emotion"
    places.mkdir(parents=True, exist_ok=True)
    start = 0
    for split, count in per_emotion.items():
        rows = _rows(emotion, start, count)
        lines = [f"{emotion.texts[row]};{emotion.label_names[emotion.labels[row]]}" for row in rows]
        (places / f"{split}.txt").write_text("\n".join(lines) + "\n")
        start += count
    hate = load_corpus("hate", "sample")
    rows = _rows(hate, 0, PER_HATE_CLASS)
    table = pd.DataFrame({"label": hate.labels[rows], "tweet": [hate.texts[r] for r in rows]})
    table.to_csv(folder / "hate.csv", index_label="id")
    return {"emotion": str(places), "hate": str(folder / "hate.csv")}


def _rows(corpus: Corpus, start: int, count: int) -> np.ndarray:
    """Some rows of each class, mixed in a fixed order."""
    rows = [np.flatnonzero(corpus.labels == label)[start : start + count]
            for label in range(len(corpus.label_names))]  # fmt: skip
    return np.random.default_rng(0).permutation(np.concatenate(rows))


def write_encoder(
    folder: Path, texts: tuple[str, ...], seed: int = 0, spread: float = 0.02
) -> Path:
    """Save a BERT of two tiny layers with random weights in Hugging Face's format.

    Args:
        folder: where to.
        texts: their words are its vocabulary.
        seed: of the weights.
        spread: SD of the weights. With the default its [CLS] vectors are all but the same.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    words = sorted({word for text in texts for word in text.lower().split() if word.isalpha()})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *words]))
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(special) + len(words), hidden_size=32, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=64,
        initializer_range=spread,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder, safe_serialization=True)
    return folder


def parameters(folder: Path) -> dict[str, str]:
    """Return the parameters of the small study, its corpora and encoder written to `folder`."""
    corpora = write_corpora(folder)
    encoder = write_encoder(folder / "encoder", load_corpus("emotion", "sample").texts)
    return {
        **corpora,
        "encoder": str(encoder),
        "seeds": "2",
        "bottlenecks": "8,4",
        "lstm_epochs": "2",
        "fusion_epochs": "2",
        "autoencoder_epochs": "4",
        "transfer_epochs": "2",
        "items_per_emotion": "10",
        "workers": "1",
        "store": str(folder / "store"),
    }


def finished(factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the parameters of the small study with a store of its own that holds all results."""
    place = shared(factory)
    store = factory.mktemp("finished") / "store"
    shutil.copytree(place / "store", store)
    return {**json.loads((place / "given.json").read_text()), "store": str(store)}


def shared(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small study, run once for all tests, to be read alone.

    It holds `store/`, `tracking/` with MLflow's database and artifacts, the parameters in
    `given.json`, and when it started and ended, in seconds since 1970, in `times.json`.
    """
    return made_once(factory, "small-study", lambda folder: _finish(factory, folder))


def _finish(factory: pytest.TempPathFactory, folder: Path) -> None:
    from hybridrep.parameters import resolve
    from hybridrep.studies.hybrid.study import run
    from hybridrep.testing.undrawn import undraw_reports

    given = parameters(folder)
    (folder / "tracking").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        set_store(patch, factory, folder / "tracking")
        undraw_reports(patch)
        started = time.time()
        run(resolve(given, Config))
    (folder / "times.json").write_text(json.dumps([started, time.time()]))
    (folder / "given.json").write_text(json.dumps(given))
