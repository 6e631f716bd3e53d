"""The emotion tweets of the benchmarks: the real ones where `HYBRIDREP_DATA` points to them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from hybridrep.sources.texts.corpus import Corpus
from hybridrep.studies.hybrid.tweets.loading import load_corpus


@cache
def emotion_corpus() -> Corpus:
    """Load the folder `emotion` of `HYBRIDREP_DATA`, or the sample."""
    data = os.environ.get("HYBRIDREP_DATA", "")
    return load_corpus("emotion", str(Path(data) / "emotion") if data else "sample")


def described() -> str:
    """Say what the tweets are, for the sizes of a part."""
    return "synthetic sample" if emotion_corpus().synthetic else "real emotion tweets"
