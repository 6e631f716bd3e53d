"""The command that makes a study again, from its recorded configuration."""

from __future__ import annotations

import shlex

from hybridrep.parameters import PLACES, PROFILES, default_of, seeds_as_text, value_as_text
from hybridrep.studies.hybrid.config import Config
from hybridrep.studies.hybrid.results.tables import StudyTables

_LEFT_OUT = PLACES | {"profile", "seeds"}
"""What changes no number; profile and seeds are said first."""


def reproduce_command(tables: StudyTables) -> str:
    """Return the `mlflow run` command: the profile, the seeds, and what differs from the profile.

    Parameters that this version does not know (an older study's) are left out.
    """
    config = tables.meta.get("config", {})
    profile = str(config.get("profile", PROFILES[0]))
    if profile not in PROFILES:
        profile = PROFILES[0]
    given = {"profile": profile, "seeds": seeds_as_text(tables.seeds_wanted)}
    for name in Config.model_fields:
        if name in _LEFT_OUT or config.get(name) is None:
            continue
        text = value_as_text(config[name])
        if text and text != value_as_text(default_of(name, profile, Config)):
            given[name] = text
    parts = [f"-P {shlex.quote(f'{name}={value}')}" for name, value in given.items()]
    return " \\\n  ".join(
        ["mlflow run . -e full --env-manager=local --experiment-name=hybridrep", *parts]
    )
