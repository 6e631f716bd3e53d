"""The parameters of `sweep` and `register`, beside those that every entry point takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from hybridrep.parameters import EpochRange, Seeds, Span, comma_list, setting
from hybridrep.studies.hybrid.config import Bottlenecks, Config, StudyParameters

Direction = Literal["bert_to_lstm", "lstm_to_bert"]
Activation = Literal["relu", "leaky_relu", "elu", "tanh"]
Kind = Literal["convolutional", "fully_connected"]
Criterion = Literal[
    "reconstructed_vs_target", "diffusibility", "bottleneck_vs_input", "bottleneck_vs_target",
    "reconstructed_vs_input", "bottleneck_vs_reconstructed",
]  # fmt: skip
CRITERIA: tuple[str, ...] = get_args(Criterion)
LONGEST_TIMEOUT = 10**12
"""Seconds: longer than any sweep, and short enough for a clock."""


def _choices(allowed: tuple[str, ...]) -> BeforeValidator:
    """Make a reader of comma lists of some names, in the order of `allowed`."""

    def read(value: object) -> tuple[str, ...]:
        names = comma_list(value)
        wrong = [name for name in names if name not in allowed]
        if wrong or not names:
            raise ValueError(f"write a comma list of {', '.join(allowed)}")
        return tuple(name for name in allowed if name in names)

    return BeforeValidator(read)


def _criterion(value: object) -> object:
    """Take the paper's word for its measure, too."""
    return "reconstructed_vs_target" if value == "transformability" else value


Directions = Annotated[tuple[Direction, ...], _choices(get_args(Direction))]
Activations = Annotated[tuple[Activation, ...], _choices(get_args(Activation))]
Kinds = Annotated[tuple[Kind, ...], _choices(get_args(Kind))]


class SweepConfig(StudyParameters[EpochRange]):
    """What a sweep searches, and how; `training` is the configuration of what it trains."""

    bottlenecks: Bottlenecks = setting(
        "32,64,128", "bottleneck sizes to choose from, a comma list", paper="32,64,128,256"
    )
    autoencoder_epochs: EpochRange = setting(
        "10-40", "epochs of the autoencoders: a range (`10-40`) or one number", paper="50"
    )
    seeds: Seeds = setting(
        "3", "seeds that every trial is averaged over: `3`, `0-24`, or `0,3,7`", paper="25"
    )
    sampler: Literal["tpe", "grid"] = setting(
        "tpe", "`tpe` learns from earlier trials; `grid` tries all combinations", paper="grid"
    )
    objective: Literal["transformability", "diffusibility", "both"] = setting(
        "transformability",
        "what is maximised: `transformability`, `diffusibility`, or `both` (a Pareto front)",
    )
    directions: Directions = setting(
        "bert_to_lstm,lstm_to_bert",
        "directions to search, each by itself; they share `trials` evenly",
    )
    learning_rates: Span = setting(
        "0.001", "Adam's learning rate: one number, or a range (`0.0001:0.01`)"
    )
    activations: Activations = setting(
        "relu", "activations to choose from: `relu`, `leaky_relu`, `elu`, `tanh`"
    )
    kinds: Kinds = setting(
        "convolutional", "autoencoders to choose from: `convolutional` (paper), `fully_connected`"
    )
    prune: bool = setting(
        False, "give up trials early that fall behind (only `tpe` with one objective)"
    )
    batch: Annotated[int, Field(ge=1, le=10_000)] = setting(
        4, "trials per direction that run side by side; `tpe` learns between batches"
    )
    storage: str = setting(
        "", "Optuna's storage: a journal file, or `postgresql://...`; empty: in the store"
    )

    @field_validator("timeout")
    @classmethod
    def _check_timeout(cls, timeout: int) -> int:
        if timeout > LONGEST_TIMEOUT:
            raise ValueError(f"write at most {LONGEST_TIMEOUT} seconds, or 0 for no limit")
        return timeout

    @field_validator("prune")
    @classmethod
    def _check_pruning(cls, prune: bool, info: ValidationInfo) -> bool:
        if prune and (info.data.get("sampler") == "grid" or info.data.get("objective") == "both"):
            raise ValueError(
                "pruning needs sampler=tpe and one objective: a grid runs all its points, and "
                "Optuna cannot prune two objectives"
            )
        return prune

    def training(self) -> Config:
        """Return the configuration of the trainings: the most epochs, all bottleneck sizes."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in Config.model_fields}
        own = {"autoencoder_epochs": self.autoencoder_epochs[1], "fusions": "none"}
        return Config.model_validate({**fields, **own})

    def as_text(self) -> dict[str, str]:
        """Every parameter as the text that gives it back."""
        low, high = self.autoencoder_epochs
        least, most = self.learning_rates
        return {
            **super().as_text(), "autoencoder_epochs": f"{low}" if low == high else f"{low}-{high}",
            "learning_rates": f"{least!r}" if least == most else f"{least!r}:{most!r}",
        }  # fmt: skip


class RegisterConfig(Config):
    """Which models are registered: the best of a study or a sweep, by what."""

    source: Annotated[str, Field(min_length=1, max_length=256)] = setting(
        "study",
        "where to choose: `study` (the one of these parameters), `sweep` (the latest one of that "
        "name), or the name, key or run of a finished study or sweep",
    )
    by: Annotated[Criterion, BeforeValidator(_criterion)] = setting(
        "reconstructed_vs_target",
        "what decides, on tweets that no model saw: " + ", ".join(f"`{c}`" for c in CRITERIA),
    )
