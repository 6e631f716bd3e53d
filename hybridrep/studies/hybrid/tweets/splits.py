"""Which tweets train, validate and test. Every split is stratified and a function of its stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64

from hybridrep.errors import CorpusError, ParameterError
from hybridrep.randomness import generator
from hybridrep.sources.texts.corpus import Corpus

TRANSFER_PER_CLASS = 2_200
"""Tweets sampled from each class for the transfer task (the paper, section 3.3.1)."""


@dataclass(frozen=True, eq=False)
class EmotionSplit:
    """Indices into the emotion corpus, each ascending; together they hold every item once."""

    train: Int64[np.ndarray, " train"]
    validation: Int64[np.ndarray, " validation"]
    test: Int64[np.ndarray, " test"]


@dataclass(frozen=True, eq=False)
class TransferSplit:
    """Indices into the hate corpus, each ascending and balanced over the classes, 4:1.

    `per_class` tweets were sampled; `repeated_dropped` repetitions were left out before.
    """

    train: Int64[np.ndarray, " train"]
    test: Int64[np.ndarray, " test"]
    per_class: int
    repeated_dropped: int


@dataclass(frozen=True, eq=False)
class SharedItems:
    """The tweets that are the same for every seed: rows sorted by class, and their texts."""

    rows: Int64[np.ndarray, " items"]
    texts: frozenset[str]


@dataclass(frozen=True, eq=False)
class AutoencoderSplit:
    """Indices into the emotion training set (not into the corpus), each ascending."""

    train: Int64[np.ndarray, " train"]
    test: Int64[np.ndarray, " test"]


def split_emotion(corpus: Corpus, rng: np.random.Generator) -> EmotionSplit:
    """Split the emotion corpus into training, validation and test (16,000 / 3,200 / 800).

    The corpus' own training split is kept where it has one and something beside it; otherwise a
    stratified 80% is drawn. The rest is split 4:1 into validation and test, stratified.
    """
    names = corpus.label_names
    own = own_training(corpus)
    if own is not None:
        train, rest = np.flatnonzero(own), np.flatnonzero(~own)
    else:
        train, rest = _stratified(corpus.labels, 5, rng, names, "training, validation and test")
    validation, test = _stratified(corpus.labels[rest], 5, rng, names, "validation and test")
    return EmotionSplit(train, rest[validation], rest[test])


def own_training(corpus: Corpus) -> Bool[np.ndarray, " items"] | None:
    """Return which items the corpus itself trains on; None where that is none or all of them."""
    own = np.array([split == "train" for split in corpus.splits], dtype=bool)
    return own if own.any() and not own.all() else None


def held_out_size(items: int, one_in: int, classes: int) -> int:
    """Return how many items a stratified split holds out: one in `one_in`, one a class or more."""
    return max(round(items / one_in), classes)


def sample_transfer(
    corpus: Corpus, rng: np.random.Generator, duplicates: Literal["keep", "drop"],
    per_class: int = TRANSFER_PER_CLASS,
) -> TransferSplit:  # fmt: skip
    """Sample equally many tweets of every class and split them 4:1, stratified.

    Where the corpus says what it trains on, training tweets are sampled from that and test tweets
    from its test split, or from all that is not for training where it has none: four fifths and
    one fifth of `per_class`, or as many as the smallest class has there.

    Args:
        corpus: the *cleaned* hate corpus (`cleaning.clean_corpus`).
        rng: the stream of this seed and stage.
        duplicates: "keep", as the paper names no removal, so that some test tweets also stand in
            training, or "drop": of every text only the first occurrence can be sampled.
        per_class: how many of each class; the size of the smallest class if that is less.
    """
    if duplicates not in ("keep", "drop"):
        raise ParameterError(f"duplicates is 'keep' or 'drop', not {duplicates!r}.")
    if per_class < 1:
        raise ParameterError(f"per_class must be at least 1, not {per_class}.")
    eligible = np.arange(len(corpus))
    if duplicates == "drop":
        eligible = np.sort(np.unique(np.array(corpus.texts, dtype=object), return_index=True)[1])
    dropped = len(corpus) - len(eligible)
    try:
        if (parts := _own_parts(corpus, eligible)) is None:
            sampled = _sample_evenly(corpus, eligible, per_class, rng)
            inner, held_out = _stratified(
                corpus.labels[sampled], 5, rng, corpus.label_names, "training and test"
            )
            train, test = sampled[inner], sampled[held_out]
        else:
            most_of_test = max(per_class // 5, 1)
            train = _sample_evenly(corpus, parts[0], max(per_class - most_of_test, 1), rng)
            test = _sample_evenly(corpus, parts[1], most_of_test, rng)
    except CorpusError as error:
        if not dropped:
            raise
        raise CorpusError(
            f"{error} With duplicates=drop, {_tweets(dropped)} that repeat an earlier one, "
            "whichever its class, were left out before."
        ) from error
    return TransferSplit(
        train=np.sort(train), test=np.sort(test),
        per_class=(len(train) + len(test)) // len(corpus.label_names), repeated_dropped=dropped,
    )  # fmt: skip


def _sample_evenly(
    corpus: Corpus, candidates: Int64[np.ndarray, " candidates"], most: int,
    rng: np.random.Generator,
) -> Int64[np.ndarray, " sampled"]:  # fmt: skip
    """Draw as many of each class as the smallest has among the candidates, `most` at most."""
    smallest = np.bincount(corpus.labels[candidates], minlength=len(corpus.label_names)).min()
    return sample_items(
        corpus.labels, min(most, max(int(smallest), 1)), rng, candidates=candidates,
        label_names=corpus.label_names,
    )  # fmt: skip


def _own_parts(
    corpus: Corpus, eligible: Int64[np.ndarray, " eligible"]
) -> tuple[Int64[np.ndarray, " train"], Int64[np.ndarray, " test"]] | None:
    """Return what the corpus itself trains and tests on, of the eligible; None: it says neither."""
    own = own_training(corpus)
    if own is None:
        return None
    of_test = np.array([split == "test" for split in corpus.splits], dtype=bool)
    test = of_test if of_test.any() else ~own
    return eligible[own[eligible]], eligible[test[eligible]]


def split_autoencoder(
    labels_of_train: Int64[np.ndarray, " items"],
    rng: np.random.Generator,
    label_names: Sequence[str] = (),
) -> AutoencoderSplit:
    """Split the emotion training set 9:1, stratified, for the autoencoders."""
    return AutoencoderSplit(*_stratified(labels_of_train, 10, rng, label_names, "the autoencoders"))


def sample_items(
    labels: Int64[np.ndarray, " items"], per_class: int, rng: np.random.Generator,
    candidates: Int64[np.ndarray, " candidates"] | None = None, label_names: Sequence[str] = (),
) -> Int64[np.ndarray, " sampled"]:  # fmt: skip
    """Draw `per_class` items of every class of the candidates (all by default) without replacement.

    Without `label_names` the classes are those that occur, named by number. The indices come out
    sorted by class and ascending within a class.
    """
    if candidates is None:
        candidates = np.arange(len(labels))
    drawn = []
    for label in range(len(label_names)) if label_names else np.unique(labels).tolist():
        members = candidates[labels[candidates] == label]
        if len(members) < per_class:
            raise CorpusError(
                f"Class {_name(label, label_names)} has {_tweets(len(members))} to draw from, "
                f"but {per_class} per class are asked for. "
                "Use a corpus with more tweets of that class, or ask for fewer per class."
            )
        drawn.append(np.sort(rng.choice(members, size=per_class, replace=False)))
    return np.concatenate(drawn).astype(np.int64)


def shared_items(corpus: Corpus, per_class: int) -> tuple[SharedItems | None, str]:
    """Draw the tweets that are the same for every seed, or say why there are none.

    They are drawn from the tweets outside of the corpus' own training split, of every text the
    first, and none that also stands in training, by a stream without a seed. There must be enough
    left, whichever seed splits the rest, for a choice between models that does not look at them.

    Args:
        corpus: the emotion corpus.
        per_class: how many of each class.

    Returns:
        The tweets and "", or None and the reason.
    """
    own = own_training(corpus)
    if own is None:
        return None, "the corpus has no training split of its own, so each seed trains on others"
    training = {text for text, trains in zip(corpus.texts, own, strict=True) if trains}
    rest, first = _counts(corpus, ~own), dict[str, int]()
    for row in np.flatnonzero(~own).tolist():
        first.setdefault(corpus.texts[row], row)
    candidates = np.array([r for text, r in first.items() if text not in training], np.int64)
    names = corpus.label_names
    try:
        drawn = sample_items(
            corpus.labels, per_class, generator(0, "items", "shared"), candidates, names
        )
    except CorpusError:
        return None, f"a class has fewer than {per_class} tweets outside of training"
    used = training | {corpus.texts[row] for row in drawn}
    left = np.array([text not in used for text in corpus.texts]) & ~own
    validation, _, _ = _fewest(rest, int((~own).sum()), 5)
    if (_counts(corpus, left) - (rest - validation)).min() < per_class:
        return None, (
            f"beside {per_class} of each class too few tweets outside of training are left to "
            "choose between models"
        )
    return SharedItems(drawn, frozenset(corpus.texts[row] for row in drawn)), ""


def count_repeated(texts: Sequence[str]) -> int:
    """Return how many texts repeat an earlier one; `duplicates="drop"` would leave these out."""
    return len(texts) - len(set(texts))


def count_test_in_train(corpus: Corpus, split: TransferSplit) -> int:
    """Return how many test tweets stand word for word in training too."""
    seen = {corpus.texts[i] for i in split.train}
    return sum(corpus.texts[i] in seen for i in split.test)


def _stratified(
    labels: Int64[np.ndarray, " items"], one_in: int, rng: np.random.Generator,
    label_names: Sequence[str], purpose: str,
) -> tuple[Int64[np.ndarray, " rest"], Int64[np.ndarray, " held_out"]]:  # fmt: skip
    """Hold out one item in `one_in`, every class in proportion and in both parts."""
    from sklearn.model_selection import train_test_split

    classes = list(range(len(label_names))) if label_names else np.unique(labels).tolist()
    counts = {label: int((labels == label).sum()) for label in classes}
    parts = [np.arange(0), np.arange(0)]
    if min(counts.values()) >= 2:
        parts = train_test_split(
            np.arange(len(labels)), test_size=held_out_size(len(labels), one_in, len(classes)),
            stratify=labels, random_state=int(rng.integers(2**32)),
        )  # fmt: skip
    missing = [c for c in classes if any(c not in labels[part] for part in parts)]
    if missing:
        fewest = min(missing, key=counts.__getitem__)
        raise CorpusError(
            f"Class {_name(fewest, label_names)} has only {_tweets(counts[fewest])} for {purpose}, "
            "too few to stand in every part. Use a corpus with more tweets of that class, or "
            "leave the class out."
        )
    return np.sort(parts[0]), np.sort(parts[1])


def _name(label: int, label_names: Sequence[str]) -> str:
    return repr(label_names[label]) if label_names else str(label)


def _tweets(count: int) -> str:
    return f"{count} tweet" if count == 1 else f"{count} tweets"


_Counts = Int64[np.ndarray, " classes"]


def always_enough(corpus: Corpus, per_emotion: int) -> bool:
    """Tell whether an emotion corpus is surely large enough, whichever seed splits it.

    Surely means by the worst case of every split: each class in every part of the splits for the
    LSTM and the autoencoders, and `per_emotion` of it in the autoencoders' two parts and among
    the validation tweets that do not stand in training too. False: it may depend on the seed.
    """
    everything = np.ones(len(corpus), dtype=bool)
    own = own_training(corpus)
    if own is not None:
        in_training = {text for text, trains in zip(corpus.texts, own, strict=True) if trains}
        seen = np.array([text in in_training for text in corpus.texts]) & ~own
        train, rest = _counts(corpus, own), _counts(corpus, ~own)
        sizes = (int(own.sum()), int((~own).sum()))
    else:
        times = Counter(corpus.texts)
        seen = np.array([times[text] > 1 for text in corpus.texts])
        train, rest, sizes = _fewest(_counts(corpus, everything), len(corpus), 5)
    validation, test, _ = _fewest(rest, sizes[1], 5)
    inner_train, inner_test, _ = _fewest(train, sizes[0], 10)
    unseen = validation - _counts(corpus, seen)
    drawn_from = min(part.min() for part in (inner_train, inner_test, unseen))
    return bool(test.min() >= 1 and drawn_from >= max(per_emotion, 1))


def _fewest(counts: _Counts, total: int, one_in: int) -> tuple[_Counts, _Counts, tuple[int, int]]:
    """Return the fewest of each class on either side of a stratified split, and both sizes.

    At least `counts` of each class are split, of `total` in all; a share is rounded down or up.
    """
    held_out = held_out_size(total, one_in, len(counts))
    sizes = (total - held_out, held_out)
    rest, held = (counts * size // max(total, 1) for size in sizes)
    return rest, held, sizes


def _counts(corpus: Corpus, rows: Bool[np.ndarray, " items"]) -> _Counts:
    return np.bincount(corpus.labels[rows], minlength=len(corpus.label_names))
