"""What no fusion can be made of, refused before any work."""

from __future__ import annotations

from hybridrep.errors import ParameterError
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.fusion.methods import Method, chosen_of

LEAST_TWEETS = 64
"""Fewer training tweets say nothing about similarities; the library refuses them, too."""

BATCH = 512
"""Tweets of a batch of similarity matching, where there are as many."""


def check_fusions(config: Config, widths: tuple[int, int], tweets: int) -> list[str]:
    """Refuse fusions that cannot be made; return what must be said of those that can.

    Args:
        config: the study's parameters.
        widths: of the global and of the task-specific representation.
        tweets: the autoencoder's training tweets, which fusions are made of.

    Raises:
        ParameterError: a size above what goes in, or too few tweets to train on.
    """
    methods = chosen_of(config.fusions)
    for method in methods:
        _check_sizes(method, config.bottlenecks, widths)
    trained = [method.name for method in methods if method.trained]
    if trained and tweets < LEAST_TWEETS:
        raise ParameterError(
            f"parameter fusions: {trained[0]} is trained on the autoencoder's training tweets, of "
            f"which this corpus has {tweets}; at least {LEAST_TWEETS} are needed: use a larger "
            "corpus, or fusions that are not trained, or fusions=none"
        )
    if tweets < BATCH and any(method.matched for method in methods):
        return [
            f"similarity matching trains on batches of {BATCH} tweets; there are {tweets} to train "
            "on, so all of them make one batch."
        ]
    return []


def _check_sizes(method: Method, sizes: tuple[int, ...], widths: tuple[int, int]) -> None:
    most = method.most(*widths)
    for size in sizes if method.sized else ():
        if size > most:
            raise ParameterError(
                f"parameter bottlenecks: {size} is above {most}, the most that {method.name} can "
                "give of what goes in"
            )
