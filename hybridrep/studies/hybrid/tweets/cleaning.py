"""Tweets reduced to plain words, so that they match the already clean emotion corpus."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from hybridrep.errors import CorpusError
from hybridrep.sources.texts.corpus import Corpus

_TWITTER_MARKS = re.compile(
    r"""
      (?: https?:// | (?<! (?a:[a-z0-9_]) ) (?: www\. | pic\.twitter\.com/ | t\.co/ ) ) \S*   # URLs
    | @\w+                                                                   # mentions
    | \#\w+                                                                  # hashtags
    | & (?:amp;)* (?: \#[0-9]+ | \#x[0-9a-f]+ | [a-z][a-z0-9]* ) ;           # HTML entities
    """,
    re.IGNORECASE | re.VERBOSE,
)
# In front of an address ASCII letters alone count: Unicode's folding would take the Kelvin sign for
# a k, which is then removed, and a second cleaning would find an address that the first left.
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]+")


def clean_tweet(text: str) -> str:
    """Return `text` as printable ASCII without the marks of Twitter, its spaces folded.

    @mentions, #hashtags, URLs, HTML entities (escaped once or more often), emojis and all other
    characters outside printable ASCII each leave a space, so that two words around an emoji do not
    become one. Cleaning a clean text changes nothing. The result may be empty.
    """
    marked = _TWITTER_MARKS.sub(" ", text)
    return " ".join(_NOT_PRINTABLE_ASCII.sub(" ", marked).split())


@dataclass(frozen=True, eq=False)
class CleanedCorpus:
    """A cleaned corpus: `changed` texts differ, and those with nothing left were `dropped`.

    `rows` are those of the corpus before, ascending.
    """

    corpus: Corpus
    changed: int
    dropped: int
    rows: np.ndarray


def clean_corpus(corpus: Corpus) -> CleanedCorpus:
    """Clean every text of a corpus and drop those that are left empty; refuse a corpus of such."""
    texts = [clean_tweet(text) for text in corpus.texts]
    kept = np.flatnonzero([bool(text) for text in texts])
    if not kept.size:
        raise CorpusError(
            f"No text of the {corpus.name} corpus ({corpus.source}) is left after mentions, "
            "hashtags, URLs, emojis and foreign characters are removed. Use a corpus in English."
        )
    cleaned = replace(corpus, texts=tuple(texts)).take(kept)
    changed = sum(texts[i] != corpus.texts[i] for i in kept)
    return CleanedCorpus(cleaned, changed, len(corpus) - len(kept), kept)
