"""Tweets as rows of word ids: torchtext's `basic_english` tokens, padded to one length.

Id 0 is padding and id 1 an unknown word; the words of a `Vocabulary` follow in sorted order, so
the ids depend on the set of the texts and on nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, get_args

import numpy as np
from jaxtyping import Int64

from hybridrep.errors import CorpusError, ParameterError

Padding = Literal["front", "after"]
"""Where the padding of a short tweet goes."""

PADDING_ID = 0
UNKNOWN_ID = 1
FIRST_WORD_ID = 2
"""Id of a vocabulary's first word; the ids below it have no word."""


def tokenize(text: str) -> list[str]:
    """Split a text into torchtext's `basic_english` tokens: lower case, punctuation apart.

    Quotation marks, colons, semicolons and `<br />` vanish, so a text may have no token at all.
    """
    return _basic_english()(text)


@dataclass(frozen=True)
class TokenBatch:
    """Tweets as word ids, 0 where padded; `lengths` of each row's ids are tokens."""

    token_ids: Int64[np.ndarray, "items time_steps"]
    lengths: Int64[np.ndarray, " items"]


@dataclass(frozen=True)
class Vocabulary:
    """The distinct words of some texts, sorted; word `i` has the id `i + 2`."""

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if any(a >= b for a, b in zip(self.words, self.words[1:], strict=False)):
            raise ValueError("the words of a vocabulary must be distinct and sorted")

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> Vocabulary:
        """Collect the words of some texts; refuse texts without any."""
        words = {word for text in texts for word in tokenize(text)}
        if not words:
            raise CorpusError(
                "No text has a single word: all are empty or hold nothing but quotation marks, "
                "colons and semicolons. Check which column holds the texts."
            )
        return cls(tuple(sorted(words)))

    def __len__(self) -> int:
        """Return the number of words, without padding and unknown."""
        return len(self.words)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Id of every word."""
        return {word: i for i, word in enumerate(self.words, start=FIRST_WORD_ID)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the words."""
        return hashlib.sha256(json.dumps(self.words).encode("ascii")).hexdigest()

    def encode(
        self, texts: Sequence[str], time_steps: int, padding: Padding = "front"
    ) -> TokenBatch:
        """Turn texts into rows of `time_steps` word ids; unknown words are 1, longer texts are cut.

        `padding` "front" puts a short text at the end of its row, where a recurrent network's last
        step has just read it; "after" puts it at the start.
        """
        if time_steps < 1:
            raise ParameterError(f"time_steps must be 1 or above, not {time_steps}")
        if padding not in get_args(Padding):
            raise ParameterError(
                f"padding must be one of {', '.join(get_args(Padding))}, not {padding!r}"
            )
        token_ids = np.full((len(texts), time_steps), PADDING_ID, dtype=np.int64)
        lengths = np.zeros(len(texts), dtype=np.int64)
        for item, text in enumerate(texts):
            row = [self.ids.get(word, UNKNOWN_ID) for word in tokenize(text)[:time_steps]]
            start = time_steps - len(row) if padding == "front" else 0
            token_ids[item, start : start + len(row)] = row
            lengths[item] = len(row)
        return TokenBatch(token_ids, lengths)


@cache
def _basic_english() -> Callable[[str], list[str]]:
    """Import torchtext, and torch with it, on the first use."""
    from torchtext.data.utils import get_tokenizer

    tokenizer: Callable[[str], list[str]] = get_tokenizer("basic_english")
    return tokenizer
