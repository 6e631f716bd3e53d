"""The frozen encoder: batches of 32 in corpus order against `embed_texts`, on the same tweets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import transformers

from benchmarks.harness import Agreement, Part
from benchmarks.tweets import described, emotion_corpus
from hybridrep.sources.encoders.text import EncoderSource, embed_texts, resolve_encoder

TWEETS = 16_000
BATCH = 32
EVERY = 8
"""The plain side runs one batch of so many."""
ROUNDING = 10.0
"""How much further than the plain side the fast one may be from float64."""
TOLERANCE = 1e-5


def parts() -> list[Part]:
    """Return the part `encoder`: `minilm` on the emotion tweets that train the LSTM."""
    return [encoder_part(resolve_encoder("minilm"), emotion_tweets())]


def emotion_tweets() -> list[str]:
    """Return at most 16,000 training tweets: of the real corpus, or of the sample."""
    corpus = emotion_corpus()
    train = [t for t, split in zip(corpus.texts, corpus.splits, strict=True) if split == "train"]
    return (train or list(corpus.texts))[:TWEETS]


def encoder_part(encoder: EncoderSource, texts: Sequence[str]) -> Part:
    """Compare both ways of embedding some texts; loading the weights is not counted.

    The plain side runs every eighth batch of the corpus; its time counts as the time for all,
    by the number of token positions that it computed.
    """
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder.folder)
    model = transformers.AutoModel.from_pretrained(encoder.folder).eval()
    embed_texts(encoder, texts[:1])  # loads the weights

    starts = range(0, len(texts), BATCH)
    run = [list(texts[start : start + BATCH]) for start in starts[::EVERY]]
    rows = [row for start in starts[::EVERY] for row in range(len(texts))[start : start + BATCH]]

    def plain() -> np.ndarray:
        vectors = []
        with torch.inference_mode():
            for batch in run:
                tokens = tokenizer(batch, padding=True, truncation=True, return_tensors="pt")
                vectors.append(model(**tokens).last_hidden_state[:, 0])
        return torch.cat(vectors).numpy()

    def check(some: np.ndarray, all_vectors: np.ndarray) -> Agreement:
        """Hold the fast side to being as near to float64 as the plain side is, one batch of it."""
        tokens = tokenizer(run[0], padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            exact = model.double()(**tokens).last_hidden_state[:, 0].numpy()
        model.float()
        batch = slice(0, len(run[0]))
        off = float(np.abs(all_vectors[rows[batch]] - exact).max())
        drift = float(np.abs(some[batch] - exact).max())
        apart = float(np.abs(all_vectors[rows] - some).max())
        said = f"from float64 {off:.0e} (plain: {drift:.0e}); between both {apart:.0e}"
        return Agreement(said, off <= max(ROUNDING * drift, TOLERANCE))

    lengths = np.array([len(ids) for ids in tokenizer(list(texts), truncation=True)["input_ids"]])
    distinct = [len(ids) for ids in tokenizer(sorted(set(texts)), truncation=True)["input_ids"]]
    padded = np.array([BATCH * lengths[start : start + BATCH].max() for start in starts])
    return Part(
        name="encoder",
        plain=plain,
        fast=lambda: embed_texts(encoder, texts),
        flops=cls_flops(model.config, np.array(distinct)),
        bytes=float(sum(p.nbytes for p in model.encoder.parameters())),
        sizes={
            "corpus": described(),
            "texts": len(texts),
            "distinct_texts": len(distinct),
            "tokens": int(lengths.sum()),
            "padded_tokens": int(padded.sum()),
            "plain_side_ran_texts": len(rows),
            "hidden": encoder.hidden_size,
            "layers": model.config.num_hidden_layers,
        },
        check=check,
        plain_share=float(padded[::EVERY].sum() / padded.sum()),
    )


def cls_flops(config: transformers.PretrainedConfig, lengths: np.ndarray) -> float:
    """Count the multiplications and additions that unpadded [CLS] vectors of BERT need.

    All layers but the last: four projections and the feed-forward part of every token, attention
    between all pairs. The last: keys and values of every token, the rest for one position.
    """
    hidden, inner = config.hidden_size, config.intermediate_size
    tokens, pairs, texts = lengths.sum(), (lengths**2).sum(), len(lengths)
    token = 2 * (4 * hidden**2 + 2 * hidden * inner)
    whole_layers = (config.num_hidden_layers - 1) * (tokens * token + pairs * 4 * hidden)
    keys_and_values = tokens * 4 * hidden**2
    one_position = texts * (token - 4 * hidden**2) + tokens * 4 * hidden
    return float(whole_layers + keys_and_values + one_position)
