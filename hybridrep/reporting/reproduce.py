"""The command that makes a study again, from its recorded configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hybridrep.parameters import (
    PROFILES,
    Parameters,
    default_of,
    seeds_as_text,
    value_as_text,
    with_role,
)


def reproduce_command(
    config: Mapping[str, Any], seeds: Sequence[int], model: type[Parameters], entry_point: str
) -> str:
    """Return the `mlflow run` command: the profile, the seeds, and what differs from the profile.

    What the model of the parameters does not know (an older study's) is left out.
    """
    profile = str(config.get("profile", PROFILES[0]))
    if profile not in PROFILES:
        profile = PROFILES[0]
    given = {"profile": profile, "seeds": seeds_as_text(tuple(seeds))}
    for name in with_role(model, "number", "device", "name"):
        if config.get(name) is None:
            continue
        text = value_as_text(config[name])
        if text and text != value_as_text(default_of(name, profile, model)):
            given[name] = text
    parts = [f"-P {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
    start = f"mlflow run . -e {entry_point} --env-manager=local --experiment-name=hybridrep"
    return " \\\n  ".join([start, *parts])
