"""The synthetic corpora that ship with the package, written by a seeded generator.

They let the whole simulation run without real data: six emotions, and hostile messages against
others that share words and tone with them. Both are made to be learnable but not easy: cue words
belong to several classes, tweets mix and negate feelings, and some labels are wrong. Nothing in
them was written by a person on Twitter, and no result on them says anything about people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.names import CorpusName

SAMPLE_SEED = 20_260
"""The seed of the corpora that `source="sample"` means."""

SAMPLE_SOURCE = "sample (synthetic)"

_TRAINING_TWEETS = {
    "anger": 512, "fear": 508, "joy": 540, "love": 508, "sadness": 524, "surprise": 504,
}  # fmt: skip
_HELD_OUT_SHARE = 4  # one held-out tweet for every four in training
_MESSAGES = {"no-hate": 1_160, "hate": 1_060}
_KINDS = {"plain": 0.60, "mixed": 0.16, "turned": 0.14, "scene": 0.10}
_OWN_SCENE = 0.35  # how often a tweet's context is a scene of its own emotion
_WRONG_EMOTION = 0.04
_WRONG_HATE = 0.04
_MESSAGE_KINDS = {"told": 0.16, "turned": 0.06, "toned": 0.26, "seen": 0.36, "one side": 0.16}
_OWN_TOPIC = 0.95  # how often a word of a message belongs to its own side's topics
_REPEATED = 0.05
_ONLY_MARKS = 4  # messages per class that cleaning leaves empty
_LONGEST = 24  # words

_SLOT = re.compile(r"\{(\w+)\}")


def sample_corpus(name: CorpusName, seed: int = SAMPLE_SEED) -> Corpus:
    """Write a synthetic corpus; the same seed gives the same corpus on any machine.

    Emotion: 3,096 training tweets (at least 504 of each emotion) and 774 more for validation and
    test, lower-case and without punctuation, at most 24 words. Hate: 2,228 messages (2,220
    once cleaned), a little more than half of them not hostile, with mentions, hashtags, links,
    emojis, HTML entities and repeated messages for the cleaning to work on; no splits.
    """
    return (_emotion_corpus if name == "emotion" else _hate_corpus)(_Dice(seed))


class _Dice:
    """Choices from uniform numbers alone, whose stream is the same on every platform."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def happens(self, probability: float) -> bool:
        return self._rng.random() < probability

    def below(self, limit: int) -> int:
        return int(limit * self._rng.random())

    def choose(self, phrases: Sequence[str], skewed: bool = False) -> str:
        """Choose one; if `skewed`, the first are about three times as likely as the last."""
        u = self._rng.random()
        return phrases[int(len(phrases) * (u * (1 + u) / 2 if skewed else u))]

    def weighted(self, weights: Mapping[str, float]) -> str:
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


@cache
def _grammar() -> dict[str, Any]:
    text = (
        files("hybridrep.studies.hybrid.tweets").joinpath("sample_grammar.json").read_text("utf-8")
    )
    grammar: dict[str, Any] = json.loads(text)
    return grammar


def _expand(template: str, phrase_for: Callable[[str], str]) -> str:
    """Fill the slots of a template, and those of the phrases that fill them."""
    while _SLOT.search(template):
        template = _SLOT.sub(lambda slot: phrase_for(slot[1]), template)
    return template


def _new_text(write: Callable[[], str], seen: set[str]) -> str:
    """Write until the text is new and not too long, and remember it."""
    while True:
        text = write()
        if text not in seen and len(text.split()) <= _LONGEST:
            seen.add(text)
            return text


def _emotion_corpus(dice: _Dice) -> Corpus:
    writers = {emotion: _TweetWriter(emotion, dice) for emotion in sorted(_TRAINING_TWEETS)}
    items: list[tuple[str, int, str]] = []
    seen: set[str] = set()
    for label, emotion in enumerate(writers):
        training = _TRAINING_TWEETS[emotion]
        held_out = training // _HELD_OUT_SHARE
        for number in range(training + held_out):
            meant = emotion
            if dice.happens(_WRONG_EMOTION):
                meant = dice.choose([other for other in writers if other != emotion])
            text = _new_text(writers[meant].write, seen)
            beyond = number - training
            split = "train" if beyond < 0 else ("validation", "test")[beyond % 2]
            items.append((text, label, split))
    return _corpus("emotion", items, tuple(writers), dice)


class _TweetWriter:
    """Writes tweets of one emotion."""

    def __init__(self, emotion: str, dice: _Dice) -> None:
        self._dice = dice
        self._shared = _grammar()["shared"]
        grammar = _grammar()["emotion"]
        self._templates, self._starts = grammar["templates"], grammar["start"]
        self._cues, self._scenes = grammar["cues"][emotion], grammar["scenes"][emotion]
        self._other_cues = [
            [cue for cue in cues if cue not in self._cues]
            for other, cues in grammar["cues"].items()
            if other != emotion
        ]
        self._used: set[str] = set()

    def write(self) -> str:
        self._used.clear()
        template = self._dice.choose(self._templates[self._dice.weighted(_KINDS)])
        return _expand(template, self._phrase)

    def _phrase(self, slot: str) -> str:
        dice = self._dice
        if slot == "cue":
            cue = dice.choose([cue for cue in self._cues if cue not in self._used], skewed=True)
            self._used.add(cue)
            return cue
        if slot == "other":
            return dice.choose(self._other_cues[dice.below(len(self._other_cues))], skewed=True)
        if slot == "scene" or (slot == "context" and dice.happens(_OWN_SCENE)):
            return dice.choose(self._scenes)
        if slot == "start":
            return dice.choose(self._starts, skewed=True)
        return dice.choose(self._shared["topic" if slot == "context" else slot])


def _hate_corpus(dice: _Dice) -> Corpus:
    writers = {name: _MessageWriter(name, dice) for name in _MESSAGES}
    items: list[tuple[str, int, str]] = []
    seen: set[str] = set()
    names = tuple(_MESSAGES)
    for label, name in enumerate(names):
        plain: list[str] = []
        for _ in range(_MESSAGES[name]):
            if plain and dice.happens(_REPEATED):
                text = dice.choose(plain)
            else:
                meant = names[1 - label] if dice.happens(_WRONG_HATE) else name
                text = _new_text(writers[meant].write, seen)
            plain.append(text)
            items.append((_decorated(text, dice), label, ""))
        items.extend((_only_marks(dice), label, "") for _ in range(_ONLY_MARKS))
    return _corpus("hate", items, names, dice)


class _MessageWriter:
    """Writes hostile messages ("hate"), or those that are not ("no-hate")."""

    def __init__(self, side: str, dice: _Dice) -> None:
        self._dice = dice
        grammar = _grammar()["hate"]
        self._own = grammar["sides"][side]
        self._other = grammar["sides"]["no-hate" if side == "hate" else "hate"]
        self._lists = {**_grammar()["shared"], **grammar["lexicon"], "tail": grammar["tail"]}
        self._cues = _grammar()["emotion"]["cues"]
        self._templates = {
            **grammar["templates"],
            "one side": grammar["templates_of_one_side"][side],
        }

    def write(self) -> str:
        template = self._dice.choose(self._templates[self._dice.weighted(_MESSAGE_KINDS)])
        return _expand(template, self._phrase)

    def _phrase(self, slot: str) -> str:
        dice = self._dice
        if slot == "tone":
            return dice.choose(self._cues[dice.weighted(self._own["tone"])])
        if slot == "topic":
            return dice.choose((self._own if dice.happens(_OWN_TOPIC) else self._other)[slot])
        if slot.startswith("other_"):
            return dice.choose(self._other[slot.removeprefix("other_")])
        return dice.choose(self._own[slot] if slot in self._own else self._lists[slot])


def _decorated(text: str, dice: _Dice) -> str:
    """Scatter the marks of Twitter over a message; cleaning gives the message back."""
    grammar = _grammar()["hate"]
    words = text.split()
    if dice.happens(0.15):
        words.insert(1 + dice.below(len(words)), dice.choose(grammar["entities"]))
    if dice.happens(0.08):
        words.append(dice.choose(grammar["foreign"]))
    if dice.happens(0.25):
        words.append(dice.choose(grammar["emojis"]) * (1 + dice.below(3)))
    if dice.happens(0.40):
        words.insert(0, "@user")
    while dice.happens(0.45):
        words.append("#" + dice.choose(grammar["hashtags"]))
    if dice.happens(0.08):
        words.append(dice.choose(grammar["links"]) + dice.choose("abcdefgh") * 5)
    return ("  " if dice.happens(0.2) else " ").join(words)


def _only_marks(dice: _Dice) -> str:
    grammar = _grammar()["hate"]
    return f"@user #{dice.choose(grammar['hashtags'])} {dice.choose(grammar['emojis'])}"


def _corpus(
    name: CorpusName, items: Sequence[tuple[str, int, str]], names: tuple[str, ...], dice: _Dice
) -> Corpus:
    texts, labels, splits = zip(*(items[i] for i in dice.order(len(items))), strict=True)
    return Corpus(
        name=name, texts=texts, labels=np.array(labels, dtype=np.int64), label_names=names,
        splits=splits, source=SAMPLE_SOURCE, synthetic=True,
    )  # fmt: skip
