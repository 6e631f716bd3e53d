"""The parameters of `fuse_sweep`, beside those of the study."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from hybridrep.parameters import EpochRange, Epochs, Seeds, comma_list, setting, shown
from hybridrep.studies.hybrid.config import Bottlenecks, Config, Fusions, StudyParameters
from hybridrep.studies.hybrid.fusion.methods import chosen_of


def parse_weights(value: object) -> tuple[float, ...]:
    """Read a comma list of weights from 0 to 1, e.g. `0.3,0.5`."""
    weights = []
    for part in comma_list(value):
        try:
            weight = float(part)
        except ValueError:
            weight = math.nan
        if not 0 <= weight <= 1:
            raise ValueError(
                f"{shown(part, 40)} is not a number from 0 to 1; write a comma list such as 0.3,0.5"
            )
        weights.append(weight)
    if not weights or len(set(weights)) < len(weights):
        raise ValueError("write each weight once, e.g. 0.3,0.5")
    return tuple(sorted(weights))


class FusionSweepConfig(StudyParameters[Epochs]):
    """What a sweep of fusions searches, and how."""

    fusions: Fusions = setting(
        "truncated_svd,joint_autoencoder,similarity_matched",
        "fusions to choose from, a comma list, or `all`", paper="all",
    )  # fmt: skip
    bottlenecks: Bottlenecks = setting(
        "8,32", "sizes to choose from, a comma list", paper="8,16,32,64,128,256"
    )
    weights: Annotated[tuple[float, ...], BeforeValidator(parse_weights)] = setting(
        "0.5", "weights of the task-specific side to choose from, 0 to 1, a comma list",
        paper="0.1,0.3,0.5,0.7",
    )  # fmt: skip
    lengths: EpochRange = setting(
        "12", "epochs of those that are trained: one number (`12`) or a range (`4-20`)",
        paper="10-40",
    )  # fmt: skip
    seeds: Seeds = setting(
        "2", "seeds that every trial is averaged over: `2`, `0-9`, or `0,3,7`", paper="5"
    )
    sampler: Literal["tpe", "grid"] = setting(
        "tpe", "`tpe` learns from earlier trials; `grid` tries all combinations", paper="grid"
    )
    objective: Literal["diffusibility", "transfer", "both"] = setting(
        "both", "what is maximised: `diffusibility`, `transfer` (minus the loss on held-out "
        "training tweets of the new task), or `both` (a Pareto front)",
    )  # fmt: skip
    side_by_side: Annotated[int, Field(ge=1, le=10_000)] = setting(
        4, "trials that run side by side; `tpe` learns between them"
    )
    storage: str = setting(
        "", "Optuna's storage: a journal file, or `postgresql://...`; empty: in the store"
    )

    @field_validator("fusions")
    @classmethod
    def _check_fusions(cls, fusions: tuple[str, ...]) -> tuple[str, ...]:
        if not chosen_of(fusions):
            raise ValueError("a sweep needs at least one fusion to choose")
        return fusions

    def training(self) -> Config:
        """Return the configuration of the study that its fusions are of."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in Config.model_fields}
        return Config.model_validate(fields)

    def as_text(self) -> dict[str, str]:
        """Every parameter as the text that gives it back."""
        low, high = self.lengths
        return {**super().as_text(), "lengths": f"{low}" if low == high else f"{low}-{high}"}
