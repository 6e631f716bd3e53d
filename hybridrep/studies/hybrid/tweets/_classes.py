"""Labels as files write them - words, numbers, yes and no - made into the corpus' classes."""

from __future__ import annotations

import math
import numbers
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from hybridrep.errors import CorpusError
from hybridrep.messages import escaped, stray_character
from hybridrep.sources.texts.rows import Rows, shown_value
from hybridrep.studies.hybrid.names import CorpusName
from hybridrep.studies.hybrid.tweets import _known

HATE_CLASSES = ("no-hate", "hate")
"""The classes of the hate corpus, in the order of its numbers 0 and 1."""

SMALLEST_OWN_CLASS = 5
"""A class that is not a known one and has fewer tweets than this is taken for a slip."""

LONGEST_LABEL = 60
"""Characters of a class's name; what is longer is no label, and fits no figure."""

_HOSTILE = {
    "hate": "hate", "hate-speech": "hate", "hateful": "hate", "hostile": "hostile",
    "toxic": "toxic", "abusive": "abusive", "1": "", "true": "", "yes": "",
}  # fmt: skip
"""Words for hostile, with what they call it; "": whatever the others call it."""

_NOT_HOSTILE = {
    "none", "normal", "neutral", "neither", "benign", "clean", "0", "false", "no",
    *(f"{no}{link}{word}" for no in ("no", "non", "not") for link in ("-", "")
      for word, kind in _HOSTILE.items() if kind),
}  # fmt: skip
_WHOLE_NUMBER = re.compile(r"([+-]?\d{1,9})(\.0*)?")  # of any script: int reads them all

Say = Callable[[str], None]
"""Takes a line for people: how labels were understood."""

_Words = list[list[str]]
"""A word a text, part by part."""


@dataclass(frozen=True)
class LabelChoice:
    """What the user says of a corpus' labels.

    Attributes:
        names: of numbered emotions: a comma list from the lowest on, or pairs NUMBER=NAME.
        positive: of the new task's two labels the one that means hostile.
    """

    names: str = ""
    positive: str = ""


def classes_of(
    name: CorpusName, parts: Sequence[Rows], choice: LabelChoice, repository: str, say: Say
) -> tuple[Int64[np.ndarray, " items"], tuple[str, ...]]:
    """Return the class of every item of all parts, in order, and the names of the classes.

    Emotions: words are compared without regard to case. Numbers that the file does not name stay
    numbers, unless the user names them, or exactly 0 to 5 occur in the corpus that is known. The
    six emotions may be rare; any other class has at least `SMALLEST_OWN_CLASS` tweets. The names
    come out alphabetically, numbers by size.

    The new task: two labels that mean hostile and not, as 0 and 1, true and false or the usual
    words do, are `HATE_CLASSES`. Any others are classes of their own name, each of at least
    `SMALLEST_OWN_CLASS` tweets; of two the hostile one comes last.

    Args:
        name: "emotion" or "hate".
        parts: the rows of the corpus' files.
        choice: what the user says of the labels.
        repository: the hub ID that the corpus comes from, "" for none.
        say: is told how labels were understood that do not speak for themselves.

    Raises:
        CorpusError: a label is missing or unknown, all labels are the same, or an emotion stands
            in validation or test only.
    """
    words = [[_word(rows, item) for item in range(len(rows.labels))] for rows in parts]
    if name == "hate":
        words, names = _of_new_task(words, parts, choice.positive, say)
    else:
        words = _emotions(words, parts, choice.names, repository, say)
        names = _ordered({word for part in words for word in part})
    found = {word for part in words for word in part}
    if len(found) < 2:
        raise CorpusError(
            f"The {name} corpus in {parts[0].place} has only one class, {found.pop()!r}. "
            "At least two are needed."
        )
    _check_trained(words, parts)
    index = {word: label for label, word in enumerate(names)}
    return np.array([index[word] for part in words for word in part], dtype=np.int64), names


def _ordered(words: set[str]) -> tuple[str, ...]:
    """Sort numbers by size, and anything else by the alphabet."""
    return tuple(sorted(words, key=int if all(map(_is_number, words)) else None))


def _word(rows: Rows, item: int) -> str:
    """Return a label as a lower-case word or a whole number, named where the file names it."""
    raw = rows.labels[item]
    if isinstance(raw, str):
        word = _plain(raw)
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
    word = _plain(named.get(word, word))
    if stray := stray_character(word):
        raise CorpusError(f"{rows.where(item)}: the label {_shown(word)} holds {stray}. Remove it.")
    if not 0 < len(word) <= LONGEST_LABEL:
        raise CorpusError(
            f"{rows.where(item)}: the label {_shown(word)} has {len(word)} characters; 1 to "
            f"{LONGEST_LABEL} are allowed. Is this the column of the labels?"
        )
    return word


def _plain(word: str) -> str:
    """Return a word as it is compared: without case, and an accent one way, not as two signs."""
    return unicodedata.normalize("NFC", word.strip().lower())


def _spelled(word: str) -> str:
    return re.sub(r"[\s_-]+", "-", _plain(word))


def _of_new_task(
    words: _Words, parts: Sequence[Rows], positive: str, say: Say
) -> tuple[_Words, tuple[str, ...]]:
    """Return the new task's labels as its classes, and the classes in their order."""
    words = [[_spelled(word) for word in part] for part in words]
    found = {word for part in words for word in part}
    chosen = _chosen_positive(found, positive, parts[0].place)
    if _are_usual(found):
        hostile = {chosen} if chosen else {word for word in found if word in _HOSTILE}
        named = [[HATE_CLASSES[word in hostile] for word in part] for part in words]
        if chosen:
            say(
                f"new task: {chosen!r} is taken for hostile, "
                f"{_listed(found - {chosen})} for not hostile"
            )
        return named, HATE_CLASSES
    _refuse_slips(
        words, parts, _HOSTILE.keys() | _NOT_HOSTILE, said="0, 1, hate, no-hate and their like"
    )
    order = _ordered(found)
    if len(order) > 2:
        say(f"new task: {len(order)} classes, {_listed(order)}; the classifiers tell them all")
        return words, order
    if len(order) == 2:
        last = chosen or order[1]
        order = (*(word for word in order if word != last), last)
        how = "" if chosen else f" (hate_positive={order[0]} would say otherwise)"
        say(f"new task: {last!r} is taken for hostile, {order[0]!r} for not hostile{how}")
    return words, order


def _are_usual(found: set[str]) -> bool:
    """Tell whether labels are words for hostile and not, and mean no more than these two."""
    kinds = {_HOSTILE[word] for word in found if word in _HOSTILE} - {""}
    return found <= _HOSTILE.keys() | _NOT_HOSTILE and len(kinds) < 2


def _chosen_positive(found: set[str], positive: str, place: str) -> str:
    """Return the label that the user takes for hostile, as the file writes it; "" for none."""
    if not positive:
        return ""
    word = _spelled(positive)
    if number := _WHOLE_NUMBER.fullmatch(word):
        word = str(int(number[1]))
    if len(found) != 2:
        raise CorpusError(
            f"hate_positive={positive} says which of two labels means hostile, but {place} has "
            f"{len(found)}: {_listed(found)}. Leave hate_positive empty."
        )
    if word not in found:
        raise CorpusError(
            f"hate_positive={positive} is no label of {place}; its labels are {_listed(found)}."
        )
    return word


def _listed(words: set[str] | Sequence[str], most: int = 12) -> str:
    order = _ordered(set(words)) if isinstance(words, set) else tuple(words)
    more = f" and {len(order) - most} more" if len(order) > most else ""
    return ", ".join(escaped(repr(word)) for word in order[:most]) + more


def _emotions(
    words: _Words, parts: Sequence[Rows], names: str, repository: str, say: Say
) -> _Words:
    """Return emotions by their names; numbers as the user or the known corpus names them."""
    found = {word for part in words for word in part}
    place = parts[0].place
    numbered = all(map(_is_number, found))
    if names and not numbered:
        raise CorpusError(
            f"emotion_names names numbers, but {place} has the labels {_listed(found)}. Leave "
            "emotion_names empty."
        )
    if not numbered:
        numbers_beside = {word for word in found if _is_number(word)}
        emotions = ", ".join(sorted(_known.EMOTIONS))
        _refuse_slips(words, parts, {*_known.EMOTIONS}, numbers_beside, said=emotions)
        return words
    meaning = _named_by_user(names, found, place) if names else {}
    known = found == {*map(str, range(len(_known.EMOTIONS)))}
    if not names and known and _known.is_known(repository, parts):
        meaning = {str(n): emotion for n, emotion in enumerate(_known.EMOTIONS)}
        say(
            f"emotion: the texts are those of {_known.REPOSITORY}, so 0 to 5 are read as "
            f"{', '.join(_known.EMOTIONS)}"
        )
    _refuse_slips(words, parts, {str(n) for n in range(len(_known.EMOTIONS))} | meaning.keys())
    if names:
        read = (f"{number} as {meaning[number]}" for number in _ordered(found))
        say(f"emotion: {', '.join(read)} (emotion_names)")
    elif not meaning:
        say(
            f"emotion: the labels are the numbers {', '.join(_ordered(found))}, which nothing "
            "names: they stay numbers (emotion_names=NAME,NAME,... names them, from the lowest)"
        )
    return [[meaning.get(word, word) for word in part] for part in words]


def _named_by_user(names: str, found: set[str], place: str) -> dict[str, str]:
    """Return what numbers mean by pairs NUMBER=NAME, or by a list.

    A list of as many names as there are numbers names them from the lowest, any other from 0 on.
    """
    given = [_plain(name) for name in names.split(",")]
    if any("=" in name for name in given):
        pairs = [name.partition("=") for name in given]
        meaning = {number.strip(): name.strip() for number, _, name in pairs}
    elif len(given) == len(found):
        meaning = dict(zip(_ordered(found), given, strict=True))
    else:
        meaning = {str(number): name for number, name in enumerate(given)}
    if not all(meaning.values()) or len({*meaning.values()}) < len(given):
        raise CorpusError(
            f"emotion_names={names}: every number has one name, and no two the same. Write a comma "
            "list (anger,joy,optimism,sadness) or pairs (0=negative,4=positive)."
        )
    if missing := found - meaning.keys():
        raise CorpusError(
            f"emotion_names={names} gives no name to {_listed(missing)}; the labels of {place} "
            f"are {_listed(found)}."
        )
    for name in meaning.values():
        if len(name) > LONGEST_LABEL or stray_character(name):
            raise CorpusError(f"emotion_names: {_shown(name)} is no name for a class.")
    return meaning


def _refuse_slips(
    words: _Words, parts: Sequence[Rows], known: set[str], never: Collection[str] = (),
    said: str = "",
) -> None:  # fmt: skip
    """Refuse a label that is rare and not known, or may not stand among others; `said`: known."""
    counts = Counter(word for part in words for word in part)
    wrong = {word for word, n in counts.items() if word not in known and n < SMALLEST_OWN_CLASS}
    for rows, item, word in _items(words, parts):
        if word in never:
            other = next(each for each in counts if each not in never)
            raise CorpusError(
                f"{rows.where(item)}: the label {_shown(word)} is a number, but others are words, "
                f"e.g. {_shown(other)}. Words and numbers are not mixed: write all labels one way."
            )
        if word in wrong:
            of_words = f"Known are {said}. " if said else ""
            raise CorpusError(
                f"{rows.where(item)}: the label {_shown(word)} is unknown"
                f"{_how_often(counts[word])}. {of_words}Any other class needs at least "
                f"{SMALLEST_OWN_CLASS} tweets."
            )


def _how_often(count: int) -> str:
    return " and stands on a single tweet" if count == 1 else f" and stands on {count} tweets"


def _check_trained(words: _Words, parts: Sequence[Rows]) -> None:
    """Refuse a class that stands in validation or test alone."""
    if not any(rows.split == "train" for rows in parts):
        return
    trained = {word for rows, _, word in _items(words, parts) if rows.split == "train"}
    for rows, item, word in _items(words, parts):
        if word not in trained:
            raise CorpusError(
                f"{rows.where(item)}: the class {word!r} has no tweet in the training file."
            )


def _items(words: _Words, parts: Sequence[Rows]) -> Iterator[tuple[Rows, int, str]]:
    for rows, part in zip(parts, words, strict=True):
        for item, word in enumerate(part):
            yield rows, item, word


def _is_number(word: str) -> bool:
    return word.lstrip("+-").isdecimal()


_shown = shown_value
