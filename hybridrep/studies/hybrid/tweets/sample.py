"""The synthetic corpora that ship with the package, written by a seeded generator.

They let the whole simulation run without real data, and their question has an answer that was
planted, so a reader can see whether the pipeline finds it (docs/sample.md):

- **Most content words of a test message were never seen in training.** A few words of every field
  are written often, the others in turn, so nearly all of them once or twice in a corpus.
- **Hostile or not is decided by what is said of whom**, never by a word alone. Contempt for people
  is hostile, for things it is not; negation and irony turn either around. Six emotions are told by
  feelings, by situations without any feeling, and by feelings that are denied.
- **A small share of the labels is wrong.**

The same texts with their labels shuffled are a variant with nothing planted. Nothing in either was
written by a person on Twitter, and no result on them says anything about people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from importlib.resources import files
from typing import Any

import numpy as np

from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.names import CorpusName

SAMPLE_SEED = 20_260
"""The seed of the corpora that `source="sample"` means."""

PLANTED_SOURCE = "sample (synthetic, planted)"
"""What a corpus says of itself whose labels are those that its texts were written for."""

UNPLANTED_SOURCE = "sample (synthetic, nothing planted)"
"""What a corpus says of itself whose labels were shuffled."""

_TRAINING_TWEETS = {
    "anger": 512, "fear": 508, "joy": 540, "love": 508, "sadness": 524, "surprise": 504,
}  # fmt: skip
_HELD_OUT_SHARE = 4  # one held-out tweet for every four in training
_TWEET_KINDS = {"feeling": 0.30, "situation": 0.25, "both": 0.33, "turned": 0.12}
_COMMON_FEELING = 0.4  # how often a feeling is one of the common ones of its emotion
_COMMON_FEELINGS = 8
_TWEET_CONTEXT = 0.35  # how often a tweet goes on with something that has no emotion
_WRONG_EMOTION = 0.03

_MESSAGES = {"no-hate": 1_160, "hate": 1_060}
_SHARES = {
    "no-hate": {
        ("said", "praise"): 0.32, ("denied", "insult"): 0.15, ("mocked", "insult"): 0.04,
        ("thing", "insult"): 0.38, ("thing", "praise"): 0.11,
    },
    "hate": {
        ("said", "insult"): 0.70, ("denied", "praise"): 0.19, ("mocked", "praise"): 0.11,
    },
}  # fmt: skip
"""What messages of a class say, and of which side its words are: the truth of the new task."""
_COMMON_WORD = 0.12  # how often a word of a message is one of the common ones of its field
_MESSAGE_CONTEXT = 0.4
_WRONG_HATE = 0.02
_REPEATED = 0.05
_ONLY_MARKS = 4  # messages per class that cleaning leaves empty
_LONGEST = 24  # words

_SLOT = re.compile(r"\{(\w+)\}")
_SIDED = (
    "adjective", "adverb", "noun", "noun_one", "quality", "verb", "verb_ing", "verb_ed",
)  # fmt: skip
_STATES = {"insult": "broken", "praise": "fine"}
_BEFORE_VOWEL = re.compile(r"\ba (?=(?!uni|use|usu|eu|one\b)[aeiou]|honest|hono|hour|heir)")


def sample_corpus(name: CorpusName, seed: int = SAMPLE_SEED, planted: bool = True) -> Corpus:
    """Write a synthetic corpus; the same seed gives the same corpus on any machine.

    Emotion: 3,096 training tweets (at least 504 of each emotion) and 774 more for validation and
    test, lower-case and without punctuation, at most 24 words. Hate: 2,228 messages (2,220
    once cleaned), a little more than half of them not hostile, with mentions, hashtags, links,
    emojis, HTML entities and repeated messages for the cleaning to work on; no splits.

    Args:
        seed: of the generator.
        planted: whether the labels are those that the texts were written for. If not, they are
            shuffled within each split, so there is nothing to find.

    Examples:
        >>> corpus = sample_corpus("hate")
        >>> len(corpus), corpus.synthetic, corpus.source
        (2228, True, 'sample (synthetic, planted)')
    """
    dice = _Dice(seed)
    corpus = (_emotion_corpus if name == "emotion" else _hate_corpus)(dice)
    return corpus if planted else _shuffled(corpus, dice)


class _Dice:
    """Choices from uniform numbers alone, whose stream is the same on every platform."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._decks: dict[str, list[str]] = {}

    def happens(self, probability: float) -> bool:
        return self._rng.random() < probability

    def below(self, limit: int) -> int:
        return int(limit * self._rng.random())

    def choose(self, phrases: Sequence[str]) -> str:
        return phrases[self.below(len(phrases))]

    def weighted(self, weights: Mapping[Any, float]) -> Any:
        """Choose a key by its weight."""
        *keys, last = weights
        u = self._rng.random() * sum(weights.values())
        for key in keys:
            u -= weights[key]
            if u < 0:
                return key
        return last

    def order(self, size: int) -> list[int]:
        return np.argsort(self._rng.random(size), kind="stable").tolist()

    def deal(self, field: str, words: Sequence[str]) -> str:
        """Return the next word of a field's shuffled deck: none comes again before all came."""
        deck = self._decks.setdefault(field, [])
        if not deck:
            deck.extend(words[place] for place in self.order(len(words)))
        return deck.pop()


@cache
def _grammar() -> dict[str, Any]:
    """Read the words and frames; fields of words become lists."""
    text = (
        files("hybridrep.studies.hybrid.tweets").joinpath("sample_grammar.json").read_text("utf-8")
    )
    grammar: dict[str, Any] = json.loads(text)
    grammar["fields"] = {name: _words(lines) for name, lines in grammar["fields"].items()}
    grammar["common"] = {name: words.split() for name, words in grammar["common"].items()}
    grammar["emotions"] = {
        emotion: {name: _words(lines) for name, lines in of_emotion.items()}
        for emotion, of_emotion in grammar["emotions"].items()
    }
    return grammar


def _words(lines: Sequence[str]) -> list[str]:
    return " ".join(lines).split()


def lexicon() -> frozenset[str]:
    """Return the content words: all but those of the frames."""
    grammar = _grammar()
    parts = [*grammar["fields"].values(), *grammar["common"].values()]
    parts += [words for of_emotion in grammar["emotions"].values() for words in of_emotion.values()]
    return frozenset(word for words in parts for word in words)


def _expand(frame: str, phrase_for: Callable[[str], str]) -> str:
    """Fill the slots of a frame, and those of the phrases that fill them."""
    while _SLOT.search(frame):
        frame = _SLOT.sub(lambda slot: phrase_for(slot[1]), frame)
    return _BEFORE_VOWEL.sub("an ", frame)


def _new_text(write: Callable[[], str], seen: set[str]) -> str:
    """Write until the text is new and not too long, and remember it."""
    while True:
        text = write()
        if text not in seen and len(text.split()) <= _LONGEST:
            seen.add(text)
            return text


def _meant(label: str, names: Sequence[str], wrong: float, dice: _Dice) -> str:
    """Return the class that a text is written for: seldom another than its label."""
    if dice.happens(wrong):
        return dice.choose([other for other in names if other != label])
    return label


def _emotion_corpus(dice: _Dice) -> Corpus:
    emotions = sorted(_TRAINING_TWEETS)
    items: list[tuple[str, int, str]] = []
    seen: set[str] = set()
    for label, emotion in enumerate(emotions):
        training = _TRAINING_TWEETS[emotion]
        for number in range(training + training // _HELD_OUT_SHARE):
            meant = _meant(emotion, emotions, _WRONG_EMOTION, dice)
            text = _new_text(_TweetWriter(meant, dice).write, seen)
            beyond = number - training
            split = "train" if beyond < 0 else ("validation", "test")[beyond % 2]
            items.append((text, label, split))
    return _corpus("emotion", items, tuple(emotions), dice)


class _TweetWriter:
    """Writes tweets of one emotion."""

    def __init__(self, emotion: str, dice: _Dice) -> None:
        self._emotion, self._dice = emotion, dice
        self._used: set[str] = set()

    def write(self) -> str:
        self._used.clear()
        frames = _grammar()["frames"]["emotion"]
        frame = self._dice.choose(frames[self._dice.weighted(_TWEET_KINDS)])
        if self._dice.happens(_TWEET_CONTEXT):
            frame = f"{frame} {self._dice.choose(frames['context'])}"
        return _expand(frame, self._phrase)

    def _phrase(self, slot: str) -> str:
        dice, grammar = self._dice, _grammar()
        if slot in ("feeling", "situation"):
            return self._of_emotion(self._emotion, slot)
        if slot == "other":
            others = [name for name in grammar["emotions"] if name != self._emotion]
            return self._of_emotion(dice.choose(others), "feeling")
        if slot in grammar["fields"]:
            return dice.deal(slot, grammar["fields"][slot])
        return dice.choose(grammar["frames"][slot])

    def _of_emotion(self, emotion: str, slot: str) -> str:
        words = _grammar()["emotions"][emotion][slot]
        while True:
            common = slot == "feeling" and self._dice.happens(_COMMON_FEELING)
            word = (
                self._dice.choose(words[:_COMMON_FEELINGS])
                if common
                else self._dice.deal(f"{emotion} {slot}", words)
            )
            if word not in self._used:
                self._used.add(word)
                return word


def _hate_corpus(dice: _Dice) -> Corpus:
    items: list[tuple[str, int, str]] = []
    seen: set[str] = set()
    names = tuple(_MESSAGES)
    for label, name in enumerate(names):
        plain: list[str] = []
        for _ in range(_MESSAGES[name]):
            if plain and dice.happens(_REPEATED):
                text = dice.choose(plain)
            else:
                meant = _meant(name, names, _WRONG_HATE, dice)
                text = _new_text(_MessageWriter(_SHARES[meant], dice).write, seen)
            plain.append(text)
            items.append((_decorated(text, dice), label, ""))
        items.extend((_only_marks(dice), label, "") for _ in range(_ONLY_MARKS))
    return _corpus("hate", items, names, dice)


class _MessageWriter:
    """Writes messages of one class; their kind and the side of their words follow its shares."""

    def __init__(self, shares: Mapping[tuple[str, str], float], dice: _Dice) -> None:
        self._shares, self._dice = shares, dice

    def write(self) -> str:
        dice, frames = self._dice, _grammar()["frames"]["message"]
        kind, side = dice.weighted(self._shares)
        frame = dice.choose(frames[kind])
        if dice.happens(_MESSAGE_CONTEXT):
            frame = f"{frame} {dice.choose(frames['context'])}"
        return _expand(frame, partial(self._phrase, side))

    def _phrase(self, side: str, slot: str) -> str:
        dice, grammar = self._dice, _grammar()
        if slot in ("target", "them"):
            return dice.choose(grammar["frames"]["message"][slot])
        field = f"{side}_{slot}" if slot in _SIDED else _STATES[side] if slot == "state" else slot
        if field in grammar["common"] and dice.happens(_COMMON_WORD):
            return dice.choose(grammar["common"][field])
        return dice.deal(field, grammar["fields"][field])


def _decorated(text: str, dice: _Dice) -> str:
    """Scatter the marks of Twitter over a message; cleaning gives the message back."""
    marks = _grammar()["marks"]
    words = text.split()
    if dice.happens(0.15):
        words.insert(1 + dice.below(len(words)), dice.choose(marks["entities"]))
    if dice.happens(0.08):
        words.append(dice.choose(marks["foreign"]))
    if dice.happens(0.25):
        words.append(dice.choose(marks["emojis"]) * (1 + dice.below(3)))
    if dice.happens(0.40):
        words.insert(0, "@user")
    while dice.happens(0.45):
        words.append("#" + dice.choose(marks["hashtags"]))
    if dice.happens(0.08):
        words.append(dice.choose(marks["links"]) + dice.choose("abcdefgh") * 5)
    return ("  " if dice.happens(0.2) else " ").join(words)


def _only_marks(dice: _Dice) -> str:
    marks = _grammar()["marks"]
    return f"@user #{dice.choose(marks['hashtags'])} {dice.choose(marks['emojis'])}"


def _corpus(
    name: CorpusName, items: Sequence[tuple[str, int, str]], names: tuple[str, ...], dice: _Dice
) -> Corpus:
    texts, labels, splits = zip(*(items[i] for i in dice.order(len(items))), strict=True)
    return Corpus(
        name=name, texts=texts, labels=np.array(labels, dtype=np.int64), label_names=names,
        splits=splits, source=PLANTED_SOURCE, synthetic=True,
    )  # fmt: skip


def _shuffled(corpus: Corpus, dice: _Dice) -> Corpus:
    """Deal the labels of every split to its texts anew: how many of each stay as they are."""
    labels = corpus.labels.copy()
    for split in sorted(set(corpus.splits)):
        rows = np.flatnonzero([own == split for own in corpus.splits])
        labels[rows] = labels[rows[dice.order(len(rows))]]
    return replace(corpus, labels=labels, source=UNPLANTED_SOURCE)
