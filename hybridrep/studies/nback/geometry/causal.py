"""The causal test (Fig. A7): a first stimulus' state is changed, and the network goes on.

All trials match at frame 1 + n, where the first stimulus is asked about: given that, the frames up
to there are distributed alike in both analysis sets. Of a task of feature f the state after frame
1 is moved from value a towards value b, by alpha times the gap between both, along the normal of a
two-way decoder of a against b; then come the trial's own next frames, and the probabilities of the
three responses at frame 1 + n are read.

A network that had read b there would say non_match. Beside the normal the same length is gone along
random directions, and along directions outside the span of the normals of all features. And without
leaving the states that there are, the part of the state in the span of a feature's normals is
exchanged for that of a trial with another value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from hybridrep.analysis.perturbation import (
    contrast,
    interchanged,
    random_directions,
    share_beyond,
    shifted,
    span_of,
)
from hybridrep.studies.nback.memory.model import Hidden, MemoryStack
from hybridrep.studies.nback.names import FEATURES, NON_MATCH, RESPONSES, Feature

AMOUNTS = np.arange(0, 3.25, 0.25)
"""Alpha: how far states are moved, in gaps between both values."""

PAIRS = 12
"""Ordered pairs of values: of four values all there are, of more as many are drawn."""

PER_PAIR = 32
"""Trials of a pair that are moved."""

RANDOM_DRAWS = 10
"""Random directions of a pair; its trials take them in turn."""

DIRECTIONS = ("decoder", "random", "outside")


@dataclass(frozen=True, eq=False)
class Shown:
    """Trials as the causal test needs them.

    Attributes:
        first: the state after the first frame.
        labels: values of all features at the first frame.
    """

    first: Hidden
    labels: Int[np.ndarray, "trials 3"]

    def state(self, space: str) -> Float[np.ndarray, "trials dim"]:
        """Return h or c."""
        found = self.first.output if space == "h" else self.first.cell
        assert found is not None
        return np.asarray(found[0].numpy())


Continue = Callable[[Int[np.ndarray, " rows"], Mapping[str, np.ndarray]], np.ndarray]
"""Runs trials on from changed states: their numbers, and by `h` and `c` what is put in place of
these, [rows, hidden]; returns the probabilities of the responses, [rows, 3]."""


@dataclass(frozen=True)
class Effect:
    """One number of the causal test.

    Attributes:
        direction: `decoder`, `random`, `outside` or `interchange`.
        other: the feature that was changed; the task's own, but for an interchange.
        alpha: how far; 1 for an interchange.
        measure: `non_match`, `match` and `no_action` are mean probabilities, `success` the share
            of trials answered with non_match, `beyond` the share of states longer than 99% of the
            unchanged ones.
        score: the value.
    """

    direction: str
    other: Feature
    alpha: float
    measure: str
    score: float


def continuation(
    stack: MemoryStack, frames: Float[Tensor, "1 frames trials hidden"], first: Hidden
) -> Continue:
    """Return what runs trials on to their last frame.

    Args:
        stack: the network, a stack of one.
        frames: what the recurrent layer gets at the frames after the first.
        first: the state after the first; kept where nothing is put in its place.
    """

    @torch.inference_mode()
    def run(rows: np.ndarray, changed: Mapping[str, np.ndarray]) -> np.ndarray:
        which = torch.from_numpy(rows)
        states = {"h": first.output[:, which]}
        if first.cell is not None:
            states["c"] = first.cell[:, which]
        for name, values in changed.items():
            states[name] = torch.from_numpy(values).to(stack.dtype).unsqueeze(0)
        hidden = stack.recur(frames[:, :, which], Hidden(states["h"], states.get("c")))
        return np.asarray(stack.answers(hidden.output[:, -1])[0].softmax(-1).double().numpy())

    return run


def spaces_changed(stack: MemoryStack) -> tuple[tuple[str, ...], ...]:
    """Return what is changed: h; of an LSTM also c, and both."""
    return (("h",), ("c",), ("h", "c")) if stack.config.architecture == "lstm" else (("h",),)


def moved(
    fitted: Shown, tested: Shown, run: Continue, feature: Feature, changed: tuple[str, ...],
    values: int, penalty: float, scales: Mapping[str, float],
    normals: Mapping[str, Float64[np.ndarray, "all dim"]], generator: np.random.Generator,
) -> Iterator[Effect]:  # fmt: skip
    """Move states of one value towards another, along all `DIRECTIONS`.

    Args:
        fitted: trials that two-way decoders are fitted to.
        tested: trials whose states are moved.
        run: goes on with `tested`.
        feature: the task's own.
        changed: which of h and c.
        values: how many the feature has.
        penalty: C of the two-way decoders.
        scales: what states h and c are divided by for decoders.
        normals: by h and c, those of all features.
        generator: draws pairs, trials and directions.
    """
    column = FEATURES.index(feature)
    rows: list[np.ndarray] = []
    steps: dict[tuple[str, str], list[np.ndarray]] = {
        (name, way): [] for name in changed for way in DIRECTIONS
    }
    outside = {name: span_of(normals[name]) for name in changed}
    seen = fitted.labels[:, column]
    for a, b in _pairs(values, generator):
        mine = generator.permutation(np.flatnonzero(tested.labels[:, column] == a))[:PER_PAIR]
        if not mine.size or not {a, b} <= {*np.unique(seen).tolist()}:
            continue
        rows.append(mine)
        turn = np.arange(mine.size) % RANDOM_DRAWS
        for name in changed:
            states = np.asarray(fitted.state(name), dtype=np.float64)
            states = (states - states.mean(axis=0)) / scales[name]
            found = contrast(states, seen, a, b, penalty)
            length, dim = found.gap * scales[name], states.shape[1]
            steps[name, "decoder"].append(np.tile(length * found.direction, (mine.size, 1)))
            drawn = random_directions(RANDOM_DRAWS, dim, generator)
            steps[name, "random"].append(length * drawn[turn])
            if outside[name].shape[1] < dim:
                drawn = random_directions(RANDOM_DRAWS, dim, generator, outside[name])
                steps[name, "outside"].append(length * drawn[turn])
    if not rows:
        return
    chosen = np.concatenate(rows)
    for way in DIRECTIONS:
        if not all(steps[name, way] for name in changed):
            continue
        shifts = {
            name: shifted(
                tested.state(name)[chosen], np.concatenate(steps[name, way]), AMOUNTS
            )
            for name in changed
        }  # fmt: skip
        flat = {name: each.reshape(-1, each.shape[-1]) for name, each in shifts.items()}
        answers = run(np.tile(chosen, len(AMOUNTS)), flat)
        means = answers.reshape(len(AMOUNTS), -1, len(RESPONSES)).mean(axis=1)
        beyond = np.mean([share_beyond(shifts[n], fitted.state(n)) for n in changed], axis=0)
        for alpha, shares, far in zip(AMOUNTS.tolist(), means, beyond, strict=True):
            for response, share in zip(RESPONSES, shares, strict=True):
                yield Effect(way, feature, alpha, response, float(share))
            yield Effect(way, feature, alpha, "beyond", float(far))


def exchanged(
    tested: Shown, run: Continue, changed: tuple[str, ...],
    spans: Mapping[tuple[str, Feature], Float64[np.ndarray, "dim span"]],
    generator: np.random.Generator,
) -> Iterator[Effect]:  # fmt: skip
    """Exchange what states hold of a feature for what those of another value hold.

    Args:
        tested: trials whose states are changed, each by a donor among them with another value.
        run: goes on with them.
        changed: which of h and c.
        spans: axes of the span of a feature's normals, by h and c and the feature.
        generator: draws donors.
    """
    for other in FEATURES:
        labels = tested.labels[:, FEATURES.index(other)]
        donors = _donors(labels, generator)
        rows = np.flatnonzero(donors >= 0)
        if not rows.size:
            continue
        states = {
            name: interchanged(
                tested.state(name)[rows], tested.state(name)[donors[rows]], spans[name, other]
            )
            for name in changed
        }  # fmt: skip
        answers = run(rows, states)
        for response, share in zip(RESPONSES, answers.mean(axis=0), strict=True):
            yield Effect("interchange", other, 1.0, response, float(share))
        success = float((answers.argmax(axis=1) == NON_MATCH).mean())
        yield Effect("interchange", other, 1.0, "success", success)
        far = [share_beyond(states[name], tested.state(name)) for name in changed]
        yield Effect("interchange", other, 1.0, "beyond", float(np.mean(far)))


def _pairs(values: int, generator: np.random.Generator) -> list[tuple[int, int]]:
    """Return ordered pairs of values: all, or `PAIRS` of them."""
    every = [(a, b) for a in range(values) for b in range(values) if a != b]
    chosen = np.sort(generator.choice(len(every), min(PAIRS, len(every)), replace=False))
    return [every[place] for place in chosen]


def _donors(
    labels: Int[np.ndarray, " trials"], generator: np.random.Generator
) -> Int[np.ndarray, " trials"]:
    """Draw for each trial another with another value; -1 where there is none."""
    found = np.full(len(labels), -1)
    for value in np.unique(labels):
        mine, others = np.flatnonzero(labels == value), np.flatnonzero(labels != value)
        if others.size:
            found[mine] = generator.choice(others, mine.size)
    return found
