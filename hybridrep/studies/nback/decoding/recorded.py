"""Decoders on recorded states: over time and across tasks, with the controls their labels allow.

- `permuted`: decoders fitted to labels that were shuffled over trials: what chance gives;
- `agreement`: how often labels of two stimuli are the same, and `predicted`: what that alone gives
  a decoder that reads what is shown later (see `analysis.generalisation`);
- `within_group`: where values nest in those of another feature, told among those of their group;
- decoders on other tasks with that task's own mean taken out, and with the fitting task's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hybridrep.analysis.decoders import common_scale, score_label_sets
from hybridrep.analysis.generalisation import (
    DecodersOverTime,
    StateCentring,
    fit_over_time,
    predicted_accuracy,
    score_over_time,
)
from hybridrep.studies.nback.decoding.network import best_penalty
from hybridrep.studies.nback.decoding.recordings import Recording
from hybridrep.studies.nback.names import CENTRINGS


@dataclass(frozen=True, eq=False)
class RecordedReadings:
    """What was read from a recording.

    Attributes:
        decoding: columns `task`, `decoded`, `stimulus`, `time`, `measure`, `score`.
        cross_task: columns `decoded`, `fitted`, `tested`, `time`, `centring`, `score`; of the first
            stimulus at its onset.
        decoders: arrays by name: `FEATURE_normals` [tasks, stimuli, times, values, units], ....
    """

    decoding: pd.DataFrame
    cross_task: pd.DataFrame
    decoders: dict[str, np.ndarray]


def read_recorded(
    recording: Recording, penalties: tuple[float, ...] = (0.01,), scaling: str = "global",
    seed: int = 0,
) -> RecordedReadings:  # fmt: skip
    """Fit decoders on the trials to be fitted, and test them on the others.

    Args:
        recording: states and labels.
        penalties: C of the decoders; of several the best on every second fitted trial at the onset
            of the first stimulus is taken, and then all are fitted.
        scaling: `global` (and `both`), or `zscore` by unit, as for networks.
        seed: of the permuted labels.
    """
    fit = [_of(recording, task, tested=False) for task in range(len(recording.tasks))]
    means = np.stack([recording.states[rows].mean(axis=0) for rows in fit])
    squares = [
        common_scale(recording.states[rows, time] - means[task, time]) ** 2
        for task, rows in enumerate(fit)
        for time in range(recording.states.shape[1])
    ]
    centring = StateCentring(means, float(np.sqrt(np.mean(squares))))
    rng = np.random.default_rng(seed)
    parts, between, arrays = [], [], {}
    for feature in recording.labels:
        decoders = []
        for task, rows in enumerate(fit):
            fitted, shuffled = _fitted(recording, feature, task, rows, centring, penalties, scaling,
                                       rng)  # fmt: skip
            decoders.append(fitted)
            parts.append(_scores(recording, feature, task, centring, fitted, shuffled))
        arrays[f"{feature}_normals"] = np.stack([each.normals for each in decoders])
        arrays[f"{feature}_biases"] = np.stack([each.biases for each in decoders])
        if len(recording.tasks) > 1:
            between.append(_cross_task(recording, feature, centring, decoders))
    arrays |= {"means": means, "scale": np.array(centring.scale)}
    columns = ["decoded", "fitted", "tested", "time", "centring", "score"]
    crossed = pd.concat(between, ignore_index=True) if between else pd.DataFrame(columns=columns)
    return RecordedReadings(pd.concat(parts, ignore_index=True), crossed, arrays)


def _of(recording: Recording, task: int, *, tested: bool) -> np.ndarray:
    return np.flatnonzero((recording.task == task) & (recording.tested == tested))


def _centred(
    recording: Recording, rows: np.ndarray, centring: StateCentring, task: int
) -> np.ndarray:
    times = range(recording.states.shape[1])
    each = [centring.apply(recording.states[rows, time], task, time) for time in times]
    return np.stack(each, axis=1)


def _fitted(
    recording: Recording, feature: str, task: int, rows: np.ndarray, centring: StateCentring,
    penalties: tuple[float, ...], scaling: str, rng: np.random.Generator,
) -> tuple[DecodersOverTime, DecodersOverTime]:  # fmt: skip
    """Return the decoders of a task and feature, and those of permuted labels."""
    x, labels = _centred(recording, rows, centring, task), recording.labels[feature][rows]
    count, onsets = len(recording.values[feature]), recording.onsets
    factor = np.ones(x.shape[1:])
    if scaling == "zscore":
        spread = x.std(axis=0)
        factor = 1 / np.where(spread > 0, spread, 1.0)
    x = x * factor
    penalty = penalties[0]
    if len(penalties) > 1:
        at, first = x[:, onsets[0]], labels[:, 0]
        penalty = best_penalty(at[::2], first[::2], at[1::2], first[1::2], penalties, count)
    found = []
    for own in (labels, labels[rng.permutation(len(rows))]):
        fitted = fit_over_time(x, own, penalty, count, onsets)
        found.append(DecodersOverTime(fitted.normals * factor[:, None], fitted.biases))
    return found[0], found[1]


def _scores(
    recording: Recording, feature: str, task: int, centring: StateCentring,
    fitted: DecodersOverTime, shuffled: DecodersOverTime,
) -> pd.DataFrame:  # fmt: skip
    rows = _of(recording, task, tested=True)
    x, labels = _centred(recording, rows, centring, task), recording.labels[feature][rows]
    onsets, count = recording.onsets, len(recording.values[feature])
    nested = recording.groups(feature)
    scores = score_over_time(fitted, x, labels, onsets, None if nested is None else nested[1])
    chance = score_over_time(shuffled, x, labels, onsets)
    stimuli, times = scores.across.shape
    predicted, agreement = (np.full((stimuli, times), np.nan) for _ in range(2))
    for stimulus in range(stimuli):
        for other in range(stimulus + 1, stimuli):
            same = float((labels[:, stimulus] == labels[:, other]).mean())
            agreement[stimulus, onsets[other]] = same
            read = float(scores.current[stimulus, other])
            predicted[stimulus, onsets[other]] = predicted_accuracy(same, count, read)
    current = np.full((stimuli, times), np.nan)
    current[:, list(onsets)] = scores.current
    current[np.arange(stimuli), list(onsets)] = np.nan
    arrays = {
        "balanced": scores.balanced.mean(axis=2), "raw": scores.raw.mean(axis=2),
        "multiclass": scores.multiclass, "within_group": scores.within,
        "permuted": chance.balanced.mean(axis=2), "across": scores.across, "current": current,
        "agreement": agreement, "predicted": predicted,
    }  # fmt: skip
    parts = []
    for measure, array in arrays.items():
        at = np.nonzero(np.isfinite(array))
        parts.append(pd.DataFrame({
            "task": recording.tasks[task], "decoded": feature, "stimulus": at[0] + 1,
            "time": at[1] + 1, "measure": measure, "score": array[at],
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _cross_task(
    recording: Recording, feature: str, centring: StateCentring, decoders: list[DecodersOverTime]
) -> pd.DataFrame:
    time, rows_of = recording.onsets[0], []
    for tested, name in enumerate(recording.tasks):
        rows = _of(recording, tested, tested=True)
        x = centring.apply(recording.states[rows, time], tested, time)
        labels = recording.labels[feature][rows, :1]
        for fitted, each in enumerate(decoders):
            apart = (centring.means[tested, time] - centring.means[fitted, time]) / centring.scale
            decisions = each.decisions(x, 0, time)
            shift = apart @ each.normals[0, time].T
            for kind, decided in zip(CENTRINGS, (decisions, decisions + shift), strict=True):
                score = float(score_label_sets(decided[:, None], labels).balanced.mean())
                rows_of.append((feature, recording.tasks[fitted], name, time + 1, kind, score))
    return pd.DataFrame(
        rows_of, columns=["decoded", "fitted", "tested", "time", "centring", "score"]
    )
