"""All that decoders say of one network: fitted on independent trials, tested on both sets.

Decoders of a task and feature are fitted for every stimulus at its own frame and at all later ones.
On trials that they were not fitted to, and whose labels of frames are independent or agree as in
training, each is asked

- for its own stimulus at its own time (`balanced`, `raw`, `multiclass`, `within_category`),
- that of a stimulus' own frame, for that stimulus at later frames (`across`),
- and for what is shown at other frames (`current`),
- that of the first frame, for the first frame's stimulus on the trials of every other task, with
  that task's own mean taken out (`own`) or that of the task it was fitted on (`fitting`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Int

from hybridrep.analysis.decoders import fit_label_sets, score_decisions, score_label_sets
from hybridrep.analysis.generalisation import (
    DecodersOverTime,
    StateCentring,
    centring_of,
    fit_over_time,
    score_over_time,
)
from hybridrep.studies.nback.decoding.states import HasStates, TaskStates, some_of
from hybridrep.studies.nback.names import ALL_VALUES, CENTRINGS, DECODING_MEASURES, FEATURES
from hybridrep.studies.nback.tasks.trials import MATCH_SHARES, AnalysisSet

MOST_FRAMES = 4
"""Frames after which decoders of the first stimulus are asked on other tasks' trials."""


@dataclass(frozen=True)
class Decoding:
    """How decoders are fitted.

    Attributes:
        penalties: C; of several each task and feature gets its best at the first frame.
        scaling: `global`: one factor for all units; `zscore`: each unit by its own SD, per task and
            frame; `both`: the first, and the second in a space of its own, `z`.
        folds: of cross-validation within the trials that are fitted; 0: fresh trials.
    """

    penalties: tuple[float, ...]
    scaling: str = "global"
    folds: int = 0


@dataclass(frozen=True, eq=False)
class FittedDecoders:
    """The decoders of all tasks of a network in one space, fitted on independent trials.

    Attributes:
        normals: of a feature, by task, stimulus, time, value: in the coordinates of centred and
            scaled states. NaN where the time is before the stimulus.
        biases: likewise.
        centring: the means of the trials that they were fitted on, and the scale.
        penalty: C of each task and feature.
    """

    normals: dict[str, Float64[np.ndarray, "tasks stimuli steps _values units"]]
    biases: dict[str, Float64[np.ndarray, "tasks stimuli steps _values"]]
    centring: StateCentring
    penalty: Float64[np.ndarray, "tasks 3"]

    def of(self, task: int, feature: str) -> DecodersOverTime:
        """Return those of a task and feature."""
        return DecodersOverTime(self.normals[feature][task], self.biases[feature][task])


@dataclass(frozen=True, eq=False)
class NetworkReadings:
    """What was read from one network.

    Attributes:
        decoders: by space: `h`, of an LSTM also `c`, and `z` where both scalings are wanted.
        decoding: one row a space, task, decoded feature, stimulus, time, set and measure.
        cross_task: one row a space, decoded feature, pair of tasks, time, set and centring.
        kept: share of the drawn trials that are analysed, by set and part.
        notes: what could not be computed.
    """

    decoders: dict[str, FittedDecoders]
    decoding: pd.DataFrame
    cross_task: pd.DataFrame
    kept: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_network_states(
    network: HasStates, decoding: Decoding, spaces: tuple[str, ...] = ("h",)
) -> NetworkReadings:
    """Fit and test the decoders of a network.

    Args:
        network: as `analysed_network` opens it.
        decoding: how decoders are fitted.
        spaces: `h`, of an LSTM `c`, and `z`: h with each unit by its own SD.
    """
    fit = network.states("independent", "fit")
    kept = {"independent/fit": fit.kept}
    values = [network.stimuli.values(name) for name in FEATURES]
    choose = network.states("independent", "choose") if len(decoding.penalties) > 1 else None
    fitted = {s: fit_decoders_of(fit, s, decoding, values, choose) for s in spaces}
    tables: dict[str, list[pd.DataFrame]] = {"decoding": [], "cross_task": []}
    folds = {s: list(_folds(fit, s, decoding, values, fitted[s])) for s in spaces}
    for which in MATCH_SHARES:
        own = fit if which == "independent" else network.states(which, "fit")
        test = own if decoding.folds else network.states(which, "test")
        kept |= {f"{which}/fit": own.kept, f"{which}/test": test.kept}
        for space in spaces:
            means = StateCentring(centring_of(own.of(space)).means, fitted[space].centring.scale)
            scores = [
                _Scores.of(test, rows, space, decoders, means, network.stimuli.category_of)
                for rows, decoders in folds[space]
            ]
            label = {"space": space, "set": which}
            tables["decoding"].append(decoding_table(_Scores.mean(scores), test, which, label))
            if len(network.tasks) > 1:
                tables["cross_task"].append(cross_task_table(_Scores.mean(scores), test, label))
    joined = {
        name: pd.concat(some, ignore_index=True) if some else pd.DataFrame()
        for name, some in tables.items()
    }
    return NetworkReadings(fitted, joined["decoding"], joined["cross_task"], kept,
                           _missing(fit, values))  # fmt: skip


def _missing(fit: TaskStates, values: list[int]) -> tuple[str, ...]:
    """Say which values no trial has, so that no decoder can be fitted."""
    found = []
    for task, labels in zip(fit.tasks, fit.labels, strict=True):
        for number, name in enumerate(FEATURES):
            for frame in range(labels.shape[1]):
                seen = np.unique(labels[:, frame, number])
                if len(seen) < values[number]:
                    found.append(
                        f"{task.name}: {values[number] - len(seen)} of {values[number]} values of "
                        f"{name} never occur at frame {frame + 1} of {len(labels)} trials"
                    )
    return tuple(found)


def centred(
    states: Float[np.ndarray, "tasks trials steps units"], task: int, centring: StateCentring
) -> Float64[np.ndarray, "trials steps units"]:
    """Return the states of a task at all frames, centred and scaled."""
    steps = range(states.shape[2])
    return np.stack([centring.apply(states[task, :, t], task, t) for t in steps], axis=1)


def fit_decoders_of(
    fit: TaskStates, space: str, decoding: Decoding, values: list[int],
    choose: TaskStates | None = None, like: FittedDecoders | None = None,
) -> FittedDecoders:  # fmt: skip
    """Fit the decoders of all tasks and features.

    Args:
        fit: the trials that they are fitted on.
        space: `h`, `c`, or `z`: h as `scaling=zscore` reads it.
        decoding: how.
        values: how many of each feature.
        choose: trials that the penalty is chosen by, if there are several.
        like: whose centring and penalties are taken; their own, if none are given.
    """
    states = fit.of(space)
    centring = like.centring if like else centring_of(states)
    tasks, _, steps, units = states.shape
    shape = (tasks, steps, steps)
    normals: dict[str, np.ndarray] = {}
    biases: dict[str, np.ndarray] = {}
    for name, count in zip(FEATURES, values, strict=True):
        normals[name] = np.full((*shape, count, units), np.nan)
        biases[name] = np.full((*shape, count), np.nan)
    penalty = np.full((tasks, len(FEATURES)), decoding.penalties[0])
    if like:
        penalty = like.penalty
    for task, labels in enumerate(fit.labels):
        x = centred(states, task, centring)
        # z-scored units are divided by their SD: what is left of it stands in the normals
        factor = np.ones((steps, units))
        if decoding.scaling == "zscore" or space == "z":
            spread = x.std(axis=0)
            factor = 1 / np.where(spread > 0, spread, 1.0)
        x *= factor
        for number, name in enumerate(FEATURES):
            if choose is not None:
                tried = centred(choose.of(space), task, centring)[:, 0] * factor[0]
                penalty[task, number] = best_penalty(
                    x[:, 0], labels[:, 0, number], tried, choose.labels[task][:, 0, number],
                    decoding.penalties, values[number],
                )  # fmt: skip
            found = fit_over_time(x, labels[..., number], penalty[task, number], values[number])
            normals[name][task] = found.normals * factor[:, None]
            biases[name][task] = found.biases
    return FittedDecoders(normals, biases, centring, penalty)


def best_penalty(
    fitted: Float[np.ndarray, "trials units"], labels: Int[np.ndarray, " trials"],
    tried: Float[np.ndarray, "others units"], tried_labels: Int[np.ndarray, " others"],
    penalties: tuple[float, ...], values: int,
) -> float:  # fmt: skip
    """Return the penalty of the highest balanced accuracy on other trials, of equals the least."""
    scores = {}
    for penalty in sorted(penalties):
        (decoders,) = fit_label_sets(fitted, labels[:, None], penalty, values)
        scores[penalty] = score_decisions(decoders.decisions(tried), tried_labels).mean
    return max(scores, key=lambda each: np.nan_to_num(scores[each], nan=-1.0))


def _folds(
    fit: TaskStates, space: str, decoding: Decoding, values: list[int], fitted: FittedDecoders
) -> Iterator[tuple[np.ndarray | slice, FittedDecoders]]:
    """Yield which trials are tested with which decoders."""
    if not decoding.folds:
        yield slice(None), fitted
        return
    place = np.arange(fit.h.shape[1]) % decoding.folds
    for fold in range(decoding.folds):
        rows = np.flatnonzero(place != fold)
        some = TaskStates(
            fit.tasks, tuple(some_of(each, rows) for each in fit.trials), fit.h[:, rows],
            None if fit.c is None else fit.c[:, rows], fit.responses[:, rows],
        )  # fmt: skip
        yield place == fold, fit_decoders_of(some, space, decoding, values, like=fitted)


@dataclass(frozen=True, eq=False)
class _Scores:
    """Scores of one space and set; NaN where there is no such cell."""

    by_value: Float64[np.ndarray, "tasks 3 steps steps values"]
    means: Float64[np.ndarray, "measures tasks 3 steps steps"]
    between: Float64[np.ndarray, "frames centrings 3 tasks tasks"]

    @classmethod
    def of(
        cls, test: TaskStates, rows: np.ndarray | slice, space: str, fitted: FittedDecoders,
        means: StateCentring, category_of: Int[np.ndarray, " identities"],
    ) -> _Scores:  # fmt: skip
        """Test decoders on some trials, whose own means are taken out."""
        states, labels = test.of(space)[:, rows], test.labels[:, rows]
        tasks, _, steps, _ = states.shape
        most = max(each.shape[-1] for each in fitted.biases.values())
        by_value = np.full((tasks, len(FEATURES), steps, steps, most), np.nan)
        found = np.full((len(DECODING_MEASURES), tasks, len(FEATURES), steps, steps), np.nan)
        frames = min(MOST_FRAMES, steps)
        between = np.full((frames, len(CENTRINGS), len(FEATURES), tasks, tasks), np.nan)
        for task in range(tasks):
            x = centred(states, task, means)
            for number, name in enumerate(FEATURES):
                own = labels[task, ..., number]
                groups = category_of if name == "identity" else None
                scores = score_over_time(fitted.of(task, name), x, own, groups=groups)
                by_value[task, number, ..., : scores.balanced.shape[-1]] = scores.balanced
                found[:, task, number] = [
                    scores.balanced.mean(axis=-1), scores.raw.mean(axis=-1), scores.multiclass,
                    scores.within, scores.across, scores.current,
                ]  # fmt: skip
                for frame in range(frames):
                    between[frame, :, number, :, task] = _between(
                        x[:, frame], own[:, 0], fitted, name, frame, means.means[task, frame]
                    )
        return cls(by_value, found, between)

    @classmethod
    def mean(cls, some: list[_Scores]) -> _Scores:
        """Return the means over folds."""
        names = ("by_value", "means", "between")
        return cls(*(np.mean([getattr(each, name) for each in some], axis=0) for name in names))


def _between(
    x: Float64[np.ndarray, "trials units"], labels: Int[np.ndarray, " trials"],
    fitted: FittedDecoders, name: str, frame: int, mean: Float64[np.ndarray, " units"],
) -> Float64[np.ndarray, "centrings tasks"]:  # fmt: skip
    """Return how well the decoders of every task read one task's trials, by whose mean is out."""
    normals, biases = fitted.normals[name][:, 0, frame], fitted.biases[name][:, 0, frame]
    tasks, values, units = normals.shape
    decisions = (x @ normals.reshape(-1, units).T).reshape(-1, tasks, values) + biases
    apart = (mean - fitted.centring.means[:, frame]) / fitted.centring.scale
    shifted = decisions + np.einsum("su,svu->sv", apart, normals)
    asked = np.broadcast_to(labels[:, None], decisions.shape[:2])
    both = (decisions, shifted)
    return np.stack([score_label_sets(each, asked).balanced.mean(axis=1) for each in both])


def decoding_table(
    scores: _Scores, states: TaskStates, which: AnalysisSet, label: dict[str, str]
) -> pd.DataFrame:
    """Return scores as rows; by value of the balanced accuracies of independent trials alone."""
    steps = scores.means.shape[-1]
    later = np.triu(np.ones((steps, steps), dtype=bool))
    apart = ~np.eye(steps, dtype=bool)
    shown = {"across": later & apart, "current": apart}
    parts = []
    for number, measure in enumerate(DECODING_MEASURES):
        there = np.broadcast_to(shown.get(measure, later), scores.means.shape[1:]).copy()
        if measure == "within_category":
            there[:, [place for place, f in enumerate(FEATURES) if f != "identity"]] = False
        at = np.nonzero(there)
        parts.append(_rows(states, at, scores.means[number][at], measure, ALL_VALUES))
    if which == "independent":
        counts = np.array(states.trials[0].values)[:, None, None, None]
        there = later[..., None] & (np.arange(scores.by_value.shape[-1]) < counts)
        *cell, value = np.nonzero(np.broadcast_to(there, scores.by_value.shape))
        parts.append(_rows(states, tuple(cell), scores.by_value[(*cell, value)], "balanced", value))
    return pd.concat(parts, ignore_index=True).assign(**label)


def _rows(
    states: TaskStates, at: tuple[np.ndarray, ...], scores: np.ndarray, measure: str,
    value: np.ndarray | int,
) -> pd.DataFrame:  # fmt: skip
    task, decoded, stimulus, time = at
    return pd.DataFrame({
        "n": np.array([each.n for each in states.tasks])[task],
        "feature": np.array([each.feature for each in states.tasks], dtype=object)[task],
        "decoded": np.array(FEATURES, dtype=object)[decoded], "value": value,
        "stimulus": stimulus + 1, "time": time + 1, "measure": measure, "score": scores,
    })  # fmt: skip


def cross_task_table(scores: _Scores, states: TaskStates, label: dict[str, str]) -> pd.DataFrame:
    """Return how well decoders of the first stimulus do on the trials of every task, as rows."""
    at = np.nonzero(np.ones(scores.between.shape, dtype=bool))
    frame, centring, decoded, fitted, tested = at
    n = np.array([each.n for each in states.tasks])
    feature = np.array([each.feature for each in states.tasks], dtype=object)
    return pd.DataFrame({
        "decoded": np.array(FEATURES, dtype=object)[decoded], "fitted_n": n[fitted],
        "fitted_feature": feature[fitted], "tested_n": n[tested], "tested_feature": feature[tested],
        "time": frame + 1, "centring": np.array(CENTRINGS, dtype=object)[centring],
        "score": scores.between[at],
    }).assign(**label)  # fmt: skip
