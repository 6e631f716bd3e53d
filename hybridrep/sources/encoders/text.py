"""Global representations: the frozen encoder's [CLS] vector of every text (section 3.1.2).

The paper's recipe is the last layer's vector at the first position, in evaluation mode; other
layers, and the mean over tokens, can be asked for (`reading`). Each distinct text
is run once, in batches of texts of equal length: no position is padding, so the attention mask
hides nothing. The vectors equal those of padded batches up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int64

from hybridrep.errors import CorpusError, EncoderError
from hybridrep.sources.encoders._source import (
    PACKAGED,
    EncoderSource,
    encoder_files,
    local_folder,
    resolve_encoder,
)
from hybridrep.sources.encoders.reading import USUAL, Pooling, Reading

if TYPE_CHECKING:
    from torch import Tensor

    from hybridrep.sources.encoders._model import FrozenEncoder

__all__ = [
    "BATCH_TOKENS", "PACKAGED", "EncoderSource", "Reading", "embed_layers", "embed_texts",
    "encoder_files", "equal_length_batches", "forget_encoder", "known_share", "resolve_encoder",
    "try_encoder",
]  # fmt: skip

BATCH_TOKENS = 640
"""Tokens of a batch. About 29 tweets: larger batches are slower, their activations leave the
processor's cache."""

_ELSEWHERE_TOKENS = 16_384
"""Tokens of a batch on another device than the processor."""

MOST_TRIED_TOKENS = 2_048
"""Tokens of the longest text that an encoder is tried with: more would take minutes."""


MOST_ASKED = 2_000
"""Texts that an encoder's vocabulary is asked for: so many tell a share to a hundredth."""


def embed_texts(
    encoder: EncoderSource, texts: Sequence[str], reading: Reading = USUAL, device: str = "cpu"
) -> Float32[np.ndarray, "items hidden"]:
    """Return the vector of every text; longer texts than the encoder can read are cut.

    The batches depend on the set of the texts alone: their order and repetition change no bit of a
    vector. Other texts beside it, or another number of threads, may change a vector's last bits.
    The encoder stays loaded for the next call.

    Args:
        encoder: from `resolve_encoder`.
        texts: in any order.
        reading: which states are a text's vector; without, [CLS] of the last layer.
        device: where the encoder runs.

    Raises:
        EncoderError: the encoder cannot be loaded, has no such layer, or gives vectors that are
            not finite.
        CorpusError: a text cannot be encoded in UTF-8.
    """
    how = reading.of(encoder.layers)
    frozen = _loaded(encoder, device)
    return _embedded(encoder, texts, (), lambda ids: frozen.vectors(ids, how).cpu().numpy(), device)


def embed_layers(
    encoder: EncoderSource, texts: Sequence[str], pooling: Pooling = "cls"
) -> Float32[np.ndarray, "items layers hidden"]:
    """Return the vectors of every text in all layers, from what goes into the first to the last.

    Raises:
        EncoderError: as `embed_texts`.
        CorpusError: likewise.
    """
    import torch

    from hybridrep.sources.encoders._model import pooled

    frozen = _loaded(encoder, "cpu")

    def vectors(ids: Tensor) -> np.ndarray:
        return torch.stack([pooled(each, pooling) for each in frozen.states(ids)], dim=1).numpy()

    return _embedded(encoder, texts, (encoder.layers + 1,), vectors)


def _embedded(
    encoder: EncoderSource, texts: Sequence[str], shape: tuple[int, ...],
    vectors_of: Callable[[Tensor], np.ndarray], device: str = "cpu",
) -> np.ndarray:  # fmt: skip
    """Run each distinct text once; `vectors_of` token ids of one length are [batch, *shape, d].

    All token ids are moved to the device together.
    """
    import torch

    distinct = sorted(set(texts))
    for text in distinct:
        _check_text(text)
    ids = _loaded(encoder, device).tokenize(distinct)
    lengths = np.array([len(row) for row in ids], dtype=np.int64)
    vectors = np.empty((len(distinct), *shape, encoder.hidden_size), dtype=np.float32)
    tokens = BATCH_TOKENS if device == "cpu" else _ELSEWHERE_TOKENS
    batches = list(equal_length_batches(lengths, tokens))
    flat = torch.tensor(
        [token for batch in batches for i in batch for token in ids[i]], dtype=torch.int64
    )
    parts = flat.to(device).split([int(lengths[batch].sum()) for batch in batches])
    for batch, part in zip(batches, parts, strict=True):
        vectors[batch] = vectors_of(part.view(len(batch), -1))
    if not np.isfinite(vectors).all():
        raise EncoderError(
            f"The encoder {encoder.description} gives vectors that are not finite: its weights "
            "are damaged."
        )
    rows = {text: row for row, text in enumerate(distinct)}
    return vectors[np.array([rows[text] for text in texts], dtype=np.int64)]


def try_encoder(encoder: EncoderSource) -> int:
    """Load an encoder and run it on a text of the greatest length; return that length in tokens.

    So all that loading alone can show, and positions that it states and does not have, is known
    before any long work.

    Raises:
        EncoderError: weights or settings would be left out, or it cannot be loaded or run.
    """
    longest = min(_loaded(encoder, "cpu").longest, MOST_TRIED_TOKENS)
    embed_texts(encoder, ["a " * longest])
    forget_encoder()
    return longest


def known_share(encoder: EncoderSource, texts: Sequence[str]) -> float:
    """Return the share of the texts' tokens that an encoder's vocabulary knows, from 0 to 1.

    Its own signs ([CLS] and its like) do not count. All unknown words are one token, so that texts
    of nothing else have vectors that differ by their length alone. 1 where there is no such token
    (pieces of bytes know everything) or no text has any. No weights are loaded.

    Args:
        encoder: from `resolve_encoder`.
        texts: in any order; of more than 2,000 distinct ones so many, evenly spaced when sorted.

    Raises:
        EncoderError: the tokenizer cannot be loaded.

    Examples:
        >>> known_share(resolve_encoder("minilm"), ["so \U0001f600"])
        0.5
    """
    from hybridrep.sources.encoders._settings import as_encoder_errors, load_settings, quiet

    folder = local_folder(encoder)
    _, tokenizer = load_settings(folder)
    unknown = tokenizer.unk_token_id
    distinct = sorted(set(texts))
    asked = distinct[:: -(-len(distinct) // MOST_ASKED)] if distinct else []
    if unknown is None or not asked:
        return 1.0
    with quiet(), as_encoder_errors(folder):
        rows = tokenizer(asked, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    tokens = [token for row in rows for token in row]
    return 1.0 - tokens.count(unknown) / len(tokens) if tokens else 1.0


def equal_length_batches(
    lengths: Int64[np.ndarray, " texts"], batch_tokens: int = BATCH_TOKENS
) -> Iterator[Int64[np.ndarray, " batch"]]:
    """Yield batches of texts of equal length, shortest first, as indices in rising order.

    The texts of a length are shared out evenly over as few batches of at most `batch_tokens` as
    possible; a longer text is a batch of its own.
    """
    for length in np.unique(lengths):
        members = np.flatnonzero(lengths == length)
        most = max(1, batch_tokens // max(1, int(length)))
        yield from np.array_split(members, -(-len(members) // most))


def forget_encoder() -> None:
    """Free the memory of the encoder that `embed_texts` keeps loaded."""
    _loaded.cache_clear()


@lru_cache(maxsize=1)
def _loaded(encoder: EncoderSource, device: str) -> FrozenEncoder:
    from hybridrep.sources.encoders._model import load_encoder

    return load_encoder(local_folder(encoder), device)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"A text of {len(text)} characters holds half a surrogate pair, which is no character, "
            f"at position {error.start}: remove it or mend the file's encoding."
        ) from error
