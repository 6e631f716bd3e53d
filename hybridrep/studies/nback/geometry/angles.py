"""Angles between the values of a feature, when a stimulus is seen and before (Fig. 3b, A3).

Both spaces are read from the same trials' first frames: the perceptual one is the vision model's
map, the encoding one the recurrent layer's state after one frame. There the state follows from
image and task alone, so the two halves of a resampling share no view of an object, or there would
be no noise between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.decoders import decoder_scores, fit_label_sets
from hybridrep.analysis.orthogonality import Orthogonality, between_sets, orthogonality_index
from hybridrep.studies.nback.names import ANGLES_BY_UNIT, FEATURES, ZSCORED, Feature
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet

MEAN_SQUARE = 100.0
"""Of centred states, before decoders are fitted."""


@dataclass(frozen=True)
class Settings:
    """How the index is taken.

    Attributes:
        trials: of a task, in both halves together.
        resamplings: how often views are halved and trials drawn anew.
        penalties: C of the decoders, one or a grid: of this the one that reads the other half
            best, in a resampling of its own.
        scaling: `global` (of `both`: too), one factor for all units, or `zscore`, one a unit.
    """

    trials: int
    resamplings: int
    penalties: tuple[float, ...]
    scaling: Literal["global", "zscore", "both"] = "global"


Half = Int[np.ndarray, " trials"]
"""The images that half of a resampling's trials show at their first frame."""


@dataclass(frozen=True)
class Angle:
    """One number of one resampling; `other` is `feature` unless it is between two features."""

    feature: Feature
    other: Feature
    dimensions: int
    resample: int
    measure: str
    score: float


def halves(stimuli: StimulusSet, trials: int, generator: np.random.Generator) -> tuple[Half, Half]:
    """Draw the first frames of trials whose two halves share no view of an object.

    As in every trial, the object, its view and its place are uniform at the first frame.

    Raises:
        ValueError: an object has a single view.
    """
    if min(each.size for each in stimuli.shown) < 2:
        raise ValueError("an object with a single view has no two halves of views")
    mixed = [generator.permutation(each) for each in stimuli.shown]
    found = []
    for half in (0, 1):
        patches = [each[half::2] for each in mixed]
        sizes = np.array([each.size for each in patches])
        objects = generator.integers(0, len(patches), trials // 2)
        place = (np.cumsum(sizes) - sizes)[objects] + generator.integers(0, sizes[objects])
        images = 4 * np.concatenate(patches)[place] + generator.integers(0, 4, trials // 2)
        found.append(np.sort(images))
    return found[0], found[1]


def angles(
    states: Float[np.ndarray, "images dim"], stimuli: StimulusSet, settings: Settings,
    features: Sequence[Feature], drawn: Sequence[tuple[Half, Half]],
    dimensions: Sequence[int] = (),
) -> Iterator[Angle]:  # fmt: skip
    """Return the orthogonalisation index of a space, of every resampling.

    Args:
        states: of every distinct image of the split.
        stimuli: the images' labels.
        settings: how.
        features: whose values' angles are wanted; between features they are taken of the first
            resampling alone, in which all three are read.
        drawn: the resamplings' halves; the first pair is for choosing C alone.
        dimensions: numbers of principal components, fitted to the half that decoders are fitted
            to, in which it is taken as well; one that is no fewer than all is left out.
    """
    scale = _scale(states, settings)
    chosen, *counted = drawn
    penalty = {f: _penalty(states, chosen, stimuli, f, settings, scale) for f in FEATURES}
    fewer = [count for count in dimensions if count < states.shape[1]]
    for resample, pair in enumerate(counted):
        for count in (0, *fewer):
            wanted = features if resample or count else FEATURES
            first, second = (
                {f: _fitted(states, half, stimuli, f, penalty[f], scale, count) for f in wanted}
                for half in pair
            )
            for feature in features:
                found = orthogonality_index(first[feature], second[feature])
                yield from _named(found, feature, count, resample)
            if not resample and not count:
                yield from _between(first, second, features)


def angles_by_unit(
    states: Float[np.ndarray, "images dim"], stimuli: StimulusSet, settings: Settings,
    features: Sequence[Feature], drawn: Sequence[tuple[Half, Half]],
) -> list[Angle]:  # fmt: skip
    """Return the index with each unit by its own SD, where both scalings are wanted; else nothing.

    Its measures are `index_zscored`, `floor_zscored`, `corrected_zscored`, of single features in
    all dimensions.
    """
    if settings.scaling != "both":
        return []
    by_unit = replace(settings, scaling="zscore")
    return [
        replace(each, measure=each.measure + ZSCORED)
        for each in angles(states, stimuli, by_unit, features, drawn)
        if each.feature == each.other and each.measure in ANGLES_BY_UNIT
    ]


def _named(
    found: Orthogonality, feature: Feature, dimensions: int, resample: int
) -> Iterator[Angle]:
    for each, score in zip(fields(found), astuple(found), strict=True):
        yield Angle(feature, feature, dimensions, resample, each.name, float(score))


def _between(
    first: dict[Feature, np.ndarray], second: dict[Feature, np.ndarray],
    features: Sequence[Feature],
) -> Iterator[Angle]:  # fmt: skip
    """Yield the angles between some features' values and those of every other."""
    sets = np.repeat(np.arange(len(FEATURES)), [len(first[each]) for each in FEATURES])
    one, another = (np.concatenate([some[each] for each in FEATURES]) for some in (first, second))
    found = between_sets(one, another, sets)
    for feature in features:
        for other in FEATURES:
            if other != feature:
                a, b = sorted((FEATURES.index(feature), FEATURES.index(other)))
                yield Angle(feature, other, 0, 0, "index", found[a, b][0])
                yield Angle(feature, other, 0, 0, "corrected", found[a, b][1])


def _scale(
    states: Float[np.ndarray, "images dim"], settings: Settings
) -> Float64[np.ndarray, " dim"]:
    """Return what each unit is divided by."""
    centred = np.asarray(states, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    if settings.scaling == "zscore":
        spread = centred.std(axis=0)
        return np.where(spread > 0, spread, 1.0)
    mean_square = float(np.square(centred).sum(axis=1).mean())
    factor = np.sqrt(mean_square / MEAN_SQUARE) if mean_square > 0 else 1.0
    return np.full(states.shape[1], factor)


def _penalty(
    states: Float[np.ndarray, "images dim"], pair: tuple[Half, Half], stimuli: StimulusSet,
    feature: Feature, settings: Settings, scale: Float64[np.ndarray, " dim"],
) -> float:  # fmt: skip
    """Return the C of the grid with which one half's decoders read the other half best."""
    if len(settings.penalties) == 1:
        return settings.penalties[0]
    one, other = (_centred(states, half, scale) for half in pair)
    seen, asked = (stimuli.labels(feature)[half] for half in pair)

    def score(penalty: float) -> float:
        (decoders,) = fit_label_sets(one, seen[:, None], penalty, stimuli.values(feature))
        return decoder_scores(decoders, other, asked).mean

    return max(settings.penalties, key=lambda each: np.nan_to_num(score(each), nan=-1.0))


def _centred(
    states: Float[np.ndarray, "images dim"], half: Half, scale: Float64[np.ndarray, " dim"]
) -> Float64[np.ndarray, "trials dim"]:
    x = np.asarray(states[half], dtype=np.float64)
    return np.asarray((x - x.mean(axis=0)) / scale)


def _fitted(
    states: Float[np.ndarray, "images dim"], half: Half, stimuli: StimulusSet, feature: Feature,
    penalty: float, scale: Float64[np.ndarray, " dim"], dimensions: int,
) -> Float64[np.ndarray, "values dim"]:  # fmt: skip
    """Return the normals of a feature's decoders in the coordinates of the states.

    NaN of a value that no trial of the half has.
    """
    x = _centred(states, half, scale)
    axes = np.linalg.eigh(x.T @ x)[1][:, ::-1][:, :dimensions] if dimensions else None
    labels, values = stimuli.labels(feature)[half], stimuli.values(feature)
    reduced = x if axes is None else x @ axes
    (decoders,) = fit_label_sets(reduced, labels[:, None], penalty, values)
    normals = decoders.normals
    return np.asarray((normals if axes is None else normals @ axes.T) / scale)
