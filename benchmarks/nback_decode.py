"""The decoders of one task of an N-back network over time, together or by scikit-learn.

Sizes are those of the default study: 1,200 trials, 128 units, six frames, four places, eight
objects and four categories: 336 decoders of one task of a network of nine (3,024 in all). States
mix the codes of all frames so far, fading, with noise. The plain side fits a sample of the same
decoders by scikit-learn's LinearSVC (squared hinge, balanced classes), one after the other; the
check compares both sides' balanced accuracy on trials that neither was fitted on.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from benchmarks.harness import Agreement, Part
from hybridrep.analysis.generalisation import DecodersOverTime, centring_of, fit_over_time

TRIALS, UNITS, FRAMES, PENALTY = 1200, 128, 6, 0.01
VALUES = {"location": 4, "identity": 8, "category": 4}
SAMPLE = tuple((feature, frame, time, 0) for feature in VALUES for frame in (0, 2)
               for time in (2, 5))  # fmt: skip
FITS = sum(VALUES.values()) * FRAMES * (FRAMES + 1) // 2
TOLERANCE = 0.01
"""Of balanced accuracy."""
STEPS = 6
"""Newton steps of a decoder, about."""


@cache
def trials(part: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return states [trials, frames, units] and labels by feature, to be fitted (0) or tested."""
    rng = np.random.default_rng(part)
    identity = rng.integers(0, VALUES["identity"], (TRIALS, FRAMES))
    labels = {"location": rng.integers(0, VALUES["location"], (TRIALS, FRAMES)),
              "identity": identity, "category": identity // 2}  # fmt: skip
    codes = np.random.default_rng(9)
    states = rng.normal(size=(TRIALS, FRAMES, UNITS))
    for feature, count in VALUES.items():
        code = codes.normal(size=(FRAMES, count, UNITS))
        for time in range(FRAMES):
            for frame in range(time + 1):
                age = time - frame
                states[:, time] += 0.6**age * code[age][labels[feature][:, frame]]
    centring = centring_of(states[None])
    return np.stack([centring.apply(states[:, t], 0, t) for t in range(FRAMES)], axis=1), labels


def fast() -> dict[str, DecodersOverTime]:
    """Fit all decoders of the task."""
    x, labels = trials(0)
    with threadpool_limits(1):
        return {
            feature: fit_over_time(x, labels[feature], PENALTY, count)
            for feature, count in VALUES.items()
        }


def plain() -> list[LinearSVC]:
    """Fit a sample of them, one by one."""
    x, labels = trials(0)
    with threadpool_limits(1):
        return [
            LinearSVC(
                loss="squared_hinge", class_weight="balanced", C=PENALTY, intercept_scaling=1e3
            ).fit(x[:, time], labels[feature][:, frame] == value)
            for feature, frame, time, value in SAMPLE
        ]


def check(plain_fits: list[LinearSVC], found: dict[str, DecodersOverTime]) -> Agreement:
    """Compare balanced accuracies on other trials."""
    x, labels = trials(1)
    worst = 0.0
    for theirs, (feature, frame, time, value) in zip(plain_fits, SAMPLE, strict=True):
        has = labels[feature][:, frame] == value
        mine = found[feature].decisions(x[:, time], frame, time)[:, value] > 0
        scores = (balanced_accuracy_score(has, each) for each in (mine, theirs.predict(x[:, time])))
        one, other = scores
        worst = max(worst, abs(one - other))
    return Agreement(f"balanced accuracy within {worst:.4f}", worst <= TOLERANCE)


def parts() -> list[Part]:
    """The decoders of one task."""
    size = UNITS + 1
    each = 2 * TRIALS * size + size**3 / 3
    return [
        Part(
            name="nback_decode", plain=plain, fast=fast,
            flops=FITS * STEPS * each + FRAMES * 3 * TRIALS * size**2,
            bytes=FITS * STEPS * 8 * size**2,
            sizes={
                "trials": TRIALS, "units": UNITS, "frames": FRAMES, "decoders": FITS,
                "plain": f"{len(SAMPLE)} decoders timed",
            },
            check=check, plain_share=len(SAMPLE) / FITS, plain_threads=1, fast_threads=1,
        )
    ]  # fmt: skip
