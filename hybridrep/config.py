"""The one place where parameters are named, described, given defaults and checked.

A parameter left empty takes the default of its profile: `quickstart` (minutes, only what pip
installs) or `paper` (the recipe of Jiang, Dale & Lu). The command line, `MLproject` and the
README's table are made from, or tested against, the fields of `Config`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from hybridrep.characters import stray_character
from hybridrep.errors import ParameterError
from hybridrep.parsing import (
    MOST_EPOCHS,
    parse_bottlenecks,
    parse_epoch_range,
    parse_names,
    parse_seeds,
    parse_span,
    seeds_as_text,
    shown,
    value_as_text,
)
from hybridrep.paths import user_path

Profile = Literal["quickstart", "paper"]
PROFILES: tuple[str, ...] = get_args(Profile)

PLACES = frozenset({"workers", "cluster", "store", "plan"})
"""Parameters that say where and how to compute, which changes no result."""

Seeds = Annotated[tuple[int, ...], BeforeValidator(parse_seeds)]
Bottlenecks = Annotated[tuple[int, ...], BeforeValidator(parse_bottlenecks)]
Span = Annotated[tuple[float, float], BeforeValidator(parse_span)]
EpochRange = Annotated[tuple[int, int], BeforeValidator(parse_epoch_range)]
Names = Annotated[tuple[str, ...], BeforeValidator(parse_names)]
Source = Annotated[str, Field(min_length=1, max_length=4096)]
Epochs = Annotated[int, Field(ge=1, le=MOST_EPOCHS)]


def setting(quickstart: Any, paper: Any, description: str, **rules: Any) -> Any:
    """Declare a field with a default per profile."""
    extra = {"paper": paper}
    return Field(default=quickstart, description=description, json_schema_extra=extra, **rules)


class Config(BaseModel):
    """A resolved, checked configuration. Make it with `resolve`, never by hand.

    Tuples hold parsed lists; everything else is as the user wrote it, or the profile's default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    profile: Profile = setting("quickstart", "paper", "which column the rest defaults to")
    study: str = setting(
        "hybridrep",
        "hybridrep",
        "the study's name: prefix of its runs' names and a tag",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}$",
    )
    emotion: Source = setting(
        "sample", "hub:dair-ai/emotion", "emotion corpus: `sample`, a file or folder, or `hub:ID`"
    )
    hate: Source = setting(
        "sample",
        "hub:tweets-hate-speech-detection/tweets_hate_speech_detection",
        "corpus of the new task: `sample`, a file or folder, or `hub:ID`",
    )
    emotion_columns: str = setting(
        "", "", "its columns as `text,label`; empty: found by their usual names"
    )
    hate_columns: str = setting(
        "", "", "its columns as `text,label`; empty: found by their usual names"
    )
    encoder: Source = setting(
        "minilm",
        "hub:google-bert/bert-base-uncased",
        "frozen encoder: `minilm`, a local folder in Hugging Face format, or `hub:ID`",
    )
    vectors: Source = setting(
        "glove-50",
        "glove.6B.300d",
        "word vectors: `glove-50`, a GloVe text file (plain, .gz, .zip), or `glove.6B.300d`",
    )
    seeds: Seeds = setting(
        "25", "25", "how many (`25`), a range (`0-24`) or a list (`0,3,7`; of one: `7,`)"
    )
    bottlenecks: Bottlenecks = setting("32", "32,64,128,256", "bottleneck sizes, a comma list")
    lstm_epochs: Epochs = setting(2, 10, "epochs of the LSTM")
    autoencoder_epochs: Epochs = setting(10, 50, "epochs of the autoencoders; half are used")
    transfer_epochs: Epochs = setting(12, 20, "epochs of the classifiers on the new task")
    padding: Literal["front", "after"] = setting(
        "front", "front", "where short tweets are padded: `front` or `after` the words"
    )
    lstm_path: Literal["fast", "plain"] = setting(
        "fast", "fast", "LSTM computation: `fast` (exact shortcut) or `plain` (the reference)"
    )
    lstm_precision: Literal["float32", "bfloat16"] = setting(
        "float32", "float32", "LSTM arithmetic: `float32`, or `bfloat16` (faster, approximate)"
    )
    baseline_pooling: Literal["padded_mean", "token_mean", "flatten"] = setting(
        "padded_mean",
        "padded_mean",
        "how the baseline pools its word embeddings: `padded_mean`, `token_mean` or `flatten`",
    )
    duplicates: Literal["keep", "drop"] = setting(
        "drop", "keep", "repeated tweets of the new task: `keep` (paper) or `drop`"
    )
    items_per_emotion: Annotated[int, Field(ge=2, le=1000)] = setting(
        50, 50, "tweets sampled per emotion for each similarity matrix"
    )
    share_text: bool = setting(
        True, True, "whether tweets may stand in reports, artifacts and model examples"
    )
    trials: Annotated[int, Field(ge=1, le=1_000_000)] = setting(
        12, 100, "of a sweep alone: how many trials it runs (a grid runs all its points)"
    )
    timeout: Annotated[int, Field(ge=0)] = setting(
        0,
        0,
        "of a sweep alone: seconds after which it starts no further trial; 0: no limit",
    )
    workers: Annotated[int, Field(ge=0, le=1024)] = setting(
        0, 0, "processes on this machine; 0: one per core"
    )
    cluster: str = setting(
        "", "", "address of a running Dask scheduler (`tcp://host:8786`); empty: this machine"
    )
    store: Source = setting(
        ".hybridrep", ".hybridrep", "folder of finished results; on a cluster a shared one"
    )
    plan: bool = setting(
        False, False, "only print what would run, what is reused and an estimate of the time"
    )

    @property
    def half_epoch(self) -> int:
        """Epoch of the autoencoders that feed RSA and transfer: half of all (section 3.2.1)."""
        return max(1, self.autoencoder_epochs // 2)

    def study_identity(self) -> dict[str, Any]:
        """What makes two invocations one study: all but the seeds and where they are computed."""
        others = {"seeds", "trials", "timeout", "profile"}
        return self.model_dump(mode="json", exclude=others | PLACES)

    def as_text(self) -> dict[str, str]:
        """Every parameter as the text that gives it back, for logs and for `reproduce` lines."""
        texts = {name: value_as_text(value) for name, value in self.model_dump().items()}
        return {**texts, "seeds": seeds_as_text(self.seeds)}


def parameters(model: type[BaseModel] = Config) -> dict[str, FieldInfo]:
    """Return the fields of a configuration in the order in which they are declared."""
    return dict(model.model_fields)


def default_of(name: str, profile: str, model: type[BaseModel] = Config) -> Any:
    """Return a parameter's default in a profile, unparsed."""
    field = model.model_fields[name]
    extra = field.json_schema_extra
    if profile == "paper" and isinstance(extra, dict):
        return extra["paper"]
    return field.default


def resolve(given: Mapping[str, Any], model: type[Config] = Config) -> Any:
    """Fill what is missing or empty from the profile, check everything, and freeze it.

    Args:
        given: parameter name -> value as written; `""` and `None` mean "as the profile says".
        model: `Config`, or a subclass with an entry point's own parameters.

    Raises:
        ParameterError: naming every unknown parameter and bad value, with what is allowed.
    """
    unknown = [name for name in given if name not in model.model_fields]
    if unknown:
        names = ", ".join(model.model_fields)
        wrong = ", ".join(map(shown, unknown))
        raise ParameterError(f"unknown parameter {wrong}; the parameters are: {names}")
    set_values = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None and str(value).strip() != ""
    }
    for name, value in set_values.items():
        if stray := stray_character(str(value)):
            raise ParameterError(f"parameter {name} holds {stray}, which no value may: remove it")
    profile = set_values.get("profile", "quickstart")
    defaults = {name: default_of(name, str(profile), model) for name in model.model_fields}
    try:
        return model.model_validate({**defaults, **set_values})
    except ValidationError as error:
        raise ParameterError(_explain(error, model)) from None


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Turn pydantic's findings into one line a parameter: what it got and what it takes."""
    lines = []
    for finding in error.errors():
        name = str(finding["loc"][0])
        reason = finding["msg"].removeprefix("Value error, ")
        description = model.model_fields[name].description
        lines.append(f"parameter {name}={shown(finding['input'])}: {reason} ({description})")
    return "\n".join(dict.fromkeys(lines))


def resolve_path(text: str) -> Path:
    """Return a user's path with `~` expanded, absolute.

    Raises:
        ParameterError: as `user_path`.
    """
    return user_path(text).absolute()
