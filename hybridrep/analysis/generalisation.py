"""Do decoders hold elsewhere: at another time, in another task? And what would make it look so?

Items are trials, read at several steps; what they are read for was shown at some of them. A decoder
of the stimulus S fitted to the states at time T can be asked at other times, of other stimuli and
on the trials of other tasks.

That it reads S later says nothing of memory where labels of several stimuli are not independent:
a decoder of what is shown *now* then reads the label of S as far as the two labels agree. What that
alone gives has a closed form here, `predicted_accuracy`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.decoders import (
    common_scale,
    fit_label_sets,
    score_label_sets,
    within_groups,
)

CHANCE = 0.5
"""Of balanced accuracy."""


@dataclass(frozen=True, eq=False)
class StateCentring:
    """What is taken from states before decoders: (h - mean) / scale.

    Attributes:
        means: of the states of each condition at each step.
        scale: one number for all, so that angles between normals stay as they are.
    """

    means: Float64[np.ndarray, "conditions steps units"]
    scale: float

    def apply(
        self, states: Float[np.ndarray, "trials units"], condition: int, step: int
    ) -> Float64[np.ndarray, "trials units"]:
        """Return states of a condition at a step, its own mean taken out."""
        centred: np.ndarray = states.astype(np.float64) - self.means[condition, step]
        return centred / self.scale


def centring_of(
    states: Float[np.ndarray, "conditions trials steps units"], mean_square: float = 100.0
) -> StateCentring:
    """Return the centring by which the mean square length of states is what is given.

    The mean of every condition at every step is taken out; the scale is one for all of them.

    Example:
        >>> states = np.random.default_rng(0).normal(size=(2, 50, 3, 4)).astype(np.float32)
        >>> centring = centring_of(states)
        >>> x = np.stack([centring.apply(states[c, :, t], c, t) for c in (0, 1) for t in range(3)])
        >>> round(float(np.square(x).sum(axis=-1).mean()), 6)
        100.0
    """
    conditions, trials, steps, units = states.shape
    means = np.zeros((conditions, steps, units))
    if trials:
        means = states.mean(axis=1, dtype=np.float64)
    squares = [
        np.square(common_scale(states[c, :, t] - means[c, t], mean_square))
        for c in range(conditions)
        for t in range(steps)
        if trials
    ]
    return StateCentring(means, math.sqrt(np.mean(squares)) if squares else 1.0)


@dataclass(frozen=True, eq=False)
class DecodersOverTime:
    """Decoders of every stimulus, fitted at its own step and at every later one.

    NaN before the stimulus is shown, and of a value that no trial has, or each.
    """

    normals: Float64[np.ndarray, "stimuli steps values units"]
    biases: Float64[np.ndarray, "stimuli steps values"]

    def decisions(
        self, x: Float[np.ndarray, "trials units"], stimulus: int, step: int
    ) -> Float64[np.ndarray, "trials values"]:
        """Return what the decoder of a stimulus at a step says of some states."""
        decided: np.ndarray = x @ self.normals[stimulus, step].T + self.biases[stimulus, step]
        return decided


def fit_over_time(
    x: Float[np.ndarray, "trials steps units"], labels: Int[np.ndarray, "trials stimuli"],
    penalty: float, values: int, onsets: Sequence[int] = (),
) -> DecodersOverTime:  # fmt: skip
    """Fit decoders of every stimulus at its own step and all later ones.

    Args:
        x: states, centred and scaled (`StateCentring.apply`).
        labels: the value of each stimulus.
        penalty: C, see `fit_decoders`.
        values: how many values there are.
        onsets: the step that each stimulus is shown at; the first at the first, if not given.

    Example:
        >>> labels = np.array([[0, 1], [1, 0], [0, 0], [1, 1]] * 5)
        >>> x = np.stack([2.0 * labels - 1, 1 - 2.0 * labels], axis=1)
        >>> found = fit_over_time(x, labels, 1.0, 2)
        >>> found.normals.shape, bool(np.isnan(found.normals[1, 0]).all())
        ((2, 2, 2, 2), True)

    Raises:
        ValueError: as `fit_label_sets`, or more stimuli than onsets.
    """
    trials, steps, units = x.shape
    stimuli = labels.shape[1]
    onsets = tuple(onsets) or tuple(range(stimuli))
    if len(onsets) != stimuli or max(onsets, default=0) >= steps:
        raise ValueError(f"{stimuli} stimuli need as many onsets before step {steps}: {onsets}")
    normals = np.full((stimuli, steps, values, units), np.nan)
    biases = np.full((stimuli, steps, values), np.nan)
    for step in range(steps):
        shown = [each for each in range(stimuli) if onsets[each] <= step]
        if not trials or not shown:
            continue
        fitted = fit_label_sets(x[:, step], labels[:, shown], penalty, values)
        for each, decoders in zip(shown, fitted, strict=True):
            normals[each, step], biases[each, step] = decoders.normals, decoders.biases
    return DecodersOverTime(normals, biases)


def normalised(generalisation: float, validation: float) -> float:
    """Return the share of what is above chance where decoders were fitted that is so elsewhere.

    NaN where nothing was above chance.

    Example:
        >>> round(normalised(0.7, 0.9), 3)
        0.5
    """
    above = validation - CHANCE
    return (generalisation - CHANCE) / above if above > 0 else math.nan


def label_agreement(match: float, values: int, times: int) -> float:
    """Return how often two labels agree that are `times` matches apart.

    A label repeats the one before with probability `match`, else takes one of the others evenly:
    1/K + (1 - 1/K) ((K match - 1) / (K - 1))^times, by the chain's second eigenvalue.

    Example:
        >>> round(label_agreement(0.5, 4, 2), 3), label_agreement(0.25, 4, 1)
        (0.333, 0.25)
    """
    return float(1 / values + (1 - 1 / values) * ((values * match - 1) / (values - 1)) ** times)


def predicted_accuracy(agreement: float, values: int, read: float) -> float:
    """Return the balanced accuracy that agreement of labels alone gives a decoder.

    A decoder that reads the label of what is shown now with balanced accuracy `read`, and knows
    nothing else, reads another label that agrees with it with probability p as
    1/2 + (p - q)(read - 1/2), where q = (1 - p) / (K - 1): where the other label is v the present
    one is v with probability p, else with q.

    Example:
        >>> [round(predicted_accuracy(0.5, k, 1.0), 3) for k in (4, 8)]
        [0.667, 0.714]
        >>> predicted_accuracy(0.25, 4, 1.0)
        0.5
    """
    by_chance = (1 - agreement) / (values - 1)
    return CHANCE + (agreement - by_chance) * (read - CHANCE)


@dataclass(frozen=True, eq=False)
class TimeScores:
    """How well decoders over time read, of trials that they were not fitted to.

    Attributes:
        balanced, raw: of the decoder of a stimulus and step, reading that stimulus at that step; by
            value. NaN before the stimulus is shown.
        multiclass: share of trials where the largest decision is that of the stimulus' value.
        within: the same among the values of the true one's group; NaN without groups.
        across: balanced accuracy, mean over values, of the decoder of a stimulus at its own step,
            reading that stimulus at this and later steps.
        current: the same decoder, reading the *other* stimulus at the step where that is shown.
    """

    balanced: Float64[np.ndarray, "stimuli steps values"]
    raw: Float64[np.ndarray, "stimuli steps values"]
    multiclass: Float64[np.ndarray, "stimuli steps"]
    within: Float64[np.ndarray, "stimuli steps"]
    across: Float64[np.ndarray, "stimuli steps"]
    current: Float64[np.ndarray, "stimuli stimuli"]


def score_over_time(
    decoders: DecodersOverTime, x: Float[np.ndarray, "trials steps units"],
    labels: Int[np.ndarray, "trials stimuli"], onsets: Sequence[int] = (),
    groups: Int[np.ndarray, " values"] | None = None,
) -> TimeScores:  # fmt: skip
    """Score decoders over time on trials that they were not fitted to.

    Args:
        decoders: as `fit_over_time` returns them.
        x: states, centred with their own means.
        labels: the value of each stimulus.
        onsets: as for `fit_over_time`.
        groups: the group of each value, where values nest in groups.

    Example:
        >>> labels = np.array([[0, 1], [1, 0], [0, 0], [1, 1]] * 5)
        >>> x = np.stack([2.0 * labels - 1, 1 - 2.0 * labels], axis=1)
        >>> scores = score_over_time(fit_over_time(x, labels, 1.0, 2), x, labels)
        >>> scores.balanced[0].mean(axis=-1).tolist(), scores.across[0].tolist()
        ([1.0, 1.0], [1.0, 0.0])
    """
    stimuli, steps, values, _ = decoders.normals.shape
    onsets = tuple(onsets) or tuple(range(stimuli))
    balanced, raw = (np.full((stimuli, steps, values), np.nan) for _ in range(2))
    multiclass, within, across = (np.full((stimuli, steps), np.nan) for _ in range(3))
    current = np.full((stimuli, stimuli), np.nan)
    own = np.arange(stimuli)
    begun = decoders.normals[own, list(onsets)], decoders.biases[own, list(onsets)]
    for step in range(steps):
        shown = np.flatnonzero(np.array(onsets) <= step)
        if shown.size:
            decided = _decided(
                x[:, step], decoders.normals[shown, step], decoders.biases[shown, step]
            )
            scores = score_label_sets(decided, labels[:, shown])
            balanced[shown, step], raw[shown, step] = scores.balanced, scores.raw
            multiclass[shown, step] = scores.multiclass
            if groups is not None:
                for place, stimulus in enumerate(shown):
                    within[stimulus, step] = within_groups(
                        decided[:, place], labels[:, stimulus], groups
                    )
        early = _decided(x[:, step], *begun)
        later = score_label_sets(early[:, shown], labels[:, shown])
        across[shown, step] = later.balanced.mean(axis=1)
        for other in np.flatnonzero(np.array(onsets) == step):
            asked = np.broadcast_to(labels[:, other, None], early.shape[:2])
            current[:, other] = score_label_sets(early, asked).balanced.mean(axis=1)
    return TimeScores(balanced, raw, multiclass, within, across, current)


def _decided(x: np.ndarray, normals: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Return the decisions of decoders of several stimuli, [trials, stimuli, values]."""
    stimuli, values, units = normals.shape
    decisions = (x @ normals.reshape(-1, units).T).reshape(len(x), stimuli, values)
    decided: np.ndarray = decisions + biases
    return decided
