"""Labels as files write them - words, numbers, yes and no - made into the corpus' classes."""

from __future__ import annotations

import math
import numbers
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int64

from hybridrep.errors import CorpusError
from hybridrep.messages import stray_character
from hybridrep.sources.texts.rows import Rows
from hybridrep.studies.hybrid.names import CorpusName

EMOTIONS_IN_HUB_ORDER = ("sadness", "joy", "love", "anger", "fear", "surprise")
"""What the numbers 0 to 5 mean in `dair-ai/emotion` and its copies."""

HATE_CLASSES = ("no-hate", "hate")
"""The classes of the hate corpus, in the order of its numbers 0 and 1."""

SMALLEST_OWN_CLASS = 5
"""An emotion that is not one of the six and has fewer tweets than this is taken for a slip."""

LONGEST_LABEL = 60
"""Characters of a class's name; what is longer is no label, and fits no figure."""

_HATE_WORDS = {
    **dict.fromkeys(("hate", "hate-speech", "hateful", "hostile", "toxic", "abusive"), "hate"),
    **dict.fromkeys(("1", "true", "yes"), "hate"),
    **dict.fromkeys(("none", "normal", "neutral", "neither", "benign", "clean"), "no-hate"),
    **dict.fromkeys(("0", "false", "no"), "no-hate"),
}
_HATE_WORDS |= {
    f"{no}{link}{word}": "no-hate"
    for no in ("no", "non", "not")
    for link in ("-", "")
    for word in ("hate", "hate-speech", "hateful", "hostile", "toxic", "abusive")
}
_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,9})(\.0*)?")


def classes_of(
    name: CorpusName, parts: Sequence[Rows]
) -> tuple[Int64[np.ndarray, " items"], tuple[str, ...]]:
    """Return the class of every item of all parts, in order, and the names of the classes.

    Emotions: words are compared without regard to case; numbers, if all labels are numbers, mean
    `EMOTIONS_IN_HUB_ORDER` unless the file names its classes. The six emotions are known; others
    may be used if each has at least `SMALLEST_OWN_CLASS` tweets. The names come out
    alphabetically. Hate: exactly `HATE_CLASSES`, from 0 and 1, true and false, or their usual
    words.

    Raises:
        CorpusError: a label is missing or unknown, all labels are the same, or an emotion stands
            in validation or test only.
    """
    words = [[_word(rows, item) for item in range(len(rows.labels))] for rows in parts]
    if name == "hate":
        words = [
            [_hate_class(word, rows, item) for item, word in enumerate(part)]
            for rows, part in zip(parts, words, strict=True)
        ]
        names: tuple[str, ...] = HATE_CLASSES
    else:
        words = _emotions(words, parts)
        names = tuple(sorted({word for part in words for word in part}))
    found = {word for part in words for word in part}
    if len(found) < 2:
        raise CorpusError(
            f"The {name} corpus in {parts[0].place} has only one class, {found.pop()!r}. "
            "At least two are needed."
        )
    index = {word: label for label, word in enumerate(names)}
    return np.array([index[word] for part in words for word in part], dtype=np.int64), names


def _word(rows: Rows, item: int) -> str:
    """Return a label as a lower-case word or a whole number, named where the file names it."""
    raw = rows.labels[item]
    if isinstance(raw, str):
        word = raw.strip().lower()
        if number := _WHOLE_NUMBER.fullmatch(word):
            word = str(int(number[1]))
    elif isinstance(raw, bool):  # not its number: 1 would be an emotion
        word = str(raw).lower()
    elif isinstance(raw, numbers.Integral) or (isinstance(raw, float) and raw.is_integer()):
        word = str(int(raw))
    elif raw is None or (isinstance(raw, float) and math.isnan(raw)):
        word = ""
    else:
        raise CorpusError(
            f"{rows.where(item)}: the label {_shown(raw)} is no word or whole number."
        )
    if not word:
        raise CorpusError(f"{rows.where(item)}: no label. Add it, or remove the {rows.unit}.")
    named = {str(number): name for number, name in enumerate(rows.label_names)}
    word = named.get(word, word).strip().lower()
    if stray := stray_character(word):
        raise CorpusError(f"{rows.where(item)}: the label {_shown(word)} holds {stray}. Remove it.")
    if not 0 < len(word) <= LONGEST_LABEL:
        raise CorpusError(
            f"{rows.where(item)}: the label {_shown(word)} has {len(word)} characters; 1 to "
            f"{LONGEST_LABEL} are allowed. Is this the column of the labels?"
        )
    return word


def _hate_class(word: str, rows: Rows, item: int) -> str:
    try:
        return _HATE_WORDS[re.sub(r"[\s_-]+", "-", word)]
    except KeyError:
        raise CorpusError(
            f"{rows.where(item)}: the label {_shown(word)} is unknown. The hate corpus has two "
            "classes: 0 or `no-hate`, and 1 or `hate`."
        ) from None


def _emotions(words: list[list[str]], parts: Sequence[Rows]) -> list[list[str]]:
    counts = Counter(word for part in words for word in part)
    numbered = {str(number): word for number, word in enumerate(EMOTIONS_IN_HUB_ORDER)}
    if all(_is_number(word) for word in counts):
        known = set(numbered)
    else:
        numbered = {}
        own = {w for w, n in counts.items() if n >= SMALLEST_OWN_CLASS and not _is_number(w)}
        known = own | set(EMOTIONS_IN_HUB_ORDER)
    if counts.keys() - known:
        rows, item, word = next(hit for hit in _items(words, parts) if hit[2] not in known)
        raise CorpusError(
            f"{rows.where(item)}: the label {_shown(word)} is unknown. Known are the words "
            f"{', '.join(sorted(EMOTIONS_IN_HUB_ORDER))}, or the numbers 0 to 5 throughout "
            f"({', '.join(EMOTIONS_IN_HUB_ORDER)}); other words, if each has at least "
            f"{SMALLEST_OWN_CLASS} tweets."
        )
    if any(rows.split == "train" for rows in parts):
        trained = {word for rows, _, word in _items(words, parts) if rows.split == "train"}
        for rows, item, word in _items(words, parts):
            if word not in trained:
                raise CorpusError(
                    f"{rows.where(item)}: the class {word!r} has no tweet in the training file."
                )
    return [[numbered.get(word, word) for word in part] for part in words]


def _items(words: list[list[str]], parts: Sequence[Rows]) -> Iterator[tuple[Rows, int, str]]:
    for rows, part in zip(parts, words, strict=True):
        for item, word in enumerate(part):
            yield rows, item, word


def _is_number(word: str) -> bool:
    return word.lstrip("+-").isdecimal()


def _shown(word: object) -> str:
    text = repr(word)
    return text if len(text) <= 60 else f"{text[:57]}..."
