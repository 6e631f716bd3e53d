"""The six correlations of an autoencoder's input, target, bottleneck and reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Num

from hybridrep.analysis.descriptions import Side, correlate, describe
from hybridrep.studies.hybrid.names import DIRECTIONS, PAIRS, REPRESENTATIONS

_ROLES = {
    "bert_to_lstm": ("global", "task_specific", "diffused", "transformed"),
    "lstm_to_bert": ("task_specific", "global", "diffused", "transformed"),
}
"""Direction -> the representations that are its input, target, bottleneck and reconstruction."""


@dataclass(frozen=True)
class FixedSides:
    """Many models' inputs and targets, described once for all epochs; `fix_sides` makes it."""

    input: Side
    target: Side
    input_vs_target: Float64[np.ndarray, " models"]  # their r, which no epoch changes

    def pairs(
        self,
        bottleneck: Num[np.ndarray, "models items bottleneck"],
        reconstructed: Num[np.ndarray, "models items outputs"],
    ) -> Float64[np.ndarray, "models 6"]:
        """Return r of the six pairs in the order of `PAIRS`, per model, for one epoch."""
        middle, end = describe(bottleneck), describe(reconstructed)
        columns = [
            self.input_vs_target, correlate(middle, self.input), correlate(middle, self.target),
            correlate(end, self.input), correlate(end, self.target), correlate(middle, end),
        ]  # fmt: skip
        return np.stack(columns, axis=1)


def fix_sides(
    inputs: Num[np.ndarray, "models items inputs"], targets: Num[np.ndarray, "models items outputs"]
) -> FixedSides:
    """Describe what stays the same over epochs: each model's inputs and targets."""
    described = describe(inputs), describe(targets)
    return FixedSides(*described, input_vs_target=correlate(*described))


def roles(direction: str) -> tuple[str, str, str, str]:
    """Return which representations are a direction's input, target, bottleneck, reconstruction."""
    if direction not in _ROLES:
        raise ValueError(f"no direction {direction!r}; there are {', '.join(DIRECTIONS)}")
    return _ROLES[direction]


def rsa_pairs(
    direction: str, global_: Num[np.ndarray, "items global_dim"],
    task_specific: Num[np.ndarray, "items task_dim"], diffused: Num[np.ndarray, "items bottleneck"],
    transformed: Num[np.ndarray, "items outputs"],
) -> dict[str, float]:  # fmt: skip
    """Return r of all six pairs of one model's four representations, by the names in `PAIRS`."""
    given = dict(zip(REPRESENTATIONS, (global_, task_specific, diffused, transformed), strict=True))
    inputs, targets, bottleneck, reconstructed = (given[name][None] for name in roles(direction))
    values = fix_sides(inputs, targets).pairs(bottleneck, reconstructed)[0]
    return dict(zip(PAIRS, map(float, values), strict=True))
