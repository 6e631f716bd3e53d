"""What an encoder's folder says of itself: its configuration and its tokenizer, without weights.

Imports transformers, but none of its models, which take as long again to import.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
from transformers import CONFIG_MAPPING, AutoConfig, AutoTokenizer

from hybridrep.errors import EncoderError
from hybridrep.sources.encoders._hub import CONFIG_FILE

TOKENIZER_CONFIG = "tokenizer_config.json"
VERSION = f"transformers {transformers.__version__}"

_NO_LIMIT = 1_000_000
"""A tokenizer that knows no longest text states a number far above this."""

_SHORTEST_LIMIT = 3
"""Tokens of [CLS], one piece of a word and [SEP]: with fewer, all texts have the same vector."""


@dataclass(frozen=True)
class EncoderFacts:
    """What an encoder's configuration says; its table of embeddings is tokens by size."""

    model_type: str
    hidden_size: int
    embedding_shape: tuple[int, int]
    layers: int


def check_encoder(folder: Path) -> EncoderFacts:
    """Check, without weights, that an encoder loads, fits, and has [CLS] that tells texts apart."""
    config, tokenizer = load_settings(folder)
    hidden_size = getattr(config, "hidden_size", None)
    has_decoder = getattr(config, "is_encoder_decoder", False)
    if not isinstance(hidden_size, int) or hidden_size < 1 or has_decoder:
        raise EncoderError(
            f"The model in {folder} ({config.model_type}) is no plain text encoder: one hidden "
            "size and no decoder are needed, as in BERT."
        )
    _check_layers(config, folder)
    longest_text(config, tokenizer, folder)
    with as_encoder_errors(folder):
        ids, tokens, known = tokenizer("a")["input_ids"], len(tokenizer), int(config.vocab_size)
        highest = max(tokenizer.get_vocab().values(), default=0)
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
    if highest >= known:
        raise EncoderError(
            f"The tokenizer of the encoder in {folder} gives a token the number {highest}, but its "
            f"configuration has tokens 0 to {known - 1} only: they belong to different models."
        )
    width = int(getattr(config, "embedding_size", None) or hidden_size)
    layers = int(getattr(config, "num_hidden_layers", 1))
    return EncoderFacts(str(config.model_type), hidden_size, (known, width), layers)


def load_settings(folder: Path) -> tuple[Any, Any]:
    """Load configuration and tokenizer, without any code of the folder's author."""
    options = {"trust_remote_code": False, "local_files_only": True}
    _check_architecture(folder)
    with quiet():
        with as_encoder_errors(folder):
            config = AutoConfig.from_pretrained(folder, **options)
        with _as_tokenizer_errors(folder):
            return config, AutoTokenizer.from_pretrained(folder, **options)


def _check_architecture(folder: Path) -> None:
    """Refuse an architecture that the installed transformers has no code of its own for."""
    with as_encoder_errors(folder):
        settings = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        kind = settings.get("model_type")
    if settings.get("quantization_config"):
        raise EncoderError(
            f"The encoder in {folder} has quantised weights (`quantization_config` in "
            f"{CONFIG_FILE}), which are not computed here. Give it as it was trained, in float32 "
            "or half precision."
        )
    if isinstance(kind, str) and kind in CONFIG_MAPPING:
        return
    if settings.get("auto_map"):
        raise _needs_own_code(folder)
    stated = f"states model_type {kind!r}, which {VERSION} does not know" if kind else (
        "states no model_type"
    )  # fmt: skip
    raise EncoderError(
        f"The encoder in {folder} cannot be loaded with transformers: {CONFIG_FILE} {stated}. Give "
        "an encoder of an architecture that it has, e.g. bert, roberta or distilbert."
    )


def _needs_own_code(folder: Path) -> EncoderError:
    return EncoderError(
        f"The encoder in {folder} comes with program code of its author (`auto_map` in "
        f"{CONFIG_FILE} or {TOKENIZER_CONFIG}), and {VERSION} cannot compute it without. Such "
        "code is never run here: give an encoder of an architecture that transformers has itself, "
        "e.g. bert, roberta or distilbert."
    )


@contextmanager
def _as_tokenizer_errors(folder: Path) -> Iterator[None]:
    """Say that it is the tokenizer which cannot be read; transformers names packages instead."""
    try:
        yield
    except Exception as error:  # as in `as_encoder_errors`
        reason = _one_line(error)
        if "trust_remote_code" in reason or "auto_map" in _text(folder / TOKENIZER_CONFIG):
            raise _needs_own_code(folder) from error
        raise EncoderError(
            f"The tokenizer of the encoder in {folder} cannot be loaded with transformers: "
            f"{reason} Where it can be loaded, save it as tokenizer.json, which needs nothing "
            "else: `AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)`."
        ) from error


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _one_line(error: Exception) -> str:
    """Return what an error says as one sentence."""
    said = " ".join(str(error).split()) or type(error).__name__
    said = f"it knows no {said}" if isinstance(error, KeyError) else said
    return f"{said.rstrip('.')}."


def longest_text(config: Any, tokenizer: Any, folder: Path, reserved: int = 0) -> int:
    """Return how many tokens, [CLS] included, the encoder can read; refuse a limit without room.

    `reserved` are the first positions of its table that no token has: RoBERTa-like encoders count
    from behind the padding's index.
    """
    stated = tokenizer.model_max_length
    whole = isinstance(stated, int) or (isinstance(stated, float) and stated.is_integer())
    if not whole or isinstance(stated, bool):
        raise EncoderError(
            f"model_max_length of the tokenizer in {folder} is {stated!r}, no whole number. "
            "Correct it in tokenizer_config.json, or leave it out."
        )
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int):  # some architectures have no table of positions
        positions = _NO_LIMIT
    longest = min(int(stated), positions - reserved)
    if longest < _SHORTEST_LIMIT:
        raise EncoderError(
            f"The encoder in {folder} reads at most {longest} tokens of a text, which leaves no "
            f"room for a word between [CLS] and [SEP]. Correct model_max_length ({stated}) in "
            f"tokenizer_config.json, or max_position_embeddings ({positions}) in config.json."
        )
    return longest


def _check_layers(config: Any, folder: Path) -> None:
    """Refuse a model whose [CLS] never sees the words, so that all texts have the same vector."""
    layers = getattr(config, "num_hidden_layers", 1)
    if not isinstance(layers, int) or layers < 1:
        raise EncoderError(
            f"The encoder in {folder} has {layers!r} layers (num_hidden_layers in config.json); "
            "at least 1 is needed."
        )
    if getattr(config, "is_decoder", False):
        raise EncoderError(
            f"The encoder in {folder} has `is_decoder` in config.json: its tokens see only those "
            "before them, so that [CLS] sees no word. Give a BERT-like encoder."
        )


@contextmanager
def as_encoder_errors(folder: Path, action: str = "loaded") -> Iterator[None]:
    """Turn what transformers raises on a broken folder into one message for the user."""
    try:
        yield
    except Exception as error:  # the tokenizers' own errors are nothing more special
        reason = _one_line(error)
        if "trust_remote_code" in reason:  # an option that nobody can give here
            raise _needs_own_code(folder) from error
        raise EncoderError(
            f"The encoder in {folder} cannot be {action} with transformers: {reason}"
        ) from error


def refuse_mismatched(
    mismatched: Iterable[tuple[str, Sequence[int], Sequence[int]]], folder: Path
) -> None:
    """Refuse weights that are of another shape than the configuration states: name, found, stated.

    transformers itself points to a report that it has only logged.
    """
    for name, found, stated in sorted(mismatched):
        sizes = (" x ".join(map(str, each)) or "a number" for each in (found, stated))
        raise EncoderError(
            f"The weights in {folder} are of another model than {CONFIG_FILE}: {name} is "
            f"{', not '.join(sizes)}."
        )


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
