"""What an encoder's folder says of itself: its configuration and its tokenizer, without weights.

Imports transformers, but none of its models, which take as long again to import.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer

from hybridrep.errors import EncoderError


@dataclass(frozen=True)
class EncoderFacts:
    """What an encoder's configuration says.

    Attributes:
        model_type: the architecture.
        hidden_size: size of its vectors.
        embedding_shape: tokens and size of its table of word embeddings.
    """

    model_type: str
    hidden_size: int
    embedding_shape: tuple[int, int]


def check_encoder(folder: Path) -> EncoderFacts:
    """Check an encoder's configuration and tokenizer, without its weights.

    Raises:
        EncoderError: they cannot be loaded or do not fit, or there is no [CLS] in front.
    """
    config, tokenizer = load_settings(folder)
    hidden_size = getattr(config, "hidden_size", None)
    has_decoder = getattr(config, "is_encoder_decoder", False)
    if not isinstance(hidden_size, int) or hidden_size < 1 or has_decoder:
        raise EncoderError(
            f"The model in {folder} ({config.model_type}) is no plain text encoder: one hidden "
            "size and no decoder are needed, as in BERT."
        )
    with as_encoder_errors(folder):
        ids, tokens, known = tokenizer("a")["input_ids"], len(tokenizer), int(config.vocab_size)
    if tokenizer.cls_token_id is None or ids[:1] != [tokenizer.cls_token_id]:
        raise EncoderError(
            f"The tokenizer of the encoder in {folder} puts no [CLS] in front of a text; the "
            "global representation is the vector of [CLS]. Give a BERT-like encoder."
        )
    if tokens > known:
        raise EncoderError(
            f"The tokenizer of the encoder in {folder} has {tokens} tokens, its configuration "
            f"only {known}: they belong to different models."
        )
    width = int(getattr(config, "embedding_size", None) or hidden_size)
    return EncoderFacts(str(config.model_type), hidden_size, (known, width))


def load_settings(folder: Path) -> tuple[Any, Any]:
    """Load configuration and tokenizer, without any code of the folder's author.

    Raises:
        EncoderError: one of them cannot be loaded.
    """
    options = {"trust_remote_code": False, "local_files_only": True}
    with quiet(), as_encoder_errors(folder):
        config = AutoConfig.from_pretrained(folder, **options)
        return config, AutoTokenizer.from_pretrained(folder, **options)


@contextmanager
def as_encoder_errors(folder: Path) -> Iterator[None]:
    """Turn what transformers raises on a broken folder into one message for the user."""
    try:
        yield
    except Exception as error:  # the tokenizers' own errors are nothing more special
        reason = str(error).strip() or type(error).__name__
        raise EncoderError(
            f"The encoder in {folder} cannot be loaded with transformers: {reason}"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars and loading reports off the terminal, for a while."""
    from transformers.utils import logging

    verbosity, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            logging.enable_progress_bar()
