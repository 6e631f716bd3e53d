"""Cautions about numbers that stand on few tweets, for the terminal and for reports."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

FEW = 100
"""Tweets: an accuracy on fewer may be off by more than 10 points by chance alone."""

SIZES = {
    "validation_tweets": "The LSTM’s validation accuracy and loss",
    "test_tweets": "The LSTM’s test accuracy",
    "transfer_test_tweets": "Test losses and accuracies on the new task",
    "similarity_tweets": "Each similarity matrix, and with it each r,",
}
"""What stands on so many tweets, by the name of their count."""


def cautions(sizes: Mapping[str, int]) -> list[str]:
    """Return a sentence for each number that stands on fewer than `FEW` tweets.

    An accuracy of n independent items has, at most, the half-width 1.96 sqrt(0.25 / n) of its 95%
    interval (Wald's, at one half, where it is widest).

    Args:
        sizes: name of `SIZES` -> how many tweets; what is not there says nothing.

    >>> for sentence in cautions({"transfer_test_tweets": 16, "test_tweets": 155}):
    ...     print(sentence)
    Test losses and accuracies on the new task stand on 16 tweets a seed: an accuracy may be off \
by 24 points by chance alone (95%), and one tweet is 6.2 points.
    """
    return [
        _caution(name, what, sizes[name])
        for name, what in SIZES.items()
        if 0 < sizes.get(name, FEW) < FEW
    ]


def _caution(name: str, what: str, count: int) -> str:
    stand = "stand on" if what.startswith(("Test losses", "The LSTM’s validation")) else "stands on"
    tweets = "1 tweet" if count == 1 else f"{count} tweets"
    if name == "similarity_tweets":
        return (
            f"{what} {stand} {tweets} a seed (items_per_emotion of each class): look at the "
            "intervals over tweets, not at r alone."
        )
    off = 100 * 1.96 * sqrt(0.25 / count)
    return (
        f"{what} {stand} {tweets} a seed: an accuracy may be off by {off:.0f} points by chance "
        f"alone (95%), and one tweet is {100 / count:.1f} points."
    )
