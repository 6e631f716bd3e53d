"""Parameters: named, described, given defaults and checked in one place, read and written as text.

A parameter left empty takes the default of its profile: `quickstart` (minutes, only what pip
installs) or `paper` (the recipe of the study's paper). The command line, `MLproject` and the
documentation's tables are made from, or tested against, the fields of a study's `Parameters`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo

from hybridrep.errors import ParameterError
from hybridrep.messages import stray_character, without_passwords

MOST_SEEDS = 10_000
MOST_EPOCHS = 999_999
KEYWORDS = frozenset({"study", "sweep"})
"""What `report` and `register` take as the source instead of a study's name."""
SHOWN_LENGTH = 200
"""Characters of a bad value that its message repeats."""


def parse_seeds(value: object) -> tuple[int, ...]:
    """Read `25` (how many), `0-24` (a range, both ends included) or `0,3,7` (a list)."""
    if isinstance(value, tuple | list):
        value = ",".join(str(item) for item in value) + ","
    text = str(value).strip()
    if long := re.search(r"\d{10,}", text):
        raise ValueError(f"{shown(long[0], 40)} is too large: a number has at most nine digits")
    if re.fullmatch(r"\d{1,9}", text):
        seeds = tuple(range(_bounded(int(text))))
    elif match := re.fullmatch(r"(\d{1,9})\s*-\s*(\d{1,9})", text):
        first, last = int(match[1]), int(match[2])
        if first > last:
            raise ValueError(f"the range {text!r} is inverted: write {last}-{first}")
        _bounded(last - first + 1)
        seeds = tuple(range(first, last + 1))
    elif re.fullmatch(r"\d{1,9}(\s*,\s*\d{1,9})*\s*,?", text):
        seeds = tuple(int(part) for part in text.split(",") if part.strip())
        _bounded(len(seeds))
    else:
        raise ValueError(
            "write how many seeds (25), a range (0-24) or a list (0,3,7); a list of one ends "
            "with a comma (7,)"
        )
    if not seeds:
        raise ValueError("at least one seed is needed")
    if len(set(seeds)) != len(seeds):
        raise ValueError("a seed is named twice")
    return seeds


def _bounded(count: int) -> int:
    if count > MOST_SEEDS:
        raise ValueError(f"{count} seeds are more than the {MOST_SEEDS} allowed")
    return count


def comma_list(value: object) -> list[str]:
    """Return the entries of a comma list, or of a list that was parsed before.

    A comma may end it; nothing at all has no entries.

    Raises:
        ValueError: there is nothing between two commas.

    Examples:
        >>> comma_list("0.1, 1,")
        ['0.1', '1']
    """
    if isinstance(value, tuple | list):
        return [str(entry) for entry in value]
    text = str(value).strip().removesuffix(",")
    entries = [entry.strip() for entry in text.split(",")] if text else []
    if "" in entries:
        raise ValueError("'' is no entry: take a comma out, or write what belongs there")
    return entries


def parse_names(value: object) -> tuple[str, ...]:
    """Read a comma list of names."""
    return tuple(comma_list(value))


Names = Annotated[tuple[str, ...], BeforeValidator(parse_names)]
"""A comma list of names."""


def parse_span(value: object) -> tuple[float, float]:
    """Read one number (`0.001`) or a range of two (`0.0001:0.01`), low end first."""
    parts = [str(v) for v in value] if isinstance(value, tuple | list) else str(value).split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or not all(0 < n < float("inf") for n in numbers):
        raise ValueError("write one number above 0 (0.001) or a range (0.0001:0.01)")
    if numbers[0] > numbers[-1]:
        raise ValueError(f"the range is inverted: write {numbers[-1]:g}:{numbers[0]:g}")
    return numbers[0], numbers[-1]


def parse_epoch_range(value: object) -> tuple[int, int]:
    """Read a number of epochs (`50`) or a range (`10-100`), both ends included."""
    parts = [str(v) for v in value] if isinstance(value, tuple | list) else str(value).split("-")
    if len(parts) not in (1, 2) or not all(re.fullmatch(r"\s*\d{1,6}\s*", p) for p in parts):
        raise ValueError("write one number of epochs (50) or a range (10-100)")
    low, high = int(parts[0]), int(parts[-1])
    if low < 1:
        raise ValueError("the least number of epochs is 1")
    if low > high:
        raise ValueError(f"the range is inverted: write {high}-{low}")
    return low, high


def seeds_as_text(seeds: tuple[int, ...]) -> str:
    """Write seeds as briefly as `parse_seeds` reads them back: `0-24`, `0,3,7` or `7,`."""
    if len(seeds) > 1 and seeds == tuple(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")


def value_as_text(value: object) -> str:
    """Write a parameter's value as a user would: lists with commas, `true` and `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value)


def shown(value: object, length: int = SHOWN_LENGTH) -> str:
    """Return a value as messages repeat it: in quotes, not endless, without passwords."""
    text = without_passwords(str(value))
    return repr(text if len(text) <= length else f"{text[:length]}…")


def user_path(text: str) -> Path:
    """Return a user's path with `~` expanded."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ParameterError(
            f"the path {text!r} has no home folder to begin with: {error}"
        ) from error


def resolve_path(text: str) -> Path:
    """Return a user's path with `~` expanded, absolute."""
    return user_path(text).absolute()


def where_looked(path: Path) -> str:
    """Return " Looked for: ..." with the whole path of one that is relative, else nothing.

    A relative path counts from the current folder, which need not be the one the user thinks of.
    """
    return "" if path.is_absolute() else f" Looked for: {str(path.absolute())!r}."


Profile = Literal["quickstart", "paper"]
PROFILES: tuple[str, ...] = get_args(Profile)

Seeds = Annotated[tuple[int, ...], BeforeValidator(parse_seeds)]
Span = Annotated[tuple[float, float], BeforeValidator(parse_span)]
EpochRange = Annotated[tuple[int, int], BeforeValidator(parse_epoch_range)]
Source = Annotated[str, Field(min_length=1, max_length=4096)]
Epochs = Annotated[int, Field(ge=1, le=MOST_EPOCHS)]

CPU = "cpu"
"""The device that every machine has; it stands in no key."""


def _one_name(device: str) -> str:
    """Return the only name of a device: `cuda` is its first one, and numbers have no zeros before.

    >>> _one_name("cuda:0"), _one_name("cuda:01")
    ('cuda', 'cuda:1')
    """
    kind, _, number = device.partition(":")
    return f"{kind}:{int(number)}" if int(number or 0) else kind


Device = Annotated[str, Field(pattern=r"^(cpu|cuda(:\d{1,3})?|mps)$"), AfterValidator(_one_name)]
"""Where networks are trained."""

Role = Literal["number", "device", "place", "amount", "name", "profile"]
"""What a parameter is to a study. Only a `number` may change one, and a `device` that is not the
processor; a `place` says where and how to compute, an `amount` how much of the same, the `name`
what it is called, and the `profile` is known by the defaults that it gives."""


def setting(
    default: Any, description: str, *, paper: Any = None, role: Role = "number",
    stages: tuple[str, ...] = (), **rules: Any,
) -> Any:  # fmt: skip
    """Declare a field with a default per profile.

    What runs none of its `stages` ignores it; without any, whatever computes reads it.
    """
    extra = {"paper": default if paper is None else paper, "role": role, "stages": stages}
    return Field(default=default, description=description, json_schema_extra=extra, **rules)


STUDY_NAME = r"^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}$"
"""What a study may be called."""


class Parameters(BaseModel):
    """A resolved, checked configuration of any study. Make it with `resolve`, never by hand.

    Tuples hold parsed lists; everything else is as the user wrote it, or the profile's default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    profile: Profile = setting(
        "quickstart", "which column the rest defaults to", paper="paper", role="profile"
    )
    study: str = setting(
        "hybridrep", "the study's name: prefix of its runs' names and a tag", role="name",
        pattern=STUDY_NAME,
    )  # fmt: skip

    @field_validator("study")
    @classmethod
    def _no_keyword(cls, name: str) -> str:
        """Refuse what names no study elsewhere: `source=sweep` is the sweep of the parameters."""
        if name.lower() in KEYWORDS:
            raise ValueError(
                f"{name!r} is a word that the parameter `source` takes: choose another"
            )
        return name

    seeds: Seeds = setting(
        "25", "how many (`25`), a range (`0-24`) or a list (`0,3,7`; of one: `7,`)", role="amount"
    )
    workers: Annotated[int, Field(ge=0, le=1024)] = setting(
        0, "processes on this machine; 0: one per core", role="place"
    )
    cluster: str = setting(
        "", "address of a running Dask scheduler (`tcp://host:8786`); empty: this machine",
        role="place",
    )  # fmt: skip
    store: str = setting(
        "", "folder of finished results, on a cluster a shared one; empty: `.hybridrep` beside the "
        "tracking database, or in your data folder where tracking is a server", role="place",
        max_length=4096,
    )  # fmt: skip
    plan: bool = setting(
        False, "only print what would run, what is reused and an estimate of the time", role="place"
    )

    def as_text(self) -> dict[str, str]:
        """Every parameter as the text that gives it back, for logs and for `reproduce` lines."""
        texts = {name: value_as_text(value) for name, value in self.model_dump().items()}
        return {**texts, "seeds": seeds_as_text(self.seeds)}

    def study_identity(self) -> dict[str, Any]:
        """What makes two invocations one study: all but how much is computed, and where.

        The processor is no part of it either; another device is.
        """
        others = {*with_role(type(self), "place", "amount", "profile")}
        others.update(n for n in with_role(type(self), "device") if getattr(self, n) == CPU)
        return self.model_dump(mode="json", exclude=others)


def device_of(config: Parameters) -> str:
    """Return where a configuration lets networks train; without a choice on the processor."""
    return str(getattr(config, "device", CPU))


P = TypeVar("P", bound=Parameters)


def default_of(name: str, profile: str, model: type[Parameters]) -> Any:
    """Return a parameter's default in a profile, unparsed."""
    field = model.model_fields[name]
    return _said(field)["paper"] if profile == "paper" else field.default


def with_role(model: type[Parameters], *roles: Role) -> tuple[str, ...]:
    """Return the parameters that have one of some roles."""
    return tuple(
        name for name, field in model.model_fields.items() if _said(field)["role"] in roles
    )


def stages_of(name: str, model: type[Parameters]) -> tuple[str, ...]:
    """Return the stages that a parameter is said to bear on; empty: whatever computes."""
    return tuple(_said(model.model_fields[name])["stages"])


def _said(field: FieldInfo) -> dict[str, Any]:
    """Return what `setting` has kept of a field."""
    return cast("dict[str, Any]", field.json_schema_extra)


def is_given(value: object) -> bool:
    """Tell whether a parameter's value as written is one: `""` and `None` are not."""
    return value is not None and str(value).strip() != ""


def resolve(given: Mapping[str, object], model: type[P]) -> P:
    """Fill what is missing or empty from the profile, check everything, and freeze it.

    Args:
        given: parameter name -> value as written; `""` and `None` mean "as the profile says".

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
        if is_given(value)
    }
    for name, value in set_values.items():
        if stray := stray_character(value_as_text(value)):
            raise ParameterError(f"parameter {name} holds {stray}, which no value may: remove it")
        if model.model_fields[name].annotation in (int, float) and "_" in str(value):
            raise ParameterError(f"parameter {name}={shown(value)}: write the number without _")
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
        if finding["type"].startswith("bool_"):
            reason = "write true or false"
        if finding["type"] == "string_pattern_mismatch":
            reason = "it is none of the forms that are taken"
            if finding["ctx"]["pattern"] == STUDY_NAME:
                reason = (
                    "write at most 64 letters a to z, digits, spaces and any of . _ + -, a letter "
                    "or a digit first"
                )
        description = model.model_fields[name].description
        lines.append(f"parameter {name}={shown(finding['input'])}: {reason} ({description})")
    return "\n".join(dict.fromkeys(lines))
