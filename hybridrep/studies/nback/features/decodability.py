"""What a linear decoder reads from the vision model's maps, before anything is trained.

Two folds, over the training frames: drawn at random (half of the views of each object at each
place), as in the paper, and grouped by view, so that no frame is decoded by help of another of the
same view. Beside the maps a control: the mean colour of the object's patch, which should say little
of category.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int, UInt8

from hybridrep.analysis.decoders import (
    common_scale,
    decoder_scores,
    fit_decoders,
    in_own_span,
    within_groups,
)
from hybridrep.studies.nback.names import FEATURES, FOLDS, LOCATIONS, PERCEPTUAL_SPACES
from hybridrep.studies.nback.stimuli.frames import GREY, over
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

PENALTY = 1.0
"""C of the decoders, items scaled to a mean square of 100."""

MOST_FRAMES = 1_536
"""Of larger sets some views are decoded, evenly spread: time grows with the cube of the frames."""


def decodability(
    maps: Float[np.ndarray, "images channels rows columns"], colours: Float[np.ndarray, "images 3"],
    stimuli: StimulusSet, generator: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Return how well every feature is decoded.

    Args:
        maps: of all frames of a split, float32.
        colours: mean colour of each frame's patch.
        stimuli: the frames' labels.
        generator: draws the random folds.

    Returns:
        One row a space, way to divide and feature, columns `space`, `folds`, `feature`, and the
        means over both folds `multiclass` (share of right arg max: what the paper reports),
        `balanced`, `raw`, and `within_category` (of identity; else NaN).
    """
    shown, place = _chosen(stimuli)
    halves = dict(zip(FOLDS, (_at_random(stimuli, shown, generator), place % 2), strict=True))
    flat = maps[shown].reshape(len(shown), -1)
    rows = []
    for space, items in zip(PERCEPTUAL_SPACES, (in_own_span(flat), colours[shown]), strict=True):
        for folds, half in halves.items():
            scores = [
                each for fold in (0, 1) for each in _fold(items, stimuli, shown, half == fold)
            ]
            rows += [{"space": space, "folds": folds, **each} for each in scores]
    keys = ["space", "folds", "feature"]
    return pd.DataFrame(rows).groupby(keys, sort=False).mean().reset_index()


def _chosen(
    stimuli: StimulusSet,
) -> tuple[Int[np.ndarray, " chosen"], Int[np.ndarray, " chosen"]]:
    """Return the frames that are decoded, and the rank of each one's view among its object's."""
    views = max(2, MOST_FRAMES // (len(LOCATIONS) * len(stimuli.identities)))
    patches, ranks = [], []
    for mine in stimuli.shown:
        count = min(views, mine.size)
        patches.append(mine[np.linspace(0, mine.size - 1, count).round().astype(int)])
        ranks.append(np.arange(count))
    images = len(LOCATIONS) * np.concatenate(patches)[:, None] + np.arange(len(LOCATIONS))
    return images.ravel(), np.repeat(np.concatenate(ranks), len(LOCATIONS))


def _at_random(
    stimuli: StimulusSet, shown: Int[np.ndarray, " chosen"], generator: np.random.Generator
) -> Int[np.ndarray, " chosen"]:
    """Return halves of the frames: of each object at each place one half of its views."""
    half = np.empty(len(shown), dtype=np.int64)
    cell = len(LOCATIONS) * stimuli.identity[shown] + stimuli.location[shown]
    for each in np.unique(cell):
        mine = np.flatnonzero(cell == each)
        half[generator.permutation(mine)] = (np.arange(mine.size) + generator.integers(2)) % 2
    return half


def mean_colours(
    patches: UInt8[np.ndarray, "patches side side 4"],
) -> Float[np.ndarray, "patches 3"]:
    """Return the mean red, green and blue of each patch, over the plain background."""
    behind = np.full((*patches.shape[1:3], 3), GREY, dtype=np.uint8)
    return np.stack([over(patch, behind).mean(axis=(0, 1)) for patch in patches])


def _fold(
    items: np.ndarray, stimuli: StimulusSet, shown: Int[np.ndarray, " chosen"],
    fitted: Bool[np.ndarray, " chosen"],
) -> Iterator[dict[str, str | float]]:  # fmt: skip
    """Fit on one half of the frames and score on the other."""
    tested = ~fitted
    mean = items[fitted].mean(axis=0, dtype=np.float64)
    scale = common_scale(items[fitted] - mean)
    seen, new = ((items[each] - mean) / scale for each in (fitted, tested))
    for feature in FEATURES:
        labels = stimuli.labels(feature)[shown]
        decoders = fit_decoders(seen, labels[fitted], PENALTY, stimuli.values(feature))
        scores = decoder_scores(decoders, new, labels[tested])
        within = float("nan")
        if feature == "identity":
            decisions = decoders.decisions(new)
            within = within_groups(decisions, labels[tested], stimuli.category_of)
        yield {"feature": feature, "multiclass": scores.multiclass,
               "balanced": float(np.mean(scores.balanced)), "raw": float(np.mean(scores.raw)),
               "within_category": within}  # fmt: skip
