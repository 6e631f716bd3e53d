"""Word vectors: loading them, laying them out for a vocabulary, measuring what they cover.

The paper's LSTM reads GloVe vectors (section 3.1.3); words without a vector are zeros.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from hybridrep.errors import VectorsError
from hybridrep.sources.words._source import locate
from hybridrep.sources.words.tokens import FIRST_WORD_ID, Vocabulary, tokenize


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and their vectors, in the order of the source.

    `fingerprint` is the SHA-256 of the whole source, whichever of its words were kept.
    """

    words: tuple[str, ...]
    matrix: Float32[np.ndarray, "words dim"]
    source: str
    fingerprint: str


@dataclass(frozen=True)
class Coverage:
    """Which shares of some texts' running (`tokens`) and distinct words (`types`) have a vector."""

    tokens: float
    types: float


def load_word_vectors(source: str, words: Collection[str] | None = None) -> WordVectors:
    """Load word vectors.

    Args:
        source: `glove-50`; `glove.6B.300d` (also 50d, 100d, 200d), taken from `.vector_cache/`
            or downloaded there; or the path of a GloVe text file, plain, .gz or .zip. A zip
            archive is read in place; `PATH#FILE` names one of its files, else its only one or
            the one named 300d is read.
        words: the only words to keep (much faster for a text file); None for all.

    Raises:
        VectorsError: the vectors are missing or damaged, or none of `words` is among them, or all
            of those are zeros.
    """
    located = locate(source)
    fingerprint = located.fingerprint()
    wanted = None if words is None else frozenset(words)
    found, matrix = located.read(wanted)
    if wanted and not found:
        raise VectorsError(
            f"{located.description} has a vector for none of the {len(wanted)} words of the "
            "texts. Are they of another language, or is the file not lower case?"
        )
    if wanted and not matrix.any():
        raise VectorsError(
            f"{located.description} has only zeros for the {len(found)} words of the texts that it "
            "knows: they would all be the same. Fetch the file again."
        )
    return WordVectors(found, matrix, located.description, fingerprint)


def vectors_fingerprint(source: str) -> str:
    """Return the fingerprint that `load_word_vectors` would give, without reading the vectors."""
    return locate(source).fingerprint()


def lookup(vectors: WordVectors, vocabulary: Vocabulary) -> Float32[np.ndarray, "ids dim"]:
    """Return the table of vectors that a vocabulary's word ids point into.

    Rows 0 (padding) and 1 (unknown) and words without a vector are zeros.
    """
    table = np.zeros((len(vocabulary) + FIRST_WORD_ID, vectors.matrix.shape[1]), dtype=np.float32)
    pairs = [
        (vocabulary.ids[word], row)
        for row, word in enumerate(vectors.words)
        if word in vocabulary.ids
    ]
    if pairs:
        ids, rows = np.array(pairs).T
        table[ids] = vectors.matrix[rows]
    return table


def coverage(vectors: WordVectors, texts: Iterable[str]) -> Coverage:
    """Measure which shares of the texts' tokens and distinct words have a vector.

    Both are 0 for texts without tokens.
    """
    counts = Counter(word for text in texts for word in tokenize(text))
    known = counts.keys() & frozenset(vectors.words)
    tokens = sum(counts[word] for word in known)
    return Coverage(tokens / max(1, counts.total()), len(known) / max(1, len(counts)))
