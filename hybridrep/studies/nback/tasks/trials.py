"""Trials of the N-back tasks: what is shown at every frame, and the right answers.

Of a trial of n and feature f (frames counted from 1): up to frame n there is nothing to compare
with, the answer is no_action and everything shown is uniform. From then on the frame matches with
probability p: a match copies f from n frames ago, a non-match takes one of the K - 1 other values,
uniformly. The other features and the view are uniform and independent at every frame; where f is
the category, so is the identity within it.

It follows, and the tests enumerate, that every value is uniform at every frame; that the share of
no_action is n / frames and that of matches p; and that the values at frames S and S + n agree with
probability p, at S + 2 n with p^2 + (1 - p)^2 / (K - 1). At p = 1 / K the frames are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32, Int, Shaped

from hybridrep.studies.nback.names import (
    FEATURES,
    MATCH,
    NO_ACTION,
    NON_MATCH,
    RESPONSES,
    Feature,
    NBackTask,
)
from hybridrep.studies.nback.stimuli.stimulus_set import StimulusSet
from hybridrep.studies.nback.tasks.task_code import TaskCode

STEPS = 6
"""Frames of the paper's trials."""

AnalysisSet = Literal["independent", "paper"]
"""Trials that analyses read: matches as frequent as chance, so that the labels of all frames are
independent, and in half of them, as the paper trains."""

ANALYSIS_SETS: tuple[AnalysisSet, ...] = get_args(AnalysisSet)

MatchShare = float | Literal["independent"]
"""Probability of a match; `independent`: 1 / K of each task's feature."""

MATCH_SHARES: dict[AnalysisSet, MatchShare] = {"independent": "independent", "paper": 0.5}
"""Of each of these sets."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Some trials: all labels of all frames, the right answers and the codes.

    Attributes:
        tasks: the tasks that `task` numbers.
        task: which of `tasks` each trial is of.
        n: how far back it asks.
        feature: the number of the feature that it asks about (`names.FEATURES`).
        location, identity, category, view: of the object at every frame.
        image: the number of the frame among the distinct frames of the split.
        response: the right answer, a number of `names.RESPONSES`.
        task_code: what a network is told beside every frame.
        values: K of location, identity and category.
    """

    tasks: tuple[NBackTask, ...]
    task: Int[np.ndarray, " trials"]
    n: Int[np.ndarray, " trials"]
    feature: Int[np.ndarray, " trials"]
    location: Int[np.ndarray, "trials steps"]
    identity: Int[np.ndarray, "trials steps"]
    category: Int[np.ndarray, "trials steps"]
    view: Int[np.ndarray, "trials steps"]
    image: Int[np.ndarray, "trials steps"]
    response: Int[np.ndarray, "trials steps"]
    task_code: Float32[np.ndarray, "trials units"]
    values: tuple[int, int, int]

    def __len__(self) -> int:
        """Return the number of trials."""
        return int(self.task.size)

    @property
    def labels(self) -> Int[np.ndarray, "trials steps 3"]:
        """The values of all features, in the order of `names.FEATURES`."""
        return np.stack([self.location, self.identity, self.category], axis=-1)

    @property
    def relevant(self) -> Int[np.ndarray, "trials steps"]:
        """The values of the feature that each trial asks about."""
        return self.labels[np.arange(len(self)), :, self.feature]

    def inputs_targets(
        self, batch_first: bool = False, features: Shaped[np.ndarray, "images ..."] | None = None
    ) -> tuple[Float32[np.ndarray, "steps trials units"], Int[np.ndarray, "steps trials"]]:
        """Return what a network sees and should answer, as packages of tasks lay it out.

        Args:
            batch_first: trials before frames.
            features: one array an image, flattened into the first units; without, one-hots of
                location, identity and category.

        Returns:
            Inputs with the task's code as their last units, and the numbers of the answers.
        """
        if features is None:
            every = zip(np.moveaxis(self.labels, -1, 0), self.values, strict=True)
            seen = np.concatenate([np.eye(k, dtype=np.float32)[of] for of, k in every], axis=-1)
        else:
            seen = features.reshape(len(features), -1)[self.image].astype(np.float32)
        shape = (*self.image.shape, self.task_code.shape[1])
        inputs = np.concatenate([seen, np.broadcast_to(self.task_code[:, None], shape)], axis=-1)
        if batch_first:
            return inputs, self.response
        return np.swapaxes(inputs, 0, 1), self.response.T

    def statistics(self) -> pd.DataFrame:
        """Return, of every task, its trials, their length and the shares of the answers.

        Returns:
            Columns `task`, `trials`, `steps`, the shares `non_match`, `match`, `no_action` of all
            frames, and `match_share`, of the frames with a response.
        """
        rows: list[dict[str, str | int | float]] = []
        for number, task in enumerate(self.tasks):
            of = self.response[self.task == number]
            share = {name: float(np.mean(of == r)) for r, name in enumerate(RESPONSES) if of.size}
            responses = of[of != NO_ACTION]
            match = float(np.mean(responses == MATCH)) if responses.size else float("nan")
            rows.append({"task": task.name, "trials": len(of), "steps": self.response.shape[1],
                         **share, "match_share": match})  # fmt: skip
        return pd.DataFrame(rows)


def trials(
    count: int, tasks: Sequence[NBackTask], stimuli: StimulusSet, p_match: MatchShare,
    generator: np.random.Generator, *, steps: int = STEPS, code: TaskCode | None = None,
) -> Trials:  # fmt: skip
    """Draw trials; equal generators give equal trials.

    Args:
        count: how many; the task of each is uniform over `tasks`.
        tasks: what they may be of.
        stimuli: the split whose frames they show.
        p_match: probability of a match at a frame with a response, from 0 to 1; `independent`:
            1 / K.
        generator: moved on by the draws.
        steps: frames of a trial.
        code: how tasks are told; the paper's, if none is given.

    Example:
        >>> stimuli = StimulusSet.of(["car", "cup"], ["a", "b"], [0, 1], [3, 3])
        >>> some = trials(2, [NBackTask(1, "location")], stimuli, 0.5, np.random.default_rng(0))
        >>> some.response[:, 0].tolist(), some.image.shape
        ([2, 2], (2, 6))

    Raises:
        ValueError: no task, one that leaves no frame for a response, or a p that is none.
    """
    tasks = tuple(tasks)
    code = code or TaskCode(most=max(3, *(task.n for task in tasks)) if tasks else 3)
    if not tasks or max(task.n for task in tasks) >= steps:
        raise ValueError(f"each task needs a frame to respond at: n below {steps}, got {tasks}")
    if p_match != "independent" and not 0 <= p_match <= 1:
        raise ValueError(f"p_match is a probability or `independent`, not {p_match!r}")
    task = generator.integers(0, len(tasks), count)
    n = np.array([each.n for each in tasks])[task]
    feature = np.array([each.feature_number for each in tasks])[task]
    k = np.array([stimuli.values(name) for name in FEATURES])[feature]
    p = 1 / k if p_match == "independent" else np.full(count, float(p_match))
    shape = (count, steps)
    match = generator.random(shape) < p[:, None]
    first = generator.integers(0, k[:, None], shape)
    other = generator.integers(1, k[:, None], shape)
    relevant = relevant_values(first, match, other, n, k)
    location = _where(feature, "location", relevant, generator.integers(0, 4, shape))
    identity, category = _objects(stimuli, feature, relevant, generator)
    patch, view = _views(stimuli, identity, generator)
    answered = np.arange(steps) >= n[:, None]
    return Trials(
        tasks, task, n, feature, location, identity, category, view, 4 * patch + location,
        np.where(answered, np.where(match, MATCH, NON_MATCH), NO_ACTION), code.of(tasks)[task],
        (stimuli.values("location"), stimuli.values("identity"), stimuli.values("category")),
    )  # fmt: skip


def relevant_values(
    first: Int[np.ndarray, "trials steps"], match: Bool[np.ndarray, "trials steps"],
    other: Int[np.ndarray, "trials steps"], n: Int[np.ndarray, " trials"],
    k: Int[np.ndarray, " trials"],
) -> Int[np.ndarray, "trials steps"]:  # fmt: skip
    """Return the values of the feature that trials ask about, from what was drawn.

    Args:
        first: uniform on 0 to K - 1: the values of the first n frames; unused later.
        match: whether a later frame repeats the value of n frames ago.
        other: uniform on 1 to K - 1: how far, around, a non-match is from that value.
        n: how far back each trial asks.
        k: how many values its feature has.
    """
    values = first.copy()
    rows = np.arange(len(values))
    for step in range(int(n.min(initial=0)), values.shape[1]):
        before = values[rows, np.maximum(step - n, 0)]
        later = np.where(match[:, step], before, (before + other[:, step]) % k)
        values[:, step] = np.where(step >= n, later, values[:, step])
    return values


def _where(
    feature: np.ndarray, name: Feature, relevant: np.ndarray, otherwise: np.ndarray
) -> Int[np.ndarray, "trials steps"]:
    asked = feature == FEATURES.index(name)
    return np.where(asked[:, None], relevant, otherwise)


def _objects(
    stimuli: StimulusSet, feature: np.ndarray, relevant: np.ndarray, generator: np.random.Generator
) -> tuple[Int[np.ndarray, "trials steps"], Int[np.ndarray, "trials steps"]]:
    """Return identities and categories: the relevant ones, else uniform."""
    kinds = stimuli.values("category")
    members = np.argsort(stimuli.category_of, kind="stable").reshape(kinds, -1)
    drawn = generator.integers(0, kinds, relevant.shape)
    category = _where(feature, "category", relevant, drawn)
    within = generator.integers(0, members.shape[1], relevant.shape)
    identity = _where(feature, "identity", relevant, members[category, within])
    return identity, stimuli.category_of[identity]


def _views(
    stimuli: StimulusSet, identity: np.ndarray, generator: np.random.Generator
) -> tuple[Int[np.ndarray, "trials steps"], Int[np.ndarray, "trials steps"]]:
    """Return patches of objects, uniform over those that each is shown from, and their views."""
    counts = np.array([each.size for each in stimuli.shown])
    patches = np.zeros((len(counts), counts.max()), dtype=np.int64)
    for row, some in zip(patches, stimuli.shown, strict=True):
        row[: some.size] = some
    patch = patches[identity, generator.integers(0, counts[identity])]
    return patch, stimuli.view_of[patch]
