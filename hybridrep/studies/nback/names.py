"""Names that the study's arrays, tables and parameters share: features, tasks, diets, splits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

SIMULATION = "nback"
"""What the study's runs are tagged with (`hybridrep.simulation`), and the root of its streams."""

Feature = Literal["location", "identity", "category"]
FEATURES: tuple[Feature, ...] = get_args(Feature)
"""What a task can ask about, in the order of every array."""

INITIALS: dict[Feature, str] = {"location": "L", "identity": "I", "category": "C"}
"""How diets write a feature."""

RESPONSES = ("non_match", "match", "no_action")
"""What a network can answer at a frame; arrays hold their numbers 0, 1, 2."""

NON_MATCH, MATCH, NO_ACTION = range(3)

Split = Literal["train", "val_angle", "val_identity"]
SPLITS: tuple[Split, ...] = get_args(Split)
"""Frames to train on, the same objects from other sides, and objects that were never seen."""

SELECTION = "selection"
"""The trials, of new view angles, that all choices look at: stopping, search, registry."""

CHECKED = (*SPLITS, SELECTION)
"""What is measured: the splits, and the trials that choices look at."""

PERCEPTUAL_SPACES = ("perceptual", "mean_colour")
"""What features are decoded from before any training: the vision model's maps, and a control."""

FOLDS = ("images", "grouped")
"""How frames are divided in two for that: at random, or by view."""

DECODING_MEASURES = ("balanced", "raw", "multiclass", "within_category", "across", "current")
"""What is said of decoders of a network's states: accuracies, and two of their controls."""

ALL_VALUES = -1
"""What the column `value` of decoding says of a mean over a feature's values."""

STATE_SPACES = ("h", "c", "z")
"""What decoders read: the recurrent layer's output, a cell, and the output with units z-scored."""

ZSCORED = "_zscored"
"""How names of numbers end whose decoders read each unit by its own SD."""

ANGLES_BY_UNIT = ("index", "floor", "corrected")
"""Measures of orthogonalisation that are also taken so, where both scalings are wanted."""

CENTRINGS = ("own", "fitting")
"""Whose mean is taken from the states of another task: its own, or the fitting task's."""

LOCATIONS = ("top_left", "top_right", "bottom_left", "bottom_right")
"""The places of an object in a frame, in the order of their numbers."""

Architecture = Literal["rnn", "gru", "lstm"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)

UNTRAINED = "untrained"
"""The control beside the diets: a network as it was drawn, with the codes of all tasks."""

DIET_GROUPS = ("stsf", "stmf", "mtmf")
"""One task and feature a network, one n and all features, or all tasks."""


@dataclass(frozen=True, order=True)
class NBackTask:
    """What a trial asks: does this frame's feature equal that of `n` frames ago?

    Example:
        >>> NBackTask(2, "identity").name
        '2back_identity'
    """

    n: int
    feature: Feature

    @property
    def name(self) -> str:
        """How tables and served models call it."""
        return f"{self.n}back_{self.feature}"

    @property
    def feature_number(self) -> int:
        """The number of its feature in arrays."""
        return FEATURES.index(self.feature)


def tasks_of(n_back: Iterable[int]) -> tuple[NBackTask, ...]:
    """Return all tasks of some n, by feature within n: the order of `task` in every array.

    Example:
        >>> [task.name for task in tasks_of([1])]
        ['1back_location', '1back_identity', '1back_category']
    """
    return tuple(NBackTask(n, feature) for n in sorted(n_back) for feature in FEATURES)


def task_named(name: str) -> NBackTask:
    """Return the task of a name such as `2back_identity`.

    Raises:
        ValueError: not the name of a task.
    """
    found = re.fullmatch(rf"([1-9]\d*)back_({'|'.join(FEATURES)})", name)
    if found is None:
        raise ValueError(
            f"{name!r} is no task: write n, `back_` and one of {', '.join(FEATURES)}, "
            "e.g. 1back_location"
        )
    feature = next(each for each in FEATURES if each == found[2])
    return NBackTask(int(found[1]), feature)


def diets_in(group: str, n_back: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the diets of a group, over some n.

    Example:
        >>> diets_in("stsf", [1]), diets_in("stmf", [1, 2])
        (('stsf_1L', 'stsf_1I', 'stsf_1C'), ('stmf_1', 'stmf_2'))
    """
    if group == "stsf":
        return tuple(f"stsf_{task.n}{INITIALS[task.feature]}" for task in tasks_of(n_back))
    if group == "stmf":
        return tuple(f"stmf_{n}" for n in sorted(n_back))
    return ("mtmf",)


def tasks_in_diet(diet: str, n_back: Sequence[int]) -> tuple[NBackTask, ...]:
    """Return the tasks that a network of a diet is trained on; of `untrained` all.

    Example:
        >>> tasks_in_diet("stsf_2I", [1, 2, 3])
        (NBackTask(n=2, feature='identity'),)

    Raises:
        ValueError: there is no such diet over these n.
    """
    every = tasks_of(n_back)
    if diet in ("mtmf", UNTRAINED):
        return every
    if diet in diets_in("stmf", n_back):
        return tuple(task for task in every if diet == f"stmf_{task.n}")
    if diet in diets_in("stsf", n_back):
        return tuple(t for t in every if diet == f"stsf_{t.n}{INITIALS[t.feature]}")
    known = [name for group in DIET_GROUPS for name in diets_in(group, n_back)]
    raise ValueError(f"there is no diet {diet!r}; the diets are: {', '.join(known)}")
