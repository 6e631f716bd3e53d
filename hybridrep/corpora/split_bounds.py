"""How few tweets a seed can leave a class with: where that is enough, no seed need be tried."""

from __future__ import annotations

from collections import Counter

import numpy as np
from jaxtyping import Bool, Int64

from hybridrep.corpora.corpus import Corpus
from hybridrep.corpora.splits import held_out_size, own_training

_Counts = Int64[np.ndarray, " classes"]


def always_enough(corpus: Corpus, per_emotion: int) -> bool:
    """Tell whether an emotion corpus is surely large enough, whichever seed splits it.

    Surely means by the worst case of every split: each class in every part of the splits for the
    LSTM and the autoencoders, and `per_emotion` of it in the autoencoders' two parts and among
    the validation tweets that do not stand in training too. False means that it may depend on
    the seed.

    Args:
        corpus: the emotion corpus.
        per_emotion: tweets of each class to be drawn, 1 or above.
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

    A class has its share on either side, rounded down or up.

    Args:
        counts: at least so many of each class are split.
        total: how many there are of all classes, exactly.
        one_in: one item in so many is held out.
    """
    held_out = held_out_size(total, one_in, len(counts))
    sizes = (total - held_out, held_out)
    rest, held = (counts * size // max(total, 1) for size in sizes)
    return rest, held, sizes


def _counts(corpus: Corpus, rows: Bool[np.ndarray, " items"]) -> _Counts:
    return np.bincount(corpus.labels[rows], minlength=len(corpus.label_names))
